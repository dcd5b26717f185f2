"""Sums that are kept between builds: the same as those made anew, never out of date, never half."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from enginehouse.indicators import from_prescribing, kept_sums
from enginehouse.indicators.cube import SlotSums, code_classes
from enginehouse.indicators.from_prescribing import PrescribingRows, sums_by_site
from enginehouse.indicators.kept_sums import KeptSums, RowsOfFile, names_of_sums
from enginehouse.programme.indicator import Codes, Indicator

Row = tuple[str, str, str, int, float]
Write = Callable[[Sequence[Row]], tuple[list[Path], pa.Table, pa.Table]]
SEPTEMBER, OCTOBER = "2017-09-01", "2017-10-01"
ROWS: tuple[Row, ...] = (
    ("A", "0501080W0AAAEAE", SEPTEMBER, 3, 1.0),
    ("B", "0501080W0AAAEAE", SEPTEMBER, 7, 2.0),
    ("A", "0501130R0AAABAB", OCTOBER, 5, 3.0),
    ("B", "0501080W0AAAEAE", OCTOBER, 2, 3.0),
)


def codes(*patterns: str, total: str = "items") -> Codes:
    return Codes.model_validate({"sum": total, "bnf_codes": list(patterns)})


def indicator(name: str, numerator: Codes, denominator: Codes) -> Indicator:
    sides = {"numerator": numerator.model_dump(mode="json"), "denominator": denominator.model_dump(mode="json")}
    text = dict.fromkeys(("title", "short_title", "why_it_matters", "unit", "per", "gap_unit", "authored_by"), "x")
    fixed = {
        "schema": 1,
        "version": 1,
        "status": "published",
        "direction": "lower-is-better",
        "numerator_kind": "count",
    }
    days = {"checked_by": "x", "date_reviewed": date(2026, 1, 1), "next_review": date(2027, 1, 1)}
    return Indicator.model_validate({**text, **fixed, **days, "id": name, "from": {"prescribing": sides}})


ALL = codes("0501")
ONE = indicator("one", codes("0501080W0"), ALL)
OTHER = indicator("other", codes("0501130R0"), ALL)


@pytest.fixture
def added_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were added up, in order."""
    seen: list[str] = []
    really = from_prescribing.read_cube

    def noting(paths: Sequence[Path], *args: Any, **kwargs: Any) -> Any:
        seen.extend(path.stem for path in paths)
        return really(paths, *args, **kwargs)

    monkeypatch.setattr(from_prescribing, "read_cube", noting)
    return seen


@pytest.fixture
def rows_of(write_rows: Write) -> Callable[[Sequence[Row]], PrescribingRows]:
    """Rows as they lie in a warehouse; each file is named by its rows."""

    def make(rows: Sequence[Row]) -> PrescribingRows:
        paths, code_table, practices = write_rows(rows)
        keys = code_table["code_key"].combine_chunks()
        contents = [f"{[row for row in rows if row[2] == path.stem]}" for path in paths]
        sites = {key: f"ods:{name}" for key, name in enumerate(practices["practice"].to_pylist())}
        files = tuple(RowsOfFile(content, len(keys)) for content in contents)
        return PrescribingRows(tuple(paths), keys, code_table["bnf_code"].combine_chunks(), sites, files)

    return make


RowsOf = Callable[[Sequence[Row]], PrescribingRows]


def test_what_is_kept_is_what_would_be_made(rows_of: RowsOf, tmp_path: Path, added_up: list[str]) -> None:
    rows, kept = rows_of(ROWS), KeptSums(tmp_path / "sums")
    plain, account = sums_by_site(rows, [ONE, OTHER])
    for _ in range(3):
        again, said = sums_by_site(rows, [ONE, OTHER], kept=kept)
        assert again.table.equals(plain.table)
        assert (again.slots, said) == (plain.slots, account)
    assert added_up == [SEPTEMBER, OCTOBER] * 2  # without what is kept, and the first time with it


def test_a_new_month_is_added_up_alone(rows_of: RowsOf, tmp_path: Path, added_up: list[str]) -> None:
    kept = KeptSums(tmp_path / "sums")
    early = rows_of(ROWS)
    sums_by_site(early, [ONE], kept=kept)
    added_up.clear()
    # A code and a practice that nobody had before: their keys are new, and those of the others stay.
    late = rows_of([*ROWS, ("Z", "0501130R0ZZZZZZ", "2017-11-01", 9, 1.0)])
    late = replace(late, files=(*early.files, late.files[-1]))
    found, _ = sums_by_site(late, [ONE], kept=kept)
    assert added_up == ["2017-11-01"]
    assert found.table.equals(sums_by_site(late, [ONE])[0].table)


@pytest.mark.parametrize("changed", ["rows", "indicator", "sum", "codes"])
def test_whatever_changes_is_added_up_anew(rows_of: RowsOf, tmp_path: Path, added_up: list[str], changed: str) -> None:
    kept = KeptSums(tmp_path / "sums")
    rows = rows_of(ROWS)
    sums_by_site(rows, [ONE], kept=kept)
    added_up.clear()
    changes, mine = None, ONE
    if changed == "rows":
        rows = rows_of([("A", "0501080W0AAAEAE", SEPTEMBER, 4, 1.0), *ROWS[1:]])
    elif changed == "indicator":
        mine = OTHER
    elif changed == "sum":
        mine = indicator("one", codes("0501080W0", total="quantity"), ALL)
    else:
        changes = {"0501080W0AAAEAE": "0501130R0AAAEAE"}
    found, _ = sums_by_site(rows, [mine], code_changes=changes, kept=kept)
    assert added_up[0] == SEPTEMBER
    assert found.table.equals(sums_by_site(rows, [mine], code_changes=changes)[0].table)


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 2000])
def test_what_is_damaged_is_made_again(rows_of: RowsOf, tmp_path: Path, damage: bytes) -> None:
    rows, kept = rows_of(ROWS), KeptSums(tmp_path / "sums")
    whole, _ = sums_by_site(rows, [ONE], kept=kept)
    for path in kept.folder.iterdir():
        path.write_bytes(damage)
    assert sums_by_site(rows, [ONE], kept=kept)[0].table.equals(whole.table)
    names = names_of_sums(
        rows.files, code_classes(rows.codes, from_prescribing.slots_of([ONE])), rows.code_keys.to_numpy()
    )
    assert all(kept.get(name) is not None for name in names)


def test_sums_under_the_name_of_others_are_not_taken_for_them(tmp_path: Path) -> None:
    kept, numbers = KeptSums(tmp_path), np.array([1, 2])
    kept.put("one", SlotSums(practice=numbers, month=numbers, values=np.ones((2, 1))))
    (tmp_path / "other").write_bytes((tmp_path / "one").read_bytes())
    assert kept.get("other") is None
    assert kept.get("none") is None


def test_several_at_once_keep_and_read_whole_sums(rows_of: RowsOf, tmp_path: Path) -> None:
    rows, kept = rows_of(ROWS), KeptSums(tmp_path / "sums")
    plain, _ = sums_by_site(rows, [ONE])
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: sums_by_site(rows, [ONE], kept=kept)[0].table, range(18)))
    assert all(table.equals(plain.table) for table in found)
    assert len(list(kept.folder.iterdir())) == 2


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_sums, "MOST_KEPT", 2)
    kept, numbers = KeptSums(tmp_path), np.array([1])
    for age, name in enumerate(("new", "middle", "old")):
        kept.put(name, SlotSums(practice=numbers, month=numbers, values=np.ones((1, 1))))
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    kept.prune()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["middle", "new"]
