"""Who may do what: every role with every act, against a matrix written out by hand."""

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


# Analyst, Statistician, programme Manager, Commissioner, Governance officer, aUditor.
#                          a s m c g u
EXPECTED = {
    Act.LOAD_DATA: "       x x . . . .",
    Act.BUILD_PANEL: "     x x . . . .",
    Act.REGISTER: "        . x x . . .",
    Act.AMEND: "           . x x . . .",
    Act.OPEN_RECRUITMENT: ". . x . . .",
    Act.ALLOCATE: "        . x . . . .",
    Act.START_DELIVERY: "  . . x . . .",
    Act.START_FOLLOW_UP: " . . x . . .",
    Act.FREEZE: "          x x . . . .",
    Act.EVALUATE: "        . x . . . .",
    Act.APPRAISE: "        x x . . . .",
    Act.DECIDE: "          . . . x . .",
    Act.CLOSE: "           . . x x . .",
    Act.SUSPEND: "         . . x . x .",
    Act.RESUME: "          . . x . x .",
    Act.WITHDRAW: "        . . x . x .",
    Act.WRITE_DOSSIER: "   x x x x x x",
}


@pytest.mark.parametrize("act", Act)
def test_the_table_is_the_matrix_written_by_hand(act: Act) -> None:
    for role, mark in zip(Role, EXPECTED[act].split(), strict=True):
        person = Someone("p", frozenset({role}))
        assert may(act, person) == (mark == "x"), role
        if mark == "x":
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
