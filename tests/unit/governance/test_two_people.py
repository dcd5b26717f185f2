"""Acts of two people: two ids, the same subject, and what is said to one who would do both."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.permissions import PERMISSIONS
from enginehouse.governance.recorded import Proposal
from enginehouse.governance.stages import RANDOMISED, Act, Stage, transition
from enginehouse.governance.state import CycleState, cycle_state
from enginehouse.governance.two_people import (
    _FIRST,
    _FIRST_REMEDY,
    PROPOSABLE,
    SECOND_PERSON,
    TWO_PEOPLE,
    check_proposal,
    check_second_person,
    is_first_of_two,
    subject,
    subject_of,
    takes_two,
)
from enginehouse.programme.enums import DesignType, Role

TRIAL = DesignType.PARALLEL
ITS = DesignType.CONTROLLED_ITS
SUBJECT = "5" * 64
CHANGED = "6" * 64


@pytest.fixture
def proposed() -> CycleState:
    """Sam proposed to register it."""
    proposal = Proposal(act=Act.REGISTER, subject=SUBJECT, actor="asserted:sam", effective_on=date(2016, 4, 1))
    return CycleState(proposals=(proposal,))


@pytest.fixture
def prepared(preparation) -> CycleState:
    """Sam prepared the allocation."""
    return CycleState(stage=Stage.RECRUITING, preparations=(preparation,))


@pytest.fixture
def draw(preparation) -> str:
    return subject(preparation.plan, preparation.seed_commitment)


def test_the_acts_of_two_people():
    assert set(TWO_PEOPLE) == {Act.REGISTER, Act.AMEND, Act.ALLOCATE, Act.APPROVE_WAVE}
    assert set(TWO_PEOPLE.values()) == {RANDOMISED}
    assert SECOND_PERSON[Act.DECIDE] is Act.EVALUATE
    assert set(_FIRST) == set(_FIRST_REMEDY) == set(TWO_PEOPLE)
    assert set(TWO_PEOPLE) >= PROPOSABLE
    assert takes_two(Act.REGISTER, TRIAL)
    assert not takes_two(Act.REGISTER, ITS)
    assert takes_two(Act.AMEND, TRIAL)
    assert not takes_two(Act.AMEND, ITS)
    assert not takes_two(Act.FREEZE, TRIAL)


@pytest.mark.parametrize("act", sorted(PROPOSABLE))
def test_what_can_be_proposed_can_be_proposed_where_it_is_done_and_by_those_who_do_it(act):
    for stage in Stage:
        assert transition(act, stage, design=TRIAL) is None or transition(Act.PROPOSE, stage, design=TRIAL) is not None
    assert PERMISSIONS[act] <= PERMISSIONS[Act.PROPOSE]


def test_the_subject_is_what_both_agree_on(make_payload):
    from enginehouse.ledger import events

    one = make_payload(events.CycleRegistered, protocol_hash="h1", definitions="d1", prior_knowledge="none")
    same = make_payload(events.CycleRegistered, protocol_hash="h1", definitions="d1", prior_knowledge="some")
    other = make_payload(events.CycleRegistered, protocol_hash="h1", definitions="d2")
    assert subject_of(one) == subject_of(same) == subject("h1", "d1")
    assert subject_of(other) != subject_of(one)
    amended = make_payload(events.ProtocolAmended, protocol_hash="h1", definitions="d1", reason="One.")
    assert subject_of(amended) == subject("h1", "d1")  # what it becomes, whoever says why
    assert subject_of(make_payload(events.WaveApproved, manifest="m" * 64)) == "m" * 64
    assert subject_of(make_payload(events.SitesAllocated, plan="p", seed_commitment="k")) == subject("p", "k")
    assert subject_of(make_payload(events.CycleClosed)) is None
    assert subject("ab", "c") != subject("a", "bc")


def test_one_registers_what_another_proposed(proposed):
    check_second_person(proposed, Act.REGISTER, "asserted:mia", SUBJECT, design=TRIAL)
    assert not is_first_of_two(proposed, Act.REGISTER, "asserted:mia", SUBJECT, design=TRIAL)
    assert is_first_of_two(proposed, Act.REGISTER, "asserted:sam", SUBJECT, design=TRIAL)
    assert is_first_of_two(CycleState(), Act.REGISTER, "asserted:mia", SUBJECT, design=TRIAL)


def test_a_design_without_allocation_takes_one_person_to_register():
    check_second_person(CycleState(), Act.REGISTER, "sam", SUBJECT, design=ITS)
    assert not is_first_of_two(CycleState(), Act.REGISTER, "sam", SUBJECT, design=ITS)
    with pytest.raises(NotAllowed, match="takes two people"):
        check_second_person(CycleState(), Act.REGISTER, "sam", SUBJECT)


def test_one_person_doing_the_act_of_two(proposed):
    with pytest.raises(NotAllowed) as refused:
        check_second_person(proposed, Act.REGISTER, "asserted:sam", SUBJECT, design=TRIAL)
    assert str(refused.value) == (
        "register\n  'sam' proposed to register this on 2016-04-01 and so may not do it as well. It takes a second "
        "person (statistician or programme manager), with an id of their own: enginehouse register CYCLE."
    )
    # However the record came to know her.
    with pytest.raises(NotAllowed, match="'sam' proposed"):
        check_second_person(proposed, Act.REGISTER, "login:sam", SUBJECT, design=TRIAL)


def test_one_person_amending_for_two():
    """From the lock on whoever changes a trial needs a second person, as whoever locked it did."""
    proposal = Proposal(act=Act.AMEND, subject=SUBJECT, actor="asserted:sam", effective_on=date(2016, 5, 1))
    for stage in (Stage.REGISTERED, Stage.RECRUITING, Stage.ALLOCATED, Stage.DELIVERING, Stage.FOLLOWING_UP):
        state = CycleState(stage=stage, proposals=(proposal,))
        check_second_person(state, Act.AMEND, "asserted:mia", SUBJECT, design=TRIAL)
        with pytest.raises(
            NotAllowed, match=r"'sam' proposed to amend this on 2016-05-01 and so may not do it as well"
        ):
            check_second_person(state, Act.AMEND, "asserted:sam", SUBJECT, design=TRIAL)
        with pytest.raises(NotAllowed, match=r"the proposal of 'sam' of 2016-05-01 is void"):
            check_second_person(state, Act.AMEND, "asserted:mia", CHANGED, design=TRIAL)
        with pytest.raises(NotAllowed, match=r"to amend takes two people, and nobody has proposed this"):
            check_second_person(CycleState(stage=stage), Act.AMEND, "asserted:mia", SUBJECT, design=TRIAL)
    check_second_person(CycleState(), Act.AMEND, "sam", SUBJECT, design=ITS)


def test_a_proposal_to_register_is_none_to_amend(proposed):
    with pytest.raises(NotAllowed, match="nobody has proposed this"):
        check_second_person(proposed, Act.AMEND, "asserted:mia", SUBJECT, design=TRIAL)


def test_nobody_has_proposed_it():
    with pytest.raises(
        NotAllowed, match=r"to register takes two people, and nobody has proposed this\. One person pro"
    ):
        check_second_person(CycleState(), Act.REGISTER, "mia", SUBJECT, design=TRIAL)


def test_a_proposal_whose_subject_changed_is_void(proposed):
    with pytest.raises(
        NotAllowed,
        match=r"the proposal of 'sam' of 2016-04-01 is void: it was for 555555555555, and it would be 666666666666 now. "
        r"It changed since\. One person proposes it as it stands now",
    ):
        check_second_person(proposed, Act.REGISTER, "mia", CHANGED, design=TRIAL)


def test_an_act_of_two_needs_its_subject():
    with pytest.raises(ValueError, match="say on what they agree"):
        check_second_person(CycleState(), Act.REGISTER, "mia", design=TRIAL)


def test_one_draws_what_another_prepared(prepared, draw):
    check_second_person(prepared, Act.ALLOCATE, "asserted:gus", draw, design=TRIAL)
    with pytest.raises(
        NotAllowed,
        match=r"'sam' did prepare allocation and so may not allocate as well\. It takes a second person "
        r"\(statistician or governance officer\)",
    ):
        check_second_person(prepared, Act.ALLOCATE, "asserted:sam", draw, design=TRIAL)


def test_who_prepared_may_draw_what_another_proposed(prepared, draw):
    proposal = Proposal(act=Act.ALLOCATE, subject=draw, actor="asserted:gus", effective_on=date(2016, 4, 20))
    state = replace(prepared, proposals=(proposal,))
    check_second_person(state, Act.ALLOCATE, "asserted:sam", draw, design=TRIAL)
    void = replace(prepared, proposals=(replace(proposal, subject=CHANGED),))
    with pytest.raises(NotAllowed, match="'sam' did prepare allocation"):
        check_second_person(void, Act.ALLOCATE, "asserted:sam", draw, design=TRIAL)


def test_another_draw_than_was_prepared_takes_a_new_preparation(prepared):
    with pytest.raises(NotAllowed, match=r"nobody has prepared or proposed this\. One person prepares it as it stands"):
        check_second_person(prepared, Act.ALLOCATE, "asserted:gus", CHANGED, design=TRIAL)


def test_a_wave_is_released_by_another_than_who_prepared_it(wave):
    """Also while another wave was prepared later by somebody else."""
    state = CycleState(stage=Stage.DELIVERING, waves=(wave(1), wave(2, prepared_by="asserted:max")))
    first, second = (each.manifest for each in state.waves)
    check_second_person(state, Act.APPROVE_WAVE, "asserted:max", first, design=TRIAL)
    check_second_person(state, Act.APPROVE_WAVE, "asserted:mia", second, design=TRIAL)
    with pytest.raises(NotAllowed, match=r"'mia' did prepare wave and so may not approve wave as well"):
        check_second_person(state, Act.APPROVE_WAVE, "asserted:mia", first, design=TRIAL)
    with pytest.raises(NotAllowed, match="nobody has prepared this"):
        check_second_person(state, Act.APPROVE_WAVE, "asserted:gus", CHANGED, design=TRIAL)


def test_a_wave_takes_no_proposal(wave, someone):
    gus = someone("gus", Role.GOVERNANCE_OFFICER)
    with pytest.raises(NotAllowed, match="to approve wave in a parallel design takes no proposal"):
        check_proposal(CycleState(waves=(wave(1),)), Act.APPROVE_WAVE, gus, SUBJECT, design=TRIAL)
    with pytest.raises(NotAllowed, match="to register in a controlled-its design takes no proposal"):
        check_proposal(CycleState(), Act.REGISTER, gus, SUBJECT, design=ITS)


def test_a_proposal_takes_the_role_of_the_act(someone):
    check_proposal(CycleState(), Act.REGISTER, someone("sam", Role.STATISTICIAN), SUBJECT, design=TRIAL)
    with pytest.raises(NotAllowed, match=r"'gus' \(governance officer\) may not register"):
        check_proposal(CycleState(), Act.REGISTER, someone("gus", Role.GOVERNANCE_OFFICER), SUBJECT, design=TRIAL)


def test_the_same_is_not_proposed_twice(proposed, someone):
    with pytest.raises(NotAllowed, match=r"'sam' proposed to register this already, on 2016-04-01\. It takes a second"):
        check_proposal(proposed, Act.REGISTER, someone("sam", Role.STATISTICIAN), SUBJECT, design=TRIAL)
    with pytest.raises(NotAllowed, match=r"Do not propose it again: do it, as the second person"):
        check_proposal(proposed, Act.REGISTER, someone("mia", Role.PROGRAMME_MANAGER), SUBJECT, design=TRIAL)
    check_proposal(proposed, Act.REGISTER, someone("mia", Role.PROGRAMME_MANAGER), CHANGED, design=TRIAL)


def test_deciding_takes_a_second_person(make_event):
    state = cycle_state(
        [make_event(Act.REGISTER, 1), make_event(Act.FREEZE, 2), make_event(Act.EVALUATE, 3, actor="asserted:sam")]
    )
    check_second_person(state, Act.DECIDE, "asserted:chair")
    check_second_person(state, Act.APPRAISE, "asserted:sam")
    check_second_person(CycleState(), Act.DECIDE, "asserted:sam")
    with pytest.raises(NotAllowed, match=r"'sam' did evaluate this cycle and so may not decide it.*second person"):
        check_second_person(state, Act.DECIDE, "asserted:sam")
