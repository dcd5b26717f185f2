"""Snapshots: same bytes, same snapshot; converted files are used again; nothing half-loaded; files that contradict."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from enginehouse.core.errors import DataError, UserError
from enginehouse.data import loading
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.sources import Source

Load = Callable[..., Snapshot]
Rows = Callable[[Snapshot], list[dict[str, Any]]]

TOTALS = "indicator,site,month,numerator,denominator\n"
EPD = "YEAR_MONTH,PRACTICE_CODE,BNF_CODE,ITEMS,TOTAL_QUANTITY,ADQUSAGE,NIC,ACTUAL_COST,UNIDENTIFIED\n"


def month(text: str, *rows: str) -> str:
    return EPD + "".join(f"{text},{row},1,10,0,1,1,N\n" for row in rows)


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are really converted."""
    done: list[str] = []
    original = loading.ingest

    def counting(raw: Any, *args: Any, **kwargs: Any) -> Any:
        done.append(raw.label)
        return original(raw, *args, **kwargs)

    monkeypatch.setattr(loading, "ingest", counting)
    return done


def test_the_same_bytes_are_the_same_snapshot(load: Load, warehouse: Warehouse, conversions: list[str]) -> None:
    first = load("totals", TOTALS + "a,x,2017-09,1,2\n")
    told: list[str] = []
    again = load("totals", TOTALS + "a,x,2017-09,1,2\n")
    assert (first.already_loaded, again.already_loaded) == (False, True)
    assert again == first == warehouse.latest("source")
    assert conversions == ["source.csv"]
    source = Source(kind="totals", path="source.csv")
    warehouse.load(
        "source", source, base=warehouse.folder.parent, progress=lambda text, done=0, total=0: told.append(text)
    )
    assert told[-1] == f"source: already loaded as {first.id[:12]}"


def test_the_id_is_of_bytes_and_mapping_not_of_names(load: Load, tmp_path: Path) -> None:
    text = TOTALS + "a,x,2017-09,1,2\n"
    first = load("totals", {"one.csv": text})
    (tmp_path / "one.csv").unlink()
    assert load("totals", {"two.csv": text}).id == first.id
    assert load("totals", {"two.csv": text}, site_scheme="ods").id != first.id
    assert load("totals", {"two.csv": text}, disclosure="none", attribution="Somebody").id == first.id
    assert load("totals", {"two.csv": text + "a,y,2017-09,1,2\n"}).id != first.id


def test_going_back_to_old_bytes_makes_the_old_snapshot_current(load: Load, warehouse: Warehouse) -> None:
    old = load("totals", TOTALS + "a,x,2017-09,1,2\n")
    new = load("totals", TOTALS + "a,x,2017-09,1,3\n")
    assert warehouse.latest("source") == new
    assert load("totals", TOTALS + "a,x,2017-09,1,2\n").already_loaded
    assert warehouse.latest("source") == old


def test_a_new_month_converts_only_itself_and_keys_keep_their_meaning(
    load: Load, rows: Rows, conversions: list[str]
) -> None:
    first = load("prescribing", {"1.csv": month("201709", "A1,B", "A2,A")}, site_scheme="ods")
    files = {"1.csv": month("201709", "A1,B", "A2,A"), "2.csv": month("201710", "A3,A", "A1,C")}
    second = load("prescribing", files, site_scheme="ods")
    assert conversions == ["1.csv", "2.csv"]
    assert second.paths[0].stat().st_ino == first.paths[0].stat().st_ino  # the same file, not a copy
    practices = (second.folder / "keys" / "practices.txt").read_text().split()
    codes = (second.folder / "keys" / "codes.txt").read_text().split()
    found = [(practices[row["practice_key"]], codes[row["code_key"]]) for row in rows(second)]
    assert found == [("A1", "B"), ("A2", "A"), ("A3", "A"), ("A1", "C")]


