"""`verify` names the entry and what is wrong with it. Every kind of tampering, once each, in words.

That any edit at all is found is a property: `tests/properties/test_ledger_tampering.py`.
"""

from __future__ import annotations

import json
import sqlite3
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from enginehouse.core.errors import IntegrityError
from enginehouse.ledger import chain
from enginehouse.ledger.canonical import canonical_json, sha256_hex
from enginehouse.ledger.event import GENESIS, Entry, Event, Head, next_entry
from enginehouse.ledger.events import CycleSuspended
from enginehouse.ledger.record import Record
from enginehouse.ledger.verify import MOST_PROBLEMS_LISTED, Verification, verify

Suspend = Callable[..., Event]
Tamper = Callable[..., None]


@pytest.fixture
def full(record: Record, suspend: Suspend) -> Record:
    """Five entries in two cycles, each with a document."""
    for number in range(1, 6):
        suspend(f"reason {number}", cycle="odd" if number % 2 else "even", documents=(f"document {number}".encode(),))
    return record


@pytest.fixture
def tamper(full: Record) -> Tamper:
    """Run statements on the table with its guards taken off and put back."""

    def run(*statements: str) -> None:
        connection = sqlite3.connect(full.folder / "ledger.sqlite")
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in guards:
            connection.execute(sql)
        connection.commit()
        connection.close()

    return run


def document(number: int) -> str:
    return sha256_hex(f"document {number}".encode())


def test_a_sound_record(full: Record) -> None:
    head = full.store.head()
    assert verify(full, head=head) == Verification(events=5, documents=5, problems=(), unnamed_documents=0, head=head)
    assert verify(full).ok


def test_no_record_has_no_fault_and_does_not_exist(full: Record, tmp_path: Path) -> None:
    none = Record(tmp_path / "nothing here")
    assert verify(none, head=GENESIS) == Verification(events=0, documents=0, problems=(), exists=False)
    assert not none.folder.exists()
    assert verify(full).exists


def test_an_empty_record_is_sound(record: Record) -> None:
    record.store.create()
    assert verify(record, head=GENESIS) == Verification(events=0, documents=0, problems=())


def test_an_older_head_is_still_in_a_record_that_grew(full: Record, suspend: Suspend) -> None:
    head = full.store.head()
    suspend("more")
    assert verify(full, head=head).ok


def test_an_edited_body(full: Record, tamper: Tamper) -> None:
    tamper("UPDATE entries SET body = replace(body, 'reason 3', 'reason 9') WHERE seq = 3")
    assert verify(full).problems == ("entry 3: was edited: its content does not match its hash.",)


def test_an_edited_body_with_its_hash_made_to_fit(full: Record, tamper: Tamper) -> None:
    *_, third = (entry for entry in full.store.entries() if entry.seq == 3)
    body = third.body.replace(b"reason 3", b"reason 9")
    tamper(f"UPDATE entries SET body = '{body.decode()}', hash = '{sha256_hex(body)}' WHERE seq = 3")
    assert verify(full).problems == ("entry 4: does not follow entry 3: one of the two was replaced, moved or edited.",)


def test_a_removed_entry(full: Record, tamper: Tamper) -> None:
    tamper("DELETE FROM entries WHERE seq = 3")
    assert verify(full).problems == ("entry 3 is missing: the next entry found is 4.",)


def test_removed_first_entries(full: Record, tamper: Tamper) -> None:
    tamper("DELETE FROM entries WHERE seq < 3")
    assert verify(full).problems == ("entries 1 to 2 are missing: the next entry found is 3.",)


def test_a_removed_entry_with_the_rest_renumbered(full: Record, tamper: Tamper) -> None:
    tamper("DELETE FROM entries WHERE seq = 4", "UPDATE entries SET seq = 4 WHERE seq = 5")
    assert verify(full).problems == (
        "entry 4: does not follow entry 3: one of the two was replaced, moved or edited.",
        "entry 4: its number, cycle or link to the entry before was edited: its content says otherwise.",
    )


