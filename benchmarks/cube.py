"""Thirty indicators from one generated month of prescribing rows: through the cube, and by one query each.

    python benchmarks/cube.py                    3 million rows
    python benchmarks/cube.py --rows 18000000    a national month

Each plan runs in a process of its own, which reports its CPU seconds (all threads) and its peak memory. The queries are
written as an analyst would write them on the rows as published, codes as text; and once more on the integer keys that
the warehouse keeps. Rows stand practice by practice, as in the published files. All plans must give the same totals.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from enginehouse.indicators.cube import code_classes, read_cube, slot_sums
from enginehouse.programme.indicator import Codes

INDICATORS, CODES, PRACTICES, MONTH = 30, 26_000, 7_500, "2024-12-01"
SEED = 20241201


def codes_text() -> list[str]:
    """Codes of the published shape: chapter, section, paragraph, substance, product, strength."""
    rng = np.random.default_rng(SEED)
    found: set[str] = set()
    letters = "ABCDEFGH"
    while len(found) < CODES:
        chapter, section, paragraph = rng.integers(1, 15), rng.integers(1, 9), rng.integers(0, 4)
        substance = f"{letters[rng.integers(8)]}{rng.integers(0, 9)}"
        product = "AA" if rng.random() < 0.4 else f"B{letters[rng.integers(8)]}"
        strength = f"A{chr(65 + rng.integers(26))}"
        found.add(f"{chapter:02d}{section:02d}{paragraph:02d}0{substance}{product}{strength}{strength}")
    return sorted(found)


# How many patterns a definition lists: quantiles of the importable OpenPrescribing definitions of January 2020.
NUMERATOR_LENGTHS = (1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 7, 16, 21, 25, 33)
DENOMINATOR_LENGTHS = (1, 1, 2, 2, 2, 3, 3, 4, 8, 9, 9, 21, 33, 38, 60)


def slots() -> list[Codes]:
    """A numerator and a denominator for each indicator: a prefix, or strengths of a substance whatever the brand."""
    rng = np.random.default_rng(SEED + 1)
    codes = codes_text()

    def patterns(length: int) -> list[str]:
        some = [codes[i] for i in rng.choice(CODES, length, replace=False)]
        return [some[0][:4]] if length == 1 else [f"{code[:9]}%{code[-2:]}" for code in some]

    made = []
    for number in range(INDICATORS):
        total = "quantity" if number % 3 == 2 else "items"
        numerator = patterns(NUMERATOR_LENGTHS[number % 15])
        denominator = [*numerator, *patterns(DENOMINATOR_LENGTHS[number % 15])]
        made.append(Codes.model_validate({"sum": total, "bnf_codes": numerator}))
        made.append(Codes.model_validate({"sum": total, "bnf_codes": denominator}))
    return made


def generate(folder: Path, rows: int) -> None:
    """The rows twice: as published (texts) and as the warehouse keeps them (integer keys), practice by practice."""
    codes = codes_text()
    pq.write_table(
        pa.table({"code_key": pa.array(range(CODES), pa.int32()), "bnf_code": codes}), folder / "codes.parquet"
    )
    popular = np.random.default_rng(SEED + 2).permutation(CODES).astype(np.int32)  # few codes make most of the rows
    with duckdb.connect() as db:
        db.register("popular", pa.table({"rank": pa.array(range(CODES), pa.int32()), "code_key": popular}))
        db.execute("SET preserve_insertion_order = false; SELECT setseed(0.5)")
        db.execute(
            f"""CREATE TABLE keyed AS SELECT practice_key, code_key, month, items, quantity, nic FROM (SELECT
                CAST(floor({PRACTICES} * random()) AS INTEGER) AS practice_key,
                CAST(floor({CODES} * pow(random(), 3)) AS INTEGER) AS rank, DATE '{MONTH}' AS month,
                CAST(1 + floor(-5 * ln(1 - random())) AS BIGINT) AS items,
                floor(2800 * random()) / 10 AS quantity, floor(10000 * random()) / 100 AS nic
            FROM range({rows})) JOIN popular USING (rank)"""
        )
        db.execute(f"CREATE VIEW codes AS SELECT * FROM '{folder / 'codes.parquet'}'")
        parquet = "(FORMAT parquet, COMPRESSION zstd)"
        db.execute(
            f"COPY (SELECT * FROM keyed ORDER BY practice_key, code_key) TO '{folder / 'keyed.parquet'}' {parquet}"
        )
        db.execute(
            f"""COPY (SELECT 'P' || lpad(CAST(practice_key AS VARCHAR), 5, '0') AS practice, bnf_code, month, items,
            quantity, nic FROM keyed JOIN codes USING (code_key) ORDER BY practice, bnf_code)
            TO '{folder / "text.parquet"}' {parquet}"""
        )


def condition(slot: Codes) -> str:
    return " OR ".join(f"bnf_code LIKE '{p if '%' in p else p + '%'}'" for p in slot.bnf_codes)


def by_cube(folder: Path) -> list[float]:
    codes = pq.read_table(folder / "codes.parquet")
    classes = code_classes(codes["bnf_code"].combine_chunks(), slots())
    (cube,) = read_cube([folder / "keyed.parquet"], classes, codes["code_key"].combine_chunks().to_numpy())
    return [float(v) for v in slot_sums(cube, classes).values.sum(axis=0)]


def by_queries(folder: Path, *, keyed: bool) -> list[float]:
    """One query for each indicator, numerator and denominator together."""
    totals = []
    wanted = slots()
    site = "practice_key" if keyed else "practice"
    with duckdb.connect() as db:
        source = f"'{folder / 'text.parquet'}'"
        if keyed:
            db.execute(f"CREATE TABLE codes AS SELECT * FROM '{folder / 'codes.parquet'}'")
            source = f"'{folder / 'keyed.parquet'}' JOIN codes USING (code_key)"
        for numerator, denominator in zip(wanted[::2], wanted[1::2], strict=True):
            top, bottom = condition(numerator), condition(denominator)
            result = db.sql(
                f"""SELECT {site}, month, sum({numerator.sum.value}) FILTER ({top}) AS n,
                sum({denominator.sum.value}) FILTER ({bottom}) AS d
                FROM {source} WHERE ({top}) OR ({bottom}) GROUP BY ALL"""
            ).to_arrow_table()
            for column in ("n", "d"):
                values = result[column].cast(pa.float64()).to_numpy()
                totals.append(float(np.nansum(values)))
    return totals


PLANS = {
    "cube": by_cube,
    "query each, codes as text": lambda folder: by_queries(folder, keyed=False),
    "query each, integer keys": lambda folder: by_queries(folder, keyed=True),
}


def run_here(plan: str, folder: Path) -> None:
    start = time.process_time()
    totals = PLANS[plan](folder)
    seconds = time.process_time() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_seconds": seconds, "peak_mb": peak_mb, "totals": totals}))


def run_apart(plan: str, folder: Path) -> dict[str, object]:
    command = [sys.executable, __file__, "--plan", plan, "--folder", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(answer.stdout))


def compare(rows: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"Generating {rows:,} rows ...")
        # In a process of its own: a process started from a big one is counted as big.
        subprocess.run([sys.executable, __file__, "--generate", "--rows", str(rows), "--folder", name], check=True)
        results = {plan: run_apart(plan, folder) for plan in PLANS}
    for plan, result in results.items():
        np.testing.assert_allclose(result["totals"], results["cube"]["totals"], rtol=1e-9, err_msg=plan)  # type: ignore[arg-type]
    print(f"{INDICATORS} indicators ({2 * INDICATORS} sums) by practice and month from {rows:,} rows; same totals.")
    least = float(results["cube"]["cpu_seconds"])  # type: ignore[arg-type]
    for plan, result in results.items():
        seconds, peak = float(result["cpu_seconds"]), float(result["peak_mb"])  # type: ignore[arg-type]
        print(f"  {plan:28} {seconds:8.2f} CPU s {seconds / least:6.1f} x {peak:7.0f} MB peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--plan", choices=PLANS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--generate", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.generate:
        generate(options.folder, options.rows)
    elif options.plan:
        run_here(options.plan, options.folder)
    else:
        compare(options.rows)


if __name__ == "__main__":
    main()
