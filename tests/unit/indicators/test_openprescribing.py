"""Import of OpenPrescribing's definitions: made-up definitions for each shape, and all published ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from enginehouse.core.errors import UserError
from enginehouse.indicators.openprescribing import DIRECTIONS, KINDS, UNITS, NotImported, import_measure
from enginehouse.indicators.openprescribing_conditions import Refused, patterns_of
from enginehouse.indicators.openprescribing_page import import_table, page
from enginehouse.programme.enums import Direction, NumeratorKind
from enginehouse.programme.indicator import Codes, Indicator, ListSize, Status, Summand

DAY = date(2026, 11, 24)


def measure(**parts: Any) -> dict[str, Any]:
    return {
        "name": "Things",
        "title": "Things per 1000 patients",
        "why_it_matters": ["Because <a href='x'>this</a>", "matters."],
        "low_is_good": True,
        "is_percentage": False,
        "numerator_short": "Things",
        "numerator_type": "bnf_items",
        "numerator_bnf_codes_filter": ["0501 # antibiotics", "~0501130H0"],
        "denominator_type": "list_size",
        "authored_by": "somebody@example.org",
        "date_reviewed": "2024-07-30",
        "next_review": "not known",
        **parts,
    }


def imported(**parts: Any) -> Indicator:
    result = import_measure(measure(**parts), measure_id="all_things", imported_on=DAY)
    assert isinstance(result, Indicator), result
    return result


def reason(**parts: Any) -> str:
    result = import_measure(measure(**parts), measure_id="all_things", imported_on=DAY)
    assert isinstance(result, NotImported), result
    return result.reason


def test_a_list_of_codes_over_patients() -> None:
    indicator = imported()
    assert indicator.id == "all-things"
    assert indicator.status is Status.DRAFT
    assert indicator.direction is Direction.LOWER_IS_BETTER
    assert indicator.why_it_matters == "Because this matters."
    assert indicator.scale == 1000
    assert (indicator.date_reviewed, indicator.next_review) == (date(2024, 7, 30), DAY)
    prescribing = indicator.measured_from.prescribing
    assert prescribing is not None
    assert prescribing.numerator == Codes(sum=Summand.ITEMS, bnf_codes=("0501", "~0501130H0"))
    assert isinstance(prescribing.denominator, ListSize)


def test_no_e_mail_address_is_taken_over() -> None:
    assert "@" not in imported().model_dump_json()


@pytest.mark.parametrize(
    ("kind", "summand", "numerator_kind"),
    [
        ("bnf_items", Summand.ITEMS, NumeratorKind.COUNT),
        ("bnf_quantity", Summand.QUANTITY, NumeratorKind.QUANTITY),
        ("bnf_cost", Summand.ACTUAL_COST, NumeratorKind.MONEY),
    ],
)
def test_what_is_summed(kind: str, summand: Summand, numerator_kind: NumeratorKind) -> None:
    indicator = imported(numerator_type=kind)
    assert indicator.measured_from.prescribing is not None
    assert indicator.measured_from.prescribing.numerator.sum is summand
    assert indicator.numerator_kind is numerator_kind


def test_a_share_of_items() -> None:
    indicator = imported(
        denominator_type="bnf_items", denominator_bnf_codes_filter=["05"], is_percentage=True, denominator_short="All"
    )
    assert (indicator.is_proportion, indicator.scale, indicator.per) == (True, 1, "All")


def test_a_sum_written_out_is_a_sum() -> None:
    indicator = imported(
        numerator_type="custom",
        numerator_columns=["SUM(quantity) AS numerator"],
        numerator_from="{hscic}.normalised_prescribing ",
        numerator_where=["bnf_code LIKE '0407%' -- opioids \n", "AND bnf_code NOT LIKE '0407010%'"],
    )
    assert indicator.measured_from.prescribing is not None
    assert indicator.measured_from.prescribing.numerator.bnf_codes == ("0407%", "~0407010%")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"numerator_bnf_codes_query": ["SELECT 1"]}, "query of the dictionary of medicines and devices"),
        ({"denominator_type": "star_pu_antibiotics"}, "the denominator is of type 'star_pu_antibiotics'"),
        ({"numerator_bnf_codes_filter": None}, "the numerator names no codes"),
        ({"numerator_bnf_codes_filter": ["~05"]}, "take nothing in"),
        ({"numerator_bnf_codes_filter": [") # typing error"]}, r"got the code pattern '\)'"),
        (
            {"numerator_type": "custom", "numerator_from": "{hscic}.raw_prescribing_normalised"},
            "needs the quantity of each single item",
        ),
        ({"numerator_type": "custom", "numerator_from": "{measures}.view"}, "only OpenPrescribing's own database"),
        (
            {"numerator_type": "custom", "numerator_from": "{hscic}.normalised_prescribing p JOIN x ON y"},
            "joins the prescribing rows with other tables",
        ),
        (
            {
                "numerator_type": "custom",
                "numerator_from": "{hscic}.normalised_prescribing",
                "numerator_columns": "SUM(items * 2) AS numerator",
            },
            "a formula of its own",
        ),
        (
            {"numerator_bnf_codes_filter": None, "numerator_where": ["bnf_name LIKE '%x%'"]},
            "more than a list of code patterns",
        ),
    ],
)
def test_the_reason_says_what_stands_in_the_way(parts: dict[str, Any], words: str) -> None:
    assert re.search(words, reason(**parts))


def test_what_is_not_a_definition_is_an_error() -> None:
    with pytest.raises(UserError, match="lacks numerator_type, denominator_type"):
        import_measure({"name": "x"}, measure_id="x", imported_on=DAY)


@pytest.mark.parametrize(
    ("condition", "patterns"),
    [
        ("bnf_code LIKE '0407%'", ("0407%",)),
        ("(bnf_code LIKE '0407%') OR (bnf_code LIKE '05%')", ("0407%", "05%")),
        (
            "bnf_code LIKE '04%' AND (bnf_code NOT LIKE '0401%' AND bnf_code NOT LIKE '0402%')",
            ("04%", "~0401%", "~0402%"),
        ),
        ("bnf_code LIKE '04%' OR bnf_code LIKE '05%' OR bnf_code LIKE '04%'", ("04%", "05%")),
        ("SUBSTR(bnf_code,1,4) IN ('0501')", ("0501",)),
        ("substr(bnf_code,0,9) = '0302000C0' AND bnf_code NOT LIKE '%AA'", ("0302000C0", "~%AA")),
        ("bnf_code IN ('0205051AAAAAAAA', '21010900637')", ("0205051AAAAAAAA", "21010900637")),
        ("p.bnf_code LIKE '04%' AND bnf_code != '040702040AAAAAA'", ("04%", "~040702040AAAAAA")),
    ],
)
def test_conditions_that_are_patterns(condition: str, patterns: tuple[str, ...]) -> None:
    assert patterns_of(condition) == patterns


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("bnf_code LIKE '04%' AND bnf_code LIKE '%AA'", "two patterns at once"),
        ("bnf_code LIKE '04%' OR bnf_code NOT LIKE '05%'", "takes codes out"),
        ("bnf_code NOT LIKE '05%'", "takes nothing in"),
        ("bnf_code LIKE '04%' AND bnf_name LIKE '%Cap%'", "looks at the name"),
        ("bnf_code = '0407'", "not a whole code"),
        ("SUBSTR(bnf_code,1,9) IN ('0407')", "9 characters with '0407'"),
        ("(bnf_code LIKE '04%'", "not closed"),
        ("bnf_code LIKE '04%' AND", "ends in the middle"),
        ("bnf_code LIKE '04%' LIMIT 3", "goes on with 'LIMIT'"),
        ("month > 3", "goes on with 'month'"),
    ],
)
def test_conditions_that_say_more_are_refused(condition: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        patterns_of(condition)


def test_the_tables_are_complete() -> None:
    assert set(KINDS) == set(UNITS) == set(Summand)
    assert set(DIRECTIONS.values()) == set(Direction)


@pytest.mark.parametrize(
    ("vintage", "measures", "importable"),
    [("current", 80, 33), ("as_of_2020_01_23", 78, 55), ("as_of_2023_03_28", 81, 53)],
)
def test_how_many_published_definitions_import(
    vintage: str, measures: int, importable: int, shared_file: Callable[[str], Path]
) -> None:
    rows = import_table(shared_file(f"data/openprescribing_measures/{vintage}"))
    assert (len(rows), sum(row.imported for row in rows)) == (measures, importable)
    assert all(row.imported or row.reason for row in rows)


def test_the_page_in_the_docs_is_in_step(checkout: Path, shared_file: Callable[[str], Path]) -> None:
    written = (checkout / "docs/reference/openprescribing.md").read_text(encoding="utf-8")
    rows = import_table(shared_file("data/openprescribing_measures/current"))
    assert written == page(rows), "run `python -m enginehouse.indicators.openprescribing_page FOLDER` again"


@pytest.mark.parametrize(
    ("measure_id", "ours"),
    [
        ("opioidper1000", "high-dose-opioid-items-per-patient"),
        ("opioidspercent", "high-dose-opioid-share"),
    ],
)
def test_the_2020_definitions_import_as_our_own(
    measure_id: str, ours: str, checkout: Path, shared_file: Callable[[str], Path]
) -> None:
    """The shipped definitions and the imported ones take the same codes."""
    path = shared_file(f"data/openprescribing_measures/as_of_2020_01_23/{measure_id}.json")
    result = import_measure(json.loads(path.read_text()), measure_id=measure_id, imported_on=DAY)
    shipped = checkout / f"src/enginehouse/programmes/synthetic-region/indicators/{ours}.yaml"
    assert isinstance(result, Indicator)
    assert result.measured_from == Indicator.model_validate(yaml.safe_load(shipped.read_text())).measured_from
