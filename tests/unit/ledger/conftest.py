"""A record in a fresh folder, and events to put in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from enginehouse.ledger.event import Event
from enginehouse.ledger.events import CycleSuspended
from enginehouse.ledger.record import Record

NOON = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / "record", clock=lambda: NOON)


@pytest.fixture
def suspend(record: Record) -> Callable[..., Event]:
    """Record that a cycle was suspended, for a reason, with documents."""

    def act(reason: str = "snow", *, cycle: str = "first", documents: tuple[bytes, ...] = ()) -> Event:
        payload = CycleSuspended(reason=reason)
        return record.record(payload, actor="ann", effective_on=date(2026, 3, 1), cycle=cycle, documents=documents)

    return act