def test_reordered_entries(full: Record, tamper: Tamper) -> None:
    tamper(
        "UPDATE entries SET seq = 99 WHERE seq = 2",
        "UPDATE entries SET seq = 2 WHERE seq = 3",
        "UPDATE entries SET seq = 3 WHERE seq = 99",
    )
    assert [problem.split(":")[0] for problem in verify(full).problems] == ["entry 2"] * 2 + ["entry 3"] * 2 + [
        "entry 4"
    ]


def test_an_entry_moved_to_another_cycle(full: Record, tamper: Tamper) -> None:
    tamper("UPDATE entries SET cycle = 'even' WHERE seq = 3")
    assert verify(full).problems == (
        "entry 3: its number, cycle or link to the entry before was edited: its content says otherwise.",
    )


def test_the_last_entries_removed_shows_against_a_head_kept_elsewhere(full: Record, tamper: Tamper) -> None:
    head = full.store.head()
    tamper("DELETE FROM entries WHERE seq > 3")
    assert verify(full, head=head).problems == (
        "entry 5: is gone. Its head was kept elsewhere, but the record ends with entry 3: the last entries were removed.",
    )
    without_head = verify(full)
    assert (without_head.ok, without_head.unnamed_documents) == (True, 2)


def test_a_record_rewritten_as_a_whole_shows_against_a_head_kept_elsewhere(full: Record, tamper: Tamper) -> None:
    head, statements, before = full.store.head(), [], GENESIS.hash
    for entry in full.store.entries():
        body = canonical_json({**json.loads(entry.body), "actor": "bob", "prev_hash": before})
        statements.append(f"UPDATE entries SET prev_hash = '{entry.seq}' WHERE seq = {entry.seq}")
        statements.append(
            f"UPDATE entries SET body = '{body.decode()}', hash = '{sha256_hex(body)}', prev_hash = '{before}'"
            f" WHERE seq = {entry.seq}"
        )
        before = sha256_hex(body)
    tamper(*statements)
    assert verify(full).ok
    assert verify(full, head=head).problems == (
        "entry 5: is not the entry whose head was kept elsewhere: the record was rewritten.",
    )


def test_the_whole_ledger_removed(full: Record) -> None:
    head = full.store.head()
    (full.folder / "ledger.sqlite").unlink()
    problems = verify(full, head=head).problems
    assert "there are documents but no ledger beside them" in problems[0]
    assert problems[1].startswith("entry 5: is gone.")


def test_a_missing_document(full: Record) -> None:
    full.documents.path(document(3)).unlink()
    assert verify(full).problems == (f"entry 3: its document {document(3)} is missing.",)


def test_an_altered_document(full: Record) -> None:
    path = full.documents.path(document(3))
    path.chmod(0o644)
    path.write_bytes(b"Document 3")
    assert verify(full).problems == (f"entry 3: its document {document(3)} is altered.",)


