"""Any walk that the policies permit folds without a break and never leaves the table; the past stays what it was."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.due import due
from enginehouse.governance.opt_outs import may_be_sent
from enginehouse.governance.policies import can_act, check_act, check_payload, next_acts, next_step
from enginehouse.governance.rules import CycleRules, WaveDate
from enginehouse.governance.stages import (
    AFTER_FREEZE,
    ASIDE,
    ENDS,
    TRANSITIONS,
    Act,
    Stage,
    acts_alongside,
    path_for,
    payload_of,
    transition,
)
from enginehouse.governance.state import CycleState, as_known, as_of, cycle_state
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.event import Event
from enginehouse.programme.enums import DesignType, OptOutScope

FIRST_DAY = date(2020, 1, 1)
LAST_DAY = date(2030, 1, 1)
CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
SITES = tuple(f"ods:{letter}" for letter in "ABCDEFGH")
BLANK = {"tuple[str, ...]": (), "bool": False, "int": 1}
BLANK_BY_NAME = {
    "given_on": "2020-01-01",
    "expires_on": "",
    "opt_out_by": "2020-01-01",
    "act": "register",
    "second_seed": "y",
    "seed_commitment": sha256_hex(b"x"),
}
RULES = {
    design: CycleRules(design=design, waves=tuple(WaveDate(n, FIRST_DAY) for n in (1, 2)), follow_up_ends=FIRST_DAY)
    for design in DesignType
}


def event(act: Act, seq: int, day: date, /, **values: Any) -> Event:
    kind = payload_of(act)
    blank = {f.name: BLANK_BY_NAME.get(f.name, BLANK.get(str(f.type), "x")) for f in fields(kind)}
    payload = kind(**{**blank, **values})
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


def contents(draw: st.DrawFn, act: Act, state: CycleState, seq: int) -> dict[str, Any]:
    """What an act says here: any wave and any sites, and the references that the state has."""
    own: dict[str, Any] = {
        name: getattr(state, name) or "x"
        for name in ("protocol_hash", "panel", "evaluation", "plan", "seed_commitment")
    }
    own["previous_hash"] = own["protocol_hash"]
    wave = draw(st.sampled_from([1, 1, 1, 1, 2, 2, 3]))
    prepared = state.wave(wave)
    own |= {
        "wave": wave,
        "manifest": f"m{seq}" if act is Act.PREPARE_WAVE or prepared is None else prepared.manifest,
        "sites": _sites(draw, act),
        "site": draw(st.sampled_from(SITES)),
        "scope": draw(st.sampled_from(OptOutScope)).value,
        "act": draw(st.sampled_from(["register", "amend", "allocate"])),
        "seed_commitment": own["seed_commitment"] if act is not Act.PREPARE_ALLOCATION else sha256_hex(b"x"),
    }
    made = _MAKES.get(act, frozenset())
    names = {f.name for f in fields(payload_of(act))}
    return {name: value for name, value in own.items() if name in names and name not in made}


def _sites(draw: st.DrawFn, act: Act) -> tuple[str, ...] | int:
    """Which sites, where an act names them: most have a report made, and two at most are sent one; else how many."""
    if act is Act.SEND_WAVE:
        return tuple(draw(st.lists(st.sampled_from(SITES), max_size=2)))
    return SITES[: draw(st.integers(4, len(SITES)))] if act is Act.PREPARE_WAVE else 1


_MAKES: dict[Act, frozenset[str]] = {
    Act.REGISTER: frozenset({"protocol_hash"}),
    Act.AMEND: frozenset({"protocol_hash"}),
    Act.FREEZE: frozenset({"panel"}),
    Act.EVALUATE: frozenset({"evaluation"}),
    Act.PREPARE_ALLOCATION: frozenset({"plan"}),
    Act.PREPARE_WAVE: frozenset({"panel"}),
    Act.COMPARE_DESIGNS: frozenset({"protocol_hash", "panel"}),
}
"""Fields that the act fixes itself instead of pointing back."""


OPENING = (
    Act.REGISTER,
    Act.OPEN_RECRUITMENT,
    Act.PREPARE_ALLOCATION,
    Act.ALLOCATE,
    Act.PREPARE_WAVE,
    Act.APPROVE_WAVE,
    Act.START_DELIVERY,
)


@st.composite
def walks(draw: st.DrawFn) -> tuple[DesignType, list[Event]]:
    """A design and a walk through its stages: at each step one of the acts that the policies permit, with contents that
    they permit. Some walks begin as trials do, so that many get as far as sending; few are withdrawn early.
    """
    design = draw(st.sampled_from([DesignType.PARALLEL, *DesignType]))
    begun = draw(st.integers(0, len(OPENING))) if design is DesignType.PARALLEL else 0
    events: list[Event] = []
    day = FIRST_DAY
    for seq in range(1, draw(st.integers(begun, begun + 20)) + 1):
        state = cycle_state(events)
        offered = OPENING[seq - 1 : seq] if seq <= begun else _offered(draw, state, design)
        if not offered:
            break
        day += timedelta(days=draw(st.integers(0, 3)))
        act = draw(st.sampled_from(offered))
        values = contents(draw, act, state, seq)
        made = event(act, seq, day, **({**values, "wave": 1} if seq <= begun and "wave" in values else values))
        try:
            check_act(state, act, design=design, effective_on=day, today=LAST_DAY)
            check_payload(state, made.payload)
        except NotAllowed:
            continue
        events.append(made)
    return design, events


def _offered(draw: st.DrawFn, state: CycleState, design: DesignType) -> list[Act]:
    """Steps and what goes alongside; the step forward and sending more often than the rest, withdrawing seldom."""
    steps, beside = next_acts(state, design=design), acts_alongside(state.stage, design=design)
    last = () if draw(st.integers(0, 9)) else (Act.WITHDRAW,)
    sending = [act for act in steps if act is Act.SEND_WAVE] * 6
    return [act for act in (*steps[:1], *steps, *sending, *beside) if act is not Act.WITHDRAW or last]


@given(walks())
def test_the_fold_never_leaves_the_table(walk):
    design, events = walk
    for n, next_event in enumerate(events):
        before, after = cycle_state(events[:n]), cycle_state(events[: n + 1])
        act = after.history[-1].act
        row = transition(act, before.stage, design=design)
        assert row in TRANSITIONS
        assert type(next_event.payload) is row.payload
        assert after.stage is row.target or row.target in ("stays", "returns")
        if row.target == "stays":
            assert after.stage is before.stage
    state = cycle_state(events)
    assert state.stage in {*path_for(design), *ASIDE}
    assert (state.stood_in is not None) == (state.stage in ASIDE)


@given(walks())
def test_what_is_offered_is_permitted_and_something_is_until_the_end(walk):
    design, events = walk
    state, day = cycle_state(events), LAST_DAY
    offered = next_acts(state, design=design)
    assert bool(offered) == (state.stage not in ENDS)
    for act in offered:
        check_act(state, act, design=design, effective_on=day, today=LAST_DAY)
    for act in Act:
        if can_act(state, act, design=design, effective_on=day, today=LAST_DAY):
            assert transition(act, state.stage, design=design) is not None or payload_of(act) not in {
                row.payload for row in TRANSITIONS
            }
    assert next_step(state, design=design)


@given(walks())
def test_something_is_due_until_the_end_and_it_is_in_the_table(walk):
    design, events = walk
    state = cycle_state(events)
    found = due(state, RULES[design], LAST_DAY)
    assert bool(found) == (state.stage not in ENDS)
    assert all(item.act is None or item.roles for item in found)


@given(walks(), st.integers(-1, 90))
def test_a_past_day_or_instant_is_a_prefix_of_the_record(walk, offset):
    """Days never run backwards inside a cycle, so any past moment folds to a state that once was the present."""
    _, events = walk
    once_present = [cycle_state(events[:n]) for n in range(len(events) + 1)]
    assert cycle_state(as_of(events, FIRST_DAY + timedelta(days=offset))) in once_present
    assert cycle_state(as_known(events, CLOCK + timedelta(minutes=offset))) in once_present


@given(walks())
def test_no_stage_is_reached_without_what_it_stands_for(walk):
    state: CycleState = cycle_state(walk[1])
    stood = state.stood_in or state.stage
    if stood is not Stage.DRAFT:
        assert state.protocol_hash is not None
    if state.is_frozen:
        assert state.panel is not None
    if walk[0] is DesignType.PARALLEL and stood in (
        Stage.ALLOCATED,
        Stage.DELIVERING,
        Stage.FOLLOWING_UP,
        *AFTER_FREEZE,
    ):
        assert state.allocation is not None
        assert state.seed_commitment is not None
    if state.stage in ("evaluated", "decided", "closed"):
        assert state.evaluation is not None
    if state.stage in ("decided", "closed"):
        assert state.decision is not None


@st.composite
def deliveries(draw: st.DrawFn) -> list[Event]:
    """A trial whose first wave is approved, then any order of sending, preparing, approving, opting out, stopping.

    What the policies refuse is left out, as it would be from the record.
    """
    events = [event(act, n, FIRST_DAY, **_WAVE.get(act, {})) for n, act in _OPENED]
    kinds = (
        [Act.SEND_WAVE] * 8 + [Act.RECORD_OPT_OUT, Act.PREPARE_WAVE, Act.APPROVE_WAVE, Act.SUSPEND] + [Act.RESUME] * 2
    )
    for seq, act in enumerate(draw(st.lists(st.sampled_from(kinds), min_size=4, max_size=20)), len(OPENING) + 1):
        state = cycle_state(events)
        made = event(act, seq, FIRST_DAY, **contents(draw, act, state, seq))
        try:
            check_act(state, act, design=DesignType.PARALLEL, effective_on=FIRST_DAY, today=LAST_DAY)
            check_payload(state, made.payload)
        except NotAllowed:
            continue
        events.append(made)
    return events


_OPENED = tuple(enumerate(OPENING, 1))
_WAVE: dict[Act, dict[str, Any]] = {
    Act.PREPARE_WAVE: {"wave": 1, "sites": SITES},
    Act.APPROVE_WAVE: {"wave": 1},
    Act.START_DELIVERY: {"wave": 1},
}


@given(deliveries())
def test_no_site_is_sent_a_wave_twice_nor_after_it_opted_out_nor_unapproved(events):
    for n, sent in enumerate(events):
        if payload_of(Act.SEND_WAVE) is not type(sent.payload):
            continue
        before = cycle_state(events[:n])
        wave = before.wave(sent.payload.wave)
        assert wave is not None
        assert wave.is_approved
        assert not wave.sent & set(sent.payload.sites)
        assert set(sent.payload.sites) <= set(wave.sites)
        assert all(may_be_sent(before, site) for site in sent.payload.sites)
    for wave in cycle_state(events).waves:
        reached = [site for batch in wave.batches for site in batch.sites]
        assert len(reached) == len(set(reached))


@given(walks())
def test_amendments_and_opt_outs_know_whether_sites_had_been_allocated(walk):
    _, events = walk
    allocated_at = next((e.seq for e in events if type(e.payload) is payload_of(Act.ALLOCATE)), None)
    state = cycle_state(events)
    amended = [e.seq for e in events if type(e.payload) is payload_of(Act.AMEND)]
    assert [a.after_allocation for a in state.amendments] == [
        allocated_at is not None and seq > allocated_at for seq in amended
    ]
    for opt_out in state.opt_outs:
        assert opt_out.after_allocation == (allocated_at is not None and opt_out.seq > allocated_at)
