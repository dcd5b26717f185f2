"""A full disk, played by the kernel's limit on file size: a plain message, and nothing half recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from enginehouse.ledger.record import Record
from enginehouse.ledger.verify import verify

resource = pytest.importorskip("resource", reason="limits on file size are set through the POSIX call")

# One event fits; then the limit comes down and another is tried; then it is lifted and a third follows.
SCRIPT = """
import json, resource, sys
from datetime import date
from pathlib import Path
from enginehouse.core.errors import MachineError
from enginehouse.ledger.events import CycleSuspended
from enginehouse.ledger.record import Record

record, limit, length = Record(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])

def suspend(reason, document):
    return record.record(CycleSuspended(reason=reason), actor="ann", effective_on=date(2026, 3, 1), documents=[document])

_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
first = suspend("first", b"first") if sys.argv[4] == "begun" else None
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
try:
    suspend("x" * length, b"y" * length)
    report = {"message": None}
except MachineError as error:
    report = {"message": str(error), "exit_code": error.exit_code}
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
report["events"] = sum(1 for _ in record.store.events())
third = suspend("third", b"third")
print(json.dumps(report))
"""


def run(folder: Path, *, limit: int, length: int, begun: bool = True) -> dict[str, Any]:
    arguments = [str(folder), str(limit), str(length), "begun" if begun else "new"]
    done = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def assert_sound(folder: Path, *, events: int, left: int) -> None:
    record = Record(folder)
    found = verify(record)
    assert (found.problems, found.events, found.unnamed_documents) == ((), events, left)
    assert not list(record.documents.folder.glob("*.partial"))
    record.sweep()
    assert verify(record).unnamed_documents == 0


def test_no_room_for_a_document(tmp_path: Path) -> None:
    report = run(tmp_path, limit=50_000, length=60_000)
    assert report["message"].startswith(str(tmp_path / "documents"))
    assert "could not write the file: File too large. Free some disk space" in report["message"]
    assert (report["exit_code"], report["events"]) == (6, 1)
    assert_sound(tmp_path, events=2, left=0)


def test_no_room_for_the_event(tmp_path: Path) -> None:
    """The document fits; the same length again in the ledger, with its log and its index, does not."""
    report = run(tmp_path, limit=60_000, length=58_000)
    assert report["message"].startswith(str(tmp_path / "ledger.sqlite"))
    assert "could not read or write the record (disk I/O error). Free some disk space" in report["message"]
    assert report["message"].endswith("Nothing was recorded.")
    assert (report["exit_code"], report["events"]) == (6, 1)
    assert_sound(tmp_path, events=2, left=1)


def test_no_room_to_begin_a_record(tmp_path: Path) -> None:
    report = run(tmp_path, limit=2_000, length=10, begun=False)
    assert "Free some disk space" in report["message"]
    assert (report["exit_code"], report["events"]) == (6, 0)
    assert_sound(tmp_path, events=1, left=0)


@pytest.mark.parametrize("limit", range(1_000, 80_000, 5_500))
def test_wherever_the_room_ends_an_event_is_recorded_whole_or_not_at_all(tmp_path: Path, limit: int) -> None:
    report = run(tmp_path, limit=limit, length=20_000)
    was_recorded = report["message"] is None
    assert report["events"] == 1 + was_recorded
    found = verify(Record(tmp_path))
    assert (found.problems, found.events) == ((), 2 + was_recorded)
