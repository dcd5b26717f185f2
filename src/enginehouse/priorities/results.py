"""What weighing candidates says, as frozen records that reports and the ledger's documents keep.

Nothing is computed here beyond what follows from the fields. Money is in the programme's currency, at the prices of
its price year. A *unit-year* is one of the indicator's denominator (a patient, or an item) over one year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from enginehouse.core.words import first_upper
from enginehouse.economics.discounting import Discounting
from enginehouse.evidence.results import Predictive
from enginehouse.programme.enums import EvidenceScale, Priority
from enginehouse.stats.records import from_plain, to_plain


class TriageReason(StrEnum):
    """Which branch of the rule gave the answer."""

    CONFIDENT = "confident"
    WORTH_EVALUATING = "worth evaluating"
    EVALUATION_NOT_WORTH_ITS_COST = "evaluation not worth its cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSize:
    """One size of an embedded trial, and the standard error of the effect that it would have here."""

    sites_per_arm: int
    std_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFacts:
    """What the panel's history says about one candidate's indicator here.

    Attributes
    ----------
    baseline
        Numerator for one of the denominator and one month, as it is now.
    denominator
        Patients (or items, for a share) of all sites together in a usual month.
    sites
        How many sites a roll-out would reach.
    sites_available
        How many of them could be in a trial.
    lower_is_better
        The indicator's direction.
    trial_sizes
        The standard error of the effect, on `std_error_scale`, for each number of sites per arm.
    unit, per
        The indicator's own words for numerator and denominator.
    last_month
        The last month of the history that was used.
    """

    baseline: float
    denominator: float
    sites: int
    sites_available: int
    lower_is_better: bool
    unit: str
    per: str
    last_month: str
    trial_sizes: tuple[TrialSize, ...] = ()
    std_error_scale: EvidenceScale = EvidenceScale.LOG_RATIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a candidate's file says about money, and about time."""

    value: float
    value_low: float
    value_high: float
    value_is_assumption: bool
    value_source: str
    roll_out_cost: float
    cost_per_site_year: float
    trial_fixed: float | None
    trial_per_site: float | None
    trial_years: float | None
    horizon_years: float
    discount_rate: float
    discounting: Discounting


