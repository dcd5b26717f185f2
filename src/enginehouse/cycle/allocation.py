"""Reading an allocation back from the record. Only the steps that may know the arms ask for it."""

from __future__ import annotations

import json

from enginehouse.cycle.documents import named
from enginehouse.cycle.workspace import Workspace
from enginehouse.governance.state import CycleState
from enginehouse.programme.protocol import Protocol
from enginehouse.trials.draw import Allocation, allocation_from_record
from enginehouse.trials.plan_record import AllocationPlan, plan_from_record
from enginehouse.trials.roster import Roster, roster_from_record


def read_allocation(workspace: Workspace, state: CycleState) -> Allocation:
    """Who got what."""
    return allocation_from_record(json.loads(workspace.record.documents.get(named(state.allocation))))


def read_plan(workspace: Workspace, state: CycleState) -> AllocationPlan:
    """How it was to be drawn."""
    return plan_from_record(json.loads(workspace.record.documents.get(named(state.plan))))


def read_roster(workspace: Workspace, state: CycleState) -> Roster:
    """Who could be drawn."""
    return roster_from_record(json.loads(workspace.record.documents.get(named(state.roster))))


def sites_with(protocol: Protocol, allocation: Allocation, strategy: str) -> tuple[str, ...]:
    """Sites whose arm has the strategy, in order."""
    arms = {arm for arm, strategies in protocol.arms.items() if strategy in strategies}
    return tuple(sorted(site for site, arm in arm_by_site(allocation).items() if arm in arms))


def arm_by_site(allocation: Allocation) -> dict[str, str]:
    """The arm of each site."""
    return {site: allocation.arms[arm] for site, arm in zip(allocation.sites, allocation.arm_of_site, strict=True)}
