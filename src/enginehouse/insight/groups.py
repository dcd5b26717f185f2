"""Values and headroom by groups of sites: fifths of an attribute such as deprivation, with *not known* as a group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Period
from enginehouse.governance.disclosure import Cell, Column, ReleasedTable, label, measure, plain, quantile, release
from enginehouse.indicators.panel import PanelArrays
from enginehouse.indicators.released import COUNTED, value_cells, value_columns
from enginehouse.insight.headroom import Headroom
from enginehouse.insight.selection import ALL_SITES, Inclusion, Totals, period_of, totals_over
from enginehouse.programme.enums import Disclosure, NumeratorKind
from enginehouse.stats.results import NotEstimable

Floats = npt.NDArray[np.float64]

NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One group of sites.

    `low` and `high` are the least and greatest attribute in it (`None` for *not known*); `value` is the pooled ratio,
    `median` the median of the sites' ratios; `headroom` is `None` where none was given to `by_group`.
    """

    label: str
    low: float | None
    high: float | None
    sites: int
    numerator: float
    denominator: float
    value: float
    median: float
    headroom: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTable:
    """An indicator by groups of one attribute, lowest group first, *not known* last (absent if every site is known)."""

    indicator: str
    attribute: str
    period: Period
    rows: tuple[GroupRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedGroups:
    """A table by groups that may leave the house.

    Columns of `table`: group, low, high, sites, numerator, denominator, value, median, and headroom where it was given.
    """

    indicator: str
    attribute: str
    period: Period
    table: ReleasedTable


def release_groups(found: GroupTable, *, kind: NumeratorKind, rule: Disclosure) -> ReleasedGroups:
    """A table by groups under a disclosure rule.

    Parameters
    ----------
    kind
        What the indicator's numerator sums.
    rule
        The strictest rule of the sources of the numbers and of the attribute.
    """
    of = "numerator" if kind in COUNTED else "denominator"
    with_room = all(row.headroom is not None for row in found.rows)
    room: tuple[Column, ...] = ()
    if with_room:
        room = (plain("headroom") if rule is Disclosure.NONE else measure("headroom", of=of),)
    described = (label("group"), plain("low"), plain("high"), plain("sites"))
    columns = (*described, *value_columns(kind, rule), quantile("median", of="sites"), *room)
    table = release(columns, [_cells(row, kind, rule) for row in found.rows], rule=rule)
    return ReleasedGroups(indicator=found.indicator, attribute=found.attribute, period=found.period, table=table)


def by_group(
    arrays: PanelArrays,
    attribute: Floats,
    *,
    name: str,
    groups: int = 5,
    period: Period | None = None,
    headroom: Headroom | None = None,
    include: Inclusion = ALL_SITES,
) -> GroupTable | NotEstimable:
    """Numerators, denominators, values and headroom by groups of equally many sites, ordered by an attribute.

    Parameters
    ----------
    attribute
        One number for each of `arrays.sites`, in that order; `nan` where it is not known.
    groups
        How many groups (5 makes fifths).
    period
        Months that are added up; the last month unless given. With `headroom`, its period must be the same.

    Notes
    -----
    A site is in group 1 + floor(groups * p), p being the share of known sites with a smaller attribute: equal
    attributes stay together, so groups may differ in size.
    """
    totals = totals_over(arrays, period, include)
    if few := include.too_few(len(totals.sites), "A table by groups"):
        return few
    if headroom is not None and (headroom.sites, headroom.period) != (totals.sites, period_of(arrays, period)):
        raise ValueError("the headroom is of other sites or another period than the table")
    known = np.asarray(attribute[totals.rows], dtype=np.float64)
    number = _group_numbers(known, groups)
    rows = [_row(totals, known, number == g, f"{g} of {groups}", headroom) for g in range(1, groups + 1)]
    rows.append(_row(totals, known, number == 0, NOT_KNOWN, headroom))
    return GroupTable(
        indicator=arrays.indicator,
        attribute=name,
        period=period_of(arrays, period),
        rows=tuple(row for row in rows if row is not None),
    )


def _group_numbers(attribute: Floats, groups: int) -> npt.NDArray[np.int64]:
    """1 to `groups` by rank; 0 where the attribute is not known."""
    number = np.zeros(len(attribute), dtype=np.int64)
    is_known = np.isfinite(attribute)
    values = attribute[is_known]
    smaller = np.searchsorted(np.sort(values), values, side="left")
    number[is_known] = 1 + (groups * smaller) // max(1, len(values))
    return number


def _row(
    totals: Totals, attribute: Floats, inside: npt.NDArray[np.bool_], label: str, headroom: Headroom | None
) -> GroupRow | None:
    if not inside.any():
        return None
    numerator, denominator = float(totals.numerator[inside].sum()), float(totals.denominator[inside].sum())
    is_known = label != NOT_KNOWN
    return GroupRow(
        label=label,
        low=float(attribute[inside].min()) if is_known else None,
        high=float(attribute[inside].max()) if is_known else None,
        sites=int(inside.sum()),
        numerator=numerator,
        denominator=denominator,
        value=numerator / denominator,
        median=float(np.median(totals.value[inside])),
        headroom=None if headroom is None else float(headroom.by_site[inside].sum()),
    )


def _cells(row: GroupRow, kind: NumeratorKind, rule: Disclosure) -> dict[str, Cell]:
    return {
        "group": row.label,
        "low": "" if row.low is None else row.low,
        "high": "" if row.high is None else row.high,
        "sites": row.sites,
        **value_cells(row.numerator, row.denominator, kind, rule),
        "median": row.median,
        "headroom": "" if row.headroom is None else row.headroom,
    }
