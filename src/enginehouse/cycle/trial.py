"""A trial as the record holds it, put together for its evaluation: who was allocated to what, and what reached whom."""

from __future__ import annotations

from enginehouse.cycle.activity import received
from enginehouse.cycle.allocation import read_allocation, read_plan, read_roster
from enginehouse.cycle.register import Locked
from enginehouse.cycle.workspace import Workspace
from enginehouse.evaluation.parallel.inputs import AllocatedTrial, ComponentReach
from enginehouse.governance.state import CycleState
from enginehouse.programme.enums import OptOutScope


def trial_on_record(workspace: Workspace, cycle: str, state: CycleState, found: Locked) -> AllocatedTrial:
    """What the evaluation takes beside the frozen panel."""
    protocol = found.protocol
    reach = () if protocol.rehearsal else _reach(workspace, cycle, state, found)
    seed = protocol.power.seed if protocol.rehearsal and protocol.power else None
    return AllocatedTrial(
        roster=read_roster(workspace, state),
        plan=read_plan(workspace, state),
        allocation=read_allocation(workspace, state),
        opt_outs=_opted_out_later(state),
        reach=reach,
        strategy_titles={name: strategy.title for name, strategy in found.strategies.items()},
        rehearsal_seed=seed,
    )


def _opted_out_later(state: CycleState) -> dict[str, frozenset[OptOutScope]]:
    """What sites opted out of after they were allocated: who had before is on the roster for what was left to them."""
    found: dict[str, frozenset[OptOutScope]] = {}
    for opt_out in state.opt_outs:
        if opt_out.after_allocation:
            found[opt_out.site] = found.get(opt_out.site, frozenset()) | {opt_out.scope}
    return found


def _reach(workspace: Workspace, cycle: str, state: CycleState, found: Locked) -> tuple[ComponentReach, ...]:
    amounts = received(workspace, cycle, state, found.strategies)
    return tuple(
        ComponentReach(component=name, title=found.strategies[name].title, amounts=by_site)
        for name, by_site in amounts.items()
    )
