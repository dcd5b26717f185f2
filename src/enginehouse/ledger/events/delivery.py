"""Events of delivery: waves of reports, contacts, and what others deliver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from enginehouse.ledger.events.base import Payload, Sha256


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
    """Every report of a wave was made and linted, one for each of `sites`; the bundle holds their bytes, the manifest
    their hashes.
    """

    type: ClassVar[str] = "wave-prepared"
    wave: int
    manifest: Sha256
    bundle: Sha256
    panel: Sha256
    sites: tuple[str, ...]
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


DELIVERY_EVENTS: tuple[type[Payload], ...] = (
    ListsExported,
    DeliveryStarted,
    WavePrepared,
    WaveApproved,
    ReportsSent,
    DeliveryNoted,
    ContactsLogged,
    ExposureImported,
)
