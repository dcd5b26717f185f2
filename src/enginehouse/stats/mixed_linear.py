"""Linear mixed models by restricted likelihood: random terms that belong to one level of sites, Satterthwaite's df.

Counts are in `glmm`; which columns a trial has is in `site_average`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from enginehouse.stats.fits import (
    Coefficients,
    aliased,
    codes_of,
    contrast_estimate,
    name_columns,
    too_few_clusters,
    weight_vector,
)
from enginehouse.stats.results import Estimate, NotEstimable, Scale

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

BOUNDARY = 1e-4
"""A relative standard deviation below this is zero: the variance is on the boundary."""
STEP = 1e-3
"""Relative step of the numerical derivatives that the degrees of freedom need."""


class RandomStructure(StrEnum):
    """How the random terms of a site may hang together."""

    UNSTRUCTURED = "unstructured"
    DIAGONAL = "diagonal"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearMixedFit:
    """A fitted linear mixed model.

    Attributes
    ----------
    names, fixed_effects, covariance
        Of shapes (p,), (p,), (p, p).
    random_covariance
        Of the random terms of one site, shape (q, q).
    residual_variance
        Of one row, given the site.
    restricted_deviance
        Minus twice the restricted log-likelihood, constants included: lme4's `REMLcrit`.
    on_boundary
        Whether a variance (or a combination) was estimated as zero.
    """

    names: tuple[str, ...]
    fixed_effects: Array
    covariance: Array
    random_covariance: Array
    residual_variance: float
    restricted_deviance: float
    on_boundary: bool
    rows: int
    clusters: int
    notes: tuple[str, ...]
    _deviance: _Deviance
    _parameters: Array

    @property
    def std_errors(self) -> Array:
        """Standard errors of the fixed effects, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def icc(self) -> float:
        """The share of the variance of a row that lies between sites; a single random intercept only."""
        between = float(self.random_covariance[0, 0])
        return between / (between + self.residual_variance)

    def contrast(
        self, weights: Sequence[float] | Array | Mapping[str, float], *, scale: Scale = "difference"
    ) -> Estimate:
        """The weighted sum of fixed effects with Satterthwaite's degrees of freedom."""
        coefficients = Coefficients(self.names, self.fixed_effects, self.covariance)
        vector = weight_vector(coefficients, weights)
        template = Estimate(
            value=0.0,
            std_error=0.0,
            df=self.satterthwaite(vector),
            scale=scale,
            method="linear-mixed-model",
            notes=self.notes,
            numbers={
                "rows": float(self.rows),
                "sites": float(self.clusters),
                "residual_sd": math.sqrt(self.residual_variance),
                **{f"site_sd_{place + 1}": math.sqrt(v) for place, v in enumerate(np.diag(self.random_covariance))},
            },
        )
        return contrast_estimate(coefficients, vector, template=template)

    def satterthwaite(self, weights: Array) -> float:
        """Degrees of freedom of a weighted sum.

        Notes
        -----
        2 v^2 / (g' A g), with v the variance of the sum as a function of the free variance parameters, g its gradient
        and A = 2 H^-1 their covariance, H the Hessian of the restricted deviance; derivatives are numerical. Parameters
        on the boundary are held there.
        """
        free = self._deviance.free(self._parameters)
        gradient = self._deviance.gradient_of_variance(self._parameters, weights, free)
        hessian = self._deviance.hessian(self._parameters, free)
        variance = float(weights @ self.covariance @ weights)
        spread = float(gradient @ np.linalg.solve(hessian / 2, gradient))
        residual = float(self.rows - len(self.names))
        return min(2 * variance**2 / spread, residual) if spread > 0 else residual


