"""Any trial whose clusters are measured in periods: one generalised-least-squares engine over its sequences.

Parallel with baseline, stepped wedge, crossover, staircase and incomplete designs are schedules, not formulas.
Correlation structures are in `correlation.py`; here are schedules, the variance of an effect, what each cell tells,
unequal sizes, and power. Proportions and counts, in `longitudinal_counts.py`, use the same engine with other variances.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.sample_size.checks import WHERE, not_negative, positive
from enginehouse.trials.sample_size.t_power import Tails, detectable_effect, expected_half_width, t_power

Array = npt.NDArray[np.float64]
Effect = Literal["immediate", "time-averaged"]
TINY = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """What a design can show: standard error and degrees of freedom, power, detectable effect, expected half-width."""

    std_error: float
    df: float
    power: float
    detectable: float
    half_width: float


def stepped_schedule(sequences: int, *, before: int = 1, after: int = 0) -> Array:
    """Sequences that start one period after another; all end treated.

    Parameters
    ----------
    sequences
        How many steps.
    before, after
        Periods in which nobody has it, and periods added at the end in which everybody has.

    Examples
    --------
    >>> stepped_schedule(2).tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """
    periods = np.arange(before + sequences + after)
    return np.asarray(periods[None, :] >= (before + np.arange(sequences))[:, None], dtype=np.float64)


def staircase_schedule(sequences: int, *, before: int = 1, after: int = 1) -> Array:
    """A stepped wedge in which each sequence is measured only near its own step.

    Parameters
    ----------
    sequences
        How many steps.
    before, after
        Periods that are measured before and after each sequence's step.

    References
    ----------
    Grantham KL and others. The staircase cluster randomised trial design: a pragmatic alternative to the stepped wedge.
    Stat Methods Med Res 2024;33:24-41.

    Examples
    --------
    >>> staircase_schedule(2).tolist()
    [[0.0, 1.0, nan], [nan, 0.0, 1.0]]
    """
    periods = np.arange(sequences - 1 + before + after)[None, :] - np.arange(sequences)[:, None]
    treated = (periods >= before).astype(np.float64)
    return np.where((periods >= 0) & (periods < before + after), treated, np.nan)


def parallel_schedule(*, before: int, after: int) -> Array:
    """Two arms, of which one is treated after a baseline; `before` may be 0."""
    treated = np.concatenate([np.zeros(before), np.ones(after)])
    return np.array([np.zeros(before + after), treated])


def crossover_schedule(turns: int = 2, *, periods_in_turn: int = 1) -> Array:
    """Two sequences that change places at each turn.

    Examples
    --------
    >>> crossover_schedule().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    first = np.repeat(np.arange(turns) % 2, periods_in_turn).astype(np.float64)
    return np.array([first, 1 - first])


def exposure_columns(schedule: Array) -> Array:
    """The schedule as indicators of the time since a sequence's start, one for each length; 0 where it is not treated.

    Parameters
    ----------
    schedule : array, shape (sequences, periods)
        Treated where above 0; `nan` where not measured, which counts as exposure between treated periods.

    Returns
    -------
    array, shape (sequences, periods, longest exposure)
    """
    started = np.maximum.accumulate(np.nan_to_num(schedule) > 0, axis=1)
    length = np.cumsum(started, axis=1) * (schedule != 0)
    return np.asarray(length[:, :, None] == np.arange(1, int(length.max()) + 1), dtype=np.float64)


def effect_covariance(
    columns: Array,
    seen: npt.NDArray[np.bool_],
    clusters: Array,
    covariance: Array,
    *,
    by_period: bool = True,
) -> Array | None:
    """The covariance matrix of several treatment effects by generalised least squares with an effect of each period.

    Parameters
    ----------
    columns : array, shape (sequences, periods, effects)
        What each effect multiplies.
    seen : array of bool, shape (sequences, periods)
        Cells that are measured.
    clusters : array, shape (sequences,)
        Clusters in each sequence.
    covariance : array, shape (periods, periods) or (sequences, periods, periods)
        Of one cluster's period means, positive definite.
    by_period
        Give each period an effect of its own; otherwise all have one level in common.

    Returns
    -------
    array, shape (effects, effects), or None
        None where some effect cannot be told from the periods.

    Notes
    -----
    With W_s the inverse of V_s over measured cells and 0 elsewhere, A = sum k_s W_s, B = sum k_s W_s X_s and
    D = sum k_s X_s' W_s X_s: the covariance is (D - B' A^-1 B)^-1. Cost: one small inverse for each sequence.

    References
    ----------
    Hussey MA, Hughes JP. Contemp Clin Trials 2007;28:182-191. Hooper R and others. Stat Med 2016;35:4718-4728.
    """
    weights = _weights(seen, covariance)
    return _from_weights(weights, columns, clusters, by_period=by_period)


