"""A record, a folder or a disk that is not whole: the message, the exit code, and that nothing half-done is left."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest


def test_a_cycle_whose_folder_was_removed(at, steps, run):
    folder = at("frozen")
    shutil.rmtree(folder / "cycles/first")
    refused = steps(folder, "evaluate first")
    assert refused.code == 2
    assert "the cycle 'first' is in the record, but its folder is gone." in refused.err
    assert "Put the folder back as it was." in refused.err
    assert "Expected one of: ." not in refused.err
    assert "There is no cycle yet: write second/protocol.yaml." in steps(folder, "evaluate second").err
    assert "Protocol locked" in run("timeline", "-p", str(folder)).out, "what was recorded is still told"


def test_no_record_is_not_a_whole_record(at, run):
    folder = at("new")
    found = run("ledger", "verify", "-p", str(folder))
    assert found.code == 5
    assert "There is no record here" in found.out
    assert run("ledger", "verify", "-p", str(folder), "--json").json["ok"] is False


def test_a_record_that_was_removed_from_its_documents(at, run):
    folder = at("decided")
    for path in (folder / ".enginehouse").glob("ledger.sqlite*"):
        path.unlink()
    found = run("ledger", "verify", "-p", str(folder))
    assert found.code == 5
    assert "there are documents but no ledger beside them" in found.out


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("built", ("insight",)),
        ("built", ("data", "check")),
        ("evaluated", ("dossier", "first", "--as", "me")),
        ("registered", ("timeline",)),
    ],
)
def test_pages_that_cannot_be_written(step, words, at, run):
    folder = at(step)
    (folder / "output").write_text("a file where a folder should be", "utf-8")
    refused = run(*words, "-p", str(folder))
    assert refused.code == 6
    assert "could not write the file" in refused.err
    assert "Check the folder and its permissions." in refused.err


@pytest.mark.parametrize("words", [("new",), ("demo", "--only", "campaign", "--folder")])
def test_a_place_where_nothing_can_be_made(words, run, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    refused = run(*words, str(tmp_path / "file" / "here"))
    assert refused.code == 6
    assert "could not write the file" in refused.err


def test_a_broken_ledger(at, run):
    folder = at("decided")
    with closing(sqlite3.connect(folder / ".enginehouse/ledger.sqlite")) as store, store:
        for trigger in ("entries_are_not_changed", "entries_are_not_removed"):
            store.execute(f"DROP TRIGGER {trigger}")
        store.execute("UPDATE entries SET body = replace(body, 'evaluate-further', 'implement') WHERE cycle = 'first'")
    found = run("ledger", "verify", "-p", str(folder))
    assert found.code == 5
    assert "The record is not whole:" in found.out
    assert run("ledger", "verify", "-p", str(folder), "--json").json["ok"] is False
    refused = run("dossier", "first", "-p", str(folder), "--as", "me")
    assert refused.code == 5
    assert "ledger verify" in refused.err


def test_a_record_that_was_cut_short(at, run):
    folder = at("decided")
    (folder / "head.txt").write_text(run("ledger", "head", "-p", str(folder)).out, "utf-8")
    with closing(sqlite3.connect(folder / ".enginehouse/ledger.sqlite")) as store, store:
        store.execute("DROP TRIGGER entries_are_not_removed")
        store.execute("DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)")
    found = run("ledger", "verify", "--head", str(folder / "head.txt"), "-p", str(folder))
    assert found.code == 5
    missing = run("ledger", "verify", "--head", str(folder / "nowhere.txt"), "-p", str(folder))
    assert "this file cannot be read" in missing.err


def test_a_document_that_was_changed(at, run):
    folder = at("evaluated")
    (frozen,) = [e for e in run("ledger", "show", "-p", str(folder), "--json").json if e["type"] == "cycle-evaluated"]
    path = folder / ".enginehouse/documents" / frozen["payload"]["evaluation"]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"worthwhile", b"equivalent"))
    assert run("ledger", "verify", "-p", str(folder)).code == 5
    refused = run("dossier", "first", "-p", str(folder), "--as", "me")
    assert (refused.code, "this document was altered" in refused.err) == (5, True)


@pytest.mark.parametrize(
    ("step", "words", "file_bytes"),
    [
        ("registered", ("data", "load"), 2_000),
        ("new", ("register", "first"), 1_000),
        ("evaluated", ("dossier", "first"), 20_000),
    ],
)
def test_a_full_disk(step, words, file_bytes, at, shell, run):
    folder = at(step)
    before = run("ledger", "show", "-p", str(folder), "--json").json
    refused = shell(*words, "-p", str(folder), "--as", "me", file_bytes=file_bytes)
    assert refused.code == 6, refused.err
    assert "Traceback" not in refused.err
    assert "Free some disk space" in refused.err
    assert run("ledger", "show", "-p", str(folder), "--json").json == before
    assert run("ledger", "verify", "-p", str(folder)).code == 0
    assert run(*words, "-p", str(folder), "--as", "me").code == 0, "with room again, the same command does it"
