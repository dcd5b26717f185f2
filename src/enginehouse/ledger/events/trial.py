"""Events of a cycle whose sites are allocated at random, delivery apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from enginehouse.ledger.events.base import Payload, Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignCompared(Payload):
    """Feasible designs were tried against the sites' own history, before the protocol was locked."""

    type: ClassVar[str] = "design-compared"
    report: Sha256
    protocol_hash: Sha256
    panel: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitmentOpened(Payload):
    """Sites were told, and may opt out until the stated day (exclusive). The notice that they got is a document."""

    type: ClassVar[str] = "recruitment-opened"
    opt_out_by: str
    notice: Sha256
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutRecorded(Payload):
    """A site opted out of feedback, of being allocated, or of the use of its data."""

    type: ClassVar[str] = "opt-out-recorded"
    site: str
    scope: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationPrepared(Payload):
    """The roster and the accepted schemes were fixed, and the first person's seed was committed to, before any scheme
    was drawn. `seed_by_hand` when that person chose it; the system drew it otherwise.
    """

    type: ClassVar[str] = "allocation-prepared"
    roster: Sha256
    plan: Sha256
    accepted_set: Sha256
    accepted: int
    smallest_p: str
    seed_commitment: Sha256
    seed_by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SitesAllocated(Payload):
    """Sites were allocated; who got what is in a document that only named roles open.

    Both seeds are now shown: the one that the first person had committed to, and the second person's, which came into
    being when the first could no longer be changed. What was drawn follows from both (`trials.seeds`).
    """

    type: ClassVar[str] = "sites-allocated"
    allocation: Sha256
    plan: Sha256
    balance: Sha256
    seed: str
    seed_commitment: Sha256
    second_seed: str
    second_by_hand: bool
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleMonitored(Payload):
    """Fidelity, missing months, balance and the pooled outcome were looked at; no arm is in it."""

    type: ClassVar[str] = "cycle-monitored"
    report: Sha256
    last_month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmsLooked(Payload):
    """A registered look at balancing indicators by arm, before the end; every one is recorded."""

    type: ClassVar[str] = "harms-looked"
    report: Sha256
    last_month: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpStarted(Payload):
    """Delivery ended; outcomes are still accruing."""

    type: ClassVar[str] = "follow-up-started"


TRIAL_EVENTS: tuple[type[Payload], ...] = (
    DesignCompared,
    RecruitmentOpened,
    OptOutRecorded,
    AllocationPrepared,
    SitesAllocated,
    CycleMonitored,
    HarmsLooked,
    FollowUpStarted,
)
