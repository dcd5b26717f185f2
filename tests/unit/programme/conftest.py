"""Two small programme folders that have no problems, to be spoilt one line at a time: a retrospective one and a trial."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import enginehouse
from enginehouse.core.errors import Problems
from enginehouse.programme.load import load_programme

STARTER = Path(enginehouse.__file__).parent / "programmes" / "starter"
PROTOCOL = "cycles/first/protocol.yaml"
INDICATOR = "indicators/metered-dose-inhaler-share.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the starter programme."""
    return Path(shutil.copytree(STARTER, tmp_path / "programme"))


@pytest.fixture
def trial(folder: Path) -> Path:
    """The starter programme made into one with a trial, messages, evidence, candidates and a contract."""
    shutil.rmtree(folder / "cycles")
    return Path(shutil.copytree(Path(__file__).parent / "trial", folder, dirs_exist_ok=True))


@pytest.fixture
def spoil(folder: Path) -> Callable[[str, str, str], str]:
    """Replace the only place of a text in a file, load the folder, and return what is said, without the folder's path."""
    return spoiler(folder)


@pytest.fixture
def spoil_trial(trial: Path) -> Callable[[str, str, str], str]:
    """The same for the folder with a trial."""
    return spoiler(trial)


def spoiler(folder: Path) -> Callable[[str, str, str], str]:
    def spoilt(file: str, old: str, new: str) -> str:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(Problems) as found:
            load_programme(folder)
        return str(found.value).replace(f"{folder}/", "")

    return spoilt
