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
    denominator is left out and counted. Where there are groups of patients, so is the whole month of a site that lacks
    one which the site has in other months: what is left would not add up to the site.
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
    short = _short_of_a_group(rows, named, strata) if strata else pa.array([], pa.string())
    rows = rows.filter(pc.invert(pc.is_in(_site_month(rows), short)))
    sites = [name.rsplit(" ", 1)[0] for name in short.to_pylist()]
    lacking = LeftOut.of(Reason.MISSING_GROUP, sites, count=len(short), indicator=indicator.id)
    return rows.select([*FIXED_COLUMNS, *strata]), (left, lacking)


def _short_of_a_group(rows: pa.Table, named: pa.Table, strata: list[str]) -> pa.Array:
    """The sites' months in which there are fewer rows than the site has groups of patients in any month."""
    groups = named.group_by(["site", *strata]).aggregate([]).column("site").value_counts()
    wanted = {str(each["values"]): int(each["counts"].as_py()) for each in groups}
    months = _site_month(rows).value_counts()
    names = [str(each["values"]) for each in months]
    return pa.array(
        [n for n, each in zip(names, months, strict=True) if each["counts"].as_py() < wanted[n.rsplit(" ", 1)[0]]],
        pa.string(),
    )


def _site_month(rows: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(rows.column("site"), rows.column("month").cast(pa.string()), " ")


def _is_number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.is_finite(column), False)
