"""Who may do what: every role with every act, against the matrix written by hand (`acts.csv`)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.permissions import PERMISSIONS, check_permission, may, role_words
from enginehouse.governance.stages import Act
from enginehouse.programme.enums import Role


@dataclass(frozen=True)
class Someone:
    id: str
    roles: frozenset[Role]


@pytest.mark.parametrize("act", Act)
def test_the_table_is_the_matrix_written_by_hand(act: Act, matrix) -> None:
    for role in Role:
        person = Someone("p", frozenset({role}))
        assert may(act, person) == (role in matrix[act].roles), role
        if role in matrix[act].roles:
            check_permission(act, person)
        else:
            with pytest.raises(NotAllowed, match=r"'p' \(.*\) may not .*\..*It takes the role .*: ask a person"):
                check_permission(act, person)


def test_every_act_is_someones() -> None:
    assert set(PERMISSIONS) == set(Act)
    assert all(PERMISSIONS.values())


def test_an_auditor_changes_nothing() -> None:
    assert [act for act in Act if Role.AUDITOR in PERMISSIONS[act]] == [Act.WRITE_DOSSIER]


def test_who_evaluates_does_not_decide_by_role() -> None:
    assert not PERMISSIONS[Act.EVALUATE] & PERMISSIONS[Act.DECIDE]


@pytest.mark.parametrize(("act", "another"), [(Act.REGISTER, 2), (Act.ALLOCATE, 2), (Act.APPROVE_WAVE, 2)])
def test_an_act_of_two_people_is_that_of_two_roles(act: Act, another: int) -> None:
    """So that two people of different callings can do it."""
    assert len(PERMISSIONS[act]) >= another


def test_who_knows_arms_cannot_analyse() -> None:
    for act in (Act.EXPORT_LISTS, Act.PREPARE_WAVE, Act.APPROVE_WAVE, Act.LOG_CONTACTS, Act.LOOK_AT_HARMS):
        assert not PERMISSIONS[act] & PERMISSIONS[Act.FREEZE]


def test_roles_add_up() -> None:
    person = Someone("p", frozenset({Role.COMMISSIONER, Role.STATISTICIAN}))
    assert may(Act.EVALUATE, person)
    assert may(Act.DECIDE, person)


def test_a_refusal_says_who_it_was_what_they_are_and_whose_act_it_is() -> None:
    with pytest.raises(NotAllowed) as refused:
        check_permission(Act.DECIDE, Someone("anna", frozenset({Role.ANALYST})))
    assert str(refused.value) == (
        "decide\n  'anna' (analyst) may not decide. It takes the role commissioner: ask a person who has it, "
        "or change the roles in people.csv."
    )
    assert refused.value.exit_code == 4


def test_a_person_without_roles_is_told_so() -> None:
    with pytest.raises(NotAllowed, match=r"'x' \(no role\) may not freeze"):
        check_permission(Act.FREEZE, Someone("x", frozenset()))


def test_roles_are_listed_in_one_order() -> None:
    assert role_words(frozenset({Role.STATISTICIAN, Role.ANALYST})) == "analyst or statistician"
