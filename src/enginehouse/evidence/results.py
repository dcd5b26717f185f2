"""What the evidence says, as frozen records: pooled effects, the prior of the next cycle, scores of forecasts.

Nothing is computed here beyond what follows from the fields. Effects of ratios and odds are natural logarithms; below 0
means less of the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from enginehouse.programme.enums import EvidenceScale, StudyDesign, Verdict
from enginehouse.stats.gaussian import Normal
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.results import Interval, NotEstimable, t_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledStudy:
    """One study as it was pooled.

    Attributes
    ----------
    effect, std_error
        On the scale and in the direction of the pooling; the standard error includes any allowance for its design.
    weight
        Its share of the pooled mean, 0-1.
    turned_round
        Whether its outcome counts the other way, so that the sign of its effect was changed.
    """

    id: str
    target: str
    setting: str
    completed: int
    design: StudyDesign
    is_own: bool
    effect: float
    std_error: float
    weight: float
    turned_round: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledStep:
    """The pooled effect of some of the studies: up to one of them in time, or without it."""

    study: str
    completed: int
    studies: int
    mean: float
    std_error: float
    tau: float | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutStudy:
    """A study of the strategy that could not be used, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """The effect of one strategy over one comparator, from all its studies.

    Attributes
    ----------
    mean, std_error, interval
        Of the mean effect: random effects by REML; the interval at 95% with the `adjustment` named.
    df
        Degrees of freedom of that interval; None means normal.
    wald_std_error
        The standard error before any small-sample adjustment.
    tau, tau_interval
        The standard deviation of effects between places, and its 95% interval.
    q, q_df, q_p, i2
        The test of whether studies differ at all, and the share of the variation that is not chance (0-1).
    prediction, prediction_convention
        Where the effect in a new place is expected with probability 0.95.
    leave_one_out, cumulative
        Without each study; and after each study in the order of completion.
    """

    strategy: str
    over: str
    scale: EvidenceScale
    lower_is_better: bool
    studies: tuple[PooledStudy, ...]
    mean: float
    std_error: float
    df: float | None
    interval: Interval
    wald_std_error: float
    adjustment: str
    tau: float | NotEstimable
    tau_interval: Interval | NotEstimable
    q: float | None
    q_df: int
    q_p: float | None
    i2: float | None
    prediction: Interval | NotEstimable
    prediction_convention: str
    leave_one_out: tuple[PooledStep, ...]
    cumulative: tuple[PooledStep, ...]
    left_out: tuple[LeftOutStudy, ...] = ()
    notes: tuple[str, ...] = ()

    def to_record(self) -> dict[str, Any]:
        record: dict[str, Any] = to_plain(self)
        return record


class PriorBasis(StrEnum):
    """Where the expectation for a new cycle comes from, before the programme's own results on the same question."""

    STUDIES = "studies"
    STATED = "stated in the file"
    OWN_ALONE = "the programme's own results alone"


class Heterogeneity(StrEnum):
    """How the variation of effects between places was found."""

    ESTIMATED = "estimated from the studies (REML)"
    HALF_NORMAL = "few studies, with a half-normal expectation of it"
    STATED = "inside the standard deviation stated in the file"
    NOT_NEEDED = "not needed: every result is of this question here"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnUpdate:
    """What one own result did to the expectation.

    `surprise` is the result's distance from what was expected, in standard deviations of that expectation. `before` and
    `surprise` are None where nothing was expected.
    """

    study: str
    posted_on: str
    effect: float
    std_error: float
    before: Normal | None
    after: Normal
    surprise: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictive:
    """The effect that is expected in a new cycle here, as a normal distribution: the prior of that cycle.

    Attributes
    ----------
    mean, sd
        On `scale`; below 0 means less of the outcome, and that is better where `lower_is_better`.
    basis, heterogeneity, tau
        Where it comes from, how the variation between places was found, and that variation.
    from_elsewhere
        The expectation before own results on the same question were taken in; None where there was none.
    own
        Own results on the same question, in the order in which they were posted; each one's `after` is the next one's
        `before`, and the last one's is this distribution.
    pooled
        The studies behind `from_elsewhere`; None without any.
    """

    strategy: str
    over: str
    scale: EvidenceScale
    lower_is_better: bool
    mean: float
    sd: float
    basis: PriorBasis
    heterogeneity: Heterogeneity
    tau: float | None
    from_elsewhere: Normal | None
    own: tuple[OwnUpdate, ...]
    pooled: Pooled | None
    notes: tuple[str, ...] = ()

    @property
    def normal(self) -> Normal:
        return Normal(self.mean, self.sd)

    def interval(self, confidence_level: float = 0.95) -> Interval:
        """The middle part of the distribution that has this probability."""
        half = t_quantile(0.5 + confidence_level / 2, math.inf) * self.sd
        return Interval(
            low=self.mean - half, high=self.mean + half, confidence_level=confidence_level, method="predictive"
        )

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `predictive_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def predictive_from_record(record: Mapping[str, Any]) -> Predictive:
    """Read back what `Predictive.to_record` wrote."""
    predictive: Predictive = from_plain(Predictive, record)
    return predictive


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastScore:
    """One signatory's forecast held against the result. Smaller scores are better, apart from `covered`.

    Attributes
    ----------
    effect, low, high
        As forecast, on the protocol's scale (a ratio, or a difference); low to high was to hold with probability 0.8.
    probability_of_verdict
        What the forecast gave the verdict that came about.
    brier
        0 (certain and right) to 2 (certain and wrong), over all verdict words; None without verdict probabilities.
    crps, interval_score
        Distance between forecast distribution and result, on the scoring scale; None where the result cannot be
        estimated.
    covered
        Whether the result lies between low and high.
    """

    person: str
    effect: float
    low: float
    high: float
    probability_of_verdict: float | None
    brier: float | None
    crps: float | None
    interval_score: float | None
    covered: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastScores:
    """All forecasts of one cycle held against its result.

    Attributes
    ----------
    observed, std_error
        The registered estimate on the protocol's scale and its standard error on the scoring scale; None where it
        cannot be estimated.
    scoring_scale
        `logarithm of the ratio`, or `difference`.
    method
        What the scores are, in words.
    not_estimable
        Why the effect was not scored, if it was not.
    """

    record_version: int = 1
    cycle: str
    verdict: Verdict
    observed: float | None
    std_error: float | None
    scoring_scale: str
    scores: tuple[ForecastScore, ...]
    method: str
    not_estimable: str = ""
    notes: tuple[str, ...] = ()

    def of(self, person: str) -> ForecastScore | None:
        return next((score for score in self.scores if score.person == person), None)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `forecast_scores_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def forecast_scores_from_record(record: Mapping[str, Any]) -> ForecastScores:
    """Read back what `ForecastScores.to_record` wrote."""
    scores: ForecastScores = from_plain(ForecastScores, record)
    return scores


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationLine:
    """How forecasts have done so far: of one person, or of all.

    `coverage_interval` is the exact 95% interval of the share of results inside the forecasts' 80% intervals.
    """

    person: str | None
    forecasts: int
    scored_effects: int
    covered: int
    coverage: float | None
    coverage_interval: Interval | None
    mean_brier: float | None
    mean_crps: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Forecasts across cycles: of all signatories together first, then of each."""

    cycles: tuple[str, ...]
    expected_coverage: float
    lines: tuple[CalibrationLine, ...]
    finding: str

    def to_record(self) -> dict[str, Any]:
        record: dict[str, Any] = to_plain(self)
        return record
