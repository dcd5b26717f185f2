"""Events of the programme's data: what was loaded, what was computed from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from enginehouse.ledger.events.base import Payload, Sha256


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


DATA_EVENTS: tuple[type[Payload], ...] = (
    DataLoaded,
    PanelBuilt,
)
