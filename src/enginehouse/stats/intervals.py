"""Intervals for one proportion (Wilson) and for one count (Byar, exact below ten), for a site or for all sites at once.

Intervals of fitted models are made by their results, not here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, ndtri

from enginehouse.stats.results import Interval, NotEstimable

type Array = npt.NDArray[np.float64]

EXACT_BELOW = 10
"""Counts below this get exact Poisson limits: Byar's approximation is poor there (as in OHID's published rates)."""


def wilson_limits(
    events: npt.ArrayLike, totals: npt.ArrayLike, *, confidence_level: float = 0.95
) -> tuple[Array, Array]:
    """Lower and upper Wilson score limits of proportions, by site.

    Parameters
    ----------
    events, totals
        Arrays of the same shape; 0 <= events <= totals. Events may be fractional (a standardised count).
    confidence_level
        Between 0 and 1.

    Returns
    -------
    (low, high)
        Arrays in 0-1, `nan` where the total is zero: nothing is known there. `wilson` has a typed answer for one site.

    Notes
    -----
    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). Assumes independent events with one chance each.

    References
    ----------
    Wilson. J Am Stat Assoc 1927;22:209-212. Newcombe. Stat Med 1998;17:857-872, method 3.
    """
    x, n = _events_and_totals(events, totals)
    squared = _normal_quantile(confidence_level) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(n > 0, x / n, np.nan)
        middle = p + squared / (2 * n)
        half = np.sqrt(squared * (p * (1 - p) / n + squared / (4 * n**2)))
        low, high = (middle - half) / (1 + squared / n), (middle + half) / (1 + squared / n)
    # The ends are exact in theory; rounding would put them a hair outside.
    return np.where((x == 0) & (n > 0), 0.0, low), np.where((x == n) & (n > 0), 1.0, high)


def wilson(events: float, total: float, *, confidence_level: float = 0.95) -> Interval | NotEstimable:
    """The Wilson score interval of one proportion; `wilson_limits` has the equation.

    Examples
    --------
    Values of the Office for Health Improvement and Disparities' test data.

    >>> interval = wilson(65, 100)
    >>> round(interval.low, 6), round(interval.high, 6)
    (0.552544, 0.736358)
    """
    if total == 0:
        return NotEstimable(reason="no-denominator", detail="There is nobody in the denominator.")
    low, high = wilson_limits([events], [total], confidence_level=confidence_level)
    return Interval(low=float(low[0]), high=float(high[0]), confidence_level=confidence_level, method="Wilson score")


def byar_limits(counts: npt.ArrayLike, *, confidence_level: float = 0.95) -> tuple[Array, Array]:
    """Lower and upper limits of expected counts by Byar's approximation, whatever the size of the count.

    Notes
    -----
    low = x (1 - 1/9x - z/(3 sqrt x))^3, high = (x+1)(1 - 1/9(x+1) + z/(3 sqrt(x+1)))^3. Poor below ten events, where
    `count_limits` is exact; a cube below zero gives the lower limit 0.

    References
    ----------
    Breslow, Day. Statistical Methods in Cancer Research II. IARC 1987, p 69.
    """
    x = _counts(counts)
    z = _normal_quantile(confidence_level)
    seen = np.maximum(x, np.finfo(float).tiny)
    root = np.where(x > 0, 1 - 1 / (9 * seen) - z / (3 * np.sqrt(seen)), 0.0)
    return x * np.maximum(root, 0.0) ** 3, (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * np.sqrt(x + 1))) ** 3


def exact_limits(counts: npt.ArrayLike, *, confidence_level: float = 0.95) -> tuple[Array, Array]:
    """Exact limits of the expectations of Poisson counts, by the chi-square distribution.

    Notes
    -----
    low = chi2(alpha/2; 2x)/2, zero for no events; high = chi2(1 - alpha/2; 2x + 2)/2. Covers at least the level.

    References
    ----------
    Garwood. Biometrika 1936;28:437-442.
    """
    x = _counts(counts)
    tail = (1 - _checked_level(confidence_level)) / 2
    low = np.where(x > 0, chdtri(2 * np.where(x > 0, x, 1.0), 1 - tail) / 2, 0.0)
    return low, np.asarray(chdtri(2 * x + 2, tail) / 2)


def count_limits(counts: npt.ArrayLike, *, confidence_level: float = 0.95) -> tuple[Array, Array]:
    """Limits of expected counts: exact below ten events, Byar's approximation from ten.

    Divide by the denominator for a rate, by the expected count for a standardised ratio. Assumes Poisson variation.

    Parameters
    ----------
    counts
        Not negative; fractional counts are allowed.
    confidence_level
        Between 0 and 1.
    """
    x = _counts(counts)
    exact, byar = (limits(x, confidence_level=confidence_level) for limits in (exact_limits, byar_limits))
    return np.where(x < EXACT_BELOW, exact[0], byar[0]), np.where(x < EXACT_BELOW, exact[1], byar[1])


def byar(count: float, *, confidence_level: float = 0.95) -> Interval:
    """The interval of one expected count; exact below ten events (`count_limits` has the rule).

    Examples
    --------
    >>> interval = byar(65)
    >>> round(interval.low, 6), round(interval.high, 6)
    (50.163188, 82.849139)
    """
    low, high = count_limits([count], confidence_level=confidence_level)
    method = "exact Poisson" if count < EXACT_BELOW else "Byar"
    return Interval(low=float(low[0]), high=float(high[0]), confidence_level=confidence_level, method=method)


def _normal_quantile(confidence_level: float) -> float:
    return float(ndtri(0.5 + _checked_level(confidence_level) / 2))


def _checked_level(confidence_level: float) -> float:
    if not 0 < confidence_level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, such as 0.95; got {confidence_level}")
    return confidence_level


def _counts(counts: npt.ArrayLike) -> Array:
    x = np.asarray(counts, dtype=float)
    if not np.all(x >= 0):
        raise ValueError("counts must be numbers and not negative")
    return x


def _events_and_totals(events: npt.ArrayLike, totals: npt.ArrayLike) -> tuple[Array, Array]:
    x, n = _counts(events), _counts(totals)
    if x.shape != n.shape or np.any(x > n):
        raise ValueError("events and totals must have one shape, and no total may be below its events")
    return x, n
