"""Designs in periods for proportions and counts, by the engine of `longitudinal.py` on the scale of a link.

Two models: a marginal one, whose correlations are those of the outcomes themselves (generalised estimating
equations), and a mixed one, whose random effects are on the scale of the link, linearised. Small samples of yes and
no without any linearising are in `longitudinal_exact.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtr, ndtri

from enginehouse.stats.results import NotEstimable
from enginehouse.trials.correlation import Correlation, period_covariance
from enginehouse.trials.longitudinal import effect_covariance, exposure_columns, no_contrast
from enginehouse.trials.sample_size.checks import inner, positive, refuse, share

Array = npt.NDArray[np.float64]
Family = Literal["gaussian", "binomial", "poisson"]
LinkName = Literal["identity", "log", "logit"]
NO_TREND = 1e-5
"""Control means that move less than this on the link's scale have no periods."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link, its inverse, and the derivative of the inverse."""

    of: Callable[[float], float]
    mean: Callable[[Array], Array]
    slope: Callable[[Array], Array]


LINKS: Mapping[str, Link] = {
    "identity": Link(lambda mean: mean, lambda eta: eta, np.ones_like),
    "log": Link(math.log, np.exp, np.exp),
    "logit": Link(lambda mean: float(logit(mean)), expit, lambda eta: expit(eta) * expit(-eta)),
}
VARIANCES: Mapping[str, Callable[[Array], Array]] = {
    "gaussian": np.ones_like,
    "binomial": lambda mean: mean * (1 - mean),
    "poisson": lambda mean: mean,
}
"""Of one person, by the mean; a gaussian one is multiplied by its own variance."""
CANONICAL: Mapping[str, LinkName] = {"gaussian": "identity", "binomial": "logit", "poisson": "log"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Expected values over the periods, on the scale of a link: without treatment, and what treatment adds.

    `control` has one value for each period, all the same where there is no trend.
    """

    link: LinkName
    control: tuple[float, ...]
    effect: float

    @property
    def has_trend(self) -> bool:
        return max(self.control) - min(self.control) > NO_TREND

    def predictor(self, schedule: Array) -> Array:
        """The expected value of each cell on the scale of the link."""
        return np.asarray(self.control) + self.effect * np.nan_to_num(schedule)


def straight_course(start: float, end_control: float, end_treated: float, *, periods: int, link: LinkName) -> Course:
    """Means that move in a straight line, on the scale of the link, from the first period to the last.

    Parameters
    ----------
    start, end_control, end_treated
        Mean in the first period, in the last without treatment, and in the last with it.
    periods
        Two or more.
    link
        The scale on which the line is straight and the effect constant.
    """
    if periods < 2:
        raise refuse("periods", periods, "2 or more")
    for name, mean in (("start", start), ("end_control", end_control), ("end_treated", end_treated)):
        if link == "logit":
            inner(**{name: mean})
        elif link == "log":
            positive(**{name: mean})
    first, last, treated = (LINKS[link].of(mean) for mean in (start, end_control, end_treated))
    line = first + (last - first) * np.arange(periods) / (periods - 1)
    return Course(link=link, control=tuple(line.tolist()), effect=treated - last)


def marginal_variance(
    schedule: Array,
    clusters: Array,
    people: float,
    course: Course,
    *,
    family: Family,
    within_period: float,
    between_periods: float,
    within_person: float | None = None,
    variance: float = 1.0,
) -> float | NotEstimable:
    """The variance of the treatment effect in a marginal model, on the scale of its link.

    Parameters
    ----------
    schedule, clusters
        As in `longitudinal.treatment_variance`.
    people
        In each cluster and period.
    course
        Expected means. Without a trend the model has one level instead of one for each period.
    family
        Which gives the variance by the mean.
    within_period, between_periods
        Correlation of two people of a cluster in the same period, and in two.
    within_person
        Correlation of a person with himself in two periods; none where other people are measured each time.
    variance
        Of one person, for the gaussian family.

    Returns
    -------
    float or NotEstimable
        Not estimable where treatment cannot be told from the periods.

    Notes
    -----
    Block-exchangeable correlations R of the outcomes and model-based variance: Var^-1 = sum k X' D (S R S)^-1 D X, D
    the derivative of the mean and S the standard deviations, which the engine sees as the covariance S R S / (d_t
    d_s) of period means.

    References
    ----------
    Li F, Turner EL, Preisser JS. Sample size determination for GEE analyses of stepped wedge cluster randomized trials.
    Biometrics 2018;74:1450-1458.
    """
    person = (between_periods if within_person is None else within_person) - between_periods
    share(within_period=within_period, between_periods=between_periods)
    correlation = Correlation(
        between=within_period,
        within=1 - within_period - person,
        person=person,
        cac=between_periods / within_period if within_period else 1.0,
    )
    eta = course.predictor(schedule)
    mean, slope = LINKS[course.link].mean(eta), LINKS[course.link].slope(eta)
    spread = _checked_variance(family, mean) * (variance if family == "gaussian" else 1.0)
    scale = np.sqrt(spread) / slope
    alike = period_covariance(correlation, people, periods=schedule.shape[1])
    covariance = scale[:, :, None] * scale[:, None, :] * alike
    columns, seen = np.nan_to_num(schedule)[:, :, None], np.isfinite(schedule)
    found = effect_covariance(columns, seen, clusters, covariance, by_period=course.has_trend)
    return no_contrast() if found is None else float(found[0, 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedPower:
    """Power of a Wald test in a linearised mixed model, and the variances of the effect with and without an effect."""

    power: float
    variance: float
    null_variance: float


def mixed_power(
    schedule: Array,
    clusters: Array,
    people: Array | float,
    *,
    family: Family,
    control: Sequence[float],
    effect: float | Sequence[float],
    correlation: Correlation,
    weights: Sequence[float] | None = None,
    alpha: float = 0.05,
) -> MixedPower | NotEstimable:
    """The probability that a mixed model for counts finds the treatment effect (0-1).

    Parameters
    ----------
    schedule, clusters
        As in `longitudinal.treatment_variance`.
    people : number, or array, shape (sequences,) or (sequences, periods)
        In each cluster and period.
    family
        `binomial` with the logit, `poisson` with the logarithm.
    control
        Expected value of each period without treatment, on the scale of the link, random effects at 0.
    effect
        Of treatment on that scale: one number, or one for each length of exposure.
    correlation
        Variances of the random effects on that scale; its `within` is not used.
    weights
        How the effects of the lengths of exposure are averaged; equally by default.
    alpha
        Two-sided level.

    Returns
    -------
    MixedPower or NotEstimable
        Not estimable where treatment cannot be told from the periods.

    Notes
    -----
    The working response of a cell has residual variance 1 / (n v(mu)) around the random effects, mu at random effects
    of 0: the engine's covariance with that `within`. Under no effect mu is that of the control: power = Phi((b - z
    se_0) / se) + Phi((-b - z se_0) / se).

    References
    ----------
    Xia F and others. Power and sample size calculation for stepped-wedge designs with discrete outcomes. Trials
    2021;22:598. Breslow NE, Clayton DG. JASA 1993;88:9-25.
    """
    inner(alpha=alpha)
    by_exposure = not isinstance(effect, (int, float))
    columns = exposure_columns(schedule) if by_exposure else np.nan_to_num(schedule)[:, :, None]
    effects = np.atleast_1d(np.asarray(effect, dtype=np.float64))
    if effects.size != columns.shape[2]:
        raise refuse("effect", effects.size, f"one number, or {columns.shape[2]}, one for each length of exposure")
    average = np.full(effects.size, 1.0) if weights is None else np.asarray(weights, dtype=np.float64)
    average = average / average.sum()

    def variance(size: Array) -> float | None:
        mean = LINKS[CANONICAL[family]].mean(np.asarray(control) + columns @ size)
        covariance = period_covariance(
            correlation,
            people,
            periods=schedule.shape[1],
            treated=(np.nan_to_num(schedule) > 0).astype(np.float64),
            within=1 / _checked_variance(family, mean),
        )
        found = effect_covariance(columns, np.isfinite(schedule), clusters, covariance)
        return None if found is None else float(average @ found @ average)

    null, alternative = variance(np.zeros_like(effects)), variance(effects)
    if null is None or alternative is None:
        return no_contrast()
    size, limit = float(average @ effects), float(ndtri(1 - alpha / 2)) * math.sqrt(null)
    error = math.sqrt(alternative)
    power = float(ndtr((size - limit) / error) + ndtr((-size - limit) / error))
    return MixedPower(power=power, variance=alternative, null_variance=null)


def _checked_variance(family: Family, mean: Array) -> Array:
    variance = VARIANCES[family](mean)
    if not (variance > 0).all():
        worst = float(mean.flat[int(np.argmin(variance))])
        raise refuse("mean", worst, "means that the family allows: proportions between 0 and 1, rates above 0")
    return variance
