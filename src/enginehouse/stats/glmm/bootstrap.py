"""Parametric bootstrap of a contrast: what its t statistic does in data that the fitted model makes.

Draws have seeds of their own, so that the answer does not depend on how many processes shared the work.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace

import numpy as np

from enginehouse.core.progress import Progress, silent
from enginehouse.core.seeds import derive_seed
from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.families import Family
from enginehouse.stats.glmm.fit import MixedFit
from enginehouse.stats.glmm.laplace import Laplace
from enginehouse.stats.glmm.mean_families import MEANS
from enginehouse.stats.glmm.model import fit_rows
from enginehouse.stats.glmm.smoother import Effects
from enginehouse.stats.results import Interval, NotEstimable

CHUNK = 20
LEAST_SD = 0.1
"""Searches begin with at least this standard deviation: from zero they might not leave it."""
MOST_FAILED = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bootstrap:
    """A contrast judged by draws from the fitted model.

    Attributes
    ----------
    value, std_error
        Of the contrast in the data.
    interval
        By the quantiles of (estimate - value) / standard error over the draws.
    p_value
        (b + 1) / (B + 1), b of B draws having a larger absolute t statistic about their own truth.
    statistics
        Those t statistics, shape (B,).
    draws, failed
        How many were made, and how many of them could not be estimated and are left out.
    """

    value: float
    std_error: float
    interval: Interval
    p_value: float
    statistics: Array
    draws: int
    failed: int


def bootstrap_contrast(
    fit: MixedFit,
    weights: Sequence[float] | Array | Mapping[str, float],
    *,
    draws: int = 999,
    seed: int,
    workers: int = 1,
    confidence_level: float = 0.95,
    progress: Progress = silent,
) -> Bootstrap | NotEstimable:
    """Interval and p value of a weighted sum of fixed effects by the parametric bootstrap.

    Parameters
    ----------
    fit
        Without prior weights.
    weights
        Shape (p,), or weights of named effects.
    draws
        Data sets drawn from the fitted model and fitted again.
    seed
        Of all draws together; the answer is the same for any number of `workers`.
    workers
        Processes.
    confidence_level
        Between 0 and 1.
    progress
        Told how many draws are done.

    Returns
    -------
    Bootstrap or NotEstimable
        Reason: `bootstrap-failed` where more than a tenth of the draws cannot be estimated.

    Notes
    -----
    Random effects and counts are drawn anew. Assumes the model; what it mends is that a t statistic of few clusters has
    no known distribution. A standard deviation that is estimated too small makes it too sure as well.

    References
    ----------
    Davison AC, Hinkley DV. Bootstrap Methods and their Application, 1997, sections 4.4 and 5.2.
    """
    if fit.data.weights is not None:
        raise ValueError("a bootstrap cannot draw rows with prior weights: what a weight stands for is not known")
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    task = _Task(fit, fit.weights(weights), seed)
    found: dict[int, list[float]] = {}
    for first, statistics in _made(task, draws, workers):
        found[first] = statistics
        progress("drawing from the fitted model", sum(map(len, found.values())), draws)
    every = np.array([value for first in sorted(found) for value in found[first]])
    return _result(task, every, confidence_level)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    fit: MixedFit
    weights: Array
    seed: int


def _result(task: _Task, every: Array, level: float) -> Bootstrap | NotEstimable:
    good = every[np.isfinite(every)]
    failed = len(every) - len(good)
    if failed > MOST_FAILED * len(every):
        return NotEstimable(
            reason="bootstrap-failed", detail=f"{failed} of {len(every)} draws from the model cannot be estimated."
        )
    found = task.fit.contrast(task.weights)
    low, high = np.quantile(good, [(1 - level) / 2, (1 + level) / 2])
    larger = np.count_nonzero(np.abs(good) >= abs(found.value) / found.std_error)
    return Bootstrap(
        value=found.value,
        std_error=found.std_error,
        interval=Interval(
            low=found.value - float(high) * found.std_error,
            high=found.value - float(low) * found.std_error,
            confidence_level=level,
            method="parametric-bootstrap",
        ),
        p_value=(larger + 1) / (len(good) + 1),
        statistics=good,
        draws=len(every),
        failed=failed,
    )


def _made(task: _Task, draws: int, workers: int) -> Iterator[tuple[int, list[float]]]:
    chunks = [(first, min(first + CHUNK, draws)) for first in range(0, draws, CHUNK)]
    if workers <= 1:
        for first, last in chunks:
            yield first, _chunk(task, first, last)
        return
    # Not forked: a forked copy of a process with threads may stand still for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(chunks)), context) as pool:
        waiting = {pool.submit(_chunk, task, *chunk): chunk[0] for chunk in chunks}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _chunk(task: _Task, first: int, last: int) -> list[float]:
    return [_statistic(task, number) for number in range(first, last)]


def _statistic(task: _Task, number: int) -> float:
    """The t statistic of one draw about the truth that it was drawn from; nan where it cannot be estimated."""
    fit = task.fit
    counts = draw_counts(fit, np.random.default_rng(derive_seed(task.seed, "bootstrap", number)))
    if not np.any(counts > 0) or (fit.data.trials is not None and np.array_equal(counts, fit.data.trials)):
        return math.nan
    objective = Laplace(fit.data.with_counts(counts), fit.family, fit.link, fit.nodes)
    again = fit_rows(objective, like=_away_from_zero(fit))
    if isinstance(again, NotEstimable):
        return math.nan
    found = again.contrast(task.weights)
    return (found.value - float(task.weights @ fit.fixed_effects)) / found.std_error


def _away_from_zero(fit: MixedFit) -> MixedFit:
    at = fit.optimum.at
    factor = at.factor.copy()
    np.fill_diagonal(factor, np.maximum(np.diag(factor), LEAST_SD))
    inner = at.inner if fit.data.inner is None else max(at.inner, LEAST_SD)
    return replace(fit, optimum=replace(fit.optimum, at=replace(at, factor=factor, inner=inner)))


def draw_counts(fit: MixedFit, rng: np.random.Generator) -> Array:
    """Counts drawn from a fitted model, random effects too, in the order of its rows, shape (n,)."""
    rows, at = fit.data, fit.optimum.at
    members = 0 if rows.inner is None else len(rows.inner.starts)
    effects = Effects(rng.standard_normal((len(rows.random), rows.clusters)), rng.standard_normal(members))
    eta = rows.offset + rows.design @ at.beta + fit.objective.loadings(at).of(rows, effects)
    mean = MEANS[fit.link](eta)[0]
    size = 0.0 if at.log_size is None else math.exp(at.log_size)
    trials = np.ones(len(mean)) if rows.trials is None else rows.trials
    match fit.family:
        case Family.BINOMIAL:
            drawn = rng.binomial(trials.astype(np.int64), mean)
        case Family.BETA_BINOMIAL:
            drawn = rng.binomial(trials.astype(np.int64), rng.beta(mean * size, (1 - mean) * size))
        case Family.NEGATIVE_BINOMIAL:
            drawn = rng.poisson(mean * rng.gamma(size, 1 / size, len(mean)))
        case Family.NEGATIVE_BINOMIAL_LINEAR:
            drawn = rng.poisson(rng.gamma(mean * size) / size)
        case _:
            drawn = rng.poisson(mean)
    return np.asarray(drawn, dtype=np.float64)
