"""Every kind of event, as a versioned dataclass of primitives: the vocabulary of the record.

No floats (numbers are decimal strings, or live in documents), no personal data (people are opaque ids), no arm of a
site. A field that names a document holds its SHA-256 in hex. `EVENTS` is the complete table; a payload whose fields
change gets a new `version`, and `payloads.py` learns to read the old one. The classes are in the modules of this
folder, and are imported from here.
"""

from __future__ import annotations

from enginehouse.ledger.events.base import Payload, Sha256
from enginehouse.ledger.events.cycle import (
    CYCLE_EVENTS,
    ActProposed,
    ApprovalRecorded,
    ContractSigned,
    CycleAppraised,
    CycleClosed,
    CycleDecided,
    CycleEvaluated,
    CycleRegistered,
    CycleResumed,
    CycleSuspended,
    CycleWithdrawn,
    DataFrozen,
    DossierWritten,
    ProtocolAmended,
    UnregisteredAnalysed,
)
from enginehouse.ledger.events.data import (
    DATA_EVENTS,
    DataLoaded,
    PanelBuilt,
)
from enginehouse.ledger.events.delivery import (
    DELIVERY_EVENTS,
    ContactsLogged,
    DeliveryNoted,
    DeliveryStarted,
    ExposureImported,
    ListsExported,
    ReportsSent,
    WaveApproved,
    WavePrepared,
)
from enginehouse.ledger.events.evidence import (
    EVIDENCE_EVENTS,
    EvidencePosted,
    ForecastsScored,
    PrioritiesWeighed,
    PriorityOverridden,
)
from enginehouse.ledger.events.trial import (
    TRIAL_EVENTS,
    AllocationPrepared,
    CycleMonitored,
    DesignCompared,
    FollowUpStarted,
    HarmsLooked,
    OptOutRecorded,
    RecruitmentOpened,
    SitesAllocated,
)

__all__ = [
    "EVENTS",
    "ActProposed",
    "AllocationPrepared",
    "ApprovalRecorded",
    "ContactsLogged",
    "ContractSigned",
    "CycleAppraised",
    "CycleClosed",
    "CycleDecided",
    "CycleEvaluated",
    "CycleMonitored",
    "CycleRegistered",
    "CycleResumed",
    "CycleSuspended",
    "CycleWithdrawn",
    "DataFrozen",
    "DataLoaded",
    "DeliveryNoted",
    "DeliveryStarted",
    "DesignCompared",
    "DossierWritten",
    "EvidencePosted",
    "ExposureImported",
    "FollowUpStarted",
    "ForecastsScored",
    "HarmsLooked",
    "ListsExported",
    "OptOutRecorded",
    "PanelBuilt",
    "Payload",
    "PrioritiesWeighed",
    "PriorityOverridden",
    "ProtocolAmended",
    "RecruitmentOpened",
    "ReportsSent",
    "Sha256",
    "SitesAllocated",
    "UnregisteredAnalysed",
    "WaveApproved",
    "WavePrepared",
]

EVENTS: dict[str, type[Payload]] = {
    payload.type: payload
    for payload in (*DATA_EVENTS, *CYCLE_EVENTS, *TRIAL_EVENTS, *DELIVERY_EVENTS, *EVIDENCE_EVENTS)
}
