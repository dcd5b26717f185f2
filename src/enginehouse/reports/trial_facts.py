"""What the dossier of a trial needs to know of the record beside the results: `cycle` reads it, documents print it.

Days are YYYY-MM-DD and people are named as the programme names them, as in `facts.py`. What results say themselves
(roster, plan, balance, evaluation, appraisal, forecasts) is not repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from enginehouse.programme.strategy import Strategy
from enginehouse.reports.facts import DossierFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationFact:
    """When the arms were drawn, by whom (two people), and both seeds: the first was committed to before the second was.

    `seed_by_hand` and `second_by_hand`: its owner chose it, and the system did not draw it. `prepared_times` counts how
    often an allocation was prepared in this cycle; the last one was drawn.

    `allocation`, `plan` and `roster` are hashes of documents; `script` and `files` are what an auditor needs, by the
    names under which the dossier's folder has them, and `command` how the script is run.
    """

    prepared_on: str
    prepared_by: str
    allocated_on: str
    allocated_by: str
    seed: str
    seed_commitment: str
    second_seed: str
    seed_by_hand: bool
    second_by_hand: bool
    prepared_times: int
    roster: str
    plan: str
    allocation: str
    script: str = ""
    command: str = ""
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
    """One issue of feedback: how many reports left, and how far they are known to have gone (each step counts those
    that went further too). `sent_on` is the last day on which one left; empty where the wave was not sent."""

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
    """Contacts of one kind in one arm: how many, with how many sites, and the staff minutes of both sides."""

    kind: str
    arm: str
    contacts: int
    sites: int
    programme_minutes: float
    site_minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFact:
    """Someone who agreed beforehand to what follows from each verdict."""

    person: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionFact:
    """Something that stopped the cycle for a while or for good: suspended, resumed, a wave stopped half-way."""

    on: str
    by: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmLookFact:
    """A registered look, by arm, at what must not get worse: the day, its last month of data, and what it found."""

    on: str
    by: str
    last_month: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """The record of one trial beside its results.

    `notice_sites` is how many sites were told that they may opt out, on `notice_on`. `strategies` are those of the
    locked protocol; `people` are names by id, for the contract's signatories. `evidence_posted` names the study that
    the result became; empty where it did not.
    """

    record: DossierFacts
    rehearsal: bool = False
    allocation: AllocationFact | None = None
    approvals: tuple[ApprovalFact, ...] = ()
    notice_on: str = ""
    notice_sites: int = 0
    waves: tuple[WaveFact, ...] = ()
    contacts: tuple[ContactFact, ...] = ()
    signatures: tuple[SignatureFact, ...] = ()
    interruptions: tuple[InterruptionFact, ...] = ()
    monitored_on: tuple[str, ...] = ()
    harm_looks: tuple[HarmLookFact, ...] = ()
    evidence_posted: str = ""
    designs_compared_on: str = ""
    strategies: Mapping[str, Strategy] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
