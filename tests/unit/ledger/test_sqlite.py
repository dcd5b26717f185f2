"""What is particular to the SQLite store: its guards, its file, and what it says when the machine refuses."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from enginehouse.core.errors import IntegrityError, MachineError
from enginehouse.ledger import sqlite_schema
from enginehouse.ledger.event import GENESIS, Event
from enginehouse.ledger.events import CycleSuspended
from enginehouse.ledger.payloads import NewerRecord
from enginehouse.ledger.sqlite import SqliteLedger


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite", busy_timeout_seconds=0.1)
    append(ledger, "snow")
    append(ledger, "rain")
    return ledger


def append(ledger: SqliteLedger, reason: str) -> Event:
    return ledger.append(CycleSuspended(reason=reason), actor="ann", effective_on=date(2026, 3, 1), cycle="first")


@contextmanager
def raw(ledger: SqliteLedger) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(ledger.path)
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()


NEW = f"'{'a' * 64}', NULL, 'x'"  # hash, cycle, body
LAST_HASH = "(SELECT hash FROM entries WHERE seq = 2)"
FIRST_HASH = "(SELECT hash FROM entries WHERE seq = 1)"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE entries SET body = 'x' WHERE seq = 1", "entries are not changed"),
        ("UPDATE OR REPLACE entries SET seq = 1 WHERE seq = 2", "entries are not changed"),
        ("DELETE FROM entries WHERE seq = 2", "entries are not removed"),
        ("DELETE FROM entries", "entries are not removed"),
        (f"INSERT INTO entries VALUES (1, {FIRST_HASH}, {NEW})", "an entry follows the last one"),
        (f"INSERT OR REPLACE INTO entries VALUES (2, {FIRST_HASH}, {NEW})", "an entry follows the last one"),
        (f"INSERT OR IGNORE INTO entries VALUES (2, {FIRST_HASH}, {NEW})", "an entry follows the last one"),
        # On a new number, but in the place of the second entry by its UNIQUE(prev_hash): a fork.
        (f"INSERT OR REPLACE INTO entries VALUES (3, {FIRST_HASH}, {NEW})", "an entry follows the last one"),
        # By its UNIQUE(hash).
        (
            f"INSERT OR REPLACE INTO entries SELECT 3, {LAST_HASH}, hash, NULL, 'x' FROM entries WHERE seq = 1",
            "follows",
        ),
        (f"INSERT INTO entries VALUES (4, {LAST_HASH}, {NEW})", "an entry follows the last one"),
        (
            f"INSERT INTO entries (prev_hash, hash, cycle, body) VALUES ({LAST_HASH}, {NEW})",
            "an entry follows the last",
        ),
        (
            f"INSERT INTO entries VALUES (2, {FIRST_HASH}, {NEW}) ON CONFLICT DO UPDATE SET body = 'x'",
            "an entry follows the last one",
        ),
    ],
)
def test_the_guards_refuse_everything_but_the_next_entry(ledger: SqliteLedger, statement: str, message: str) -> None:
    before = list(ledger.entries())
    with raw(ledger) as connection, pytest.raises(sqlite3.IntegrityError, match=message):
        connection.execute(statement)
    assert list(ledger.entries()) == before


def test_the_table_is_strict(ledger: SqliteLedger) -> None:
    with raw(ledger) as connection, pytest.raises(sqlite3.IntegrityError, match="cannot store BLOB value"):
        connection.execute(f"INSERT INTO entries VALUES (3, {LAST_HASH}, '{'a' * 64}', NULL, x'00')")


def test_the_same_link_cannot_be_used_twice_even_without_the_guards(ledger: SqliteLedger) -> None:
    with raw(ledger) as connection:
        connection.execute("DROP TRIGGER entries_follow_the_last")
        with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE .*prev_hash"):
            connection.execute(f"INSERT INTO entries VALUES (3, {FIRST_HASH}, {NEW})")


def test_writing_is_durable_and_logged_ahead(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {}
    original = sqlite_schema.is_created

    def look(connection: sqlite3.Connection) -> bool:
        for name in ("journal_mode", "synchronous"):
            settings[name] = connection.execute(f"PRAGMA {name}").fetchone()[0]
        settings["in_transaction"] = connection.in_transaction
        return original(connection)

    monkeypatch.setattr(sqlite_schema, "is_created", look)
    append(ledger, "fog")
    assert settings == {"journal_mode": "wal", "synchronous": 2, "in_transaction": True}  # 2 is FULL


def test_one_file_holds_everything_when_nobody_uses_it(ledger: SqliteLedger) -> None:
    list(ledger.events())
    assert [path.name for path in ledger.path.parent.iterdir()] == ["ledger.sqlite"]


def test_reading_creates_nothing(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "none" / "ledger.sqlite")
    assert (list(ledger.events()), ledger.head(), ledger.faults()) == ([], GENESIS, ())
    with ledger.exclusively():
        pass
    assert not ledger.path.parent.exists()


def test_an_empty_file_is_an_empty_record(tmp_path: Path) -> None:
    """Left by a command that was killed before the table was made."""
    path = tmp_path / "ledger.sqlite"
    path.touch()
    ledger = SqliteLedger(path)
    assert (list(ledger.events()), ledger.head(), ledger.faults()) == ([], GENESIS, ())
    assert append(ledger, "snow").seq == 1


def test_a_record_on_read_only_media_can_be_read(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert [event.seq for event in ledger.events()] == [1, 2]
    assert ledger.faults() == ()


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "photos.sqlite")
    with raw(ledger) as connection:
        connection.execute("CREATE TABLE photos (name TEXT)")
    for attempt in (ledger.head, lambda: append(ledger, "snow"), lambda: list(ledger.events())):
        with pytest.raises(IntegrityError, match=r"photos\.sqlite\n  this is not a record of Enginehouse"):
            attempt()


def test_a_record_in_a_later_format_is_refused(ledger: SqliteLedger) -> None:
    with raw(ledger) as connection:
        connection.execute("PRAGMA user_version = 2")
    for attempt in (ledger.head, lambda: append(ledger, "fog")):
        with pytest.raises(
            NewerRecord, match=r"the record has format 2, this version knows 1\. .*install that version"
        ):
            attempt()


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database, and longer than its header" * 100)
    with pytest.raises(IntegrityError, match=r"ledger\.sqlite\n  the file of the record is damaged .*Restore the file"):
        list(SqliteLedger(path).events())


@pytest.mark.parametrize(
    ("position", "content", "detail"),
    [
        (47, b"\x09", r" \(unsupported file format\)"),  # the format of the schema, in the header
        (100, b"\xff", r" \(database disk image is malformed\)"),  # the kind of the first page
    ],
)
def test_a_damaged_header_is_called_damage(ledger: SqliteLedger, position: int, content: bytes, detail: str) -> None:
    edit(ledger.path, position, content)
    with pytest.raises(IntegrityError, match=f"the file of the record is damaged{detail}"):
        ledger.head()


def test_damage_that_sqlite_quotes_in_bytes_which_are_no_text_is_called_damage(ledger: SqliteLedger) -> None:
    position = ledger.path.read_bytes().index(b"CREATE TABLE entries")
    edit(ledger.path, position, b"\xe5")
    with pytest.raises(IntegrityError, match="the file of the record is damaged"):
        ledger.head()


def test_a_busy_file_is_not_called_damaged() -> None:
    class Busy:
        def execute(self, statement: str) -> None:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite_schema.faults(Busy())  # type: ignore[arg-type]


def edit(path: Path, position: int, content: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(position)
        file.write(content)


def test_a_second_writer_that_waits_too_long_is_told(ledger: SqliteLedger) -> None:
    with (
        ledger.exclusively(),
        pytest.raises(MachineError, match=r"another command has been writing.*Nothing was recorded"),
    ):
        append(ledger, "fog")
    assert ledger.head().seq == 2


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="could not write the file"):
        append(SqliteLedger(tmp_path / "file" / "ledger.sqlite"), "snow")


def test_a_path_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="could not open the record"):
        SqliteLedger(tmp_path).head()


def test_our_own_mistakes_in_sql_are_not_dressed_up(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enginehouse.ledger.sqlite._LAST", "SELEKT")
    with pytest.raises(sqlite3.OperationalError, match="syntax error"):
        ledger.head()


def test_the_switch_to_write_ahead_logging_waits_for_others(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    holder = sqlite3.connect(path)
    holder.execute("CREATE TABLE x (y)")
    holder.execute("BEGIN EXCLUSIVE")
    other = sqlite3.connect(path, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite_schema.use_write_ahead_log(other, 0.05)
    holder.rollback()
    sqlite_schema.use_write_ahead_log(other, 0.05)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    holder.close()
    other.close()


def test_faults_name_missing_changed_and_foreign_guards(ledger: SqliteLedger) -> None:
    with raw(ledger) as connection:
        connection.execute("DROP TRIGGER entries_are_not_removed")
        connection.execute("DROP TRIGGER entries_are_not_changed")
        connection.execute("CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries BEGIN SELECT 1; END")
        connection.execute("CREATE TRIGGER sly AFTER INSERT ON entries BEGIN SELECT 1; END")
    assert ledger.faults() == (
        "the guard 'entries_are_not_changed' of the record is missing or was changed.",
        "the guard 'entries_are_not_removed' of the record is missing or was changed.",
        "the record holds 'sly', which does not belong there.",
    )


def test_faults_name_damage_inside_the_file(ledger: SqliteLedger) -> None:
    """An index that no longer lists an entry would hide it from its cycle."""
    with raw(ledger) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_by_cycle'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE INDEX entries_by_cycle ON entries (body, seq)'"
            " WHERE name = 'entries_by_cycle'"
        )
    with raw(ledger) as connection:
        connection.execute("REINDEX entries_by_cycle")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'entries_by_cycle'", (sql,))
    assert any(fault.startswith("the file is damaged: row 1 missing from index") for fault in ledger.faults())


def test_an_entry_that_was_read_before_and_edited_since_is_refused(ledger: SqliteLedger) -> None:
    """What is kept of an entry is kept under all of it: whatever is edited, it is read anew and checked."""
    for change in ("body = replace(body, 'snow', 'rain')", "hash = prev_hash", "cycle = 'other'"):
        assert [event.payload for event in ledger.events()] == [
            CycleSuspended(reason=said) for said in ("snow", "rain")
        ]
        with raw(ledger) as connection:
            connection.execute("DROP TRIGGER IF EXISTS entries_are_not_changed")
            body, hash_ = connection.execute("SELECT body, hash FROM entries WHERE seq = 1").fetchone()
            connection.execute(f"UPDATE entries SET {change} WHERE seq = 1")
        with pytest.raises(IntegrityError, match="entry 1"):
            list(ledger.events())
        with raw(ledger) as connection:
            connection.execute("UPDATE entries SET body = ?, hash = ?, cycle = 'first' WHERE seq = 1", (body, hash_))


def test_a_check_sees_what_another_store_wrote_meanwhile(ledger: SqliteLedger) -> None:
    """What was read before does not hide what came since."""
    assert len(list(ledger.events(cycle="first"))) == 2
    append(SqliteLedger(ledger.path), "hail")
    seen: list[object] = []
    ledger.append(
        CycleSuspended(reason="fog"),
        actor="ann",
        effective_on=date(2026, 3, 1),
        cycle="first",
        check=lambda events: seen.extend(event.payload for event in events),
    )
    assert seen == [CycleSuspended(reason=reason) for reason in ("snow", "rain", "hail")]


def test_many_threads_read_the_same_events(ledger: SqliteLedger) -> None:
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda _: tuple(ledger.events()), range(40)))
    assert set(read) == {tuple(ledger.events())}
