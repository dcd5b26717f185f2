"""The record: documents first, then the event; sweeps that never take what is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import pytest

from enginehouse.core.errors import IntegrityError, NotAllowed
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.event import Event
from enginehouse.ledger.events import CycleSuspended
from enginehouse.ledger.record import Record
from enginehouse.ledger.sqlite import SqliteLedger
from enginehouse.ledger.verify import verify

Suspend = Callable[..., Event]


def test_a_record_is_one_file_and_a_folder(record: Record, suspend: Suspend) -> None:
    suspend(documents=(b"protocol",))
    files = sorted(str(path.relative_to(record.folder)) for path in record.folder.rglob("*") if path.is_file())
    assert files == [f"documents/{sha256_hex(b'protocol')}", "ledger.sqlite"]


def test_an_event_names_its_documents(record: Record, suspend: Suspend) -> None:
    event = suspend(documents=(b"one", b"two"))
    assert [record.documents.get(name) for name in event.documents] == [b"one", b"two"]
    assert list(record.store.events()) == [event]


def test_the_clock_is_the_given_one(suspend: Suspend) -> None:
    assert suspend().recorded_at == datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)


def test_what_is_not_allowed_leaves_no_event(record: Record, suspend: Suspend) -> None:
    suspend()

    def refuse(events: Sequence[Event]) -> None:
        raise NotAllowed(f"{len(events)} event(s) already")

    with pytest.raises(NotAllowed, match="1 event"):
        record.record(
            CycleSuspended(reason="again"),
            actor="ann",
            effective_on=date(2026, 3, 1),
            cycle="first",
            documents=[b"left"],
            check=refuse,
        )
    assert record.store.head().seq == 1
    assert verify(record).unnamed_documents == 1
    assert record.sweep() == (sha256_hex(b"left"),)
    assert verify(record).unnamed_documents == 0


def test_a_document_swept_before_its_event_is_put_again(
    record: Record, suspend: Suspend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another command sweeps after our document is written and before our event names it."""
    original = SqliteLedger.append

    def append_after_a_sweep(store: SqliteLedger, *args: object, **settings: object) -> Event:
        assert record.sweep() == (sha256_hex(b"protocol"),)
        return original(store, *args, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteLedger, "append", append_after_a_sweep)
    suspend(documents=(b"protocol",))
    assert verify(record).ok


def test_a_sweep_is_refused_while_the_record_is_broken(record: Record, suspend: Suspend) -> None:
    suspend(documents=(b"protocol",))
    record.folder.joinpath("ledger.sqlite").unlink()
    with pytest.raises(IntegrityError, match="there are documents but no ledger beside them"):
        record.sweep()
    assert record.documents.get(sha256_hex(b"protocol")) == b"protocol"


def test_nothing_recorded_is_nothing_to_sweep(record: Record) -> None:
    assert record.sweep() == ()
    assert not record.folder.exists()
