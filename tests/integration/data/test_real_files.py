"""Published files as they are: what DuckDB's one pass makes of them equals Python's csv module, row by row and in sum."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from enginehouse.core.months import Month
from enginehouse.data.list_sizes import read_extracts, read_list_sizes
from enginehouse.data.prescribing import read_keys
from enginehouse.data.register import build_register
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.totals import read_totals
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.sources import Source

SharedFile = Callable[[str], Path]
Load = Callable[..., Snapshot]

# The names of our four numbers in each published layout.
LAYOUTS = {
    "data/prescribing/epd_201709_4practices.csv.gz": (
        "EPD version 2", "PRACTICE_CODE", "BNF_CODE", ("ITEMS", "TOTAL_QUANTITY", "NIC", "ACTUAL_COST", "ADQUSAGE")),
    "data/prescribing/epd_snomed_202601_sample.csv": (
        "EPD with SNOMED", "PRACTICE_CODE", "BNF_PRESENTATION_CODE",
        ("ITEMS", "TOTAL_QUANTITY", "NIC", "ACTUAL_COST", "ADQ_USAGE")),
    "data/prescribing/pdpi_201410_fixture.csv": (
        "PDPI", "PRACTICE", "BNF CODE", ("ITEMS", "QUANTITY", "NIC", "ACT COST")),
}  # fmt: skip
OURS = ("items", "quantity", "nic", "actual_cost", "adq_usage")


@pytest.fixture
def load(shared_file: SharedFile, tmp_path: Path) -> Load:
    def run(file: str, kind: str, **settings: Any) -> Snapshot:
        path = shared_file(file)
        source = Source(kind=kind, path=path.name, site_scheme=settings.pop("site_scheme", "ods"), **settings)
        return Warehouse(tmp_path / "warehouse").load(path.name.split(".")[0], source, base=path.parent)

    return run


def by_hand(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="latin-1") if path.suffix == ".gz" else open(path, encoding="latin-1") as file:
        names = [name.strip() for name in next(csv.reader([file.readline()]))]
        yield from csv.DictReader(file, names)


@pytest.mark.parametrize("file", LAYOUTS)
def test_prescribing_sums_by_hand(file: str, load: Load, shared_file: SharedFile) -> None:
    layout, practice_column, code_column, numbers = LAYOUTS[file]
    rows, sums = 0, defaultdict(lambda: [Decimal(0)] * len(numbers))
    for row in by_hand(shared_file(file)):
        rows += 1
        key = row[practice_column].strip(), row[code_column].strip()
        sums[key] = [total + Decimal(row[name]) for total, name in zip(sums[key], numbers, strict=True)]

    snapshot = load(file, "prescribing")
    keys = read_keys(snapshot)
    with duckdb.connect() as engine:
        engine.register("codes", keys.codes)
        engine.register("practices", keys.practices)
        found = engine.sql(
            f"SELECT practice, bnf_code, {', '.join(f'sum({name})' for name in OURS[: len(numbers)])} "
            f"FROM read_parquet({[str(path) for path in keys.paths]}) JOIN codes USING (code_key) "
            "JOIN practices USING (practice_key) GROUP BY ALL"
        ).fetchall()
    assert (snapshot.rows, snapshot.quarantined, snapshot.files[0].layout) == (rows, 0, layout)
    assert {(practice, code) for practice, code, *_ in found} == set(sums)
    for practice, code, *values in found:
        assert values == pytest.approx([float(total) for total in sums[practice, code]], rel=1e-12)


def test_the_published_number_of_rows_practices_and_the_month(load: Load) -> None:
    """10,027 rows of four practices (data/README.md section 3)."""
    snapshot = load("data/prescribing/epd_201709_4practices.csv.gz", "prescribing")
    assert (snapshot.rows, snapshot.months) == (10_027, {"2017-09": 10_027})
    sites = read_keys(snapshot).practices.column("site").to_pylist()
    assert sorted(sites) == ["ods:B85010", "ods:B85054", "ods:L84018", "ods:L84073"]


def test_the_organisation_register_of_march_2017(load: Load, shared_file: SharedFile) -> None:
    path = shared_file("data/practices/epraccur_2017_03.csv.gz")
    with gzip.open(path, "rt", encoding="latin-1", newline="") as file:
        settings = Counter(row[25] for row in csv.reader(file))
    snapshot = load("data/practices/epraccur_2017_03.csv.gz", "epraccur")
    assert (snapshot.rows, snapshot.set_aside) == (settings["4"], settings.total() - settings["4"])


@pytest.mark.parametrize(
    ("file", "head"),
    [
        ("data/practices/gp-reg-pat-prac-all_2021_01.csv.gz", ("CODE", "NUMBER_OF_PATIENTS")),
        ("data/practices/gp-reg-pat-prac-quin-age_2017_09_4practices.csv", ("ORG_CODE", "NUMBER_OF_PATIENTS")),
    ],
)
def test_list_sizes_by_hand(file: str, head: tuple[str, str], load: Load, shared_file: SharedFile) -> None:
    code, patients = head
    rows = by_hand(shared_file(file))
    expected = {
        f"ods:{row[code]}": float(row[patients])
        for row in rows
        if row["SEX"] == "ALL" and row.get("AGE", row.get("AGE_GROUP_5")) == "ALL"
    }
    table = read_extracts(load(file, "list-sizes"))
    assert dict(zip(table.column("site").to_pylist(), table.column("patients").to_pylist(), strict=True)) == expected


def test_list_sizes_from_the_plain_table(load: Load) -> None:
    """845,757 practice-months of 9,357 codes, 12,315 of them zero (data/README.md section 4: all in 2015)."""
    columns = {"site": "practice", "month": "month", "patients": "list_size"}
    snapshot = load("data/practices/list_size_month_2015_2024.parquet", "list-sizes", columns=columns)
    table = read_extracts(snapshot)
    zero = [
        month
        for month, size in zip(*(table.column(n).to_pylist() for n in ("month", "patients")), strict=True)
        if not size
    ]
    assert len(table.column("site").unique()) == 9_357
    assert (len(zero), {month.year for month in zero}) == (12_315, {2015})
    assert read_list_sizes(snapshot).num_rows >= snapshot.rows


def test_campaign_totals_by_area(load: Load, shared_file: SharedFile) -> None:
    snapshot = load("reference/campaign/areas_by_month.csv", "totals", columns={"site": "area"}, site_scheme="area")
    table = read_totals(snapshot)
    found = {
        (row["indicator"], row["site"].removeprefix("area:"), f"{row['month']:%Y-%m}"): (
            row["numerator"],
            row["denominator"],
        )
        for row in table.to_pylist()
    }
    expected = {
        (row["indicator"], row["area"], row["month"]): (float(row["numerator"]), float(row["denominator"]))
        for row in by_hand(shared_file("reference/campaign/areas_by_month.csv"))
    }
    assert len(expected) == 5_049
    assert found == expected
    assert set(table.column("quality").to_pylist()) == {"ok"}


def test_the_practices_of_the_campaign(shared_file: SharedFile, tmp_path: Path) -> None:
    """West Yorkshire's ten commissioners in January 2018, through two maps of another month each."""
    folder = shared_file("data/practices")
    sources = {
        "practices": Source(
            kind="sites", path="practices.parquet", site_scheme="ods", columns={"site": "practice", "name": "name"},
            levels={"ccg": "ccg_2018_01", "region": "region"},
        ),
        "areas": Source(
            kind="practice-map", path="ccg_hierarchy_2018_2019.csv", columns={"member": "ccg_code", "month": "as_at"},
            values={"member_level": "ccg"}, levels={"stp": "stp_code"},
        ),
        "covariates": Source(
            kind="deprivation", path="practice_covariates.parquet", site_scheme="ods",
            columns={"site": "practice", "score": "imd_2015_score"}, values={"attribute": "imd_2015_score"},
        ),
    }  # fmt: skip
    warehouse = Warehouse(tmp_path / "warehouse")
    for name, source in sources.items():
        warehouse.load(name, source, base=folder)
    settings = ProgrammeSettings(schema=1, name="x", title="X", setting="X", price_year=2017, sources=sources)
    register = build_register(warehouse, settings)
    ten = ["02N", "02R", "02T", "02V", "02W", "03A", "03C", "03G", "03J", "03R"]
    january = Month(2018, 1)
    campaign = register.select({"ccg": ten}, {}, as_of=january)
    # 318 of them are in the panel of opioid prescribing (data/README.md section 4).
    assert 318 <= len(campaign) <= 325
    stps = register.groups("stp", as_of=january)
    assert {stps[site] for site in campaign} == {"E54000005"}  # all ten are in one partnership
    scores = register.attribute("imd_2015_score", campaign)
    assert 0 < scores[~(scores != scores)].min() < scores[~(scores != scores)].max() < 100
