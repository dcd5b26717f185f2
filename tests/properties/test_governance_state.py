"""Any walk that the policies permit folds without a break, and the past stays what it was."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from enginehouse.governance.policies import check_act, next_acts
from enginehouse.governance.stages import ASIDE, ENDS, Act, path_for, payload_of
from enginehouse.governance.state import CycleState, as_known, as_of, cycle_state
from enginehouse.ledger.event import Event
from enginehouse.programme.enums import DesignType

FIRST_DAY = date(2020, 1, 1)
CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
BLANK = {"tuple[str, ...]": (), "bool": False, "int": 1}


def event(act: Act, seq: int, day: date) -> Event:
    kind = payload_of(act)
    payload = kind(**{f.name: BLANK.get(str(f.type), "x") for f in fields(kind)})
    return Event(
        seq=seq,
        event_id=str(seq),
        type=payload.type,
        version=1,
        cycle="c",
        actor="p",
        effective_on=day,
        recorded_at=CLOCK + timedelta(minutes=seq),
        payload=payload,
        documents=(),
        prev_hash="",
        hash="",
    )


@st.composite
def walks(draw: st.DrawFn) -> tuple[DesignType, list[Event]]:
    """A design and a walk through its stages: at each step one of the acts that the policies offer."""
    design = draw(st.sampled_from(DesignType))
    events: list[Event] = []
    day = FIRST_DAY
    for seq in range(1, draw(st.integers(0, 14)) + 1):
        offered = next_acts(cycle_state(events), design=design)
        if not offered:
            break
        day += timedelta(days=draw(st.integers(0, 3)))
        events.append(event(draw(st.sampled_from(offered)), seq, day))
    return design, events


@given(walks())
def test_what_is_offered_is_permitted_and_folds(walk):
    design, events = walk
    for n, next_event in enumerate(events):
        before = cycle_state(events[:n])
        act = cycle_state(events[: n + 1]).history[-1].act
        check_act(before, act, design=design, effective_on=next_event.effective_on, today=date(2030, 1, 1))
    state = cycle_state(events)
    assert state.stage in {*path_for(design), *ASIDE}
    assert bool(next_acts(state, design=design)) == (state.stage not in ENDS)
    assert (state.stood_in is not None) == (state.stage in ASIDE)


@given(walks(), st.integers(-1, 60))
def test_a_past_day_or_instant_is_a_prefix_of_the_record(walk, offset):
    """Days never run backwards inside a cycle, so any past moment folds to a state that once was the present."""
    _, events = walk
    once_present = [cycle_state(events[:n]) for n in range(len(events) + 1)]
    assert cycle_state(as_of(events, FIRST_DAY + timedelta(days=offset))) in once_present
    assert cycle_state(as_known(events, CLOCK + timedelta(minutes=offset))) in once_present


@given(walks())
def test_a_frozen_cycle_has_its_panel_and_an_evaluated_one_its_evaluation(walk):
    state: CycleState = cycle_state(walk[1])
    if state.is_frozen:
        assert state.panel is not None
        assert state.protocol_hash is not None
    if state.stage in ("evaluated", "decided", "closed"):
        assert state.evaluation is not None
    if state.stage in ("decided", "closed"):
        assert state.decision is not None
