"""Step: an indicator by site and month, as a table that may leave the house."""

from __future__ import annotations

import pyarrow.compute as pc

from enginehouse.core.errors import DataError, UserError, did_you_mean
from enginehouse.core.months import Month
from enginehouse.cycle.build_indicators import newest_panel_event, panel_of
from enginehouse.cycle.definitions import indicators_from_document
from enginehouse.cycle.disclosure import rule_for
from enginehouse.cycle.outcomes import check_may_show
from enginehouse.cycle.workspace import Workspace
from enginehouse.governance.disclosure import ReleasedTable
from enginehouse.indicators.released import release_rows


def show_indicator(
    workspace: Workspace,
    name: str,
    *,
    month: str | None = None,
    until: Month | None = None,
    reader: str | None = None,
) -> ReleasedTable:
    """The newest panel's rows of an indicator, of one month, up to one (inclusive), or all, under the strictest rule of
    its sources. `reader` must be named while a trial runs of which they are outcomes.
    """
    built = newest_panel_event(workspace)
    if name not in built.indicators:
        raise UserError(f"got indicator '{name}'.", where="panel", remedy=did_you_mean(name, built.indicators))
    # As the panel was built, not as the file says now.
    indicator = indicators_from_document(workspace.record.documents.get(built.definitions))[name]
    rows = panel_of(workspace, built).only((name,)).table
    if month is not None:
        day = Month.parse(month).first_day
        rows = rows.filter(pc.equal(rows.column("month"), day))
        if rows.num_rows == 0:
            raise DataError(f"{name} has no rows for {month}.", where="panel", remedy="Leave out --month to see all.")
    if until is not None:
        rows = rows.filter(pc.less_equal(rows.column("month"), until.first_day))
        if rows.num_rows == 0:
            raise DataError(f"{name} has no rows up to {until}.", where="panel", remedy="Name a later month.")
    check_may_show(workspace, {name: Month.of(pc.max(rows.column("month")).as_py())}, reader=reader)
    return release_rows(rows, indicator, rule_for(workspace.programme, indicator))
