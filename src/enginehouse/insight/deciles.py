"""How sites spread over time: the deciles of their values, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enginehouse.core.months import Month
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.selection import ALL_SITES, Inclusion, Mask, expected_months
from enginehouse.stats.results import NotEstimable

DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDeciles:
    """Quantiles of the sites' values in one month: of `sites` sites, with `left_out` that have no value then."""

    month: Month
    sites: int
    left_out: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciles:
    """Quantiles at `levels` for every month of `calendar`, in which data were expected.

    A month with too few sites *cannot be estimated*; one without any data is `None`, so that a line has a gap there.
    """

    indicator: str
    levels: tuple[float, ...]
    calendar: tuple[Month, ...]
    months: tuple[MonthDeciles | NotEstimable | None, ...]

    @property
    def estimated(self) -> tuple[MonthDeciles, ...]:
        return tuple(m for m in self.months if isinstance(m, MonthDeciles))


def deciles(
    arrays: PanelArrays,
    *,
    levels: Sequence[float] = DECILES,
    include: Inclusion = ALL_SITES,
) -> Deciles | NotEstimable:
    """The deciles of the sites' ratios in each month, every site counting once.

    Parameters
    ----------
    levels
        Probabilities between 0 and 1.
    include
        Which sites have a value in a month (the others are counted), and how many a month needs.

    Notes
    -----
    Quantiles of type 7 (linear between order statistics), the default of R and NumPy. Hyndman RJ, Fan Y. Sample
    quantiles in statistical packages. Am Stat 1996;50:361-365.
    """
    there = include.has_value(arrays)
    observed = there.any(axis=0)
    columns = [int(column) for column in np.flatnonzero(expected_months(observed))]
    months = tuple(_of_month(arrays, there, c, levels, include) if observed[c] else None for c in columns)
    if not any(isinstance(month, MonthDeciles) for month in months):
        few = include.too_few(int(there.sum(axis=0).max(initial=0)), "A decile")
        assert few is not None
        return few
    calendar = tuple(arrays.months[column] for column in columns)
    return Deciles(indicator=arrays.indicator, levels=tuple(levels), calendar=calendar, months=months)


def _of_month(
    arrays: PanelArrays, there: Mask, column: int, levels: Sequence[float], include: Inclusion
) -> MonthDeciles | NotEstimable:
    month = arrays.months[column]
    values = arrays.numerator[there[:, column], column] / arrays.denominator[there[:, column], column]
    if few := include.too_few(len(values), f"A decile of {month}"):
        return few
    quantiles = tuple(float(q) for q in np.quantile(values, levels))
    return MonthDeciles(month=month, sites=len(values), left_out=len(arrays.sites) - len(values), values=quantiles)