def test_a_document_is_read_once_however_often_it_is_named(
    full: Record, suspend: Suspend, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspend("again", documents=(b"document 1",))
    read: list[str] = []
    monkeypatch.setattr(type(full.documents), "fault", lambda _, name: read.append(name))
    assert verify(full).documents == len(read) == 5


def test_missing_guards_are_named(full: Record) -> None:
    connection = sqlite3.connect(full.folder / "ledger.sqlite")
    connection.execute("DROP TRIGGER entries_are_not_removed")
    connection.close()
    assert verify(full).problems == ("the guard 'entries_are_not_removed' of the record is missing or was changed.",)


def test_an_entry_from_a_later_version_is_named_and_the_rest_verified(full: Record, tamper: Tamper) -> None:
    *_, last = full.store.entries()
    body = canonical_json({**json.loads(last.body), "type": "site-merged"})
    tamper(f"UPDATE entries SET body = '{body.decode()}', hash = '{sha256_hex(body)}' WHERE seq = 5")
    assert verify(full).problems == (
        "entry 5: this version of Enginehouse does not know the kind of event 'site-merged' (version 1)."
        " It was probably written by a later version of Enginehouse: install that version and try again.",
    )


def test_a_file_damaged_half_way_is_verified_as_far_as_it_can_be_read(record: Record, suspend: Suspend) -> None:
    for number in range(12):
        suspend("long reason " * 400 + str(number))
    path = record.folder / "ledger.sqlite"
    content = bytearray(path.read_bytes())
    content[-3 * 4096 :] = b"\xff" * (3 * 4096)
    path.write_bytes(content)
    verification = verify(record)
    assert not verification.ok
    assert any("damaged" in problem for problem in verification.problems)


def test_a_ruined_header_is_a_problem_and_not_a_crash(full: Record) -> None:
    (full.folder / "ledger.sqlite").write_bytes(b"\xff" * 8192)
    assert verify(full).problems[0].startswith("the file of the record is damaged")


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE entries", "ALTER TABLE entries RENAME COLUMN body TO content", "PRAGMA user_version = 0"],
)
def test_a_table_that_is_gone_or_changed_is_a_problem_and_not_a_crash(full: Record, statement: str) -> None:
    connection = sqlite3.connect(full.folder / "ledger.sqlite")
    connection.execute(statement)
    connection.close()
    assert verify(full).problems[0] == "the table of entries is missing or was changed."


def test_a_broken_entry_stops_whoever_reads_the_record(full: Record, tamper: Tamper) -> None:
    tamper("UPDATE entries SET body = replace(body, 'reason 3', 'reason 9') WHERE seq = 3")
    with pytest.raises(IntegrityError, match=r"entry 3\n  was edited.*Run `enginehouse ledger verify`"):
        list(full.store.events())
    with pytest.raises(IntegrityError, match="entry 3: was edited"):
        full.sweep()


def test_order_is_checked_whatever_the_store_hands_back() -> None:
    """SQLite hands rows back in order; another store might not."""
    problems: list[str] = []
    entries = [Entry(1, GENESIS.hash, "a", None, b""), Entry(1, "a", "b", None, b"")]
    list(chain.walk(entries, problems.append))
    assert "entry 1: stands after entry 1; the order was changed." in problems


def test_problems_beyond_the_first_thousand_are_counted(
    full: Record, tamper: Tamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_PROBLEMS_LISTED == 1000
    monkeypatch.setattr("enginehouse.ledger.verify.MOST_PROBLEMS_LISTED", 2)
    tamper("UPDATE entries SET body = 'x'")
    assert verify(full).problems[2:] == ("and 3 more problems, not listed.",)


def test_verifying_does_not_load_the_record_into_memory(record: Record, suspend: Suspend) -> None:
    """Two hundred entries of 100 kB are 20 MB; a few of them fit in 2 MB."""
    suspend("start")
    connection = sqlite3.connect(record.folder / "ledger.sqlite")
    head = record.store.head()
    for number in range(200):
        entry = long_entry(head, number)
        row = (entry.seq, entry.prev_hash, entry.hash, entry.cycle, entry.body.decode())
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
        head = Head(entry.seq, entry.hash)
    connection.commit()
    connection.close()
    tracemalloc.start()
    verification = verify(record)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (verification.events, verification.problems) == (201, ())
    assert peak < 2_000_000


def long_entry(head: Head, number: int) -> Entry:
    return next_entry(
        CycleSuspended(reason=f"{number} " + "x" * 100_000),
        head=head,
        actor="ann",
        effective_on=date(2026, 3, 1),
        recorded_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def test_the_path_of_a_record_may_hold_any_character(tmp_path: Path) -> None:
    folder = tmp_path / "a programme? of #1, 100% 'ours'"
    record = Record(folder)
    record.record(CycleSuspended(reason="snow"), actor="ann", effective_on=date(2026, 3, 1))
    assert verify(record).events == 1
    assert (folder / "ledger.sqlite").exists()