@dataclass(frozen=True, slots=True, kw_only=True)
class GateValues:
    """The gates of the probability-gated rule: probabilities 0-1, and the least gain in money."""

    implement_at: float
    drop_at: float
    least_gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignValue:
    """One size of an embedded trial, weighed.

    Attributes
    ----------
    std_error
        Of the effect, on the candidate's scale.
    cost
        Of the trial.
    preposterior_sd
        How far the trial is expected to move the mean net benefit of a unit-year.
    evsi_per_unit, evsi
        The expected value of what it tells, for a unit-year, and over what is left of the horizon when it reports.
    only_in_evaluation, with_roll_out
        Net benefit when roll-out waits for the result, and when it begins now except in the control sites.
    enbs
        The better of the two, less what the better choice without a trial is worth.
    mode
        Which of the two is better: *evaluate only*, or *implement with evaluation*.
    infeasible
        Why it cannot be done; empty when it can. Such a design is never chosen.
    """

    sites_per_arm: int
    patients_per_site: float
    std_error: float
    cost: float
    preposterior_sd: float
    evsi_per_unit: float
    evsi: float
    only_in_evaluation: float
    with_roll_out: float
    enbs: float
    mode: Priority
    infeasible: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """The gated rule's answer at other gates."""

    implement_at: float
    drop_at: float
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """The answer of both rules for one candidate, with the numbers that they use.

    Attributes
    ----------
    priority, reason
        By the probability-gated rule.
    value_rule
        By the value rule: evaluate wherever that is worth more than it costs, else go by the expected net benefit.
    prob_cost_effective
        That the net benefit of a unit-year, the cost of roll-out spread over the horizon, is above 0.
    effective_mean, sd
        Mean (after roll-out cost) and standard deviation of that net benefit.
    net_benefit
        Expected, of implementing now, over the horizon.
    discounted_units
        Unit-years over the horizon, discounted.
    evpi_per_unit, evpi
        Expected value of perfect information, roll-out cost counted.
    enbs
        Of the best feasible design; None without any.
    best
        That design: the smallest among equals.
    sensitivity
        The gated rule's answer at other gates.
    """

    priority: Priority
    reason: TriageReason
    value_rule: Priority
    prob_cost_effective: float
    effective_mean: float
    sd: float
    net_benefit: float
    discounted_units: float
    evpi_per_unit: float
    evpi: float
    enbs: float | None
    best: DesignValue | None
    designs: tuple[DesignValue, ...]
    sensitivity: tuple[GateAnswer, ...] = ()

    @property
    def rules_agree(self) -> bool:
        return self.priority is self.value_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What the strategy is expected to do and to be worth here.

    Attributes
    ----------
    expected_change
        Expected relative change of the indicator (-0.03: a fall of 3%).
    change_low, change_high
        Its 95% predictive interval.
    units_a_year
        Expected units of the numerator less (or more, where that is better) in a year.
    value_a_year, cost_a_year
        Expected value of these, and the running cost.
    mean_per_unit, sd_per_unit
        Net benefit of one unit-year, before roll-out cost.
    sd_of_effect
        The part of that standard deviation that comes from the effect: what a trial can reduce.
    break_even_change
        The relative change at which implementing is worth just what it costs; None where no change is.
    break_even_value
        The value of one unit at which it is; None where the expected effect is none or harm.
    break_even_trial_cost
        The trial cost above which no evaluation is worth while; None without a feasible trial, below 0 where even a
        trial for nothing is not.
    """

    expected_change: float
    change_low: float
    change_high: float
    units_a_year: float
    value_a_year: float
    cost_a_year: float
    mean_per_unit: float
    sd_per_unit: float
    sd_of_effect: float
    break_even_change: float | None
    break_even_value: float | None
    break_even_trial_cost: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One candidate, weighed; or what is missing before it can be.

    Attributes
    ----------
    priority
        The answer of the probability-gated rule, or *not yet evaluable*.
    sentence
        The reason, in one sentence.
    rules
        How the value rule's answer compares, in one sentence; empty where both agree.
    would_change
        What would change the answer, each in one sentence.
    missing
        What must be known before the candidate can be weighed.
    prior, worth, triage
        The numbers; None where something is missing.
    prices, local, gates
        The inputs, so that the answer can be computed again from the record.
    """

    candidate: str
    title: str
    indicator: str
    strategy: str
    over: str
    scale: EvidenceScale
    priority: Priority
    sentence: str
    rules: str = ""
    would_change: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    prior: Predictive | None = None
    worth: Worth | None = None
    triage: Triage | None = None
    prices: Prices | None = None
    local: LocalFacts | None = None
    gates: GateValues
    notes: tuple[str, ...] = ()

    @property
    def because(self) -> str:
        """The reason without the answer before it, for where the answer stands already."""
        return first_upper(self.sentence.removeprefix(first_upper(self.priority.value)).lstrip(":. ")) or self.sentence

    @property
    def value_rule(self) -> Priority:
        return self.triage.value_rule if self.triage else Priority.NOT_YET_EVALUABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Priorities:
    """Every candidate, weighed on one day with the evidence and the panel of that day."""

    record_version: int = 1
    as_of: str
    currency: str
    price_year: int
    horizon_years: float
    discount_rate: float
    discounting: Discounting
    gates: GateValues
    evidence_identity: str
    studies: int
    weighed: tuple[Weighed, ...]
    notes: tuple[str, ...] = ()

    def candidate(self, name: str) -> Weighed:
        return next(weighed for weighed in self.weighed if weighed.candidate == name)

    @property
    def ranked(self) -> tuple[Weighed, ...]:
        """By net benefit of the better choice, evaluation counted; those not yet evaluable last."""
        return tuple(sorted(self.weighed, key=lambda weighed: (-_worth_of_choice(weighed), weighed.candidate)))

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `priorities_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def priorities_from_record(record: Mapping[str, Any]) -> Priorities:
    """Read back what `Priorities.to_record` wrote.

    Raises
    ------
    ValueError
        The record was written by a later version.
    """
    if record["record_version"] != 1:
        raise ValueError(f"priorities record of version {record['record_version']}; this version reads 1")
    priorities: Priorities = from_plain(Priorities, record)
    return priorities


def _worth_of_choice(weighed: Weighed) -> float:
    if weighed.triage is None:
        return float("-inf")
    return max(weighed.triage.net_benefit, 0.0) + max(weighed.triage.enbs or 0.0, 0.0)


class ChangeKind(StrEnum):
    """What can differ between two weighings."""

    EVIDENCE = "evidence"
    PANEL = "panel"
    PRICES = "prices"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedInput:
    """One input that differs, in words and numbers as a reader sees them."""

    kind: ChangeKind
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChange:
    """What became of one candidate between two weighings, and why.

    Attributes
    ----------
    before, after
        The answers; None where the candidate was not weighed then.
    inputs
        Every input that differs.
    enough
        The kinds of input of which each alone would have given the new answer.
    sentence
        What happened, in one sentence.
    """

    candidate: str
    title: str
    before: Priority | None
    after: Priority | None
    inputs: tuple[ChangedInput, ...]
    enough: tuple[ChangeKind, ...]
    sentence: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return self.before is not self.after
