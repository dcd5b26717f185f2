"""Solving the estimating equations: a start with rows unrelated, then steps that alternate with the moments.

What is asked for and what comes back is in `fit`; the moments are in `moments` and `second_equations`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from enginehouse.stats.gee.correlation import Bound, Independence, Structure
from enginehouse.stats.gee.families import GeeFamily, Mean
from enginehouse.stats.gee.layout import Layout, tall_product
from enginehouse.stats.gee.moments import Moments, Residuals, dispersion_and_correlation
from enginehouse.stats.gee.second_equations import PAIRED, paired_moments
from enginehouse.stats.glm import NOT_CONVERGED, solve_poisson
from enginehouse.stats.results import NotEstimable

type Array = npt.NDArray[np.float64]

MAX_STEPS = 60
MAX_ROUNDS = 200
STEP_TOLERANCE = 1e-10
CORRELATION_TOLERANCE = 1e-9
SMALLEST_SHARE = 1e-6
"""A step that must be shortened to less than this share of itself goes nowhere."""

WANDERING = NotEstimable(
    reason="not-converged",
    detail="The effects and the working correlation did not settle; working independence may answer.",
)
SINGULAR = NotEstimable(
    reason="singular-correlation",
    detail="Clusters of this size cannot have the working correlation; working independence may answer.",
)
EDGE = NotEstimable(
    reason="mean-at-edge",
    detail="Some expected value would have to leave its range: with this link the effects have no solution inside it.",
)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Rows in sorted order with the model of their mean.

    Attributes
    ----------
    outcome, offset, weights
        Shape (n,); outcomes of binomial rows are proportions, their weights prior weight times trials.
    design
        Shape (n, p).
    """

    mean: Mean
    layout: Layout
    outcome: Array
    design: Array
    offset: Array
    weights: Array

    def eta(self, beta: Array) -> Array:
        return np.asarray(self.offset + self.design @ beta)

    def standardised(self, beta: Array) -> tuple[Array, Array, Array]:
        """Z = D A^-1/2 (n, p), the raw residuals (y - mu) / sqrt(v) (n,), and the means (n,)."""
        mean, slope, variance = self.mean.of(self.eta(beta))
        root = np.sqrt(variance)
        return self.design * (np.sqrt(self.weights) * slope / root)[:, None], (self.outcome - mean) / root, mean


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Coefficients (p,), dispersion and parameters of the working correlation (q,), with the whitened rows.

    `whitened` holds C^-1 Z and `residuals` C^-1 e, so that scores and information are plain sums of products;
    `variances` those of the rows where they are unrelated.
    """

    beta: Array
    dispersion: float
    parameters: Array
    whitened: Array
    residuals: Array
    variances: Array | None = None


def solve(problem: Problem, structure: Structure, moments: Moments) -> Solution | NotEstimable:
    """The coefficients at which the equations hold, with dispersion and correlation as `moments` says."""
    beta = start(problem)
    if isinstance(beta, NotEstimable):
        return beta
    if isinstance(structure, Independence):
        rows, raw, _ = problem.standardised(beta)
        residuals = Residuals(raw, problem.weights, len(beta))
        dispersion, _ = dispersion_and_correlation(
            structure.bind(problem.layout), residuals, moments, known=np.zeros(0)
        )
        variances = problem.mean.of(problem.eta(beta))[2] / problem.weights
        return Solution(beta, dispersion, np.zeros(0), rows, np.sqrt(problem.weights) * raw, variances)
    return _alternate(problem, structure, moments, beta)


def _alternate(problem: Problem, structure: Structure, moments: Moments, beta: Array) -> Solution | NotEstimable:
    """Moments at the present coefficients, then one scoring step, until neither moves."""
    bound, known, root = structure.bind(problem.layout), structure.known, np.sqrt(problem.weights)
    before, moved = np.full(len(structure.parameters), np.inf), np.inf
    parameters = np.zeros(len(structure.parameters)) if known is None else known
    for _ in range(MAX_ROUNDS):
        rows, raw, mean = problem.standardised(beta)
        found = _moments(problem, bound, moments, rows, raw, mean, parameters, known)
        if isinstance(found, NotEstimable) or not bound.is_definite(found[1]):
            return found if isinstance(found, NotEstimable) else SINGULAR
        dispersion, parameters = found
        both = bound.whiten(np.column_stack([rows, root * raw]), parameters)
        whitened, residuals = both[:, :-1], both[:, -1]
        if moved < STEP_TOLERANCE and np.all(np.abs(parameters - before) < CORRELATION_TOLERANCE):
            return Solution(beta, dispersion, parameters, whitened, residuals)
        step = _scoring_step(whitened, residuals)
        share = _longest(problem, beta, step)
        if share is None:
            return EDGE
        beta, before = beta + share * step, parameters
        moved = float(np.max(np.abs(problem.design @ step))) / _size(problem)
    return WANDERING


def _scoring_step(rows: Array, residuals: Array) -> Array:
    return np.linalg.solve(tall_product(rows, rows), rows.T @ residuals)


def _size(problem: Problem) -> float:
    """With the identity link, linear predictors are as large as outcomes are."""
    return max(float(np.abs(problem.outcome).max()), 1e-300) if problem.mean.link == "identity" else 1.0


def _moments(
    problem: Problem,
    bound: Bound,
    moments: Moments,
    rows: Array,
    raw: Array,
    mean: Array,
    parameters: Array,
    known: Array | None,
) -> tuple[float, Array] | NotEstimable:
    if moments in PAIRED:
        return paired_moments(
            bound,
            problem.layout,
            problem.mean,
            moments,
            rows=rows,
            residuals=raw,
            mean_values=mean,
            parameters=parameters,
            known=known,
        )
    residuals = Residuals(raw, problem.weights, problem.design.shape[1])
    return dispersion_and_correlation(bound, residuals, moments, known=known)


def _longest(problem: Problem, beta: Array, step: Array) -> float | None:
    """The longest of 1, 1/2, 1/4, ... of a step that keeps every mean in its range."""
    share = 1.0
    while not problem.mean.is_allowed(problem.eta(beta + share * step)):
        share /= 2
        if share < SMALLEST_SHARE:
            return None
    return share


def start(problem: Problem) -> Array | NotEstimable:
    """The coefficients with rows unrelated; the caller has ruled out aliased columns and separation."""
    return (_CANONICAL[problem.mean.family] if problem.mean.is_canonical else _solve_scoring)(problem)


def _solve_poisson(problem: Problem) -> Array | NotEstimable:
    """A prior weight multiplies counts and expected counts alike."""
    weights = problem.weights
    if np.all(weights == 1):
        return solve_poisson(problem.outcome, problem.design, problem.offset)
    return solve_poisson(weights * problem.outcome, problem.design, problem.offset + np.log(weights))


def _solve_gaussian(problem: Problem) -> Array:
    outcome = problem.outcome - problem.offset
    if np.all(problem.weights == 1):
        return np.asarray(np.linalg.lstsq(problem.design, outcome, rcond=None)[0])
    root = np.sqrt(problem.weights)
    return np.asarray(np.linalg.lstsq(problem.design * root[:, None], outcome * root, rcond=None)[0])


def _solve_binomial(problem: Problem) -> Array | NotEstimable:
    """Newton steps with halving; the caller has ruled out separation, so there is one maximum."""
    design, offset, outcome, prior = problem.design, problem.offset, problem.outcome, problem.weights
    beta = np.zeros(design.shape[1])
    loss = _logistic_loss(outcome, offset, prior)
    for _ in range(MAX_STEPS):
        mean = expit(offset + design @ beta)
        weight = prior * mean * (1 - mean)
        step = np.linalg.solve(tall_product(design, design * weight[:, None]), design.T @ (prior * (outcome - mean)))
        share = 1.0
        while (
            value := _logistic_loss(outcome, offset + design @ (beta + share * step), prior)
        ) > loss and share > SMALLEST_SHARE:
            share /= 2
        beta, loss = beta + share * step, min(value, loss)
        if np.max(np.abs(share * design @ step)) < STEP_TOLERANCE:
            return beta
    return NOT_CONVERGED


def _logistic_loss(outcome: Array, eta: Array, weights: Array) -> float:
    return float(np.sum(weights * (np.logaddexp(0.0, eta) - outcome * eta)))


def _solve_scoring(problem: Problem) -> Array | NotEstimable:
    """Scoring steps for the other links, shortened to stay in range, from one mean for all."""
    level = float(problem.weights @ problem.outcome / problem.weights.sum())
    flat = problem.mean.start(level) - problem.offset
    beta = np.linalg.lstsq(problem.design, flat, rcond=None)[0]
    for _ in range(MAX_ROUNDS):
        rows, raw, _ = problem.standardised(beta)
        step = _scoring_step(rows, np.sqrt(problem.weights) * raw)
        share = _longest(problem, beta, step)
        if share is None:
            return EDGE
        beta = beta + share * step
        if np.max(np.abs(problem.design @ step)) < STEP_TOLERANCE * _size(problem):
            return np.asarray(beta)
    return EDGE


_CANONICAL: dict[GeeFamily, Callable[[Problem], Array | NotEstimable]] = {
    GeeFamily.POISSON: _solve_poisson,
    GeeFamily.BINOMIAL: _solve_binomial,
    GeeFamily.GAUSSIAN: _solve_gaussian,
}
