"""The state of a cycle as the fold of its events, now or at any past moment. It reads events and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from enginehouse.core.errors import IntegrityError
from enginehouse.governance.stages import (
    AFTER_FREEZE,
    ASIDE,
    NOT_TRANSITIONS,
    PROGRAMME_ACTS,
    Act,
    Move,
    Stage,
    Transition,
    act_of,
    transition,
)
from enginehouse.ledger import events as ledger_events
from enginehouse.ledger.event import Event


@dataclass(frozen=True, slots=True)
class Done:
    """One act of the cycle's history and the stage that it left behind."""

    seq: int
    act: Act
    stage: Stage
    actor: str
    effective_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Amendment:
    """One open change of a locked protocol."""

    effective_on: date
    actor: str
    previous_hash: str
    protocol_hash: str
    changes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, why, and who dissented."""

    decision: str
    reason: str
    dissent: str
    actor: str
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleState:
    """Where a cycle stands and which documents are its own. Documents are SHA-256; `None` while there is none.

    `last_effective_on` is the day of its last transition: no later act may be dated before it.
    """

    stage: Stage = Stage.DRAFT
    stood_in: Stage | None = None
    protocol: str | None = None
    protocol_hash: str | None = None
    definitions: str | None = None
    retrospective: bool = False
    allocation: str | None = None
    panel: str | None = None
    panel_identity: str | None = None
    sites: str | None = None
    account: str | None = None
    evaluation: str | None = None
    verdict: str | None = None
    appraisal: str | None = None
    decision: Decision | None = None
    amendments: tuple[Amendment, ...] = ()
    last_effective_on: date | None = None
    history: tuple[Done, ...] = ()

    @property
    def is_locked(self) -> bool:
        return self.protocol_hash is not None

    @property
    def is_frozen(self) -> bool:
        """Whether the data are fixed and the cycle goes on: the condition for any estimate."""
        return self.stage in AFTER_FREEZE

    def last(self, act: Act) -> Done | None:
        """The most recent time that `act` was done."""
        return next((done for done in reversed(self.history) if done.act == act), None)


def cycle_state(events: Iterable[Event]) -> CycleState:
    """Fold the events of one cycle, in order of `seq`; events of the programme (no cycle) change nothing.

    Raises
    ------
    IntegrityError
        An event cannot follow the stage before it: something other than Enginehouse wrote to the record.
    ValueError
        The events belong to more than one cycle.
    """
    ordered = sorted((event for event in events if event.cycle is not None), key=lambda event: event.seq)
    if len({event.cycle for event in ordered}) > 1:
        raise ValueError("cycle_state folds the events of one cycle at a time")
    state = CycleState()
    for event in ordered:
        state = _apply(state, event)
    return state


def as_of(events: Iterable[Event], day: date) -> tuple[Event, ...]:
    """The events that held on `day`, whenever they were written down."""
    return tuple(event for event in events if event.effective_on <= day)


def as_known(events: Iterable[Event], instant: datetime) -> tuple[Event, ...]:
    """The events that had been written down by `instant` (with a time zone), whenever they held."""
    if instant.tzinfo is None:
        raise ValueError("as_known needs an instant with a time zone")
    return tuple(event for event in events if event.recorded_at <= instant)


def _apply(state: CycleState, event: Event) -> CycleState:
    act = act_of(type(event.payload))
    if act in PROGRAMME_ACTS:
        return state
    if act in NOT_TRANSITIONS:
        return replace(state, history=(*state.history, _done(event, act, state.stage)))
    row = transition(act, state.stage)
    if row is None:
        raise IntegrityError(
            f"'{event.type}' cannot follow the stage {state.stage.words}.",
            where=f"ledger entry {event.seq}, cycle {event.cycle}",
            remedy="Run `enginehouse ledger verify` and restore the record from a backup.",
        )
    stage = _stage_after(state, row)
    kept = _KEEPS[type(event.payload)](state, event, event.payload)
    return replace(
        state,
        stage=stage,
        stood_in=(state.stood_in or state.stage) if stage in ASIDE else None,
        last_effective_on=event.effective_on,
        history=(*state.history, _done(event, act, stage)),
        **kept,
    )


def _stage_after(state: CycleState, row: Transition) -> Stage:
    if row.target is Move.STAYS:
        return state.stage
    if row.target is Move.RETURNS:
        assert state.stood_in is not None, "a suspended cycle knows where it stood"
        return state.stood_in
    assert isinstance(row.target, Stage)
    return row.target


def _done(event: Event, act: Act, stage: Stage) -> Done:
    return Done(event.seq, act, stage, event.actor, event.effective_on, event.recorded_at)


def _same_names(*names: str) -> Callable[[CycleState, Event, Any], dict[str, Any]]:
    """Keep these fields of the payload under their own names."""
    return lambda _state, _event, payload: {name: getattr(payload, name) for name in names}


def _frozen(_state: CycleState, _event: Event, payload: ledger_events.DataFrozen) -> dict[str, Any]:
    documents = {name: getattr(payload, name) for name in ("panel", "sites", "account")}
    return {**documents, "panel_identity": payload.identity}


def _amended(state: CycleState, event: Event, payload: ledger_events.ProtocolAmended) -> dict[str, Any]:
    amendment = Amendment(
        event.effective_on,
        event.actor,
        payload.previous_hash,
        payload.protocol_hash,
        payload.changes,
        payload.reason,
    )
    return {
        "protocol": payload.protocol,
        "protocol_hash": payload.protocol_hash,
        "definitions": payload.definitions,
        "amendments": (*state.amendments, amendment),
    }


def _decided(_state: CycleState, event: Event, payload: ledger_events.CycleDecided) -> dict[str, Any]:
    return {
        "decision": Decision(payload.decision, payload.reason, payload.dissent, event.actor, event.effective_on),
    }


_NOTHING = _same_names()

_KEEPS: Mapping[type[ledger_events.Payload], Callable[[CycleState, Event, Any], dict[str, Any]]] = {
    ledger_events.CycleRegistered: _same_names("protocol", "protocol_hash", "definitions", "retrospective"),
    ledger_events.ProtocolAmended: _amended,
    ledger_events.RecruitmentOpened: _NOTHING,
    ledger_events.SitesAllocated: _same_names("allocation"),
    ledger_events.DeliveryStarted: _NOTHING,
    ledger_events.FollowUpStarted: _NOTHING,
    ledger_events.DataFrozen: _frozen,
    ledger_events.CycleEvaluated: _same_names("evaluation", "verdict"),
    ledger_events.CycleAppraised: _same_names("appraisal"),
    ledger_events.CycleDecided: _decided,
    ledger_events.CycleClosed: _NOTHING,
    ledger_events.CycleSuspended: _NOTHING,
    ledger_events.CycleResumed: _NOTHING,
    ledger_events.CycleWithdrawn: _NOTHING,
}
