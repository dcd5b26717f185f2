"""Which sites a table of insight speaks of, and how many it leaves out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month, Period
from enginehouse.indicators.panel import PanelArrays
from enginehouse.stats.results import NotEstimable

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TOO_FEW_SITES = "too-few-sites"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """Which sites have a value, and how many are needed.

    Attributes
    ----------
    minimum_denominator
        A site has no value in a month in which its denominator is smaller (or zero).
    minimum_sites
        With fewer sites a percentile or a variance says little and may point at one of them: it is not given.
    """

    minimum_denominator: float = 0.0
    minimum_sites: int = 20

    def has_value(self, arrays: PanelArrays) -> Mask:
        """Sites x months: a numerator, and a denominator that is positive and large enough."""
        denominator = np.nan_to_num(arrays.denominator, nan=0.0)
        return np.isfinite(arrays.numerator) & (denominator > 0) & (denominator >= self.minimum_denominator)

    def complete_values(self, arrays: PanelArrays) -> Floats:
        """Ratios of the sites (rows) that have a value in every month (columns) in which any site has one.

        Months without any data stay, as `nan`: data that come twice a year are months apart, not one after another.
        """
        there = self.has_value(arrays)
        observed = there.any(axis=0)
        rows = there[:, observed].all(axis=1)
        return np.asarray(np.where(observed, arrays.ratio, np.nan)[rows])

    def too_few(self, sites: int, what: str) -> NotEstimable | None:
        """The answer where `what` needs more sites than there are."""
        if sites >= self.minimum_sites:
            return None
        detail = f"{what} needs at least {self.minimum_sites} sites with a value; {sites} have one."
        return NotEstimable(reason=TOO_FEW_SITES, detail=detail)


ALL_SITES = Inclusion()
"""Every site with a positive denominator; at least 20 of them."""


def expected_months(observed: Mask) -> Mask:
    """Which columns ought to have data, given which have any: every calendar month from the first to the last.

    Data that come at regular intervals (quarterly, half-yearly) are expected at those; where the intervals follow no
    rule, only what is there is expected.
    """
    places = np.flatnonzero(observed)
    expected = np.zeros(len(observed), dtype=np.bool_)
    if len(places) == 0:
        return expected
    steps = np.diff(places)
    step = int(steps.min(initial=len(observed)))
    if (steps % step).any():
        return np.asarray(observed, dtype=np.bool_)
    expected[places[0] : places[-1] + 1 : step] = True
    return expected


def missing_months(arrays: PanelArrays, include: Inclusion = ALL_SITES) -> tuple[Month, ...]:
    """Months that no site has a value in, although data were expected."""
    observed = include.has_value(arrays).any(axis=0)
    return tuple(arrays.months[column] for column in np.flatnonzero(expected_months(observed) & ~observed))


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Numerators and denominators of each site added up over a period; sites without any value are not in it.

    `months` says how many months each site contributes.
    """

    sites: tuple[str, ...]
    rows: npt.NDArray[np.intp]
    numerator: Floats
    denominator: Floats
    months: npt.NDArray[np.int64]
    left_out: int

    @property
    def value(self) -> Floats:
        return np.asarray(self.numerator / self.denominator)


def period_of(arrays: PanelArrays, period: Period | None) -> Period:
    """`period`, or the last month of the panel."""
    return period or Period(arrays.months[-1], arrays.months[-1] + 1)


def totals_over(arrays: PanelArrays, period: Period | None, include: Inclusion = ALL_SITES) -> Totals:
    """Sums of each site over the months of `period` in which it has a value."""
    part = arrays.in_period(period_of(arrays, period))
    there = include.has_value(part)
    rows = np.flatnonzero(there.any(axis=1))
    return Totals(
        sites=tuple(part.sites[r] for r in rows),
        rows=rows,
        numerator=np.where(there, part.numerator, 0.0).sum(axis=1)[rows],
        denominator=np.where(there, part.denominator, 0.0).sum(axis=1)[rows],
        months=there.sum(axis=1)[rows],
        left_out=len(part.sites) - len(rows),
    )
