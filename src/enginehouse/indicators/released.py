"""How an indicator's numbers become a table that may leave the house: which column is protected in which way.

The rules themselves are in `governance.disclosure`; which rule holds is decided by whoever knows the sources.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from enginehouse.core.months import Month
from enginehouse.governance.disclosure import (
    Cell,
    Column,
    ReleasedTable,
    count,
    label,
    measure,
    plain,
    ratio,
    release,
)
from enginehouse.indicators.panel import FIXED_COLUMNS
from enginehouse.programme.enums import Disclosure, NumeratorKind
from enginehouse.programme.indicator import Indicator

VALUES = ("numerator", "denominator", "value")
COUNTED = frozenset({NumeratorKind.COUNT, NumeratorKind.PATIENTS})
"""Kinds of numerators that count: a small one may point at a person."""


def value_columns(kind: NumeratorKind, rule: Disclosure) -> tuple[Column, ...]:
    """The columns `numerator`, `denominator` and `value` (their ratio, not scaled) under a rule.

    Parameters
    ----------
    kind
        What the numerator sums. A count is protected itself; a quantity or money is held back where its denominator is.
    rule
        The strictest rule of the sources. Under `none` the numbers pass as they are, whole or not.
    """
    if rule is Disclosure.NONE:
        return tuple(plain(name) for name in VALUES)
    numerator, denominator, value = VALUES
    if kind in COUNTED:
        made = ratio(value, numerator=numerator, denominator=denominator)
        return count(numerator), count(denominator), made
    return measure(numerator, of=denominator), count(denominator), measure(value, of=denominator)


def value_cells(numerator: float, denominator: float, kind: NumeratorKind, rule: Disclosure) -> dict[str, Cell]:
    """One row's cells for `value_columns`. What is counted in parts (shared, modelled) is rounded before a rule."""
    value = numerator / denominator if denominator else ""
    if rule is Disclosure.NONE:
        return {"numerator": numerator, "denominator": denominator, "value": value}
    shown = round(numerator) if kind in COUNTED else numerator
    return {"numerator": shown, "denominator": round(denominator), "value": value}


def release_rows(rows: pa.Table, indicator: Indicator, rule: Disclosure) -> ReleasedTable:
    """The panel's rows of one indicator by site, month and stratum, as a table that may leave the house.

    Parameters
    ----------
    rows
        Rows of a panel, all of `indicator`.
    rule
        The strictest rule of the sources of the indicator.

    Returns
    -------
    ReleasedTable
        Columns site, month (YYYY-MM), the strata, numerator, denominator, value (not scaled), quality.
    """
    strata = tuple(name for name in rows.column_names if name not in FIXED_COLUMNS)
    names = ("site", "month", *strata)
    columns = [*(label(name) for name in names), *value_columns(indicator.numerator_kind, rule), label("quality")]
    return release(columns, _cells(rows, names, indicator.numerator_kind, rule), rule=rule)


def _cells(rows: pa.Table, names: tuple[str, ...], kind: NumeratorKind, rule: Disclosure) -> Iterator[dict[str, Cell]]:
    for row in rows.to_pylist():
        labels = {name: str(row[name]) for name in names} | {"month": str(Month.of(row["month"]))}
        numbers = value_cells(row["numerator"], row["denominator"], kind, rule)
        yield {**labels, **numbers, "quality": row["quality"]}
