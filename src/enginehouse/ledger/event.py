"""One entry of the record, as it is read back: its place in the chain, who, when, and what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from enginehouse.ledger.events import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One recorded act.

    `effective_on` is the day from which it holds, `recorded_at` (UTC) the clock when it was written, `seq` the order.
    """

    seq: int
    event_id: str
    type: str
    version: int
    cycle: str | None
    actor: str
    effective_on: date
    recorded_at: datetime
    payload: Payload
    documents: tuple[str, ...]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: what to keep elsewhere, so that a shortened or rewritten record shows."""

    seq: int
    hash: str
