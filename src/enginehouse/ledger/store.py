"""What a store of the record must do. SQLite is one; a PostgreSQL store passes the same contract tests.

A store keeps entries and hands them back; what is in them, and whether they fit together, is for `event` and `chain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

from enginehouse.ledger.event import Entry, Event, Head
from enginehouse.ledger.events import Payload

Check = Callable[[Sequence[Event]], None]
"""Raises when the act may not be recorded after these events."""


class LedgerStore(Protocol):
    """An append-only sequence of entries, each linked to the one before."""

    def append(
        self,
        payload: Payload,
        *,
        actor: str,
        effective_on: date,
        cycle: str | None = None,
        documents: Sequence[str] = (),
        check: Check | None = None,
        prepare: Callable[[], None] | None = None,
    ) -> Event:
        """Record `payload` as the next event, durably, or raise and record nothing.

        `check` is called with the events of `cycle` (with all events where `cycle` is None) while no one else can
        append; when it raises, nothing is recorded and its exception is passed on. `prepare` is called after it, in
        the same way, and sees no events.
        """
        ...

    def events(self, *, cycle: str | None = None) -> Iterator[Event]:
        """The events in order, of one cycle or of all; the first that was edited raises an `IntegrityError`."""
        ...

    def entries(self) -> Iterator[Entry]:
        """The entries in order exactly as they are stored, unchecked, a few at a time."""
        ...

    def head(self) -> Head:
        """The number and hash of the last entry; `GENESIS` when there is none."""
        ...

    def exists(self) -> bool:
        """Whether there is anything to read from, an empty record included."""
        ...

    def create(self) -> None:
        """Make an empty record where there is none."""
        ...

    def exclusively(self) -> AbstractContextManager[None]:
        """While this is held nobody can append. It changes nothing."""
        ...

    def faults(self) -> tuple[str, ...]:
        """What is wrong with the store itself, apart from its entries: damage, missing guards."""
        ...
