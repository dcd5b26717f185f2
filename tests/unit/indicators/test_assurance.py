"""Every row of the assurance cases that stand beside the shipped definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from enginehouse.indicators.account import Reason
from enginehouse.indicators.from_prescribing import PrescribingRows, indicator_rows, sums_by_site
from enginehouse.programme.indicator import Codes, Indicator

FOLDER = Path(__file__).resolve().parents[3] / "src/enginehouse/programmes/synthetic-region/indicators"
MONTH = "2017-09-01"
OTHER_ROW = ("1313010A0AAAAAA", 1, 1.0)
"""Something that no indicator here uses, so that the practice has prescribing in the month."""

Write = Callable[[Sequence[tuple[str, str, str, int, float]]], tuple[list[Path], pa.Table, pa.Table]]


def indicator(name: str) -> Indicator:
    return Indicator.model_validate(yaml.safe_load((FOLDER / f"{name}.yaml").read_text()))


def cases(*kinds: str) -> list[Any]:
    found = []
    for path in sorted((FOLDER / "assurance").glob("*.yaml")):
        file = yaml.safe_load(path.read_text())
        for kind in kinds:
            name = file["indicator"]
            found += [pytest.param(name, case, id=f"{name}: {case['row']}") for case in file.get(kind, [])]
    return found


def compute(name: str, rows: Sequence[tuple[str, str, str, int, float]], patients: dict[str, int], write: Write) -> Any:
    paths, codes, practices = write(rows)
    sites = dict(
        zip(practices["practice_key"].to_pylist(), [f"ods:{p}" for p in practices["practice"].to_pylist()], strict=True)
    )
    source = PrescribingRows(
        tuple(paths), codes["code_key"].combine_chunks(), codes["bnf_code"].combine_chunks(), sites
    )
    one = indicator(name)
    sums, about_codes = sums_by_site(source, [one])
    listed = pa.table(
        {
            "site": [f"ods:{p}" for p in patients],
            "month": pa.array([date.fromisoformat(MONTH)] * len(patients), pa.date32()),
            "patients": list(patients.values()),
        }
    )
    table, left = indicator_rows(one, sums, known={"ods:A", "ods:B"}, patients=listed)
    return table, {entry.reason: entry for entry in (*left, *about_codes)}


@pytest.mark.parametrize(("name", "case"), cases("counts", "does_not_count"))
def test_one_row_of_prescribing(name: str, case: dict[str, Any], write_rows: Write) -> None:
    rows = [
        ("A", case["bnf_code"], MONTH, case.get("items", 1), float(case.get("quantity", 1))),
        ("A", OTHER_ROW[0], MONTH, *OTHER_ROW[1:]),
    ]
    table, left = compute(name, rows, {"A": 1000}, write_rows)
    assert table["site"].to_pylist() == ["ods:A"]
    assert table["numerator"].to_pylist() == [case.get("numerator", 0)], case["because"]
    prescribing = indicator(name).measured_from.prescribing
    assert prescribing is not None
    by_items = isinstance(prescribing.denominator, Codes)
    assert table["denominator"].to_pylist() == [case["denominator"] if by_items else 1000], case["because"]
    assert (left[Reason.NO_WEIGHT].count > 0) == (case.get("reason") == "no-weight")


INELIGIBLE_ROWS: dict[str, tuple[list[tuple[str, str, str, int, float]], dict[str, int]]] = {
    "not-in-register": ([("HOSP", OTHER_ROW[0], MONTH, 1, 1.0)], {"HOSP": 1000}),
    "no-list": ([("A", OTHER_ROW[0], MONTH, 1, 1.0)], {"A": 0}),
    "no-prescribing": ([("A", OTHER_ROW[0], MONTH, 1, 1.0)], {"A": 1000, "B": 1000}),
}


@pytest.mark.parametrize(("name", "case"), cases("ineligible"))
def test_a_practice_that_is_not_eligible_has_no_value_and_is_counted(
    name: str, case: dict[str, Any], write_rows: Write
) -> None:
    rows, patients = INELIGIBLE_ROWS[case["site"]]
    table, left = compute(name, rows, patients, write_rows)
    eligible = ["ods:A"] if case["site"] == "no-prescribing" else []
    assert table["site"].to_pylist() == eligible, case["because"]
    assert left[Reason(case["reason"])].count == 1


def test_each_shipped_indicator_has_cases_of_each_kind() -> None:
    for path in FOLDER.glob("*.yaml"):
        file = yaml.safe_load((FOLDER / "assurance" / path.name).read_text())
        assert file["indicator"] == path.stem
        assert file["counts"], path
        assert file["does_not_count"], path
        assert file["ineligible"], path


@pytest.mark.parametrize(
    ("programme", "names"),
    [
        ("opioid-campaign", {p.stem for p in FOLDER.glob("*.yaml")}),
        ("opioid-campaign-practices", {"opioids-ome-per-patient", "high-dose-opioid-items-per-patient"}),
    ],
)
def test_the_campaigns_definitions_agree_with_those_of_the_rows(programme: str, names: set[str]) -> None:
    """The programmes ask the same questions; only the source differs."""
    campaign = FOLDER.parents[1] / programme / "indicators"
    assert {p.stem for p in campaign.glob("*.yaml")} == names
    same = ("id", "title", "short_title", "why_it_matters", "direction", "numerator_kind", "unit", "per", "scale")
    for name in names:
        other = Indicator.model_validate(yaml.safe_load((campaign / f"{name}.yaml").read_text()))
        assert [getattr(other, f) for f in same] == [getattr(indicator(name), f) for f in same]
        assert other.measured_from.totals is not None
