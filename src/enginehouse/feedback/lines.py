"""Straight lines through the months of every site at once, gaps allowed: the level, the slope and what is left over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import t_quantile

Floats = npt.NDArray[np.float64]

MOST_AUTOCORRELATION = 0.8
"""A dozen months cannot tell a higher one from a trend."""
SMALLEST_CHANGE = 1e-9
"""A change below this share of the level is rounding, not a trend."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Least squares lines, one for each site; `nan` where a site has fewer than three months.

    `slope` is by month, `fitted` has a column for each month, `residual_variance` has n - 2 degrees of freedom (`df`),
    `autocorrelation` is that of neighbouring months' residuals, within 0 and `MOST_AUTOCORRELATION`.
    """

    slope: Floats
    slope_error: Floats
    fitted: Floats
    residual_variance: Floats
    df: Floats
    autocorrelation: Floats


def lines_through(values: Floats) -> Lines:
    """Lines through `values` (sites x months, `nan` for a gap).

    The slope's standard error allows for residuals that resemble their neighbours: var x (1 + r) / (1 - r).
    """
    seen = np.isfinite(values)
    y, months = np.where(seen, values, 0.0), np.arange(values.shape[1], dtype=float)
    count = seen.sum(axis=1).astype(float)
    enough = count >= 3
    safe = np.where(enough, count, 1.0)
    centre = (seen * months).sum(axis=1) / safe
    level = y.sum(axis=1) / safe
    away = np.where(seen, months - centre[:, None], 0.0)
    spread = np.where(enough, (away**2).sum(axis=1), 1.0)
    slope = (away * (y - level[:, None])).sum(axis=1) / spread
    fitted = level[:, None] + slope[:, None] * (months - centre[:, None])
    residuals = np.where(seen, values - fitted, 0.0)
    df = np.where(enough, count - 2, np.nan)
    variance = (residuals**2).sum(axis=1) / df
    likeness = _autocorrelation(residuals)
    error = np.sqrt(variance / spread * (1 + likeness) / (1 - likeness))
    unknown = ~enough
    slope[unknown], fitted[unknown] = np.nan, np.nan
    return Lines(slope, error, fitted, variance, df, likeness)


def t_of(df: Floats, probability: float = 0.975) -> Floats:
    """Quantiles of Student's t by degrees of freedom; `nan` where there are none."""
    found = {each: t_quantile(probability, each) for each in np.unique(df[np.isfinite(df)]).tolist()}
    return np.array([found.get(each, np.nan) for each in df.tolist()], dtype=float)


def _autocorrelation(residuals: Floats) -> Floats:
    squares = (residuals**2).sum(axis=1)
    neighbours = (residuals[:, 1:] * residuals[:, :-1]).sum(axis=1)
    found = np.divide(neighbours, squares, out=np.zeros_like(squares), where=squares > 0)
    return np.asarray(np.clip(found, 0.0, MOST_AUTOCORRELATION))
