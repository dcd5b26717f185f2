"""Events that every cycle may have, whatever its design: locking, amending, freezing, results, ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from enginehouse.ledger.events.base import Payload, Sha256


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
    """The first of two people proposed an act on exactly this subject; a second one does it, or nobody does.

    `reason` is that of an amendment, and empty where an act takes none.
    """

    type: ClassVar[str] = "act-proposed"
    act: str
    subject: Sha256
    reason: str


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
class DataFrozen(Payload):
    """The panel and the register of sites that the registered analysis will use were fixed, and the account of their
    data: the snapshots and the faults known that day.

    `withdrawn` are sites that opted out of the use of their data: `withdrawn_rows` of theirs were cut out of the panel.
    """

    type: ClassVar[str] = "data-frozen"
    panel: Sha256
    identity: Sha256
    sites: Sha256
    account: Sha256
    protocol_hash: Sha256
    last_month: str
    withdrawn: tuple[str, ...]
    withdrawn_rows: int


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


CYCLE_EVENTS: tuple[type[Payload], ...] = (
    CycleRegistered,
    ProtocolAmended,
    ActProposed,
    ApprovalRecorded,
    ContractSigned,
    DataFrozen,
    CycleEvaluated,
    UnregisteredAnalysed,
    CycleAppraised,
    CycleDecided,
    CycleClosed,
    CycleSuspended,
    CycleResumed,
    CycleWithdrawn,
    DossierWritten,
)
