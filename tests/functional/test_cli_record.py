"""What a command leaves in the record: nothing on a dry run, nothing new the second time, and the ledger as it is shown."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


def events(folder: Path) -> list[str]:
    """The kinds of events in the record, read without the package's own reader."""
    path = folder / ".enginehouse" / "ledger.sqlite"
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        bodies = [row[0] for row in store.execute("SELECT body FROM entries ORDER BY seq")]
    return [json.loads(body)["type"] for body in bodies]


def files(folder: Path) -> dict[str, bytes]:
    """Every file but the store's own (SQLite rewrites its log when it is read)."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(("ledger.sqlite", ".lock"))
    }


DRY = {
    "new": [("register", "first")],
    "registered": [("suspend", "first", "--reason", "x"), ("withdraw", "first", "--reason", "x")],
    "loaded": [("indicators",)],
    "built": [("freeze", "first")],
    "frozen": [("evaluate", "first")],
    "evaluated": [
        ("decide", "first", "implement", "--reason", "x", "--close", "--as", "board"),
        ("dossier", "first"),
    ],
}


@pytest.mark.parametrize(("step", "words"), [(step, words) for step, all_ in DRY.items() for words in all_])
def test_a_dry_run_leaves_no_trace(step, words, run, at):
    folder = at(step)
    before, recorded = files(folder), events(folder)
    who = () if "--as" in words else ("--as", "me")
    shown = run(*words, *who, "-p", str(folder), "--dry-run")
    assert shown.code == 0, shown.err
    assert shown.out.rstrip().endswith("Nothing was recorded (--dry-run).")
    assert events(folder) == recorded
    assert files(folder) == before


def test_a_dry_run_of_the_evaluation_shows_no_effect(run, at):
    """Whoever saw it before it is recorded could withdraw the cycle and keep quiet."""
    folder = at("frozen")
    shown = run("evaluate", "first", "-p", str(folder), "--as", "me", "--dry-run", "--json").json
    assert [set(entry) for entry in shown] == [{"indicator", "comparator", "why_not"}] * 2
    assert [entry["why_not"] for entry in shown] == ["", ""]
    assert "%" not in run("evaluate", "first", "-p", str(folder), "--as", "me", "--dry-run").out


def test_the_ledger_is_shown_and_verified(run, at):
    folder = at("decided")
    shown = run("ledger", "show", "-p", str(folder), "--json").json
    assert [event["seq"] for event in shown] == list(range(1, len(shown) + 1))
    assert {event["actor"] for event in shown} == {"asserted:me", "asserted:board"}
    only = run("ledger", "show", "--cycle", "first", "-p", str(folder))
    assert "data-loaded" not in only.out
    assert "cycle-decided" in only.out
    head = run("ledger", "head", "-p", str(folder))
    (folder / "head.txt").write_text(head.out, "utf-8")
    verified = run("ledger", "verify", "--head", str(folder / "head.txt"), "-p", str(folder))
    assert (verified.code, "The record is whole" in verified.out) == (0, True)
    assert run("ledger", "verify", "-p", str(folder), "--json").json["ok"] is True
    assert run("ledger", "sweep", "-p", str(folder), "--json").json == {"swept": []}
    refused = run("ledger", "show", "--cycle", "frist", "-p", str(folder))
    assert "Did you mean 'first'?" in refused.err
    refused = run("ledger", "verify", "--cycle", "first", "-p", str(folder))
    assert "got cycle, which 'verify' does not use. It goes with 'show'." in refused.err


def test_the_ledger_can_be_verified_whatever_became_of_the_definitions(run, at):
    folder = at("decided")
    (folder / "programme.yaml").write_text("gone: wrong", "utf-8")
    assert run("ledger", "verify", "-p", str(folder)).code == 0
    assert run("timeline", "-p", str(folder)).code == 2


def test_any_step_twice_changes_nothing_or_says_so(run, at):
    folder = at("decided")
    p = ("-p", str(folder), "--as", "me")
    said = {
        ("register", "first"): "Its protocol is locked.",
        ("freeze", "first"): "Data are frozen once.",
        ("evaluate", "first"): "The registered analysis is run once on the record.",
        ("decide", "first", "implement", "--reason", "x", "--as", "board"): "The cycle was decided on already",
    }
    before = events(folder)
    for words, why in said.items():
        refused = run(*words, "-p", str(folder), *(() if "--as" in words else ("--as", "me")))
        assert refused.code == 4
        assert why in refused.err
        assert "Next possible step: close" in refused.err
    for words in (("data", "load"), ("indicators",)):
        assert "(unchanged)" in run(*words, *p).out
    assert events(folder) == before
    assert "the same as" not in run("dossier", "first", *p).out
    assert "It is the same as the one that the record names." in run("dossier", "first", *p).out
    assert events(folder) == [*before, "dossier-written"]
