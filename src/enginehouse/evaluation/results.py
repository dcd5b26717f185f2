"""What an evaluation says, as frozen records that reports and economics read and the ledger's documents keep.

Nothing is computed here beyond what follows from the fields. Words that a reader meets are finished sentences, made
where the rule is (`verdict.py`, `claims.py`, `checks.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from enginehouse.evaluation.records import from_plain, to_plain
from enginehouse.programme.enums import Check, Direction, PracticeMethod, Summary, Verdict, Window
from enginehouse.stats.results import Estimate, Estimated, Interval


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
class AbsoluteEffect:
    """The effect in the indicator's own unit, over the window and for the exposed sites together.

    Attributes
    ----------
    observed, counterfactual
        What was seen, and what the estimate says would have been seen, summed over the window (`unit`).
    change, change_low, change_high
        observed - counterfactual, and its 95% interval.
    denominator
        Mean monthly denominator over the window (`per`), printed beside every absolute number.
    change_per_denominator, ...
        change / denominator: over the whole window, for one of `per`. Multiply by `scale` for display.
    basis
        `with drift between areas`, or `months only` where drift cannot be estimated (descriptive).
    """

    unit: str
    per: str
    scale: int
    months: int
    observed: float
    counterfactual: float
    change: float
    change_low: float
    change_high: float
    denominator: float
    change_per_denominator: float
    change_per_denominator_low: float
    change_per_denominator_high: float
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboArea:
    """An untreated area taken for the treated one."""

    area: str
    name: str
    region: str
    sites: int
    estimate: float
    std_error: float
    low: float
    high: float
    significant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboSet:
    """The placebo areas of one outcome and window, and the treated area's place among them."""

    areas: tuple[PlaceboArea, ...]
    tau: float
    tau_reml: float
    mu_reml: float
    rank_p: float
    rank_p_studentised: float
    share_significant: float

    @property
    def significant(self) -> int:
        return sum(area.significant for area in self.areas)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowResult:
    """The effect in one window.

    `with_drift` is the headline. `months_only` carries no doubt but that of the months, and is descriptive.
    """

    window: Window
    registered: bool
    months_only: Estimated
    with_drift: Estimated
    placebo: PlaceboSet | None
    absolute: AbsoluteEffect | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    name: str
    value: float
    std_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """The regression behind a comparison, and the standard errors that other methods would have printed."""

    method: str
    months: int
    months_before: int
    df: float
    phi: float
    sigma: float
    coefficients: tuple[Coefficient, ...]
    residual_autocorrelation: tuple[float, ...]
    other_methods: Mapping[str, Estimated]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonSeries:
    """What the figure shows, month by month.

    `treated` and `control` are in the indicator's unit per one of its denominator; `contrast`, `fitted` and
    `counterfactual` are treated over control (or minus, for differences); `treated_without` is what the model expects
    of the treated arm without the campaign. `starts` is the first month after the start.
    """

    months: tuple[str, ...]
    starts: str
    treated: tuple[float, ...]
    control: tuple[float, ...]
    contrast: tuple[float, ...]
    fitted: tuple[float, ...]
    counterfactual: tuple[float, ...]
    treated_without: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The exposed sites against one comparator. Without a model, `reason` in every window says why."""

    comparator: str
    title: str
    registered: bool
    control_sites: int
    control_members: int
    windows: tuple[WindowResult, ...]
    model: FittedModel | None
    series: ComparisonSeries | None

    @property
    def registered_window(self) -> WindowResult:
        return next(window for window in self.windows if window.registered)


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
    `half_width` is that of the 95% interval. `std_error_of_logs` is the same on the log scale, where a few very small
    sites weigh more; None when quoted.
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
    """The registered analysis of one cycle, run once on its frozen panel."""

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


def is_estimate(value: Estimated | None) -> bool:
    return isinstance(value, Estimate)
