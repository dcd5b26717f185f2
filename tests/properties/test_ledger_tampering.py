"""Whatever is done to the file behind the record's back, `verify` finds it and says at which entry.

The guards of the table are taken off before each attack and put back after it, so it is the chain that must tell.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from enginehouse.core.errors import UserError
from enginehouse.ledger.canonical import canonical_json, sha256_hex
from enginehouse.ledger.documents import DocumentStore
from enginehouse.ledger.event import GENESIS, Event, Head
from enginehouse.ledger.events import CycleSuspended
from enginehouse.ledger.record import Record
from enginehouse.ledger.verify import Verification, verify

ENTRIES = 9
SEQS = st.integers(1, ENTRIES)
COLUMNS = st.sampled_from(["prev_hash", "hash", "cycle", "body"])
# Each example copies a file and writes it, so a slow disk must not fail the test.
FEW = settings(max_examples=100, deadline=None, derandomize=True)

Original = tuple[Path, list[Event]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    folder = tmp_path_factory.mktemp("original")
    record = Record(folder)
    for number in range(1, ENTRIES + 1):
        payload = CycleSuspended(reason=f"reason {number}, with an é")
        document = f"document {number}".encode()
        record.record(
            payload,
            actor="ann",
            effective_on=date(2026, 3, number),
            cycle=["one", "two"][number % 2],
            documents=[document],
        )
    return folder, list(record.store.events())


@contextmanager
def copy_of(original: Original) -> Iterator[Record]:
    """A ledger of its own, beside the documents of the original."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(original[0] / "ledger.sqlite", name)
        record = Record(Path(name))
        record.documents = DocumentStore(original[0] / "documents")
        yield record


def attack(record: Record, *statements: tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(record.folder / "ledger.sqlite")) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement, values in statements:
            connection.execute(statement, values)
        for _, sql in guards:
            connection.execute(sql)
        connection.commit()


def named(verification: Verification) -> set[int]:
    """The numbers of the entries that the problems name first."""
    words = [problem.replace("entries", "entry").split() for problem in verification.problems]
    return {int(word[1].rstrip(":")) for word in words if word[0] == "entry"}


def value_of(record: Record, column: str, seq: int) -> bytes:
    with closing(sqlite3.connect(record.folder / "ledger.sqlite")) as connection:
        query = f"SELECT CAST({column} AS BLOB) FROM entries WHERE seq = ?"
        return bytes(connection.execute(query, (seq,)).fetchone()[0])


@FEW
@given(seq=SEQS, column=COLUMNS, data=st.data())
def test_one_byte_of_any_column_edited(original: Original, seq: int, column: str, data: st.DataObject) -> None:
    with copy_of(original) as record:
        value = bytearray(value_of(record, column, seq))
        position = data.draw(st.integers(0, len(value) - 1))
        value[position] ^= data.draw(st.integers(1, 255))
        attack(record, (f"UPDATE entries SET {column} = CAST(? AS TEXT) WHERE seq = ?", (bytes(value), seq)))
        assert seq in named(verify(record))


@FEW
@given(seq=SEQS, column=COLUMNS, text=st.text() | st.none())
def test_any_column_replaced(original: Original, seq: int, column: str, text: str | None) -> None:
    assume(column == "cycle" or text is not None)
    with copy_of(original) as record:
        value = None if text is None else text.encode("utf-8", "surrogatepass")
        assume(value != value_of(record, column, seq))
        attack(record, (f"UPDATE entries SET {column} = CAST(? AS TEXT) WHERE seq = ?", (value, seq)))
        assert seq in named(verify(record))


@FEW
@given(seq=SEQS, number=st.integers(1, 2**63 - 1))
def test_a_number_changed(original: Original, seq: int, number: int) -> None:
    assume(number > ENTRIES)
    with copy_of(original) as record:
        attack(record, ("UPDATE entries SET seq = ? WHERE seq = ?", (number, seq)))
        assert {seq, number} & named(verify(record))


@FEW
@given(gone=st.sets(SEQS, min_size=1, max_size=ENTRIES - 1))
def test_entries_removed(original: Original, gone: set[int]) -> None:
    with copy_of(original) as record:
        head = record.store.head()
        attack(record, *(("DELETE FROM entries WHERE seq = ?", (seq,)) for seq in gone))
        found, with_head = verify(record), verify(record, head=head)
        first_of_a_gap = {seq for seq in gone if seq - 1 not in gone}
        at_the_end = {seq for seq in gone if set(range(seq, ENTRIES + 1)) <= gone}
        assert named(found) == first_of_a_gap - at_the_end
        assert named(with_head) >= ({ENTRIES} if at_the_end else set())
        assert not with_head.ok
        assert found.unnamed_documents == len(gone)


