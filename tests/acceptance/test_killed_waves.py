"""Exactly one report for each site and wave, whatever is killed and run again.

Inside this process a run is stopped at every boundary between two effects (before and after the event, before, in and
after the writing of each file), and then hundreds of times at random; real processes are killed with SIGKILL as well.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import enginehouse as eh
from enginehouse.core.errors import NotAllowed
from enginehouse.core.ids import site_code
from enginehouse.cycle.record_of import open_record
from enginehouse.cycle.synthesise import region_of
from enginehouse.delivery.outbox import Outbox
from enginehouse.ledger.sqlite import SqliteLedger

OUT_BEFORE, OUT_SINCE = "ods:Z90007", "ods:Z90009"
"""Out of feedback before the wave was made, and after it was approved."""
REPORTS = 8
"""Of 12 practices one has yet to open, one is out of the draw, and two are out of feedback."""


class Killed(BaseException):
    """Like a kill, nothing that catches errors catches it."""


class Bomb:
    """Counts the boundaries that a run crosses, and goes off at the `at`-th."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.crossed = 0

    def arm(self, at: int | None) -> None:
        self.at, self.crossed = at, 0

    def tick(self) -> None:
        self.crossed += 1
        if self.crossed == self.at:
            raise Killed


@pytest.fixture(scope="module")
def approved(trial_in, tmp_path_factory):
    """A trial of a dozen practices whose first wave is approved, without what sending does not read."""
    trial = trial_in(tmp_path_factory.mktemp("killed") / "programme")
    eh.new_programme(trial.folder, template="head-to-head")
    trial.edit("cycles/facilitation/protocol.yaml", "accepted_share: 0.1", "accepted_share: 0.5")
    region = region_of(trial.folder, practices=24)
    region = replace(
        region, practices=12, areas=2, first_month=region.first_month + 12, months=24, events_from=14, events_until=21
    )
    eh.synthesise(trial.folder, region, until=eh.Month.parse("2025-03"))
    trial.load_raw("2025-04-02")
    for stage in ("registered", "recruiting", "prepared", "allocated", "approved"):
        trial.step(stage)
    trial.do("record_opt_out", "governance", "2025-06-13", OUT_SINCE, scope=eh.OptOutScope.FEEDBACK)
    return trial.folder


class Copy:
    """A copy of the approved wave's folder; its definitions are read once for all copies, its record is its own."""

    def __init__(self, opened, folder: Path) -> None:
        self.folder = folder
        self.workspace = replace(opened, programme=replace(opened.programme, folder=folder), record=open_record(folder))
        self.manager = eh.acting(opened, "manager", date(2025, 6, 14))
        self.outbox = folder / "outbox" / "facilitation"

    @property
    def wave(self):
        return self.workspace.state("facilitation").waves[0]

    @property
    def entries(self):
        manifest = json.loads(self.workspace.record.documents.get(self.wave.manifest))
        return {entry["site"]: entry for entry in manifest["entries"]}

    @property
    def placed(self) -> set[str]:
        return {path.name.replace("_", ":") for path in (self.outbox / "wave-01").iterdir() if path.is_dir()}

    def events(self, kind: str):
        return [event for event in self.workspace.record.store.events() if event.type == kind]

    def send(self, *, batch: int = 1) -> None:
        eh.send_wave(self.workspace, "facilitation", 1, by=self.manager, batch=batch)


@pytest.fixture(scope="module")
def opened(approved):
    return eh.open_workspace(approved)


@pytest.fixture
def copied(approved, opened, tmp_path):
    number = itertools.count()
    needless = shutil.ignore_patterns("raw", "output", "warehouse")
    return lambda: Copy(opened, Path(shutil.copytree(approved, tmp_path / f"copy{next(number)}", ignore=needless)))


@pytest.fixture
def bomb(monkeypatch) -> Bomb:
    """Put between any two effects of sending."""
    found = Bomb()

    def around(owner: object, name: str, *, after: bool = True) -> None:
        inner: Callable[..., object] = getattr(owner, name)

        def wrapped(*args, **options):
            found.tick()
            result = inner(*args, **options)
            if after:
                found.tick()
            return result

        monkeypatch.setattr(owner, name, wrapped)

    around(SqliteLedger, "append")
    around(Outbox, "_place_site")
    around(Path, "replace")
    around(shutil, "rmtree")
    around(os, "fsync", after=False)  # a file is written, and not there yet
    return found


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check(copy: Copy) -> None:
    """The record names every site once; the outbox has each report once and whole, and nothing else."""
    named = [site for event in copy.events("reports-sent") for site in event.payload.sites]
    entries = copy.entries
    expected = set(entries) - {OUT_SINCE}
    assert sorted(named) == sorted(expected)
    assert len(expected) == REPORTS
    assert OUT_BEFORE not in entries
    found = files_of(copy.outbox)
    assert found.pop("wave-01/manifest.csv")
    assert found == {
        f"wave-01/{site.replace(':', '_')}/{name}": digest
        for site in expected
        for name, digest in entries[site]["files"].items()
    }
    listed = (copy.outbox / "wave-01" / "manifest.csv").read_text("utf-8").splitlines()[1:]
    assert sorted(line.split(",")[0] for line in listed) == sorted(
        site_code(site) for site in expected for _ in range(2)
    )
    assert len(copy.events("delivery-started")) == 1


