"""Fitting a mixed model of counts: what is refused, what falls back, and how the answer is put together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import Array, aliased, no_events, too_few_clusters
from enginehouse.stats.glm import separated
from enginehouse.stats.glmm.boundary import boundaries, inner_boundary
from enginehouse.stats.glmm.families import OF_TRIALS, SIMPLER, Family
from enginehouse.stats.glmm.fit import Convergence, MixedFit
from enginehouse.stats.glmm.laplace import Laplace
from enginehouse.stats.glmm.mean_families import Link
from enginehouse.stats.glmm.rows import ClusteredRows, clustered_rows
from enginehouse.stats.glmm.search import (
    BOUNDARY_LIKELIHOOD,
    GRADIENT_TOLERANCE,
    Optimum,
    find_optimum,
    pearson_ratio,
)
from enginehouse.stats.glmm.smoother import no_effects
from enginehouse.stats.lmm.structures import InterceptAndSlope, Structure
from enginehouse.stats.results import NotEstimable

TOO_VARIABLE = 1.2
"""A Pearson ratio above this is told to the reader: intervals are then too narrow by a tenth or more."""
USELESS_GRADIENT = 0.05
FELL_BACK = (
    "The negative binomial's dispersion is at its boundary: within sites the counts vary no more than Poisson says. "
    "The Poisson model is reported."
)
FELL_BACK_TO_BINOMIAL = (
    "The beta-binomial's dispersion is at its boundary: within sites the proportions vary no more than the binomial "
    "says. The binomial model is reported."
)


def fit_glmm(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    family: Family,
    structure: Structure | None = None,
    link: Link | None = None,
    trials: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
    nodes: int = 1,
) -> MixedFit | NotEstimable:
    """Log rate ratios or log odds ratios, given the cluster, of a generalised linear mixed model of counts.

    Parameters
    ----------
    outcome
        Whole numbers, shape (n,): counts, or events out of `trials`.
    design
        Shape (n, p); an intercept is a column of ones.
    clusters
        Label of each row's cluster, shape (n,).
    family
        How counts vary about their expectation.
    structure
        What varies between clusters, and inside them: random intercept (the default), intercept and slope (correlated
        or not), nested (cluster and cluster-period), or any terms of whole clusters with one effect inside.
    link
        Log for counts. For events out of trials logit (the default), probit, complementary log-log or log.
    trials
        Shape (n,), whole numbers of at least 1; 1 by default.
    offset
        Known part of the linear predictor, such as the log of the denominator, shape (n,).
    weights
        Prior weights of the rows' log-densities, shape (n,), above zero.
    names
        Names of the columns.
    nodes
        1: Laplace's approximation. More: points of adaptive Gauss-Hermite quadrature, for a random intercept only. It
        matters where clusters have few events or differ much.

    Returns
    -------
    MixedFit or NotEstimable
        Reasons: `no-events`, `aliased-columns`, `aliased-effects`, `separation`, `too-few-clusters`, `not-converged`.

    Raises
    ------
    ValueError
        Shapes do not match, a value cannot be, or family, link, structure and quadrature do not go together.

    Notes
    -----
    y_it ~ family with mean g^-1(offset + x b + z u_i + w_ij), u_i ~ N(0, S), w_ij ~ N(0, s^2). Maximum likelihood;
    errors from the observed information of all parameters, as lme4 and glmmTMB report them. Assumes that, given the
    effects, rows are independent and vary as the family says, and that clusters are independent. Where counts vary more
    (`pearson_ratio`, and a note) errors are too small: use an effect inside clusters, negative binomial or
    beta-binomial. Families with a dispersion fall back to the one without where the likelihood rises all the way; a
    note says so. Variances at zero are noted.

    References
    ----------
    Breslow NE, Clayton DG. J Am Stat Assoc 1993;88:9-25. Bates D, Maechler M, Bolker B, Walker S. J Stat Softw
    2015;67(1). Brooks ME and others. R Journal 2017;9:378-400. Pinheiro JC, Chao EC. J Comput Graph Stat 2006;15:58-81.

    Examples
    --------
    Seeds that germinated on 21 plates, two kinds of seed in two root extracts (Crowder 1978). The published maximum
    likelihood fit has an interaction of -0.811 (standard error 0.385) and a standard deviation of 0.236 between plates
    (BUGS Examples 1, "Seeds").

    >>> grown = [10, 23, 23, 26, 17, 5, 53, 55, 32, 46, 10, 8, 10, 8, 23, 0, 3, 22, 15, 32, 3]
    >>> sown = [39, 62, 81, 51, 39, 6, 74, 72, 51, 79, 13, 16, 30, 28, 45, 4, 12, 41, 30, 51, 7]
    >>> seed, extract = np.repeat([0, 1], [11, 10]), np.repeat([0, 1, 0, 1], [5, 6, 5, 5])
    >>> columns = np.column_stack([np.ones(21), seed, extract, seed * extract])
    >>> fit = fit_glmm(grown, columns, clusters=np.arange(21), family=Family.BINOMIAL, trials=sown, nodes=20)
    >>> [round(float(value), 3) for value in (fit.fixed_effects[3], fit.std_errors[3], fit.intercept_sd)]
    [-0.81, 0.385, 0.236]
    """
    chosen = _check(family, link, trials is not None, nodes)
    totals = trials if trials is not None or family not in OF_TRIALS else np.ones(np.shape(outcome))
    rows = clustered_rows(
        outcome,
        design,
        clusters=clusters,
        structure=structure,
        offset=offset,
        names=names,
        trials=totals,
        weights=weights,
    )
    if nodes > 1 and (len(rows.random) > 1 or rows.inner is not None):
        raise ValueError("quadrature is for a single random effect; leave nodes at 1")
    return _refusal(rows) or fit_rows(Laplace(rows, family, chosen, nodes))


def _check(family: Family, link: Link | None, has_trials: bool, nodes: int) -> Link:
    of_trials = family in OF_TRIALS
    if has_trials and not of_trials:
        raise ValueError(f"the {family.value} family is of counts without trials: pass their log as the offset")
    if not of_trials and link not in (None, Link.LOG):
        raise ValueError(f"counts have the log link, not {link}")
    if nodes < 1:
        raise ValueError(f"nodes must be 1 or more, got {nodes}")
    return link or (Link.LOGIT if of_trials else Link.LOG)


def poisson_mixed(
    counts: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    slope: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> MixedFit | NotEstimable:
    """Log rate ratios of a Poisson mixed model with a random intercept and perhaps a slope: see `fit_glmm`."""
    structure = None if slope is None else InterceptAndSlope(column=slope)
    return fit_glmm(
        counts, design, clusters=clusters, family=Family.POISSON, structure=structure, offset=offset, names=names
    )


def negative_binomial_mixed(
    counts: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    slope: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> MixedFit | NotEstimable:
    """Log rate ratios of a negative binomial (NB2) mixed model, random intercept and perhaps slope: see `fit_glmm`."""
    structure = None if slope is None else InterceptAndSlope(column=slope)
    family = Family.NEGATIVE_BINOMIAL
    return fit_glmm(counts, design, clusters=clusters, family=family, structure=structure, offset=offset, names=names)


def binomial_mixed(
    events: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    trials: npt.ArrayLike,
    clusters: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    slope: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> MixedFit | NotEstimable:
    """Log odds ratios of a logistic mixed model with a random intercept and perhaps a slope: see `fit_glmm`."""
    return fit_glmm(
        events,
        design,
        clusters=clusters,
        family=Family.BINOMIAL,
        structure=None if slope is None else InterceptAndSlope(column=slope),
        trials=trials,
        offset=offset,
        names=names,
    )


def _refusal(rows: ClusteredRows) -> NotEstimable | None:
    return (
        no_events(rows.counts)
        or too_few_clusters(rows.clusters, needed=len(rows.random) + 2)
        or aliased(rows.design, rows.names)
        or separated(rows.counts, rows.design, rows.names, ceiling=rows.trials)
        or _aliased_effects(rows)
    )


def _aliased_effects(rows: ClusteredRows) -> NotEstimable | None:
    alike = np.linalg.matrix_rank(rows.random @ rows.random.T) < len(rows.random)
    single = rows.inner is not None and len(rows.inner.starts) == rows.clusters
    if not alike and not single:
        return None
    return NotEstimable(
        reason="aliased-effects",
        detail="Two random effects are the same in these data: every cluster has one member or period only, perhaps.",
    )


def fit_rows(objective: Laplace, *, like: MixedFit | None = None) -> MixedFit | NotEstimable:
    """The fit of data that were checked before; the search begins where that of `like` ended."""
    optimum = find_optimum(objective, start=None if like is None else like.optimum.at)
    if not optimum.hessian_is_positive or optimum.gradient_norm > USELESS_GRADIENT:
        return NotEstimable(
            reason="not-converged",
            detail=f"The {optimum.family.value} mixed model did not reach a maximum of its likelihood "
            f"({optimum.evaluations} evaluations); a simpler model may.",
        )
    notes: tuple[str, ...] = ()
    if optimum.family is not objective.family:
        notes = (FELL_BACK_TO_BINOMIAL if optimum.family is Family.BINOMIAL else FELL_BACK,)
    return _result(objective.like(family=optimum.family), optimum, notes)


def _result(objective: Laplace, optimum: Optimum, notes: tuple[str, ...]) -> MixedFit:
    rows, family, at = objective.rows, optimum.family, optimum.at
    ratio = pearson_ratio(rows, objective, optimum)
    converged = optimum.gradient_norm <= GRADIENT_TOLERANCE
    effects, covariances = _site_effects(rows, optimum)
    intercept_sd, slope_sd, correlation = _variation(rows, at.factor)
    boundary = _boundary_notes(objective, optimum)
    dispersion = _dispersion(family, at.log_size)
    return MixedFit(
        method=f"{family.value}-random-{_kind(rows)}",
        family=family,
        link=objective.link,
        names=rows.names,
        fixed_effects=at.beta,
        covariance=optimum.covariance,
        intercept_sd=intercept_sd,
        slope_sd=slope_sd,
        correlation=correlation,
        inner_sd=None if rows.inner is None else abs(at.inner) / rows.inner.scale,
        size=dispersion if family is Family.NEGATIVE_BINOMIAL else None,
        dispersion=dispersion,
        log_likelihood=-optimum.value.loss,
        nodes=objective.nodes,
        pearson_ratio=ratio,
        convergence=Convergence.CONVERGED if converged else Convergence.NEAR,
        gradient_norm=optimum.gradient_norm,
        evaluations=optimum.evaluations,
        rows=len(rows.counts),
        clusters=rows.clusters,
        boundary=boundary,
        notes=(*notes, *boundary, *_fit_notes(family, ratio, converged)),
        labels=rows.labels,
        site_effects=effects,
        site_covariances=covariances,
        objective=objective,
        optimum=optimum,
    )


def _kind(rows: ClusteredRows) -> str:
    if rows.inner is not None or len(rows.random) > 2:
        return "effects"
    return "intercept" if len(rows.random) == 1 else "slope"


def _dispersion(family: Family, log_size: float | None) -> float | None:
    if family not in SIMPLER or log_size is None:
        return None
    return math.exp(-log_size if family is Family.NEGATIVE_BINOMIAL_LINEAR else log_size)


def _variation(rows: ClusteredRows, factor: Array) -> tuple[float, float | None, float | None]:
    """Standard deviations of the first two effects and their correlation, in the units of the data."""
    sds = np.sqrt(np.sum(factor**2, axis=1)) / rows.scale
    if len(factor) == 1:
        return float(sds[0]), None, None
    both = float(np.sqrt(np.sum(factor[0] ** 2) * np.sum(factor[1] ** 2)))
    correlation = float(factor[0] @ factor[1]) / both if both > 0 else None
    return float(sds[0]), float(sds[1]), correlation


def _site_effects(rows: ClusteredRows, optimum: Optimum) -> tuple[Array, Array]:
    factor = optimum.at.factor / rows.scale[:, None]
    covariances = np.einsum("ij,jkc,lk->cil", factor, optimum.value.inverse, factor)
    return (factor @ optimum.value.modes.outer).T, covariances


def _boundary_notes(objective: Laplace, optimum: Optimum) -> tuple[str, ...]:
    """A note where a variance could be zero, or the correlation 1, at no cost in likelihood.

    Where a variance is zero the correlation has no meaning, so the first that holds is the one to tell.
    """
    found: list[str] = []
    for group in (boundaries, inner_boundary):
        for note, at in group(objective.rows, optimum.at).items():
            loss = objective(at, start=no_effects(objective.rows)).loss
            if loss <= optimum.value.loss + BOUNDARY_LIKELIHOOD:
                found.append(note)
                break
    return tuple(found)


def _fit_notes(family: Family, ratio: float, converged: bool) -> tuple[str, ...]:
    notes = []
    if ratio > TOO_VARIABLE:
        notes.append(
            f"Within sites the counts vary {ratio:.1f} times as much as the {family.value.replace('-', ' ')} says: "
            f"its intervals are too narrow, by a factor of about {math.sqrt(ratio):.1f}."
        )
    if not converged:
        notes.append("The search stopped near the maximum but above its tolerance; digits beyond the third may change.")
    return tuple(notes)
