"""Who may see outcomes by site while a trial runs: the rule of `governance.visibility`, for the pages and tables that
nobody is asked a name for otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from enginehouse.core.months import Month
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.workspace import Workspace, acting
from enginehouse.governance.visibility import arms_without_result, check_may_see_outcomes


def check_may_show(workspace: Workspace, last: Mapping[str, Month], *, reader: str | None) -> None:
    """Refuse to show indicators by site, each up to its last month, to someone who may open the arms of a trial that
    they are outcomes of. `reader` is asked for only where there is such a trial.
    """
    for cycle in workspace.cycles:
        state = workspace.state(cycle)
        if not arms_without_result(state):
            continue
        locked = read_locked(workspace, cycle, state)
        starts = locked.protocol.design.starts
        outcomes = [name for name, month in last.items() if name in locked.indicators and month >= starts]
        if outcomes:
            what = f"From {starts} on these are outcomes of the running trial '{cycle}': {', '.join(outcomes)}."
            instead = (
                f"Months before its start are open to all: --until {starts + -1}. Pooled: enginehouse monitor {cycle}."
            )
            person = acting(workspace, reader, why=f"nobody was named. {what}", instead=instead).person
            check_may_see_outcomes(state, person, what=what, instead=instead)
