"""Run by test_killed.py in a process of its own: `python killing.py KIND FOLDER POINTS SEED [careless]`; reports in JSON.

A child process records three events with two documents each and says on a pipe what was acknowledged. It is killed at
one point; then the record it leaves behind must be sound, hold everything that was acknowledged, and take new events.
This is repeated for hundreds of points, each child forked from one process that has imported everything already.

Kinds, by where death strikes:
  calls   before and after each call by which a document or a folder reaches the disk (open, fsync, rename, chmod),
          and before and after each connection to the ledger
  steps   inside SQLite, before single steps of its virtual machine, from opening the file to COMMIT
  bytes   inside a write, of a document or of SQLite, at a given byte of the file: the kernel's limit on file size kills
  clock   at any time at all: SIGKILL from outside

With `careless`, the event is recorded before its documents, to show that such a mistake would be found.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.documents import DocumentStore
from enginehouse.ledger.event import Event, Head
from enginehouse.ledger.events import CycleSuspended, Payload
from enginehouse.ledger.record import Record
from enginehouse.ledger.sqlite import SqliteLedger
from enginehouse.ledger.verify import verify

EVENTS = 3
LENGTH = 40_000  # of a document and of a payload: several pages of SQLite each
Arm = Callable[[int], None]
"""Set up this process so that it dies at the point of this number."""


def documents_of(number: int) -> list[bytes]:
    return [f"{number} {name}".encode().ljust(LENGTH, b".") for name in ("first", "second")]


def act(folder: Path, acknowledge: Callable[[str], None]) -> None:
    """What the child does until it dies."""
    record = Record(folder)
    for number in range(EVENTS):
        event = record.record(
            CycleSuspended(reason=f"{number} ".ljust(LENGTH, "x")),
            actor="ann",
            effective_on=date(2026, 3, 1),
            cycle="first",
            documents=documents_of(number),
        )
        acknowledge(str(event.head))


def faults_after(folder: Path, acknowledged: list[Head]) -> list[str]:
    """What is wrong with the record that a dead process left behind. Nothing may be."""
    record, before = Record(folder), len(acknowledged)
    found = verify(record, head=acknowledged[-1] if acknowledged else None)
    faults = list(found.problems)
    # The event in hand may have been recorded although nobody was told; nothing else may.
    if found.events not in (before, before + 1):
        faults.append(f"{before} events were acknowledged, {found.events} are there")
    if [event.head for event in record.store.events()][:before] != acknowledged:
        faults.append("what was acknowledged is not what is there")
    named = {sha256_hex(content) for number in range(before) for content in documents_of(number)}
    faults += [f"document {name} was lost" for name in named if record.documents.fault(name)]
    return faults + faults_of_going_on(record, found.events)


def faults_of_going_on(record: Record, events: int) -> list[str]:
    record.sweep()
    event = record.record(CycleSuspended(reason="on"), actor="bob", effective_on=date(2026, 3, 2), documents=[b"new"])
    found = verify(record, head=event.head)
    faults = list(found.problems)
    if (found.events, found.unnamed_documents) != (events + 1, 0):
        faults.append(f"after a sweep and one more event: {found}")
    return faults


def be_careless() -> None:
    append = SqliteLedger.append

    def record_first(store: SqliteLedger, payload: Payload, **settings: Any) -> Event:
        put_documents = settings.pop("prepare")
        event = append(store, payload, **settings)
        put_documents()
        return event

    SqliteLedger.append = record_first  # type: ignore[method-assign]
    DocumentStore.put, put = lambda _, content: sha256_hex(content), DocumentStore.put  # type: ignore[assignment]
    Record._put_again = lambda record, contents: [put(record.documents, content) for content in contents] and None  # type: ignore[assignment]


# --- dying -----------------------------------------------------------------------------------------------------------


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


class Countdown:
    """Dies when it has been called `at` times; counts only where `at` is negative."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0

    def tick(self) -> None:
        if self.count == self.at:
            die()
        self.count += 1

    def around(self, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def call(*args: Any, **settings: Any) -> Any:
            self.tick()
            result = original(*args, **settings)
            self.tick()
            return result

        setattr(owner, name, call)


def at_calls(countdown: Countdown) -> None:
    for name in ("open", "fsync", "replace", "chmod", "mkdir"):
        countdown.around(os, name)
    countdown.around(sqlite3, "connect")


def at_steps(countdown: Countdown) -> None:
    connect = sqlite3.connect

    def connect_counting(*args: Any, **settings: Any) -> sqlite3.Connection:
        connection = connect(*args, **settings)
        connection.set_progress_handler(countdown.tick, 1)
        return connection

    sqlite3.connect = connect_counting  # type: ignore[assignment]


def arm_bytes(limit: int) -> None:
    """A write beyond `limit` bytes of any file is fatal; up to there it is done, so files are torn at that byte."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


COUNTED: dict[str, Callable[[Countdown], None]] = {"calls": at_calls, "steps": at_steps}


# --- one child, and all of them --------------------------------------------------------------------------------------


def run_child(folder: Path, arm: Callable[[], None], kill_after: float | None = None) -> tuple[list[Head], bool]:
    """Fork, arm, act. Returns what was acknowledged, and whether the child was killed before it had done."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        arm()
        act(folder, lambda line: os.write(writing, f"{line}\n".encode()) and None)
        if kill_after is not None:
            signal.pause()
        os._exit(0)
    os.close(writing)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading) as pipe:
        acknowledged = [Head.parse(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit("the child failed instead of being killed")
    return acknowledged, os.WIFSIGNALED(status)


def count_points(kind: str, folder: Path) -> int:
    """How many points there are: for counted kinds by counting, for bytes the size of the largest file."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        countdown = Countdown(-1)
        COUNTED.get(kind, lambda _: None)(countdown)
        act(folder, lambda _: None)
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        os.write(writing, str(countdown.count if kind in COUNTED else max(sizes)).encode())
        os._exit(0)
    os.close(writing)
    os.wait()
    with os.fdopen(reading) as pipe:
        return int(pipe.read())


def choose(total: int, points: int, rng: random.Random) -> list[int]:
    """All points where there are few enough, else one at random from each of as many equal parts."""
    if total <= points:
        return list(range(total))
    edges = [part * total // points for part in range(points + 1)]
    return [rng.randrange(low, high) for low, high in itertools.pairwise(edges)]


def strike(kind: str, point: int, folder: Path, whole_run: float) -> tuple[list[Head], bool]:
    if kind == "clock":
        return run_child(folder, lambda: None, kill_after=point / 1000 * whole_run)
    if kind == "bytes":
        return run_child(folder, lambda: arm_bytes(point))
    return run_child(folder, lambda: COUNTED[kind](Countdown(point)))


def main() -> None:
    kind, base, points, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    if sys.argv[5:] == ["careless"]:
        be_careless()
    started = time.perf_counter()
    total = count_points(kind, base / "rehearsal")
    whole_run = time.perf_counter() - started
    killed, acknowledged_counts, failures = 0, set(), []
    for point in choose(1000 if kind == "clock" else total, points, random.Random(seed)):
        folder = base / "record"
        acknowledged, was_killed = strike(kind, point, folder, whole_run)
        killed += was_killed
        acknowledged_counts.add(len(acknowledged))
        failures += [f"{kind} {point}: {fault}" for fault in faults_after(folder, acknowledged)]
        shutil.rmtree(folder)
    print(
        json.dumps({"killed": killed, "acknowledged": sorted(acknowledged_counts), "failures": failures, "of": total})
    )


if __name__ == "__main__":
    main()
