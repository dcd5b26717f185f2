"""Four questions to any comparison: power, clusters needed, detectable difference, precision; and people needed.

A `Comparison` says how its variance and degrees of freedom fall and grow with the number of clusters; the modules
beside this one make it for each design.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scipy.optimize import brentq

from enginehouse.stats.results import NotEstimable, t_quantile
from enginehouse.trials.sample_size.checks import inner, positive, refuse
from enginehouse.trials.sample_size.t_power import Tails, detectable_effect, expected_half_width, t_power

Approximation = Literal["exact", "iterated-t"]
MOST_CLUSTERS = 1e9
ALL_PEOPLE = 1e12
"""As good as infinitely many in a cluster."""
FEW = 30
"""Below this number `iterated-t` takes t quantiles (Donner and Klar)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How well k clusters compare: variance / (k - lost), with df_per_cluster k - df_lost degrees of freedom.

    `df_per_cluster` is infinite for a normal test. `counted` says what k counts: the clusters of each arm, of each
    cell of a factorial design, of pairs, or all of them.
    """

    variance: float
    df_per_cluster: float = math.inf
    df_lost: float = 0.0
    lost: float = 0.0
    counted: str = "in each arm"

    def std_error(self, clusters: float) -> float:
        """The standard error of the estimate."""
        return math.sqrt(self.variance / (clusters - self.lost))

    def df(self, clusters: float) -> float:
        """Degrees of freedom."""
        return math.inf if math.isinf(self.df_per_cluster) else self.df_per_cluster * clusters - self.df_lost

    @property
    def fewest(self) -> int:
        """The smallest number of clusters with which anything can be said."""
        t = 0.0 if math.isinf(self.df_per_cluster) else self.df_lost / self.df_per_cluster
        return math.floor(max(t, self.lost)) + 1

    def as_normal(self) -> Comparison:
        """The same with a normal test."""
        return Comparison(variance=self.variance, lost=self.lost, counted=self.counted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClustersNeeded:
    """Clusters as the comparison counts them: rounded up, as the equation gives them, and the power of the first."""

    clusters: int
    unrounded: float
    power: float
    counted: str


def power_of(
    comparison: Comparison, effect: float, clusters: float, *, alpha: float = 0.05, tails: Tails = "both"
) -> float | NotEstimable:
    """The probability that a comparison of so many clusters finds an effect (0-1).

    Parameters
    ----------
    comparison
        Of any design.
    effect
        True difference, on the comparison's scale.
    clusters
        As the comparison counts them; need not be whole.
    alpha
        Two-sided level.
    tails
        `upper` counts only findings in the direction of the effect.

    Returns
    -------
    float or NotEstimable
        Not estimable with too few clusters for a standard error.

    Notes
    -----
    P(|T| > t_{1-alpha/2, df}) with T noncentral t, noncentrality |effect| / se, se^2 = variance / (k - lost).
    """
    inner(alpha=alpha)
    if clusters <= comparison.lost or comparison.df(clusters) <= 0:
        return _too_few(comparison, clusters)
    return t_power(effect, comparison.std_error(clusters), comparison.df(clusters), alpha=alpha, tails=tails)


def clusters_needed(
    comparison: Comparison,
    effect: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    tails: Tails = "both",
    approximation: Approximation = "exact",
) -> ClustersNeeded | NotEstimable:
    """The smallest number of clusters that finds an effect with probability `power`.

    Parameters
    ----------
    comparison, effect, alpha, tails
        As in `power_of`.
    power
        Wanted probability (0-1).
    approximation
        `exact` is the root of the power. `iterated-t` is that of textbooks and their software: normal quantiles, and
        below 30 clusters t quantiles, put in again until the number changes by less than one.

    Returns
    -------
    ClustersNeeded or NotEstimable
        Not estimable where there is no effect to find, or where `iterated-t` does not settle.

    References
    ----------
    Donner A, Klar N. Design and analysis of cluster randomization trials in health research. Arnold 2000.
    """
    inner(alpha=alpha, power=power)
    if effect == 0:
        return NotEstimable(reason="no-effect", detail="No number of clusters finds an effect that is not there.")

    def power_at(clusters: float) -> float:
        return t_power(effect, comparison.std_error(clusters), comparison.df(clusters), alpha=alpha, tails=tails)

    if approximation == "exact":
        return smallest(comparison, power_at, power)
    unrounded = _iterated(comparison, effect, power, alpha)
    return unrounded if isinstance(unrounded, NotEstimable) else _rounded(comparison, unrounded, power_at)


def smallest(comparison: Comparison, power_at: Callable[[float], float], power: float) -> ClustersNeeded | NotEstimable:
    """The smallest number of clusters at which a rising power reaches what is wanted."""
    least = _least(comparison)
    if power_at(least) >= power:
        return _rounded(comparison, least, power_at)
    most = least
    while power_at(most) < power:
        if most > MOST_CLUSTERS:
            detail = f"A thousand million clusters {comparison.counted} would not be enough."
            return NotEstimable(reason="no-number-of-clusters", detail=detail)
        most *= 4
    found = brentq(lambda k: power_at(k) - power, max(most / 4, least), most, xtol=1e-12, rtol=1e-14)
    return _rounded(comparison, float(found), power_at)


def detectable_difference(
    comparison: Comparison, clusters: float, *, power: float = 0.8, alpha: float = 0.05, tails: Tails = "both"
) -> float | NotEstimable:
    """The smallest true difference that so many clusters find with probability `power`, on the comparison's scale.

    Right where the variance does not depend on the effect; for proportions and rates use `detectable_alternative`.
    """
    inner(alpha=alpha, power=power)
    if clusters <= comparison.lost or comparison.df(clusters) <= 0:
        return _too_few(comparison, clusters)
    error, df = comparison.std_error(clusters), comparison.df(clusters)
    return detectable_effect(error, df, power=power, alpha=alpha, tails=tails)


def detectable_alternative(
    make: Callable[[float], Comparison],
    reference: float,
    limit: float,
    clusters: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    tails: Tails = "both",
) -> float | NotEstimable:
    """The nearest proportion or rate to `reference` that so many clusters tell from it with probability `power`.

    Parameters
    ----------
    make
        The comparison with a given alternative.
    reference
        The value in the other arm.
    limit
        The furthest alternative that there can be, on the side that is meant (0 or 1 for a proportion).
    clusters, power, alpha, tails
        As in `detectable_difference`.

    Returns
    -------
    float or NotEstimable
        Not estimable where even the furthest alternative is not found so often.
    """

    def power_at(value: float) -> float:
        found = power_of(make(value), value - reference, clusters, alpha=alpha, tails=tails)
        return 0.0 if isinstance(found, NotEstimable) else found

    nearest = reference + 1e-9 * (limit - reference)
    furthest = limit + 1e-9 * (reference - limit)
    if power_at(furthest) < power:
        detail = (
            f"{clusters:g} clusters {make(nearest).counted} find no value up to {limit:g} with probability {power:g}."
        )
        return NotEstimable(reason="no-detectable-difference", detail=detail)
    return float(brentq(lambda value: power_at(value) - power, nearest, furthest, xtol=1e-12))


def precision(comparison: Comparison, clusters: float, *, confidence_level: float = 0.95) -> float | NotEstimable:
    """The expected half-width of the interval of so many clusters, on the comparison's scale."""
    inner(confidence_level=confidence_level)
    if clusters <= comparison.lost or comparison.df(clusters) <= 0:
        return _too_few(comparison, clusters)
    error, df = comparison.std_error(clusters), comparison.df(clusters)
    return expected_half_width(error, df, confidence_level=confidence_level)