def test_a_wave_that_nobody_stops(copied):
    copy = copied()
    copy.send()
    check(copy)


def test_killed_at_every_boundary_and_run_again(copied, bomb):
    bomb.arm(None)
    copied().send(batch=2)
    boundaries = bomb.crossed
    assert boundaries > 80
    for at in range(1, boundaries + 1):
        copy = copied()
        bomb.arm(at)
        with pytest.raises(Killed):
            copy.send(batch=2)
        bomb.arm(None)
        copy.send(batch=3)
        check(copy)
        shutil.rmtree(copy.folder)


def test_killed_again_and_again_until_it_comes_through(copied, bomb):
    """Each run goes on for a few steps only. What left before is looked at again: two steps for each site."""
    rng, kills = random.Random(20250612), 0
    while kills < 200:
        copy = copied()
        for limit in itertools.count(1):
            bomb.arm(rng.randint(1, 12 + limit))
            try:
                copy.send(batch=rng.randint(1, 3))
            except Killed:
                kills += 1
                continue
            break
        bomb.arm(None)
        check(copy)
        shutil.rmtree(copy.folder)


def test_a_site_that_opts_out_between_two_runs_gets_none_unless_its_report_had_left(copied, bomb):
    copy = copied()
    bomb.arm(60)
    with pytest.raises(Killed):
        copy.send()
    bomb.arm(None)
    left = sorted(copy.wave.sent)
    waiting = sorted(set(copy.entries) - set(left) - {OUT_SINCE})
    governance = eh.acting(copy.workspace, "governance", date(2025, 6, 14))
    for site in (left[0], waiting[0]):
        eh.record_opt_out(copy.workspace, "facilitation", site, by=governance, scope=eh.OptOutScope.FEEDBACK)
    copy.send()
    assert left[0] in copy.wave.sent
    assert copy.wave.sent == {*left, *waiting[1:]}
    assert copy.placed == copy.wave.sent


def test_what_the_record_says_was_sent_is_in_the_outbox_when_delivery_ends_without_another_run(copied, bomb):
    """The event was written and its report was not placed: the end of delivery places it, and tells what is missing."""
    copy = copied()
    bomb.arm(4)  # the start of delivery (1, 2), the event of the first batch (3, 4)
    with pytest.raises(Killed):
        copy.send()
    bomb.arm(None)
    assert len(copy.wave.sent) == 1
    assert not copy.outbox.exists()
    ended = eh.start_follow_up(copy.workspace, "facilitation", by=copy.manager)
    assert ended.never_sent == (2, 3, 4, 5, 6)
    assert ended.halfway == (1,)
    assert copy.placed == copy.wave.sent
    with pytest.raises(NotAllowed, match="Delivery has ended"):
        copy.send()


SENDING = """
import sys
from enginehouse.cli.main import main
from enginehouse.cycle import send_wave
from enginehouse.ledger.sqlite import SqliteLedger
send_wave.send_wave.__kwdefaults__["batch"] = 1
append = SqliteLedger.append
def told(*args, **options):
    event = append(*args, **options)
    print("event", flush=True)
    return event
SqliteLedger.append = told
raise SystemExit(main(sys.argv[1:]))
"""


def kill_soon(folder: Path, rng: random.Random) -> bool:
    """Send in a process of its own, and kill it some time after some event. Whether it was killed before its end."""
    words = ["wave", "send", "facilitation", "1", "--as", "manager", "--on", "2025-06-14", "-p", str(folder)]
    with subprocess.Popen(
        [sys.executable, "-c", SENDING, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        for _ in range(rng.randint(1, 3)):
            child.stdout.readline()
        try:
            child.wait(timeout=rng.random() * 0.02)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        return child.wait() == -signal.SIGKILL


def chain_of_kills(copy: Copy, seed: int) -> int:
    rng, kills = random.Random(seed), 0
    while kill_soon(copy.folder, rng):
        kills += 1
        assert kills < 50
    copy.send()
    check(copy)
    return kills


def test_processes_killed_with_sigkill(copied):
    """In each run one to three reports leave: eight need some four runs."""
    assert sum(chain_of_kills(copied(), seed) for seed in range(2)) >= 5


@pytest.mark.slow
def test_many_processes_killed_with_sigkill(copied):
    assert sum(chain_of_kills(copied(), seed) for seed in range(10, 40)) >= 90
