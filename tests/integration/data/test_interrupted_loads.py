"""A load that is killed at any moment, or meets a full disk, leaves nothing half-loaded and can be run again."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from enginehouse.data.snapshot import Snapshot
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.sources import Source

FILES, ROWS = 4, 30_000
HEAD = "YEAR_MONTH,PRACTICE_CODE,BNF_CODE,ITEMS,TOTAL_QUANTITY,ADQUSAGE,NIC,ACTUAL_COST,UNIDENTIFIED\n"

LOAD = """
import resource, sys
from pathlib import Path
from enginehouse.core.errors import UserError
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.sources import Source
folder, most_bytes = Path(sys.argv[1]), int(sys.argv[2])
if most_bytes:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
print("ready", flush=True)
try:
    snapshot = Warehouse(folder / "warehouse").load("epd", Source(kind="prescribing", path="EPD_*.csv"), base=folder)
except UserError as error:
    print(error)
    sys.exit(error.exit_code)
print(snapshot.id)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four months of generated rows whose sums are known."""
    for month in range(1, FILES + 1):
        numbers = random.Random(month)
        lines = [
            f"2017{month:02d},A8{n % 300:04d},{numbers.randrange(5000):09d}AAAAAA,{n % 7 + 1},{numbers.random():.6f},0,{numbers.random():.4f},1,N\n"
            for n in range(ROWS)
        ]
        (tmp_path / f"EPD_2017{month:02d}.csv").write_text(HEAD + "".join(lines))
    return tmp_path


def start(folder: Path, most_bytes: int = 0) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", LOAD, str(folder), str(most_bytes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def load(folder: Path) -> Snapshot:
    return Warehouse(folder / "warehouse").load("epd", Source(kind="prescribing", path="EPD_*.csv"), base=folder)


def check_whole(folder: Path, snapshot: Snapshot) -> None:
    """Every row of every file, by the sum of items that was written."""
    assert snapshot.rows == FILES * ROWS
    with Warehouse(folder / "warehouse").connect() as engine:
        assert engine.sql("SELECT sum(items), count(*) FROM epd").fetchall() == [
            (FILES * sum(n % 7 + 1 for n in range(ROWS)), FILES * ROWS)
        ]
        # Keys join to one code each: no key of a killed run has two meanings.
        codes, practices = (f"read_parquet('{snapshot.folder}/{name}.parquet')" for name in ("codes", "practices"))
        assert engine.sql(
            f"SELECT count(*), count(DISTINCT practice) FROM epd JOIN {codes} USING (code_key) JOIN {practices} USING (practice_key)"
        ).fetchall() == [(FILES * ROWS, 300)]


@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_at_random_moments(folder: Path, kills: int) -> None:
    moments = random.Random(20)
    interrupted = 0
    for _ in range(kills):
        process = start(folder)
        time.sleep(moments.uniform(0, 0.7))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        interrupted += process.returncode == -signal.SIGKILL
        latest = Warehouse(folder / "warehouse").latest("epd")
        if latest is not None:  # it had ended before the signal: then it is whole, and the next begins anew
            check_whole(folder, latest)
            shutil.rmtree(folder / "warehouse")
    assert interrupted
    check_whole(folder, load(folder))
    home = folder / "warehouse" / "snapshots" / "epd"
    assert sorted(path.name for path in home.iterdir()) == sorted([".lock", load(folder).id, "current"])


@pytest.mark.parametrize("most_bytes", [2_000, 200_000])
def test_a_full_disk(folder: Path, most_bytes: int) -> None:
    """The limit on a file's size stands in for a full disk: both fail the write."""
    process = start(folder, most_bytes)
    output, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert process.returncode == 6
    assert "could not write" in output
    assert "Free some disk space (or raise the file-size limit) and run the same command again" in output
    assert Warehouse(folder / "warehouse").latest("epd") is None
    check_whole(folder, load(folder))
