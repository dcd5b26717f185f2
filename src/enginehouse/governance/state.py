"""The state of a cycle as the fold of its events, now or at any past moment. It reads events and decides nothing.

Its parts are in `recorded`; what each kind of event leaves behind is in `fold`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from enginehouse.core.errors import IntegrityError
from enginehouse.governance.fold import KEEPS
from enginehouse.governance.recorded import (
    Amendment,
    Approval,
    Decision,
    Done,
    Noted,
    OptOut,
    Preparation,
    Proposal,
    Signature,
    UnregisteredAnalysis,
    Wave,
)
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
from enginehouse.ledger.event import Event

__all__ = ["Amendment", "CycleState", "Decision", "Done", "as_known", "as_of", "cycle_state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleState:
    """Where a cycle stands and which documents are its own. Documents are SHA-256; `None` while there is none.

    `last_effective_on` is the day of its last transition: no later act may be dated before it. `deadline` is the
    opt-out deadline that sites were told. `opt_outs` are in the order of the record, `waves` in that of their numbers.
    `roster`, `plan` and `seed_commitment` are those of the last preparation; `seed` is the one that was committed to
    there, `second_seed` that of who drew. `withdrawn` are the sites whose data the freeze left out.
    """

    stage: Stage = Stage.DRAFT
    stood_in: Stage | None = None
    protocol: str | None = None
    protocol_hash: str | None = None
    definitions: str | None = None
    retrospective: bool = False
    design_report: str | None = None
    proposals: tuple[Proposal, ...] = ()
    approvals: tuple[Approval, ...] = ()
    contract: str | None = None
    signatures: tuple[Signature, ...] = ()
    notice: str | None = None
    deadline: date | None = None
    sites_told: int | None = None
    opt_outs: tuple[OptOut, ...] = ()
    preparations: tuple[Preparation, ...] = ()
    allocation: str | None = None
    balance: str | None = None
    seed: str | None = None
    second_seed: str | None = None
    second_by_hand: bool = False
    sites_allocated: int | None = None
    lists: tuple[Noted, ...] = ()
    waves: tuple[Wave, ...] = ()
    delivery_notes: tuple[Noted, ...] = ()
    contacts: tuple[Noted, ...] = ()
    exposures: tuple[Noted, ...] = ()
    monitored: tuple[Noted, ...] = ()
    harms_looks: tuple[Noted, ...] = ()
    panel: str | None = None
    panel_identity: str | None = None
    sites: str | None = None
    account: str | None = None
    withdrawn: tuple[str, ...] = ()
    evaluation: str | None = None
    verdict: str | None = None
    unregistered: tuple[UnregisteredAnalysis, ...] = ()
    appraisal: str | None = None
    decision: Decision | None = None
    forecasts_scored: str | None = None
    evidence_posted: str | None = None
    amendments: tuple[Amendment, ...] = ()
    last_effective_on: date | None = None
    history: tuple[Done, ...] = ()

    @property
    def is_locked(self) -> bool:
        return self.protocol_hash is not None

    @property
    def is_allocated(self) -> bool:
        """Whether sites were allocated, whatever came after."""
        return self.allocation is not None

    @property
    def is_frozen(self) -> bool:
        """Whether the data are fixed and the cycle goes on: the condition for any estimate."""
        return self.stage in AFTER_FREEZE

    @property
    def prepared(self) -> Preparation | None:
        """The preparation that counts: the last."""
        return self.preparations[-1] if self.preparations else None

    @property
    def roster(self) -> str | None:
        return self.prepared.roster if self.prepared else None

    @property
    def plan(self) -> str | None:
        return self.prepared.plan if self.prepared else None

    @property
    def seed_commitment(self) -> str | None:
        return self.prepared.seed_commitment if self.prepared else None

    @property
    def signatories(self) -> frozenset[str]:
        """Who signed the contract as it stands; who signed an earlier version has to sign again."""
        return frozenset(signed.person for signed in self.signatures if signed.contract == self.contract)

    def last(self, act: Act) -> Done | None:
        """The most recent time that `act` was done."""
        return next((done for done in reversed(self.history) if done.act == act), None)

    def wave(self, number: int) -> Wave | None:
        """The wave of this number, once it was prepared."""
        return next((wave for wave in self.waves if wave.number == number), None)

    def proposal(self, act: Act) -> Proposal | None:
        """The open proposal of `act`."""
        return next((proposal for proposal in self.proposals if proposal.act == act), None)


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
    return _folded(tuple(ordered))


@lru_cache(maxsize=32)  # a step asks several times; events and states are immutable
def _folded(ordered: tuple[Event, ...]) -> CycleState:
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
        raise _broken(event, f"'{event.type}' cannot follow the stage {state.stage.words}.")
    stage = _stage_after(state, row)
    try:
        kept = KEEPS[type(event.payload)](state, event, event.payload)
    except ValueError as error:
        raise _broken(event, f"the content of '{event.type}' is not as it should be: {error}.") from error
    # An act that was done is no longer proposed.
    proposals = kept.pop("proposals", None) or tuple(p for p in state.proposals if p.act != act)
    return replace(
        state,
        stage=stage,
        stood_in=(state.stood_in or state.stage) if stage in ASIDE else None,
        proposals=proposals,
        last_effective_on=event.effective_on,
        history=(*state.history, _done(event, act, stage)),
        **kept,
    )


def _broken(event: Event, what: str) -> IntegrityError:
    return IntegrityError(
        what,
        where=f"ledger entry {event.seq}, cycle {event.cycle}",
        remedy="Run `enginehouse ledger verify` and restore the record from a backup.",
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
