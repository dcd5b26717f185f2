"""The Laplace approximation of a mixed model's likelihood, with its exact gradient.

One number and one gradient for given fixed effects, random-effect factor and dispersion. Searching for the best ones is
in `search`; what is reported is in `fit`. Long thin products go through `einsum`: libraries that spread them over
threads take ten times longer on a busy machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.families import Binomial, Density, Family, NegativeBinomial, Poisson
from enginehouse.stats.glmm.rows import ClusteredRows

MODE_STEPS = 100
MODE_TOLERANCE = 1e-7
"""Newton stops when no linear predictor moved by more than this; what is left is its square."""
FREE_MOVE = 0.5
"""A Newton step that changes no linear predictor by more than this is taken whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """Fixed effects (p,), the lower-triangular factor (q, q) of the random covariance, log of the NB size."""

    beta: Array
    factor: Array
    log_size: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """Minus the log-likelihood and its gradient, with the modes where it was evaluated.

    `modes` and `inverse` are of the standardised effects v (the effects are factor @ v): shapes (q, C), (q, q, C).
    """

    loss: float
    beta: Array
    factor: Array
    log_size: float
    modes: Array
    inverse: Array
    eta: Array


class Laplace:
    """Minus the Laplace log-likelihood of one data set under one family.

    Notes
    -----
    For each cluster, with a_t = L'z_t and eta_t = offset + x_t b + a_t'v, v ~ N(0, I):
    log-likelihood = sum l(y_t, eta_t) - v'v/2 - log det(H)/2 at the mode v, H = sum w_t a_t a_t' + I. Because v is
    standardised, a variance of zero is an ordinary point (L = 0), not an edge.
    """

    def __init__(self, rows: ClusteredRows, family: Family) -> None:
        self.rows, self.family = rows, family
        self.warm = np.zeros((len(rows.random), rows.clusters))
        self.evaluations = 0
        self._fixed_density = _fixed_density(rows, family)

    def density(self, log_size: float | None) -> Density:
        if self._fixed_density is not None:
            return self._fixed_density
        return NegativeBinomial(self.rows.counts, float(np.exp(log_size if log_size is not None else np.inf)))

    def __call__(self, at: Parameters, *, start: Array | None = None) -> Value:
        """The value at `at`; the search for the modes starts from `start` or where the last one ended."""
        self.evaluations += 1
        rows, density = self.rows, self.density(at.log_size)
        loadings = at.factor.T @ rows.random
        fixed = rows.offset + np.einsum("np,p->n", rows.design, at.beta)
        modes, found = _modes(rows, density, fixed, loadings, self.warm if start is None else start)
        if not found:
            modes, found = _modes(rows, density, fixed, loadings, np.zeros(self.warm.shape))
        eta = fixed + np.einsum("qn,qn->n", loadings, modes[:, rows.cluster])
        value = _value(rows, density, loadings, modes, eta)
        if found and np.isfinite(value.loss):
            self.warm = modes
            return value
        return replace(value, loss=np.inf)


def _fixed_density(rows: ClusteredRows, family: Family) -> Density | None:
    if family is Family.POISSON:
        return Poisson(rows.counts)
    if family is Family.BINOMIAL and rows.trials is not None:
        return Binomial(rows.counts, rows.trials)
    return None


def _modes(rows: ClusteredRows, density: Density, fixed: Array, loadings: Array, start: Array) -> tuple[Array, bool]:
    """The most likely standardised effects of every cluster, and whether Newton steps from `start` found them."""
    modes = start.copy()
    eta = fixed + np.einsum("qn,qn->n", loadings, modes[:, rows.cluster])
    for _ in range(MODE_STEPS):
        score, weight = density.score_and_weight(eta)
        slope = rows.by_cluster(loadings * score) - modes
        inverse, _ = invert(curvature_matrix(rows, loadings, weight))
        step = np.einsum("jkc,kc->jc", inverse, slope)
        move = np.einsum("qn,qn->n", loadings, step[:, rows.cluster])
        largest = np.maximum.reduceat(np.abs(move), rows.starts)
        if largest.max() > FREE_MOVE:
            share = _share_of_step(largest)
            step, move = step * share, move * share[rows.cluster]
        modes, eta = modes + step, eta + move
        if largest.max() < MODE_TOLERANCE:
            return modes, True
    return modes, False


