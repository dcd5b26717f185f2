"""The synthetic region is deterministic, calibrated, dirty on purpose, and carries the effect that was planted."""

import csv
import json
from io import StringIO

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.data.synthetic.layouts import file_name
from enginehouse.data.synthetic.parameters import SECTIONS, PlantedEffect, RegionParameters
from enginehouse.data.synthetic.rates import area_drift, log_deviations, planted_ratios
from enginehouse.data.synthetic.region import make_region
from enginehouse.data.synthetic.rows import prescribing_rows, presentations
from enginehouse.data.synthetic.write import write_region

SMALL = RegionParameters(practices=12, areas=4, months=9, first_month=Month(2020, 5), mergers=1, closures=1, openings=1)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    return folder, write_region(folder, SMALL)


def test_the_same_seed_writes_the_same_bytes(raw, tmp_path):
    folder, _ = raw
    write_region(tmp_path, SMALL)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_months_are_written_in_the_layout_of_their_time():
    assert file_name(Month(2018, 12)) == "T201812PDPI BNFT.CSV"
    assert file_name(Month(2019, 1)) == "EPD_201901.csv"
    assert file_name(Month(2020, 11)) == "EPD_SNOMED_202011.csv"


def test_list_sizes_are_like_those_of_english_practices():
    # 6,250 practices, December 2024: log-normal 9.065, 0.591; 5th percentile 2,930, median 8,744, 95th 21,691.
    region = make_region(RegionParameters(practices=6000, areas=12, mergers=0, closures=0, openings=0))
    low, median, high = np.percentile(region.list_size[:, 0], [5, 50, 95])
    assert low == pytest.approx(2930, rel=0.15)  # the real lower tail is heavier than log-normal
    assert median == pytest.approx(8744, rel=0.05)
    assert high == pytest.approx(21691, rel=0.1)


def test_practices_vary_like_real_ones():
    # Log sd between practices 0.57, correlation with deprivation 0.40, month-to-month sd within a practice about 0.14.
    region = make_region(RegionParameters(practices=3000, areas=12, mergers=0, closures=0, openings=0))
    deviations = log_deviations(region, "4.7")
    level = deviations.mean(axis=1)
    assert level.std() == pytest.approx(0.57, rel=0.05)
    assert np.corrcoef(level, region.deprivation)[0, 1] == pytest.approx(0.40, abs=0.05)
    section = SECTIONS["4.7"]
    assert np.hypot(section.wander_sd, section.noise_sd) == pytest.approx(0.134, abs=0.001)


def test_area_drift_is_a_random_walk_of_the_stated_step():
    walk = area_drift(0.0025, 4000, 30, np.random.default_rng(1))
    assert np.diff(walk, axis=1).std() == pytest.approx(0.0025, rel=0.02)
    assert walk.mean(axis=1) == pytest.approx(np.zeros(4000), abs=1e-12)


def test_a_planted_effect_moves_the_expected_values_of_its_area_only():
    region = make_region(SMALL)
    effect = PlantedEffect(section="4.7", areas=("X02",), from_month=Month(2020, 9), ratio=0.9)
    shift = planted_ratios(region, "4.7", [effect])
    inside = region.area_of == 1
    assert shift[inside][:, 4:] == pytest.approx(0.9)
    assert shift[inside][:, :4] == pytest.approx(1.0)
    assert shift[~inside] == pytest.approx(1.0)
    assert (planted_ratios(region, "5.1", [effect]) == 1).all()


def test_items_come_near_the_real_rate():
    # 35 opioid items of these products per 1,000 patients a month in four real practices, September 2017.
    parameters = RegionParameters(
        practices=400, areas=4, months=1, mergers=0, closures=0, openings=0, sections=("4.7",)
    )
    region = make_region(parameters)
    ((_, rows),) = prescribing_rows(region)
    per_1000 = 1000 * sum(dispensed.items for _, dispensed in rows) / region.list_size.sum()
    assert sum(p.items_per_1000 for p in presentations(["4.7"])) == pytest.approx(35.147)
    assert per_1000 == pytest.approx(35.1, rel=0.1)


def test_the_truth_counts_rows_and_faults(raw):
    folder, truth = raw
    record = json.loads((folder / "truth.json").read_text())
    assert record["synthetic"] is True
    assert record["broken_rows"] == truth.broken_rows == 6
    lines = sum(len(p.read_bytes().splitlines()) - 1 for p in folder.glob("EPD_*.csv"))
    assert lines == truth.rows + truth.broken_rows


def test_broken_rows_are_broken_in_the_items_column(raw):
    folder, _ = raw
    for stem in ("EPD_202005", "EPD_202010"):
        rows = list(csv.DictReader(StringIO((folder / f"{stem}.csv").read_bytes().decode("latin-1"))))
        assert [row["ITEMS"] for row in rows[-3:-1]] == ["many", "-3"]
    assert b"CH\xc2TEAU" in (folder / "EPD_202005.csv").read_bytes()


def test_a_merged_practice_hands_over_its_patients():
    region = make_region(RegionParameters())
    for old, new in region.successor.items():
        month = region.closed[old]
        assert region.list_size[old, month] == 0
        assert region.list_size[new, month] > region.list_size[new, month - 1] + 0.9 * region.list_size[old, month - 1]
        assert region.area_of[old] == region.area_of[new]


@pytest.mark.parametrize("wrong", [{"practices": 3, "areas": 2}, {"areas": 1, "regions": 2}, {"months": 0}])
def test_an_impossible_region_is_refused(wrong):
    with pytest.raises(UserError, match="at least two practices an area"):
        RegionParameters(**wrong)


def test_an_unknown_section_is_refused():
    with pytest.raises(UserError, match=r"got section 9.9. Choose from 4.7, 5.1, 4.8, 10.1"):
        RegionParameters(sections=("9.9",))