def treatment_variance(
    schedule: Array, clusters: Array, covariance: Array, *, effect: Effect = "immediate"
) -> float | NotEstimable:
    """The variance of the treatment effect by generalised least squares with an effect of each period.

    Parameters
    ----------
    schedule : array, shape (sequences, periods)
        1 where a sequence is treated, 0 where not, something between where the effect is expected in part, `nan` where
        nothing is measured (implementation periods, incomplete designs).
    clusters : array, shape (sequences,)
        Clusters in each sequence.
    covariance : array, shape (periods, periods) or (sequences, periods, periods)
        Of one cluster's period means, positive definite; see `correlation.period_covariance`.
    effect
        `immediate`: there at once, and the same ever after. `time-averaged`: an effect of its own for each length of
        exposure, averaged over the lengths (TATE).

    Returns
    -------
    float or NotEstimable
        Not estimable where treatment cannot be told from the periods.

    Notes
    -----
    See `effect_covariance`. The time-averaged effect is the mean of the exposure-time indicators' effects.

    References
    ----------
    Hussey MA, Hughes JP. Contemp Clin Trials 2007;28:182-191. Kasza J and others. Stat Methods Med Res 2019;28:703-716.
    Kenny A and others. Stat Med 2022;41:4311-4339.

    Examples
    --------
    >>> schedule = np.array([[0.0, 0.0], [0.0, 1.0]])
    >>> round(treatment_variance(schedule, np.array([10.0, 10.0]), np.eye(2)), 3)
    0.2
    """
    schedule, clusters = _checked(schedule, clusters)
    seen = np.isfinite(schedule)
    columns = exposure_columns(schedule) if effect == "time-averaged" else np.nan_to_num(schedule)[:, :, None]
    found = effect_covariance(columns, seen, clusters, covariance)
    if found is None:
        return no_contrast()
    average = np.full(len(found), 1 / len(found))
    return float(average @ found @ average)


def precision(
    variance: float,
    *,
    effect: float,
    df: float = math.inf,
    power: float = 0.8,
    alpha: float = 0.05,
    tails: Tails = "both",
) -> Precision:
    """Power against an effect, the effect found with probability `power`, and the expected half-width of the interval.

    Parameters
    ----------
    variance
        Of the effect's estimate.
    effect
        True difference.
    df
        Degrees of freedom; infinite means normal. `cluster_df` is the usual choice with few clusters.
    power, alpha, tails
        As in `t_power`.
    """
    positive(variance=variance)
    error = math.sqrt(variance)
    return Precision(
        std_error=error,
        df=df,
        power=t_power(effect, error, df, alpha=alpha, tails=tails),
        detectable=detectable_effect(error, df, power=power, alpha=alpha, tails=tails),
        half_width=expected_half_width(error, df, confidence_level=1 - alpha),
    )


def cluster_df(clusters: Array, periods: int, *, effects: int = 1) -> float:
    """Clusters less periods and effects: the degrees of freedom that small trials should count with."""
    return float(np.sum(clusters)) - periods - effects


def cell_information(schedule: Array, clusters: Array, covariance: Array) -> Array:
    """How much each cell tells: the variance without it over the variance with it.

    Parameters
    ----------
    schedule, clusters, covariance
        As in `treatment_variance`; the effect is the immediate one.

    Returns
    -------
    array, shape (sequences, periods)
        1 where a cell tells nothing, infinite where nothing can be estimated without it, `nan` where nothing is
        measured.

    Notes
    -----
    A cell is one period of all clusters of a sequence. Leaving period t out of V_s takes w w' / w_t from W_s, w its
    column for t, so that no matrix is inverted again but the sum over sequences.

    References
    ----------
    Kasza J, Forbes AB. Information content of cluster-period cells in stepped wedge trials. Biometrics 2019;75:144-152.
    """
    schedule, clusters = _checked(schedule, clusters)
    seen, columns = np.isfinite(schedule), np.nan_to_num(schedule)[:, :, None]
    weights = _weights(seen, covariance)
    whole = _from_weights(weights, columns, clusters)
    found = np.full(schedule.shape, np.nan)
    for s, t in np.argwhere(seen).tolist():
        less = weights.copy()
        less[s] -= np.outer(weights[s, t], weights[s, t]) / weights[s, t, t]
        without = _from_weights(less, columns, clusters)
        found[s, t] = math.inf if without is None or whole is None else without[0, 0] / whole[0, 0]
    return found


