"""What may happen when; and that every refusal says why and what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.policies import (
    _NAMES_OTHERS,
    can_act,
    check_act,
    check_payload,
    check_second_person,
    next_acts,
    next_step,
)
from enginehouse.governance.stages import ASIDE, ENDS, NOT_TRANSITIONS, PROGRAMME_ACTS, Act, Stage, path_for, transition
from enginehouse.governance.state import CycleState, Done, cycle_state
from enginehouse.programme.enums import DesignType

ITS = DesignType.CONTROLLED_ITS
TRIAL = DesignType.PARALLEL
TODAY = date(2026, 6, 1)


def standing(stage: Stage) -> CycleState:
    return CycleState(stage=stage, stood_in=Stage.REGISTERED if stage in ASIDE else None)


def attempt(state: CycleState, act: Act, *, design: DesignType = ITS, on: date = TODAY) -> None:
    check_act(state, act, design=design, effective_on=on, today=TODAY)


@pytest.mark.parametrize("design", DesignType)
@pytest.mark.parametrize("act", Act)
def test_every_act_in_every_stage_passes_or_is_refused_with_reason_and_next_step(act, design):
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
        attempt(standing(stage), act, design=design)
    return str(refused.value)


def test_evaluation_before_the_freeze():
    assert refusal(Stage.REGISTERED, Act.EVALUATE) == (
        "evaluate\n  The cycle is registered: to evaluate it must be frozen. No estimate exists before the data are "
        "frozen. Next possible step: freeze (or amend, suspend, withdraw)."
    )


@pytest.mark.parametrize(
    ("act", "stage", "said"),
    [
        (
            Act.EVALUATE,
            Stage.EVALUATED,
            "evaluate\n  The cycle was evaluated already, on 2026-05-01. The registered analysis is run once on the "
            "record. Next possible step: decide (or appraise).",
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
        attempt(replace(standing(stage), history=(done,)), act)
    assert said in str(refused.value)


def test_amendment_after_the_freeze():
    text = refusal(Stage.FROZEN, Act.AMEND)
    assert "a changed plan would no longer have been written before the data were seen" in text
    assert "to amend it must be registered." in text
    assert "Next possible step: evaluate (or suspend, withdraw)." in text


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
    assert "Next possible step: resume (or withdraw)." in text


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
    assert next_acts(standing(Stage.DRAFT), design=ITS) == (Act.REGISTER,)
    assert next_step(standing(Stage.DRAFT), design=ITS) == "Next possible step: register."


STATE = CycleState(stage=Stage.EVALUATED, protocol_hash="h" * 64, panel="n" * 64, evaluation="e" * 64)


@pytest.mark.parametrize(
    ("act", "good", "wrong", "noun"),
    [
        (Act.AMEND, {"previous_hash": "h" * 64}, {"previous_hash": "z" * 64}, "protocol"),
        (Act.FREEZE, {"protocol_hash": "h" * 64}, {"protocol_hash": "z" * 64}, "protocol"),
        (Act.EVALUATE, {"protocol_hash": "h" * 64, "panel": "n" * 64}, {"panel": "z" * 64}, "panel"),
        (Act.APPRAISE, {"evaluation": "e" * 64}, {"evaluation": "z" * 64}, "evaluation"),
        (Act.DECIDE, {"evaluation": "e" * 64}, {"evaluation": "z" * 64}, "evaluation"),
    ],
)
def test_an_event_points_at_the_cycles_own_documents(make_event, act, good, wrong, noun):
    check_payload(STATE, make_event(act, **good).payload)
    with pytest.raises(NotAllowed, match=rf"the {noun} \(zzzzzzzzzzzz\) is not the one in the record.*recorded {noun}"):
        check_payload(STATE, make_event(act, **{**good, **wrong}).payload)


def test_events_that_point_at_nothing_pass(make_event):
    check_payload(STATE, make_event(Act.CLOSE).payload)
    assert type(make_event(Act.CLOSE).payload) not in _NAMES_OTHERS


def test_deciding_takes_a_second_person(make_event):
    state = cycle_state(
        [make_event(Act.REGISTER, 1), make_event(Act.FREEZE, 2), make_event(Act.EVALUATE, 3, actor="sam")]
    )
    check_second_person(state, Act.DECIDE, "chair")
    check_second_person(state, Act.APPRAISE, "sam")
    check_second_person(CycleState(), Act.DECIDE, "sam")
    with pytest.raises(NotAllowed, match=r"'sam' did evaluate this cycle and so may not decide it.*second person"):
        check_second_person(state, Act.DECIDE, "sam")
