"""`Record`: the ledger and its documents together, in one folder (`.enginehouse` of a programme).

Documents are written first; the event that names them is the commit. A command that dies in between leaves a document
that nothing names, which `sweep` removes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.chain import refuse, walk
from enginehouse.ledger.documents import DocumentStore
from enginehouse.ledger.event import Event, utc_now
from enginehouse.ledger.events import Payload
from enginehouse.ledger.sqlite import SqliteLedger
from enginehouse.ledger.store import Check, LedgerStore


class Record:
    """The record in `folder`: `ledger.sqlite` and `documents/`. Reading creates nothing; the first event does."""

    def __init__(
        self, folder: Path, *, store: LedgerStore | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.folder = folder
        self.store: LedgerStore = store or SqliteLedger(self.folder / "ledger.sqlite", clock=clock)
        self.documents = DocumentStore(self.folder / "documents")

    def record(
        self,
        payload: Payload,
        *,
        actor: str,
        effective_on: date,
        cycle: str | None = None,
        documents: Sequence[bytes] = (),
        check: Check | None = None,
    ) -> Event:
        """Write the documents, then the event that names them; the act has happened when this returns."""
        self.store.create()
        names = [self.documents.put(content) for content in documents]
        return self.store.append(
            payload,
            actor=actor,
            effective_on=effective_on,
            cycle=cycle,
            documents=names,
            check=check,
            prepare=lambda: self._put_again(documents),
        )

    def sweep(self) -> tuple[str, ...]:
        """Delete documents that no event names and return their names; refused while the record is broken."""
        with self.store.exclusively():
            for fault in self.faults():
                refuse(fault)
            named = {name for _, event in walk(self.store.entries(), refuse) if event for name in event.documents}
            return self.documents.sweep(named)

    def faults(self) -> tuple[str, ...]:
        """What is wrong apart from single entries: a damaged store, or documents without a ledger."""
        if not self.store.exists() and any(self.documents.names()):
            return (f"there are documents but no ledger beside them in {self.folder}: it was removed.",)
        return self.store.faults()

    def _put_again(self, documents: Sequence[bytes]) -> None:
        """A sweep may have run since the documents were put; while the store is locked, none can."""
        for content in documents:
            if not (self.documents.folder / sha256_hex(content)).is_file():
                self.documents.put(content)
