"""What an evaluation says, as frozen records that reports and economics read and the ledger's documents keep.

Nothing is computed here beyond what follows from the fields. What one comparison says is in `effects.py` (and offered
here too). Words that a reader meets are finished sentences, made where the rule is (`verdict`, `claims`, `checks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from enginehouse.evaluation.effects import (
    AbsoluteEffect,
    Coefficient,
    Comparison,
    ComparisonSeries,
    FittedModel,
    PlaceboArea,
    PlaceboSet,
    WindowResult,
)
from enginehouse.programme.enums import Check, Direction, PracticeMethod, Summary, Verdict, Window
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.results import Estimated, Interval, NotEstimable

Z_OF_80_PER_CENT = 0.8416

__all__ = [
    "AbsoluteEffect",
    "CheckItem",
    "CheckResult",
    "ClaimMark",
    "ClaimResult",
    "Coefficient",
    "Comparison",
    "ComparisonSeries",
    "EmbeddedTrialResult",
    "Evaluation",
    "FittedModel",
    "LeftOutArea",
    "NonInferiority",
    "OutcomeResult",
    "OutcomeRole",
    "PlaceboArea",
    "PlaceboSet",
    "PracticeModelResult",
    "SubgroupEffect",
    "SubgroupResult",
    "TruthResult",
    "VerdictResult",
    "WindowResult",
    "evaluation_from_record",
]


class OutcomeRole(StrEnum):
    """Why an indicator is in the protocol."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    UNTARGETED = "untargeted"
    BALANCING = "balancing"


class ClaimMark(StrEnum):
    """What the data here say about a published claim."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    CANNOT_BE_TESTED = "cannot be tested here"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeResult:
    """One indicator of the protocol.

    `exposed_sites` are rows of the panel with data in the span; `exposed_members` the practices behind them (the same
    where the panel's sites are practices).
    """

    indicator: str
    indicator_version: int
    title: str
    short_title: str
    role: OutcomeRole
    direction: Direction
    unit: str
    per: str
    scale: int
    exposed_sites: int
    exposed_members: int
    exposed_sites_first_month: int
    exposed_sites_last_month: int
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()

    @property
    def registered(self) -> Comparison:
        return next(comparison for comparison in self.comparisons if comparison.registered)

    @property
    def headline(self) -> Estimated:
        """With drift, against the registered comparator, in the registered window."""
        return self.registered.registered_window.with_drift


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItem:
    """One line of a check: an estimate, or an interval alone."""

    label: str
    estimate: Estimated | None = None
    interval: Interval | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check of one outcome. `finding` is a sentence; `reason` is set when the check cannot be done."""

    check: Check
    indicator: str
    title: str
    finding: str
    items: tuple[CheckItem, ...] = ()
    reason: str = ""

    @property
    def done(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeModelResult:
    """A model of single sites and months: complete cases, site-weighted, and never the headline."""

    indicator: str
    method: PracticeMethod
    sites: int
    exposed_sites: int
    months: int
    windows: Mapping[str, Estimated]
    coefficients: tuple[Coefficient, ...] = ()
    log_likelihood: float | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupEffect:
    """The effect among the sites of one group, from months alone (descriptive)."""

    group: str
    exposed_sites: int
    control_sites: int
    months_only: Estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupResult:
    """The effect by an attribute. `interaction` is the highest group minus the lowest, with the drift of placebo areas.

    A difference between subgroups is read from the interaction only, never from one being significant and another not.
    """

    indicator: str
    attribute: str
    groups: tuple[SubgroupEffect, ...]
    interaction: Estimated
    interaction_label: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NonInferiority:
    margin: float
    shown: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictResult:
    """The word for the registered contrast, and the sentence that says it."""

    word: Verdict
    sentence: str
    addition: str
    indicator: str
    comparator: str
    window: Window
    estimate: Estimated
    worthwhile: float
    equivalence: tuple[float, ...] | None
    non_inferiority: NonInferiority | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    text: str
    source: str
    mark: ClaimMark
    sentence: str
    indicator: str | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTrialResult:
    """What a trial on the same sites would have offered: the standard error of its effect, relative to the mean.

    `computed` says whether it comes from the site-level data here (`sites`, `allocations`) or is quoted from `source`.
    `half_width` is that of the 95% interval. `std_error_of_logs` is that of the mean of sites' log ratios, another
    estimand, in which relative changes of low-prescribing sites count in full; None when quoted.
    """

    computed: bool
    std_error: float
    half_width: float
    std_error_of_logs: float | None
    sites: int
    allocations: int
    baseline_months: int
    follow_up_months: int
    quoted_std_error: float | None
    source: str
    note: str

    @property
    def detectable(self) -> float:
        """The effect that the trial would tell from none in four out of five repetitions."""
        return self.half_width + Z_OF_80_PER_CENT * self.std_error


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthResult:
    """A planted effect beside its estimate; only synthetic data have one."""

    indicator: str
    ratio: float
    note: str
    estimate: Estimated
    covered: bool | None
    covered_by_months_only: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutArea:
    """A cluster that is no placebo area, and why."""

    area: str
    name: str
    sites: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The registered analysis of one cycle, run once on its frozen panel.

    `no_embedded_trial` says why there is no `embedded_trial` where one is registered.
    """

    record_version: int = 1
    title: str
    question: str
    protocol_hash: str
    panel_identity: str
    software: str
    method: str
    summary: Summary
    estimand: str
    prior_knowledge: str
    exposed_title: str
    starts: str
    baseline_months: int
    follow_up_months: int
    membership_as_of: str
    outcomes: tuple[OutcomeResult, ...]
    checks: tuple[CheckResult, ...]
    practice_models: tuple[PracticeModelResult, ...]
    subgroups: tuple[SubgroupResult, ...]
    verdict: VerdictResult
    claims: tuple[ClaimResult, ...]
    embedded_trial: EmbeddedTrialResult | None
    no_embedded_trial: NotEstimable | None = None
    truth: tuple[TruthResult, ...]
    left_out_areas: tuple[LeftOutArea, ...]
    notes: tuple[str, ...] = ()

    @property
    def primary(self) -> OutcomeResult:
        return next(outcome for outcome in self.outcomes if outcome.role is OutcomeRole.PRIMARY)

    @property
    def headline(self) -> Estimated:
        return self.primary.headline

    @property
    def is_synthetic(self) -> bool:
        """Whether a planted truth stands beside the estimates."""
        return bool(self.truth)

    def outcome(self, indicator: str) -> OutcomeResult:
        return next(outcome for outcome in self.outcomes if outcome.indicator == indicator)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `evaluation_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def evaluation_from_record(record: Mapping[str, Any]) -> Evaluation:
    """Read back what `Evaluation.to_record` wrote.

    Raises
    ------
    ValueError
        The record was written by a later version.
    """
    if record["record_version"] != 1:
        raise ValueError(f"evaluation record of version {record['record_version']}; this version reads 1")
    evaluation: Evaluation = from_plain(Evaluation, record)
    return evaluation