def linear_mixed(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    random: npt.ArrayLike | None = None,
    structure: RandomStructure = RandomStructure.UNSTRUCTURED,
    names: Sequence[str] | None = None,
) -> LinearMixedFit | NotEstimable:
    """Fixed effects of a linear mixed model by restricted maximum likelihood.

    Parameters
    ----------
    outcome
        Shape (n,), finite.
    design
        Shape (n, p) of full rank; an intercept is a column of ones.
    clusters
        Label of each row's site, shape (n,).
    random
        Columns whose coefficients vary between sites, shape (n, q), q of 1 to 3; a random intercept by default.
    structure
        Whether random terms may be correlated.
    names
        Names of the columns.

    Returns
    -------
    LinearMixedFit or NotEstimable
        Reasons: `aliased-columns`, `too-few-clusters`, `no-variation`.

    Notes
    -----
    y = X b + Z_i u_i + e, u_i ~ N(0, s^2 L L'), e ~ N(0, s^2). With b and s profiled out the deviance is a function of
    the lower triangle L (its diagonal for independent terms), minimised by quasi-Newton steps from several starts; each
    evaluation needs only the cross-products of each site. Degrees of freedom by Satterthwaite's approximation, as in
    lmerTest. Assumes normal random terms and residuals; with many sites the estimate needs only the right mean.

    References
    ----------
    Bates D, Maechler M, Bolker B, Walker S. J Stat Softw 2015;67(1), sections 3.1 to 3.4. Kuznetsova A, Brockhoff PB,
    Christensen RHB. J Stat Softw 2017;82(13).
    """
    values, columns, terms = _arrays(outcome, design, random)
    labels = name_columns(names, columns.shape[1])
    codes, count = codes_of(clusters, len(values))
    refusal = (
        too_few_clusters(count, needed=terms.shape[1] + 2) or aliased(columns, labels) or _no_rows_left(values, columns)
    )
    if refusal is not None:
        return refusal
    deviance = _Deviance.of(values, columns, terms, codes, count, structure)
    theta = deviance.minimum()
    solved = deviance.solve(theta)
    if solved.quadratic <= 1e-20 * max(float(values @ values), 1e-300):
        return NotEstimable(reason="no-variation", detail="The model fits every value exactly; nothing varies.")
    sigma2 = solved.quadratic / deviance.df
    factor = deviance.factor(theta)
    on_boundary = bool(np.linalg.eigvalsh(factor @ factor.T).min() < BOUNDARY**2)
    notes = ("A component of the variation between sites was estimated as zero.",) if on_boundary else ()
    return LinearMixedFit(
        names=labels,
        fixed_effects=solved.coefficients,
        covariance=sigma2 * np.linalg.inv(solved.information),
        random_covariance=sigma2 * factor @ factor.T,
        residual_variance=sigma2,
        restricted_deviance=deviance.profiled(theta),
        on_boundary=on_boundary,
        rows=len(values),
        clusters=count,
        notes=notes,
        _deviance=deviance,
        _parameters=np.append(theta, math.sqrt(sigma2)),
    )


def _arrays(outcome: npt.ArrayLike, design: npt.ArrayLike, random: npt.ArrayLike | None) -> tuple[Array, Array, Array]:
    values, columns = np.asarray(outcome, dtype=float), np.asarray(design, dtype=float)
    terms = np.ones((len(values), 1)) if random is None else np.asarray(random, dtype=float)
    terms = terms[:, None] if terms.ndim == 1 else terms
    if columns.shape[:1] != values.shape or terms.shape[:1] != values.shape:
        raise ValueError(f"outcome {values.shape}, design {columns.shape} and random {terms.shape} do not match")
    if not all(np.all(np.isfinite(part)) for part in (values, columns, terms)):
        raise ValueError("outcome, design and random terms must be finite: leave out the rows without a value")
    return values, columns, terms


def _no_rows_left(values: Array, columns: Array) -> NotEstimable | None:
    if len(values) > columns.shape[1]:
        return None
    return NotEstimable(reason="too-few-rows", detail="There is no row left to estimate the variation from.")


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    coefficients: Array
    information: Array
    quadratic: float
    log_determinant: float


