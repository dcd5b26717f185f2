"""Two parallel arms: means, means with a baseline, proportions, rates, and arms with facilitators.

Each function returns a `Comparison`; `clusters` are then those in the arm, and the other has `ratio` times as many.
"""

from __future__ import annotations

import math
from typing import Literal

from enginehouse.trials.sample_size.checks import not_negative, positive, share
from enginehouse.trials.sample_size.comparison import Comparison
from enginehouse.trials.sample_size.design_effects import SizeCorrection, baseline_correlation, design_effect

BaselineAnalysis = Literal["ancova", "change"]


def means(
    m: float, *, icc: float, sd: float = 1.0, cv: float = 0.0, correction: SizeCorrection = "taylor", ratio: float = 1.0
) -> Comparison:
    """The comparison of two means.

    Parameters
    ----------
    m
        Mean number of people in a cluster.
    icc
        Intracluster correlation (0-1).
    sd
        Standard deviation of a person's outcome, clusters included.
    cv, correction
        Of cluster sizes, as in `design_effect`.
    ratio
        Clusters of the other arm for each cluster of this one.

    Notes
    -----
    Var = sd^2 DE / m (1 + 1/ratio) / k; t with k (1 + ratio) - 2 degrees of freedom.

    References
    ----------
    Donner A, Klar N. Arnold 2000, chapter 5. Eldridge SM and others. Int J Epidemiol 2006;35:1292-1300.
    """
    positive(sd=sd, ratio=ratio)
    person = sd**2 * design_effect(m, icc, cv=cv, correction=correction) / m
    return _two_arms(person * (1 + 1 / ratio), ratio)


def means_with_baseline(
    m: float,
    *,
    icc: float,
    cac: float,
    iac: float = 0.0,
    sd: float = 1.0,
    analysis: BaselineAnalysis = "ancova",
    ratio: float = 1.0,
) -> Comparison:
    """The comparison of two means where each cluster is measured once before and once after.

    Parameters
    ----------
    m, icc, sd, ratio
        As in `means`; m people at each time.
    cac, iac
        Cluster and individual autocorrelation, as in `baseline_correlation`.
    analysis
        `ancova` (the default) or `change`, the difference of differences, which needs more clusters unless r is 1.

    Notes
    -----
    The variance of `means` times 1 - r^2 (analysis of covariance) or 2 (1 - r) (change).

    References
    ----------
    Teerenstra S and others. Stat Med 2012;31:2169-2178.
    """
    r = baseline_correlation(m, icc, cac=cac, iac=iac)
    gain = 1 - r**2 if analysis == "ancova" else 2 * (1 - r)
    plain = means(m, icc=icc, sd=sd, ratio=ratio)
    return _two_arms(plain.variance * gain, ratio)


def proportions(
    m: float,
    p0: float,
    p1: float,
    *,
    icc: float,
    cv: float = 0.0,
    correction: SizeCorrection = "taylor",
    pooled: bool = False,
    ratio: float = 1.0,
) -> Comparison:
    """The comparison of two proportions, on the scale of their difference.

    Parameters
    ----------
    m, cv, correction, ratio
        As in `means`.
    p0, p1
        Proportions in the other arm and in this one.
    icc
        On the scale of proportions, not of logits.
    pooled
        Give both arms the variance of their mean proportion.

    Notes
    -----
    Var = DE / m [p1 (1 - p1) + p0 (1 - p0) / ratio] / k; t with k (1 + ratio) - 2 degrees of freedom.

    References
    ----------
    Donner A, Klar N. Arnold 2000, chapter 6.
    """
    share(p0=p0, p1=p1)
    positive(ratio=ratio)
    if pooled:
        p0 = p1 = (p1 + ratio * p0) / (1 + ratio)
    factor = design_effect(m, icc, cv=cv, correction=correction) / m
    return _two_arms(factor * (p1 * (1 - p1) + p0 * (1 - p0) / ratio), ratio)


