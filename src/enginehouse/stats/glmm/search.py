"""The search for the maximum: a start near it, a quasi-Newton search in whitened parameters, Newton steps at the end.

Parameters are measured in approximate standard errors (`Whitening`), so that one tolerance means the same for an
intercept between practices and for a dispersion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

from enginehouse.stats.fits import Array
from enginehouse.stats.glm import solve_poisson
from enginehouse.stats.glmm.boundary import boundary_factors
from enginehouse.stats.glmm.families import Family
from enginehouse.stats.glmm.laplace import Laplace, Parameters, Value, curvature_matrix, invert
from enginehouse.stats.glmm.rows import ClusteredRows
from enginehouse.stats.results import NotEstimable

SCORING_STEPS = 8
SEARCH_TOLERANCE = 1e-4
"""The quasi-Newton search stops at this gradient, in standard errors; Newton steps do the rest."""
GRADIENT_TOLERANCE = 1e-5
"""A fit has converged when the Newton step left to do is shorter than this, in standard errors."""
DIFFERENCE = 0.003
"""Half-width, in standard errors, of the central differences of the gradient."""
FLAT = 1e-4
"""A direction whose eigenvalue of the whitened Hessian (1 where the whitening is exact) is below this is unknown."""
SADDLE = 0.01
"""One below minus this points uphill; between the two it is flat up to the error of the differences."""
LARGEST_LOG_SIZE = 25.0
NEWTON_ROUNDS, NEWTON_STEPS, LARGEST_STEP = 6, 6, 20.0
ROUNDING = 1e-6
"""A rise of minus the log-likelihood that may be rounding: sums of large terms of either sign."""
SMALL_MOVE = 1e-3
"""A Hessian taken this many standard errors away still serves: its relative change is about this over C^1/2."""
SMALLEST_SCALE = 0.02
"""The size of a standard deviation that is nought, for the purpose of steps."""
BOUNDARY_LIKELIHOOD = 1e-4
"""A variance is at its boundary when setting it to zero loses no more log-likelihood than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """Where the search ended.

    Attributes
    ----------
    family
        The family that was fitted in the end.
    covariance
        Of the fixed effects, shape (p, p): the block of the inverse Hessian of all parameters.
    hessian_is_positive
        False where the point is no maximum.
    gradient_norm
        Length of the Newton step that is left, in standard errors.
    """

    family: Family
    at: Parameters
    value: Value
    covariance: Array
    gradient_norm: float
    hessian_is_positive: bool
    evaluations: int

    @property
    def settled(self) -> bool:
        """Whether this is a maximum, to the tolerance."""
        return self.hessian_is_positive and self.gradient_norm <= GRADIENT_TOLERANCE


class Whitening:
    """A point and a scale for all parameters: vector s <-> Parameters, s in approximate standard errors."""

    def __init__(self, centre: Parameters, information: Array, rows: ClusteredRows) -> None:
        self.centre = centre
        self.root = cholesky(information)
        self.lower = np.tril_indices(len(centre.factor))
        size = np.maximum(np.abs(np.diag(centre.factor)), SMALLEST_SCALE)
        # The log of a standard deviation of C effects has standard error 1 / sqrt(2 C).
        self.factor_scale = size[self.lower[0]] / np.sqrt(2.0 * rows.clusters)
        self.size_scale = 2.0 / np.sqrt(len(rows.counts))

    def parameters(self, vector: Array) -> Parameters:
        p, centre = len(self.centre.beta), self.centre
        factor = centre.factor.copy()
        factor[self.lower] += self.factor_scale * vector[p : p + len(self.factor_scale)]
        log_size = None
        if centre.log_size is not None:
            log_size = float(np.clip(centre.log_size + self.size_scale * vector[-1], -10.0, LARGEST_LOG_SIZE))
        return Parameters(centre.beta + solve_triangular(self.root, vector[:p]), factor, log_size)

    def gradient(self, value: Value) -> Array:
        parts = [solve_triangular(self.root, value.beta, trans="T"), self.factor_scale * value.factor[self.lower]]
        if self.centre.log_size is not None:
            parts.append(np.array([self.size_scale * value.log_size]))
        return np.concatenate(parts)

    @property
    def length(self) -> int:
        return len(self.centre.beta) + len(self.factor_scale) + (self.centre.log_size is not None)


