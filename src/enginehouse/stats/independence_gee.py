"""Generalised estimating equations with working independence: the mean is modelled, clusters may hang together freely.

Each row counts by its own denominator, so the answer is an average over patients. Mixed models are in `glmm` and
`mixed_linear`; the analysis of one trial, with its covariates and offset, is in `patient_average`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from enginehouse.stats.fits import Coefficients, aliased, as_rows, codes_of, name_columns, no_events, weight_vector
from enginehouse.stats.glm import NOT_CONVERGED, separated, solve_poisson
from enginehouse.stats.results import Estimate, NotEstimable, Scale
from enginehouse.stats.sandwich import (
    Array,
    ClusterCorrection,
    ClusterScores,
    Codes,
    JointTest,
    by_cluster,
    joint_test,
    standard_error,
)

MAX_STEPS = 60
STEP_TOLERANCE = 1e-10


class GeeFamily(StrEnum):
    """The link and the working variance."""

    POISSON = "log link, variance as the mean"
    BINOMIAL = "logit link, binomial variance"
    GAUSSIAN = "identity link, equal variance"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GeeFit:
    """Solved estimating equations, before a contrast is asked for.

    Attributes
    ----------
    names, coefficients
        Of shape (p,): log rate ratios, log odds ratios or differences by the family.
    parts
        Scores and information of the clusters, from which any correction's covariance follows.
    correction
        The small-sample correction that `contrast`, `std_error` and `joint_test` use.
    dispersion
        Pearson chi-square over n - p.
    """

    family: GeeFamily
    names: tuple[str, ...]
    coefficients: Array
    parts: ClusterScores
    correction: ClusterCorrection
    dispersion: float
    rows: int
    notes: tuple[str, ...] = ()
    _covariances: dict[ClusterCorrection, tuple[Array, ...]] = field(default_factory=dict)

    @property
    def clusters(self) -> int:
        return self.parts.clusters

    @property
    def df(self) -> float:
        """Degrees of freedom of the t distribution: clusters less coefficients."""
        return float(self.clusters - len(self.coefficients))

    @property
    def scale(self) -> Scale:
        return "difference" if self.family is GeeFamily.GAUSSIAN else "log-ratio"

    def covariances(self, correction: ClusterCorrection | None = None) -> tuple[Array, ...]:
        """The covariance of the coefficients; two where standard errors are averaged."""
        chosen = correction or self.correction
        if chosen not in self._covariances:
            self._covariances[chosen] = self.parts.covariances(chosen)
        return self._covariances[chosen]

    def std_error(self, weights: Array, correction: ClusterCorrection | None = None) -> float:
        """The standard error of a weighted sum of coefficients."""
        return standard_error(self.covariances(correction), weights)

    def contrast(
        self,
        weights: Sequence[float] | Array | Mapping[str, float],
        *,
        correction: ClusterCorrection | None = None,
    ) -> Estimate:
        """The weighted sum of coefficients, `weights` by position or by name, as an estimate with K - p df."""
        names = Coefficients(self.names, self.coefficients, np.zeros((0, 0)))
        vector = weight_vector(names, weights)
        return self.estimate(float(vector @ self.coefficients), vector, scale=self.scale, correction=correction)

    def estimate(
        self, value: float, gradient: Array, *, scale: Scale, correction: ClusterCorrection | None = None
    ) -> Estimate:
        """A function of the coefficients by the delta method, its `gradient` of shape (p,)."""
        return Estimate(
            value=value,
            std_error=self.std_error(gradient, correction),
            df=self.df,
            scale=scale,
            method="independence-gee",
            notes=self.notes,
            numbers={"rows": float(self.rows), "units": float(self.clusters), "dispersion": self.dispersion},
        )

    def joint_test(self, contrasts: Array) -> JointTest:
        """A Wald F test that every row of `contrasts`, shape (q, p), is zero."""
        return joint_test(self.coefficients, self.covariances(), contrasts, df=self.df)


def independence_gee(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    family: GeeFamily = GeeFamily.POISSON,
    correction: ClusterCorrection = ClusterCorrection.KC_MD_AVERAGE,
    names: Sequence[str] | None = None,
) -> GeeFit | NotEstimable:
    """Population-averaged effects (log rate ratios, log odds ratios or differences) with a cluster-robust error.

    Parameters
    ----------
    outcome
        Shape (n,): counts or quantities, 0/1 of the binomial family, any number of the gaussian.
    design
        Shape (n, p); an intercept is a column of ones.
    clusters
        Label of each row's unit of allocation, shape (n,).
    offset
        Shape (n,), on the scale of the link: the log of the denominator. Not with the gaussian family.
    family
        Link and working variance; the variance need not be right.
    correction
        Small-sample correction of the sandwich.
    names
        Names of the columns.

    Returns
    -------
    GeeFit or NotEstimable
        Reasons: `no-events`, `aliased-columns`, `separation`, `too-few-clusters`, `leverage`,
        `not-converged`.

    Notes
    -----
    sum_i D_i' V_i^-1 (y_i - mu_i) = 0 with V diagonal; covariance B (sum_i D_i'V_i^-1 C_i r_i r_i' C_i' V_i^-1 D_i) B,
    B = (sum D_i'V_i^-1 D_i)^-1, H_i = D_i B D_i' V_i^-1 and C_i = I (LZ), (I - H_i)^-1/2 (KC), (I - H_i)^-1 (MD); FG
    divides the scores by the root of 1 - min(0.75, diag(D_i'V_i^-1 D_i B)). The default is the mean of the KC and MD
    standard errors: KC alone is too small where cluster sizes vary much, MD alone too large (the simulation page has
    the sizes of the tests). Intervals use t with K - p degrees of freedom. Assumes independent clusters and a right
    model of the mean; with arms allocated at random the arm effect is valid even where the covariates' part is wrong.

    References
    ----------
    Liang KY, Zeger SL. Biometrika 1986;73:13-22. Kauermann G, Carroll RJ. J Am Stat Assoc 2001;96:1387-1396.
    Mancl LA, DeRouen TA. Biometrics 2001;57:126-134. Fay MP, Graubard BI. Biometrics 2001;57:1198-1206.
    Ford WP, Westgate PM. Biom J 2017;59:478-495.

    Examples
    --------
    Two sites in each arm, 100 patients each: 10 and 20 events against 20 and 40.

    >>> fit = independence_gee([10, 20, 20, 40], [[1, 0], [1, 0], [1, 1], [1, 1]], clusters=[1, 2, 3, 4],
    ...                        offset=np.log([100.0] * 4), names=["constant", "arm"])
    >>> round(fit.contrast({"arm": 1}).ratio, 6)
    2.0
    """
    values, columns, shift = _rows(outcome, design, offset, family)
    labels = name_columns(names, columns.shape[1])
    codes, count = codes_of(clusters, len(values))
    refusal = _refusal(values, columns, labels, count, family)
    if refusal is not None:
        return refusal
    coefficients = _SOLVERS[family](values, columns, shift)
    if isinstance(coefficients, NotEstimable):
        return coefficients
    mean, weight = _MEANS[family](shift + columns @ coefficients)
    parts = _parts(columns, values - mean, weight, codes, count)
    refusal = parts.refusal()
    if refusal is not None:
        return refusal
    pearson = float(np.sum((values - mean) ** 2 / weight))
    return GeeFit(
        family=family,
        names=labels,
        coefficients=coefficients,
        parts=parts,
        correction=correction,
        dispersion=pearson / max(len(values) - len(labels), 1),
        rows=len(values),
    )


def _rows(
    outcome: npt.ArrayLike, design: npt.ArrayLike, offset: npt.ArrayLike | None, family: GeeFamily
) -> tuple[Array, Array, Array]:
    if family is not GeeFamily.GAUSSIAN:
        values, columns, shift = as_rows(outcome, design, offset)
        if family is GeeFamily.BINOMIAL and np.any(values > 1):
            raise ValueError("outcomes of the binomial family lie between 0 and 1")
        return values, columns, shift
    if offset is not None:
        raise ValueError("the gaussian family takes no offset: subtract it from the outcome")
    values = np.asarray(outcome, dtype=float)
    # `as_rows` refuses outcomes below zero, which are as good as any here.
    _, columns, shift = as_rows(np.abs(values), design, None)
    return values, columns, shift


def _refusal(
    values: Array, columns: Array, labels: tuple[str, ...], count: int, family: GeeFamily
) -> NotEstimable | None:
    if count <= columns.shape[1]:
        return NotEstimable(
            reason="too-few-clusters",
            detail=f"{count} units cannot carry a model of {columns.shape[1]} coefficients; "
            f"at least {columns.shape[1] + 1} are needed.",
        )
    if family is GeeFamily.GAUSSIAN:
        return aliased(columns, labels)
    ceiling = np.ones(len(values)) if family is GeeFamily.BINOMIAL else None
    return no_events(values) or aliased(columns, labels) or _separation(values, columns, labels, ceiling)


def _separation(values: Array, columns: Array, labels: tuple[str, ...], ceiling: Array | None) -> NotEstimable | None:
    """Only rows at an edge can separate: where there are none, nothing needs to be looked at."""
    if ceiling is None and np.all(values > 0):
        return None
    return separated(values, columns, labels, ceiling=ceiling)


def _parts(columns: Array, residuals: Array, weight: Array, codes: Codes, count: int) -> ClusterScores:
    """Scores and information by cluster. All three links are canonical: D'V^-1 is the design's transpose."""
    bread = np.linalg.inv(columns.T @ (columns * weight[:, None]))
    scores = by_cluster(columns * residuals[:, None], codes, count)
    if count == len(columns):
        leverage = np.einsum("na,ab,nb->n", columns, bread, columns) * weight
        order = np.argsort(codes)
        information = columns[order, :, None] * (columns * weight[:, None])[order, None, :]
        return ClusterScores(scores, information, bread, leverage[order])
    return ClusterScores(
        scores, by_cluster(columns[:, :, None] * (columns * weight[:, None])[:, None, :], codes, count), bread, None
    )


def _solve_gaussian(outcome: Array, design: Array, _offset: Array) -> Array:
    return np.asarray(np.linalg.lstsq(design, outcome, rcond=None)[0])


def _solve_binomial(outcome: Array, design: Array, offset: Array) -> Array | NotEstimable:
    """Newton steps with halving; the caller has ruled out separation, so there is one maximum."""
    beta = np.zeros(design.shape[1])
    loss = _logistic_loss(outcome, offset)
    for _ in range(MAX_STEPS):
        mean = expit(offset + design @ beta)
        weight = mean * (1 - mean)
        step = np.linalg.solve(design.T @ (design * weight[:, None]), design.T @ (outcome - mean))
        share = 1.0
        while (value := _logistic_loss(outcome, offset + design @ (beta + share * step))) > loss and share > 1e-6:
            share /= 2
        beta, loss = beta + share * step, min(value, loss)
        if np.max(np.abs(share * design @ step)) < STEP_TOLERANCE:
            return beta
    return NOT_CONVERGED


def _logistic_loss(outcome: Array, eta: Array) -> float:
    return float(np.sum(np.logaddexp(0.0, eta) - outcome * eta))


def _poisson_mean(eta: Array) -> tuple[Array, Array]:
    mean = np.exp(eta)
    return mean, mean


def _binomial_mean(eta: Array) -> tuple[Array, Array]:
    mean = expit(eta)
    return mean, mean * (1 - mean)


def _gaussian_mean(eta: Array) -> tuple[Array, Array]:
    return eta, np.ones_like(eta)


_SOLVERS: Mapping[GeeFamily, Callable[[Array, Array, Array], Array | NotEstimable]] = {
    GeeFamily.POISSON: solve_poisson,
    GeeFamily.BINOMIAL: _solve_binomial,
    GeeFamily.GAUSSIAN: _solve_gaussian,
}
_MEANS: Mapping[GeeFamily, Callable[[Array], tuple[Array, Array]]] = {
    GeeFamily.POISSON: _poisson_mean,
    GeeFamily.BINOMIAL: _binomial_mean,
    GeeFamily.GAUSSIAN: _gaussian_mean,
}
