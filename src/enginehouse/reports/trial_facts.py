"""What the dossier of a trial needs to know of the record beside the results: `cycle` reads it, documents print it.

Days are YYYY-MM-DD and people are named as the programme names them, as in `facts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from enginehouse.reports.facts import DossierFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class CountFact:
    """So many sites for one reason, in words: `fewer than 12 baseline months`."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFact:
    """Sites from the register to the allocation; what became of each arm is in the evaluation."""

    considered: int
    left_out: tuple[CountFact, ...]
    eligible: int
    opted_out: tuple[CountFact, ...]
    allocated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceFact:
    """An attribute of those who stayed beside those who left: means, for display in words of `attribute`."""

    attribute: str
    stayed: float | None
    left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFact:
    """One line of the baseline table. `values` are by arm: mean and standard deviation, or number and per cent."""

    attribute: str
    kind: str
    values: Mapping[str, tuple[float, float | None]]
    standardised_difference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationFact:
    """How the arms were drawn. `prepared_by` and `allocated_by` are two people; hashes are SHA-256.

    `smallest_p` is the least p that the accepted schemes allow; `script` and `files` are what an auditor needs.
    """

    prepared_on: str
    prepared_by: str
    allocated_on: str
    allocated_by: str
    schemes: int
    accepted: int
    accepted_set: str
    smallest_p: str
    seed: str
    seed_commitment: str
    plan: str
    allocation: str
    script: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFact:
    """An approval, with its reference; `expires_on` is empty when it does not expire."""

    approval: str
    reference: str
    given_on: str
    expires_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveFact:
    """One issue of feedback: how many reports left, and how far they are known to have gone."""

    wave: int
    due_on: str
    sent_on: str
    reports: int
    bounced: int = 0
    opened: int = 0
    discussed: int = 0
    planned: int = 0
    acted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFact:
    """Contacts of one kind in one arm: how many, to how many sites, with how many minutes of their staff."""

    kind: str
    arm: str
    contacts: int
    sites: int
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFact:
    """Someone who agreed beforehand to what follows from each verdict."""

    person: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastFact:
    """What a signatory expected (an effect and an 80% interval, as ratio or difference), and its score afterwards.

    `verdict_probability` is what was given to the verdict that came; scores are None before the result.
    """

    person: str
    effect: float
    low: float
    high: float
    verdict_probability: float | None = None
    covered: bool | None = None
    crps: float | None = None
    log_score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """The record of one trial beside its results.

    `first_sent_on` to `last_sent_on` and `follow_up_ended` are empty where nothing was sent. `strategies` are titles
    by id. `rehearsal` repeats the protocol's word, since it is printed on every page.
    """

    record: DossierFacts
    rehearsal: bool = False
    flow: FlowFact | None = None
    opted_out_differences: tuple[DifferenceFact, ...] = ()
    baseline: tuple[BaselineFact, ...] = ()
    allocation: AllocationFact | None = None
    approvals: tuple[ApprovalFact, ...] = ()
    recruitment_opened_on: str = ""
    notice: str = ""
    waves: tuple[WaveFact, ...] = ()
    contacts: tuple[ContactFact, ...] = ()
    signatures: tuple[SignatureFact, ...] = ()
    forecasts: tuple[ForecastFact, ...] = ()
    monitored_on: tuple[str, ...] = ()
    harms_looked_on: tuple[str, ...] = ()
    evidence_posted: str = ""
    design_report: str = ""
    strategies: Mapping[str, str] = field(default_factory=dict)
