"""The variance of each design's effect, with what the history says about months of one unit.

Schedules and the engine are in `longitudinal.py`; which designs are compared, in `designs.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.components import Components, UnitMonths, fit_components, unit_months
from enginehouse.trials.history import NO_SPREAD, Question, moments
from enginehouse.trials.history_shape import HistoryShape, history_shape
from enginehouse.trials.longitudinal import treatment_variance
from enginehouse.trials.power_results import Moments

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFacts:
    """What the history says: by the model that analyses trials, and without one."""

    components: Components | NotEstimable
    shape: HistoryShape


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DesignBasis:
    """What every design's variance is made of.

    Attributes
    ----------
    moments
        Spread, correlation and weights of units over the months that stand in for baseline and follow-up.
    covariance : array, shape (months, months)
        Of one unit's monthly values, baseline first.
    n_before
        Months of the baseline.
    by_model
        Whether the covariance is that of the mixed model; otherwise of the correlation between baseline and follow-up.
    """

    moments: Moments
    covariance: Array
    n_before: int
    by_model: bool

    @property
    def follow_up(self) -> int:
        return len(self.covariance) - self.n_before

    @property
    def unequal(self) -> float:
        """By how much units that count unequally multiply a variance."""
        return 1 + self.moments.size_cv**2

    def variance(self, schedule: Array, units: Array) -> float | NotEstimable:
        """Of the treatment effect; `schedule` by month, shape (sequences, months), `units` in each sequence."""
        found = treatment_variance(schedule, np.asarray(units, dtype=np.float64), self.covariance)
        return found if isinstance(found, NotEstimable) else found * self.unequal

    def parallel(self, *, per_arm: float, other_arm: float | None = None) -> float:
        """The variance of the difference of two arms that share the baseline."""
        schedule = np.zeros((2, len(self.covariance)))
        schedule[1, self.n_before :] = 1.0
        found = self.variance(schedule, np.array([per_arm if other_arm is None else other_arm, per_arm]))
        assert isinstance(found, float)  # each month has both arms
        return found

    def after_baseline(self, turns: Array) -> Array:
        """A schedule of periods of the follow-up as months, baseline first; months that are left over repeat the last.

        `turns` has shape (sequences, periods).
        """
        length = self.follow_up // turns.shape[1]
        months = np.repeat(turns, length, axis=1)
        rest = np.repeat(months[:, -1:], self.follow_up - months.shape[1], axis=1)
        return np.hstack([np.zeros((len(turns), self.n_before)), months, rest])


def facts_of(found: UnitMonths, question: Question) -> HistoryFacts:
    """What a history says, with intervals; see `components.fit_components` and `history_shape.history_shape`."""
    return HistoryFacts(components=fit_components(found, question.summary), shape=history_shape(found))


def design_basis(
    data: TrialData, question: Question, components: Components | NotEstimable | None = None
) -> DesignBasis | NotEstimable:
    """Variances of any design in these units over these months, before anything was done.

    Parameters
    ----------
    data
        Months as if they were baseline and follow-up.
    question
        Its average decides how units count.
    components
        Of the same units, from `fit_components` over as long a history as there is; fitted to `data` if not given.

    Returns
    -------
    DesignBasis or NotEstimable
        As `history.moments`. Where no model could be fitted, the correlation of baseline and follow-up is used.

    Notes
    -----
    How months hang together is the model's; how much units differ is what the contrast itself weighs: the covariance is
    scaled so that the mean of the follow-up months has the variance of `moments`, in which large units count for more
    when the average is over patients.
    """
    found = moments(data, question)
    if isinstance(found, NotEstimable):
        return found
    shape = fit_components(unit_months(data), question.summary) if components is None else components
    months, after = data.numerator.shape[1], data.numerator.shape[1] - data.n_before
    if isinstance(shape, Components):
        covariance = shape.covariance(months)
    else:
        lasting = min(max(found.autocorrelation, 0.0), 0.999)
        covariance = np.full((months, months), lasting) + (1 - lasting) * after * np.eye(months)
    level = float(covariance[data.n_before :, data.n_before :].mean())
    if level <= NO_SPREAD:
        return NotEstimable(reason="no-variation", detail="The units of the history do not differ at all.")
    return DesignBasis(
        moments=found,
        covariance=covariance * (found.between_sd**2 / level),
        n_before=data.n_before,
        by_model=isinstance(shape, Components),
    )


def with_varying_effect(variance: float, spread: float, treated: float) -> float:
    """The standard error when the effect differs between units by a variance `spread`, over the units that get it."""
    return math.sqrt(variance + spread / treated)
