"""The stepped wedge that could be run instead: how sites' levels hang together over time, and the variance by GLS."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.correlation import Correlation, period_covariance
from enginehouse.trials.history import NO_SPREAD, Question, by_unit, on_scale, unit_weights
from enginehouse.trials.longitudinal import cluster_df, stepped_schedule, treatment_variance

Array = npt.NDArray[np.float64]
MOST_SEQUENCES = 6
FEWEST_SEQUENCES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedWedge:
    """A stepped wedge on the same sites.

    `period_months` is the length of a step; `before` counts the periods in which nobody has it; `level`, `decay` and
    `noise` describe one unit's period means: covariance level x decay^lag, and noise beside it at lag 0.
    """

    sequences: int
    period_months: int
    before: int
    units: int
    std_error: float
    df: float
    level: float
    decay: float
    noise: float


def stepped_wedge(data: TrialData, question: Question) -> SteppedWedge | NotEstimable:
    """The standard error of a stepped wedge over the months of the trial, from the sites' own history.

    Parameters
    ----------
    data
        Months before anything was done, as if they were baseline and follow-up.
    question
        Its average and summary.

    Returns
    -------
    SteppedWedge or NotEstimable
        Not estimable where the follow-up is too short for two steps, or too few units have every month.

    Notes
    -----
    The follow-up is cut into as many periods as there are steps (at most 6); in each, one more sequence starts, and at
    the end everyone has. The covariance of a unit's period means (of logarithms for a ratio) is level x
    decay^|t - s| plus noise, fitted to the mean products of units' deviations from the period means at each lag. The
    variance by generalised least squares is multiplied by 1 + cv^2 for unequal sizes. Assumes an effect that is there
    at once and stays the same. df = units - periods - 1.
    """
    follow_up = data.numerator.shape[1] - data.n_before
    sequences = min(MOST_SEQUENCES, follow_up // 2 if follow_up >= 4 else follow_up)
    if sequences < FEWEST_SEQUENCES:
        return NotEstimable(reason="too-few-months", detail=f"{follow_up} month(s) leave no room for two steps.")
    length = follow_up // sequences
    before = max(data.n_before // length, 1)
    rates, weights = _period_rates(data, length, before, sequences)
    units = len(weights)
    if units < 2 * sequences:
        detail = f"Only {units} units have data in every period, too few for {sequences} steps."
        return NotEstimable(reason="too-few-units", detail=detail)
    if rates.max() <= 0:
        return NotEstimable(reason="zero", detail="There is nothing to count in the history.")
    weights = unit_weights(rates.mean(axis=1), weights, question)
    mean = float(np.average(rates.mean(axis=1), weights=weights))
    relative = on_scale(rates, mean, question.summary)
    level, decay, noise = fit_decay(relative, weights)
    periods = before + sequences
    covariance = period_covariance(Correlation(between=level, within=noise, decay=decay), 1, periods=periods)
    if level + noise <= NO_SPREAD:
        return NotEstimable(reason="no-variation", detail="The units of the history do not differ at all.")
    schedule = stepped_schedule(sequences, before=before)
    variance = treatment_variance(schedule, np.full(sequences, units / sequences), covariance)
    if isinstance(variance, NotEstimable):
        return variance
    cv = float(weights.std() / weights.mean())
    return SteppedWedge(
        sequences=sequences,
        period_months=length,
        before=before,
        units=units,
        std_error=math.sqrt(variance * (1 + cv**2)),
        df=cluster_df(np.full(1, units), periods),
        level=level,
        decay=decay,
        noise=noise,
    )


def fit_decay(values: Array, weights: Array) -> tuple[float, float, float]:
    """Level, decay and noise of units' period means: covariance level x decay^lag, plus noise at lag 0.

    Parameters
    ----------
    values : array, shape (units, periods)
    weights : array, shape (units,)

    Notes
    -----
    Products at each lag are averaged with weights squared; the decay is the best of a grid by least squares over lags
    of 1 and more, with the level that fits it best; the noise is what lag 0 has above the level, at least 1e-9 of it.
    """
    squares = weights**2 / (weights**2).sum()
    centred = values - np.average(values, axis=0, weights=weights)
    periods = values.shape[1]
    products = centred.T @ (squares[:, None] * centred)
    means = np.array([np.diagonal(products, offset=lag).mean() for lag in range(periods)])
    pairs = np.arange(periods, 0, -1)[1:].astype(np.float64)
    decays = np.linspace(0.01, 1.0, 100)
    shapes = decays[:, None] ** np.arange(1, periods)[None, :]
    levels = np.maximum((shapes * pairs) @ means[1:] / ((shapes**2) @ pairs), 0.0)
    misfit = ((means[1:] - levels[:, None] * shapes) ** 2) @ pairs
    best = int(np.argmin(misfit))
    level = min(float(levels[best]), float(means[0]))
    return level, float(decays[best]), max(float(means[0]) - level, 1e-9 * float(means[0]))


def _period_rates(data: TrialData, length: int, before: int, sequences: int) -> tuple[Array, Array]:
    """Rates of units in each period, and their mean monthly denominators; only units with data in every period."""
    starts = [data.n_before + length * step for step in range(-before, sequences)]
    starts[0] = max(starts[0], 0)
    columns = []
    for start in starts:
        tops, bottoms = data.numerator[:, start : start + length], data.denominator[:, start : start + length]
        ok = np.isfinite(tops) & np.isfinite(bottoms)
        columns.append([by_unit(np.where(ok, part, 0.0).sum(axis=1), data) for part in (tops, bottoms)])
    numerators, denominators = (np.column_stack([column[i] for column in columns]) for i in (0, 1))
    keep = (denominators > 0).all(axis=1)
    months = length * len(starts)
    return numerators[keep] / denominators[keep], denominators[keep].sum(axis=1) / months
