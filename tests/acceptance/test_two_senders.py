"""One wave, and several runs that send it at once: exactly one report for each site, and all of them in the outbox."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest

from enginehouse.cycle.send_wave import mirror_outbox
from enginehouse.delivery.outbox import Outbox

WORDS = ("wave", "send", "facilitation", "1", "--as", "manager", "--on", "2025-06-12", "--json")


def send(trial, batch: int):
    return trial.do("send_wave", "manager", "2025-06-12", 1, batch=batch)


def placed(trial) -> set[str]:
    folder = trial.folder / "outbox" / "facilitation" / "wave-01"
    return {path.name for path in folder.iterdir() if path.is_dir() and len(list(path.iterdir())) == 2}


def check(trial) -> None:
    sent = Counter(site for event in trial.events("reports-sent") for site in event.payload.sites)
    (wave,) = trial.state.waves
    assert len(sent) == wave.reports
    assert set(sent.values()) == {1}
    assert len(placed(trial)) == wave.reports
    assert len(trial.events("delivery-started")) == 1


def test_two_processes(trial_at):
    trial = trial_at("approved")
    command = [sys.executable, "-m", "enginehouse.cli.main", *WORDS, "-p", str(trial.folder)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    check(trial)


def test_threads_batch_by_batch(trial_at):
    trial = trial_at("approved")
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda batch: send(trial, batch), (3, 5, 7, 11)))
    (wave,) = trial.state.waves
    assert sum(run.sent_now for run in runs) == wave.reports
    assert sorted(run.sent_now + run.sent_before for run in runs) == [wave.reports] * 4
    check(trial)


def stop(*_progress) -> None:
    raise InterruptedError


def test_tidying_the_outbox_takes_nothing_away_that_a_run_places_meanwhile(trial_at, monkeypatch):
    """Half a wave has left. The end of delivery has read that, and tidies only after the rest has left, if it may."""
    trial, tidying = trial_at("approved"), Event()
    with pytest.raises(InterruptedError):
        trial.do("send_wave", "manager", "2025-06-12", 1, batch=20, progress=stop)
    mirror = Outbox.mirror

    def slowly(*args):
        if not tidying.is_set():
            tidying.set()
            sleep(1)
        return mirror(*args)

    monkeypatch.setattr(Outbox, "mirror", slowly)
    with ThreadPoolExecutor(2) as pool:
        ending = pool.submit(mirror_outbox, trial.workspace, "facilitation")
        assert tidying.wait(timeout=60)
        rest = pool.submit(send, trial, 20)
        ending.result()
        assert rest.result().sent_before == 20
    check(trial)
