"""What may happen when; and that every refusal says why and what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.policies import (
    can_act,
    check_act,
    delivery_period,
    next_acts,
    next_step,
)
from enginehouse.governance.stages import ASIDE, ENDS, NOT_TRANSITIONS, PROGRAMME_ACTS, Act, Stage, path_for, transition
from enginehouse.governance.state import CycleState, Done, cycle_state
from enginehouse.programme.enums import DesignType

ITS = DesignType.CONTROLLED_ITS
TRIAL = DesignType.PARALLEL
TODAY = date(2026, 6, 1)


def bare(stage: Stage) -> CycleState:
    return CycleState(stage=stage, stood_in=Stage.REGISTERED if stage in ASIDE else None)


def attempt(state: CycleState, act: Act, *, design: DesignType = ITS, on: date = TODAY) -> None:
    check_act(state, act, design=design, effective_on=on, today=TODAY)


@pytest.mark.parametrize("design", DesignType)
@pytest.mark.parametrize("act", Act)
def test_every_act_in_every_stage_passes_or_is_refused_with_reason_and_next_step(act, design, standing):
    for stage in [*path_for(design), *ASIDE]:
        state = standing(stage)
        expected = (
            act in PROGRAMME_ACTS
            or (act in NOT_TRANSITIONS and stage is not Stage.DRAFT)
            or transition(act, stage, design=design) is not None
        )
        assert can_act(state, act, design=design, effective_on=TODAY, today=TODAY) == expected
        if not expected:
            with pytest.raises(NotAllowed) as refused:
                attempt(state, act, design=design)
            assert f"The cycle is {stage.words}" in refused.value.what
            assert refused.value.remedy == next_step(state, design=design)
            assert refused.value.remedy.startswith("The cycle is" if stage in ENDS else "Next possible step: ")


def refusal(stage: Stage, act: Act, design: DesignType = ITS) -> str:
    with pytest.raises(NotAllowed) as refused:
        attempt(bare(stage), act, design=design)
    return str(refused.value)


def test_evaluation_before_the_freeze():
    assert refusal(Stage.REGISTERED, Act.EVALUATE) == (
        "evaluate\n  The cycle is registered: to evaluate it must be frozen. No estimate exists before the data are "
        "frozen. Next possible step: freeze (enginehouse freeze CYCLE); or amend, suspend, withdraw."
    )


@pytest.mark.parametrize(
    ("act", "stage", "said"),
    [
        (
            Act.EVALUATE,
            Stage.EVALUATED,
            "evaluate\n  The cycle was evaluated already, on 2026-05-01. The registered analysis is run once on the "
            "record. Next possible step: decide (enginehouse decide CYCLE DECISION --reason REASON); or appraise.",
        ),
        (Act.EVALUATE, Stage.DECIDED, "The cycle was evaluated already, on 2026-05-01."),
        (Act.FREEZE, Stage.FROZEN, "The cycle was frozen already, on 2026-05-01. Data are frozen once."),
        (Act.REGISTER, Stage.REGISTERED, "The cycle was registered already, on 2026-05-01. Its protocol is locked."),
        (Act.CLOSE, Stage.CLOSED, "The cycle was closed already, on 2026-05-01. The cycle is closed: nothing follows"),
    ],
)
def test_an_act_done_twice(act: Act, stage: Stage, said: str):
    recorded = datetime(2026, 5, 1, tzinfo=UTC)
    done = Done(seq=1, act=act, stage=stage, actor="sam", effective_on=date(2026, 5, 1), recorded_at=recorded)
    with pytest.raises(NotAllowed) as refused:
        attempt(replace(bare(stage), history=(done,)), act)
    assert said in str(refused.value)


def test_amendment_after_the_freeze():
    text = refusal(Stage.FROZEN, Act.AMEND)
    assert "a changed plan would no longer have been written before the data were seen" in text
    assert "to amend it must be registered." in text
    assert "Next possible step: evaluate (enginehouse evaluate CYCLE); or suspend, withdraw." in text


def test_a_result_is_not_withdrawn_nor_suspended_away():
    for act in (Act.WITHDRAW, Act.SUSPEND):
        assert "A result exists, whatever it is" in refusal(Stage.EVALUATED, act)
        assert "A result exists, whatever it is" in refusal(Stage.CLOSED, act)


def test_no_allocation_in_a_design_without_one():
    assert "a controlled-its design has no step to allocate: nobody is allocated at random." in refusal(
        Stage.REGISTERED, Act.ALLOCATE
    )


def test_a_trial_cannot_skip_to_the_freeze():
    assert "to freeze it must be following up. Next possible step: open recruitment" in refusal(
        Stage.REGISTERED, Act.FREEZE, TRIAL
    )


def test_a_suspended_cycle_says_where_it_stood():
    text = refusal(Stage.SUSPENDED, Act.FREEZE)
    assert "The cycle is suspended (it stood in registered)" in text
    assert "Next possible step: resume (enginehouse resume CYCLE --reason REASON); or withdraw." in text


def test_nothing_follows_the_end():
    assert "The cycle is closed: nothing follows; register a new cycle to go on." in refusal(Stage.CLOSED, Act.DECIDE)


def test_a_dossier_needs_a_record():
    assert "there is no record to write dossier from before it is registered" in refusal(Stage.DRAFT, Act.WRITE_DOSSIER)


def test_an_act_of_the_future_is_refused():
    with pytest.raises(NotAllowed, match=r"got 2026-06-02 .* after today \(2026-06-01\).*--on"):
        attempt(CycleState(), Act.REGISTER, on=TODAY + timedelta(days=1))
    with pytest.raises(NotAllowed, match="after today"):
        attempt(CycleState(), Act.LOAD_DATA, on=TODAY + timedelta(days=1))


def test_today_is_the_clocks_unless_it_is_given():
    check_act(CycleState(), Act.REGISTER, design=ITS, effective_on=date.today())
    with pytest.raises(NotAllowed, match="after today"):
        check_act(CycleState(), Act.REGISTER, design=ITS, effective_on=date.today() + timedelta(days=1))


def test_an_act_never_precedes_the_last_transition(make_event):
    state = cycle_state([make_event(Act.REGISTER, 1, day=5)])
    with pytest.raises(NotAllowed, match=r"got 2016-04-05 .* before the cycle's last transition \(2016-04-06\)"):
        attempt(state, Act.FREEZE, on=date(2016, 4, 5))
    attempt(state, Act.FREEZE, on=date(2016, 4, 6))
    attempt(state, Act.LOAD_DATA, on=date(2016, 4, 1))


def test_a_dossier_does_not_move_the_last_transition(make_event):
    state = cycle_state([make_event(Act.REGISTER, 1, day=5), make_event(Act.WRITE_DOSSIER, 2, day=30)])
    attempt(state, Act.FREEZE, on=date(2016, 4, 7))


def test_next_acts_are_those_of_the_table():
    assert next_acts(bare(Stage.DRAFT), design=ITS) == (Act.REGISTER,)
    assert next_step(bare(Stage.DRAFT), design=ITS) == "Next possible step: register (enginehouse register CYCLE)."


@pytest.mark.parametrize(
    ("stage", "act", "said"),
    [
        (
            Stage.REGISTERED,
            Act.ALLOCATE,
            "The cycle is registered: to allocate it must be recruiting. The protocol is locked and sites are told "
            "before anyone is allocated. Next possible step: open recruitment",
        ),
        (Stage.DRAFT, Act.ALLOCATE, "The protocol is locked and sites are told before anyone is allocated."),
        (Stage.DRAFT, Act.OPEN_RECRUITMENT, "to open recruitment it must be registered."),
        (Stage.DELIVERING, Act.EVALUATE, "No estimate exists before the data are frozen."),
        (Stage.RECRUITING, Act.PREPARE_WAVE, "No site has an arm yet."),
        (Stage.ALLOCATED, Act.SEND_WAVE, "Reports leave once delivery has started."),
        (Stage.ALLOCATED, Act.LOG_CONTACTS, "Contacts belong to the cycle's delivery."),
        (Stage.ALLOCATED, Act.SIGN_CONTRACT, "A forecast made after the allocation would no longer be one."),
        (Stage.FROZEN, Act.LOG_CONTACTS, "After the freeze the data no longer change."),
        (Stage.EVALUATED, Act.RECORD_OPT_OUT, "The result exists: it holds for the next cycle."),
        (Stage.FROZEN, Act.POST_EVIDENCE, "There is no result to post."),
    ],
)
def test_a_trials_acts_out_of_order_say_why(stage: Stage, act: Act, said: str):
    assert said in refusal(stage, act, TRIAL)


def test_a_trial_can_be_amended_after_the_allocation():
    for stage in (Stage.ALLOCATED, Stage.DELIVERING, Stage.FOLLOWING_UP):
        attempt(bare(stage), Act.AMEND, design=TRIAL)


def test_a_recruiting_cycle_prepares_before_it_allocates(preparation):
    unprepared, prepared = bare(Stage.RECRUITING), replace(bare(Stage.RECRUITING), preparations=(preparation,))
    assert next_acts(unprepared, design=TRIAL) == (Act.PREPARE_ALLOCATION, Act.AMEND, Act.SUSPEND, Act.WITHDRAW)
    assert next_acts(prepared, design=TRIAL)[0] is Act.ALLOCATE
    assert (
        "Next possible step: prepare allocation (enginehouse allocate prepare CYCLE); or amend, suspend, withdraw."
        in refusal(Stage.RECRUITING, Act.FREEZE, TRIAL)
    )


def test_the_step_of_a_wave_is_the_one_that_it_waits_for(wave, rules):
    def first(*waves, stage=Stage.DELIVERING, asked=rules):
        return next_acts(replace(bare(stage), waves=waves), design=TRIAL, rules=asked)[0]

    assert first() is Act.PREPARE_WAVE
    assert first(wave(1)) is Act.APPROVE_WAVE
    assert first(wave(1, approved=True)) is Act.SEND_WAVE
    assert first(wave(1, approved=True, sent=("a",), sites=("a",))) is Act.PREPARE_WAVE
    assert first(wave(1, approved=True, sent=("a",), sites=("a", "b"))) is Act.SEND_WAVE  # stopped half-way
    assert first(*(wave(n, approved=True, sent=("a",), sites=("a",)) for n in (1, 2, 3))) is Act.START_FOLLOW_UP
    assert first(stage=Stage.ALLOCATED) is Act.PREPARE_WAVE
    assert first(asked=None) is Act.START_FOLLOW_UP
    assert first(asked=replace(rules, waves=())) is Act.START_FOLLOW_UP


def test_a_rehearsal_is_not_offered_what_leaves_the_house(rules):
    rehearsal = replace(rules, rehearsal=True, waves=())
    offered = next_acts(bare(Stage.DELIVERING), design=TRIAL, rules=rehearsal)
    assert offered == (Act.START_FOLLOW_UP, Act.AMEND, Act.SUSPEND, Act.WITHDRAW)


def test_contacts_belong_to_the_days_of_delivery(make_event):
    with pytest.raises(NotAllowed, match="delivery has not started"):
        delivery_period(CycleState(), on=TODAY)
    before = [
        make_event(Act.REGISTER, 1),
        make_event(Act.OPEN_RECRUITMENT, 2),
        make_event(Act.ALLOCATE, 3, day=20),
        make_event(Act.START_DELIVERY, 4, day=30),  # 1 May
    ]
    delivering = cycle_state(before)
    following_up = cycle_state([*before, make_event(Act.START_FOLLOW_UP, 5, day=60)])  # 31 May
    assert delivery_period(delivering, on=date(2016, 5, 20)) == (date(2016, 5, 1), date(2016, 5, 20))
    assert delivery_period(following_up, on=date(2016, 8, 1)) == (date(2016, 5, 1), date(2016, 5, 31))
