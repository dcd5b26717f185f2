"""What a mixed model reports: fixed effects with errors, variation between sites, dispersion, convergence and notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import Array, Coefficients, aliased, contrast_estimate, no_events, too_few_clusters
from enginehouse.stats.glm import separated
from enginehouse.stats.glmm.boundary import boundary_factors
from enginehouse.stats.glmm.families import Family
from enginehouse.stats.glmm.laplace import Laplace, Parameters
from enginehouse.stats.glmm.rows import ClusteredRows, clustered_rows
from enginehouse.stats.glmm.search import (
    BOUNDARY_LIKELIHOOD,
    GRADIENT_TOLERANCE,
    Optimum,
    find_optimum,
    pearson_ratio,
)
from enginehouse.stats.results import Estimate, NotEstimable

TOO_VARIABLE = 1.2
"""A Pearson ratio above this is told to the reader: intervals are then too narrow by a tenth or more."""
USELESS_GRADIENT = 0.05


class Convergence(StrEnum):
    """How the search ended."""

    CONVERGED = "converged"
    NEAR = "near the maximum, above the tolerance"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MixedFit:
    """A fitted mixed model.

    Attributes
    ----------
    method
        `<family>-random-intercept` or `<family>-random-slope`.
    family
        The family that was fitted, after any fallback.
    names, fixed_effects, covariance
        Of shapes (p,), (p,), (p, p); log rate ratios (log odds ratios of the binomial).
    intercept_sd, slope_sd, correlation
        Of the random effects; the slope per unit of the column that was passed. `None` where there is no slope.
    size
        Of the negative binomial, whose variance is mean + mean^2 / size; `None` otherwise.
    log_likelihood
        Laplace approximation, all constants included: comparable with glmmTMB's and lme4's.
    pearson_ratio
        Pearson chi-square over its degrees of freedom given the random effects; much above 1: too narrow intervals.
    convergence, gradient_norm, evaluations
        The gradient norm is the Newton step left to do, in standard errors.
    labels, site_effects, site_covariances
        Clusters in order, shape (C,), the modes of their random effects, shape (C, q), and the covariances given the
        fixed effects, shape (C, q, q).
    """

    method: str
    family: Family
    names: tuple[str, ...]
    fixed_effects: Array
    covariance: Array
    intercept_sd: float
    slope_sd: float | None
    correlation: float | None
    size: float | None
    log_likelihood: float
    pearson_ratio: float
    convergence: Convergence
    gradient_norm: float
    evaluations: int
    rows: int
    clusters: int
    notes: tuple[str, ...]
    labels: npt.NDArray[Any]
    site_effects: Array
    site_covariances: Array

    @property
    def std_errors(self) -> Array:
        """Standard errors of the fixed effects, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers of the fit by name, without those that it does not have."""
        found = {
            "sites": float(self.clusters),
            "rows": float(self.rows),
            "intercept_sd": self.intercept_sd,
            "slope_sd": self.slope_sd,
            "correlation": self.correlation,
            "size": self.size,
            "pearson_ratio": self.pearson_ratio,
            "log_likelihood": self.log_likelihood,
            "gradient_norm": self.gradient_norm,
        }
        return {name: value for name, value in found.items() if value is not None}

    def contrast(self, weights: Sequence[float] | Array | Mapping[str, float]) -> Estimate:
        """The weighted sum of fixed effects, `weights` by position or by name; its interval is normal."""
        return contrast_estimate(
            Coefficients(self.names, self.fixed_effects, self.covariance),
            weights,
            template=Estimate(
                value=0.0,
                std_error=0.0,
                df=math.inf,
                scale="log-ratio",
                method=self.method,
                notes=self.notes,
                numbers=self.numbers,
            ),
        )


def poisson_mixed(
    counts: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    slope: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> MixedFit | NotEstimable:
    """Log rate ratios of a Poisson mixed model, given the site, with a random intercept and perhaps a random slope.

    Parameters
    ----------
    counts
        Whole numbers, shape (n,).
    design
        Shape (n, p); an intercept is a column of ones.
    clusters
        Label of each row's site, shape (n,).
    offset
        Log of the denominator, shape (n,).
    slope
        Shape (n,): the column (years since the start, say) whose slope varies between sites, with the intercept and
        correlated with it. Without it only the intercept varies.
    names
        Names of the columns.

    Returns
    -------
    MixedFit or NotEstimable
        Reasons: `no-events`, `aliased-columns`, `separation`, `too-few-clusters`, `not-converged`.

    Notes
    -----
    y_it ~ Poisson(exp(offset + x b + u_i0 + u_i1 slope)), u_i ~ N(0, S). Maximum likelihood with the integral over u
    by Laplace's approximation, good where sites have more than a few events; errors from the Hessian of all parameters.
    Assumes that, given u, counts are independent with variance equal to mean, and that sites are independent. Where
    counts vary more (`pearson_ratio`, and a note), the errors are too small; use `negative_binomial_mixed`.

    References
    ----------
    Breslow, Clayton. J Am Stat Assoc 1993;88:9-25. Brooks et al. R Journal 2017;9:378-400 (glmmTMB, the same
    approximation).
    """
    rows = clustered_rows(counts, design, clusters=clusters, offset=offset, slope=slope, names=names)
    return _refusal(rows) or _fit(rows, Family.POISSON)


def negative_binomial_mixed(
    counts: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    slope: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> MixedFit | NotEstimable:
    """Log rate ratios of a negative binomial (NB2) mixed model, given the site.

    Parameters, returns and assumptions are those of `poisson_mixed`, but counts vary as mean + mean^2 / size about
    their expectation given the site.

    Notes
    -----
    Where the likelihood rises all the way to Poisson (no variation beyond it), the Poisson model is fitted instead; a
    note says so, and `family` is Poisson.

    References
    ----------
    Brooks et al. R Journal 2017;9:378-400 (family `nbinom2` of glmmTMB).
    """
    rows = clustered_rows(counts, design, clusters=clusters, offset=offset, slope=slope, names=names)
    return _refusal(rows) or _fit(rows, Family.NEGATIVE_BINOMIAL)


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
    """Log odds ratios of a logistic mixed model for events out of trials, given the site.

    Parameters, returns and method are those of `poisson_mixed`; `trials`, shape (n,), are whole numbers of at least 1.
    The ratios of its contrasts are odds ratios.

    References
    ----------
    Bates et al. J Stat Softw 2015;67(1) (lme4, `nAGQ = 1`).
    """
    rows = clustered_rows(events, design, clusters=clusters, offset=offset, slope=slope, names=names, trials=trials)
    return _refusal(rows) or _fit(rows, Family.BINOMIAL)


def _refusal(rows: ClusteredRows) -> NotEstimable | None:
    return (
        no_events(rows.counts)
        or too_few_clusters(rows.clusters, needed=len(rows.random) + 2)
        or aliased(rows.design, rows.names)
        or separated(rows.counts, rows.design, rows.names, ceiling=rows.trials)
    )


FELL_BACK = (
    "The negative binomial's dispersion is at its boundary: within sites the counts vary no more than Poisson says. "
    "The Poisson model is reported."
)


def _fit(rows: ClusteredRows, family: Family) -> MixedFit | NotEstimable:
    optimum = find_optimum(rows, family)
    if not optimum.hessian_is_positive or optimum.gradient_norm > USELESS_GRADIENT:
        return NotEstimable(
            reason="not-converged",
            detail=f"The {optimum.family.value} mixed model did not reach a maximum of its likelihood "
            f"({optimum.evaluations} evaluations); a simpler model may.",
        )
    return _result(rows, optimum, (FELL_BACK,) if optimum.family is not family else ())


def _result(rows: ClusteredRows, optimum: Optimum, notes: tuple[str, ...]) -> MixedFit:
    family = optimum.family
    objective = Laplace(rows, family)
    ratio = pearson_ratio(rows, objective, optimum)
    converged = optimum.gradient_norm <= GRADIENT_TOLERANCE
    effects, covariances = _site_effects(rows, optimum)
    intercept_sd, slope_sd, correlation = _variation(rows, optimum.at.factor)
    return MixedFit(
        method=f"{family.value}-random-{'intercept' if slope_sd is None else 'slope'}",
        family=family,
        names=rows.names,
        fixed_effects=optimum.at.beta,
        covariance=optimum.covariance,
        intercept_sd=intercept_sd,
        slope_sd=slope_sd,
        correlation=correlation,
        size=None if optimum.at.log_size is None else math.exp(optimum.at.log_size),
        log_likelihood=-optimum.value.loss,
        pearson_ratio=ratio,
        convergence=Convergence.CONVERGED if converged else Convergence.NEAR,
        gradient_norm=optimum.gradient_norm,
        evaluations=optimum.evaluations,
        rows=len(rows.counts),
        clusters=rows.clusters,
        notes=(*notes, *_boundary_notes(objective, optimum), *_fit_notes(family, ratio, converged)),
        labels=rows.labels,
        site_effects=effects,
        site_covariances=covariances,
    )


def _variation(rows: ClusteredRows, factor: Array) -> tuple[float, float | None, float | None]:
    """Standard deviations of intercept and slope and their correlation, in the units of the data."""
    sds = np.sqrt(np.sum(factor**2, axis=1))
    if len(factor) == 1:
        return float(sds[0]), None, None
    both = float(sds[0] * sds[1])
    correlation = float(factor[0] @ factor[1]) / both if both > 0 else None
    return float(sds[0]), float(sds[1]) / rows.slope_scale, correlation


def _site_effects(rows: ClusteredRows, optimum: Optimum) -> tuple[Array, Array]:
    unit = np.array([1.0, 1.0 / rows.slope_scale])[: len(rows.random)]
    factor = unit[:, None] * optimum.at.factor
    covariances = np.einsum("ij,jkc,lk->cil", factor, optimum.value.inverse, factor)
    return (factor @ optimum.value.modes).T, covariances


def _boundary_notes(objective: Laplace, optimum: Optimum) -> tuple[str, ...]:
    """A note where a variance could be zero, or the correlation 1, at no cost in likelihood.

    Where a variance is zero the correlation has no meaning, so the first that holds is the one to tell.
    """
    for note, factor in boundary_factors(optimum.at.factor).items():
        at = Parameters(optimum.at.beta, factor, optimum.at.log_size)
        if objective(at, start=np.zeros(optimum.value.modes.shape)).loss <= optimum.value.loss + BOUNDARY_LIKELIHOOD:
            return (note,)
    return ()


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
