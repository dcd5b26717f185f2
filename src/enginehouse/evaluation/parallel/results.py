"""What the evaluation of a parallel cluster trial says, as frozen records for reports, economics and evidence.

Nothing is computed here beyond what follows from the fields. Effects are of a named arm over a named comparator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enginehouse.evaluation.parallel.outcome_results import ArmSummary, ContrastResult, SiteVariation, TrialOutcome
from enginehouse.evaluation.results import OutcomeRole, TruthResult, VerdictResult
from enginehouse.programme.enums import Average, Check, Summary, Window
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.results import Estimated

__all__ = [
    "TRIAL_KIND",
    "ArmFidelity",
    "ArmFlow",
    "ArmGradient",
    "ArmSummary",
    "ContrastResult",
    "EngagedEffect",
    "InequalityResult",
    "RehearsalPlace",
    "SiteVariation",
    "TrialCheck",
    "TrialEvaluation",
    "TrialOutcome",
    "TrialSubgroup",
    "TrialSubgroupEffect",
    "UnregisteredAnalysis",
    "trial_evaluation_from_record",
    "unregistered_from_record",
]

TRIAL_KIND = "cluster-trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCheck:
    """One check of one contrast. `finding` is a sentence; `reason` is set when the check cannot be done.

    `p_value`, `allocations`, `exact` and `smallest_p` belong to the permutation test: how many allocations were
    compared, whether they are all that the scheme allows, and the least p that it could give.
    """

    check: Check
    indicator: str
    arm: str
    over: str
    title: str
    finding: str
    estimate: Estimated | None = None
    p_value: float | None = None
    allocations: int | None = None
    exact: bool | None = None
    smallest_p: float | None = None
    reason: str = ""

    @property
    def done(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSubgroupEffect:
    """The effect among the sites of one group."""

    group: str
    sites: int
    over_sites: int
    effect: Estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSubgroup:
    """The effect by an attribute. Whether groups differ is read from `interaction` and `p_value` only.

    `interaction` is the highest group minus the lowest; `p_value` tests all groups together, with `df` (numerator,
    denominator) of the F distribution. `tests` is how many such tests were made: attributes x contrasts.
    """

    indicator: str
    attribute: str
    arm: str
    over: str
    groups: tuple[TrialSubgroupEffect, ...]
    interaction: Estimated
    interaction_label: str
    p_value: float | None
    df: tuple[float, ...]
    finding: str
    notes: tuple[str, ...] = ()
    tests: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmGradient:
    """The relative index of inequality of one arm: the model's value at the most over the least of the attribute."""

    arm: str
    sites: int
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InequalityResult:
    """Whether the gradient across an attribute (deprivation) changed otherwise in one arm than in the other.

    `change` is on the log-ratio scale: the log of (arm's index after / before) over (comparator's after / before).
    Above 0, the sites with the highest values of the attribute rose more (or fell less) in the arm.
    """

    indicator: str
    attribute: str
    arm: str
    over: str
    gradients: tuple[ArmGradient, ...]
    change: Estimated
    formula: str
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFidelity:
    """How far one component reached an arm: `sites` allocated, `reached` at least once, `amount` contacts in all."""

    arm: str
    component: str
    title: str
    sites: int
    reached: int
    amount: float

    @property
    def share(self) -> float:
        return self.reached / self.sites if self.sites else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagedEffect:
    """The effect among the sites that received a component; refused unless the comparator could not receive it."""

    strategy: str
    at_least: float
    arm: str
    over: str
    engaged_sites: int
    sites: int
    engaged_share: float
    effect: Estimated
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFlow:
    """The CONSORT numbers of one arm, in sites (and units of allocation).

    `without_data` have no baseline or no follow-up month; `excluded` are left out because the estimand says so. Sites
    that `closed`, `merged` or `opted_out` are counted whether or not they are analysed.
    """

    arm: str
    title: str
    units: int
    allocated: int
    closed: int
    merged: int
    opted_out: int
    excluded: int
    without_data: int
    analysed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalPlace:
    """Where the rehearsal's estimate lies among re-randomisations of the same sites: what chance alone would give.

    Attributes
    ----------
    replications, seed
        How many, and the seed that was fixed first.
    p_value
        Of the re-randomisations, the share at least as far from no difference, the own one counted.
    place
        The share of re-randomised estimates that lie below the estimate.
    middle, low, high
        Median and 95% range of the re-randomised estimates, on the scale of the estimate.
    share_significant, share_equivalent
        Shares whose 95% interval excludes no difference (nominally 0.05), and that would read *equivalent*.
    monte_carlo_error
        Standard error of `share_significant` from the number of replications.
    estimates
        All of them, sorted, for the figure.
    """

    replications: int
    seed: int
    p_value: float
    place: float
    middle: float
    low: float
    high: float
    share_significant: float
    share_equivalent: float | None
    monte_carlo_error: float
    not_estimable: int
    estimates: tuple[float, ...]
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnregisteredAnalysis:
    """An analysis that nobody registered, run on the frozen data. It decides nothing, and every page says so."""

    registered: bool = False
    title: str
    asked_by: str
    reason: str
    indicator: str
    method: str
    average: Average
    summary: Summary
    window: Window
    arm: str
    over: str
    effect: Estimated
    subgroups: tuple[TrialSubgroup, ...]
    protocol_hash: str
    panel_identity: str
    software: str
    mark: str

    def to_record(self) -> dict[str, Any]:
        record: dict[str, Any] = to_plain(self)
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEvaluation:
    """The registered analysis of one cluster trial, run once on its frozen panel."""

    kind: str = TRIAL_KIND
    record_version: int = 1
    registered: bool = True
    rehearsed: bool
    title: str
    question: str
    protocol_hash: str
    panel_identity: str
    allocation_hash: str
    software: str
    method: str
    average: Average
    summary: Summary
    window: Window
    estimand: str
    prior_knowledge: str
    starts: str
    baseline_months: int
    follow_up_months: int
    membership_as_of: str
    allocation_unit: str
    arms: Mapping[str, str]
    outcomes: tuple[TrialOutcome, ...]
    checks: tuple[TrialCheck, ...]
    subgroups: tuple[TrialSubgroup, ...]
    inequality: tuple[InequalityResult, ...]
    flow: tuple[ArmFlow, ...]
    fidelity: tuple[ArmFidelity, ...]
    engaged: EngagedEffect | None
    verdict: VerdictResult
    truth: tuple[TruthResult, ...]
    rehearsal: RehearsalPlace | None
    notes: tuple[str, ...] = ()

    @property
    def primary(self) -> TrialOutcome:
        return next(outcome for outcome in self.outcomes if outcome.role is OutcomeRole.PRIMARY)

    @property
    def headline(self) -> Estimated:
        return self.primary.headline

    @property
    def is_synthetic(self) -> bool:
        """Whether a planted truth stands beside the estimates."""
        return bool(self.truth)

    def outcome(self, indicator: str) -> TrialOutcome:
        return next(outcome for outcome in self.outcomes if outcome.indicator == indicator)

    def check(self, check: Check) -> TrialCheck | None:
        """The check of the primary outcome's first contrast, if it is registered."""
        primary = self.primary
        own = (primary.indicator, primary.registered.arm, primary.registered.over)
        return next((c for c in self.checks if c.check is check and (c.indicator, c.arm, c.over) == own), None)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `trial_evaluation_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def trial_evaluation_from_record(record: Mapping[str, Any]) -> TrialEvaluation:
    """Read back what `TrialEvaluation.to_record` wrote.

    Raises
    ------
    ValueError
        The record was written by a later version, or is no record of a trial.
    """
    if record.get("kind") != TRIAL_KIND or record["record_version"] != 1:
        raise ValueError(
            f"evaluation record of kind {record.get('kind')}, version {record['record_version']}; "
            f"this version reads {TRIAL_KIND}, 1"
        )
    evaluation: TrialEvaluation = from_plain(TrialEvaluation, record)
    return evaluation


def unregistered_from_record(record: Mapping[str, Any]) -> UnregisteredAnalysis:
    """Read back what `UnregisteredAnalysis.to_record` wrote."""
    analysis: UnregisteredAnalysis = from_plain(UnregisteredAnalysis, record)
    return analysis
