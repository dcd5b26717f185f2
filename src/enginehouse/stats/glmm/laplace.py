"""The likelihood of a mixed model by Laplace's approximation, or by adaptive quadrature, with its exact gradient.

One number and one gradient for given fixed effects, random-effect factor and dispersion. Searching for the best ones is
in `search`, second derivatives are in `curvature`; what is reported is in `fit`. Long thin products go through
`einsum`: libraries that spread them over threads take ten times longer on a busy machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.families import (
    SIMPLER,
    Binomial,
    Curvature,
    Density,
    Dispersed,
    Family,
    NegativeBinomial,
    Poisson,
    SizeDerivatives,
)
from enginehouse.stats.glmm.mean_families import BetaBinomial, BinomialByMean, Link, NegativeBinomialLinear
from enginehouse.stats.glmm.quadrature import Quadrature, around_the_mode
from enginehouse.stats.glmm.rows import ClusteredRows
from enginehouse.stats.glmm.smoother import Effects, Loadings, Smoother, no_effects

MODE_STEPS = 100
MODE_TOLERANCE = 1e-7
"""Newton stops when no linear predictor moved by more than this; what is left is its square."""
FREE_MOVE = 0.5
"""A Newton step that changes no linear predictor by more than this is taken whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """Fixed effects (p,), the lower-triangular factor (q, q) of the random covariance, log of the size.

    `inner` is the standard deviation of members' effects inside clusters, nought without them.
    """

    beta: Array
    factor: Array
    log_size: float | None = None
    inner: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """Minus the log-likelihood and its gradient, with the modes where it was evaluated.

    `modes` are standardised effects v (a cluster's effects are factor @ v).
    """

    loss: float
    beta: Array
    factor: Array
    log_size: float
    inner: float
    modes: Effects
    eta: Array
    smoother: Smoother
    spread: Array

    @property
    def inverse(self) -> Array:
        """Covariances of the clusters' standardised effects given the data, shape (q, q, C)."""
        return self.smoother.inverse


class Weighted:
    """A family whose rows count by their prior weights."""

    def __init__(self, density: Density, weights: Array) -> None:
        self.plain, self.weights = density, weights

    def score_and_weight(self, eta: Array) -> tuple[Array, Array]:
        score, weight = self.plain.score_and_weight(eta)
        return self.weights * score, self.weights * weight

    def density_and_score(self, eta: Array) -> tuple[Array, Array]:
        density, score = self.plain.density_and_score(eta)
        return self.weights * density, self.weights * score

    def curvature(self, eta: Array) -> Curvature:
        here, by = self.plain.curvature(eta), self.weights
        return Curvature(by * here.density, by * here.score, by * here.weight, by * here.slope, by * here.bend)

    def by_log_size(self, eta: Array) -> SizeDerivatives:
        assert isinstance(self.plain, Dispersed)  # asked of families with a dispersion only
        here, by = self.plain.by_log_size(eta), self.weights
        return SizeDerivatives(by * here.density, by * here.score, by * here.weight)

    def variance_ratio(self, eta: Array) -> Array:
        return np.asarray(self.weights * self.plain.variance_ratio(eta))


def density_of(rows: ClusteredRows, family: Family, link: Link, log_size: float | None) -> Density:
    """The family's density for these counts."""
    plain = _plain_density(rows, family, link, log_size)
    return plain if rows.weights is None else Weighted(plain, rows.weights)


def _plain_density(rows: ClusteredRows, family: Family, link: Link, log_size: float | None) -> Density:
    size = np.inf if log_size is None else float(np.exp(log_size))
    trials = np.ones(len(rows.counts)) if rows.trials is None else rows.trials
    match family:
        case Family.POISSON:
            return Poisson(rows.counts)
        case Family.NEGATIVE_BINOMIAL:
            return NegativeBinomial(rows.counts, size)
        case Family.NEGATIVE_BINOMIAL_LINEAR:
            return NegativeBinomialLinear(rows.counts, size)
        case Family.BETA_BINOMIAL:
            return BetaBinomial(rows.counts, trials, size, link)
        case Family.BINOMIAL if link is Link.LOGIT:
            return Binomial(rows.counts, trials)
    return BinomialByMean(rows.counts, trials, link)


