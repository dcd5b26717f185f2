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
class RecruitmentOpened(Payload):
    """Sites were told, and may opt out until the stated day (exclusive)."""

    type: ClassVar[str] = "recruitment-opened"
    opt_out_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SitesAllocated(Payload):
    """Sites were allocated; who got what is in a document that only named roles open."""

    type: ClassVar[str] = "sites-allocated"
    allocation: Sha256
    seed_commitment: Sha256
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStarted(Payload):
    """The first wave was released."""

    type: ClassVar[str] = "delivery-started"
    wave: int


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
        RecruitmentOpened,
        SitesAllocated,
        DeliveryStarted,
        FollowUpStarted,
        DataFrozen,
        CycleEvaluated,
        CycleAppraised,
        CycleDecided,
        CycleClosed,
        CycleSuspended,
        CycleResumed,
        CycleWithdrawn,
        DossierWritten,
    )
}