@FEW
@given(one=SEQS, other=SEQS)
def test_two_entries_exchanged(original: Original, one: int, other: int) -> None:
    assume(one != other)
    with copy_of(original) as record:
        attack(
            record,
            ("UPDATE entries SET seq = 1000 WHERE seq = ?", (one,)),
            ("UPDATE entries SET seq = ? WHERE seq = ?", (one, other)),
            ("UPDATE entries SET seq = ? WHERE seq = 1000", (other,)),
        )
        assert {one, other} <= named(verify(record))


@FEW
@given(one=SEQS, other=SEQS)
def test_the_contents_of_two_entries_exchanged_with_their_hashes(original: Original, one: int, other: int) -> None:
    assume(one != other)
    with copy_of(original) as record:
        of_one, of_other = ((value_of(record, "body", seq), value_of(record, "hash", seq)) for seq in (one, other))
        update = "UPDATE entries SET body = CAST(? AS TEXT), hash = CAST(? AS TEXT) WHERE seq = ?"
        attack(record, (update, (b"", b"", one)), (update, (*of_one, other)), (update, (*of_other, one)))
        assert {one, other} <= named(verify(record))


@FEW
@given(seq=SEQS, reason=st.text(st.characters(exclude_categories=["Cs"])))
def test_an_entry_replaced_and_everything_after_it_made_to_fit(original: Original, seq: int, reason: str) -> None:
    """The chain is whole again, so only a head kept elsewhere can tell; it always does."""
    assume(reason != f"reason {seq}, with an é")
    with copy_of(original) as record:
        head = record.store.head()
        attack(record, *rewritten(record, seq, reason))
        assert verify(record).ok
        assert named(verify(record, head=head)) == {ENTRIES}


def rewritten(record: Record, seq: int, reason: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The statements by which a forger who knows the rules replaces the entry `seq`."""
    head = GENESIS
    for entry in list(record.store.entries()):
        body = json.loads(entry.body)
        if entry.seq == seq:
            body["payload"] = {"reason": reason}
        content = canonical_json({**body, "prev_hash": head.hash})
        previous, head = head.hash, Head(entry.seq, sha256_hex(content))
        values = (content.decode(), head.hash, previous, entry.seq)
        yield "UPDATE entries SET body = ?, hash = ?, prev_hash = ? WHERE seq = ?", values


@FEW
@given(seq=SEQS, position=st.integers(0, 9), change=st.integers(1, 255))
def test_one_byte_of_any_document_edited(original: Original, seq: int, position: int, change: int) -> None:
    with copy_of(original) as record:
        record.documents.folder = Path(shutil.copytree(record.documents.folder, record.folder / "documents"))
        path = record.documents.path(sha256_hex(f"document {seq}".encode()))
        content = bytearray(path.read_bytes())
        content[position] ^= change
        path.chmod(0o644)
        path.write_bytes(content)
        assert named(verify(record)) == {seq}


@settings(FEW, max_examples=300)
@given(data=st.data(), change=st.integers(1, 255))
def test_one_byte_of_the_file_edited(original: Original, data: st.DataObject, change: int) -> None:
    edit_one_byte_of_the_file(original, data, change)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(data=st.data(), change=st.integers(1, 255))
def test_any_byte_of_the_file_edited(original: Original, data: st.DataObject, change: int) -> None:
    edit_one_byte_of_the_file(original, data, change)


def edit_one_byte_of_the_file(original: Original, data: st.DataObject, change: int) -> None:
    """Not every byte of a database file means something. But where nothing is found, everything must read the same."""
    with copy_of(original) as record:
        path = record.folder / "ledger.sqlite"
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= change
        path.write_bytes(content)
        if finds_nothing(lambda: verify(record, head=original[1][-1].head)):
            assert list(record.store.events()) == original[1]
            for cycle in ("one", "two"):
                assert list(record.store.events(cycle=cycle)) == [e for e in original[1] if e.cycle == cycle]


def finds_nothing(look: Callable[[], Verification]) -> bool:
    try:
        return look().ok
    except UserError:
        return False
