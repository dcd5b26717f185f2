"""What must hold when sites are allocated: the deadline, a preparation that still stands, a seed that is new.

The drawing itself is in `trials`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from enginehouse.core.errors import NotAllowed
from enginehouse.core.ids import site_codes
from enginehouse.governance.commands import command
from enginehouse.governance.lack import Lack
from enginehouse.governance.rules import CycleRules
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import AllocationPrepared, Payload, SitesAllocated
from enginehouse.programme.enums import OptOutScope

_PREPARE_AGAIN = f"Prepare the allocation again ({command(Act.PREPARE_ALLOCATION)})."


def opt_out_deadline(state: CycleState, rules: CycleRules) -> date | None:
    """The first day on which sites may be allocated: the later of what they were told and what the protocol says."""
    if rules.rehearsal:
        return None
    return max((day for day in (state.deadline, rules.opt_out_by) if day is not None), default=None)


def before_deadline(state: CycleState, rules: CycleRules, on: date) -> Iterator[Lack]:
    """Sites may still opt out."""
    deadline = opt_out_deadline(state, rules)
    if deadline is not None and on < deadline:
        yield Lack(f"Sites may opt out until {deadline}, and the day is {on}.", f"Wait until {deadline}.")


def after_deadline(_state: CycleState, rules: CycleRules, on: date) -> Iterator[Lack]:
    """Sites would be told of a deadline that has passed."""
    if not rules.rehearsal and rules.opt_out_by is not None and on >= rules.opt_out_by:
        yield Lack(
            f"The deadline for opting out ({rules.opt_out_by}) has passed on {on}: no site could say no.",
            f"Set a later eligibility.opt_out_by by an open amendment first ({command(Act.AMEND)}).",
        )


def unprepared(state: CycleState) -> Iterator[Lack]:
    """Nothing was prepared, or what was prepared no longer stands."""
    prepared = state.prepared
    if prepared is None:
        yield Lack(
            "The allocation is not prepared: no seed was committed to.",
            f"Prepare the allocation first ({command(Act.PREPARE_ALLOCATION)}).",
        )
        return
    amended = [done for done in state.history if done.act is Act.AMEND and done.seq > prepared.seq]
    if amended:
        yield Lack(
            f"The protocol was amended on {amended[-1].effective_on}, after the allocation was prepared.",
            _PREPARE_AGAIN,
        )
    left = [
        opt_out.site
        for opt_out in state.opt_outs
        if opt_out.seq > prepared.seq and opt_out.scope is not OptOutScope.FEEDBACK
    ]
    if left:
        yield Lack(
            f"Sites opted out after the allocation was prepared: {site_codes(dict.fromkeys(left))}.", _PREPARE_AGAIN
        )


def check_seed_commitment(commitment: str, events: Iterable[Event], *, cycle: str | None = None) -> None:
    """Refuse a seed, by its SHA-256, that another cycle used: either person's would be known, or chosen, beforehand.

    `events` are those of the whole record; `cycle` is the one that is being prepared or drawn.
    """
    for event in events:
        if commitment in _seeds(event.payload) and event.cycle != cycle:
            raise NotAllowed(
                f"this seed was used already, in the cycle '{event.cycle}' on {event.effective_on}.",
                where="seed",
                remedy="Take a new seed: each allocation has its own, which nobody knows beforehand.",
            )


def _seeds(payload: Payload) -> frozenset[str]:
    """The SHA-256 of every seed of an event."""
    if isinstance(payload, SitesAllocated):
        return frozenset({payload.seed_commitment, sha256_hex(payload.second_seed.encode())})
    return frozenset({payload.seed_commitment}) if isinstance(payload, AllocationPrepared) else frozenset()


def check_roster(state: CycleState, roster: str) -> None:
    """Refuse to go on with another roster than the one that was fixed; `roster` is its SHA-256."""
    if state.roster is None or roster == state.roster:
        return
    when = "allocated" if state.is_allocated else "prepared"
    raise NotAllowed(
        f"the roster ({roster[:12]}) is not the one for which the allocation was {when} ({state.roster[:12]}): "
        "it was changed since.",
        where="roster",
        remedy="After the allocation the roster stays as it was: mergers, closures and opt-outs count as the estimand "
        "says."
        if state.is_allocated
        else _PREPARE_AGAIN,
    )
