"""Estimating equations for proportions of cluster-periods, with the correlation of the patients inside them.

Only events and patients of each cluster-period are needed. Rows of patients are in `fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from enginehouse.stats.fits import aliased, codes_of, name_columns, no_events
from enginehouse.stats.gee.corrections import ClusterCorrection, ClusterScores, too_few
from enginehouse.stats.gee.degrees import GeeDf
from enginehouse.stats.gee.families import GeeFamily, Link, Mean, mean_of
from enginehouse.stats.gee.fit import FELL_BACK, GeeFit, parts_of
from enginehouse.stats.gee.layout import Batch, Layout, layout_of, tall_product
from enginehouse.stats.gee.second_equations import LEVERAGE
from enginehouse.stats.gee.solve import (
    CORRELATION_TOLERANCE,
    EDGE,
    MAX_ROUNDS,
    SINGULAR,
    STEP_TOLERANCE,
    WANDERING,
    Problem,
    Solution,
    start,
)
from enginehouse.stats.glm import separated
from enginehouse.stats.results import NotEstimable

type Array = npt.NDArray[np.float64]

DECAY_GRID = 101
"""Places in (0, 1) between which the slope of the decay's criterion is searched for a root."""


class DecayKind(StrEnum):
    """How two patients of a cluster are correlated, by the periods that they are in."""

    EXCHANGEABLE = "exchangeable"
    NESTED_EXCHANGEABLE = "nested-exchangeable"
    EXPONENTIAL_DECAY = "exponential-decay"


PARAMETERS: Mapping[DecayKind, tuple[str, ...]] = {
    DecayKind.EXCHANGEABLE: ("alpha",),
    DecayKind.NESTED_EXCHANGEABLE: ("within_period", "between_period"),
    DecayKind.EXPONENTIAL_DECAY: ("within_period", "decay"),
}


def cluster_period_gee(
    events: npt.ArrayLike,
    patients: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    periods: npt.ArrayLike,
    kind: DecayKind = DecayKind.NESTED_EXCHANGEABLE,
    link: Link = Link.LOGIT,
    is_adjusted: bool = True,
    correction: ClusterCorrection = ClusterCorrection.KC_MD_AVERAGE,
    df_method: GeeDf = GeeDf.CLUSTERS_LESS_COEFFICIENTS,
    names: Sequence[str] | None = None,
) -> GeeFit | NotEstimable:
    """Population-averaged effects on a proportion, from the sums of cluster-periods, with the correlation of patients.

    Parameters
    ----------
    events, patients
        Of each cluster-period, shape (n,).
    design
        Shape (n, p); the same for all patients of a cluster-period.
    clusters, periods
        Labels, shape (n,); numbers of periods are their times, to which a decay is a power.
    kind
        Correlation of two patients: alike in all periods; one inside a period and another between periods; or falling
        with the periods between them by a constant factor.
    link
        Logit (odds ratios), log (risk ratios) or identity (risk differences).
    is_adjusted
        Whether products of residuals are adjusted for their bias (matrix-adjusted estimating equations).
    correction, df_method, names
        As in `gee`.

    Returns
    -------
    GeeFit or NotEstimable
        `correlation` holds the patients' correlations. Reasons as those of `gee`.

    Notes
    -----
    The equations of `gee` for rows of patients whose columns are those of their cluster-period need only sums: V_i has
    v_j (1 + (m_j - 1) rho_0) / m_j on its diagonal and sqrt(v_j v_k) rho_jk beside it. The correlations solve the least
    squares equations of (y_j - mu_j)(y_k - mu_k), j <= k, on those entries; adjusted, the first residual of each
    product is multiplied by (I - H_i)^-1. The between-period correlation is that of patients, unlike what a weighted
    exchangeable working correlation of monthly proportions estimates. Assumes independent clusters.

    References
    ----------
    Li F, Yu H, Rathouz PJ, Turner EL, Preisser JS. Biostatistics 2022;23:772-788. Preisser JS, Lu B, Qaqish BF. Stat
    Med 2008;27:5764-5785. Kasza J, Hemming K, Hooper R, Matthews JNS, Forbes AB. Stat Methods Med Res 2019;28:703-716.

    Examples
    --------
    Three clusters in each arm, two periods; nothing to adjust for but the arm: the odds ratio of 20% against 50%.

    >>> fit = cluster_period_gee([0, 1, 2, 1, 4, 4, 2, 1, 5, 6, 8, 8], [10] * 12, [[1, 0]] * 6 + [[1, 1]] * 6,
    ...     clusters=[1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], periods=[0, 1] * 6, names=["constant", "arm"])
    >>> round(fit.contrast({"arm": 1}).ratio, 6)
    4.0
    """
    given = _checked(events, patients, design, mean_of(GeeFamily.BINOMIAL, link), clusters, periods)
    labels = name_columns(names, given.problem.design.shape[1])
    refusal = _refusal(given, labels)
    if refusal is not None:
        return refusal
    solution = _solve(given, kind, is_adjusted=is_adjusted)
    notes = _notes(kind, solution)
    if solution is SINGULAR:
        solution = _solve(given, kind, is_adjusted=False, known=np.zeros(len(PARAMETERS[kind])))
    if isinstance(solution, NotEstimable):
        return solution
    refusal = solution.parts.refusal()
    if refusal is not None:
        return refusal
    return GeeFit(
        family=GeeFamily.BINOMIAL,
        link=link,
        names=labels,
        coefficients=solution.beta,
        parts=solution.parts,
        correction=correction,
        df_method=df_method,
        dispersion=1.0,
        rows=len(given.times),
        structure=f"cluster-period-{kind.value}",
        correlation=dict(zip(PARAMETERS[kind], solution.correlation.tolist(), strict=True)),
        notes=notes,
    )