def _share_of_step(largest: Array) -> Array:
    """How much of each cluster's Newton step to take, so that no step overshoots.

    In all three families the log of the weight changes no faster than the linear predictor. A step that moves it by L
    at most loses likelihood only where its share t has t e^(tL) > 2; with tL = min(log(1 + L), 1.5) that cannot be.
    """
    return np.where(largest > FREE_MOVE, np.minimum(np.log1p(largest), 1.5) / np.maximum(largest, FREE_MOVE), 1.0)


def curvature_matrix(rows: ClusteredRows, loadings: Array, weight: Array) -> Array:
    """H = sum of w a a' over the rows of a cluster, plus the identity; shape (q, q, C)."""
    size = len(loadings)
    matrix = np.empty((size, size, rows.clusters))
    weighted = loadings * weight
    for j in range(size):
        for k in range(j + 1):
            matrix[j, k] = matrix[k, j] = rows.by_cluster(weighted[j] * loadings[k]) + (j == k)
    return matrix


def invert(matrix: Array) -> tuple[Array, Array]:
    """Inverses (q, q, C) and determinants (C,) of 1x1 or 2x2 matrices, in closed form."""
    if len(matrix) == 1:
        return 1 / matrix, matrix[0, 0]
    determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] ** 2
    inverse = np.stack([np.stack([matrix[1, 1], -matrix[0, 1]]), np.stack([-matrix[0, 1], matrix[0, 0]])])
    return inverse / determinant, determinant


def _value(rows: ClusteredRows, density: Density, loadings: Array, modes: Array, eta: Array) -> Value:
    """Loss and gradient at the modes.

    With c_t = a_t'H^-1 a_t, the log-determinant leans on eta_t by s_t = w'_t c_t / 2. A mode moves with the
    parameters by H dv = -sum w a d(eta) + sum r da (r the score), so its pull on the log-determinant is
    k = H^-1 sum s a, and d(loss)/d(eta_t) = -r_t + s_t - w_t a_t'k. Through a_t = L'z_t the factor gets
    w_t z_t (H^-1 a_t)' + r_t z_t k' more.
    """
    here = density.curvature(eta)
    inverse, determinant = invert(curvature_matrix(rows, loadings, here.weight))
    spread = np.einsum("jkn,kn->jn", inverse[:, :, rows.cluster], loadings)
    leverage = np.einsum("jn,jn->n", loadings, spread)
    lean_on_eta = 0.5 * here.slope * leverage
    pull = np.einsum("jkc,kc->jc", inverse, rows.by_cluster(lean_on_eta * loadings))
    row_gradient = -here.score + lean_on_eta - here.weight * np.einsum("qn,qn->n", loadings, pull[:, rows.cluster])
    loss = -float(np.sum(here.density)) + 0.5 * float(np.sum(modes**2)) + 0.5 * float(np.sum(np.log(determinant)))
    factor = (
        rows.by_cluster(rows.random * row_gradient) @ modes.T
        + np.einsum("jn,kn->jk", rows.random * here.weight, spread)
        + rows.by_cluster(rows.random * here.score) @ pull.T
    )
    return Value(
        loss=loss,
        beta=np.einsum("n,np->p", row_gradient, rows.design),
        factor=np.tril(factor),
        log_size=_size_gradient(rows, density, loadings, eta, leverage, pull),
        modes=modes,
        inverse=inverse,
        eta=eta,
    )


def _size_gradient(
    rows: ClusteredRows, density: Density, loadings: Array, eta: Array, leverage: Array, pull: Array
) -> float:
    if not isinstance(density, NegativeBinomial):
        return 0.0
    by_size = density.by_log_size(eta)
    moved = np.einsum("qn,qn->n", loadings, pull[:, rows.cluster])
    return float(np.sum(-by_size.density + 0.5 * by_size.weight * leverage + by_size.score * moved))
