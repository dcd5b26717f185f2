"""The sites that a cycle may allocate, from the history before its start; what the steps around allocation share."""

from __future__ import annotations

from collections.abc import Mapping

from enginehouse.cycle.build_indicators import current_panel
from enginehouse.cycle.register import Locked, read_locked
from enginehouse.cycle.workspace import Workspace
from enginehouse.data.register import build_register
from enginehouse.data.sites import SiteRegister
from enginehouse.governance.opt_outs import scopes_by_site
from enginehouse.governance.stages import ENDS, Stage
from enginehouse.governance.state import CycleState
from enginehouse.indicators.panel import HistoricalPanel
from enginehouse.programme.protocol import Protocol
from enginehouse.trials.roster import Roster, eligible_roster

_NOT_IN_FORCE = {*ENDS, Stage.DRAFT, Stage.REGISTERED, Stage.RECRUITING}


def register_of_sites(workspace: Workspace) -> SiteRegister:
    """The register of sites, from what is loaded now."""
    return build_register(workspace.warehouse, workspace.programme.settings)


def history(workspace: Workspace, protocol: Protocol) -> HistoricalPanel:
    """The newest panel up to the month before the cycle starts: all that may be seen before the freeze, arm by arm or
    not.
    """
    return HistoricalPanel.before(current_panel(workspace), protocol.design.starts)


def eligible(workspace: Workspace, cycle: str, registered: Locked, state: CycleState) -> Roster:
    """The roster as it would be now."""
    return roster_for(workspace, cycle, registered.protocol, state)


def roster_for(workspace: Workspace, cycle: str, protocol: Protocol, state: CycleState) -> Roster:
    """The roster of a protocol, locked or not, as it would be now."""
    return eligible_roster(
        protocol,
        history(workspace, protocol),
        register_of_sites(workspace),
        opt_outs=scopes_by_site(state),
        elsewhere=elsewhere(workspace, cycle, protocol),
    )


def elsewhere(workspace: Workspace, cycle: str, protocol: Protocol) -> Mapping[str, str]:
    """Sites that are allocated in another running cycle which this one may not share sites with."""
    from enginehouse.cycle.allocation import read_allocation

    taken: dict[str, str] = {}
    for other in workspace.cycles:
        state = workspace.state(other)
        if other == cycle or state.allocation is None or state.stage in _NOT_IN_FORCE:
            continue
        theirs = read_locked(workspace, other, state).protocol
        if other in protocol.concurrent_with and cycle in theirs.concurrent_with:
            continue
        taken |= dict.fromkeys(read_allocation(workspace, state).sites, other)
    return taken
