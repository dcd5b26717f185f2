"""The SQLite table of entries, its guards, and what is wrong with a file that should hold them."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from enginehouse.core.errors import IntegrityError
from enginehouse.ledger.event import GENESIS_HASH
from enginehouse.ledger.payloads import NewerRecord
from enginehouse.ledger.sqlite_errors import RESTORE

APPLICATION_ID = 0x454E4748  # "ENGH": SQLite's place for saying whose file this is
FORMAT = 1

_OBJECTS = {
    "entries": """
        CREATE TABLE entries (
            seq INTEGER PRIMARY KEY CHECK (seq > 0),
            prev_hash TEXT NOT NULL UNIQUE,
            hash TEXT NOT NULL UNIQUE,
            cycle TEXT,
            body TEXT NOT NULL
        ) STRICT
    """,
    "entries_by_cycle": "CREATE INDEX entries_by_cycle ON entries (cycle, seq)",
    "entries_are_not_changed": """
        CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the record is append-only: entries are not changed'); END
    """,
    "entries_are_not_removed": """
        CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the record is append-only: entries are not removed'); END
    """,
    # INSERT OR REPLACE removes the row that is in its way without firing the trigger above, so whatever is not the
    # next entry of the chain is refused here.
    "entries_follow_the_last": f"""
        CREATE TRIGGER entries_follow_the_last BEFORE INSERT ON entries
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
            OR NEW.prev_hash IS NOT coalesce((SELECT hash FROM entries ORDER BY seq DESC LIMIT 1), '{GENESIS_HASH}')
            OR EXISTS (SELECT 1 FROM entries WHERE hash = NEW.hash)
        BEGIN SELECT RAISE(ABORT, 'the record is append-only: an entry follows the last one'); END
    """,
}


def create(connection: sqlite3.Connection) -> None:
    """Make the table and its guards, inside the transaction that is open."""
    for statement in _OBJECTS.values():
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def is_created(connection: sqlite3.Connection) -> bool:
    """Whether the table is there; a command that was killed may leave an empty file."""
    return _pragma(connection, "user_version") != 0


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not a record, or one in a format that this version does not know.

    To be called in a transaction: between two looks another process might make the table.
    """
    application, format_ = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    found = _found(connection)
    if format_ == 0 and not found:
        return
    if application != APPLICATION_ID:
        raise IntegrityError("this is not a record of Enginehouse.", where=str(path))
    if format_ > FORMAT:
        raise NewerRecord(f"the record has format {format_}, this version knows {FORMAT}.", where=str(path))
    if format_ < FORMAT or not _same("entries", found):
        raise IntegrityError("the table of entries is missing or was changed.", where=str(path))


def use_write_ahead_log(connection: sqlite3.Connection, timeout_seconds: float) -> None:
    """Switch the file to write-ahead logging, once. SQLite does not wait for others at this switch, so we do."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def faults(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Missing or changed guards, and damage that SQLite itself finds."""
    found = _found(connection)
    guards = [
        *(
            f"the guard '{name}' of the record is missing or was changed."
            for name in _OBJECTS
            if not _same(name, found)
        ),
        *(
            f"the record holds '{name}', which does not belong there."
            for name in sorted(found.keys() - _OBJECTS.keys())
        ),
    ]
    damage = [row[0] for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
    return (*guards, *(f"the file is damaged: {text}." for text in damage))


def _found(connection: sqlite3.Connection) -> dict[str, str]:
    try:
        return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        # This statement cannot be wrong, so the file is ("unsupported file format" comes under this code).
        raise IntegrityError(f"the file of the record is damaged ({error}).", remedy=RESTORE) from error


def _same(name: str, found: dict[str, str]) -> bool:
    return found.get(name, "").split() == _OBJECTS[name].split()


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
