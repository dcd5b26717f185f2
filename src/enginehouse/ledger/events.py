"""Every kind of event, as a versioned dataclass of primitives: the vocabulary of the record.

No floats (numbers are decimal strings, or live in documents), no personal data (people are opaque ids), no arm of a
site. A field that names a document holds its SHA-256 in hex. `EVENTS` is the complete table; a payload whose fields
change gets a new `version`, and `payloads.py` learns to read the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

Sha256 = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Base of all payloads: its `type` and `version` are written beside it."""

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLoaded(Payload):
    """A source was loaded as a snapshot."""

    type: ClassVar[str] = "data-loaded"
    source: str
    snapshot: str
    file_sha256: Sha256
    rows: int
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelBuilt(Payload):
    """Indicators were computed from snapshots into a panel: its document, its content's hash, what was left out."""

    type: ClassVar[str] = "panel-built"
    panel: Sha256
    identity: Sha256
    indicators: tuple[str, ...]
    definitions: Sha256
    snapshots: tuple[str, ...]
    last_month: str
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRegistered(Payload):
    """A protocol was locked with the definitions it uses. `retrospective` when outcomes could have been seen before."""

    type: ClassVar[str] = "cycle-registered"
    protocol: Sha256
    protocol_hash: Sha256
    definitions: Sha256
    retrospective: bool
    prior_knowledge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolAmended(Payload):
    """A locked protocol was changed, openly: what changed, why, and both hashes."""

    type: ClassVar[str] = "protocol-amended"
    protocol: Sha256
    protocol_hash: Sha256
    definitions: Sha256
    previous_hash: Sha256
    changes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActProposed(Payload):
    """The first of two people proposed an act on exactly this subject; a second one does it, or nobody does."""

    type: ClassVar[str] = "act-proposed"
    act: str
    subject: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignCompared(Payload):
    """Feasible designs were tried against the sites' own history, before the protocol was locked."""

    type: ClassVar[str] = "design-compared"
    report: Sha256
    protocol_hash: Sha256
    panel: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecorded(Payload):
    """An approval was given, until the stated day (exclusive; empty when it does not expire)."""

    type: ClassVar[str] = "approval-recorded"
    approval: str
    reference: str
    given_on: str
    expires_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSigned(Payload):
    """One signatory agreed to what follows from each verdict, and gave a forecast."""

    type: ClassVar[str] = "contract-signed"
    contract: Sha256


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
    """The roster and the accepted schemes were fixed, and a seed was committed to, before any scheme was drawn."""

    type: ClassVar[str] = "allocation-prepared"
    roster: Sha256
    plan: Sha256
    accepted_set: Sha256
    accepted: int
    smallest_p: str
    seed_commitment: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class SitesAllocated(Payload):
    """Sites were allocated; who got what is in a document that only named roles open. The seed is now shown."""

    type: ClassVar[str] = "sites-allocated"
    allocation: Sha256
    plan: Sha256
    balance: Sha256
    seed: str
    seed_commitment: Sha256
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsExported(Payload):
    """The lists of sites of one strategy that others deliver were handed over."""

    type: ClassVar[str] = "lists-exported"
    strategy: str
    list: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStarted(Payload):
    """Delivery began; where the cycle sends feedback, with this wave."""

    type: ClassVar[str] = "delivery-started"
    wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WavePrepared(Payload):
    """Every report of a wave was made and linted; the bundle holds their bytes, the manifest their hashes."""

    type: ClassVar[str] = "wave-prepared"
    wave: int
    manifest: Sha256
    bundle: Sha256
    panel: Sha256
    reports: int
    warnings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveApproved(Payload):
    """A second person saw the proofs and released the wave."""

    type: ClassVar[str] = "wave-approved"
    wave: int
    manifest: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsSent(Payload):
    """The reports of these sites left; no site is ever in two such events of one wave."""

    type: ClassVar[str] = "reports-sent"
    wave: int
    manifest: Sha256
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNoted(Payload):
    """What became of reports: bounced, opened, discussed, planned, acted. The sites are in the document."""

    type: ClassVar[str] = "delivery-noted"
    wave: int
    states: Sha256
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsLogged(Payload):
    """Visits, webinars and calls with their minutes. Whom they went to is in a document, as it would tell the arm."""

    type: ClassVar[str] = "contacts-logged"
    contacts: Sha256
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureImported(Payload):
    """Counts, by site, of what others delivered (decision support shown, for example)."""

    type: ClassVar[str] = "exposure-imported"
    strategy: str
    exposure: Sha256
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleMonitored(Payload):
    """Fidelity, missing months, balance and the pooled outcome were looked at; no arm is in it."""

    type: ClassVar[str] = "cycle-monitored"
    report: Sha256
    last_month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmsLooked(Payload):
    """The registered look at balancing indicators by arm, before the end; every one is recorded."""

    type: ClassVar[str] = "harms-looked"
    report: Sha256
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpStarted(Payload):
    """Delivery ended; outcomes are still accruing."""

    type: ClassVar[str] = "follow-up-started"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFrozen(Payload):
    """The panel and the register of sites that the registered analysis will use were fixed, and the account of their
    data: the snapshots and the faults known that day."""

    type: ClassVar[str] = "data-frozen"
    panel: Sha256
    identity: Sha256
    sites: Sha256
    account: Sha256
    protocol_hash: Sha256
    last_month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleEvaluated(Payload):
    """The registered analysis was run on the frozen panel."""

    type: ClassVar[str] = "cycle-evaluated"
    evaluation: Sha256
    protocol_hash: Sha256
    panel: Sha256
    verdict: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnregisteredAnalysed(Payload):
    """An analysis that was not registered was run after the registered one, and is marked as such."""

    type: ClassVar[str] = "unregistered-analysed"
    analysis: Sha256
    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleAppraised(Payload):
    """Costs and savings were set beside the effect."""

    type: ClassVar[str] = "cycle-appraised"
    appraisal: Sha256
    evaluation: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDecided(Payload):
    """What will be done, by whom it was decided, why, and who dissented."""

    type: ClassVar[str] = "cycle-decided"
    decision: str
    reason: str
    dissent: str
    evaluation: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastsScored(Payload):
    """The signatories' forecasts were set against the result."""

    type: ClassVar[str] = "forecasts-scored"
    scores: Sha256
    evaluation: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePosted(Payload):
    """The result entered the evidence library; what it was, whatever it was."""

    type: ClassVar[str] = "evidence-posted"
    study: Sha256
    evaluation: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class PrioritiesWeighed(Payload):
    """The candidates were weighed with the evidence and the panel of that day."""

    type: ClassVar[str] = "priorities-weighed"
    priorities: Sha256
    evidence: Sha256
    panel: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityOverridden(Payload):
    """People decided otherwise than the rule, and said why."""

    type: ClassVar[str] = "priority-overridden"
    candidate: str
    computed: str
    chosen: str
    reason: str
    priorities: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleClosed(Payload):
    """Nothing more will be done in this cycle."""

    type: ClassVar[str] = "cycle-closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleSuspended(Payload):
    """The cycle stands still until it is resumed."""

    type: ClassVar[str] = "cycle-suspended"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleResumed(Payload):
    """A suspended cycle goes on from the stage in which it stood."""

    type: ClassVar[str] = "cycle-resumed"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleWithdrawn(Payload):
    """The cycle ended early; its record stays."""

    type: ClassVar[str] = "cycle-withdrawn"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierWritten(Payload):
    """The dossier of a cycle was written from the record as it stood."""

    type: ClassVar[str] = "dossier-written"
    html: Sha256
    pdf: Sha256
    head: Sha256


EVENTS: dict[str, type[Payload]] = {
    payload.type: payload
    for payload in (
        DataLoaded,
        PanelBuilt,
        CycleRegistered,
        ProtocolAmended,
        ActProposed,
        DesignCompared,
        ApprovalRecorded,
        ContractSigned,
        RecruitmentOpened,
        OptOutRecorded,
        AllocationPrepared,
        SitesAllocated,
        ListsExported,
        DeliveryStarted,
        WavePrepared,
        WaveApproved,
        ReportsSent,
        DeliveryNoted,
        ContactsLogged,
        ExposureImported,
        CycleMonitored,
        HarmsLooked,
        FollowUpStarted,
        DataFrozen,
        CycleEvaluated,
        UnregisteredAnalysed,
        CycleAppraised,
        CycleDecided,
        ForecastsScored,
        EvidencePosted,
        PrioritiesWeighed,
        PriorityOverridden,
        CycleClosed,
        CycleSuspended,
        CycleResumed,
        CycleWithdrawn,
        DossierWritten,
    )
}