class Laplace:
    """Minus the log-likelihood of one data set under one family.

    Notes
    -----
    For each cluster, with a_t = L'z_t and eta_t = offset + x_t b + a_t'v, v ~ N(0, I):
    log-likelihood = sum l(y_t, eta_t) - v'v/2 - log det(H)/2 at the mode v, H = sum w_t a_t a_t' + I. Because v is
    standardised, a variance of zero is an ordinary point (L = 0), not an edge. With `nodes` above 1 the integral over
    a single effect is a sum over so many points around the mode instead.
    """

    def __init__(self, rows: ClusteredRows, family: Family, link: Link | None = None, nodes: int = 1) -> None:
        self.rows, self.family, self.nodes = rows, family, nodes
        self.link = link or (Link.LOG if rows.trials is None else Link.LOGIT)
        self.warm = no_effects(rows)
        self.evaluations = 0
        self._fixed = None if family in SIMPLER else density_of(rows, family, self.link, None)

    def density(self, log_size: float | None) -> Density:
        return self._fixed or density_of(self.rows, self.family, self.link, log_size)

    def like(self, *, family: Family | None = None, nodes: int | None = None) -> Laplace:
        """The same data under another family or with another number of nodes."""
        return Laplace(self.rows, family or self.family, self.link, nodes or self.nodes)

    def loadings(self, at: Parameters) -> Loadings:
        """What each row takes of the standardised effects."""
        inner = None if self.rows.inner is None else at.inner * self.rows.inner.column
        return Loadings(at.factor.T @ self.rows.random, inner)

    def __call__(self, at: Parameters, *, start: Effects | None = None) -> Value:
        """The value at `at`; the search for the modes starts from `start` or where the last one ended."""
        self.evaluations += 1
        rows, density, loadings = self.rows, self.density(at.log_size), self.loadings(at)
        fixed = rows.offset + rows.design @ at.beta
        modes, found = _modes(rows, density, fixed, loadings, self.warm if start is None else start)
        if not found:
            modes, found = _modes(rows, density, fixed, loadings, no_effects(rows))
        eta = fixed + loadings.of(rows, modes)
        value = _value(self, density, loadings, modes, eta, fixed)
        if found and np.isfinite(value.loss):
            self.warm = modes
            return value
        return replace(value, loss=np.inf)


def _modes(
    rows: ClusteredRows, density: Density, fixed: Array, loadings: Loadings, start: Effects
) -> tuple[Effects, bool]:
    """The most likely standardised effects of every cluster, and whether Newton steps from `start` found them."""
    modes = start
    eta = fixed + loadings.of(rows, modes)
    for _ in range(MODE_STEPS):
        score, weight = density.score_and_weight(eta)
        # Some families' densities are not concave: a weight below nought would turn the step round.
        smoother = Smoother(rows, loadings, np.maximum(weight, 0.0))
        step = smoother.solve(_slope(rows, loadings, score, modes))
        move = loadings.of(rows, step)
        largest = np.maximum.reduceat(np.abs(move), rows.starts)
        most = float(largest.max())
        if most > FREE_MOVE:
            share = _share_of_step(largest)
            inner = step.inner if rows.inner is None else step.inner * share[rows.inner.cluster]
            step, move = Effects(step.outer * share, inner), move * share[rows.cluster]
        modes, eta = modes + step, eta + move
        if most < MODE_TOLERANCE:
            return modes, True
    return modes, False


def _slope(rows: ClusteredRows, loadings: Loadings, score: Array, modes: Effects) -> Effects:
    """The gradient of the joint log-density by the standardised effects."""
    outer = rows.by_cluster(loadings.outer * score) - modes.outer
    if rows.inner is None or loadings.inner is None:
        return Effects(outer, modes.inner)
    return Effects(outer, rows.inner.by_member(loadings.inner * score) - modes.inner)


def _share_of_step(largest: Array) -> Array:
    """How much of each cluster's Newton step to take, so that no step overshoots.

    In the canonical families the log of the weight changes no faster than the linear predictor. A step that moves it by
    L at most loses likelihood only where its share t has t e^(tL) > 2; with tL = min(log(1 + L), 1.5) that cannot be.
    """
    return np.where(largest > FREE_MOVE, np.minimum(np.log1p(largest), 1.5) / np.maximum(largest, FREE_MOVE), 1.0)