def clusters_for_precision(comparison: Comparison, half_width: float, *, confidence_level: float = 0.95) -> int:
    """The smallest number of clusters whose interval has at most this expected half-width."""
    positive(half_width=half_width)
    low, high = comparison.fewest, comparison.fewest

    def wide(clusters: int) -> bool:
        found = precision(comparison, clusters, confidence_level=confidence_level)
        return isinstance(found, NotEstimable) or found > half_width

    while wide(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if wide(middle) else (low, middle)
    return high


def people_needed(
    make: Callable[[float], Comparison],
    effect: float,
    clusters: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    tails: Tails = "both",
) -> float | NotEstimable:
    """How many people each of so many clusters must have to find an effect with probability `power`; not rounded.

    Parameters
    ----------
    make
        The comparison with a given number of people in each cluster.
    effect, clusters, power, alpha, tails
        As in `clusters_needed`.

    Returns
    -------
    float or NotEstimable
        `no-number-of-people` where the clusters differ too much for any number of people to help: the detail says how
        many clusters are needed at least.

    Notes
    -----
    With m people the variance is proportional to icc + (1 - icc) / m; it never falls below that of infinitely many.
    """
    inner(alpha=alpha, power=power)

    def power_at(people: float) -> float:
        found = power_of(make(people), effect, clusters, alpha=alpha, tails=tails)
        return 0.0 if isinstance(found, NotEstimable) else found

    if power_at(ALL_PEOPLE) < power:
        return _no_number(make(ALL_PEOPLE), effect, clusters, power, alpha, tails)
    if power_at(1.0) >= power:
        return 1.0
    found = brentq(lambda m: power_at(math.exp(m)) - power, 0.0, math.log(ALL_PEOPLE), xtol=1e-13)
    return math.exp(float(found))


def _no_number(
    limit: Comparison, effect: float, clusters: float, power: float, alpha: float, tails: Tails
) -> NotEstimable:
    least = clusters_needed(limit, effect, power=power, alpha=alpha, tails=tails)
    need = "" if isinstance(least, NotEstimable) else f" At least {least.clusters} are needed."
    detail = f"With {clusters:g} clusters {limit.counted} no number of people in them gives a power of {power:g}.{need}"
    return NotEstimable(reason="no-number-of-people", detail=detail)


def _least(comparison: Comparison) -> float:
    """Where the search begins: one degree of freedom, or as many clusters as make a variance."""
    t = 0.0 if math.isinf(comparison.df_per_cluster) else (comparison.df_lost + 1) / comparison.df_per_cluster
    return max(t, comparison.lost + 1e-6)


def _rounded(comparison: Comparison, unrounded: float, power_at: Callable[[float], float]) -> ClustersNeeded:
    clusters = max(math.ceil(unrounded - 1e-9), comparison.fewest)
    return ClustersNeeded(clusters=clusters, unrounded=unrounded, power=power_at(clusters), counted=comparison.counted)


def _iterated(comparison: Comparison, effect: float, power: float, alpha: float) -> float | NotEstimable:
    def clusters(df: float) -> float:
        quantiles = t_quantile(1 - alpha / 2, df) + t_quantile(power, df)
        return comparison.variance * quantiles**2 / effect**2 + comparison.lost

    found, before = clusters(math.inf), math.inf
    if found >= FEW:
        return found
    for _ in range(100):
        if abs(found - before) <= 1:
            return found
        df = comparison.df(found)
        if df <= 0:
            break
        found, before = clusters(df), found
    detail = "The iteration with t quantiles does not settle; take the exact number."
    return NotEstimable(reason="does-not-settle", detail=detail)


def _too_few(comparison: Comparison, clusters: float) -> NotEstimable:
    if clusters < 0:
        raise refuse("clusters", clusters, "0 or a number above 0")
    detail = f"{clusters:g} clusters {comparison.counted} leave no degrees of freedom; at least {comparison.fewest} do."
    return NotEstimable(reason="too-few-clusters", detail=detail)
