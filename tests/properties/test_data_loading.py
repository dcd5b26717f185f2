"""Whatever a file holds, every record is a row, set aside, or in the quarantine, and a naive reader agrees which."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from enginehouse.core.errors import DataError
from enginehouse.core.months import Month
from enginehouse.data.list_sizes import MONTHS_AFTER_LAST, carry_forward
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.sources import Source

cells = st.one_of(
    st.sampled_from(["1", "2.5", "0", "-1", "", "x", "nan", "1e3", "007", " 4 ", "4.", "*"]),
    st.floats(0, 1e6).map(lambda value: f"{value:.4f}"),
)
months = st.sampled_from(["2017-09", "2017_10", "201711", "2017-13", "", "01DEC2017"])
sites = st.sampled_from(["A1", "A2", "", "é", "Surgery, North", 'a"b'])
records = st.lists(st.tuples(sites, months, cells, cells), max_size=30)


def read_naively(rows: list[list[str]]) -> dict[int, tuple[str, str, float, float]]:
    """The rows that fit by number, read cell by cell, duplicates not yet considered."""
    fits = {}
    for number, (site, month, numerator, denominator) in enumerate(rows, start=2):
        names = {"2017-09": "2017-09", "2017_10": "2017-10", "201711": "2017-11", "01DEC2017": "2017-12"}
        try:
            values = float(numerator), float(denominator)
        except ValueError:
            continue
        if site in ("A1", "A2") and month in names and all(math.isfinite(v) and v >= 0 for v in values):
            fits[number] = (f"site:{site}", names[month], *values)
    return fits


def without_duplicates(fits: dict[int, tuple[str, str, float, float]]) -> dict[int, tuple[str, str, float, float]]:
    by_key: dict[tuple[str, str], list[int]] = {}
    for number, row in fits.items():
        by_key.setdefault(row[:2], []).append(number)
    return {numbers[0]: fits[numbers[0]] for numbers in by_key.values() if len({fits[n] for n in numbers}) == 1}


@settings(max_examples=25, deadline=None)
@given(rows=records, quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), end=st.sampled_from(["\n", "\r\n"]))
def test_every_record_is_accounted_for(rows: list[tuple[str, str, str, str]], quoting: int, end: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(["site", "month", "numerator", "denominator"])
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "f.csv").write_bytes(text.getvalue().encode())
        source = Source(kind="totals", path="f.csv", values={"indicator": "i"})
        expected = without_duplicates(read_naively([list(row) for row in rows]))
        snapshot, refusal = None, ""
        try:
            snapshot = Warehouse(folder / "w").load("s", source, base=folder)
        except DataError as error:
            refusal = str(error)
        if snapshot is None:
            assert not expected
            assert "not one of the" in refusal or "no rows" in refusal
            return
        with duckdb.connect() as engine:
            kept = engine.read_parquet(str(snapshot.paths[0])).to_arrow_table().to_pylist()
            refused = [row for path in snapshot.quarantines for row in engine.read_parquet(str(path)).fetchall()]
        assert [(r["site"], f"{r['month']:%Y-%m}", r["numerator"], r["denominator"]) for r in kept] == list(
            expected.values()
        )
        numbers = {row for _, row, _, _ in refused}
        assert numbers == set(range(2, len(rows) + 2)) - set(expected)
        assert all(reason for _, _, reason, _ in refused)
        lines = text.getvalue().split(end)
        assert all(line == lines[row - 1] for _, row, _, line in refused)


@settings(max_examples=100)
@given(st.sets(st.tuples(st.sampled_from("abc"), st.integers(0, 14))))
def test_carrying_forward_agrees_with_going_month_by_month(counted: set[tuple[str, int]]) -> None:
    rows = sorted(counted)
    table = pa.table(
        {
            "site": pa.array([site for site, _ in rows], pa.string()),
            "month": pa.array([(Month(2017, 1) + n).first_day for _, n in rows], pa.date32()),
            "patients": pa.array([100.0 + n for _, n in rows]),
        }
    )
    found = {
        (row["site"], Month.of(row["month"]) - Month(2017, 1)): (row["patients"], row["quality"])
        for row in carry_forward(table).to_pylist()
    }
    extracts = {n for _, n in rows}
    expected = {}
    for site in "abc":
        own = [n for s, n in rows if s == site]
        for month in range(20):
            last = max((n for n in own if n <= month), default=None)
            if last is None:
                continue
            passed_over = any(last < n <= month for n in extracts) and not any(n > month for n in own)
            beyond = month > max(extracts) + MONTHS_AFTER_LAST
            if not passed_over and not beyond:
                expected[site, month] = (100.0 + last, "ok" if last == month else "carried")
    assert found == expected
