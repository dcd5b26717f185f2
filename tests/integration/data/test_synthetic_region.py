"""The synthetic region is loaded like a real one, and what was put in on purpose is found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from enginehouse.core.months import Month
from enginehouse.data.checks import DataCheck, check_data
from enginehouse.data.register import build_register
from enginehouse.data.synthetic.parameters import RegionParameters
from enginehouse.data.synthetic.write import Truth, write_region
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.sources import Source

SMALL = RegionParameters(practices=24, areas=4, first_month=Month(2018, 10), months=30, sections=("5.1",), closures=0)
SOURCES = {
    "prescribing": {"kind": "prescribing", "path": ["raw/T*PDPI BNFT.CSV", "raw/EPD_*.csv"]},
    "practices": {"kind": "epraccur", "path": "raw/epraccur.csv"},
    "hierarchy": {"kind": "practice-map", "path": "raw/practice-map.csv"},
    "lists": {"kind": "list-sizes", "path": "raw/gp-reg-pat-prac-all_*.csv"},
    "deprivation": {"kind": "deprivation", "path": "raw/deprivation.csv"},
    "successors": {"kind": "successors", "path": "raw/successors.csv"},
}


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth, Warehouse, ProgrammeSettings]:
    folder = tmp_path_factory.mktemp("region")
    (folder / "raw").mkdir()
    truth = write_region(folder / "raw", SMALL)
    sources = {name: Source(site_scheme="ods", **source) for name, source in SOURCES.items()}
    settings = ProgrammeSettings(schema=1, name="x", title="X", setting="X", price_year=2020, sources=sources)
    warehouse = Warehouse(folder / "warehouse")
    for name, source in settings.sources.items():
        warehouse.load(name, source, base=folder)
    return folder, truth, warehouse, settings


def test_every_row_is_loaded_or_set_aside(region: tuple[Path, Truth, Warehouse, ProgrammeSettings]) -> None:
    _, truth, warehouse, _ = region
    snapshot = warehouse.latest("prescribing")
    assert snapshot is not None
    assert (snapshot.rows, snapshot.quarantined) == (truth.rows, truth.broken_rows)
    assert {file.layout for file in snapshot.files} == {"PDPI", "EPD version 2", "EPD with SNOMED"}
    assert len(snapshot.months) == SMALL.months


def test_the_register_knows_the_mergers(region: tuple[Path, Truth, Warehouse, ProgrammeSettings]) -> None:
    folder, _, warehouse, settings = region
    register = build_register(warehouse, settings)
    assert len(register.sites) == SMALL.practices
    written = (folder / "raw" / "successors.csv").read_text().splitlines()[1:]
    merged = {site.id: site for site in register.sites.values() if site.successor is not None}
    assert len(written) == len(merged) == SMALL.mergers
    for line in written:
        old, new, month = line.split(",")
        site = merged[f"ods:{old}"]
        assert (site.successor, site.closed) == (f"ods:{new}", Month.parse(month))
    assert len(set(register.groups("ccg", as_of=Month(2019, 1)).values())) == SMALL.areas


def test_the_checks_find_the_dirt(region: tuple[Path, Truth, Warehouse, ProgrammeSettings]) -> None:
    _, truth, warehouse, settings = region
    quality = check_data(warehouse, settings)
    quarantined = [finding for finding in quality.findings if finding.check is DataCheck.QUARANTINED]
    assert sum(finding.count for finding in quarantined) == truth.broken_rows
    [strangers] = [finding for finding in quality.findings if finding.check is DataCheck.UNKNOWN_SITES]
    assert strangers.examples == ("ods:UNIDENTIFIED", "ods:Z99901")
    assert not quality.errors
    json.dumps([finding.what for finding in quality.findings])
