"""Variance of a treatment effect in any design whose clusters are measured in periods: one sum over sequences.

Generalised least squares with an effect of each period; parallel with baseline, stepped wedge and crossover are
schedules, not formulas.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import NotEstimable

Array = npt.NDArray[np.float64]


def treatment_variance(schedule: Array, clusters: Array, covariance: Array) -> float | NotEstimable:
    """The variance of the treatment effect by generalised least squares with categorical periods.

    Parameters
    ----------
    schedule : array, shape (sequences, periods)
        1 where a sequence is treated, 0 where not, `nan` where it is not measured.
    clusters : array, shape (sequences,)
        Clusters in each sequence.
    covariance : array, shape (periods, periods)
        Of one cluster's period means, positive definite.

    Returns
    -------
    float or NotEstimable
        Not estimable where treatment cannot be told from the periods.

    Notes
    -----
    V = [sum over sequences s of k_s X_s' V_s^-1 X_s]^-1, X_s the periods' indicators and the schedule; the last
    diagonal element. Assumes an effect that is at once there and stays the same.

    References
    ----------
    Hussey MA, Hughes JP. Contemp Clin Trials 2007;28:182-191. Hooper R and others. Stat Med 2016;35:4718-4728.
    Kasza J and others. Stat Methods Med Res 2019;28:703-716.

    Examples
    --------
    >>> schedule = np.array([[0.0, 0.0], [0.0, 1.0]])
    >>> round(treatment_variance(schedule, np.array([10.0, 10.0]), np.eye(2)), 3)
    0.2
    """
    periods = schedule.shape[1]
    information = np.zeros((periods + 1, periods + 1))
    for row, k in zip(schedule, clusters, strict=True):
        seen = np.isfinite(row)
        design = np.column_stack([np.eye(periods)[seen], row[seen]])
        information += k * design.T @ np.linalg.solve(covariance[np.ix_(seen, seen)], design)
    used = np.diag(information)[:-1] > 0
    inner = information[:-1, :-1][np.ix_(used, used)]
    cross = information[-1, :-1][used]
    precision = information[-1, -1] - cross @ np.linalg.solve(inner, cross)
    if precision <= 1e-12 * max(information[-1, -1], 1e-300):
        return NotEstimable(reason="no-contrast", detail="Every period has sites of one kind only.")
    return float(1 / precision)


def cluster_covariance(
    periods: int, n: float, *, between: float, within: float, decay: float = 1.0, cac: float = 1.0, person: float = 0.0
) -> Array:
    """The covariance of one cluster's period means.

    Parameters
    ----------
    periods, n
        How many, and people in each.
    between
        Variance of cluster levels in one period.
    within
        Residual variance of people.
    decay
        Correlation of a cluster's levels in neighbouring periods falls by this factor with each period.
    cac
        Correlation of levels in any two periods, where it does not decay.
    person
        Variance of people's own levels in a closed cohort.

    Notes
    -----
    Cov(t, s) = between x (cac if t != s) x decay^|t - s| + person / n + (within / n if t = s).

    Examples
    --------
    >>> cluster_covariance(2, 10, between=1.0, within=5.0, cac=0.5).tolist()
    [[1.5, 0.5], [0.5, 1.5]]
    """
    lag = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    same = lag == 0
    levels = between * np.where(same, 1.0, cac) * np.power(float(decay), lag)
    return np.asarray(levels + person / n + np.where(same, within / n, 0.0))


def stepped_schedule(sequences: int, *, before: int) -> Array:
    """Sequences that start one period after another, after `before` periods in which nobody has; all end treated.

    Examples
    --------
    >>> stepped_schedule(2, before=1).tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """
    steps = np.arange(before + sequences)[None, :] >= (before + np.arange(sequences))[:, None]
    return steps.astype(np.float64)
