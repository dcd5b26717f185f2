"""How alike rows of one cluster are, by a mixed model of counts: on the latent scale and as observed.

Only of models in which every row varies alike: a random intercept, with or without an effect inside clusters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit, logit

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.families import OF_TRIALS, Family
from enginehouse.stats.glmm.fit import MixedFit
from enginehouse.stats.glmm.laplace import Parameters
from enginehouse.stats.glmm.mean_families import MEANS, Link
from enginehouse.stats.glmm.profile import deviation_interval
from enginehouse.stats.lmm.correlation import Correlation
from enginehouse.stats.results import Interval, NotEstimable, t_quantile

LATENT_VARIANCE: Mapping[Link, float] = {Link.LOGIT: math.pi**2 / 3, Link.PROBIT: 1.0, Link.CLOGLOG: math.pi**2 / 6}
"""Of the latent variable whose threshold makes a yes or no, given the cluster."""
POINTS = 31
STEP = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedCorrelation:
    """How alike two rows of a cluster are, in the same period where there are periods.

    Attributes
    ----------
    latent
        Of the latent variable behind a yes or no; not estimable for counts.
    observed
        Of single answers or counts themselves, for a row with the linear predictor `at`.
    linearised
        The same by a linear approximation of the mean, as ICCbin's `lin` (Goldstein 2002).
    cac
        The share of the variance between clusters that lasts from period to period; `None` without an inner effect.
    at
        The linear predictor without random effects: the mean over the rows unless another was asked for.
    """

    latent: Correlation | NotEstimable
    observed: Correlation
    linearised: float
    cac: Correlation | None
    at: float


def mixed_correlation(
    fit: MixedFit, *, at: float | None = None, confidence_level: float = 0.95
) -> MixedCorrelation | NotEstimable:
    """Intracluster correlations of a yes or no, or of counts, from a mixed model, with intervals.

    Parameters
    ----------
    fit
        With a random intercept, and perhaps an effect of members inside clusters.
    at
        Linear predictor, offset included, of the row that the observed scale is for; the rows' mean by default.
    confidence_level
        Between 0 and 1.

    Returns
    -------
    MixedCorrelation or NotEstimable
        Reason: `no-single-correlation` where a slope varies.

    Notes
    -----
    With v the variance of clusters (and members) on the linear scale: latent v / (v + pi^2 / 3) of the logit, v / (v +
    1) of the probit. Observed: Var(m) / (Var(m) + E(s)), m the mean and s the variance of one answer or count given the
    effects, both integrated over them. Of a random intercept alone intervals follow from the profile likelihood of its
    standard deviation, all else held at the estimate (exact for the latent scale); otherwise from the delta method on
    the logit of the correlation.

    References
    ----------
    Goldstein H, Browne W, Rasbash J. Understanding Statistics 2002;1:223-231. Nakagawa S, Johnson PCD, Schielzeth H.
    J R Soc Interface 2017;14:20170213.
    """
    if len(fit.data.random) > 1 or np.ptp(fit.data.random[0]) > 0:
        return NotEstimable(
            reason="no-single-correlation", detail="Where a slope varies, two rows are not equally alike everywhere."
        )
    here = float(np.mean(fit.data.offset + fit.data.design @ fit.fixed_effects)) if at is None else at
    scales = _Scales(fit, here, confidence_level)
    latent: Correlation | NotEstimable = NotEstimable(
        reason="no-latent-scale", detail="Only of a yes or no with logit, probit or complementary log-log link."
    )
    if fit.family in OF_TRIALS and fit.link in LATENT_VARIANCE:
        latent = scales.correlation(scales.latent)
    cac = (
        scales.correlation(scales.share) if fit.data.inner is not None and scales.variance(fit.optimum.at) > 0 else None
    )
    return MixedCorrelation(
        latent=latent,
        observed=scales.correlation(scales.observed),
        linearised=scales.linearised(fit.optimum.at),
        cac=cac,
        at=here,
    )


class _Scales:
    """The correlations as functions of the parameters."""

    def __init__(self, fit: MixedFit, at: float, level: float) -> None:
        self.fit, self.at, self.level = fit, at, level

    def variance(self, point: Parameters) -> float:
        """Of a row's linear predictor."""
        return float(point.factor[0, 0]) ** 2 + point.inner**2

    def latent(self, point: Parameters) -> float:
        variance = self.variance(point)
        return variance / (variance + LATENT_VARIANCE[self.fit.link])

    def share(self, point: Parameters) -> float:
        return float(point.factor[0, 0]) ** 2 / self.variance(point)

    def observed(self, point: Parameters) -> float:
        nodes, weight = hermegauss(POINTS)
        weight = weight / weight.sum()
        mean = MEANS[self.fit.link](self.at + math.sqrt(self.variance(point)) * nodes)[0]
        between = float(weight @ mean**2 - (weight @ mean) ** 2)
        return max(between, 0.0) / (max(between, 0.0) + float(weight @ _within(self.fit.family, point.log_size, mean)))

    def linearised(self, point: Parameters) -> float:
        mean, slope, *_ = MEANS[self.fit.link](np.array([self.at]))
        between = self.variance(point) * float(slope[0]) ** 2
        return between / (between + float(_within(self.fit.family, point.log_size, mean)[0]))

    def correlation(self, function: Callable[[Parameters], float]) -> Correlation:
        value = function(self.fit.optimum.at)
        return Correlation(value=value, interval=self._interval(function, value))

    def _interval(self, function: Callable[[Parameters], float], value: float) -> Interval:
        point = self.fit.optimum.at
        if self.fit.data.inner is None:
            sd = deviation_interval(self.fit, confidence_level=self.level)
            assert isinstance(sd, Interval)  # the model has this effect
            ends = [function(replace(point, factor=np.array([[end]]))) for end in (sd.low, min(sd.high, 1e3))]
            return Interval(low=ends[0], high=ends[1], confidence_level=self.level, method=sd.method)
        if not 0 < value < 1:
            return Interval(low=0.0, high=1.0, confidence_level=self.level, method="none: at the boundary")
        gradient = self._gradient(lambda at: float(logit(function(at))))
        error = math.sqrt(max(float(gradient @ self.fit.optimum.everything @ gradient), 0.0))
        half = t_quantile(0.5 + self.level / 2, math.inf) * error
        low, high = (float(expit(logit(value) + side * half)) for side in (-1, 1))
        return Interval(low=low, high=high, confidence_level=self.level, method="delta, logit scale")

    def _gradient(self, function: Callable[[Parameters], float]) -> Array:
        """By all parameters in the order of `everything`; `at` is held, so that fixed effects do not count."""
        point, p = self.fit.optimum.at, len(self.fit.names)
        found = np.zeros(len(self.fit.optimum.everything))
        moves: list[Callable[[float], Parameters]] = [
            lambda step: replace(point, factor=point.factor + step),
            lambda step: replace(point, inner=point.inner + step),
        ]
        if point.log_size is not None:
            size = point.log_size
            moves.append(lambda step: replace(point, log_size=size + step))
        for place, move in enumerate(moves, start=p):
            found[place] = (function(move(STEP)) - function(move(-STEP))) / (2 * STEP)
        return found


def _within(family: Family, log_size: float | None, mean: Array) -> Array:
    """The variance of one answer or count about its mean given the effects."""
    size = math.inf if log_size is None else math.exp(log_size)
    if family in OF_TRIALS:
        return mean * (1 - mean)
    if family is Family.NEGATIVE_BINOMIAL:
        return mean + mean**2 / size
    if family is Family.NEGATIVE_BINOMIAL_LINEAR:
        return mean * (1 + 1 / size)
    return mean
