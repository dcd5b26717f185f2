"""How much sites differ, how lasting the differences are, and how unequal the sites' sizes are.

The definitions (they reproduce reference values that were computed apart from this code): ICC, autocorrelation and
variance between sites use the sites with a value in every month and, where the denominator is people, with at least
1,000 in every month; each month's mean is taken off; the ICC is that of a single month, by analysis of variance;
autocorrelation is the mean over pairs of months. The percentiles of a month take every site with a value, and with at
least 1,000 people, in that month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.selection import ALL_SITES, Inclusion, expected_months, missing_months
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.variance import VarianceComponents, lag_autocorrelation, panel_icc

type Scale = Literal["absolute", "log", "logit"]
type Number = float | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Percentiles of the sites' values in one month, every site counting once."""

    month: Month
    sites: int
    left_out: int
    p10: float
    p50: float
    p90: float
    ratio_90_10: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenSites:
    """Standard deviations on one scale, of `sites` sites; `left_out` have a month without a value on that scale."""

    scale: Scale
    sites: int
    left_out: int
    between_sd: float
    within_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How far one month tells a site from the others, and for how long.

    `icc` is of a single month; `autocorrelation[lag]` correlates months `lag` apart.
    """

    sites: int
    months: int
    left_out: int
    icc: float
    autocorrelation: Mapping[int, Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Denominators of sites in one month. `cv` is their coefficient of variation, which enters sample sizes."""

    month: Month
    sites: int
    mean: float
    sd: float
    cv: float
    smallest: float
    largest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """Sites that have a value all through, that join after the first month, that leave before the last, with gaps.

    A site may both join and leave. `gaps` counts sites that miss a month between their first and last, be it that no
    site has a value then: `missing_months` are those. Data that come quarterly are expected quarterly.
    """

    first: Month
    last: Month
    sites: int
    throughout: int
    joining: int
    leaving: int
    gaps: int
    missing_months: tuple[Month, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """All of it for one indicator."""

    indicator: str
    spread: Spread | NotEstimable
    absolute: BetweenSites | NotEstimable
    relative: BetweenSites | NotEstimable
    stability: Stability | NotEstimable
    sizes: Sizes | NotEstimable
    turnover: Turnover


def variation(
    arrays: PanelArrays,
    *,
    is_proportion: bool,
    include: Inclusion = ALL_SITES,
    lags: Sequence[int] = (1, 12),
) -> Variation:
    """Spread, variance between sites, stability, sizes and turnover of one indicator.

    Parameters
    ----------
    is_proportion
        Chooses the relative scale: logit for a proportion, log for a rate.
    include
        Which sites have a value in a month, and how many are needed.
    """
    relative: Scale = "logit" if is_proportion else "log"
    return Variation(
        indicator=arrays.indicator,
        spread=spread(arrays, include=include),
        absolute=between_sites(arrays, "absolute", include=include),
        relative=between_sites(arrays, relative, include=include),
        stability=stability(arrays, lags=lags, include=include),
        sizes=sizes(arrays, include=include),
        turnover=turnover(arrays),
    )


def spread(
    arrays: PanelArrays,
    *,
    month: Month | None = None,
    include: Inclusion = ALL_SITES,
) -> Spread | NotEstimable:
    """The 10th, 50th and 90th percentile of the sites' ratios in one month (the last, unless given), type 7."""
    month = month or arrays.months[-1]
    column = arrays.months.index(month)
    values = arrays.ratio[include.has_value(arrays)[:, column], column]
    if few := include.too_few(len(values), f"The spread in {month}"):
        return few
    p10, p50, p90 = (float(q) for q in np.quantile(values, (0.1, 0.5, 0.9)))
    ratio: Number = p90 / p10 if p10 > 0 else NotEstimable(reason="zero", detail="The 10th percentile is zero.")
    left_out = len(arrays.sites) - len(values)
    return Spread(month=month, sites=len(values), left_out=left_out, p10=p10, p50=p50, p90=p90, ratio_90_10=ratio)


def between_sites(
    arrays: PanelArrays,
    scale: Scale,
    *,
    include: Inclusion = ALL_SITES,
) -> BetweenSites | NotEstimable:
    """The standard deviation between sites that lasts, and the one from month to month within sites.

    Notes
    -----
    Analysis of variance on sites with a value in every month (`stats.variance.panel_icc`). On the log and logit scale a
    site with a month at 0 (or 1) has no value and is left out and counted: where these are many, trust the absolute
    scale.
    """
    ratios = include.complete_values(arrays)
    ratios = ratios[:, observed_months(ratios)]
    values = _on_scale(ratios, scale)
    values = values[np.isfinite(values).all(axis=1)]
    found = _components(values, include)
    if isinstance(found, NotEstimable):
        return found
    return BetweenSites(
        scale=scale,
        sites=len(values),
        left_out=len(arrays.sites) - len(values),
        between_sd=max(0.0, found.between_variance) ** 0.5,
        within_sd=found.mean_square_within**0.5,
    )


def stability(
    arrays: PanelArrays,
    *,
    lags: Sequence[int] = (1, 12),
    include: Inclusion = ALL_SITES,
) -> Stability | NotEstimable:
    """The intra-cluster correlation of a single month and the autocorrelation at each of `lags` months."""
    values = include.complete_values(arrays)
    found = _components(values, include)
    if isinstance(found, NotEstimable):
        return found
    return Stability(
        sites=len(values),
        months=int(observed_months(values).sum()),
        left_out=len(arrays.sites) - len(values),
        icc=found.icc,
        autocorrelation={lag: _autocorrelation(values, lag) for lag in lags},
    )


def sizes(
    arrays: PanelArrays,
    *,
    month: Month | None = None,
    include: Inclusion = ALL_SITES,
) -> Sizes | NotEstimable:
    """Mean, standard deviation and coefficient of variation of the sites' denominators in one month (the last)."""
    month = month or arrays.months[-1]
    column = arrays.months.index(month)
    found = arrays.denominator[include.has_value(arrays)[:, column], column]
    if few := include.too_few(len(found), f"The variation of sizes in {month}"):
        return few
    mean, sd = float(found.mean()), float(found.std(ddof=1))
    return Sizes(
        month=month,
        sites=len(found),
        mean=mean,
        sd=sd,
        cv=sd / mean,
        smallest=float(found.min()),
        largest=float(found.max()),
    )


def turnover(arrays: PanelArrays) -> Turnover:
    """How many sites join, leave or have gaps between the panel's first and last month."""
    there = ALL_SITES.has_value(arrays)
    if not there.any():
        return Turnover(
            first=arrays.months[0], last=arrays.months[-1], sites=0, throughout=0, joining=0, leaving=0, gaps=0
        )
    expected = expected_months(there.any(axis=0))
    there = there[there.any(axis=1)][:, expected]
    last = there.shape[1] - 1
    begins = there.argmax(axis=1)
    ends = last - there[:, ::-1].argmax(axis=1)
    gaps = there.sum(axis=1) < ends - begins + 1
    return Turnover(
        first=arrays.months[0],
        last=arrays.months[-1],
        sites=len(there),
        throughout=int(there.all(axis=1).sum()),
        joining=int((begins > 0).sum()),
        leaving=int((ends < last).sum()),
        gaps=int(gaps.sum()),
        missing_months=missing_months(arrays),
    )


def _on_scale(ratios: npt.NDArray[np.float64], scale: Scale) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log":
            return np.asarray(np.log(ratios))
        if scale == "logit":
            return np.asarray(np.log(ratios) - np.log1p(-ratios))
    return ratios


def observed_months(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which columns have any value."""
    return np.asarray(np.isfinite(values).any(axis=0))


def _components(values: npt.NDArray[np.float64], include: Inclusion) -> VarianceComponents | NotEstimable:
    if few := include.too_few(len(values), "Variance between sites"):
        return few
    found = values[:, observed_months(values)]
    if found.shape[1] < 2:
        return NotEstimable(reason="one-month", detail="It takes two months to tell lasting differences from chance.")
    if np.ptp(found, axis=0).max() == 0:
        return NotEstimable(reason="no-variation", detail="All sites have the same value in every month.")
    return panel_icc(values)


def _autocorrelation(values: npt.NDArray[np.float64], lag: int) -> Number:
    found = lag_autocorrelation(values, lag=lag)
    return found if isinstance(found, NotEstimable) else found.value
