"""Events of a made-up cycle, as the ledger would return them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from enginehouse.governance.stages import Act, payload_of
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import Payload

FIRST_DAY = date(2016, 4, 1)
FIRST_INSTANT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_BLANK = {"str": "x", "int": 1, "bool": True, "tuple[str, ...]": ("x",), "Sha256": "x"}


def _payload(kind: type[Payload], **values: Any) -> Payload:
    return kind(**{f.name: values.get(f.name, _BLANK[str(f.type)]) for f in fields(kind)})


@pytest.fixture(scope="session")
def make_payload() -> Callable[..., Payload]:
    """A payload of a kind, every field not given holding a blank."""
    return _payload


@pytest.fixture(scope="session")
def make_event() -> Callable[..., Event]:
    """One event: an act, its place, and how many days and hours after the first it held and was written."""

    def make(
        act: Act, seq: int = 1, *, day: int = 0, hour: int = 0, cycle: str | None = "c", actor: str = "p", **values: Any
    ) -> Event:
        payload = _payload(payload_of(act), **values)
        return Event(
            seq=seq,
            event_id=f"e{seq}",
            type=payload.type,
            version=1,
            cycle=cycle,
            actor=actor,
            effective_on=FIRST_DAY + timedelta(days=day),
            recorded_at=FIRST_INSTANT + timedelta(hours=hour),
            payload=payload,
            documents=(),
            prev_hash="",
            hash="",
        )

    return make


@pytest.fixture(scope="session")
def make_events(make_event: Callable[..., Event]) -> Callable[[Sequence[Act]], tuple[Event, ...]]:
    """One event a day, written one an hour, for a sequence of acts."""
    return lambda acts: tuple(make_event(act, i + 1, day=i, hour=i) for i, act in enumerate(acts))
