"""Who reads what, and when: every document, role and stage against matrices written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.permissions import PERMISSIONS
from enginehouse.governance.stages import AFTER_FREEZE, Act, Stage
from enginehouse.governance.state import CycleState
from enginehouse.governance.visibility import (
    OPENS,
    VISIBILITY,
    DocumentKind,
    arms_without_result,
    check_may_estimate,
    check_may_open,
    check_may_read,
    check_may_see_outcomes,
    may_read,
    opens_arms,
    readable,
)
from enginehouse.programme.enums import Role


@dataclass(frozen=True)
class Someone:
    id: str
    roles: frozenset[Role]


# For each role, who reads in: draft Registered reCruiting Allocated deLivering following-Up Frozen Evaluated deCided
# closed Suspended Withdrawn.
ALL = "       x x x x x x x x x x x x"
RECORDED = "  . x x x x x x x x x x x"
EVALUATED = " . . . . . . . x x x . ."
DECIDED = "   . . . . . . . . x x . ."
FROZEN = "    . . . . . . x x x x . ."
NEVER = "     . . . . . . . . . . . ."
RECRUITED = " . . x x x x x x x x x x"
DELIVERING = ". . . x x x x x x x x x"
RELEASED = "  . . . x x x x x x x x x"


def roles(a: str, s: str, m: str, c: str, g: str, u: str) -> dict[Role, str]:
    return dict(zip(Role, (a, s, m, c, g, u), strict=True))


TELLS_ARMS = roles(FROZEN, FROZEN, DELIVERING, NEVER, FROZEN, FROZEN)
WAVES = roles(FROZEN, FROZEN, RELEASED, NEVER, RELEASED, FROZEN)
ROSTER = roles(RECRUITED, RECRUITED, RECRUITED, NEVER, RECRUITED, RECRUITED)
EXPECTED = {
    DocumentKind.PRIORITIES: dict.fromkeys(Role, ALL),
    DocumentKind.EVIDENCE: dict.fromkeys(Role, ALL),
    DocumentKind.DESIGN_REPORT: dict.fromkeys(Role, ALL),
    DocumentKind.PROTOCOL: dict.fromkeys(Role, ALL),
    DocumentKind.CONTRACT: dict.fromkeys(Role, ALL),
    DocumentKind.DATA_QUALITY: dict.fromkeys(Role, ALL),
    DocumentKind.PANEL: roles(ALL, ALL, NEVER, NEVER, FROZEN, FROZEN),
    DocumentKind.NOTICE: dict.fromkeys(Role, RECRUITED),
    DocumentKind.ROSTER: ROSTER,
    DocumentKind.PLAN: ROSTER,
    DocumentKind.BALANCE: dict.fromkeys(Role, DELIVERING),
    DocumentKind.ALLOCATION: TELLS_ARMS,
    DocumentKind.LISTS: TELLS_ARMS,
    DocumentKind.MANIFEST: WAVES,
    DocumentKind.BUNDLE: WAVES,
    DocumentKind.DELIVERY_STATES: TELLS_ARMS,
    DocumentKind.CONTACTS: TELLS_ARMS,
    DocumentKind.EXPOSURE: TELLS_ARMS,
    DocumentKind.MONITORING: dict.fromkeys(Role, DELIVERING),
    DocumentKind.HARMS: roles(EVALUATED, EVALUATED, EVALUATED, EVALUATED, DELIVERING, FROZEN),
    DocumentKind.EVALUATION: dict.fromkeys(Role, EVALUATED),
    DocumentKind.UNREGISTERED: dict.fromkeys(Role, EVALUATED),
    DocumentKind.APPRAISAL: dict.fromkeys(Role, EVALUATED),
    DocumentKind.DECISION: dict.fromkeys(Role, DECIDED),
    DocumentKind.FORECASTS: dict.fromkeys(Role, EVALUATED),
    DocumentKind.DOSSIER: dict.fromkeys(Role, RECORDED),
}


@pytest.mark.parametrize("document", DocumentKind)
@pytest.mark.parametrize("role", Role)
def test_the_table_is_the_matrix_written_by_hand(document, role):
    for stage, mark in zip(Stage, EXPECTED[document][role].split(), strict=True):
        person = Someone("p", frozenset({role}))
        assert may_read(document, stage=stage, roles=person.roles) == (mark == "x"), stage
        if mark == "x":
            check_may_read(document, state=CycleState(stage=stage), person=person)
        else:
            with pytest.raises(NotAllowed, match=rf"'p' \(.*\) may not read the {document.words} of a cycle that is"):
                check_may_read(document, state=CycleState(stage=stage), person=person)


def test_every_document_has_every_stage():
    assert set(VISIBILITY) == set(DocumentKind)
    assert all(set(stages) == set(Stage) for stages in VISIBILITY.values())


# What names, or lets one guess, who is in which arm; and what compares arms.
ARMS = {
    DocumentKind.ALLOCATION,
    DocumentKind.LISTS,
    DocumentKind.MANIFEST,
    DocumentKind.BUNDLE,
    DocumentKind.DELIVERY_STATES,
    DocumentKind.CONTACTS,
    DocumentKind.EXPOSURE,
    DocumentKind.HARMS,
}


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in AFTER_FREEZE])
def test_nobody_joins_outcome_with_arm_before_the_freeze_whatever_roles_they_hold(stage):
    for size in range(len(Role) + 1):
        for roles in combinations(Role, size):
            open_ = readable(stage=stage, roles=frozenset(roles))
            assert DocumentKind.PANEL not in open_ or not open_ & ARMS


def test_a_person_with_two_roles_is_told_why_the_allocation_is_closed():
    person = Someone("kim", frozenset({Role.PROGRAMME_MANAGER, Role.ANALYST}))
    with pytest.raises(NotAllowed, match="'kim' can read the panel, and outcomes joined with arms stay closed until"):
        check_may_read(DocumentKind.ALLOCATION, state=CycleState(stage=Stage.DELIVERING), person=person)
    check_may_read(DocumentKind.ALLOCATION, state=CycleState(stage=Stage.FROZEN), person=person)


def test_every_act_that_shows_arms_asks_who_may_read_them():
    """What only deliverers and the governance officer do between the allocation and the freeze, but for starting and
    ending delivery, which show nothing.
    """
    shown = {
        "export-lists",
        "prepare-wave",
        "approve-wave",
        "send-wave",
        "note-delivery",
        "log-contacts",
        "import-exposure",
        "look-at-harms",
    }
    assert set(OPENS) == shown
    assert set(OPENS.values()) <= ARMS


@pytest.mark.parametrize("act", OPENS)
def test_permission_to_act_is_not_enough_for_a_person_who_may_read_outcomes(act):
    running = CycleState(stage=Stage.DELIVERING)
    for outcomes in (Role.ANALYST, Role.STATISTICIAN):
        both = Someone("kim", PERMISSIONS[act] | {outcomes})
        with pytest.raises(NotAllowed, match="'kim' can read the panel"):
            check_may_open(act, state=running, person=both)
    for role in PERMISSIONS[act]:
        check_may_open(act, state=running, person=Someone("pat", frozenset({role})))


SEES_OUTCOMES = {
    Role.ANALYST: True,
    Role.STATISTICIAN: True,
    Role.PROGRAMME_MANAGER: False,
    Role.COMMISSIONER: True,
    Role.GOVERNANCE_OFFICER: False,
    Role.AUDITOR: True,
}
"""Who may see outcomes by site while sites have arms and nothing is frozen: those who cannot open an arm."""


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("stage", Stage)
def test_outcomes_are_closed_to_those_who_open_arms_until_the_freeze(stage, role):
    running = stage in ("allocated", "delivering", "following-up", "suspended")
    state = CycleState(stage=stage, allocation="a", panel="p" if stage in AFTER_FREEZE else None)
    person = Someone("pat", frozenset({role}))
    assert arms_without_result(state) == (running or stage in ("draft", "registered", "recruiting"))
    if running and not SEES_OUTCOMES[role]:
        with pytest.raises(NotAllowed, match=r"'pat' \(.*\) may open who is in which arm.*freeze\. Outcomes\. Monitor"):
            check_may_see_outcomes(state, person, what="Outcomes.", instead="Monitor.")
    else:
        check_may_see_outcomes(state, person, what="Outcomes.", instead="Monitor.")
    check_may_see_outcomes(CycleState(stage=stage), person, what="Outcomes.", instead="Monitor.")


def test_whoever_may_read_outcomes_beside_another_role_opens_no_arm_and_sees_outcomes():
    both = Someone("kim", frozenset({Role.PROGRAMME_MANAGER, Role.ANALYST}))
    running = CycleState(stage=Stage.DELIVERING, allocation="a")
    assert not opens_arms(stage=running.stage, roles=both.roles)
    check_may_see_outcomes(running, both, what="Outcomes.", instead="Monitor.")


def test_an_act_that_shows_no_arm_asks_nothing_more():
    both = Someone("kim", frozenset({Role.PROGRAMME_MANAGER, Role.ANALYST}))
    check_may_open(Act.MONITOR, state=CycleState(stage=Stage.DELIVERING), person=both)
    check_may_open(Act.START_FOLLOW_UP, state=CycleState(stage=Stage.DELIVERING), person=both)


def test_a_refusal_says_when_it_opens_or_to_whom():
    with pytest.raises(NotAllowed, match="It opens when the cycle is evaluated"):
        check_may_read(
            DocumentKind.EVALUATION,
            state=CycleState(stage=Stage.FROZEN),
            person=Someone("c", frozenset({Role.COMMISSIONER})),
        )
    with pytest.raises(NotAllowed, match="Now it is open to: programme manager"):
        check_may_read(
            DocumentKind.ALLOCATION,
            state=CycleState(stage=Stage.ALLOCATED),
            person=Someone("c", frozenset({Role.COMMISSIONER})),
        )
    with pytest.raises(NotAllowed, match="It is never open to this role"):
        check_may_read(
            DocumentKind.ALLOCATION,
            state=CycleState(stage=Stage.DRAFT),
            person=Someone("c", frozenset({Role.COMMISSIONER})),
        )


@pytest.mark.parametrize("stage", Stage)
def test_no_estimate_before_the_freeze(stage):
    state = CycleState(stage=stage)
    if stage in ("frozen", "evaluated", "decided", "closed"):
        check_may_estimate(state)
    else:
        with pytest.raises(
            NotAllowed, match=f"no estimate exists before the data are frozen, and the cycle is {stage.words}"
        ):
            check_may_estimate(state)


@pytest.mark.parametrize(
    ("stage", "remedy"),
    [
        (Stage.DRAFT, "Next possible step: register the protocol (enginehouse register CYCLE)."),
        (Stage.REGISTERED, "Freeze the data first (enginehouse freeze CYCLE)."),
        (Stage.SUSPENDED, "Next possible step: resume the cycle (enginehouse resume CYCLE --reason REASON)."),
        (Stage.WITHDRAWN, "The cycle is withdrawn: nothing follows."),
    ],
)
def test_the_refusal_to_estimate_says_what_to_do(stage, remedy):
    with pytest.raises(NotAllowed) as refused:
        check_may_estimate(CycleState(stage=stage))
    assert refused.value.remedy == remedy
