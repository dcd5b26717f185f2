"""What a standard error and its degrees of freedom can show: power, detectable effect, equivalence, precision.

Which standard error a design has is in the other modules.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, nctdtr, ndtr, ndtri, stdtrit

from enginehouse.stats.results import t_quantile

Tails = Literal["both", "upper"]
LARGE_DF = 1e6
"""From here on t is taken as normal."""


def t_power(effect: float, std_error: float, df: float, *, alpha: float = 0.05, tails: Tails = "both") -> float:
    """The probability that a two-sided t test finds an effect (0-1).

    Parameters
    ----------
    effect, std_error
        On one scale (a log ratio, or a difference); the standard error is positive.
    df
        Degrees of freedom; a million or more means normal.
    alpha
        Two-sided level.
    tails
        `upper` counts only findings in the direction of the effect, as some software does.

    Notes
    -----
    P(|T| > t_{1-alpha/2, df}), T noncentral t with noncentrality |effect| / std_error.

    Examples
    --------
    >>> round(t_power(2.8, 1.0, math.inf), 3)
    0.8
    """
    limit = float(ndtri(1 - alpha / 2)) if df >= LARGE_DF else float(stdtrit(df, 1 - alpha / 2))
    return beyond(limit, abs(effect) / std_error, df, tails=tails)


def beyond(limit: float, ratio: float, df: float, *, tails: Tails = "both") -> float:
    """The probability that a noncentral t lies beyond a limit (0-1); `ratio` is its noncentrality, 0 or more."""
    if df >= LARGE_DF:
        upper, lower = float(ndtr(ratio - limit)), float(ndtr(-limit - ratio))
    else:
        upper, lower = 1 - float(nctdtr(df, ratio, limit)), float(nctdtr(df, ratio, -limit))
        # Far out the library gives no number: there the tail is integrated.
        upper = upper if math.isfinite(upper) else _above(limit, ratio, df)
        lower = lower if math.isfinite(lower) else _above(limit, -ratio, df)
    return upper + lower if tails == "both" else upper


def _above(limit: float, ratio: float, df: float) -> float:
    """The upper tail of a noncentral t: the mean of Phi(ratio - limit s) over the estimated standard deviation s.

    With the sign of the noncentrality turned it is the lower tail beyond minus the limit.
    """
    from scipy.integrate import quad  # asked for here alone

    constant = math.log(2) + df / 2 * math.log(df / 2) - float(gammaln(df / 2))

    def density(s: float) -> float:
        return math.exp(constant + (df - 1) * math.log(s) - df * s * s / 2) * float(ndtr(ratio - limit * s))

    spread = 1 / math.sqrt(2 * df)
    parts = [0.0, max(1 - 3 * spread, 1e-12), 1 + 3 * spread, 1 + 12 * spread, 1 + 40 * spread]
    return sum(float(quad(density, max(a, 1e-300), b, epsabs=1e-13)[0]) for a, b in pairwise(parts))


def detectable_effect(
    std_error: float, df: float, *, power: float = 0.8, alpha: float = 0.05, tails: Tails = "both"
) -> float:
    """The smallest effect that a two-sided t test finds with probability `power`, in the unit of the standard error.

    Examples
    --------
    >>> round(detectable_effect(1.0, math.inf), 3)
    2.802
    """

    def shortfall(ratio: float) -> float:
        return t_power(ratio, 1.0, df, alpha=alpha, tails=tails) - power

    return std_error * float(brentq(shortfall, 1e-9, 1e3 if df < 3 else 60.0))


def equivalence_power(
    std_error: float, df: float, low: float, high: float, *, truth: float = 0.0, alpha: float = 0.05
) -> float:
    """The probability that the 1 - 2 alpha interval (90%) lies inside two margins (0-1).

    Parameters
    ----------
    std_error, df
        As in `t_power`.
    low, high
        Margins, low < high, on the scale of the standard error.
    truth
        The true effect.
    alpha
        Level of each of the two one-sided tests.

    Notes
    -----
    With s the estimated standard error, s^2 df / se^2 ~ chi2(df) and independent of the estimate: the mean over s of
    P(low + t_{1-alpha} s <= estimate <= high - t_{1-alpha} s), by quadrature over 2,000 equally likely values of s.

    Examples
    --------
    >>> round(equivalence_power(1.0, math.inf, -3.0, 3.0), 3)
    0.825
    """
    if df >= LARGE_DF:
        spread, limit = np.ones(1), float(ndtri(1 - alpha))
    else:
        from scipy.stats import chi2  # slow to load, and asked for here alone

        spread = np.sqrt(chi2.ppf((np.arange(2000) + 0.5) / 2000, df) / df)
        limit = float(stdtrit(df, 1 - alpha))
    half = limit * spread * std_error
    inside = ndtr((high - half - truth) / std_error) - ndtr((low + half - truth) / std_error)
    return float(np.mean(np.maximum(inside, 0.0)))


def expected_half_width(std_error: float, df: float, *, confidence_level: float = 0.95) -> float:
    """The mean half-width of the interval, in the unit of the standard error.

    Notes
    -----
    t_{df} x se x c, c = sqrt(2 / df) Gamma((df + 1) / 2) / Gamma(df / 2), because the estimated standard error is a
    little too small on average.

    Examples
    --------
    >>> round(expected_half_width(1.0, math.inf), 3)
    1.96
    """
    half = t_quantile(0.5 + confidence_level / 2, df) * std_error
    if df >= LARGE_DF:
        return half
    return half * math.sqrt(2 / df) * math.exp(float(gammaln((df + 1) / 2) - gammaln(df / 2)))
