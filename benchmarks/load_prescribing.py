"""What a load of a month of prescribing costs, against DuckDB's own COPY of nine typed columns to Parquet (zstd).

    python benchmarks/load_prescribing.py --rows 2000000          # a national month has 18,000,000
    python benchmarks/load_prescribing.py --layout epd-snomed --broken 100

The file is generated (nothing in it is anyone's prescribing): 2,700 rows a practice, 24,000 codes, Latin-1 bytes in
names and, in the SNOMED layout, every cell quoted as published. The load includes what COPY does not do: checksum,
integer keys, months, the checks of every row, the quarantine. Each side runs in a process of its own; CPU seconds are
user and system time, memory is the peak of the process. The order alternates and the best of the repeats counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

ROWS_PER_PRACTICE = 2_700
CODES = 24_000
LAYOUTS = {"epd": ("BNF_CODE", "ADQUSAGE"), "epd-snomed": ("BNF_PRESENTATION_CODE", "ADQ_USAGE")}
NUMBERS = ("QUANTITY", "ITEMS", "TOTAL_QUANTITY", "ADQUSAGE", "ADQ_USAGE", "NIC", "ACTUAL_COST")


def generate(path: Path, rows: int, layout: str, broken: int) -> None:
    """Write a month in a published layout; `broken` of its rows have a word where a number should be."""
    code, adq = LAYOUTS[layout]
    every = max(1, rows // broken) if broken else 0
    items = f"CASE WHEN i % {every} = 7 THEN 'seven' ELSE (1 + h % 9)::VARCHAR END" if every else "(1 + h % 9)::INT"
    snomed = ", (h % 900000000000)::VARCHAR AS SNOMED_CODE" if layout == "epd-snomed" else ""
    query = f"""
        SELECT '{"2026-01" if snomed else "202401"}' AS YEAR_MONTH, 'NORTH EAST AND YORKSHIRE' AS REGIONAL_OFFICE_NAME,
            'Y63' AS REGIONAL_OFFICE_CODE, 'NHS NOWHERE INTEGRATED CARE BOARD' AS ICB_NAME, 'QWO' AS ICB_CODE,
            'NHS NOWHERE ICB - 03R' AS PCO_NAME, '03R00' AS PCO_CODE, 'SURGERY NUMBER ' || p AS PRACTICE_NAME,
            chr(65 + (p % 26)::INT) || lpad((80000 + p)::VARCHAR, 5, '0') AS PRACTICE_CODE,
            'THE HEALTH CENTRE' AS ADDRESS_1, 'HIGH STREET' AS ADDRESS_2, 'TOWN' AS ADDRESS_3, 'COUNTY' AS ADDRESS_4,
            'ZZ1 1ZZ' AS POSTCODE, '0407010H0' AS BNF_CHEMICAL_SUBSTANCE_CODE, 'Paracetamol' AS BNF_CHEMICAL_SUBSTANCE,
            lpad((h % {CODES})::VARCHAR, 9, '0') || 'AAAAAA' AS {code}, 'Paracetamol~500mg tablets' AS PRESENTATION,
            '04: Central Nervous System' AS BNF_CHAPTER_PLUS_CODE, (h % 300)::DOUBLE AS QUANTITY, {items} AS ITEMS,
            ((h % 300) * (1 + h % 9))::DOUBLE AS TOTAL_QUANTITY, ((h % 77) / 2)::DOUBLE AS {adq},
            round((h % 10000) / 100.0, 2) AS NIC, round((h % 10000) * 0.93 / 100.0, 5) AS ACTUAL_COST,
            'N' AS UNIDENTIFIED{snomed}
        FROM (SELECT i, i // {ROWS_PER_PRACTICE} AS p, hash(i) AS h FROM range({rows}) t(i))"""
    plain = path.with_suffix(".ascii")
    quote_all = ", FORCE_QUOTE *" if snomed else ""
    with duckdb.connect() as engine:
        engine.execute(f"COPY ({query}) TO '{plain}' (FORMAT csv, HEADER{quote_all})")
    to_latin_1 = bytes.maketrans(b"~", b"\xa0")
    with open(plain, "rb") as source, open(path, "wb") as target:
        while block := source.read(1 << 24):
            target.write(block.translate(to_latin_1))
    plain.unlink()


def copy_nine(path: Path, layout: str, into: Path, encoding: str) -> None:
    """The yardstick: DuckDB alone, given the types."""
    code, adq = LAYOUTS[layout]
    names = path.open(encoding="latin-1").readline().strip().replace('"', "").split(",")
    types = ", ".join(
        f"'{n}': '{'BIGINT' if n == 'ITEMS' else 'DOUBLE' if n in NUMBERS else 'VARCHAR'}'" for n in names
    )
    nine = f"YEAR_MONTH, PRACTICE_CODE, {code}, QUANTITY, ITEMS, TOTAL_QUANTITY, {adq}, NIC, ACTUAL_COST"
    reader = f"read_csv('{path}', columns = {{{types}}}, header = true, auto_detect = false, encoding = '{encoding}'"
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (SELECT {nine} FROM {reader}, delim = ',', quote = '\"', escape = '\"', ignore_errors = true)) "
            f"TO '{into / 'nine.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
        )


def load(path: Path, into: Path) -> None:
    """Ours: the whole of `Warehouse.load`."""
    from enginehouse.data.warehouse import Warehouse
    from enginehouse.programme.sources import Source

    source = Source(kind="prescribing", path=path.name, site_scheme="ods")  # type: ignore[arg-type]
    Warehouse(into).load("prescribing", source, base=path.parent)


def measured(side: str, args: argparse.Namespace, path: Path) -> dict[str, float]:
    """CPU seconds, wall seconds and peak megabytes of one side in a process of its own."""
    command = [sys.executable, __file__, "--run", side, "--file", str(path), "--layout", args.layout]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_side(args: argparse.Namespace) -> None:
    path = Path(args.file)
    import time

    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        if args.run == "load":
            load(path, Path(folder))
        else:
            copy_nine(path, args.layout, Path(folder), args.run)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "cpu": used.ru_utime + used.ru_stime,
                "wall": time.perf_counter() - started,
                "mb": used.ru_maxrss / 1024,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--layout", choices=LAYOUTS, default="epd-snomed")
    parser.add_argument("--broken", type=int, default=20, help="rows with a word for a number")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        run_side(args)
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        path = Path(folder) / "month.csv"
        generate(path, args.rows, args.layout, args.broken)
        print(f"{args.rows:,} rows, {args.layout}, {path.stat().st_size / 1e6:,.0f} MB")
        sides = ("latin-1", "utf-8", "load")
        runs = [{side: measured(side, args, path) for side in sides} for _ in range(args.repeats)]
    best = {side: {key: min(run[side][key] for run in runs) for key in ("cpu", "wall", "mb")} for side in sides}
    for side, label in zip(sides, ("COPY, Latin-1", "COPY, bytes as UTF-8", "Enginehouse load"), strict=True):
        b = best[side]
        print(f"{label:<22} {b['cpu']:7.2f} CPU s {b['wall']:7.2f} s {b['mb']:7.0f} MB")
    print(f"ratio to COPY in the same encoding (Latin-1): {best['load']['cpu'] / best['latin-1']['cpu']:.2f} (aim 1.5)")
    print(f"ratio to COPY that skips decoding:            {best['load']['cpu'] / best['utf-8']['cpu']:.2f}")


if __name__ == "__main__":
    main()
