"""Where the search for a mixed model's maximum begins: a pooled regression, and moments of what it leaves."""

from __future__ import annotations

import numpy as np

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.families import OF_TRIALS, SIMPLER, Density, Family
from enginehouse.stats.glmm.laplace import Laplace, Parameters, density_of
from enginehouse.stats.glmm.mean_families import MEANS, Link

POOLED_STEPS = 25
CLOSE = 1e-4
FIRST_SLOPE_SD = 0.1
LEAST_SD, MOST_SD = 0.1, 1.5


def first_parameters(objective: Laplace) -> Parameters:
    """A point near the maximum."""
    rows, family = objective.rows, objective.family
    simple = SIMPLER.get(family, family)
    density = density_of(rows, simple, objective.link, None)
    beta = _pooled(objective, density)
    score, weight = density.score_and_weight(rows.offset + rows.design @ beta)
    sd = _between(rows.by_cluster(score), rows.by_cluster(weight))
    factor = np.diag([sd if np.ptp(column) == 0 else FIRST_SLOPE_SD for column in rows.random])
    inner = 0.0
    if rows.inner is not None:
        inner = min(_between(rows.inner.by_member(score), rows.inner.by_member(weight)), sd) / 2
    at = Parameters(beta, factor, None, inner)
    return Parameters(beta, factor, first_log_size(objective, at), inner) if family in SIMPLER else at


def _between(score: Array, weight: Array) -> float:
    """The standard deviation between groups by moments: the mean square of score / weight is about s^2 + 1 / weight."""
    used = weight > 0
    square = np.average((score[used] / weight[used]) ** 2 - 1 / weight[used], weights=weight[used] / (1 + weight[used]))
    return float(np.sqrt(np.clip(square, LEAST_SD**2, MOST_SD**2)))


def _pooled(objective: Laplace, density: Density) -> Array:
    """Coefficients without random effects, by scoring steps from a regression of empirical values."""
    rows = objective.rows
    value, weight = _empirical(objective)
    beta = _regress(rows.design, value - rows.offset, weight)
    eta = rows.offset + rows.design @ beta
    for _ in range(POOLED_STEPS):
        score, weight = density.score_and_weight(eta)
        weight = np.maximum(weight, 1e-8)
        step = _regress(rows.design, score / weight, weight)
        move = rows.design @ step
        share = 1 / max(1.0, float(np.abs(move).max()) / 2)
        beta, eta = beta + share * step, eta + share * move
        if np.abs(move).max() < CLOSE:
            break
    return beta


def _regress(design: Array, value: Array, weight: Array) -> Array:
    weighted = design * weight[:, None]
    return np.asarray(np.linalg.solve(weighted.T @ design, weighted.T @ value))


def _empirical(objective: Laplace) -> tuple[Array, Array]:
    """Linear predictors of single rows, a half added to each count, and rough weights."""
    rows = objective.rows
    if objective.family not in OF_TRIALS:
        return np.log(rows.counts + 0.5), rows.counts + 0.5
    trials = np.ones(len(rows.counts)) if rows.trials is None else rows.trials
    chance = (rows.counts + 0.5) / (trials + 1)
    grid = np.linspace(-8, -1e-3 if objective.link is Link.LOG else 6, 2001)
    value = np.interp(chance, MEANS[objective.link](grid)[0], grid)
    return value, trials * chance * (1 - chance)


def first_log_size(objective: Laplace, at: Parameters) -> float:
    """Moments of the simpler family's residuals, given the modes."""
    rows = objective.rows
    simple = objective.like(family=SIMPLER[objective.family], nodes=1)
    value = simple(at)
    score, weight = simple.density(None).score_and_weight(value.eta)
    if objective.family is Family.NEGATIVE_BINOMIAL:
        # (y - mu)^2 is about mu + mu^2 / size, but what the modes took up.
        excess = float(np.sum(score**2 - weight)) / float(np.sum(weight**2))
        return float(-np.log(max(excess, 0.01 / float(np.max(weight)))))
    used = len(rows.names) + rows.clusters
    ratio = float(np.sum(score**2 / np.maximum(weight, 1e-12))) / max(len(rows.counts) - used, 1)
    if objective.family is Family.NEGATIVE_BINOMIAL_LINEAR:
        return float(-np.log(np.clip(ratio - 1, 0.01, 20)))
    trials = 2.0 if rows.trials is None else float(np.mean(rows.trials))
    return float(np.log(max((trials - ratio) / max(ratio - 1, 0.02), 1.0)))