def _value(objective: Laplace, density: Density, loadings: Loadings, modes: Effects, eta: Array, fixed: Array) -> Value:
    """Loss and gradient at the modes.

    With c_t = a_t'H^-1 a_t, the log-determinant leans on eta_t by s_t = w'_t c_t / 2. A mode moves with the
    parameters by H dv = -sum w a d(eta) + sum r da (r the score), so its pull on the log-determinant is
    k = H^-1 sum s a, and d(loss)/d(eta_t) = -r_t + s_t - w_t a_t'k. Through a_t = L'z_t the factor gets
    w_t z_t (H^-1 a_t)' + r_t z_t k' more. Quadrature changes s, r and k as `quadrature` says.
    """
    rows = objective.rows
    here = density.curvature(eta)
    smoother = Smoother(rows, loadings, here.weight)
    spread = smoother.spread()
    leverage = smoother.leverage(spread)
    lean = 0.5 * here.slope * leverage
    nodes: Quadrature | None = None
    if objective.nodes > 1:
        nodes = around_the_mode(rows, density, loadings, modes, smoother, fixed, objective.nodes)
        lean = lean * nodes.stretch[rows.cluster]
    pull = smoother.pull(lean)
    if nodes is not None:
        pull = Effects(pull.outer - smoother.inverse[0] * nodes.drift, pull.inner)
    moved = loadings.of(rows, pull)
    row_gradient = -(here.score if nodes is None else nodes.score) + lean - here.weight * moved
    if nodes is None:
        loss = -float(np.sum(here.density)) + 0.5 * modes.squared() + 0.5 * smoother.log_determinant
    else:
        loss = nodes.loss
    return Value(
        loss=loss,
        beta=rows.design.T @ row_gradient,
        factor=_factor_gradient(rows, here, modes, spread, pull, row_gradient, nodes),
        log_size=_size_gradient(density, eta, leverage, moved, nodes, rows),
        inner=_inner_gradient(rows, here, modes, smoother, spread, pull, row_gradient),
        modes=modes,
        eta=eta,
        smoother=smoother,
        spread=spread,
    )


def _factor_gradient(
    rows: ClusteredRows,
    here: Curvature,
    modes: Effects,
    spread: Array,
    pull: Effects,
    row_gradient: Array,
    nodes: Quadrature | None,
) -> Array:
    if nodes is not None:
        # The part of the gradient that goes with the score meets each node's own effect, not the mode.
        lean = (row_gradient + nodes.score) * modes.outer[0][rows.cluster] - nodes.score_by_effect
        widths = here.weight * spread[0] * nodes.stretch[rows.cluster] + here.score * pull.outer[0][rows.cluster]
        return np.array([[float(np.sum(rows.random[0] * (lean + widths)))]])
    found = (
        rows.by_cluster(rows.random * row_gradient) @ modes.outer.T
        + np.einsum("jn,kn->jk", rows.random * here.weight, spread)
        + rows.by_cluster(rows.random * here.score) @ pull.outer.T
    )
    return np.where(rows.free, found, 0.0)


def _inner_gradient(
    rows: ClusteredRows,
    here: Curvature,
    modes: Effects,
    smoother: Smoother,
    spread: Array,
    pull: Effects,
    row_gradient: Array,
) -> float:
    """By the standard deviation of members' effects, as `_factor_gradient`."""
    if rows.inner is None:
        return 0.0
    member = rows.inner.member
    each = row_gradient * modes.inner[member] + here.score * pull.inner[member]
    return float(np.sum(rows.inner.column * (each + here.weight * smoother.inner_part(spread))))


def _size_gradient(
    density: Density, eta: Array, leverage: Array, moved: Array, nodes: Quadrature | None, rows: ClusteredRows
) -> float:
    plain = density.plain if isinstance(density, Weighted) else density
    if not isinstance(plain, Dispersed) or not isinstance(density, Dispersed):
        return 0.0
    by_size = density.by_log_size(eta)
    lean = 0.5 * by_size.weight * leverage
    if nodes is None:
        return float(np.sum(-by_size.density + lean + by_size.score * moved))
    return nodes.by_size(density) + float(np.sum(lean * nodes.stretch[rows.cluster] + by_size.score * moved))