def test_a_load_that_failed_half_way_shows_nothing_and_goes_on_from_there(
    load: Load, warehouse: Warehouse, conversions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = month("201709", "A1,B"), "nonsense\n1\n"
    with pytest.raises(DataError, match=r"2.csv\n  the file lacks"):
        load("prescribing", {"1.csv": good, "2.csv": bad})
    assert warehouse.latest("source") is None
    assert warehouse.snapshots() == {}
    snapshot = load("prescribing", {"1.csv": good, "2.csv": month("201710", "A2,C")})
    assert conversions == ["1.csv", "2.csv"]  # the first was not read again
    assert snapshot.rows == 2
    assert not (snapshot.folder.parent / ".partial").exists()


def test_a_load_that_failed_after_an_earlier_one_leaves_that_one_whole(
    load: Load, warehouse: Warehouse, rows: Rows, conversions: list[str]
) -> None:
    good = month("201709", "A1,B")
    first = load("prescribing", {"1.csv": good})
    with pytest.raises(DataError):
        load("prescribing", {"1.csv": good, "2.csv": month("201710", "A2,C"), "3.csv": "nonsense\n1\n"})
    latest = warehouse.latest("source")
    assert latest is not None
    assert latest.id == first.id
    assert len(rows(latest)) == 1
    second = load("prescribing", {"1.csv": good, "2.csv": month("201710", "A2,C"), "3.csv": month("201711", "A1,C")})
    assert conversions == ["1.csv", "2.csv", "3.csv"]  # neither what was loaded nor what was converted is read again
    assert [row["code_key"] for row in rows(second)] == [0, 1, 1]
    assert second.paths[0].stat().st_ino == first.paths[0].stat().st_ino


def test_a_converted_file_whose_keys_mean_something_else_is_not_used(
    load: Load, warehouse: Warehouse, conversions: list[str]
) -> None:
    good = month("201709", "A1,B")
    with pytest.raises(DataError):
        load("prescribing", {"1.csv": good, "2.csv": "nonsense\n1\n"})
    (warehouse.folder / "snapshots/source/.partial/keys/codes.txt").write_text("OTHER\n")
    load("prescribing", {"1.csv": good, "2.csv": month("201710", "A2,C")})
    assert conversions == ["1.csv", "1.csv", "2.csv"]


def test_two_files_with_the_same_content(load: Load) -> None:
    with pytest.raises(DataError, match=r"a.csv and b.csv are the same file under two names"):
        load("totals", {"a.csv": TOTALS + "a,x,2017-09,1,2\n", "b.csv": TOTALS + "a,x,2017-09,1,2\n"})


def test_a_month_in_two_files(load: Load) -> None:
    """A re-issued month beside the first issue would count every item twice."""
    files = {"EPD_1.csv": month("201709", "A1,B", "A2,B"), "EPD_1_v2.csv": month("201709", "A1,B", "A2,C")}
    with pytest.raises(DataError, match=r"EPD_1.csv and EPD_1_v2.csv both hold month 2017-09-01.*published last"):
        load("prescribing", files, site_scheme="ods")


def test_totals_that_two_files_both_hold(load: Load) -> None:
    files = {"a.csv": TOTALS + "a,x,2017-09,1,2\n", "b.csv": TOTALS + "a,x,2017-09,1,3\na,y,2017-09,1,3\n"}
    with pytest.raises(DataError, match=r"a.csv and b.csv both hold indicator a, site site:x, month 2017-09-01\."):
        load("totals", files)


def test_two_loads_at_once(load: Load, warehouse: Warehouse) -> None:
    home = warehouse.folder / "snapshots" / "source"
    home.mkdir(parents=True)
    with open(home / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="source source\n  another load of this source is running"):
            load("totals", TOTALS + "a,x,2017-09,1,2\n")


def test_a_file_that_changes_while_it_is_read(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = loading.ingest

    def appending(*args: Any, **kwargs: Any) -> Any:
        with open(tmp_path / "source.csv", "a") as file:
            file.write("a,y,2017-09,1,2\n")
        return original(*args, **kwargs)

    monkeypatch.setattr(loading, "ingest", appending)
    with pytest.raises(DataError, match="the file changed while it was being read"):
        load("totals", TOTALS + "a,x,2017-09,1,2\n")


def test_the_record_of_a_snapshot_can_be_read(load: Load) -> None:
    snapshot = load("totals", TOTALS + "a,x,2017-09,1,2\na,x,2017-13,1,2\n")
    record = json.loads((snapshot.folder / "snapshot.json").read_bytes())
    [file] = record["files"]
    assert (file["name"], file["rows"], file["quarantined"], file["months"]) == ("source.csv", 1, 1, {"2017-09": 1})
    assert snapshot.quarantine == snapshot.folder / "quarantine"


def test_views_named_after_sources(load: Load, warehouse: Warehouse) -> None:
    load("totals", TOTALS + "a,x,2017-09,1,2\n", name="my-totals")
    with warehouse.connect() as engine:
        assert engine.sql('SELECT site, numerator FROM "my-totals"').fetchall() == [("site:x", 1.0)]
