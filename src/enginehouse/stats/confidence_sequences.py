"""Intervals that hold at every look, however many and whenever: for those who watch a dashboard. Planned looks are in
`stats.group_sequential`; they are narrower where the plan is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.optimize import brentq
from scipy.special import betaln, log_ndtr, zeta

from enginehouse.stats.results import Estimate, Interval

FURTHEST = 60.0


def normal_mixture_bound(
    intrinsic_time: float, *, alpha: float = 0.05, tightest_at: float, two_sided: bool = True
) -> float:
    """How far a sum with a given variance may stray, at any time, with probability at most alpha (normal mixture).

    Parameters
    ----------
    intrinsic_time : float
        The variance v of the sum so far, above 0.
    alpha : float
        In (0, 1): of both tails together where `two_sided`.
    tightest_at : float
        The variance at which the bound is to be as close as it can be.
    two_sided : bool
        Whether straying either way counts.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A variance is not positive, or alpha is outside (0, 1).

    Notes
    -----
    With rho chosen for `tightest_at`, two-sided: sqrt((v + rho) log((v + rho) / (rho alpha^2))). One-sided, the sum
    s at which the mixture over positive means, 2 sqrt(rho / (v + rho)) Phi(s / sqrt(v + rho)) exp(s^2 / 2(v + rho)), is
    1 / alpha.

    References
    ----------
    Robbins H. Ann Math Stat 1970;41:1397-1409. Howard SR et al. Ann Stat 2021;49:1055-1080, section 3.2.

    Examples
    --------
    >>> round(normal_mixture_bound(100, alpha=0.05, tightest_at=50), 4)
    30.6148
    """
    _check(alpha, intrinsic_time, tightest_at)
    if two_sided:
        rho = _best_rho(tightest_at, alpha)
        total = intrinsic_time + rho
        return math.sqrt(total * math.log(total / (rho * alpha**2)))
    rho = _best_rho(tightest_at, min(2 * alpha, 0.999))
    total = intrinsic_time + rho

    def excess(s: float) -> float:
        log_mixture = 0.5 * math.log(4 * rho / total) + s**2 / (2 * total) + float(log_ndtr(s / math.sqrt(total)))
        return log_mixture + math.log(alpha)

    return _rising_root(excess, math.sqrt(total))


def log_normal_mixture(score: float, intrinsic_time: float, *, alpha: float = 0.05, tightest_at: float) -> float:
    """The logarithm of the two-sided mixture that is compared with log(1 / alpha): evidence against no effect.

    Parameters
    ----------
    score : float
        The sum.
    intrinsic_time, tightest_at
        As in `normal_mixture_bound`.
    alpha : float
        The level that the mixture is tuned for.

    Returns
    -------
    float
    """
    _check(alpha, intrinsic_time, tightest_at)
    rho = _best_rho(tightest_at, alpha)
    total = intrinsic_time + rho
    return 0.5 * math.log(rho / total) + score**2 / (2 * total)


def stitching_bound(
    intrinsic_time: float,
    *,
    alpha: float = 0.05,
    starts_at: float,
    scale: float = 0.0,
    exponent: float = 1.4,
    growth: float = 2.0,
) -> float:
    """The bound, one-sided, pieced together over epochs of growing length: it grows as the law of iterated logarithms.

    Parameters
    ----------
    intrinsic_time : float
        The variance so far.
    alpha : float
        In (0, 1).
    starts_at : float
        The variance at which the first epoch begins; before it the bound is that of this point.
    scale : float
        Of a sub-gamma sum: 0 for a normal one.
    exponent : float
        Above 1: how the error is shared among epochs.
    growth : float
        Above 1: how much longer each epoch is.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A number is out of its range.

    References
    ----------
    Howard SR et al. Ann Stat 2021;49:1055-1080, theorem 1 and equation 10.
    """
    _check(alpha, intrinsic_time, starts_at)
    if exponent <= 1 or growth <= 1 or scale < 0:
        raise ValueError(
            f"got exponent {exponent:g}, growth {growth:g} and scale {scale:g}; above 1, above 1, 0 or more"
        )
    v = max(intrinsic_time, starts_at)
    share = math.log(float(zeta(exponent)) / (alpha * math.log(growth) ** exponent))
    epochs = exponent * math.log(math.log(growth * v / starts_at)) + share
    spread = (growth**0.25 + growth**-0.25) / math.sqrt(2)
    shift = (math.sqrt(growth) + 1) / 2 * scale * epochs
    return math.sqrt(spread**2 * v * epochs + shift**2) + shift


def proportion_sequence(
    events: int, trials: int, *, alpha: float = 0.05, tightest_at: float, tuned_for: float | None = None
) -> Interval:
    """The interval of a proportion that holds at every number of trials (beta-binomial mixture).

    Parameters
    ----------
    events, trials : int
        0 to `trials`, and at least 1 trial.
    alpha : float
        In (0, 1).
    tightest_at : float
        The number of trials at which it is to be narrowest.
    tuned_for : float, optional
        The alpha that it is tuned for; `alpha` by default.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        Numbers out of range.

    Notes
    -----
    A proportion p is inside while the likelihood ratio of a beta mixture, with mean p, against p stays below 1 / alpha.

    References
    ----------
    Robbins 1970. Howard et al. 2021, proposition 7.
    """
    _check(alpha, float(trials), tightest_at)
    if not 0 <= events <= trials:
        raise ValueError(f"got {events} event(s) in {trials} trial(s)")
    middle = events / trials
    level = tuned_for or alpha

    def excess(p: float) -> float:
        return _log_beta_mixture(events, trials - events, p, tightest_at, level) + math.log(alpha)

    tiny = 1e-12
    low = 0.0 if events == 0 else _crossing(excess, tiny, min(middle, 1 - tiny))
    high = 1.0 if events == trials else _crossing(excess, 1 - tiny, max(middle, tiny))
    return Interval(low=low, high=high, confidence_level=1 - alpha, method="anytime-valid")


def effect_sequence(estimate: Estimate, *, alpha: float = 0.05, planned_information: float) -> Interval:
    """An interval of an effect that holds at all looks together, roughly, where clusters are many.

    Parameters
    ----------
    estimate : Estimate
        Of the effect, with all data up to now; its information is 1 / std_error^2.
    alpha : float
        In (0, 1).
    planned_information : float
        The information at the planned end: there it is narrowest.

    Returns
    -------
    Interval
        On the estimate's scale.

    Raises
    ------
    ValueError
        As in `normal_mixture_bound`.

    Notes
    -----
    The score is estimate / std_error^2 and its variance the information v: the half width is bound(v) / v. This is an
    asymptotic confidence sequence: few clusters make its level approximate, and t is not allowed for.

    References
    ----------
    Waudby-Smith I et al. Ann Stat 2024;52:2613-2640.
    """
    information = 1 / estimate.std_error**2
    half = normal_mixture_bound(information, alpha=alpha, tightest_at=planned_information) / information
    return Interval(
        low=estimate.value - half, high=estimate.value + half, confidence_level=1 - alpha, method="anytime-valid"
    )


def _best_rho(tightest_at: float, alpha: float) -> float:
    """Howard et al. 2021, equation 14, without its lower branch of Lambert's W."""
    odds = 2 * math.log(1 / alpha)
    return tightest_at / (odds + math.log(1 + odds))


def _log_beta_mixture(events: int, failures: int, p: float, tightest_at: float, alpha: float) -> float:
    """Against p: the ratio of the likelihood under Beta(r / (1 - p), r / p) to that under p."""
    variance = p * (1 - p)
    r = max(_best_rho(variance * tightest_at, alpha) - variance, 1e-3 * variance)
    a, b = r / (1 - p), r / p
    return float(betaln(a + events, b + failures) - betaln(a, b)) - events * math.log(p) - failures * math.log1p(-p)


def _crossing(excess: Callable[[float], float], outer: float, inner: float) -> float:
    """Between an end of the range and the observed proportion; the end itself where nothing is excluded."""
    return float(brentq(excess, outer, inner, xtol=1e-13)) if excess(outer) > 0 else round(outer)


def _rising_root(excess: Callable[[float], float], unit: float) -> float:
    return float(brentq(excess, 0.0, FURTHEST * unit, xtol=1e-12, rtol=1e-14))


def _check(alpha: float, *variances: float) -> None:
    if not 0 < alpha < 1 or not all(v > 0 for v in variances):
        raise ValueError(f"got alpha {alpha:g} and {', '.join(f'{v:g}' for v in variances)}; expected 0-1, and above 0")
