"""Whole turns of the cycle: in processes of their own as a user types them, or in this one where only numbers count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from enginehouse.cli.main import main

# A turn of the cycle, a step a day; `{cycle}` is its name.
TURN: tuple[tuple[str, ...], ...] = (
    ("register", "{cycle}", "--on", "2026-03-02"),
    ("data", "load", "--on", "2026-03-02"),
    ("data", "check"),
    ("indicators", "--on", "2026-03-02"),
    ("insight",),
    ("freeze", "{cycle}", "--on", "2026-03-03"),
    ("evaluate", "{cycle}", "--on", "2026-03-04"),
    (
        "decide",
        "{cycle}",
        "evaluate-further",
        "--reason",
        "Ask again, at random.",
        "--on",
        "2026-03-05",
        "--as",
        "board",
    ),
    ("dossier", "{cycle}", "--on", "2026-03-06"),
    ("timeline",),
)
APPRAISE = ("appraise", "{cycle}", "--on", "2026-03-04")
ACTS = frozenset({"register", "load", "indicators", "freeze", "evaluate", "appraise", "decide", "dossier"})


@dataclass(frozen=True)
class Turned:
    """A programme folder after a whole turn, and what each step printed with `--json`."""

    folder: Path
    printed: dict[str, Any]

    def event(self, kind: str) -> dict[str, Any]:
        """The payload of the one event of this kind."""
        (found,) = [event["payload"] for event in self.events if event["type"] == kind]
        return dict(found)

    @property
    def events(self) -> list[dict[str, Any]]:
        return list(self.printed["ledger"])

    def document(self, name: str) -> bytes:
        return (self.folder / ".enginehouse" / "documents" / name).read_bytes()

    @property
    def evaluation(self) -> dict[str, Any]:
        return dict(self.printed["evaluate"])


def in_a_process(words: Sequence[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "enginehouse.cli.main", *words],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "ENGINEHOUSE_AS"},
    )
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def in_this_process(words: Sequence[str]) -> str:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    assert code == 0, f"{words}: {err.getvalue()}"
    return out.getvalue()


def turn(folder: Path, cycle: str, run: Callable[[Sequence[str]], str], *, appraise: bool = False) -> Turned:
    steps = [step for each in TURN for step in ((each, APPRAISE) if appraise and each[0] == "evaluate" else (each,))]
    printed = {}
    for step in steps:
        words = [word.format(cycle=cycle) for word in step]
        name = words[1] if words[0] == "data" else words[0]
        who = ["--as", "me"] if name in ACTS and "--as" not in words else []
        printed[name] = json.loads(run([*words, *who, "-p", str(folder), "--json"]))
    printed["ledger"] = json.loads(run(["ledger", "show", "-p", str(folder), "--json"]))
    return Turned(folder, printed)


@pytest.fixture(scope="session")
def here() -> Callable[[Sequence[str]], str]:
    """Run a command in this process; it must succeed."""
    return in_this_process


@pytest.fixture(scope="session")
def take_turn() -> Callable[..., Turned]:
    """A whole turn in this process, on a folder that is a programme already."""
    return lambda folder, cycle, **options: turn(folder, cycle, in_this_process, **options)


@pytest.fixture(scope="session")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Turned:
    """The campaign on public totals by what a user types, every step in a process of its own."""
    folder = tmp_path_factory.mktemp("campaign") / "programme"
    in_a_process(["new", str(folder), "--template", "opioid-campaign"])
    return turn(folder, "west-yorkshire", in_a_process, appraise=True)
