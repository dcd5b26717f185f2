"""What every section of a trial's dossier is written from, and the phrases that several of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from enginehouse.economics.trial_appraisal import TrialAppraisal
from enginehouse.evaluation.parallel.results import ContrastResult, TrialEvaluation, TrialOutcome, UnregisteredAnalysis
from enginehouse.evidence.results import ForecastScores
from enginehouse.programme.contract import Contract, Undertaking
from enginehouse.programme.enums import Direction, Summary
from enginehouse.programme.protocol import Protocol
from enginehouse.reports.facts import DossierFacts
from enginehouse.reports.sections.basis import window_words
from enginehouse.reports.trial_facts import TrialFacts
from enginehouse.trials.balance import BalanceTable
from enginehouse.trials.design_report import DesignReport
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBasis:
    """The locked protocol, what was found, and the facts of the record; results that there are not are None."""

    protocol: Protocol
    evaluation: TrialEvaluation
    facts: TrialFacts
    appraisal: TrialAppraisal | None = None
    roster: Roster | None = None
    plan: AllocationPlan | None = None
    balance: BalanceTable | None = None
    design: DesignReport | None = None
    contract: Contract | None = None
    scores: ForecastScores | None = None
    unregistered: tuple[UnregisteredAnalysis, ...] = ()
    pages: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> DossierFacts:
        return self.facts.record

    @property
    def primary(self) -> TrialOutcome:
        return self.evaluation.primary

    @property
    def contrast(self) -> ContrastResult:
        return self.primary.registered

    @property
    def arm_title(self) -> str:
        return self.title(self.contrast.arm)

    @property
    def over_title(self) -> str:
        return self.title(self.contrast.over)

    @property
    def is_ratio(self) -> bool:
        return self.evaluation.summary is Summary.RATIO

    @property
    def scale(self) -> int:
        return self.primary.scale

    @property
    def window(self) -> str:
        return window_words(self.protocol, self.evaluation.window)

    @property
    def noun(self) -> str:
        """What sites are called, in the plural."""
        return self.record.noun

    @property
    def agreed(self) -> Undertaking | None:
        """What the contract says for this verdict, where one was signed."""
        return None if self.contract is None else self.contract.under[self.evaluation.verdict.word]

    @property
    def lower_is_better(self) -> bool:
        return self.primary.direction is Direction.LOWER_IS_BETTER

    def title(self, arm: str) -> str:
        """What pages call an arm."""
        return self.evaluation.arms.get(arm, arm)

    def person(self, identity: str) -> str:
        """A signatory as the programme names people; the id where the record has no name for it."""
        return self.facts.people.get(identity, identity)
