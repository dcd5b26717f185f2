"""The way to the smallest deviance: Newton's steps with the exact Hessian, without bounds, from more than one start.

A square root of a covariance has no bounds (its mirror image is the same covariance), so that a variance of zero is an
ordinary point: a minimum where the data ask for it, and elsewhere a saddle, which a step along its falling direction
leaves.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from enginehouse.stats.fits import Array
from enginehouse.stats.lmm.deviance import Derivatives, Deviance, Solved, lower_root

ENOUGH = 1e-12
"""A step that promises to lower the deviance by less than this ends the search."""
FALLING = -1e-5
"""A curvature below this, relative to the largest, is a saddle's."""
LONGEST = 1.5
ROUNDING = 1e-13
EXACT = 1e-11
"""Where so small a share of the variation is left within members, the residual variance is on its way to zero."""
MOST_STEPS = 200
BETTER = 1e-6
NUDGE = 0.02
VANISHED = 1e-3
"""A parameter of this size or less may be on the boundary: the search begins again elsewhere to make sure."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """Where the search ended."""

    solved: Solved
    derivatives: Derivatives
    converged: bool
    steps: int


def find_minimum(deviance: Deviance, *, start: Array | None = None) -> Optimum:
    """The best of the searches: where the first (from `start` if given) ended at a boundary, others are tried."""
    if start is not None:
        first = settle(deviance, search(deviance, np.where(np.abs(start) < NUDGE, NUDGE, start)))
        if not _needs_another(deviance, first):
            return first
    starts = [covariance.starts() for covariance in deviance.covariances]
    best: Optimum | None = None
    for which in range(max(map(len, starts))):
        begin = np.concatenate([options[min(which, len(options) - 1)] for options in starts])
        found = search(deviance, begin)
        if best is None or found.solved.value < best.solved.value - BETTER:
            best = found
        if which == 0 and not _needs_another(deviance, best):
            break
    assert best is not None  # every covariance has a start
    return settle(deviance, best)


def _needs_another(deviance: Deviance, found: Optimum) -> bool:
    diagonal = itertools.chain(*(np.diag(factor) for factor in deviance.factors(found.solved.theta)))
    return not found.converged or min(abs(value) for value in diagonal) < VANISHED


def search(deviance: Deviance, start: Array) -> Optimum:
    """Newton's steps from one start until none is worth taking."""
    solved = deviance.at(start)
    for count in range(MOST_STEPS):
        if solved.quadratic <= EXACT * deviance.sums.whole[-1, -1]:
            break
        derivatives = deviance.derivatives(solved)
        longest = LONGEST + float(np.sqrt(solved.theta @ solved.theta))
        step, promised, saddle = _step(derivatives, longest)
        if promised < ENOUGH and not saddle:
            return Optimum(solved, derivatives, True, count)
        better = _shortened(deviance, solved, step, promised, saddle=saddle)
        if better is None:
            return Optimum(solved, derivatives, promised < BETTER, count)
        solved = better
    return Optimum(solved, deviance.derivatives(solved), False, MOST_STEPS)


def _step(derivatives: Derivatives, longest: float) -> tuple[Array, float, bool]:
    """The step, the fall that it promises, and whether it only leaves a saddle."""
    hessian = derivatives.profiled
    try:
        _, inverse = lower_root(hessian)
    except np.linalg.LinAlgError:
        return _uphill_step(derivatives, hessian, longest)
    half = inverse @ derivatives.gradient
    return _no_longer(-half @ inverse, longest), float(half @ half) / 2, False


def _uphill_step(derivatives: Derivatives, hessian: Array, longest: float) -> tuple[Array, float, bool]:
    """The same where the deviance curves downwards along some axis: away from the top of it."""
    curvature, axes = np.linalg.eigh(hessian)
    largest = max(float(np.abs(curvature).max()), 1e-8)
    along = axes.T @ derivatives.gradient
    parts = -along / np.maximum(np.abs(curvature), 1e-7 * largest)
    promised = float(np.abs(parts @ along)) / 2
    if promised < ENOUGH and curvature[0] < FALLING * largest:
        return 0.1 * axes[:, 0], promised, True
    return _no_longer(axes @ parts, longest), promised, False


def _no_longer(step: Array, longest: float) -> Array:
    length = float(np.sqrt(step @ step))
    return step if length <= longest else step * (longest / length)


def _shortened(deviance: Deviance, solved: Solved, step: Array, promised: float, *, saddle: bool) -> Solved | None:
    """The first point along the step, halved as often as needed, with a smaller deviance (as far as digits tell)."""
    noise = 0.0 if saddle else ROUNDING * (1 + abs(solved.value))
    for halving in range(30):
        found = deviance.at(solved.theta + step / 2**halving)
        if found.value < solved.value - 1e-4 * promised / 2**halving + noise:
            return found
    return None


def settle(deviance: Deviance, found: Optimum) -> Optimum:
    """The mirror image with variances not negative, and exact zeros where they cost nothing."""
    theta = np.concatenate(
        [c.settled(part) for c, part in zip(deviance.covariances, deviance.split(found.solved.theta), strict=True)]
    )
    if np.array_equal(theta, found.solved.theta):
        return found
    solved = deviance.at(theta)
    return Optimum(solved, deviance.derivatives(solved), found.converged, found.steps)
