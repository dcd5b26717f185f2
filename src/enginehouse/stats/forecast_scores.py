"""Scores of forecasts against what happened: of probabilities for words, and of an interval with its middle.

Smaller is better throughout. Whose forecasts they are, and calibration across cycles, is in `evidence.forecasts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import betaincinv

from enginehouse.stats.gaussian import density, upper_tail
from enginehouse.stats.results import Interval, t_quantile

PROBABILITY_INSIDE = 0.8
"""What a forecast's interval is to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalForecast:
    """A forecast by three numbers: `low`, `middle` and `high`, strictly rising.

    It is read as two half normal distributions that meet at the middle: half of the probability lies on either side,
    and `low` to `high` holds `probability_inside` of it, the rest being shared equally by the two ends.
    """

    low: float
    middle: float
    high: float
    probability_inside: float = PROBABILITY_INSIDE

    def __post_init__(self) -> None:
        if not self.low < self.middle < self.high:
            raise ValueError(f"got {self.low}, {self.middle} and {self.high} for a forecast; they must rise")
        if not 0 < self.probability_inside < 1:
            raise ValueError(f"got the probability {self.probability_inside} for an interval")

    @property
    def sds(self) -> tuple[float, float]:
        """The standard deviations below and above the middle."""
        z = t_quantile(0.5 + self.probability_inside / 2, math.inf)
        return (self.middle - self.low) / z, (self.high - self.middle) / z

    def probability_below(self, value: float) -> float:
        """That the outcome is at most `value`."""
        below, above = self.sds
        sd = below if value < self.middle else above
        return upper_tail((self.middle - value) / sd)


def brier_score(probabilities: Mapping[str, float], happened: str) -> float:
    """The squared distance between the probabilities given to several words and what happened.

    Parameters
    ----------
    probabilities : mapping of str to float
        Adding up to 1; a word that is not in it was given 0.
    happened : str
        The word that came about.

    Returns
    -------
    float
        From 0 (certain and right) to 2 (certain and wrong).

    Raises
    ------
    ValueError
        The probabilities do not add up to 1, or one of them is not between 0 and 1.

    Notes
    -----
    sum over words of (p - o)^2, o = 1 for what happened and 0 otherwise (Brier's original form).

    References
    ----------
    Brier GW. Mon Weather Rev 1950;78:1-3, eq 2.

    Examples
    --------
    >>> round(brier_score({"rain": 0.7, "no rain": 0.3}, "rain"), 2)
    0.18
    """
    if abs(sum(probabilities.values()) - 1) > 1e-6 or any(not 0 <= p <= 1 for p in probabilities.values()):
        raise ValueError(f"probabilities must be between 0 and 1 and add up to 1; got {dict(probabilities)}")
    missed = 0.0 if happened in probabilities else 1.0
    return missed + sum((p - (word == happened)) ** 2 for word, p in probabilities.items())


def interval_score(forecast: IntervalForecast, outcome: float) -> float:
    """The width of an interval, plus a penalty where the outcome lies outside.

    Parameters
    ----------
    forecast : IntervalForecast
    outcome : float
        In the same unit.

    Returns
    -------
    float
        In that unit, above 0.

    Notes
    -----
    (high - low) + (2 / alpha) x distance outside, alpha = 1 - probability inside.

    References
    ----------
    Gneiting T, Raftery AE. J Am Stat Assoc 2007;102:359-378, eq 43.

    Examples
    --------
    >>> round(interval_score(IntervalForecast(low=-1.0, middle=0.0, high=1.0), 1.5), 6)
    7.0
    """
    outside = max(forecast.low - outcome, outcome - forecast.high, 0.0)
    return (forecast.high - forecast.low) + 2.0 / (1 - forecast.probability_inside) * outside


def crps(forecast: IntervalForecast, outcome: float) -> float:
    """The continuous ranked probability score: the distance between a forecast distribution and an outcome.

    Parameters
    ----------
    forecast : IntervalForecast
    outcome : float
        In the same unit.

    Returns
    -------
    float
        In that unit, above 0; for a forecast without any doubt it would be the absolute error.

    Notes
    -----
    Integral of (F(x) - 1{x >= outcome})^2, in closed form for the two halves. With sd s and A(z) = z Phi(z)^2 +
    2 phi(z) Phi(z) - Phi(z sqrt 2) / sqrt(pi), the integral of F^2 up to z sds from the middle is s A(z).

    References
    ----------
    Gneiting T, Raftery AE. J Am Stat Assoc 2007;102:359-378, section 4.2 (the normal distribution, both halves equal).

    Examples
    --------
    >>> z = 1.2815515655446004
    >>> round(crps(IntervalForecast(low=-z, middle=0.0, high=z), 0.0), 6)  # (sqrt 2 - 1) / sqrt pi
    0.233695
    """
    below, above = forecast.sds
    if outcome < forecast.middle:  # seen in a mirror, it lies above
        below, above = above, below
    z = abs(outcome - forecast.middle) / above
    return below * _square_up_to(0.0) + above * (_square_up_to(z) - _square_up_to(0.0) + _square_up_to(-z))


def coverage(inside: int, of: int, *, confidence_level: float = 0.95) -> Interval:
    """The exact interval of the share of forecasts' intervals that held the outcome.

    Parameters
    ----------
    inside, of : int
        0 <= inside <= of, of at least 1.
    confidence_level : float
        0-1.

    Returns
    -------
    Interval
        Of a share, 0-1.

    References
    ----------
    Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.

    Examples
    --------
    >>> limits = coverage(8, 10)
    >>> round(limits.low, 4), round(limits.high, 4)
    (0.4439, 0.9748)
    """
    tail = (1 - confidence_level) / 2
    low = 0.0 if inside == 0 else float(betaincinv(inside, of - inside + 1, tail))
    high = 1.0 if inside == of else float(betaincinv(inside + 1, of - inside, 1 - tail))
    return Interval(low=low, high=high, confidence_level=confidence_level, method="exact (Clopper-Pearson)")


def _square_up_to(z: float) -> float:
    """The integral of the squared standard normal distribution function from -infinity to z."""
    cdf = upper_tail(-z)
    return z * cdf * cdf + 2.0 * density(z) * cdf - upper_tail(-z * math.sqrt(2.0)) / math.sqrt(math.pi)
