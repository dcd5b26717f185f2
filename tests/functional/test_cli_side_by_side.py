"""Work in several processes gives what it gives in one, is told in one order, and its errors arrive as they were."""

from __future__ import annotations

import time
from functools import partial

import pytest

from enginehouse.cli.demo import BEGUN, TURNS
from enginehouse.cli.side_by_side import run_side_by_side
from enginehouse.core.errors import DataError, Problem
from enginehouse.cycle.load_data import NotLoaded


def count(number, seconds, progress):
    progress("counting")
    time.sleep(seconds)
    progress(f"reached {number}")
    return number


def refuse(progress):
    progress("looking")
    raise NotLoaded([Problem("raw/a.csv", "it is empty.", "Fetch it again.")], [])


def fail(progress):
    raise ZeroDivisionError("a defect")


TOLD = "first:\n  counting\n  reached 1\nsecond:\n  counting\n  reached 2\nthird:\n  counting\n  reached 3\n"


@pytest.mark.parametrize("processes", [1, 2])
def test_what_ends_first_is_not_told_first(processes, capsys):
    work = {"first": partial(count, 1, 0.2), "second": partial(count, 2, 0), "third": partial(count, 3, 0)}
    assert run_side_by_side(work, processes=processes) == {"first": 1, "second": 2, "third": 3}
    assert capsys.readouterr().err == TOLD


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_a_user_arrives_whole(processes, capsys):
    work = {"first": partial(count, 1, 0), "second": refuse}
    with pytest.raises(DataError, match="Fetch it again") as refused:
        run_side_by_side(work, processes=processes)
    assert isinstance(refused.value, NotLoaded)
    assert (refused.value.exit_code, refused.value.loaded) == (3, ())


def test_a_defect_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError, match="a defect") as failed:
        run_side_by_side({"first": fail, "second": partial(count, 2, 0)}, processes=2)
    assert "in fail" in str(failed.value.__cause__)


def test_every_part_of_the_demo_has_its_turn_to_begin():
    assert sorted(BEGUN) == sorted(turn.name for turn in TURNS)


def test_parts_at_once_come_out_as_one_after_the_other(run, tmp_path, monkeypatch):
    """The practices' data are nowhere here, so that their part is quickly over."""
    monkeypatch.delenv("ENGINEHOUSE_SHARED", raising=False)
    monkeypatch.setenv("ENGINEHOUSE_DATA", str(tmp_path / "nowhere"))
    found = {}
    for cores in (1, 2):
        monkeypatch.setattr("enginehouse.cli.demo.cores", lambda cores=cores: cores)
        folder = tmp_path / str(cores)
        done = run("demo", "--only", "practices", "--only", "starter", "--folder", str(folder), "--json").json
        dossier = (folder / "starter/output/first-dossier.html").stat().st_size
        found[cores] = (done["verdicts"], list(done["missing"]), dossier)
    assert found[1] == found[2]
    assert found[1][0] == {"starter": "worthwhile"}
