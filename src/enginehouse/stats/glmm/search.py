"""The search for the maximum: a start near it, then Newton steps with second derivatives in whitened parameters.

Parameters are measured in approximate standard errors (`Whitening`), so that one tolerance means the same for an
intercept between practices and for a dispersion.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.boundary import boundaries, inner_boundary
from enginehouse.stats.glmm.curvature import fixed_effects_hessian, information
from enginehouse.stats.glmm.families import SIMPLER, Family
from enginehouse.stats.glmm.laplace import Laplace, Parameters, Value
from enginehouse.stats.glmm.rows import ClusteredRows
from enginehouse.stats.glmm.smoother import Effects
from enginehouse.stats.glmm.start import first_parameters

GRADIENT_TOLERANCE = 1e-5
"""A fit has converged when the Newton step left to do is shorter than this, in standard errors."""
DIFFERENCE = 0.003
"""Half-width, in standard errors, of the central differences of the gradient."""
FLAT = 1e-4
"""A direction whose eigenvalue of the whitened Hessian (1 where the whitening is exact) is below this is unknown."""
SADDLE = 0.01
"""One below minus this points uphill; between the two it is flat up to the error of the differences."""
LARGEST_LOG_SIZE = {Family.NEGATIVE_BINOMIAL: 25.0}
"""By family; 12 for those through gamma functions of a size, whose digits end sooner."""
NEWTON_ROUNDS, NEWTON_STEPS, LARGEST_STEP = 20, 5, 20.0
ROUNDING = 1e-6
"""A rise of minus the log-likelihood that may be rounding: sums of large terms of either sign."""
SMALL_MOVE = 1e-3
"""A Hessian taken this many standard errors away still serves: its relative change is about this over C^1/2."""
FAST = 0.2
"""A Hessian is used again while each step is at most this share of the one before."""
SMALLEST_SCALE = 0.02
"""The size of a standard deviation that is nought, for the purpose of steps."""
BOUNDARY_LIKELIHOOD = 1e-4
"""A variance is at its boundary when setting it to zero loses no more log-likelihood than this."""
SETTLED = 1e-5
"""A standard deviation that ends below this is a zero approached from one side."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """Where the search ended.

    Attributes
    ----------
    family
        The family that was fitted in the end.
    covariance
        Of the fixed effects, shape (p, p): the block of the inverse Hessian of all parameters.
    everything
        The inverse Hessian of all parameters: fixed effects, the factor's free entries, the standard deviation inside
        clusters and the log of the size, as far as there are any; in the units of `at`.
    hessian_is_positive
        False where the point is no maximum.
    gradient_norm
        Length of the Newton step that is left, in standard errors.
    """

    family: Family
    at: Parameters
    value: Value
    covariance: Array
    everything: Array
    gradient_norm: float
    hessian_is_positive: bool
    evaluations: int

    @property
    def settled(self) -> bool:
        """Whether this is a maximum, to the tolerance."""
        return self.hessian_is_positive and self.gradient_norm <= GRADIENT_TOLERANCE


@dataclass(frozen=True, slots=True)
class Held:
    """A standard deviation that the search leaves where it is: that of the first effect, or of members inside."""

    inner: bool


class Whitening:
    """A point and a scale for all parameters: vector s <-> Parameters, s in approximate standard errors."""

    def __init__(self, objective: Laplace, centre: Parameters, *, held: Held | None = None) -> None:
        rows = objective.rows
        self.centre, self.columns = centre, np.ascontiguousarray(rows.design.T)
        self.root = cholesky(information(objective, centre, objective(centre), self.columns))
        free = rows.free.copy()
        if held is not None and not held.inner:
            free[0, 0] = False
        self.places = np.nonzero(free)
        size = np.maximum(np.abs(np.diag(centre.factor)), SMALLEST_SCALE)
        # The log of a standard deviation of C effects has standard error 1 / sqrt(2 C).
        self.factor_scale = size[self.places[0]] / np.sqrt(2.0 * rows.clusters)
        self.has_inner = rows.inner is not None and not (held is not None and held.inner)
        members = 1 if rows.inner is None else len(rows.inner.starts)
        self.inner_scale = max(abs(centre.inner), SMALLEST_SCALE) / np.sqrt(2.0 * members)
        self.has_size = centre.log_size is not None
        self.size_scale = 2.0 / np.sqrt(len(rows.counts))
        self.largest = LARGEST_LOG_SIZE.get(objective.family, 12.0)

    @property
    def fixed_effects(self) -> int:
        return len(self.centre.beta)

    @property
    def scales(self) -> Array:
        """Of the parameters that are not fixed effects."""
        return np.array([*self.factor_scale, *[self.inner_scale] * self.has_inner, *[self.size_scale] * self.has_size])

    @property
    def length(self) -> int:
        return self.fixed_effects + len(self.scales)

    def parameters(self, vector: Array) -> Parameters:
        p, centre = self.fixed_effects, self.centre
        moved = list(self.scales * vector[p:])
        factor, log_size = centre.factor.copy(), centre.log_size
        if log_size is not None:
            log_size = float(np.clip(log_size + moved.pop(), -10.0, self.largest))
        inner = centre.inner + float(moved.pop()) if self.has_inner else centre.inner
        factor[self.places] += moved
        return Parameters(centre.beta + solve_triangular(self.root, vector[:p]), factor, log_size, inner)

    def gradient(self, value: Value) -> Array:
        other = [*value.factor[self.places], *[value.inner] * self.has_inner, *[value.log_size] * self.has_size]
        return np.concatenate([solve_triangular(self.root, value.beta, trans="T"), self.scales * np.array(other)])

    def hessian(self, objective: Laplace, vector: Array, value: Value) -> Array:
        """Exact by the fixed effects where Laplace's approximation is used, else differences of the gradient."""
        p, exact = self.fixed_effects, objective.nodes == 1
        found = np.zeros((self.length, self.length))
        if exact:
            block = fixed_effects_hessian(objective, self.parameters(vector), value, self.columns)
            half = solve_triangular(self.root, block, trans="T")
            found[:p, :p] = solve_triangular(self.root, half.T, trans="T")
        for place in range(p if exact else 0, self.length):
            step = np.zeros(self.length)
            step[place] = DIFFERENCE
            ends = [objective(self.parameters(vector + side * step), start=value.modes) for side in (1, -1)]
            up, down = (self.gradient(end) for end in ends)
            row = (up - down) / (2 * DIFFERENCE)
            found[place, :] = row
            if exact:
                found[:p, place] = row[:p]
        return np.asarray((found + found.T) / 2)

    def unwhitened(self, inverse: Array) -> Array:
        """A covariance of the vector as one of the parameters in their own units."""
        p = self.fixed_effects
        turn = np.zeros((self.length, self.length))
        turn[:p, :p] = solve_triangular(self.root, np.eye(p))
        turn[p:, p:] = np.diag(self.scales)
        return np.asarray(turn @ inverse @ turn.T)


