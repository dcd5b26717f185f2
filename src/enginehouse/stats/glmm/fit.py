"""What a mixed model of counts reports: fixed effects, variation between and inside sites, dispersion, notes.

Fitting is in `model`. Intervals by profile likelihood are in `profile`, correlations of clusters in `correlation`, the
parametric bootstrap in `bootstrap`; risks and ratios in the population are in `stats.standardise`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlogy

from enginehouse.stats.fits import Array, Coefficients, contrast_estimate, weight_vector
from enginehouse.stats.glmm.families import Family
from enginehouse.stats.glmm.laplace import Laplace
from enginehouse.stats.glmm.mean_families import Link
from enginehouse.stats.glmm.rows import ClusteredRows
from enginehouse.stats.glmm.search import Optimum
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.results import Estimate, Scale


class Convergence(StrEnum):
    """How the search ended."""

    CONVERGED = "converged"
    NEAR = "near the maximum, above the tolerance"


SCALES: Mapping[Link, Scale] = {
    Link.LOG: "log-ratio",
    Link.LOGIT: "log-ratio",
    Link.CLOGLOG: "log-ratio",
    Link.PROBIT: "difference",
}
"""Log rate, odds and hazard ratios; of the probit a difference of its latent variable."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MixedFit:
    """A fitted mixed model.

    Attributes
    ----------
    method
        `<family>-random-intercept`, `-random-slope` or `-random-effects`.
    family, link
        The family that was fitted, after any fallback, and the scale on which effects add up.
    names, fixed_effects, covariance
        Of shapes (p,), (p,), (p, p); log rate ratios (log odds ratios of the binomial).
    intercept_sd, slope_sd, correlation
        Of the random effects; the slope per unit of the column that was passed. `None` where there is no slope.
    inner_sd
        The standard deviation of members inside clusters, such as a practice's months; `None` without them.
    size
        Of the negative binomial, whose variance is mean + mean^2 / size, `None` otherwise.
    dispersion
        As glmmTMB reports it: `size`; phi of NB1, with variance mean (1 + phi); phi of the beta-binomial, with variance
        n p (1 - p) (phi + n) / (phi + 1). `None` of families without one.
    log_likelihood
        All constants included: comparable with glmmTMB's and lme4's Laplace fits.
    nodes
        Points of the adaptive quadrature; 1 is Laplace's approximation.
    pearson_ratio
        Pearson chi-square over its degrees of freedom given the random effects; much above 1: too narrow intervals.
    convergence, gradient_norm, evaluations
        The gradient norm is the Newton step left to do, in standard errors.
    boundary
        A sentence for each variance that was estimated as zero, or effects as perfectly correlated.
    labels, site_effects, site_covariances
        Clusters in order, shape (C,), the modes of their random effects, shape (C, q), and the covariances given the
        fixed effects, shape (C, q, q).
    """

    method: str
    family: Family
    link: Link
    names: tuple[str, ...]
    fixed_effects: Array
    covariance: Array
    intercept_sd: float
    slope_sd: float | None
    correlation: float | None
    inner_sd: float | None
    size: float | None
    dispersion: float | None
    log_likelihood: float
    nodes: int
    pearson_ratio: float
    convergence: Convergence
    gradient_norm: float
    evaluations: int
    rows: int
    clusters: int
    boundary: tuple[str, ...]
    notes: tuple[str, ...]
    labels: npt.NDArray[Any]
    site_effects: Array
    site_covariances: Array
    objective: Laplace
    optimum: Optimum

    @property
    def std_errors(self) -> Array:
        """Standard errors of the fixed effects, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def on_boundary(self) -> bool:
        """Whether some variance (or combination) was estimated as zero."""
        return bool(self.boundary)

    @property
    def data(self) -> ClusteredRows:
        """The rows that were fitted, in the order of clusters."""
        return self.objective.rows

    @property
    def random_covariance(self) -> Array:
        """The covariance of a cluster's effects, in the units of the data, shape (q, q)."""
        factor = self.optimum.at.factor / self.data.scale[:, None]
        return np.asarray(factor @ factor.T)

    @property
    def scale(self) -> Scale:
        return SCALES[self.link]

    @property
    def relative_deviance(self) -> float:
        """Minus twice the log-likelihood, relative to a model that fits every row: lme4's of a quadrature fit."""
        y, trials = self.data.counts, self.data.trials
        if trials is None:
            best = xlogy(y, y) - y - gammaln(y + 1)
        else:
            chance, missed = y / trials, trials - y
            ways = gammaln(trials + 1) - gammaln(y + 1) - gammaln(missed + 1)
            best = ways + xlogy(y, chance) + xlogy(missed, 1 - chance)
        prior = 1.0 if self.data.weights is None else self.data.weights
        return 2 * (float(np.sum(prior * best)) - self.log_likelihood)

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers of the fit by name, without those that it does not have."""
        found = {
            "sites": float(self.clusters),
            "rows": float(self.rows),
            "intercept_sd": self.intercept_sd,
            "slope_sd": self.slope_sd,
            "correlation": self.correlation,
            "inner_sd": self.inner_sd,
            "size": self.size,
            "dispersion": None if self.size is not None else self.dispersion,
            "pearson_ratio": self.pearson_ratio,
            "log_likelihood": self.log_likelihood,
            "gradient_norm": self.gradient_norm,
        }
        return {name: value for name, value in found.items() if value is not None}

    def weights(self, weights: Sequence[float] | Array | Mapping[str, float]) -> Array:
        """Weights of a contrast as an array in the order of the fixed effects."""
        return weight_vector(Coefficients(self.names, self.fixed_effects, self.covariance), weights)

    def contrast(self, weights: Sequence[float] | Array | Mapping[str, float]) -> Estimate:
        """The weighted sum of fixed effects, `weights` by position or by name; its interval is normal."""
        return contrast_estimate(
            Coefficients(self.names, self.fixed_effects, self.covariance),
            weights,
            template=Estimate(
                value=0.0,
                std_error=0.0,
                df=math.inf,
                scale=self.scale,
                method=self.method,
                notes=self.notes,
                numbers=self.numbers,
            ),
        )

    def estimate(
        self,
        weights: Sequence[float] | Array | Mapping[str, float],
        *,
        method: DfMethod = DfMethod.BETWEEN_WITHIN,
    ) -> Estimate:
        """The weighted sum of fixed effects with the degrees of freedom of a small trial.

        Parameters
        ----------
        weights
            Shape (p,), or weights of named effects.
        method
            `BETWEEN_WITHIN` (clusters less columns that vary between them only, or rows less clusters less the other
            columns, the smaller where a contrast has both) or `NORMAL`. The estimate's notes say which.

        References
        ----------
        Li P, Redden DT. BMC Med Res Methodol 2015;15:38 (between-within for few clusters).
        """
        found = self.contrast(weights)
        df = degrees_of_freedom(self.data, self.weights(weights), method)
        return Estimate(
            value=found.value,
            std_error=found.std_error,
            df=df,
            scale=found.scale,
            method=found.method,
            notes=(method.sentence, *found.notes),
            numbers=found.numbers,
        )


def degrees_of_freedom(rows: ClusteredRows, used: Array, method: DfMethod) -> float:
    """Of a contrast with these weights, shape (p,)."""
    if method is DfMethod.NORMAL:
        return math.inf
    if method is not DfMethod.BETWEEN_WITHIN:
        raise ValueError(f"a mixed model of counts has between-within or normal intervals, not {method.value}")
    spread = np.maximum.reduceat(rows.design, rows.starts) - np.minimum.reduceat(rows.design, rows.starts)
    within = np.any(spread > 1e-12 * np.abs(rows.design).max(axis=0), axis=0)
    between_df = rows.clusters - np.count_nonzero(~within)
    within_df = len(rows.counts) - rows.clusters - np.count_nonzero(within)
    needed = np.asarray(used) != 0
    found = [within_df] * bool(np.any(needed & within)) + [between_df] * bool(np.any(needed & ~within))
    return float(max(int(min(found)), 1))
