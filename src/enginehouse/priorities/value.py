"""Discounting, cost-effectiveness and the value of information of one option against current practice, in closed form.

The triage rule that uses them is in `triage`; what a strategy's effect is worth here is in `effects`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from enginehouse.stats.gaussian import Normal, preposterior_sd, unit_normal_loss


class Discounting(StrEnum):
    """When in a year its costs and benefits fall. Every page prints which."""

    START_OF_YEAR = "start of year, year 0 undiscounted"
    MIDDLE_OF_YEAR = "middle of year"
    END_OF_YEAR = "end of year"
    CONTINUOUS = "continuous, at the force of interest ln(1 + r)"
    CONTINUOUS_NOMINAL = "continuous, with the yearly rate as force of interest"


_NO_FORCE = 1e-12
"""A force of interest below this leaves years as they are, to the last digit that a float of them holds."""
_SHIFT = {Discounting.START_OF_YEAR: 0.0, Discounting.MIDDLE_OF_YEAR: 0.5, Discounting.END_OF_YEAR: 1.0}


def discounted_years(
    start: float, end: float, rate: float, convention: Discounting = Discounting.START_OF_YEAR
) -> float:
    """The years from `start` to `end`, later ones counting for less: D(a, b).

    Parameters
    ----------
    start, end : float
        Years from now, 0 <= start <= end; parts of a year are allowed.
    rate : float
        The yearly rate, 0 or more (0.035 for 3.5%).
    convention : Discounting
        When in a year its costs and benefits fall.

    Returns
    -------
    float
        Years; times a yearly amount it is that amount's present value.

    Raises
    ------
    ValueError
        The years are out of order, or the rate is below 0.

    Notes
    -----
    Yearly conventions: D(0, n) = sum over t = 0..n-1 of (1+r)^-(t+c), c = 0, 1/2 or 1. A part of a year counts as that
    part of its year's weight, so that D(a, b) + D(b, c) = D(a, c) throughout. Continuous: (1 - exp(-d x)) / d, with
    d = ln(1+r), or d = r (which is another rate, offered because software uses it).

    References
    ----------
    HM Treasury. The Green Book, annex 6 (start of year, year 0 undiscounted).

    Examples
    --------
    >>> round(discounted_years(0, 5, 0.035), 5), round(discounted_years(1, 5, 0.035), 5)
    (4.67308, 3.67308)
    """
    if not 0 <= start <= end or rate < 0:
        raise ValueError(f"got years {start} to {end} at rate {rate}; years must rise from 0, and the rate with them")
    return _from_now(end, rate, convention) - _from_now(start, rate, convention)


def present_value(by_year: Sequence[float], rate: float, convention: Discounting = Discounting.START_OF_YEAR) -> float:
    """The present value of yearly amounts.

    Parameters
    ----------
    by_year : sequence of float
        The amount of year 0, of year 1, and so on. Costs and health may have rates of their own: call twice.
    rate : float
        The yearly rate, 0 or more.
    convention : Discounting

    Returns
    -------
    float
        In the unit of the amounts.

    Examples
    --------
    >>> round(present_value([250000, 90000, 90000, 90000, 90000], 0.035), 2)
    580577.13
    """
    return math.fsum(amount * discounted_years(year, year + 1, rate, convention) for year, amount in enumerate(by_year))


def evpi(net_benefit: Normal) -> float:
    """The expected value of perfect information on one option against current practice.

    Parameters
    ----------
    net_benefit : Normal
        The option's incremental net benefit.

    Returns
    -------
    float
        In its unit; equal to the expected opportunity loss of the better choice.

    Examples
    --------
    >>> round(evpi(Normal(250_000, 180_000)))
    6763
    """
    return unit_normal_loss(net_benefit)


def evsi(mean: float, sd: float, std_error: float) -> float:
    """The expected value of a study whose estimate of the net benefit has this standard error.

    Parameters
    ----------
    mean, sd : float
        Of the incremental net benefit now; the `sd` from what the study informs, and from nothing else.
    std_error : float
        Of the study's estimate of it.

    Returns
    -------
    float
        From 0 to the expected value of perfect information about it.

    Notes
    -----
    UNL(mean, s), s = sd^2 / sqrt(sd^2 + std_error^2).

    Examples
    --------
    >>> round(evsi(250_000, 180_000, 90_000))
    4178
    """
    return unit_normal_loss(Normal(mean, preposterior_sd(sd, std_error)))


def cluster_trial_variance(
    *,
    clusters_per_arm: float,
    patients_per_cluster: float,
    sd_patient: float,
    icc: float,
    cv_cluster_size: float = 0.0,
    r2_baseline: float = 0.0,
) -> float:
    """The variance of the difference between two arms of a cluster trial.

    Parameters
    ----------
    clusters_per_arm, patients_per_cluster : float
        Above 0.
    sd_patient : float
        Standard deviation of the outcome (net benefit, say) between patients.
    icc : float
        Intracluster correlation, 0-1.
    cv_cluster_size : float
        Coefficient of variation of the clusters' sizes.
    r2_baseline : float
        Share of the variance that baseline covariates explain, 0-1.

    Returns
    -------
    float
        In the square of the outcome's unit.

    Notes
    -----
    2 sd^2 (1 - R2) (1 + ((cv^2 + 1) m - 1) icc) / (k m).

    References
    ----------
    Eldridge SM, Ashby D, Kerry S. Int J Epidemiol 2006;35:1292-1300 (unequal sizes).

    Examples
    --------
    >>> round(cluster_trial_variance(clusters_per_arm=80, patients_per_cluster=100, sd_patient=280, icc=0.05), 2)
    116.62
    """
    design_effect = 1 + ((cv_cluster_size**2 + 1) * patients_per_cluster - 1) * icc
    return 2 * sd_patient**2 * (1 - r2_baseline) * design_effect / (clusters_per_arm * patients_per_cluster)


def _from_now(years: float, rate: float, convention: Discounting) -> float:
    """D(0, years)."""
    if convention in _SHIFT:
        whole = math.floor(years)
        weights = [math.pow(1 + rate, -(t + _SHIFT[convention])) for t in range(whole + 1)]
        return math.fsum(weights[:-1]) + (years - whole) * weights[-1]
    force = math.log1p(rate) if convention is Discounting.CONTINUOUS else rate
    return years if force < _NO_FORCE else -math.expm1(-force * years) / force