def find_optimum(objective: Laplace, *, start: Parameters | None = None, held: Held | None = None) -> Optimum:
    """The maximum of the likelihood, from `start` or from one of its own making.

    A family with a dispersion that is no more likely than the one without becomes that one: `family` of the answer says
    so. Quadrature begins where Laplace's approximation ends.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if objective.nodes > 1 and start is None:
            start = find_optimum(objective.like(nodes=1)).at
            start = replace(start, log_size=_some_size(objective, start))
        centre = start or first_parameters(objective)
        whitening = Whitening(objective, centre, held=held)
        optimum = _polish(objective, whitening, np.zeros(whitening.length))
        if _is_simpler(objective, optimum.at):
            simple = objective.like(family=SIMPLER[objective.family])
            return find_optimum(simple, start=replace(optimum.at, log_size=None), held=held)
        return optimum if optimum.settled or held is not None else _from_boundaries(objective, optimum)


def _some_size(objective: Laplace, at: Parameters) -> float | None:
    """A size to go on with where the first search ended in the simpler family."""
    if objective.family not in SIMPLER:
        return None
    return 5.0 if at.log_size is None else at.log_size


def _is_simpler(objective: Laplace, at: Parameters) -> bool:
    """Whether a family with a dispersion is no more likely than the one without, all other parameters the same."""
    if objective.family not in SIMPLER:
        return False
    simple = objective.like(family=SIMPLER[objective.family])(replace(at, log_size=None), start=objective.warm)
    return simple.loss <= objective(at).loss + BOUNDARY_LIKELIHOOD


def _from_boundaries(objective: Laplace, optimum: Optimum) -> Optimum:
    """Where the search wandered along an edge: the best settled maximum that starts on one, if it is no worse."""
    found = [optimum]
    rows, at = objective.rows, optimum.at
    for centre in (*boundaries(rows, at).values(), *inner_boundary(rows, at).values()):
        whitening = Whitening(objective, centre)
        candidate = _polish(objective, whitening, np.zeros(whitening.length))
        if candidate.settled and candidate.value.loss <= optimum.value.loss + BOUNDARY_LIKELIHOOD:
            found.append(candidate)
    return min(found[1:] or found, key=lambda each: each.value.loss)


def _polish(objective: Laplace, whitening: Whitening, vector: Array) -> Optimum:
    """Newton rounds, each with fresh second derivatives, until one began where it ends."""
    value = objective(whitening.parameters(vector))
    p, left, is_maximum = whitening.fixed_effects, np.inf, False
    for _ in range(NEWTON_ROUNDS):
        hessian = whitening.hessian(objective, vector, value)
        inverse, is_maximum = _inverse(hessian, p)
        if not np.all(np.isfinite(inverse)):
            break
        start = vector
        vector, value = _newton(objective, whitening, vector, value, hessian)
        gradient = whitening.gradient(value)
        left = float(np.sqrt(max(float(gradient @ inverse @ gradient), 0.0)))
        moved = float(np.linalg.norm(vector - start))
        if left < GRADIENT_TOLERANCE and is_maximum and moved < SMALL_MOVE:
            break
        if moved == 0.0 or _is_endless(objective, whitening, vector):
            break
    everything = whitening.unwhitened(inverse)
    at = _settled(whitening.parameters(vector))
    return Optimum(
        family=objective.family,
        at=at,
        value=objective(at, start=_mirrored(value.modes, whitening.parameters(vector))),
        covariance=everything[:p, :p],
        everything=everything,
        gradient_norm=left,
        hessian_is_positive=is_maximum,
        evaluations=objective.evaluations,
    )


def _mirrored(modes: Effects, at: Parameters) -> Effects:
    """The modes that go with the settled parameters."""
    signs = np.where(np.diag(at.factor) < 0, -1.0, 1.0)
    return Effects(modes.outer * signs[:, None], modes.inner if at.inner >= 0 else -modes.inner)


def _settled(at: Parameters) -> Parameters:
    """The mirror image whose standard deviations are not negative, with exact zeros."""
    factor = at.factor * np.where(np.diag(at.factor) < 0, -1.0, 1.0)
    gone = np.sqrt(np.sum(factor**2, axis=1)) < SETTLED
    inner = abs(at.inner) if abs(at.inner) >= SETTLED else 0.0
    return replace(at, factor=np.where(gone[:, None], 0.0, factor), inner=inner)


def _is_endless(objective: Laplace, whitening: Whitening, vector: Array) -> bool:
    """Whether the size has grown so large that the simpler family does as well: no need to follow it further."""
    at = whitening.parameters(vector)
    far = at.log_size is not None and at.log_size > whitening.centre.log_size + 3  # type: ignore[operator]
    return far and _is_simpler(objective, at)


def _newton(
    objective: Laplace, whitening: Whitening, vector: Array, value: Value, hessian: Array
) -> tuple[Array, Value]:
    """Damped Newton steps with one Hessian while they go fast, downhill also where it is not positive."""
    sizes, directions = np.linalg.eigh(hessian)
    before = np.inf
    for _ in range(NEWTON_STEPS):
        along = directions.T @ whitening.gradient(value)
        steps = along / np.maximum(np.abs(sizes), FLAT)
        if sizes[0] < -SADDLE and abs(steps[0]) < 1:
            # A saddle, such as a variance of zero that should not be: its gradient is nought, so push.
            steps[0] = 1.0
        length = float(np.linalg.norm(steps))
        if length < GRADIENT_TOLERANCE / 100 or length > FAST * before:
            break
        step = directions @ (steps * min(1.0, LARGEST_STEP / float(np.max(np.abs(steps)))))
        moved = _downhill(objective, whitening, vector, value, step)
        if moved is None:
            break
        (vector, value), before = moved, length
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


def pearson_ratio(rows: ClusteredRows, objective: Laplace, optimum: Optimum) -> float:
    """Pearson chi-square over its degrees of freedom, given the modes: 1 where the family's variance is right."""
    density = objective.density(optimum.at.log_size)
    smoother = optimum.value.smoother
    used = len(rows.names) + len(rows.random) * rows.clusters - float(np.einsum("jjc->", smoother.inverse))
    if rows.inner is not None:
        taken = smoother.leverage(optimum.value.spread) * density.score_and_weight(optimum.value.eta)[1]
        used = len(rows.names) + float(np.sum(taken))
    ratios = density.variance_ratio(optimum.value.eta)
    return float(np.sum(ratios)) / max(len(rows.counts) - used, 1.0)
