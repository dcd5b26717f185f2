"""How long `ledger verify` takes for 100,000 events, beside hashing and parsing the same bytes and nothing else.

Run as `python benchmarks/ledger_verify.py [events]`. The ratio travels between machines; the seconds do not.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from enginehouse.ledger.event import GENESIS, Entry, Head, next_entry
from enginehouse.ledger.events import CycleEvaluated
from enginehouse.ledger.record import Record
from enginehouse.ledger.verify import verify


def generate(events: int) -> Iterator[Entry]:
    """A chain of like events, without waiting for the disk after each."""
    head = GENESIS
    for number in range(events):
        payload = CycleEvaluated(
            evaluation=f"{number:064x}",
            protocol_hash="a" * 64,
            panel="b" * 64,
            verdict="inconclusive",
            software="enginehouse 0.1.0",
        )
        entry = next_entry(
            payload,
            head=head,
            actor="statistician",
            effective_on=date(2026, 1, 1),
            recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
            cycle=f"cycle-{number % 50}",
        )
        head = Head(entry.seq, entry.hash)
        yield entry


def write(record: Record, entries: Iterator[Entry]) -> None:
    """All entries in one transaction, where real acts take one each."""
    record.store.create()
    connection = sqlite3.connect(record.folder / "ledger.sqlite")
    rows = ((entry.seq, entry.prev_hash, entry.hash, entry.cycle, entry.body.decode()) for entry in entries)
    connection.executemany("INSERT INTO entries (seq, prev_hash, hash, cycle, body) VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()


def plain_pass(record: Record) -> None:
    """The least that any verification must do: read each body, hash it and parse it."""
    for entry in record.store.entries():
        if hashlib.sha256(entry.body).hexdigest() != entry.hash or not json.loads(entry.body):
            raise SystemExit(f"entry {entry.seq} is broken")


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        record = Record(Path(folder))
        generated = cpu_seconds(lambda: write(record, generate(events)))
        memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        plain = cpu_seconds(lambda: plain_pass(record))
        verified = cpu_seconds(lambda: verify(record))
        memory_after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert verify(record, head=record.store.head()).ok
    print(f"{events:,} events generated and written in {generated:.2f} s of CPU")
    print(f"plain hashlib and json:  {plain:.2f} s")
    print(f"ledger verify:           {verified:.2f} s, {verified / plain:.1f} times as long")
    print(f"memory that verifying added: {(memory_after - memory_before) / 1024:.1f} MB")


if __name__ == "__main__":
    main()