def _notes(kind: DecayKind, solution: _Solution | NotEstimable) -> tuple[str, ...]:
    if solution is SINGULAR:
        return (FELL_BACK,)
    if isinstance(solution, NotEstimable) or kind is not DecayKind.EXPONENTIAL_DECAY:
        return ()
    factor = solution.correlation[1]
    if factor not in (0.0, 1.0):
        return ()
    return (f"The correlation between periods is at the edge of its range: a factor of {factor:.0f}.",)


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Proportions in order of cluster and period, their weights being patients."""

    problem: Problem
    times: Array

    @property
    def patients(self) -> Array:
        return self.problem.weights

    @property
    def layout(self) -> Layout:
        return self.problem.layout


@dataclass(frozen=True, slots=True, eq=False)
class _Solution:
    beta: Array
    correlation: Array
    parts: ClusterScores


def _checked(
    events: npt.ArrayLike,
    patients: npt.ArrayLike,
    design: npt.ArrayLike,
    mean: Mean,
    clusters: npt.ArrayLike,
    periods: npt.ArrayLike,
) -> _Given:
    count, size = np.asarray(events, dtype=float), np.asarray(patients, dtype=float)
    columns = np.asarray(design, dtype=float)
    if count.ndim != 1 or size.shape != count.shape or columns.shape[:1] != count.shape or columns.ndim != 2:
        raise ValueError(f"events {count.shape}, patients {size.shape} and design {columns.shape} do not match")
    if not all(np.all(np.isfinite(part)) for part in (count, size, columns)):
        raise ValueError("events, patients and design must be finite: leave out cluster-periods without a value")
    if np.any(size <= 0) or np.any(count < 0) or np.any(count > size):
        raise ValueError("events lie between 0 and the patients of their cluster-period, which has at least one")
    times = np.asarray(periods)
    if times.shape != count.shape:
        raise ValueError(f"got {times.size} periods for {count.size} rows")
    times = times.astype(float) if times.dtype.kind in "iuf" else np.unique(times, return_inverse=True)[1].astype(float)
    codes, number = codes_of(clusters, len(count))
    if len(np.unique(np.column_stack([codes, times]), axis=0)) < len(count):
        raise ValueError("a cluster has two rows for one period: add them up")
    layout = layout_of(codes, number, times)
    order = layout.order
    problem = Problem(mean, layout, (count / size)[order], columns[order], np.zeros(len(count)), size[order])
    return _Given(problem, times[order])


def _refusal(given: _Given, labels: tuple[str, ...]) -> NotEstimable | None:
    problem = given.problem
    if problem.layout.clusters <= problem.design.shape[1]:
        return too_few(problem.layout.clusters, problem.design.shape[1])
    refusal = no_events(problem.outcome) or aliased(problem.design, labels)
    if refusal is not None or problem.mean.link is Link.IDENTITY:
        return refusal
    ceiling = np.ones(len(problem.outcome)) if problem.mean.link is Link.LOGIT else None
    return separated(problem.outcome, problem.design, labels, ceiling=ceiling)


def _solve(
    given: _Given, kind: DecayKind, *, is_adjusted: bool, known: Array | None = None
) -> _Solution | NotEstimable:
    """Correlations at the present coefficients, then one scoring step, until neither moves."""
    problem = given.problem
    beta = start(problem)
    if isinstance(beta, NotEstimable):
        return beta
    correlation, moved = np.zeros(len(PARAMETERS[kind])), np.inf
    for _ in range(MAX_ROUNDS):
        rows, raw, _ = problem.standardised(beta)
        residuals = np.sqrt(given.patients) * raw
        before = correlation
        first = _adjusted(given, kind, rows, residuals, before) if is_adjusted else residuals
        if first is None:
            return LEVERAGE
        variance = problem.mean.of(problem.eta(beta))[2]
        correlation = _SOLVERS[kind](_products(given, first, residuals, variance)) if known is None else known
        whitened = _whitened(given, kind, np.column_stack([rows, residuals]), correlation)
        if whitened is None:
            return SINGULAR
        z, e = whitened[:, :-1], whitened[:, -1]
        if moved < STEP_TOLERANCE and np.all(np.abs(correlation - before) < CORRELATION_TOLERANCE):
            solution = Solution(beta, 1.0, correlation, z, e)
            return _Solution(beta, correlation, parts_of(given.layout, solution, nuisance=len(correlation)))
        step = np.linalg.solve(tall_product(z, z), z.T @ e)
        if not problem.mean.is_allowed(problem.eta(beta + step)):
            return EDGE
        beta, moved = beta + step, float(np.max(np.abs(problem.design @ step)))
    return WANDERING


def _matrix(given: _Given, batch: Batch, kind: DecayKind, correlation: Array) -> Array:
    """The covariance of proportions over the root of their binomial variances, (clusters, size, size)."""
    size, times = batch.take(given.patients), batch.take(given.times)
    apart = np.abs(times[:, :, None] - times[:, None, :])
    matrix = np.sqrt(size[:, :, None] * size[:, None, :]) * _BETWEEN[kind](correlation, apart)
    diagonal = np.where(batch.present, 1 + (size - 1) * correlation[0], 1.0)
    return np.where(np.eye(batch.size, dtype=bool), diagonal[:, :, None], matrix)


_BETWEEN: Mapping[DecayKind, Callable[[Array, Array], Array]] = {
    DecayKind.EXCHANGEABLE: lambda correlation, apart: np.full_like(apart, correlation[0]),
    DecayKind.NESTED_EXCHANGEABLE: lambda correlation, apart: np.full_like(apart, correlation[1]),
    DecayKind.EXPONENTIAL_DECAY: lambda correlation, apart: correlation[0] * correlation[1] ** apart,
}


def _whitened(given: _Given, kind: DecayKind, columns: Array, correlation: Array) -> Array | None:
    """C^-1 times columns; None where a covariance matrix has no inverse."""
    found = np.empty_like(columns)
    for batch in given.layout.batches(square=True):
        try:
            lower = np.linalg.cholesky(_matrix(given, batch, kind, correlation))
        except np.linalg.LinAlgError:
            return None
        found[_places(batch)] = np.linalg.solve(lower, batch.take(columns))[batch.present]
    return found


def _adjusted(given: _Given, kind: DecayKind, rows: Array, residuals: Array, correlation: Array) -> Array | None:
    """(I - H_i)^-1 e; None where a cluster has leverage 1."""
    whitened = _whitened(given, kind, rows, correlation)
    if whitened is None:
        return None
    bread, found = np.linalg.inv(tall_product(whitened, whitened)), np.empty_like(residuals)
    for batch in given.layout.batches(square=True):
        matrix, block = _matrix(given, batch, kind, correlation), batch.take(rows)
        left = matrix - block @ bread @ block.transpose(0, 2, 1)
        if float(np.linalg.eigvalsh(left).min()) <= 1e-13:
            return None
        turned = matrix @ np.linalg.solve(left, batch.take(residuals)[:, :, None])
        found[_places(batch)] = turned[:, :, 0][batch.present]
    return found


def _places(batch: Batch) -> npt.NDArray[np.intp]:
    return np.asarray((batch.starts[:, None] + np.arange(batch.size))[batch.present])


@dataclass(frozen=True, slots=True, eq=False)
class _Products:
    """Sums of regressor x product and of regressor squared: of single periods, and of pairs by the time between."""

    own: tuple[float, float]
    pairs: Array
    squares: Array
    lags: Array


def _products(given: _Given, first: Array, second: Array, variance: Array) -> _Products:
    patients = given.patients
    regressor = variance * (patients - 1) / patients
    excess = variance / patients * (first * second - 1)
    scale = variance / np.sqrt(patients)
    pairs, squares, lags = [], [], []
    for batch in given.layout.batches(square=True):
        upper = np.triu_indices(batch.size, 1)
        one, two, v, times = (batch.take(x) for x in (scale * first, scale * second, variance, given.times))
        there = (batch.present[:, :, None] & batch.present[:, None, :])[:, *upper]
        pairs.append((one[:, upper[0]] * two[:, upper[1]])[there])
        squares.append((v[:, upper[0]] * v[:, upper[1]])[there])
        lags.append(np.abs(times[:, upper[0]] - times[:, upper[1]])[there])
    values, places = np.unique(np.concatenate(lags), return_inverse=True)
    count = len(values)
    return _Products(
        (float(regressor @ excess), float(regressor @ regressor)),
        np.bincount(places, np.concatenate(pairs), minlength=count),
        np.bincount(places, np.concatenate(squares), minlength=count),
        values,
    )


def _exchangeable(products: _Products) -> Array:
    top, bottom = products.own
    return np.array([(top + products.pairs.sum()) / (bottom + products.squares.sum())])


def _nested(products: _Products) -> Array:
    top, bottom = products.own
    squares = products.squares.sum()
    between = products.pairs.sum() / squares if squares > 0 else 0.0
    return np.array([top / bottom if bottom > 0 else 0.0, between])


def _decay(products: _Products) -> Array:
    """The within-period correlation given the factor is a ratio; the factor is a root between 0 and 1, or an edge."""
    lags = products.lags

    def level(factor: float) -> tuple[float, float]:
        top = products.own[0] + float(products.pairs @ factor**lags)
        return top, products.own[1] + float(products.squares @ factor ** (2 * lags))

    def slope(factor: float) -> float:
        top, bottom = level(factor)
        powers = factor**lags
        return float((lags * powers) @ (products.pairs - top / bottom * products.squares * powers)) * (
            1.0 if top > 0 else -1.0
        )

    grid = np.linspace(0.0, 1.0, DECAY_GRID)
    gains = [top**2 / bottom for top, bottom in map(level, grid)]
    best = int(np.argmax(gains))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, DECAY_GRID - 1)]
    factor = float(grid[best])
    if slope(low) > 0 > slope(high):
        factor = float(brentq(slope, low, high, xtol=1e-14))
    top, bottom = level(factor)
    return np.array([top / bottom, factor])


_SOLVERS: Mapping[DecayKind, Callable[[_Products], Array]] = {
    DecayKind.EXCHANGEABLE: _exchangeable,
    DecayKind.NESTED_EXCHANGEABLE: _nested,
    DecayKind.EXPONENTIAL_DECAY: _decay,
}
