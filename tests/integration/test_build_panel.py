"""Raw files through the warehouse to the panel: real rows, real totals, and what is left out."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from enginehouse.core.errors import DataError
from enginehouse.core.months import Month
from enginehouse.data.warehouse import Warehouse
from enginehouse.indicators.account import Reason
from enginehouse.indicators.build import build, build_panel
from enginehouse.indicators.panel import Panel
from enginehouse.programme.load import load_programme
from enginehouse.programme.programme import Programme

PUBLISHED_NAME = {
    "opioids-ome-per-patient": "opioidome",
    "high-dose-opioid-items-per-patient": "opioidper1000",
    "high-dose-opioid-share": "opioidspercent",
    "trimethoprim-share": "trimethoprim",
}
SETTINGS = """\
schema: 1
name: four-practices
title: Four practices
setting: Four general practices, September 2017
price_year: 2017
sources:
  prescribing: {{kind: prescribing, path: "{epd}", site_scheme: ods}}
  practices: {{kind: epraccur, path: "{practices}", site_scheme: ods}}
  list-sizes: {{kind: list-sizes, path: "{lists}", site_scheme: ods}}
"""


def loaded(programme: Programme, folder: Path) -> Warehouse:
    warehouse = Warehouse(folder)
    for name, source in programme.settings.sources.items():
        warehouse.load(name, source, base=programme.folder)
    return warehouse


@pytest.fixture(scope="module")
def four_practices(
    shared_file: Callable[[str], Path], checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Programme, Warehouse]:
    """The shipped definitions on the real rows, list sizes and register of September 2017."""
    folder = tmp_path_factory.mktemp("programme")
    shipped = checkout / "src/enginehouse/programmes/synthetic-region/indicators"
    (folder / "indicators").mkdir()
    for path in shipped.glob("*.yaml"):
        (folder / "indicators" / path.name).write_text(path.read_text())
    (folder / "programme.yaml").write_text(
        SETTINGS.format(
            epd=shared_file("data/prescribing/epd_201709_4practices.csv.gz"),
            practices=shared_file("data/practices/epraccur_2017_03.csv.gz"),
            lists=shared_file("data/practices/gp-reg-pat-prac-quin-age_2017_09_4practices.csv"),
        )
    )
    programme = load_programme(folder)
    return programme, loaded(programme, tmp_path_factory.mktemp("warehouse"))


@pytest.fixture(scope="module")
def published(shared_file: Callable[[str], Path]) -> dict[tuple[str, str], tuple[float, float]]:
    with open(shared_file("data/prescribing/epd_201709_expected_measures.csv"), newline="", encoding="utf-8") as file:
        return {
            (row["measure"], f"ods:{row['practice']}"): (float(row["numerator"]), float(row["denominator"]))
            for row in csv.DictReader(file)
        }


def test_raw_files_give_exactly_the_published_values(
    four_practices: tuple[Programme, Warehouse], published: dict[tuple[str, str], tuple[float, float]]
) -> None:
    """16 of 16 cells: four indicators of four practices, from the raw rows, the list sizes and the register."""
    programme, warehouse = four_practices
    panel = build_panel(programme, warehouse)
    found = {}
    for name, measure in PUBLISHED_NAME.items():
        arrays = panel.arrays(name)
        assert arrays.months == (Month(2017, 9),)
        for row, site in enumerate(arrays.sites):
            found[measure, site] = (float(arrays.numerator[row, 0]), float(arrays.denominator[row, 0]))
    assert found == published


def test_the_account_names_what_was_left_out(four_practices: tuple[Programme, Warehouse]) -> None:
    programme, warehouse = four_practices
    told: list[str] = []
    build_panel(programme, warehouse, progress=lambda message, done=0, total=0: told.append(message))
    built = build(programme, warehouse)
    assert [f"Note: {entry}" for entry in built.left_out] == [m for m in told if m.startswith("Note")]
    reasons = {(entry.reason, entry.indicator) for entry in built.left_out}
    # Strengths that no practice prescribed that month; and every opioid that they did prescribe has a conversion.
    assert (Reason.UNUSED_PATTERN, "high-dose-opioid-share") in reasons
    assert (Reason.NO_WEIGHT, "opioids-ome-per-patient") not in reasons
    assert len(built.snapshots) == 3


def test_the_same_snapshots_give_the_same_panel(four_practices: tuple[Programme, Warehouse]) -> None:
    programme, warehouse = four_practices
    assert build_panel(programme, warehouse).identity == build_panel(programme, warehouse).identity


def test_chosen_indicators_only(four_practices: tuple[Programme, Warehouse]) -> None:
    programme, warehouse = four_practices
    panel = build_panel(programme, warehouse, indicators=["trimethoprim-share"])
    assert panel.indicators == ("trimethoprim-share",)
    with pytest.raises(DataError, match=r"got indicator 'trimethoprim-shar'.*Did you mean 'trimethoprim-share'"):
        build_panel(programme, warehouse, indicators=["trimethoprim-shar"])


def test_a_source_that_was_not_loaded(four_practices: tuple[Programme, Warehouse], tmp_path: Path) -> None:
    programme, _ = four_practices
    with pytest.raises(DataError, match="source 'prescribing' was not loaded"):
        build_panel(programme, Warehouse(tmp_path))


@pytest.fixture(scope="module")
def campaign(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """The shipped campaign: totals by area and month."""
    programme = load_programme(checkout / "src/enginehouse/programmes/opioid-campaign")
    return build_panel(programme, loaded(programme, tmp_path_factory.mktemp("campaign")))


@pytest.mark.parametrize(("name", "measure"), PUBLISHED_NAME.items())
def test_the_campaigns_totals_are_those_of_its_file(name: str, measure: str, campaign: Panel, checkout: Path) -> None:
    path = checkout / "src/enginehouse/programmes/opioid-campaign/data/areas_by_month.csv"
    with open(path, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["indicator"] == measure]
    arrays = campaign.arrays(name)
    assert len(arrays.sites) * len(arrays.months) == len(rows)
    for row in rows:
        place = arrays.sites.index(f"area:{row['area']}"), arrays.months.index(Month.parse(row["month"]))
        assert float(arrays.numerator[place]) == pytest.approx(float(row["numerator"]))
        assert float(arrays.denominator[place]) == pytest.approx(float(row["denominator"]))


def test_totals_of_a_site_that_the_register_lacks_are_kept_and_told(checkout: Path, tmp_path: Path):
    folder = Path(shutil.copytree(checkout / "src/enginehouse/programmes/starter", tmp_path / "programme"))
    with open(folder / "data/measurements.csv", "a", encoding="utf-8") as file:
        file.write("metered-dose-inhalers,X99,2023-06,10,20\n")
    programme = load_programme(folder)
    built = build(programme, loaded(programme, tmp_path / "warehouse"))
    assert [str(entry) for entry in built.left_out] == [
        "1 sites that the register does not have; they are kept, but are in no area or arm (such as site:X99)"
    ]
    assert "site:X99" in built.panel.arrays("metered-dose-inhaler-share").sites
