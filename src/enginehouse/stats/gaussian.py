"""Closed forms of one normal quantity: expected gains, what a study would teach, and updating by a study.

Which quantity it is (an effect, a net benefit) is the caller's business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_ROOT_2 = math.sqrt(2.0)
_ROOT_2_PI = math.sqrt(2.0 * math.pi)
_BEYOND = 38.0
"""Standard deviations beyond which a normal tail is 0 in floating point."""


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal distribution by its mean and standard deviation (0 or more)."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd >= 0):
            raise ValueError(f"got mean {self.mean} and standard deviation {self.sd} for a normal distribution")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Two normal distributions, the first with `weight` (0-1), the second with the rest."""

    weight: float
    first: Normal
    second: Normal

    @property
    def mean(self) -> float:
        return self.weight * self.first.mean + (1 - self.weight) * self.second.mean

    @property
    def sd(self) -> float:
        spread = self.weight * (self.first.sd**2 + self.first.mean**2)
        spread += (1 - self.weight) * (self.second.sd**2 + self.second.mean**2)
        return math.sqrt(spread - self.mean**2)

    @property
    def probability_positive(self) -> float:
        return self.weight * probability_positive(self.first) + (1 - self.weight) * probability_positive(self.second)


def density(z: float) -> float:
    """The standard normal density at z."""
    return math.exp(-0.5 * z * z) / _ROOT_2_PI


def upper_tail(z: float) -> float:
    """The probability that a standard normal quantity exceeds z."""
    return 0.5 * math.erfc(z / _ROOT_2)


def probability_positive(x: Normal) -> float:
    """The probability that a normal quantity exceeds 0 (strictly).

    Parameters
    ----------
    x : Normal

    Returns
    -------
    float
        Between 0 and 1. A quantity without any doubt (sd 0) exceeds 0 or does not.

    Examples
    --------
    >>> round(probability_positive(Normal(250_000, 180_000)), 3)
    0.918
    """
    return float(x.mean > 0) if x.sd == 0 else upper_tail(-x.mean / x.sd)


def emax(x: Normal) -> float:
    """The expectation of the larger of 0 and a normal quantity.

    Parameters
    ----------
    x : Normal
        In any unit.

    Returns
    -------
    float
        At least max(0, mean), in the unit of `x`.

    Notes
    -----
    emax(a, s) = s phi(a/s) + a Phi(a/s); max(a, 0) where s = 0.

    Examples
    --------
    >>> round(emax(Normal(-1.81676, 8.9199)), 4)
    2.7237
    """
    if x.sd == 0:
        return max(x.mean, 0.0)
    return max(x.mean, 0.0) + unit_normal_loss(x)


def unit_normal_loss(x: Normal) -> float:
    """The expected gain of knowing a normal quantity before choosing between it and 0.

    Parameters
    ----------
    x : Normal
        The incremental net benefit of one option over the other, in any unit.

    Returns
    -------
    float
        0 or more, in the unit of `x`: the expected value of perfect information about it.

    Notes
    -----
    UNL(a, s) = emax(a, s) - max(a, 0) = s phi(z) - |a| Phi(-z), z = |a|/s. Written by the tail, so that it neither
    cancels nor goes below 0 where the choice is nearly certain.

    References
    ----------
    Raiffa H, Schlaifer R. Applied Statistical Decision Theory. Harvard 1961, section 5.3.

    Examples
    --------
    >>> round(unit_normal_loss(Normal(1.0, 5 ** 0.5)), 6)
    0.479811
    """
    if abs(x.mean) >= _BEYOND * x.sd:
        return 0.0
    z = abs(x.mean) / x.sd
    return max(x.sd * (density(z) - z * upper_tail(z)), 0.0)


def preposterior_sd(sd: float, std_error: float) -> float:
    """The standard deviation, before a study, of what the mean will be after it.

    Parameters
    ----------
    sd : float
        Of the quantity now, 0 or more.
    std_error : float
        Of the study's estimate of it, above 0 (infinite: a study that tells nothing).

    Returns
    -------
    float
        From 0 (nothing will be learnt) to `sd` (everything will).

    Notes
    -----
    s = sd^2 / sqrt(sd^2 + std_error^2), for a normal prior and a normal study of known error.

    Examples
    --------
    >>> round(preposterior_sd(12.0, 116.62 ** 0.5), 4)
    8.9199
    """
    return 0.0 if sd == 0 else sd * sd / math.hypot(sd, std_error)


def updated(prior: Normal, estimate: float, std_error: float) -> Normal:
    """What is believed of a quantity after one study of it.

    Parameters
    ----------
    prior : Normal
        What was believed before, with sd above 0.
    estimate, std_error : float
        What the study found, and its standard error (above 0), in the same unit.

    Returns
    -------
    Normal
        The posterior; updating by several studies gives the same in any order.

    Notes
    -----
    Precisions (1/variance) add; the mean is their weighted mean.

    Examples
    --------
    >>> updated(Normal(4.0, 9.0), 9.5, 6.0).mean.__round__(4)
    7.8077
    """
    before, from_study = prior.sd**-2, std_error**-2
    precision = before + from_study
    return Normal((before * prior.mean + from_study * estimate) / precision, precision**-0.5)


def surprise(prior: Normal, estimate: float, std_error: float) -> float:
    """How far a study's result lies from what was expected, in standard deviations of that expectation.

    Parameters
    ----------
    prior : Normal
    estimate, std_error : float
        The study's, in the same unit.

    Returns
    -------
    float
        (estimate - mean) / sqrt(sd^2 + std_error^2): beyond 2 either way, prior and result hardly agree.
    """
    return (estimate - prior.mean) / math.hypot(prior.sd, std_error)


def robustly_updated(prior: Normal, *, weight: float, vague_sd: float, estimate: float, std_error: float) -> Mixture:
    """What is believed after a study when the prior itself was doubted.

    Parameters
    ----------
    prior : Normal
    weight : float
        How far the prior was trusted, 0-1; the rest goes to a vague one with the same mean.
    vague_sd : float
        The standard deviation of the vague one.
    estimate, std_error : float
        What the study found, and its standard error.

    Returns
    -------
    Mixture
        The trusted and the vague posterior, weighted by how well each had predicted the result.

    Notes
    -----
    w' = w f1 / (w f1 + (1-w) f2), f the prior-predictive density of the result.

    References
    ----------
    Schmidli H and others. Robust meta-analytic-predictive priors. Biometrics 2014;70:1023-1032, eq 4.
    """
    vague = Normal(prior.mean, vague_sd)
    odds = math.exp(min(_log_density(vague, estimate, std_error) - _log_density(prior, estimate, std_error), 700.0))
    return Mixture(
        weight=weight / (weight + (1 - weight) * odds),
        first=updated(prior, estimate, std_error),
        second=updated(vague, estimate, std_error),
    )


def _log_density(prior: Normal, estimate: float, std_error: float) -> float:
    """Of the result before the study, without the constant that both priors share."""
    return -0.5 * surprise(prior, estimate, std_error) ** 2 - math.log(math.hypot(prior.sd, std_error))
