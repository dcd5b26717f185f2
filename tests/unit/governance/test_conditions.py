"""What must hold beside the stage: deadlines, approvals, signatures, waves, rehearsals; and what is said otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.allocating import check_roster, check_seed_commitment, opt_out_deadline
from enginehouse.governance.conditions import DATED, STANDING
from enginehouse.governance.policies import can_act, check_act
from enginehouse.governance.recorded import Approval, Done, OptOut, Signature
from enginehouse.governance.signatures import check_signature, signed_by, unsigned
from enginehouse.governance.stages import Act, Stage
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.programme.enums import DesignType, OptOutScope

TRIAL = DesignType.PARALLEL
DEADLINE = date(2016, 4, 15)
BEFORE = date(2016, 4, 14)
LATER = date(2016, 5, 1)
APPROVED = tuple(
    Approval(name=name, reference="r", given_on=date(2016, 1, 1), expires_on=date(2016, 9, 1), actor="p")
    for name in ("data-protection", "ethics")
)
SIGNED = tuple(Signature(person=p, contract="c" * 64, effective_on=date(2016, 4, 2)) for p in ("cora", "sam"))


@pytest.fixture
def ready(preparation) -> CycleState:
    """Everything is there to allocate."""
    return CycleState(
        stage=Stage.RECRUITING,
        deadline=DEADLINE,
        approvals=APPROVED,
        contract="c" * 64,
        signatures=SIGNED,
        preparations=(preparation,),
    )


def refusal(state: CycleState, act: Act, rules: Any, on: date = LATER) -> str:
    with pytest.raises(NotAllowed) as refused:
        check_act(state, act, design=TRIAL, effective_on=on, rules=rules)
    assert refused.value.remedy
    return str(refused.value)


def test_everything_is_there(ready, rules):
    for act in (Act.PREPARE_ALLOCATION, Act.ALLOCATE):
        check_act(ready, act, design=TRIAL, effective_on=DEADLINE, rules=rules)
        assert can_act(ready, act, design=TRIAL, effective_on=DEADLINE, rules=rules)
        assert not can_act(ready, act, design=TRIAL, effective_on=BEFORE, rules=rules)


@pytest.mark.parametrize("act", [Act.PREPARE_ALLOCATION, Act.ALLOCATE])
def test_allocation_before_the_opt_out_deadline(ready, rules, act):
    text = refusal(ready, act, rules, BEFORE)
    assert text == f"{act}\n  Sites may opt out until 2016-04-15, and the day is 2016-04-14. Wait until 2016-04-15."


def test_the_deadline_is_the_later_of_what_was_told_and_what_is_written(ready, rules):
    later = replace(rules, opt_out_by=date(2016, 4, 20))
    assert opt_out_deadline(ready, later) == date(2016, 4, 20)
    assert opt_out_deadline(replace(ready, deadline=date(2016, 4, 25)), later) == date(2016, 4, 25)
    assert opt_out_deadline(CycleState(), replace(rules, opt_out_by=None)) is None


def test_allocation_without_preparation(ready, rules):
    text = refusal(replace(ready, preparations=()), Act.ALLOCATE, rules)
    assert (
        "The allocation is not prepared: no seed was committed to. Prepare the allocation first (enginehouse allocate prepare CYCLE)."
        in text
    )
    assert "The allocation is not prepared" in refusal(replace(ready, preparations=()), Act.ALLOCATE, None)


@pytest.mark.parametrize(
    ("scope", "refused"),
    [(OptOutScope.RANDOMISATION, True), (OptOutScope.DATA_USE, True), (OptOutScope.FEEDBACK, False)],
)
def test_an_opt_out_between_preparing_and_drawing_takes_a_new_preparation(ready, rules, scope, refused):
    def state(seq: int) -> CycleState:
        return replace(
            ready,
            opt_outs=(
                OptOut(site="ods:A", scope=scope, reason="", effective_on=LATER, after_allocation=False, seq=seq),
            ),
        )

    check_act(state(4), Act.ALLOCATE, design=TRIAL, effective_on=LATER, rules=rules)
    if refused:
        text = refusal(state(6), Act.ALLOCATE, rules)
        assert "Sites opted out after the allocation was prepared: A. Prepare the allocation again" in text
    else:
        check_act(state(6), Act.ALLOCATE, design=TRIAL, effective_on=LATER, rules=rules)


def test_an_amendment_between_preparing_and_drawing_takes_a_new_preparation(ready, rules):
    amended = Done(6, Act.AMEND, Stage.RECRUITING, "p", date(2016, 4, 20), recorded_at=None)  # type: ignore[arg-type]
    text = refusal(replace(ready, history=(amended,)), Act.ALLOCATE, rules)
    assert "The protocol was amended on 2016-04-20, after the allocation was prepared." in text
    check_act(
        replace(ready, history=(replace(amended, seq=3),)), Act.ALLOCATE, design=TRIAL, effective_on=LATER, rules=rules
    )


def test_allocation_without_approvals_and_signatures_says_everything_at_once(ready, rules):
    text = refusal(replace(ready, approvals=APPROVED[:1], signatures=SIGNED[1:]), Act.ALLOCATE, rules)
    assert "the approval 'ethics' was never given" in text
    assert "The decision contract is not signed by cora." in text
    assert "Record the approval" in text
    assert "Each signatory signs it with their own id" in text


def test_a_signature_of_an_earlier_contract_does_not_count(ready, rules):
    text = refusal(ready, Act.ALLOCATE, replace(rules, contract="d" * 64))
    assert (
        "The decision contract is not signed by cora, sam (cora, sam signed an earlier version: it was changed since)."
        in text
    )
    assert "There is no decision contract" in refusal(
        ready, Act.ALLOCATE, replace(rules, contract=None, signatories=())
    )


def test_who_signed_and_who_has_not(ready, rules):
    assert signed_by(ready, "c" * 64) == {"cora", "sam"}
    assert unsigned(ready, rules) == ()
    assert unsigned(CycleState(), rules) == ("cora", "sam")


def test_only_signatories_sign_and_once(ready, rules):
    check_signature(CycleState(), rules, "asserted:cora")
    with pytest.raises(NotAllowed, match=r"'mia' is not a signatory .*those with a forecast: cora, sam"):
        check_signature(CycleState(), rules, "asserted:mia")
    with pytest.raises(NotAllowed, match=r"'cora' signed this contract already"):
        check_signature(ready, rules, "asserted:cora")
    check_signature(ready, replace(rules, contract="d" * 64), "asserted:cora")


def test_sites_are_not_told_of_a_deadline_that_has_passed(rules):
    registered = CycleState(stage=Stage.REGISTERED)
    check_act(registered, Act.OPEN_RECRUITMENT, design=TRIAL, effective_on=BEFORE, rules=rules)
    text = refusal(registered, Act.OPEN_RECRUITMENT, rules, DEADLINE)
    assert "The deadline for opting out (2016-04-15) has passed on 2016-04-15: no site could say no." in text


@pytest.mark.parametrize(
    ("act", "stage"),
    [
        (Act.START_DELIVERY, Stage.ALLOCATED),
        (Act.EXPORT_LISTS, Stage.ALLOCATED),
        (Act.SEND_WAVE, Stage.DELIVERING),
        (Act.PREPARE_ALLOCATION, Stage.RECRUITING),
        (Act.ALLOCATE, Stage.RECRUITING),
    ],
)
def test_nothing_is_allocated_or_sent_with_an_approval_that_has_expired(ready, rules, wave, act, stage):
    state = replace(ready, stage=stage, waves=(wave(1, approved=True),))
    check_act(state, act, design=TRIAL, effective_on=date(2016, 8, 31), rules=rules)
    text = refusal(state, act, rules, date(2016, 9, 1))
    assert "the approval 'data-protection' expired on 2016-09-01" in text
    assert "the approval 'ethics' expired on 2016-09-01" in text


def test_a_report_without_approval(ready, rules, wave):
    delivering = replace(ready, stage=Stage.DELIVERING)
    for waves in ((), (wave(1),)):
        text = refusal(replace(delivering, waves=waves), Act.SEND_WAVE, rules)
        assert "No wave is approved: no report leaves before a second person has seen the proofs." in text
    assert "No wave is prepared." in refusal(delivering, Act.APPROVE_WAVE, rules)
    assert "Every wave that was prepared is approved." in refusal(
        replace(delivering, waves=(wave(1, approved=True),)), Act.APPROVE_WAVE, rules
    )
    assert "No report has left yet" in refusal(
        replace(delivering, waves=(wave(1, approved=True),)), Act.NOTE_DELIVERY, rules
    )


def test_a_cycle_without_feedback_has_no_waves(ready, rules):
    state = replace(ready, stage=Stage.DELIVERING)
    assert "The protocol has no calendar of feedback." in refusal(state, Act.PREPARE_WAVE, replace(rules, waves=()))


@pytest.mark.parametrize(
    ("act", "stage"),
    [
        (Act.PREPARE_WAVE, Stage.ALLOCATED),
        (Act.APPROVE_WAVE, Stage.ALLOCATED),
        (Act.EXPORT_LISTS, Stage.ALLOCATED),
        (Act.SEND_WAVE, Stage.DELIVERING),
        (Act.NOTE_DELIVERY, Stage.DELIVERING),
        (Act.LOG_CONTACTS, Stage.DELIVERING),
        (Act.IMPORT_EXPOSURE, Stage.FOLLOWING_UP),
    ],
)
def test_nothing_leaves_in_a_rehearsal(standing, rules, act, stage):
    rehearsal = replace(rules, rehearsal=True, approvals=(), waves=())
    text = refusal(standing(stage), act, rehearsal, date(2016, 5, 1))
    assert "This is a rehearsal: its arms are made up, so nothing is sent, handed over or counted." in text


def test_a_rehearsal_never_becomes_evidence(standing, rules):
    for stage in (Stage.EVALUATED, Stage.DECIDED, Stage.CLOSED):
        text = refusal(standing(stage), Act.POST_EVIDENCE, replace(rules, rehearsal=True))
        assert "A rehearsal never becomes evidence" in text


def test_a_rehearsal_waits_for_no_deadline_approval_or_signature(preparation):
    from enginehouse.governance.rules import CycleRules

    rehearsal = CycleRules(design=TRIAL, rehearsal=True)
    told = CycleState(stage=Stage.RECRUITING, deadline=date(2026, 1, 1), preparations=(preparation,))
    for act in (Act.PREPARE_ALLOCATION, Act.ALLOCATE):
        check_act(told, act, design=TRIAL, effective_on=LATER, rules=rehearsal)
    check_act(
        CycleState(stage=Stage.REGISTERED), Act.OPEN_RECRUITMENT, design=TRIAL, effective_on=LATER, rules=rehearsal
    )


def test_conditions_are_those_of_acts_that_exist():
    assert set(STANDING) | set(DATED) <= set(Act)
    assert all([*STANDING.values(), *DATED.values()])


def test_a_seed_used_in_another_cycle(make_event):
    events = [
        make_event(Act.PREPARE_ALLOCATION, 1, cycle="first", seed_commitment="k1"),
        make_event(Act.ALLOCATE, 2, cycle="first", seed_commitment="k1", second_seed="of the second person", day=3),
        make_event(Act.BUILD_PANEL, 3, cycle=None),
    ]
    check_seed_commitment("k2", events, cycle="second")
    check_seed_commitment("k1", events, cycle="first")
    with pytest.raises(
        NotAllowed, match=r"this seed was used already, in the cycle 'first' on 2016-04-01\. Take a new seed"
    ):
        check_seed_commitment("k1", events, cycle="second")
    with pytest.raises(NotAllowed, match="used already, in the cycle 'first' on 2016-04-04"):
        check_seed_commitment("k1", events[1:], cycle="second")
    with pytest.raises(NotAllowed, match="used already, in the cycle 'first' on 2016-04-04"):
        check_seed_commitment(sha256_hex(b"of the second person"), events, cycle="second")


def test_the_roster_stays_as_it_was(ready):
    check_roster(CycleState(), "z" * 64)
    check_roster(ready, "r" * 64)
    with pytest.raises(NotAllowed, match=r"roster \(zzzzzzzzzzzz\) .* was prepared \(rrrrrrrrrrrr\).*Prepare the allo"):
        check_roster(ready, "z" * 64)
    with pytest.raises(
        NotAllowed, match=r"was allocated \(rrrrrrrrrrrr\): it was changed since\. After the allocation"
    ):
        check_roster(replace(ready, allocation="a" * 64), "z" * 64)