@dataclass(frozen=True, slots=True, eq=False)
class _Deviance:
    """The restricted deviance from cross-products of Z, and of [X, y], by site."""

    inner: Array
    cross: Array
    whole: Array
    n: int
    p: int
    places: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
    scale: Array

    @classmethod
    def of(
        cls, values: Array, columns: Array, terms: Array, codes: Codes, count: int, structure: RandomStructure
    ) -> _Deviance:
        scale = np.sqrt((terms**2).mean(axis=0))
        scaled = terms / scale
        both = np.column_stack([columns, values])
        q = terms.shape[1]
        places = np.tril_indices(q) if structure is RandomStructure.UNSTRUCTURED else (np.arange(q), np.arange(q))
        return cls(
            inner=_sums(scaled[:, :, None] * scaled[:, None, :], codes, count),
            cross=_sums(scaled[:, :, None] * both[:, None, :], codes, count),
            whole=both.T @ both,
            n=len(values),
            p=columns.shape[1],
            places=places,
            scale=scale,
        )

    @property
    def df(self) -> int:
        return self.n - self.p

    def lower(self, theta: Array) -> Array:
        factor = np.zeros((len(self.scale), len(self.scale)))
        factor[self.places] = theta
        return factor

    def factor(self, theta: Array) -> Array:
        """L in the units of the random columns as they were given."""
        return self.lower(theta) / self.scale[:, None]

    def solve(self, theta: Array) -> _Solved:
        """Generalised least squares at the given relative factor."""
        lower = self.lower(theta)
        middle = lower.T @ self.inner @ lower + np.eye(len(lower))
        turned = lower.T @ self.cross
        root = np.linalg.cholesky(middle)
        half = np.linalg.solve(root, turned).reshape(-1, self.p + 1)
        products = self.whole - half.T @ half
        information, score = products[: self.p, : self.p], products[: self.p, self.p]
        coefficients = np.linalg.solve(information, score)
        quadratic = max(float(products[self.p, self.p] - score @ coefficients), np.finfo(float).tiny)
        log_determinant = 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
        return _Solved(coefficients, information, quadratic, log_determinant)

    def profiled(self, theta: Array) -> float:
        """Minus twice the restricted log-likelihood, the residual variance profiled out."""
        solved = self.solve(theta)
        log_information = float(np.linalg.slogdet(solved.information)[1])
        return (
            solved.log_determinant
            + log_information
            + self.df * (1 + math.log(2 * math.pi * solved.quadratic / self.df))
        )

    def full(self, parameters: Array) -> float:
        """The same as a function of theta and the residual standard deviation."""
        solved = self.solve(parameters[:-1])
        log_information = float(np.linalg.slogdet(solved.information)[1])
        variance = float(parameters[-1]) ** 2
        return (
            solved.log_determinant
            + log_information
            + self.df * math.log(2 * math.pi * variance)
            + solved.quadratic / variance
        )

    def minimum(self) -> Array:
        """The best theta of searches from three starts; the diagonal is not negative."""
        diagonal = self.places[0] == self.places[1]
        bounds = [(0.0, None) if on else (None, None) for on in diagonal]
        best: tuple[float, Array] | None = None
        for start in (0.3, 1.0, 3.0):
            found = minimize(
                self.profiled,
                np.where(diagonal, start, 0.0),
                method="L-BFGS-B",
                bounds=bounds,
                options={"ftol": 1e-13, "gtol": 1e-7},
            )
            if best is None or found.fun < best[0]:
                best = (float(found.fun), np.asarray(found.x))
        assert best is not None  # three starts were tried
        return best[1]

    def free(self, parameters: Array) -> npt.NDArray[np.intp]:
        """Parameters that are not on the boundary; with the residual standard deviation, the last."""
        diagonal = np.append(self.places[0] == self.places[1], False)
        return np.flatnonzero(~(diagonal & (np.abs(parameters) < BOUNDARY)))

    def variance(self, parameters: Array, weights: Array) -> float:
        information = self.solve(parameters[:-1]).information
        return float(parameters[-1] ** 2 * weights @ np.linalg.solve(information, weights))

    def gradient_of_variance(self, parameters: Array, weights: Array, free: npt.NDArray[np.intp]) -> Array:
        steps = _steps(parameters)
        return np.array(
            [
                (self.variance(parameters + steps[place], weights) - self.variance(parameters - steps[place], weights))
                / (2 * steps[place, place])
                for place in free
            ]
        )

    def hessian(self, parameters: Array, free: npt.NDArray[np.intp]) -> Array:
        """Central differences of the full deviance."""
        steps = _steps(parameters)
        found = np.zeros((len(free), len(free)))
        for row, first in enumerate(free):
            for column, second in enumerate(free[: row + 1]):
                value = sum(
                    a * b * self.full(parameters + a * steps[first] + b * steps[second])
                    for a in (1, -1)
                    for b in (1, -1)
                )
                found[row, column] = found[column, row] = value / (4 * steps[first, first] * steps[second, second])
        return found


def _steps(parameters: Array) -> Array:
    return np.diag(STEP * np.maximum(np.abs(parameters), 0.1))


def _sums(rows: Array, codes: Codes, count: int) -> Array:
    """Sums over the clusters: by differences of running positions where rows are in order, else one by one."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(count))
    return np.asarray(np.add.reduceat(rows[order], starts, axis=0))
