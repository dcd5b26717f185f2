"""Documents: whole or absent, the right one or an error, swept only when nothing names them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from enginehouse.core.errors import IntegrityError
from enginehouse.ledger.documents import PARTIAL_IS_OLD_AFTER_SECONDS, DocumentStore

# FIPS 180-4, the example "abc".
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def documents(tmp_path: Path) -> DocumentStore:
    return DocumentStore(tmp_path / "documents")


def test_a_document_is_named_by_its_content(documents: DocumentStore) -> None:
    assert documents.put(b"abc") == ABC
    assert documents.get(ABC) == b"abc"
    assert list(documents.names()) == [ABC]


def test_putting_twice_changes_nothing(documents: DocumentStore) -> None:
    documents.put(b"abc")
    before = documents.path(ABC).stat().st_mtime_ns
    assert documents.put(b"abc") == ABC
    assert documents.path(ABC).stat().st_mtime_ns == before


def test_putting_again_mends_an_altered_document(documents: DocumentStore) -> None:
    alter(documents.path(documents.put(b"abc")))
    documents.put(b"abc")
    assert documents.get(ABC) == b"abc"


def test_a_document_is_not_writable_by_accident(documents: DocumentStore) -> None:
    assert documents.path(documents.put(b"abc")).stat().st_mode & 0o222 == 0


def test_a_missing_document_is_an_error(documents: DocumentStore) -> None:
    with pytest.raises(IntegrityError, match=r"this document is missing\. Restore it from a backup"):
        documents.get(ABC)


def test_an_altered_document_is_an_error(documents: DocumentStore) -> None:
    alter(documents.path(documents.put(b"abc")))
    with pytest.raises(IntegrityError, match="this document was altered"):
        documents.get(ABC)


def test_only_a_hash_names_a_document(documents: DocumentStore) -> None:
    with pytest.raises(IntegrityError, match=r"got '\.\./people\.csv' for the name of a document"):
        documents.get("../people.csv")


def test_a_sweep_keeps_what_is_named(documents: DocumentStore) -> None:
    kept, left = documents.put(b"abc"), documents.put(b"left behind")
    (documents.folder / "notes.txt").write_text("not a document")
    assert documents.sweep([kept]) == (left,)
    assert sorted(path.name for path in documents.folder.iterdir()) == [kept, "notes.txt"]


def test_a_sweep_removes_partial_files_that_nobody_is_writing(documents: DocumentStore) -> None:
    documents.put(b"abc")
    old, new = documents.folder / ".old.0000.partial", documents.folder / ".new.0000.partial"
    for path in (old, new):
        path.write_bytes(b"half")
    long_ago = time.time() - PARTIAL_IS_OLD_AFTER_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    assert documents.sweep([ABC]) == ()
    assert (old.exists(), new.exists()) == (False, True)


def test_an_empty_folder_has_nothing_to_sweep(documents: DocumentStore) -> None:
    assert documents.sweep([]) == ()
    assert not documents.folder.exists()


def alter(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"abd")
