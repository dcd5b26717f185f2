"""The room to improve: what would change if every site beyond a benchmark came up to it, in the indicator's own unit.

It is a sum of gaps, not a forecast: part of a gap is chance (see `shrunken`), part is case mix, and no programme closes
all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Period
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.selection import ALL_SITES, Inclusion, Totals, period_of, totals_over
from enginehouse.programme.enums import Direction
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.variance import panel_icc

Floats = npt.NDArray[np.float64]

ACHIEVED_BY = 0.1
"""The achievable benchmark is what the best sites reach that together hold a tenth of the denominator."""


class Benchmark(StrEnum):
    """What sites are held against."""

    MEDIAN = "median"
    BEST_QUARTER = "best-quarter"
    BEST_DECILE = "best-decile"
    ACHIEVABLE = "achievable"


BEST_SHARE: dict[Benchmark, float] = {
    Benchmark.MEDIAN: 0.5,
    Benchmark.BEST_QUARTER: 0.25,
    Benchmark.BEST_DECILE: 0.1,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Headroom:
    """Headroom of one indicator over a period.

    Attributes
    ----------
    benchmark_value
        As a ratio of numerator to denominator.
    sites, values, denominators, by_site
        In one order: each site's ratio over the period (shrunken where asked), its denominator and its headroom.
    total
        Sum of `by_site`, in the numerator's unit, over the whole period.
    share
        `total` as a share of the numerators of all these sites.
    sites_with_half
        The least number of sites that together have half of the headroom.
    """

    indicator: str
    period: Period
    benchmark: Benchmark
    benchmark_value: float
    is_shrunken: bool
    sites: tuple[str, ...]
    values: Floats
    denominators: Floats
    by_site: Floats
    total: float
    share: float
    sites_with_half: int
    left_out: int


def headroom(
    arrays: PanelArrays,
    *,
    direction: Direction,
    benchmark: Benchmark,
    is_proportion: bool,
    period: Period | None = None,
    shrunken: bool = False,
    include: Inclusion = ALL_SITES,
) -> Headroom | NotEstimable:
    """The change in numerators if every site worse than the benchmark reached it.

    Parameters
    ----------
    period
        Months that are added up for each site; the last month of the panel unless given.
    shrunken
        Pull each site's value towards the mean by how unreliable it is, before comparing (`shrunken_values`).

    Notes
    -----
    sum over sites of max(0, g * (value - benchmark)) * denominator, with g = 1 where lower is better, else -1.
    """
    if direction is Direction.NONE:
        return NotEstimable(reason="no-direction", detail="The indicator has no direction, so no value is better.")
    totals = totals_over(arrays, period, include)
    if few := include.too_few(len(totals.sites), "Headroom"):
        return few
    found = shrunken_values(arrays, totals, period, include) if shrunken else totals.value
    if isinstance(found, NotEstimable):
        return found
    sign = 1.0 if direction is Direction.LOWER_IS_BETTER else -1.0
    target = benchmark_value(totals, found, benchmark, sign=sign, is_proportion=is_proportion)
    if isinstance(target, NotEstimable):
        return target
    gaps = np.maximum(0.0, sign * (found - target)) * totals.denominator
    total = float(gaps.sum())
    numerators = float(totals.numerator.sum())
    if numerators == 0:
        return NotEstimable(reason="zero", detail="All numerators are zero.")
    return Headroom(
        indicator=arrays.indicator,
        period=period_of(arrays, period),
        benchmark=benchmark,
        benchmark_value=target,
        is_shrunken=shrunken,
        sites=totals.sites,
        values=found,
        denominators=totals.denominator,
        by_site=gaps,
        total=total,
        share=total / numerators,
        sites_with_half=_sites_with_half(gaps),
        left_out=totals.left_out,
    )


def benchmark_value(
    totals: Totals, values: Floats, benchmark: Benchmark, *, sign: float, is_proportion: bool
) -> float | NotEstimable:
    """The value to reach: a quantile of the sites' values (type 7), or the achievable benchmark of care."""
    if benchmark is Benchmark.ACHIEVABLE:
        return achievable_benchmark(totals, sign=sign, is_proportion=is_proportion)
    share = BEST_SHARE[benchmark]
    return float(np.quantile(values, share if sign > 0 else 1 - share))


def achievable_benchmark(totals: Totals, *, sign: float, is_proportion: bool) -> float | NotEstimable:
    """The pooled proportion of the best sites that together hold at least a tenth of the denominator.

    Parameters
    ----------
    sign
        1 where lower is better, else -1.

    Notes
    -----
    Sites are ranked by the adjusted performance fraction (successes + 1) / (denominator + 2), which keeps a tiny site
    with a perfect record from setting the benchmark. Only a proportion has successes.

    References
    ----------
    Weissman NW and others. Achievable benchmarks of care: the ABCs of benchmarking. J Eval Clin Pract 1999;5:269-281.
    """
    if not is_proportion:
        return NotEstimable(
            reason="not-a-proportion", detail="The achievable benchmark of care is defined for proportions only."
        )
    successes = totals.denominator - totals.numerator if sign > 0 else totals.numerator
    order = np.argsort(-(successes + 1) / (totals.denominator + 2), kind="stable")
    held = np.cumsum(totals.denominator[order])
    best = order[: int(np.searchsorted(held, ACHIEVED_BY * held[-1])) + 1]
    return float(totals.numerator[best].sum() / totals.denominator[best].sum())


def shrunken_values(
    arrays: PanelArrays, totals: Totals, period: Period | None, include: Inclusion = ALL_SITES
) -> Floats | NotEstimable:
    """Each site's value pulled towards the mean of all by its unreliability over the period.

    Notes
    -----
    mean + r (value - mean), r = b^2 / (b^2 + w^2 / months), with the standard deviations b between and w within sites
    of the analysis of variance over the period's months. Months of one site resemble their neighbours, so r is on the
    high side.
    """
    complete = include.complete_values(arrays.in_period(period_of(arrays, period)))
    if few := include.too_few(len(complete), "Shrinkage"):
        return few
    if complete.shape[1] < 2:
        return NotEstimable(reason="one-month", detail="It takes two months to tell lasting differences from chance.")
    if np.ptp(complete, axis=0).max() == 0:
        return totals.value
    found = panel_icc(complete)
    if isinstance(found, NotEstimable):
        return found
    between = max(0.0, found.between_variance)
    reliability = between / (between + found.mean_square_within / totals.months)
    mean = float(totals.value.mean())
    return np.asarray(mean + reliability * (totals.value - mean))


def _sites_with_half(gaps: Floats) -> int:
    largest_first = np.cumsum(np.sort(gaps)[::-1])
    return int(np.searchsorted(largest_first, largest_first[-1] / 2)) + 1 if largest_first[-1] > 0 else 0
