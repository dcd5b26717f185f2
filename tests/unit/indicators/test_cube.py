"""Classes of codes, the cube, and the sums made from it: small cases that can be added up by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from enginehouse.indicators.cube import COLUMNS, UNUSED, Cube, code_classes, cube_expression, read_cube, slot_sums
from enginehouse.programme.indicator import Codes, Summand

Write = Callable[[Sequence[tuple[str, str, str, int, float]]], tuple[list[Path], pa.Table, pa.Table]]
OPIOID, STRONG = "0407010F0AAAHAH", "0407020A0AAAFAF"
OTHER = "0501080W0AAAEAE"


def codes(total: str, *patterns: str, weights: str | None = None) -> Codes:
    return Codes.model_validate({"sum": total, "bnf_codes": list(patterns), "weights": weights})


def test_codes_with_the_same_membership_and_weight_are_one_class() -> None:
    table = pa.array(["0407010F0AAAHAH", "0407010F0BSAAAH", "0407010F0AAAAAA", "0501080W0AAAEAE", "0501130R0AAABAB"])
    classes = code_classes(table, [codes("quantity", "0407", weights="ome"), codes("items", "0407", "0501080W0")])
    # Two co-codamol 30/500 (3 mg each), one 8/500 (0.8 mg), trimethoprim, and one that nobody asks for.
    assert classes.class_of.tolist() == [1, 1, 2, 3, UNUSED]
    assert classes.weights.tolist() == [[0, 0], [3.0, 1], [0.8, 1], [0, 1]]


def test_codes_without_a_weight_are_counted() -> None:
    table = pa.array(["0407010F0AAAHAH", "0407010F0AAAIAI"])
    classes = code_classes(table, [codes("quantity", "0407010F0", weights="ome"), codes("items", "0407010F0")])
    assert classes.unweighted == (1, 0)


def test_every_summand_has_a_column() -> None:
    assert set(COLUMNS) == set(Summand)


def test_sums_by_practice_and_month(write_rows: Write) -> None:
    paths, code_table, practices = write_rows(
        [
            ("A", STRONG, "2017-09-01", 2, 10.0),
            ("A", STRONG, "2017-09-01", 1, 5.0),
            ("A", OPIOID, "2017-09-01", 4, 400.0),
            ("A", STRONG, "2017-10-01", 7, 35.0),
            ("B", OTHER, "2017-09-01", 9, 90.0),
        ]
    )
    slots = [codes("items", "0407020A0%AF"), codes("items", "0407"), codes("quantity", "0407", weights="ome")]
    classes = code_classes(code_table["bnf_code"].combine_chunks(), slots)
    september, october = (
        slot_sums(cube, classes) for cube in read_cube(paths, classes, code_table["code_key"].to_numpy())
    )
    assert practices["practice"].to_pylist() == ["A", "B"]
    assert september.practice.tolist() == [0, 1]  # B prescribed, though nothing that is asked for: a zero, not a gap
    # Fentanyl 50 microgram patches are 360 mg each, co-codamol 30/500 3 mg: 15 * 360 + 400 * 3 = 6600.
    assert september.values.tolist() == [[3, 7, 6600.0], [0, 0, 0]]
    assert october.practice.tolist() == [0]
    assert october.values.tolist() == [[7, 7, 35 * 360.0]]


def test_fractions_add_up_alike_in_any_order(write_rows: Write) -> None:
    """0.1 added ten times in floating point is not 1; in hundred-thousandths it is."""
    rows = [("A", STRONG, "2017-09-01", 1, 0.1)] * 10
    paths, code_table, _ = write_rows(rows)
    classes = code_classes(code_table["bnf_code"].combine_chunks(), [codes("quantity", "0407")])
    (cube,) = read_cube(paths, classes, code_table["code_key"].to_numpy())
    assert slot_sums(cube, classes).values.tolist() == [[1.0]]


def test_the_order_of_the_cubes_rows_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    table = pa.array([OPIOID, STRONG, "0407010F0AAAAAA", OTHER])
    classes = code_classes(table, [codes("quantity", "0407", weights="ome"), codes("items", "0501")])
    rows = 200
    columns = {
        "practice": rng.integers(0, 9, rows),
        "month": rng.integers(17000, 17003, rows),
        "code_class": rng.integers(0, classes.count, rows),
    }
    sums = {s: rng.integers(0, 10**9, rows) for s in (Summand.QUANTITY, Summand.ITEMS)}
    shuffled = rng.permutation(rows)
    one = slot_sums(Cube(**columns, sums=sums), classes)
    other = slot_sums(
        Cube(**{k: v[shuffled] for k, v in columns.items()}, sums={s: v[shuffled] for s, v in sums.items()}), classes
    )
    assert one.practice.tolist() == other.practice.tolist()
    np.testing.assert_allclose(one.values, other.values, rtol=1e-12)


def test_no_rows_make_an_empty_cube(write_rows: Write) -> None:
    paths, code_table, _ = write_rows([("A", STRONG, "2017-09-01", 1, 1.0)])
    classes = code_classes(code_table["bnf_code"].combine_chunks(), [codes("items", "04")])
    duckdb.sql(f"COPY (SELECT * FROM '{paths[0]}' WHERE false) TO '{paths[0]}.empty' (FORMAT parquet)")
    (cube,) = read_cube([Path(f"{paths[0]}.empty")], classes, code_table["code_key"].to_numpy())
    assert slot_sums(cube, classes).values.shape == (0, 1)


def test_missing_numbers_add_nothing(tmp_path: Path) -> None:
    """Old files have no average daily quantities; the check of the data says so, the sum is 0."""
    path = tmp_path / "rows.parquet"
    duckdb.sql(
        f"""COPY (SELECT CAST(0 AS INTEGER) AS practice_key, CAST(0 AS INTEGER) AS code_key, DATE '2017-09-01' AS month,
        CAST(NULL AS DOUBLE) AS adq_usage) TO '{path}' (FORMAT parquet)"""
    )
    classes = code_classes(pa.array([STRONG]), [codes("adq-usage", "04")])
    (cube,) = read_cube([path], classes, np.array([0], dtype=np.int32))
    assert slot_sums(cube, classes).values.tolist() == [[0.0]]


def test_progress_is_told_for_each_file(write_rows: Write) -> None:
    paths, code_table, _ = write_rows([("A", STRONG, m, 1, 1.0) for m in ("2017-09-01", "2017-10-01")])
    classes = code_classes(code_table["bnf_code"].combine_chunks(), [codes("items", "04")])
    told: list[tuple[int, int]] = []
    read_cube(
        paths,
        classes,
        code_table["code_key"].to_numpy(),
        progress=lambda _m, done=0, total=0: told.append((done, total)),
    )
    assert told == [(0, 2), (1, 2), (2, 2)]


def other_engines_sql(dialect: str) -> str:
    import ibis

    rows = ibis.table(
        {"practice_key": "int32", "code_key": "int32", "month": "date", "items": "int64", "quantity": "float64"},
        name="prescribing",
    )
    classes = ibis.table({"code_key": "int32", "code_class": "int32"}, name="code_classes")
    return str(ibis.to_sql(cube_expression(rows, classes, [Summand.ITEMS, Summand.QUANTITY]), dialect=dialect))


@pytest.mark.parametrize("dialect", ["postgres", "trino", "bigquery", "snowflake", "mssql"])
def test_the_expression_compiles_for_other_engines(dialect: str) -> None:
    assert "SUM(" in other_engines_sql(dialect)


def test_another_engine_gives_the_same_cube(write_rows: Write) -> None:
    """SQLite runs the expression on the same rows; whole numbers make the sums equal, not merely close."""
    rng = np.random.default_rng(3)
    rows = [
        (
            "ABC"[rng.integers(3)],
            [OPIOID, STRONG, OTHER][rng.integers(3)],
            "2017-09-01",
            1,
            float(rng.integers(9999)) / 1000,
        )
        for _ in range(300)
    ]
    (path,), code_table, _ = write_rows(rows)
    slots = [codes("items", "0407"), codes("quantity", "0407", weights="ome"), codes("quantity", "05")]
    classes = code_classes(code_table["bnf_code"].combine_chunks(), slots)
    (cube,) = read_cube([path], classes, code_table["code_key"].to_numpy())
    with closing(sqlite3.connect(":memory:")) as other:
        other.execute("CREATE TABLE prescribing (practice_key, code_key, month, items, quantity)")
        stored = duckdb.sql(f"SELECT practice_key, code_key, CAST(month AS VARCHAR), items, quantity FROM '{path}'")
        other.executemany("INSERT INTO prescribing VALUES (?, ?, ?, ?, ?)", stored.fetchall())
        other.execute("CREATE TABLE code_classes (code_key, code_class)")
        other.executemany("INSERT INTO code_classes VALUES (?, ?)", enumerate(classes.class_of.tolist()))
        found = {(p, c): (i, q) for p, _, c, i, q in other.execute(other_engines_sql("sqlite"))}
    place = zip(cube.practice.tolist(), cube.code_class.tolist(), strict=True)
    sums = zip(cube.sums[Summand.ITEMS].tolist(), cube.sums[Summand.QUANTITY].tolist(), strict=True)
    assert dict(zip(place, sums, strict=True)) == found
