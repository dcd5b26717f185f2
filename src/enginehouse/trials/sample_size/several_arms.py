"""More than two arms: each against a control (Dunnett), all at once (F), and the 2x2 factorial design."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.special import fdtri, ncfdtr

from enginehouse.stats.dunnett import dunnett_critical_value, probability_of_findings
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.sample_size.checks import inner, not_negative, positive
from enginehouse.trials.sample_size.comparison import ClustersNeeded, Comparison, smallest
from enginehouse.trials.sample_size.design_effects import SizeCorrection, design_effect

FactorialEffect = Literal["main", "simple", "interaction"]
Findings = Literal["each", "any", "all"]
Noncentrality = Literal["exact", "mean-square-ratio"]
_FACTORIAL = {"main": 1.0, "simple": 2.0, "interaction": 4.0}


def factorial(
    m: float,
    *,
    icc: float,
    effect: FactorialEffect = "main",
    sd: float = 1.0,
    cv: float = 0.0,
    correction: SizeCorrection = "taylor",
) -> Comparison:
    """A comparison in a 2x2 factorial design of clusters; k counts the clusters of each of the four cells.

    Parameters
    ----------
    m, icc, sd, cv, correction
        As in `two_arms.means`.
    effect
        `main`: the average of a component's two simple effects (at the margins). `simple`: its effect without the other
        component. `interaction`: the difference of its two simple effects.

    Notes
    -----
    With V = sd^2 DE / m the variance of a cluster's mean: V / k, 2 V / k and 4 V / k; t with 4 (k - 1) degrees of
    freedom. An interaction as large as the main effect has four times its variance: show its power beside.
    """
    positive(sd=sd)
    person = sd**2 * design_effect(m, icc, cv=cv, correction=correction) / m
    return Comparison(variance=_FACTORIAL[effect] * person, df_per_cluster=4.0, df_lost=4.0, counted="in each cell")


def omnibus_power(
    arms: int,
    clusters: float,
    m: float,
    *,
    arm_variance: float,
    cluster_variance: float,
    residual_variance: float,
    alpha: float = 0.05,
    noncentrality: Noncentrality = "exact",
) -> float | NotEstimable:
    """The probability that an F test finds that arms differ at all (0-1); a gate-keeper before registered contrasts.

    Parameters
    ----------
    arms
        Two or more.
    clusters
        In each arm.
    m
        People in each cluster.
    arm_variance
        Variance of the arms' true means, sum of squares over arms - 1.
    cluster_variance, residual_variance
        Between clusters, and between people of one cluster.
    alpha
        Level.
    noncentrality
        `exact`, or the ratio of expected mean squares that clusterPower takes for it, which is too small with three
        arms or more.

    Returns
    -------
    float or NotEstimable
        Not estimable with one cluster in each arm.

    Notes
    -----
    F(arms - 1, arms (k - 1)) with noncentrality (arms - 1) k arm_variance /
    (cluster_variance + residual_variance / m).

    References
    ----------
    Donner A, Klar N. Arnold 2000, chapter 5.
    """
    inner(alpha=alpha)
    positive(m=m, residual_variance=residual_variance)
    not_negative(arm_variance=arm_variance, cluster_variance=cluster_variance)
    top, bottom = arms - 1, arms * (clusters - 1)
    if top < 1 or bottom <= 0:
        return NotEstimable(reason="too-few-clusters", detail="An F test needs 2 arms and 2 clusters in each.")
    ratio = clusters * arm_variance / (cluster_variance + residual_variance / m)
    shift = top * ratio if noncentrality == "exact" else 1 + ratio
    return 1 - float(ncfdtr(top, bottom, shift, fdtri(top, bottom, 1 - alpha)))


def dunnett_power(
    comparison: Comparison,
    effects: Sequence[float],
    clusters: float,
    *,
    findings: Findings = "each",
    control_ratio: float = 1.0,
    alpha: float = 0.05,
) -> float | NotEstimable:
    """The probability that comparisons of several arms with one control find their effects (0-1).

    Parameters
    ----------
    comparison
        Of one arm with the control (`two_arms`), made with the same `ratio` as `control_ratio`.
    effects
        The true difference of each arm from the control.
    clusters
        In each arm but the control, which has `control_ratio` times as many.
    findings
        `any`: at least one. `all`: every one. `each`: the smallest probability of a single one.
    control_ratio
        Clusters of the control for each of another arm. The root of the number of arms is best.
    alpha
        Probability of any false finding.

    Returns
    -------
    float or NotEstimable
        Not estimable with too few clusters.

    Notes
    -----
    |T_i| > c for each i, c the two-sided critical value of Dunnett with all arms' degrees of freedom,
    arms k + ratio k - arms - 1, and correlation 1 / (1 + ratio) between comparisons.

    References
    ----------
    Dunnett CW. A multiple comparison procedure for comparing several treatments with a control. JASA 1955;50:1096-1121.
    """
    inner(alpha=alpha)
    arms = len(effects)
    df = arms * (clusters - 1) + control_ratio * clusters - 1
    if clusters <= comparison.lost or df <= 0:
        return NotEstimable(reason="too-few-clusters", detail="There are no degrees of freedom left.")
    correlation = 1 / (1 + control_ratio)
    limit = dunnett_critical_value(arms, df, correlation=correlation, alpha=alpha)
    ratios = np.asarray(effects, dtype=np.float64) / comparison.std_error(clusters)
    if findings == "each":
        single = [probability_of_findings([ratio], df, limit, correlation=correlation) for ratio in ratios.tolist()]
        return min(single)
    return probability_of_findings(ratios.tolist(), df, limit, correlation=correlation, every=findings == "all")


def dunnett_clusters(
    comparison: Comparison,
    effects: Sequence[float],
    *,
    power: float = 0.8,
    findings: Findings = "each",
    control_ratio: float = 1.0,
    alpha: float = 0.05,
) -> ClustersNeeded | NotEstimable:
    """The smallest number of clusters in each arm with which comparisons with a control have this power.

    Parameters are those of `dunnett_power`; not estimable where an effect is 0 (unless any one will do).
    """
    inner(power=power)
    missing = all(effect == 0 for effect in effects) if findings == "any" else any(effect == 0 for effect in effects)
    if missing:
        return NotEstimable(reason="no-effect", detail="No number of clusters finds an effect that is not there.")

    def power_at(clusters: float) -> float:
        found = dunnett_power(
            comparison, effects, clusters, findings=findings, control_ratio=control_ratio, alpha=alpha
        )
        return 0.0 if isinstance(found, NotEstimable) else found

    return smallest(comparison, power_at, power)


def best_control_ratio(arms: int) -> float:
    """Clusters of the control for each of another arm that make the comparisons most precise: the root of their number.

    References
    ----------
    Dunnett CW. JASA 1955;50:1096-1121.
    """
    return math.sqrt(arms)