def find_optimum(rows: ClusteredRows, family: Family, *, start: Parameters | None = None) -> Optimum:
    """The maximum of the Laplace likelihood, from `start` or from one of its own making.

    A negative binomial that is no more likely than Poisson becomes Poisson: `family` of the answer says so.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        objective = Laplace(rows, family)
        centre = start or _start(objective)
        whitening = Whitening(centre, information(objective, centre), rows)
        vector = _quasi_newton(objective, whitening)
        if _is_poisson(objective, whitening.parameters(vector)):
            return find_optimum(rows, Family.POISSON, start=_without_size(whitening.parameters(vector)))
        optimum = _polish(objective, whitening, vector)
        if _is_poisson(objective, optimum.at):
            return find_optimum(rows, Family.POISSON, start=_without_size(optimum.at))
        return optimum if optimum.settled else _from_boundaries(objective, optimum)


def _quasi_newton(objective: Laplace, whitening: Whitening) -> Array:
    found = minimize(
        lambda s: _loss_and_gradient(objective, whitening, s),
        np.zeros(whitening.length),
        jac=True,
        method="BFGS",
        options={"gtol": SEARCH_TOLERANCE, "maxiter": 300},
    )
    return np.asarray(found.x)


def _is_poisson(objective: Laplace, at: Parameters) -> bool:
    """Whether a negative binomial is no more likely than Poisson with the same other parameters."""
    if objective.family is not Family.NEGATIVE_BINOMIAL:
        return False
    poisson = Laplace(objective.rows, Family.POISSON)(_without_size(at), start=objective.warm)
    return poisson.loss <= objective(at).loss + BOUNDARY_LIKELIHOOD


def _without_size(at: Parameters) -> Parameters:
    return Parameters(at.beta, at.factor)


def _from_boundaries(objective: Laplace, optimum: Optimum) -> Optimum:
    """Where the search wandered along an edge: the best settled maximum that starts on one, if it is no worse."""
    found = [optimum]
    for factor in boundary_factors(optimum.at.factor).values():
        centre = Parameters(optimum.at.beta, factor, optimum.at.log_size)
        whitening = Whitening(centre, information(objective, centre), objective.rows)
        candidate = _polish(objective, whitening, np.zeros(whitening.length))
        if candidate.settled and candidate.value.loss <= optimum.value.loss + BOUNDARY_LIKELIHOOD:
            found.append(candidate)
    return min(found[1:] or found, key=lambda each: each.value.loss)


def _loss_and_gradient(objective: Laplace, whitening: Whitening, vector: Array) -> tuple[float, Array]:
    value = objective(whitening.parameters(vector))
    if not np.isfinite(value.loss):
        return np.inf, np.zeros(whitening.length)
    return value.loss, whitening.gradient(value)


def _polish(objective: Laplace, whitening: Whitening, vector: Array) -> Optimum:
    """Newton rounds, each with a fresh numerical Hessian; one is enough but for boundaries and saddles."""
    value = objective(whitening.parameters(vector))
    p = len(whitening.centre.beta)
    for _ in range(NEWTON_ROUNDS):
        hessian = _hessian(objective, whitening, vector, value.modes)
        inverse, is_maximum = _inverse(hessian, p)
        if not np.all(np.isfinite(inverse)):
            break
        start = vector
        vector, value = _newton(objective, whitening, vector, value, hessian)
        gradient = whitening.gradient(value)
        left = float(np.sqrt(max(float(gradient @ inverse @ gradient), 0.0)))
        if left < GRADIENT_TOLERANCE and is_maximum and np.linalg.norm(vector - start) < SMALL_MOVE:
            break
    back = solve_triangular(whitening.root, np.eye(p))
    return Optimum(
        family=objective.family,
        at=whitening.parameters(vector),
        value=value,
        covariance=back @ inverse[:p, :p] @ back.T,
        gradient_norm=left,
        hessian_is_positive=is_maximum,
        evaluations=objective.evaluations,
    )


def _newton(
    objective: Laplace, whitening: Whitening, vector: Array, value: Value, hessian: Array
) -> tuple[Array, Value]:
    """Damped Newton steps with one Hessian, downhill also where it is not positive."""
    sizes, directions = np.linalg.eigh(hessian)
    for _ in range(NEWTON_STEPS):
        along = directions.T @ whitening.gradient(value)
        steps = along / np.maximum(np.abs(sizes), FLAT)
        if sizes[0] < -SADDLE and abs(steps[0]) < 1:
            # A saddle, such as a variance of zero that should not be: its gradient is nought, so push.
            steps[0] = 1.0
        if np.linalg.norm(steps) < GRADIENT_TOLERANCE / 100:
            break
        step = directions @ (steps * min(1.0, LARGEST_STEP / float(np.max(np.abs(steps)))))
        moved = _downhill(objective, whitening, vector, value, step)
        if moved is None:
            break
        vector, value = moved
    return vector, value


def _downhill(
    objective: Laplace, whitening: Whitening, vector: Array, value: Value, step: Array
) -> tuple[Array, Value] | None:
    """The longest of 1, 1/2, 1/4, ... of the step that does not lose likelihood, if any."""
    for halvings in range(8):
        trial = vector - step / 2**halvings
        moved = objective(whitening.parameters(trial))
        if moved.loss <= value.loss + ROUNDING:
            return trial, moved
    return None


def _hessian(objective: Laplace, whitening: Whitening, vector: Array, modes: Array) -> Array:
    """Central differences of the exact gradient, made symmetric."""
    rows = []
    for step in np.eye(len(vector)) * DIFFERENCE:
        ends = [objective(whitening.parameters(vector + side * step), start=modes) for side in (1, -1)]
        up, down = (whitening.gradient(end) for end in ends)
        rows.append((up - down) / (2 * DIFFERENCE))
    hessian = np.array(rows)
    return np.asarray((hessian + hessian.T) / 2)


def _inverse(hessian: Array, fixed_effects: int) -> tuple[Array, bool]:
    """The inverse over the directions with information, and whether the point is a maximum.

    A direction without information is allowed where it turns the random effects only: with a variance of zero the
    correlation means nothing. One that moves fixed effects would make their errors too small.
    """
    if not np.all(np.isfinite(hessian)):
        return np.full(hessian.shape, np.nan), False
    sizes, directions = np.linalg.eigh(hessian)
    known = sizes > FLAT
    inverse = (directions[:, known] / sizes[known]) @ directions[:, known].T
    harmless = np.all(np.abs(directions[:fixed_effects, ~known]) < 0.01)
    return inverse, bool(np.all(sizes > -SADDLE) and harmless)


def information(objective: Laplace, at: Parameters) -> Array:
    """Approximate information of the fixed effects, random effects integrated out: X'(W - W A H^-1 A'W) X."""
    rows = objective.rows
    value = objective(at)
    _, weight = objective.density(at.log_size).score_and_weight(value.eta)
    loadings = at.factor.T @ rows.random
    inverse, _ = invert(curvature_matrix(rows, loadings, weight))
    weighted = rows.design * weight[:, None]
    total = rows.design.T @ weighted
    cross = [np.add.reduceat(weighted * loading[:, None], rows.starts, axis=0) for loading in loadings]
    for j, left in enumerate(cross):
        for k, right in enumerate(cross):
            total -= left.T @ (right * inverse[j, k][:, None])
    return np.asarray((total + total.T) / 2)


def _start(objective: Laplace) -> Parameters:
    """A point near the maximum: pooled regression, then alternating scoring for b and EM steps for the covariance."""
    rows = objective.rows
    at = Parameters(_pooled(rows), _first_factor(rows), None)
    poisson = objective if objective.family is not Family.NEGATIVE_BINOMIAL else Laplace(rows, Family.POISSON)
    best, least = at, np.inf
    for _ in range(SCORING_STEPS):
        value = poisson(at)
        if not value.loss < least + 1e-9 * abs(least):
            break
        best, least = at, value.loss
        step = np.linalg.solve(information(poisson, at), value.beta)
        at = Parameters(at.beta - step, _em_factor(at.factor, value), None)
    if objective.family is not Family.NEGATIVE_BINOMIAL:
        return best
    return Parameters(best.beta, best.factor, _first_log_size(rows, poisson(best)))


def _pooled(rows: ClusteredRows) -> Array:
    """Coefficients without random effects; a rough start from empirical logits or logs where those are not had."""
    if rows.trials is None:
        found = solve_poisson(rows.counts, rows.design, rows.offset)
        if not isinstance(found, NotEstimable):
            return found
        logit, root = np.log(rows.counts + 0.5) - rows.offset, np.ones(len(rows.counts))
    else:
        logit = np.log((rows.counts + 0.5) / (rows.trials - rows.counts + 0.5)) - rows.offset
        root = np.sqrt(rows.trials)
    return np.asarray(np.linalg.lstsq(rows.design * root[:, None], logit * root, rcond=None)[0])


def _first_factor(rows: ClusteredRows) -> Array:
    """Standard deviations to begin with: 0.3 between clusters and 0.1 for slopes; EM moves them at once."""
    return np.diag([0.3, 0.1][: len(rows.random)])


def _em_factor(factor: Array, value: Value) -> Array:
    """The factor of the mean of u u' + Var(u): one EM step, with a floor that keeps it invertible."""
    second = np.einsum("jc,kc->jk", value.modes, value.modes) + value.inverse.sum(axis=2)
    covariance = factor @ second @ factor.T / value.modes.shape[1]
    return np.asarray(np.linalg.cholesky(covariance + 1e-8 * np.eye(len(factor))))


def _first_log_size(rows: ClusteredRows, value: Value) -> float:
    """Moments of the Poisson residuals: (y - mu)^2 is about mu + mu^2 / size."""
    mean = np.exp(value.eta)
    excess = float(np.sum((rows.counts - mean) ** 2 - mean)) / float(np.sum(mean**2))
    return float(-np.log(max(excess, 0.01 / float(np.max(mean)))))


def pearson_ratio(rows: ClusteredRows, objective: Laplace, optimum: Optimum) -> float:
    """Pearson chi-square over its degrees of freedom, given the modes: 1 where the family's variance is right."""
    density = objective.density(optimum.at.log_size)
    used = len(rows.names) + len(rows.random) * rows.clusters - float(np.einsum("jjc->", optimum.value.inverse))
    ratios = density.variance_ratio(optimum.value.eta)
    return float(np.sum(ratios)) / max(len(rows.counts) - used, 1.0)