def rates(
    person_time: float,
    r0: float,
    r1: float,
    *,
    between_cv: float,
    overdispersion: float = 1.0,
    matched: bool = False,
    plus_one: bool = True,
) -> Comparison:
    """The comparison of two rates, on the scale of their difference.

    Parameters
    ----------
    person_time
        Of one cluster.
    r0, r1
        Rates for one unit of person-time, in the other arm and in this one.
    between_cv
        Coefficient of variation of true rates between the clusters of an arm, or within matched pairs.
    overdispersion
        Variance of a cluster's count over its mean, given its rate; above 1 where one person has several events or
        items.
    matched
        Clusters are paired; k then counts pairs.
    plus_one
        Add one cluster to each arm (two pairs) for the t distribution, as the authors do; otherwise the test is plainly
        normal.

    Notes
    -----
    Var = [phi (r0 + r1) / y + cv^2 (r0^2 + r1^2)] / (k - 1), or k - 2 for pairs, with normal quantiles:
    k = 1 + (z_{1-alpha/2} + z_power)^2 [...] / (r0 - r1)^2.

    References
    ----------
    Hayes RJ, Bennett S. Int J Epidemiol 1999;28:319-326.
    """
    positive(person_time=person_time)
    not_negative(r0=r0, r1=r1)
    variance = overdispersion * (r0 + r1) / person_time
    return _between(variance, r0, r1, between_cv=between_cv, matched=matched, plus_one=plus_one)


def proportions_by_spread(
    m: float, p0: float, p1: float, *, between_cv: float, matched: bool = False, plus_one: bool = True
) -> Comparison:
    """The comparison of two proportions whose spread between clusters is given by a coefficient of variation.

    Notes
    -----
    As `rates`, with [p0 (1 - p0) + p1 (1 - p1)] / m for what people vary.

    References
    ----------
    Hayes RJ, Bennett S. Int J Epidemiol 1999;28:319-326.
    """
    positive(m=m)
    share(p0=p0, p1=p1)
    variance = (p0 * (1 - p0) + p1 * (1 - p1)) / m
    return _between(variance, p0, p1, between_cv=between_cv, matched=matched, plus_one=plus_one)


def means_by_spread(
    m: float,
    mean0: float,
    mean1: float,
    *,
    sd: float,
    between_cv: float,
    matched: bool = False,
    plus_one: bool = True,
) -> Comparison:
    """The comparison of two means whose spread between clusters is given by a coefficient of variation.

    Notes
    -----
    As `rates`, with 2 sd^2 / m for what people vary; sd is that of people within a cluster.

    References
    ----------
    Hayes RJ, Bennett S. Int J Epidemiol 1999;28:319-326.
    """
    positive(m=m, sd=sd)
    return _between(2 * sd**2 / m, mean0, mean1, between_cv=between_cv, matched=matched, plus_one=plus_one)


def means_with_facilitators(
    m: float, *, icc: float, facilitator_icc: float, clusters_per_facilitator: float, sd: float = 1.0
) -> Comparison:
    """The comparison of two means where in one arm each facilitator serves several clusters (partially nested).

    Parameters
    ----------
    m, icc, sd
        As in `means`.
    facilitator_icc
        Share of the variance of a person's outcome that lies between facilitators (0-1), in their arm only.
    clusters_per_facilitator
        How many clusters of that arm one of them serves.

    Notes
    -----
    Var = sd^2 [2 DE / m + c facilitator_icc] / k with c clusters for each facilitator: k / c facilitators are drawn.
    The degrees of freedom are the facilitators', k / c - 1, which is cautious: with fewer than 8 of them the interval
    is wide and its width itself is unsure.

    References
    ----------
    Roberts C, Roberts SA. Design and analysis of clinical trials with clustering effects due to treatment. Clin Trials
    2005;2:152-162.
    """
    share(facilitator_icc=facilitator_icc)
    positive(clusters_per_facilitator=clusters_per_facilitator)
    plain = means(m, icc=icc, sd=sd)
    more = sd**2 * clusters_per_facilitator * facilitator_icc
    per_cluster = 1 / clusters_per_facilitator
    return Comparison(variance=plain.variance + more, df_per_cluster=per_cluster, df_lost=1.0)


def _two_arms(variance: float, ratio: float) -> Comparison:
    return Comparison(variance=variance, df_per_cluster=1 + ratio, df_lost=2.0)


def _between(
    people: float, one: float, other: float, *, between_cv: float, matched: bool, plus_one: bool
) -> Comparison:
    not_negative(between_cv=between_cv)
    lost = (2.0 if matched else 1.0) if plus_one else 0.0
    return Comparison(
        variance=people + between_cv**2 * (one**2 + other**2),
        df_per_cluster=math.inf,
        lost=lost,
        counted="in pairs" if matched else "in each arm",
    )
