"""Indicators from ready-made numerators and denominators: a `totals` source read under the indicator's own id."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.core.errors import DataError, did_you_mean
from enginehouse.indicators.account import LeftOut, Reason
from enginehouse.indicators.panel import FIXED_COLUMNS
from enginehouse.programme.indicator import Indicator


def indicator_rows(indicator: Indicator, totals: pa.Table) -> tuple[pa.Table, tuple[LeftOut, ...]]:
    """The panel's rows of one indicator.

    Parameters
    ----------
    totals
        Columns of the panel (strata as further columns) for every indicator of the source.

    Raises
    ------
    DataError
        The source has nothing under the name that the definition gives.

    Notes
    -----
    A denominator of zero stays: it is a month without any opportunity, and has no ratio. A missing numerator or
    denominator is left out and counted.
    """
    ready = indicator.measured_from.totals
    assert ready is not None
    named = totals.filter(pc.equal(totals.column("indicator"), ready.name))
    if named.num_rows == 0:
        raise DataError(
            f"got name '{ready.name}', which source '{ready.source}' does not have.",
            where=f"indicator {indicator.id}, from.totals",
            remedy=did_you_mean(ready.name, {str(n) for n in totals.column("indicator").unique().to_pylist()}),
        )
    whole = pc.and_(_is_number(named.column("numerator")), _is_number(named.column("denominator")))
    broken = named.filter(pc.invert(whole))
    place = named.column_names.index("indicator")
    rows = named.filter(whole)
    rows = rows.set_column(place, "indicator", pa.array([indicator.id] * rows.num_rows, pa.string()))
    left = LeftOut.of(Reason.NO_VALUE, broken.column("site").to_pylist(), count=broken.num_rows, indicator=indicator.id)
    strata = sorted(set(rows.column_names) - set(FIXED_COLUMNS))
    return rows.select([*FIXED_COLUMNS, *strata]), (left,)


def _is_number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.is_finite(column), False)
