"""What a history says without a model of units: seasons and trend, over-dispersion, how unequal units are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import NotEstimable, t_quantile
from enginehouse.trials.components import Measured, UnitMonths

Array = npt.NDArray[np.float64]
YEAR = 12
FEWEST_FOR_SEASONS = 2 * YEAR
FEWEST_FOR_TREND = 6
FEWEST_UNITS = 6
ROUNDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryShape:
    """Seasons, trend, over-dispersion and inequality of a history.

    Attributes
    ----------
    season
        Half the distance between the best and the worst time of the year, relative to the mean (0.03 is 3%).
    trend
        Change in a year, relative to the mean.
    dispersion
        Variance of a month's count over what counting alone would give, units and months taken out; 1 is none.
    size_cv, between_cv
        Coefficients of variation of units' denominators and of units' rates.
    """

    season: Measured | NotEstimable
    trend: Measured | NotEstimable
    dispersion: Measured | NotEstimable
    size_cv: Measured | NotEstimable
    between_cv: Measured | NotEstimable


def history_shape(found: UnitMonths) -> HistoryShape:
    """Seasons, trend, over-dispersion, and coefficients of variation of size and rate, each with a 95% interval.

    Parameters
    ----------
    found
        Months in a row before anything was done, oldest first.

    Returns
    -------
    HistoryShape
        With `NotEstimable` where the history is too short (two years for seasons, six months for a trend), has fewer
        than six units, or sums quantities, whose dispersion has no natural unit.

    Notes
    -----
    Season and trend: the logarithm of each month's pooled rate on a straight line and one wave a year, by least
    squares; the interval of the wave's height by the delta method, t with months - 4 degrees of freedom. Months that
    follow one another are taken as independent, so that these two intervals are rather too narrow.
    Dispersion: sum of (y - m)^2 / (m (1 - m / d)) over its degrees of freedom, without the bracket for counts, m
    from effects of units and months. Its interval and those of the coefficients of variation leave out one unit at a
    time (jackknife, on the logarithm).
    """
    season, trend = _over_time(found)
    rates, sizes = _by_unit(found)
    return HistoryShape(
        season=season,
        trend=trend,
        dispersion=_dispersion(found),
        size_cv=jackknife(sizes, _cv),
        between_cv=jackknife(rates, _cv),
    )


def _by_unit(found: UnitMonths) -> tuple[Array, Array]:
    seen = np.isfinite(found.numerator) & np.isfinite(found.denominator)
    top, bottom = (np.where(seen, v, 0.0).sum(axis=1) for v in (found.numerator, found.denominator))
    some = bottom > 0
    return top[some] / bottom[some], bottom[some] / seen.sum(axis=1)[some]


def _cv(values: Array) -> float:
    return float(values.std(ddof=1) / values.mean()) if values.mean() > 0 else 0.0


def jackknife(values: Array, measure: Callable[[Array], float]) -> Measured | NotEstimable:
    """A positive number with the interval of its logarithm, leaving out one value at a time."""
    count = len(values)
    whole = measure(values) if count > 1 else 0.0
    if count < FEWEST_UNITS or whole <= 0:
        reason = "too-few-units" if count < FEWEST_UNITS else "no-variation"
        return NotEstimable(reason=reason, detail=f"{count} units are too few, or do not differ.")
    less = np.array([measure(np.delete(values, row)) for row in range(count)])
    logs = np.log(np.maximum(less, 1e-300))
    error = math.sqrt((count - 1) / count * float(((logs - logs.mean()) ** 2).sum()))
    half = t_quantile(0.975, count - 1) * error
    return Measured(value=whole, low=whole * math.exp(-half), high=whole * math.exp(half))


def _over_time(found: UnitMonths) -> tuple[Measured | NotEstimable, Measured | NotEstimable]:
    top, bottom = (np.nansum(v, axis=0) for v in (found.numerator, found.denominator))
    months = len(top)
    if months < FEWEST_FOR_TREND or not (top > 0).all() or not (bottom > 0).all():
        detail = f"The history has {months} months, or months without any count; a trend needs {FEWEST_FOR_TREND}."
        short = NotEstimable(reason="too-short-history", detail=detail)
        return short, short
    logs, time = np.log(top / bottom), np.arange(months) / YEAR
    seasonal = months >= FEWEST_FOR_SEASONS
    waves = [np.cos(2 * np.pi * time), np.sin(2 * np.pi * time)] if seasonal else []
    design = np.column_stack([np.ones(months), time - time.mean(), *waves])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ logs
    df = months - design.shape[1]
    covariance = float(((logs - design @ coefficients) ** 2).sum()) / df * inverse
    half = t_quantile(0.975, df) * math.sqrt(covariance[1, 1])
    slope = float(coefficients[1])
    trend = Measured(value=math.expm1(slope), low=math.expm1(slope - half), high=math.expm1(slope + half))
    if not seasonal:
        detail = f"The history has {months} months; two years are needed to see seasons."
        return NotEstimable(reason="too-short-history", detail=detail), trend
    return _wave(coefficients[2:], covariance[2:, 2:], df), trend


def _wave(pair: Array, covariance: Array, df: int) -> Measured:
    height = float(np.hypot(*pair))
    along = pair / height if height > 0 else np.array([1.0, 0.0])
    half = t_quantile(0.975, df) * math.sqrt(float(along @ covariance @ along))
    return Measured(value=height, low=max(height - half, 0.0), high=height + half)


def _dispersion(found: UnitMonths) -> Measured | NotEstimable:
    if found.kind == "quantity":
        return NotEstimable(reason="quantity", detail="Quantities are not counts: their dispersion has no unit.")
    seen = np.isfinite(found.numerator) & np.isfinite(found.denominator)
    some = np.where(seen, np.nan_to_num(found.numerator), 0.0).sum(axis=1) > 0
    y, d = np.where(seen, found.numerator, 0.0)[some], np.where(seen, found.denominator, 0.0)[some]
    units, months = y.shape
    df = int(seen[some].sum()) - units - months + 1
    if units < FEWEST_UNITS or df < units or not (y.sum(axis=0) > 0).all():
        return NotEstimable(reason="too-few-units", detail=f"{units} units in {months} months are too few.")
    means = two_way_means(y, d)
    variance = means * (1 - np.minimum(means / np.where(d > 0, d, 1.0), 0.999)) if found.kind == "proportion" else means
    parts = np.divide((y - means) ** 2, variance, out=np.zeros_like(y), where=variance > 0).sum(axis=1)
    return jackknife(parts * units / df, lambda values: float(values.mean()))


def two_way_means(y: Array, d: Array) -> Array:
    """Poisson means with an effect of each row and of each column, d an offset: iterative proportional fitting."""
    row, column = y.sum(axis=1) / d.sum(axis=1), np.ones(y.shape[1])
    for _ in range(ROUNDS):
        before = row
        column = y.sum(axis=0) / (row[:, None] * d).sum(axis=0)
        row = y.sum(axis=1) / (d * column).sum(axis=1)
        if np.allclose(row, before, rtol=1e-10, atol=0):
            break
    return np.asarray(row[:, None] * d * column)
