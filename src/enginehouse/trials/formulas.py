"""Power of cluster designs by formula: design effects, noncentral t, equivalence, sample size. Numbers in, numbers out.

What the numbers of a programme are is estimated in `history.py`.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, ndtr, ndtri, stdtrit
from scipy.stats import chi2

Tails = Literal["both", "upper"]
SizeCorrection = Literal["weighted", "taylor"]
_LARGE_DF = 1e6
_FAR = 8.0


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
    ratio = abs(effect) / std_error
    if df >= _LARGE_DF:
        limit = float(ndtri(1 - alpha / 2))
        upper, lower = float(ndtr(ratio - limit)), float(ndtr(-limit - ratio))
    else:
        limit = float(stdtrit(df, 1 - alpha / 2))
        upper = 1 - float(nctdtr(df, ratio, limit))
        # Far out the library gives no number for the other tail, which is below 1e-15 there.
        lower = float(nctdtr(df, ratio, -limit)) if ratio < _FAR else 0.0
    return upper + lower if tails == "both" else upper


def detectable_effect(std_error: float, df: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest effect that a two-sided t test finds with probability `power`, in the unit of the standard error."""

    def shortfall(ratio: float) -> float:
        return t_power(ratio, 1.0, df, alpha=alpha) - power

    return std_error * float(brentq(shortfall, 1e-9, 1e3 if df < 3 else 60.0))


def equivalence_power(std_error: float, df: float, low: float, high: float, *, truth: float = 0.0) -> float:
    """The probability that the 90% interval lies inside two margins (0-1).

    Parameters
    ----------
    std_error, df
        As in `t_power`.
    low, high
        Margins, low < high, on the scale of the standard error.
    truth
        The true effect.

    Notes
    -----
    With s the estimated standard error, s^2 df / se^2 ~ chi2(df) and independent of the estimate: the mean over s of
    P(low + t_0.95 s <= estimate <= high - t_0.95 s), by quadrature over 2,000 equally likely values of s.

    Examples
    --------
    >>> round(equivalence_power(1.0, math.inf, -3.0, 3.0), 3)
    0.825
    """
    if df >= _LARGE_DF:
        spread, limit = np.ones(1), float(ndtri(0.95))
    else:
        spread = np.sqrt(chi2.ppf((np.arange(2000) + 0.5) / 2000, df) / df)
        limit = float(stdtrit(df, 0.95))
    half = limit * spread * std_error
    inside = ndtr((high - half - truth) / std_error) - ndtr((low + half - truth) / std_error)
    return float(np.mean(np.maximum(inside, 0.0)))


def design_effect(m: float, icc: float, *, cv: float = 0.0, correction: SizeCorrection = "taylor") -> float:
    """The variance of a cluster trial over that of one with the same people allocated one by one.

    Parameters
    ----------
    m
        Mean number of people in a cluster.
    icc
        Intracluster correlation (0-1).
    cv
        Coefficient of variation of cluster size.
    correction
        `weighted` is the upper bound of Eldridge (2006); `taylor` that of van Breukelen (2007), the default.

    Notes
    -----
    weighted: 1 + ((cv^2 + 1) m - 1) icc. taylor: (1 + (m - 1) icc) / (1 - cv^2 L (1 - L)), where
    L = m icc / (1 + (m - 1) icc).

    References
    ----------
    Eldridge SM, Ashby D, Kerry S. Int J Epidemiol 2006;35:1292-1300. van Breukelen GJ and others. Stat Med
    2007;26:2589-2603.

    Examples
    --------
    >>> round(design_effect(21, 0.05), 6)
    2.0
    """
    if correction == "weighted":
        return 1 + ((cv**2 + 1) * m - 1) * icc
    simple = 1 + (m - 1) * icc
    share = m * icc / simple
    return simple / (1 - cv**2 * share * (1 - share))


def baseline_correlation(m: float, icc: float, *, cac: float, iac: float = 0.0) -> float:
    """The correlation of a cluster's mean before and after: what a baseline is worth.

    Parameters
    ----------
    m, icc
        As in `design_effect`.
    cac
        Cluster autocorrelation (0-1). `iac` is the individual one; 0 where other people are measured each time.

    Notes
    -----
    r = (m icc cac + (1 - icc) iac) / (1 + (m - 1) icc). Analysis of covariance multiplies the variance by 1 - r^2, the
    difference of differences by 2 (1 - r).

    References
    ----------
    Teerenstra S and others. Stat Med 2012;31:2169-2178. Hooper R and others. Stat Med 2016;35:4718-4728.

    Examples
    --------
    >>> round(baseline_correlation(21, 0.05, cac=0.8), 3)
    0.42
    """
    return (m * icc * cac + (1 - icc) * iac) / (1 + (m - 1) * icc)


def means_std_error(k: float, m: float, *, sd: float, effect_of_design: float) -> float:
    """The standard error of a difference of two arms' means with k clusters of m people each.

    Examples
    --------
    >>> round(means_std_error(10, 20, sd=1.0, effect_of_design=1.0), 6)
    0.1
    """
    return sd * math.sqrt(2 * effect_of_design / (k * m))


def proportions_std_error(k: float, m: float, p1: float, p2: float, *, effect_of_design: float) -> float:
    """The standard error of a difference of two arms' proportions, each with its own variance.

    Examples
    --------
    >>> round(proportions_std_error(10, 5, 0.5, 0.5, effect_of_design=2.0), 6)
    0.141421
    """
    return math.sqrt((p1 * (1 - p1) + p2 * (1 - p2)) * effect_of_design / (k * m))


def rates_power(k: float, person_time: float, r0: float, r1: float, *, between_cv: float, alpha: float = 0.05) -> float:
    """The probability that k clusters an arm find a difference of two rates (0-1).

    Parameters
    ----------
    k
        Clusters in each arm.
    person_time
        Of one cluster.
    r0, r1
        Rates for one unit of person-time.
    between_cv
        Coefficient of variation of true rates between clusters of one arm.

    Notes
    -----
    z = sqrt((k - 1) (r0 - r1)^2 / ((r0 + r1) / y + cv^2 (r0^2 + r1^2))) - z_{1-alpha/2}.

    References
    ----------
    Hayes RJ, Bennett S. Int J Epidemiol 1999;28:319-326.
    """
    variance = (r0 + r1) / person_time + between_cv**2 * (r0**2 + r1**2)
    return float(ndtr(math.sqrt((k - 1) / variance) * abs(r0 - r1) - ndtri(1 - alpha / 2)))


def means_clusters(
    effect: float, m: float, *, icc: float, cv: float = 0.0, sd: float = 1.0, power: float = 0.8, tails: Tails = "both"
) -> float:
    """Clusters in each arm for a difference of means, not rounded; infinite where no number of them is enough.

    Notes
    -----
    The root in k of the noncentral t power with 2 (k - 1) degrees of freedom and the upper bound of the design effect.
    """
    factor = design_effect(m, icc, cv=cv, correction="weighted")

    def shortfall(k: float) -> float:
        std_error = means_std_error(k, m, sd=sd, effect_of_design=factor)
        return t_power(effect, std_error, 2 * (k - 1), tails=tails) - power

    highest = 1e7
    return float(brentq(shortfall, 1.5, highest, xtol=1e-9, rtol=1e-13)) if shortfall(highest) > 0 else math.inf
