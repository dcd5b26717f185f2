"""Steps: fix who can be allocated and how, with a seed committed to; then, by a second person with a seed of their own,
draw.

Asked again, the recorded allocation is given back and nothing is drawn.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from enginehouse.core.errors import NotAllowed
from enginehouse.core.ids import site_codes
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.allocation import read_allocation, read_plan, read_roster
from enginehouse.cycle.documents import named
from enginehouse.cycle.register import locked
from enginehouse.cycle.roster import eligible
from enginehouse.cycle.sealed import discard, new_seed, seal, unseal
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.commands import command
from enginehouse.governance.permissions import check_permission
from enginehouse.governance.policies import check_second_person, check_seed_commitment, subject
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import AllocationPrepared, SitesAllocated
from enginehouse.trials.balance import balance_table
from enginehouse.trials.draw import draw
from enginehouse.trials.plan import AllocationPlan, plan_allocation
from enginehouse.trials.roster import Roster
from enginehouse.trials.seeds import check_seed, seed_of_two


@dataclass(frozen=True, slots=True)
class PreparedAllocation:
    """The roster, the plan and the event that fixed both; `times` counts how often one was prepared in this cycle."""

    event: AllocationPrepared
    roster: Roster
    plan: AllocationPlan
    times: int


@dataclass(frozen=True, slots=True)
class Allocated:
    """How many sites were allocated; `again` when that had been done before. No site's arm is in it."""

    sites: int
    arms: int
    on: str
    again: bool


def prepare_allocation(
    workspace: Workspace, cycle: str, *, by: Acting, seed: str | None = None, dry_run: bool = False
) -> PreparedAllocation:
    """Fix roster and plan and commit to the first person's seed. Without `seed` 256 random bits are taken; the record
    says which. What it draws is open until the second person has given theirs.
    """
    state = authorise(workspace, Act.PREPARE_ALLOCATION, cycle, by)
    registered = locked(workspace, cycle, state)
    roster = eligible(workspace, cycle, registered, state)
    plan = plan_allocation(registered.protocol, roster)
    own = _own_seed(workspace, cycle, seed)
    commitment = sha256_hex(own.encode())
    documents = (_document(roster), _document(plan))
    event = AllocationPrepared(
        roster=sha256_hex(documents[0]),
        plan=sha256_hex(documents[1]),
        accepted_set=plan.acceptance.set_hash if plan.acceptance else plan.identity,
        accepted=plan.acceptance.accepted if plan.acceptance else 0,
        smallest_p=f"{plan.smallest_p:.6g}",
        seed_commitment=commitment,
        seed_by_hand=seed is not None,
    )
    if not dry_run:
        seal(workspace, cycle, own)
        record_act(workspace, Act.PREPARE_ALLOCATION, event, cycle=cycle, by=by, documents=documents)
    return PreparedAllocation(event, roster, plan, len(state.preparations) + 1)


def allocate(
    workspace: Workspace, cycle: str, *, by: Acting, seed: str | None = None, dry_run: bool = False
) -> Allocated:
    """Draw one of the accepted schemes, and record it. By another person than who prepared.

    It is drawn with the seed that was committed to and the second person's: 256 random bits, unless `seed` is given.
    """
    check_permission(Act.ALLOCATE, by.person)
    before = workspace.state(cycle)
    if before.allocation is not None:
        return _recorded(workspace, before)
    state = authorise(workspace, Act.ALLOCATE, cycle, by)
    registered = locked(workspace, cycle, state)
    # Before anything is drawn: a draw that is refused leaves nothing behind that could be read.
    agreed = subject(named(state.plan), named(state.seed_commitment))
    check_second_person(state, Act.ALLOCATE, by.actor, agreed, design=registered.protocol.design.type)
    _check_roster(workspace, state, eligible(workspace, cycle, registered, state))
    plan = read_plan(workspace, state)
    first, second = unseal(workspace, cycle, named(state.seed_commitment)), _own_seed(workspace, cycle, seed)
    allocation = draw(plan, seed_of_two(first, second))
    balance = balance_table(read_roster(workspace, state), plan, allocation)
    documents = (_document(allocation), _document(balance))
    event = SitesAllocated(
        allocation=sha256_hex(documents[0]),
        plan=named(state.plan),
        balance=sha256_hex(documents[1]),
        seed=first,
        seed_commitment=named(state.seed_commitment),
        second_seed=second,
        second_by_hand=seed is not None,
        sites=len(allocation.sites),
    )
    if not dry_run:
        record_act(workspace, Act.ALLOCATE, event, cycle=cycle, by=by, documents=documents)
        discard(workspace, cycle)
    return Allocated(len(allocation.sites), len(registered.protocol.arms), str(by.on), again=False)


def _recorded(workspace: Workspace, state: CycleState) -> Allocated:
    done = state.last(Act.ALLOCATE)
    assert done is not None, "an allocation is in the record with the act that made it"
    allocation = read_allocation(workspace, state)
    return Allocated(len(allocation.sites), len(allocation.arms), str(done.effective_on), again=True)


def _check_roster(workspace: Workspace, state: CycleState, now: Roster) -> None:
    """Between preparing and drawing nobody may join or leave unseen."""
    prepared = read_roster(workspace, state)
    if _drawn_from(now) == _drawn_from(prepared):
        return
    joined = sorted(set(now.sites) - set(prepared.sites))
    left = sorted(set(prepared.sites) - set(now.sites))
    what = "; ".join(f"{word}: {site_codes(sites)}" for word, sites in (("joined", joined), ("left", left)) if sites)
    raise NotAllowed(
        f"the roster is not the one that was prepared ({what or 'what is known of its sites changed'}).",
        where=Act.ALLOCATE,
        remedy=f"Prepare the allocation again ({command(Act.PREPARE_ALLOCATION)}).",
    )


def _drawn_from(roster: Roster) -> tuple[object, ...]:
    """All that a draw depends on. Who opted out of reports alone is on the roster as before."""
    return roster.sites, roster.networks, roster.groups, roster.covariates


def _own_seed(workspace: Workspace, cycle: str, given: str | None) -> str:
    """The seed of one of the two people: random bits, or what that person gave, if it may be used."""
    seed = new_seed() if given is None else check_seed(given, where="--seed")
    check_seed_commitment(sha256_hex(seed.encode()), tuple(workspace.record.store.events()), cycle=cycle)
    return seed


def _document(result: Any) -> bytes:
    return json.dumps(result.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
