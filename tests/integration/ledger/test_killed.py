"""A process killed at any moment loses nothing that it acknowledged and leaves nothing half done.

How the killing is done is in `killing.py`; here is how often, and that it did happen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KILLING = Path(__file__).with_name("killing.py")
SEED = 20260301

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes, which this system has not")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where that is possible: being killed, unlike a power cut, does not depend on the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as name:
        yield Path(name)


def kill(kind: str, folder: Path, points: int, *flags: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "error", str(KILLING), kind, str(folder), str(points), str(SEED), *flags]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    report: dict[str, Any] = json.loads(run.stdout)
    return report


@pytest.mark.parametrize(("kind", "points"), [("steps", 150), ("bytes", 150), ("clock", 30)])
def test_nothing_acknowledged_is_lost(kind: str, points: int, folder: Path) -> None:
    report = kill(kind, folder, points)
    assert report["failures"] == []
    assert report["killed"] >= 30
    if kind != "clock":  # how far a process comes in a given time is for the machine to say
        assert set(report["acknowledged"]) >= {0, 1, 2}, "death struck before, between and after acknowledged events"


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "points"), [("steps", 100_000), ("bytes", 3000), ("clock", 500)])
def test_nothing_acknowledged_is_lost_at_any_point_at_all(kind: str, points: int, folder: Path) -> None:
    assert kill(kind, folder, points)["failures"] == []


def test_nothing_acknowledged_is_lost_around_any_call(folder: Path) -> None:
    """Two documents for each of three events are synced and renamed, and their folder opened and synced.

    Were these calls no longer counted, nothing would be tested; so their number is.
    """
    report = kill("calls", folder, 1000)
    assert report["failures"] == []
    assert report["killed"] == report["of"] >= (3 * 2) * 4 * 2


def test_recording_an_event_before_its_documents_would_be_found(folder: Path) -> None:
    report = kill("calls", folder, 1000, "careless")
    assert any("its document" in failure and "is missing" in failure for failure in report["failures"])
