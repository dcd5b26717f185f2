"""How alike rows of one cluster are: intracluster correlation and cluster autocorrelation, with profile intervals.

Only of structures in which every row varies alike; a random slope's correlation depends on where one looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import chdtri

from enginehouse.stats.fits import Array
from enginehouse.stats.lmm.fit import LmmFit
from enginehouse.stats.lmm.profile import METHOD, end_of
from enginehouse.stats.lmm.structures import Decay, DiscreteTimeDecay, NestedExchangeable, RandomIntercept
from enginehouse.stats.results import Interval, NotEstimable

MOST = 1 - 1e-9
"""The largest intracluster correlation that is looked at: at 1 there is no residual variation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A correlation with its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCorrelations:
    """How alike rows of one cluster are.

    Attributes
    ----------
    icc
        The correlation of two rows of a cluster, in the same period where there are periods.
    cac
        The correlation of a cluster's levels in two periods, one unit of time apart under decay: rows of different
        periods have the correlation `icc` times this. None for a single random intercept, of which it is 1 by
        assumption; not estimable where clusters do not differ.
    """

    icc: Correlation
    cac: Correlation | NotEstimable | None


def cluster_correlations(fit: LmmFit, *, confidence_level: float = 0.95) -> ClusterCorrelations | NotEstimable:
    """Intracluster correlation (ICC) and cluster autocorrelation (CAC) with profile-likelihood intervals.

    Parameters
    ----------
    fit
        With a random intercept, nested exchangeable or decay structure. The profile is of the likelihood of the fit.
    confidence_level
        Between 0 and 1.

    Returns
    -------
    ClusterCorrelations or NotEstimable
        Reason: `no-single-correlation` for other structures.

    Notes
    -----
    With a^2 the variance of a cluster's level in a period and s^2 that of a row, ICC = a^2 / (a^2 + s^2). Nested: a^2
    is the sum of the variances of cluster and of cluster-period, CAC the share of the first. Decay: CAC = r. The
    interval holds all values that the profile (restricted) likelihood does not exclude; it may end at 0 or 1.

    References
    ----------
    Hooper R, Teerenstra S, de Hoop E, Eldridge S. Stat Med 2016;35:4718-4728. Kasza J, Hemming K, Hooper R, Matthews
    JNS, Forbes AB. Stat Methods Med Res 2019;28:703-716.
    """
    if not isinstance(fit.model.structure, RandomIntercept | NestedExchangeable | DiscreteTimeDecay):
        return NotEstimable(
            reason="no-single-correlation",
            detail="With this structure two rows of a cluster are not equally alike everywhere: there is no one ICC.",
        )
    surface = _Surface(fit)
    icc, cac = surface.estimate
    height = float(chdtri(1, 1 - confidence_level))
    first = _around(icc, MOST, lambda value: surface.lowest(0, value) - fit.deviance, height, confidence_level)
    if isinstance(fit.model.structure, RandomIntercept):
        return ClusterCorrelations(icc=first, cac=None)
    if icc <= 0:
        refusal = NotEstimable(
            reason="no-variation", detail="Clusters do not differ, so that their levels have no CAC."
        )
        return ClusterCorrelations(icc=first, cac=refusal)
    second = _around(cac, 1.0, lambda value: surface.lowest(1, value) - fit.deviance, height, confidence_level)
    return ClusterCorrelations(icc=first, cac=second)


def _around(value: float, most: float, rise: Callable[[float], float], height: float, level: float) -> Correlation:
    down = end_of(lambda way: rise(value - way), height, value / 2, value)
    up = end_of(lambda way: rise(value + way), height, (most - value) / 4, most - value)
    interval = Interval(low=max(value - down, 0.0), high=value + up, confidence_level=level, method=METHOD)
    return Correlation(value=value, interval=interval)


class _Surface:
    """The deviance by ICC and CAC."""

    def __init__(self, fit: LmmFit) -> None:
        self.objective = fit.objective
        self.structure = fit.model.structure
        self.estimate = self._estimate(fit.solved.theta)

    def _estimate(self, theta: Array) -> tuple[float, float]:
        if isinstance(self.structure, NestedExchangeable):
            level, cac = float(theta @ theta), float(theta[0] ** 2 / max(theta @ theta, 1e-300))
        elif isinstance(self.structure, DiscreteTimeDecay):
            level, cac = float(theta[0] ** 2), max(self._decay().correlation(theta), 0.0)
        else:
            level, cac = float(theta[0] ** 2), 1.0
        return level / (1 + level), cac

    def _decay(self) -> Decay:
        found = self.objective.covariances[0]
        assert isinstance(found, Decay)  # the only term of that structure
        return found

    def __call__(self, icc: float, cac: float) -> float:
        level = min(icc, MOST) / (1 - min(icc, MOST))
        if isinstance(self.structure, NestedExchangeable):
            theta = np.sqrt([level * cac, level * (1 - cac)])
        elif isinstance(self.structure, DiscreteTimeDecay):
            theta = np.array([math.sqrt(level), self._decay().angle(cac)])
        else:
            theta = np.sqrt([level])
        return self.objective.at(theta).value

    def lowest(self, which: int, value: float) -> float:
        """The smallest deviance with ICC (0) or CAC (1) held at a value."""
        if isinstance(self.structure, RandomIntercept):
            return self(value, 1.0)
        if which == 0:
            return self._along(lambda other: self(value, other), self.estimate[1], 1.0)
        return self._along(lambda other: self(other, value), self.estimate[0], MOST)

    def _along(self, curve: Callable[[float], float], near: float, most: float) -> float:
        """The lowest point of a curve on [0, most]: by golden section about the estimate and over the whole range."""
        found = [curve(0.0), curve(near)]
        for low, high in ((0.0, most), (near / 2, min(most, near + (most - near) / 2))):
            inside = minimize_scalar(curve, bounds=(low, high), method="bounded", options={"xatol": 1e-7})
            found.append(float(inside.fun))
        return min(found)
