"""How the period means of one cluster hang together: variances of clusters and people, and how they fade with time.

What a design makes of them is in `longitudinal.py`; how they are estimated from a history, in `components.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from enginehouse.trials.sample_size.checks import not_negative, positive, refuse, share

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Variance components of an outcome measured in clusters over periods.

    Attributes
    ----------
    between
        Variance of clusters' levels in one period.
    within
        Variance of a person's outcome around the cluster's level and the person's own, in one period.
    person
        Variance of people's own levels, for those who are measured again.
    cac
        Correlation of a cluster's levels in any two periods (0-1).
    decay
        Factor by which that correlation falls with each period between (0-1).
    person_decay
        The same for people's own levels.
    retained
        Share of people who are measured again one period later (0-1): 1 a closed cohort, 0 others each time.
    effect, effect_with_level
        Variance of the treatment effect between clusters, and its covariance with their levels.
    """

    between: float
    within: float
    person: float = 0.0
    cac: float = 1.0
    decay: float = 1.0
    person_decay: float = 1.0
    retained: float = 1.0
    effect: float = 0.0
    effect_with_level: float = 0.0

    def __post_init__(self) -> None:
        not_negative(between=self.between, within=self.within, person=self.person, effect=self.effect)
        share(cac=self.cac, decay=self.decay, person_decay=self.person_decay, retained=self.retained)
        if self.effect_with_level**2 > self.effect * self.between * (1 + 1e-9):
            raise refuse("effect_with_level", self.effect_with_level, "a covariance that the two variances allow")

    def with_effect(self, sd: float, *, correlation: float = 0.0) -> Correlation:
        """The same with effects that differ between clusters, by a standard deviation (Hughes 2015)."""
        level = self.between * self.cac if self.decay == 1 else self.between
        return replace(self, effect=sd**2, effect_with_level=correlation * sd * math.sqrt(level))


def exchangeable(icc: float, *, sd: float = 1.0) -> Correlation:
    """Any two people of a cluster are alike to the same degree, whenever measured (Hussey and Hughes 2007)."""
    return nested_exchangeable(icc, cac=1.0, sd=sd)


def nested_exchangeable(icc: float, *, cac: float, sd: float = 1.0) -> Correlation:
    """Two people of a cluster are alike by `icc` in one period and by icc x cac in two (Hooper 2016, Girling 2016)."""
    share(icc=icc)
    positive(sd=sd)
    return Correlation(between=icc * sd**2, within=(1 - icc) * sd**2, cac=cac)


def discrete_decay(icc: float, *, decay: float, sd: float = 1.0) -> Correlation:
    """Two people of a cluster are alike by icc x decay^periods between (Kasza 2019)."""
    share(icc=icc)
    positive(sd=sd)
    return Correlation(between=icc * sd**2, within=(1 - icc) * sd**2, decay=decay)


def closed_cohort(icc: float, *, cac: float = 1.0, iac: float, decay: float = 1.0, sd: float = 1.0) -> Correlation:
    """The same people each time; `iac` is the share of variance within clusters that is people's own (Hooper 2016).

    Everything else as in `nested_exchangeable` and `discrete_decay`.
    """
    return open_cohort(icc, cac=cac, iac=iac, retained=1.0, decay=decay, sd=sd)


def open_cohort(
    icc: float, *, cac: float = 1.0, iac: float, retained: float, decay: float = 1.0, sd: float = 1.0
) -> Correlation:
    """Some people come and go: a share `retained` is measured again one period later, retained^2 two later.

    References
    ----------
    Kasza J and others. Sample size and power calculations for open cohort longitudinal cluster randomized trials. Stat
    Med 2020;39:1871-1883.
    """
    share(icc=icc, iac=iac)
    positive(sd=sd)
    rest = (1 - icc) * sd**2
    return Correlation(
        between=icc * sd**2, within=rest * (1 - iac), person=rest * iac, cac=cac, decay=decay, retained=retained
    )


def proportional_decay(icc: float, *, decay: float, sd: float = 1.0) -> Correlation:
    """Two people of a cluster and a person with himself fade alike: icc x decay^periods and decay^periods (Li 2020).

    References
    ----------
    Li F. Design and analysis considerations for cohort stepped wedge cluster randomized trials with a decay correlation
    structure. Stat Med 2020;39:438-455.
    """
    share(icc=icc)
    positive(sd=sd)
    rest = (1 - icc) * sd**2
    return Correlation(between=icc * sd**2, within=0.0, person=rest, decay=decay, person_decay=decay)


def period_covariance(
    correlation: Correlation,
    people: Array | float,
    *,
    periods: int,
    treated: Array | None = None,
    within: Array | None = None,
) -> Array:
    """The covariance of clusters' period means.

    Parameters
    ----------
    correlation
        Variance components.
    people : number, or array, shape (clusters,) or (clusters, periods)
        Measured in each period of each cluster (or of each sequence's clusters).
    periods
        How many.
    treated : array, shape (clusters, periods), optional
        The schedule, needed only where effects differ between clusters.
    within : array, shape (clusters, periods), optional
        The residual variance of people in each cell, instead of `correlation.within`.

    Returns
    -------
    array, shape (periods, periods), or (clusters, periods, periods)
        The first where everything is the same in all clusters.

    Notes
    -----
    Cov(t, s) = between x (cac if t != s) x decay^|t-s| + person x (person_decay x retained)^|t-s| / sqrt(n_t n_s)
    + (within / n_t if t = s) + effect x_t x_s + effect_with_level (x_t + x_s), x the treatment.

    Examples
    --------
    >>> period_covariance(Correlation(between=1.0, within=5.0, cac=0.5), 10, periods=2).tolist()
    [[1.5, 0.5], [0.5, 1.5]]
    """
    size = np.asarray(people, dtype=np.float64)
    if not (size > 0).all():
        raise refuse("people", float(np.min(size)), "numbers above 0")
    size = size[..., None] if size.ndim == 1 else size
    lag = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    same = lag == 0
    levels = correlation.between * np.where(same, 1.0, correlation.cac) * np.power(correlation.decay, lag)
    own = correlation.person * np.power(correlation.person_decay * correlation.retained, lag)
    residual = np.asarray(correlation.within if within is None else within, dtype=np.float64)
    if size.ndim == 0 and residual.ndim == 0 and treated is None:
        return np.asarray(levels + own / size + np.where(same, residual / size, 0.0))
    size = np.broadcast_to(size, (*size.shape[:-1], periods)) if size.ndim else np.full(periods, float(size))
    root = np.sqrt(size)
    result = levels + own / (root[..., :, None] * root[..., None, :]) + _diagonal(residual / size)
    if treated is not None and correlation.effect > 0:
        x = np.nan_to_num(np.asarray(treated, dtype=np.float64))
        result = result + correlation.effect * x[..., :, None] * x[..., None, :]
        result = result + correlation.effect_with_level * (x[..., :, None] + x[..., None, :])
    return np.asarray(result)


def _diagonal(values: Array) -> Array:
    return np.asarray(values[..., :, None] * np.eye(values.shape[-1]))
