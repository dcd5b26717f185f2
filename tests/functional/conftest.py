"""The command line as a user meets it, and programme folders that stand at each step of a cycle."""

from __future__ import annotations

import json
import os
import resource
import shutil
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

CYCLE = "first"
# The cycle of the starter template, a step a day; each entry is how the folder stands after it.
STEPS: dict[str, Sequence[str]] = {
    "new": (),
    "registered": ("register", CYCLE, "--on", "2026-03-02"),
    "loaded": ("data", "load", "--on", "2026-03-02"),
    "built": ("indicators", "--on", "2026-03-02"),
    "frozen": ("freeze", CYCLE, "--on", "2026-03-03"),
    "evaluated": ("evaluate", CYCLE, "--on", "2026-03-04"),
    "decided": ("decide", CYCLE, "evaluate-further", "--reason", "Ask again.", "--on", "2026-03-05", "--as", "board"),
}


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def _run(*words: str) -> Ran:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as stopped:  # how argparse ends
            code = stopped.code if isinstance(stopped.code, int) else 1
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def _nobody_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENGINEHOUSE_AS", raising=False)


@pytest.fixture(scope="session")
def run() -> Callable[..., Ran]:
    """Run a command in this process."""
    return _run


@pytest.fixture(scope="session")
def shell() -> Callable[..., Ran]:
    """Run a command in a process of its own; `file_bytes` is the largest file that it may write."""

    def start(*words: str, file_bytes: int | None = None, cwd: Path | None = None, **environment: str) -> Ran:
        def limit() -> None:
            if file_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

        done = subprocess.run(
            [sys.executable, "-m", "enginehouse.cli.main", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            env={**os.environ, **environment},
            preexec_fn=limit,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return start


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The starter programme as it stands after a step of `STEPS`: made once, never to be changed."""
    made: dict[str, Path] = {}

    def stand(step: str) -> Path:
        if step not in made:
            folder = tmp_path_factory.mktemp(step) / "programme"
            place = list(STEPS).index(step)
            if place == 0:
                assert _run("new", str(folder)).code == 0
            else:
                shutil.copytree(stand(list(STEPS)[place - 1]), folder)
                done = _run(*_with_person(STEPS[step]), "-p", str(folder))
                assert done.code == 0, done.err
            made[step] = folder
        return made[step]

    return stand


def _with_person(words: Sequence[str]) -> Sequence[str]:
    return words if "--as" in words else (*words, "--as", "me")


@pytest.fixture
def at(standing: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the starter programme as it stands after a step, to do anything with."""

    def copy(step: str) -> Path:
        return Path(shutil.copytree(standing(step), tmp_path / "programme"))

    return copy


@pytest.fixture
def edit() -> Callable[..., None]:
    """Replace a text of a file, which must be there."""

    def replace(path: Path, old: str, new: str) -> None:
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return replace


@pytest.fixture
def steps(run: Callable[..., Ran]) -> Callable[..., Ran]:
    """Run steps one after another as the starter's `me`; the last one's result, those before must succeed."""

    def go(folder: Path, *commands: str, person: str = "me") -> Ran:
        done = None
        for command in commands:
            assert done is None or done.code == 0, done.err
            done = run(*command.split(), "-p", str(folder), "--as", person)
        assert done is not None
        assert "Traceback" not in done.err
        return done

    return go


@pytest.fixture
def told(run: Callable[..., Ran]) -> Callable[..., Ran]:
    """Run a command by a person on a day; what it printed."""

    def go(trial: Any, command: str, person: str, on: str, *words: str) -> Ran:
        done = run(*command.split(), *words, "-p", str(trial.folder), "--as", person, "--on", on)
        assert "Traceback" not in done.err
        return done

    return go


@pytest.fixture
def refused(told: Callable[..., Ran]) -> Callable[..., Ran]:
    """Run a command that must be refused with an exit code and these words, and must record nothing."""

    def go(trial: Any, command: str, person: str, on: str, *said: str, code: int = 4) -> Ran:
        before = len(list(trial.workspace.record.store.events()))
        done = told(trial, command, person, on)
        assert done.code == code, done.out + done.err
        for words in said:
            assert words in done.err
        assert len(list(trial.workspace.record.store.events())) == before
        return done

    return go