def unequal_sizes_variance(
    schedule: Array,
    clusters: Array,
    covariance_of: Callable[[Array], Array],
    *,
    people: float,
    cv: float,
    rng: np.random.Generator,
    draws: int = 200,
) -> Array | NotEstimable:
    """The variances of the treatment effect over draws of cluster sizes and of who gets which sequence.

    Parameters
    ----------
    schedule
        As in `treatment_variance`.
    clusters
        Clusters in each sequence; whole numbers.
    covariance_of
        The covariance matrices of clusters with given numbers of people: (clusters,) to (clusters, periods, periods).
    people
        Mean number of people of a cluster in one period.
    cv
        Coefficient of variation of cluster size.
    rng
        Source of the draws.
    draws
        How many.

    Returns
    -------
    array, shape (draws,), or NotEstimable
        Their mean is the variance to plan with; their spread says how much the draw of sequences matters.

    Notes
    -----
    Sizes are gamma with the given mean and coefficient of variation, at least 1; each draw allocates them to sequences
    anew.

    References
    ----------
    Martin JT, Hemming K, Girling A. The impact of varying cluster size in cross-sectional stepped-wedge cluster
    randomised trials. BMC Med Res Methodol 2019;19:123. Ouyang Y and others. Int J Epidemiol 2022;51:2000-2013.
    """
    positive(people=people)
    not_negative(cv=cv)
    schedule, clusters = _checked(schedule, clusters)
    each = np.repeat(schedule, clusters.astype(np.int64), axis=0)
    ones, found = np.ones(len(each)), np.empty(draws)
    for draw in range(draws):
        sizes = np.full(len(each), people) if cv == 0 else rng.gamma(cv**-2, people * cv**2, len(each))
        variance = treatment_variance(each, ones, covariance_of(np.maximum(sizes, 1.0)))
        if isinstance(variance, NotEstimable):
            return variance
        found[draw] = variance
    return found


def _weights(seen: npt.NDArray[np.bool_], covariance: Array) -> Array:
    """The inverses over measured cells, 0 elsewhere."""
    both = seen[:, :, None] & seen[:, None, :]
    if both.all():
        return np.broadcast_to(np.linalg.inv(covariance), both.shape)
    filled = np.where(both, covariance, np.eye(seen.shape[1]))
    return np.asarray(np.where(both, np.linalg.inv(filled), 0.0))


def _from_weights(weights: Array, columns: Array, clusters: Array, *, by_period: bool = True) -> Array | None:
    effects = columns.shape[2]
    weighted = clusters[:, None, None] * weights
    product = weighted @ columns
    inner, cross = weighted.sum(axis=0), product.sum(axis=0)
    outer = columns.reshape(-1, effects).T @ product.reshape(-1, effects)
    if not by_period:
        inner, cross = inner.sum(keepdims=True), cross.sum(axis=0, keepdims=True)
    used = np.diagonal(inner) > TINY * np.max(np.diagonal(inner))
    information = outer - cross[used].T @ np.linalg.solve(inner[np.ix_(used, used)], cross[used])
    scale = np.sqrt(np.maximum(np.diagonal(outer), np.finfo(float).tiny))
    relative = information / np.outer(scale, scale)
    if np.linalg.eigvalsh((relative + relative.T) / 2)[0] <= TINY:
        return None
    return np.asarray(np.linalg.inv(relative) / np.outer(scale, scale))


def _checked(schedule: Array, clusters: Array) -> tuple[Array, Array]:
    schedule, clusters = np.asarray(schedule, dtype=np.float64), np.asarray(clusters, dtype=np.float64)
    if schedule.ndim != 2 or clusters.shape != (len(schedule),):
        raise UserError(
            f"the schedule has shape {schedule.shape} and there are {clusters.size} numbers of clusters.",
            where=f"{WHERE}  schedule",
            remedy="Give one row for each sequence, and one number of clusters for each row.",
        )
    if (clusters < 0).any() or np.isinf(schedule).any():
        raise UserError(
            "numbers of clusters are negative, or the schedule is infinite somewhere.",
            where=f"{WHERE}  schedule",
            remedy="Give 0 or more clusters, and 0, 1, a part or nan in the schedule.",
        )
    return schedule, clusters


def no_contrast() -> NotEstimable:
    """The answer where treatment cannot be told from the periods."""
    return NotEstimable(reason="no-contrast", detail="Every period has clusters of one kind only.")
