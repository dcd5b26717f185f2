"""Real prescribing rows of September 2017 through the definitions of 2020, against the values published nationally."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml

from enginehouse.indicators.cube import code_classes, read_cube, slot_sums
from enginehouse.programme.indicator import Codes, Indicator

PUBLISHED_NAME = {
    "opioids-ome-per-patient": "opioidome",
    "high-dose-opioid-items-per-patient": "opioidper1000",
    "high-dose-opioid-share": "opioidspercent",
    "trimethoprim-share": "trimethoprim",
}

Sums = dict[str, dict[tuple[str, str], float]]


def shipped(checkout: Path, name: str) -> Indicator:
    path = checkout / "src/enginehouse/programmes/synthetic-region/indicators" / f"{name}.yaml"
    return Indicator.model_validate(yaml.safe_load(path.read_text()))


@pytest.fixture(scope="module")
def rows(shared_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows as the warehouse would keep them: integer keys, the code and practice tables beside."""
    folder = tmp_path_factory.mktemp("epd")
    db = duckdb.connect()
    source = shared_file("data/prescribing/epd_201709_4practices.csv.gz")
    db.execute(f"CREATE TABLE epd AS SELECT * FROM read_csv('{source}', all_varchar = true)")
    for table, key, column, name in (
        ("codes", "code_key", "BNF_CODE", "bnf_code"),
        ("practices", "practice_key", "PRACTICE_CODE", "practice"),
    ):
        db.execute(
            f"""CREATE TABLE {table} AS SELECT CAST(row_number() OVER (ORDER BY c) - 1 AS INTEGER) AS {key}, c AS {name}
            FROM (SELECT DISTINCT {column} AS c FROM epd)"""
        )
        db.execute(f"COPY (SELECT * FROM {table} ORDER BY {key}) TO '{folder / table}.parquet'")
    db.execute(
        f"""COPY (
            SELECT practice_key, code_key, DATE '2017-09-01' AS month, CAST(ITEMS AS BIGINT) AS items,
                   CAST(TOTAL_QUANTITY AS DOUBLE) AS quantity, CAST(NIC AS DOUBLE) AS nic,
                   CAST(ACTUAL_COST AS DOUBLE) AS actual_cost, CAST(ADQUSAGE AS DOUBLE) AS adq_usage
            FROM epd JOIN codes ON epd.BNF_CODE = codes.bnf_code JOIN practices ON PRACTICE_CODE = practice
        ) TO '{folder / "2017-09.parquet"}'"""
    )
    return folder


def compute(rows: Path, slots: list[Codes]) -> dict[tuple[str, int], float]:
    """Value of each slot for each practice, through the cube."""
    codes = duckdb.read_parquet(str(rows / "codes.parquet")).order("code_key").to_arrow_table()
    practices = duckdb.read_parquet(str(rows / "practices.parquet")).order("practice_key").to_arrow_table()
    classes = code_classes(codes.column("bnf_code").combine_chunks(), slots)
    (cube,) = read_cube([rows / "2017-09.parquet"], classes, codes.column("code_key").to_numpy())
    sums = slot_sums(cube, classes)
    names = practices.column("practice").to_pylist()
    return {
        (names[key], slot): float(sums.values[row, slot])
        for row, key in enumerate(sums.practice)
        for slot in range(len(slots))
    }


@pytest.fixture(scope="module")
def expected(shared_file: Callable[[str], Path]) -> dict[tuple[str, str], tuple[float, float]]:
    path = shared_file("data/prescribing/epd_201709_expected_measures.csv")
    found = duckdb.read_csv(str(path)).fetchall()
    return {
        (measure, practice): (numerator, float(denominator)) for measure, practice, _, numerator, denominator in found
    }


@pytest.mark.parametrize("name", PUBLISHED_NAME)
def test_definitions_of_2020_give_exactly_the_published_values(
    name: str, checkout: Path, rows: Path, expected: dict[tuple[str, str], tuple[float, float]]
) -> None:
    prescribing = shipped(checkout, name).measured_from.prescribing
    assert prescribing is not None
    sides = [s for s in (prescribing.numerator, prescribing.denominator) if isinstance(s, Codes)]
    values = compute(rows, sides)
    practices = {practice for measure, practice in expected if measure == PUBLISHED_NAME[name]}
    assert len(practices) == 4
    for practice in practices:
        published = expected[PUBLISHED_NAME[name], practice]
        computed = [values[practice, slot] for slot in range(len(sides))]
        # Exact, not near: items are whole numbers, and the published equivalence has one decimal.
        assert computed == list(published[: len(sides)]), practice


def test_without_the_override_the_oral_morphine_equivalence_is_not_the_published_one(
    checkout: Path, rows: Path, expected: dict[tuple[str, str], tuple[float, float]]
) -> None:
    """The override matters: (270 - 30) mg times the quantity of that patch is the whole difference."""
    patch = Codes.model_validate({"sum": "quantity", "bnf_codes": ["0407020A0%BW"]})
    ome = shipped(checkout, "opioids-ome-per-patient").measured_from.prescribing
    assert ome is not None
    values = compute(rows, [ome.numerator, patch])
    with_270 = {p: values[p, 0] + (270 - 30) * values[p, 1] for m, p in expected if m == "opioidome"}
    differ = [p for p, value in with_270.items() if value != expected["opioidome", p][0]]
    assert differ
    assert all(values[p, 1] > 0 for p in differ)


def test_one_pass_equals_a_query_for_each_indicator(checkout: Path, rows: Path) -> None:
    """A second implementation that works otherwise: SQL LIKE on the joined strings, no classes, no fixed point."""
    slots = []
    for name in PUBLISHED_NAME:
        prescribing = shipped(checkout, name).measured_from.prescribing
        assert prescribing is not None
        slots += [
            s for s in (prescribing.numerator, prescribing.denominator) if isinstance(s, Codes) and s.weights is None
        ]
    values = compute(rows, slots)
    for number, slot in enumerate(slots):
        like = " OR ".join(f"bnf_code LIKE '{p if '%' in p else p + '%'}'" for p in slot.bnf_codes)
        naive = duckdb.sql(
            f"""SELECT practice, SUM(CASE WHEN {like} THEN {slot.sum.value} ELSE 0 END) FROM '{rows}/2017-09.parquet'
            JOIN '{rows}/codes.parquet' USING (code_key) JOIN '{rows}/practices.parquet' USING (practice_key)
            GROUP BY practice"""
        ).fetchall()
        assert len(naive) == 4
        np.testing.assert_allclose([values[practice, number] for practice, _ in naive], [v for _, v in naive])
