"""The record in one SQLite file: durable on return, one writer at a time, append-only by trigger.

Each call opens its own connection, so that threads and forked processes need no care and the file is whole (its
write-ahead log folded in) whenever nobody uses it. Triggers stop accidents; that nothing was changed on purpose is
what the chain shows.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from enginehouse.core.errors import IntegrityError
from enginehouse.core.files import machine_error, sync_folder
from enginehouse.ledger import sqlite_schema as schema
from enginehouse.ledger.event import GENESIS, Entry, Event, Head, next_entry, read_entry, utc_now
from enginehouse.ledger.events import Payload
from enginehouse.ledger.sqlite_errors import explained
from enginehouse.ledger.store import Check

BUSY_TIMEOUT_SECONDS = 30.0

# An entry is read again at every step of a cycle. The whole entry is the key, its body and its hash included, so one
# that was edited meanwhile is another entry, and is checked; events are immutable. `verify` does without.
_event = lru_cache(maxsize=4096)(read_entry)

_ALL = "SELECT seq, prev_hash, hash, cycle, body FROM entries ORDER BY seq"
_OF_CYCLE = "SELECT seq, prev_hash, hash, cycle, body FROM entries WHERE cycle = ? ORDER BY seq"
_LAST = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
_INSERT = "INSERT INTO entries (seq, prev_hash, hash, cycle, body) VALUES (?, ?, ?, ?, ?)"


class SqliteLedger:
    """A `LedgerStore` in the file `path`. A file that is not there is an empty record until something is appended."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS,
    ) -> None:
        self.path = path
        self.clock = clock
        self.busy_timeout_seconds = busy_timeout_seconds

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
        """See `LedgerStore.append`."""
        self.create()
        with explained(self.path), self._writing() as connection:
            if check is not None:
                check([_event(entry) for entry in _select(connection, cycle)])
            if prepare is not None:
                prepare()
            entry = next_entry(
                payload,
                head=_head(connection),
                actor=actor,
                effective_on=effective_on,
                recorded_at=self.clock(),
                cycle=cycle,
                documents=documents,
            )
            body = entry.body.decode("utf-8")
            connection.execute(_INSERT, (entry.seq, entry.prev_hash, entry.hash, entry.cycle, body))
        return read_entry(entry)

    def events(self, *, cycle: str | None = None) -> Iterator[Event]:
        """See `LedgerStore.events`."""
        return map(_event, self._entries(cycle))

    def entries(self) -> Iterator[Entry]:
        """See `LedgerStore.entries`."""
        return self._entries(None)

    def head(self) -> Head:
        """See `LedgerStore.head`."""
        if not self.exists():
            return GENESIS
        with explained(self.path), self._reading() as connection:
            return _head(connection) if schema.is_created(connection) else GENESIS

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """See `LedgerStore.exclusively`."""
        if not self.exists():
            yield
            return
        with explained(self.path), self._writing():
            yield

    def faults(self) -> tuple[str, ...]:
        """See `LedgerStore.faults`."""
        if not self.exists():
            return ()
        try:
            with explained(self.path), self._reading() as connection:
                return schema.faults(connection) if schema.is_created(connection) else ()
        except IntegrityError as error:
            return (error.what,)

    def exists(self) -> bool:
        """See `LedgerStore.exists`."""
        return self.path.exists()

    def create(self) -> None:
        """See `LedgerStore.create`."""
        if self.exists():
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise machine_error(error, self.path) from error
        with explained(self.path), self._writing():
            pass
        sync_folder(self.path.parent)
        sync_folder(self.path.parent.parent)

    def _entries(self, cycle: str | None) -> Iterator[Entry]:
        if not self.exists():
            return
        with explained(self.path), self._reading() as connection:
            if schema.is_created(connection):
                yield from _select(connection, cycle)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect(self._uri_to_read())) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            schema.check_format(connection, self.path)
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that holds the write lock; committed at the end. On any exception, closing it rolls back."""
        with closing(self._connect(self.path.absolute().as_uri())) as connection:
            connection.execute("BEGIN")
            schema.check_format(connection, self.path)
            connection.execute("ROLLBACK")
            schema.use_write_ahead_log(connection, self.busy_timeout_seconds)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            if not schema.is_created(connection):
                schema.create(connection)
            yield connection
            connection.execute("COMMIT")

    def _uri_to_read(self) -> str:
        """A reader folds in the log of a writer that died; on read-only media, where it cannot, there must be none."""
        log = self.path.with_name(f"{self.path.name}-wal")
        is_read_only = not os.access(self.path.parent, os.W_OK) and not log.exists()
        return f"{self.path.absolute().as_uri()}?{'immutable=1' if is_read_only else 'mode=rw'}"

    def _connect(self, uri: str) -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=self.busy_timeout_seconds, isolation_level=None)
        connection.text_factory = _text
        return connection


def _select(connection: sqlite3.Connection, cycle: str | None) -> Iterator[Entry]:
    """Rows one by one, as bytes: an edited row may no longer be text."""
    cursor = connection.cursor()
    connection.text_factory = bytes
    rows = cursor.execute(_ALL) if cycle is None else cursor.execute(_OF_CYCLE, (cycle,))
    for seq, prev_hash, hash_, of_cycle, body in rows:
        of_cycle = None if of_cycle is None else _text(of_cycle)
        yield Entry(seq, _text(prev_hash), _text(hash_), of_cycle, body if isinstance(body, bytes) else b"")


def _text(raw: object) -> str:
    """Text, even where a damaged file holds bytes that are none, or something else altogether."""
    return raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else str(raw)


def _head(connection: sqlite3.Connection) -> Head:
    row = connection.execute(_LAST).fetchone()
    if row is None:
        return GENESIS
    seq, hash_ = row
    return Head(seq, _text(hash_))
