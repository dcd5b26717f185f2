"""From totals and from prescribing rows to the panel's rows, with the account of what is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from enginehouse.core.errors import DataError
from enginehouse.indicators import from_prescribing, from_totals
from enginehouse.indicators.account import SENTENCES, LeftOut, Reason, worth_saying
from enginehouse.indicators.from_prescribing import PrescribingRows, slots_of, sums_by_site
from enginehouse.indicators.panel import Panel
from enginehouse.indicators.scores import REFUSALS, SHARES, ScoreKind, numerators
from enginehouse.programme.indicator import Indicator
from enginehouse.stats.results import NotEstimable

Row = tuple[str, str, str, int, float]
Write = Callable[[Sequence[Row]], tuple[list[Path], pa.Table, pa.Table]]
SEPTEMBER, OCTOBER = date(2017, 9, 1), date(2017, 10, 1)
TRIMETHOPRIM, NITROFURANTOIN = "0501080W0AAAEAE", "0501130R0AAABAB"


def indicator(name: str, source: dict[str, Any]) -> Indicator:
    return Indicator.model_validate(
        {
            "schema": 1,
            "id": name,
            "version": 1,
            "title": name,
            "short_title": name,
            "status": "published",
            "why_it_matters": "x",
            "direction": "lower-is-better",
            "numerator_kind": "count",
            "unit": "items",
            "per": "patients",
            "gap_unit": "items",
            "from": source,
            "authored_by": "x",
            "checked_by": "x",
            "date_reviewed": date(2026, 1, 1),
            "next_review": date(2027, 1, 1),
        }
    )


def prescribing(name: str, patterns: list[str], denominator: dict[str, Any] | None = None) -> Indicator:
    numerator = {"sum": "items", "bnf_codes": patterns}
    return indicator(name, {"prescribing": {"numerator": numerator, "denominator": denominator or {"list_size": True}}})


def source_of(rows: Sequence[Row], write: Write) -> PrescribingRows:
    paths, codes, practices = write(rows)
    sites = {
        key: f"ods:{name}"
        for key, name in zip(practices["practice_key"].to_pylist(), practices["practice"].to_pylist(), strict=True)
    }
    return PrescribingRows(tuple(paths), codes["code_key"].combine_chunks(), codes["bnf_code"].combine_chunks(), sites)


def patients(*rows: tuple[str, date, float | None, str]) -> pa.Table:
    site, month, count, quality = zip(*rows, strict=True)
    return pa.table(
        {
            "site": site,
            "month": pa.array(month, pa.date32()),
            "patients": pa.array(count, pa.float64()),
            "quality": quality,
        }
    )


TOTALS = pa.table(
    {
        "indicator": ["things", "things", "things", "other"],
        "site": ["s:a", "s:b", "s:c", "s:a"],
        "month": pa.array([SEPTEMBER] * 4, pa.date32()),
        "numerator": pa.array([1.0, 2.0, None, 9.0]),
        "denominator": pa.array([10.0, 0.0, 5.0, 9.0]),
        "quality": ["ok", "modelled", "ok", "ok"],
    }
)


def test_totals_come_under_the_indicators_own_id() -> None:
    mine = indicator("my-things", {"totals": {"source": "file", "name": "things"}})
    table, (left, lacking) = from_totals.indicator_rows(mine, TOTALS)
    assert table["indicator"].to_pylist() == ["my-things"] * 2
    assert table["site"].to_pylist() == ["s:a", "s:b"]  # a denominator of zero stays: nothing to divide by, but known
    assert table["quality"].to_pylist() == ["ok", "modelled"]
    assert str(left) == "my-things: 1 rows without a numerator or a denominator (such as s:c)"
    assert lacking.count == 0


def test_a_month_that_lacks_a_group_of_patients_is_left_out_whole_and_told() -> None:
    """Site b has no number for one of its groups in September; site c has one group only, and never another."""
    grouped = pa.table(
        {
            "indicator": ["things"] * 7,
            "site": ["s:a", "s:a", "s:b", "s:b", "s:b", "s:b", "s:c"],
            "month": pa.array([SEPTEMBER] * 4 + [OCTOBER] * 2 + [SEPTEMBER], pa.date32()),
            "age": ["old", "young", "old", "young", "old", "young", "young"],
            "numerator": pa.array([1.0, 2.0, None, 4.0, 5.0, 6.0, 7.0]),
            "denominator": pa.array([10.0] * 7),
            "quality": ["ok"] * 7,
        }
    )
    mine = indicator("my-things", {"totals": {"source": "file", "name": "things"}})
    table, told = from_totals.indicator_rows(mine, grouped)
    assert [str(each) for each in told] == [
        "my-things: 1 rows without a numerator or a denominator (such as s:b)",
        "my-things: 1 site-months without a row for a group of patients that the site has in other months (such as s:b)",
    ]
    panel = Panel.from_table(table)
    assert panel.strata == ("age",)
    whole, groups = panel.arrays("my-things"), panel.by_stratum("my-things")["age"]
    assert whole.sites == groups["old"].sites == groups["young"].sites == ("s:a", "s:b", "s:c")
    np.testing.assert_array_equal(whole.numerator, [[1 + 2, np.nan], [np.nan, 5 + 6], [7, np.nan]])
    np.testing.assert_array_equal(groups["old"].numerator, [[1, np.nan], [np.nan, 5], [np.nan, np.nan]])
    np.testing.assert_array_equal(groups["young"].numerator, [[2, np.nan], [np.nan, 6], [7, np.nan]])


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    mine = indicator("my-things", {"totals": {"source": "file", "name": "thing"}})
    with pytest.raises(DataError, match=r"got name 'thing', which source 'file' does not have.*Did you mean 'things'"):
        from_totals.indicator_rows(mine, TOTALS)


def test_prescribing_over_patients(write_rows: Write) -> None:
    rows = source_of(
        [
            ("A", TRIMETHOPRIM, "2017-09-01", 3, 1.0),
            ("A", NITROFURANTOIN, "2017-10-01", 5, 1.0),
            ("B", TRIMETHOPRIM, "2017-09-01", 7, 1.0),
            ("HOSP", TRIMETHOPRIM, "2017-09-01", 9, 1.0),
        ],
        write_rows,
    )
    mine = prescribing("tri", ["0501080W0"])
    sums, _ = sums_by_site(rows, [mine])
    listed = patients(
        ("ods:A", SEPTEMBER, 1000, "ok"),
        ("ods:A", OCTOBER, 1000, "carried"),
        ("ods:B", SEPTEMBER, 0, "ok"),
        ("ods:C", SEPTEMBER, 500, "ok"),
        ("ods:C", date(2017, 12, 1), 500, "ok"),
        ("ods:HOSP", SEPTEMBER, 1, "ok"),
    )
    table, left = from_prescribing.indicator_rows(mine, sums, known={"ods:A", "ods:B", "ods:C"}, patients=listed)
    got = sorted(
        zip(*(table[c].to_pylist() for c in ("site", "month", "numerator", "denominator", "quality")), strict=True)
    )
    # In October A prescribed, but no trimethoprim: zero, not missing.
    assert got == [("ods:A", SEPTEMBER, 3, 1000, "ok"), ("ods:A", OCTOBER, 0, 1000, "carried")]
    counts = {entry.reason: (entry.count, entry.examples) for entry in left}
    assert counts == {
        Reason.UNKNOWN_SITE: (1, ("ods:HOSP",)),
        Reason.NO_LIST_SIZE: (1, ("ods:B",)),
        Reason.NO_PRESCRIBING: (1, ("ods:C",)),  # December is not a month of the prescribing data
    }


def test_a_share_of_items_needs_no_list_sizes(write_rows: Write) -> None:
    rows = source_of(
        [("A", TRIMETHOPRIM, "2017-09-01", 3, 1.0), ("A", NITROFURANTOIN, "2017-09-01", 5, 1.0)], write_rows
    )
    mine = prescribing("tri", ["0501080W0"], {"sum": "items", "bnf_codes": ["0501080W0", "0501130R0"]})
    sums, _ = sums_by_site(rows, [mine])
    table, left = from_prescribing.indicator_rows(mine, sums, known={"ods:A"}, patients=None)
    assert (table["numerator"].to_pylist(), table["denominator"].to_pylist()) == ([3.0], [8.0])
    assert worth_saying(left) == ()


def test_patients_that_are_not_there_are_asked_for(write_rows: Write) -> None:
    rows = source_of([("A", TRIMETHOPRIM, "2017-09-01", 3, 1.0)], write_rows)
    mine = prescribing("tri", ["0501080W0"])
    sums, _ = sums_by_site(rows, [mine])
    with pytest.raises(DataError, match="tri needs list sizes"):
        from_prescribing.indicator_rows(mine, sums, known={"ods:A"}, patients=None)


def test_a_sum_that_two_indicators_share_is_made_once() -> None:
    denominator = {"sum": "items", "bnf_codes": ["0501"]}
    slots = slots_of([prescribing("a", ["05"], denominator), prescribing("b", ["0502"], denominator)])
    assert len(slots) == 3


def test_a_bad_pattern_names_its_indicator() -> None:
    with pytest.raises(DataError, match=r"indicator tri, bnf_codes\n  got the code pattern '05 01'"):
        slots_of([prescribing("tri", ["05 01"])])


def test_patterns_that_match_nothing_are_told(write_rows: Write) -> None:
    rows = source_of([("A", TRIMETHOPRIM, "2017-09-01", 3, 1.0)], write_rows)
    _, left = sums_by_site(rows, [prescribing("tri", ["0501080W0", "0501080V0"])])
    (entry,) = worth_saying(left)
    assert str(entry) == "tri: 1 code patterns that match nothing in the data (such as 0501080V0)"


def test_code_changes_are_applied_before_patterns(write_rows: Write) -> None:
    rows = source_of([("A", "0501081A0AAAEAE", "2017-09-01", 3, 1.0)], write_rows)
    mine = prescribing("tri", ["0501080W0"])
    before, _ = sums_by_site(rows, [mine])
    after, _ = sums_by_site(rows, [mine], code_changes={"0501081A0": "0501080W0"})
    assert (before.table["0"].to_pylist(), after.table["0"].to_pylist()) == ([0.0], [3.0])


def test_the_same_month_twice_is_refused(write_rows: Write) -> None:
    rows = source_of([("A", TRIMETHOPRIM, "2017-09-01", 3, 1.0)], write_rows)
    twice = PrescribingRows(rows.paths * 2, rows.code_keys, rows.codes, rows.sites)
    with pytest.raises(DataError, match="two files of prescribing rows hold the same month"):
        sums_by_site(twice, [prescribing("tri", ["0501080W0"])])


def test_no_files_make_no_rows(write_rows: Write) -> None:
    rows = source_of([("A", TRIMETHOPRIM, "2017-09-01", 3, 1.0)], write_rows)
    sums, _ = sums_by_site(PrescribingRows((), rows.code_keys, rows.codes, rows.sites), [prescribing("tri", ["05"])])
    assert sums.table.num_rows == 0


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Reason)
    assert str(LeftOut(Reason.NO_WEIGHT, 3, "ome")).startswith("ome: 3 codes")


# Scores


@pytest.mark.parametrize(("kind", "score"), [(ScoreKind.PROPORTION, 0.6), (ScoreKind.PERCENTAGE, 60.0)])
def test_a_share_gives_its_numerator_back(kind: ScoreKind, score: float) -> None:
    found = numerators(np.array([score, np.nan]), np.array([50.0, 10.0]), kind)
    assert not isinstance(found, NotEstimable)
    assert found[0] == pytest.approx(30)
    assert np.isnan(found[1])


def test_a_percentage_taken_for_a_proportion_is_refused() -> None:
    with pytest.raises(DataError, match="got a proportion of 60, outside 0 to 1"):
        numerators(np.array([60.0]), np.array([50.0]), ScoreKind.PROPORTION)


def test_a_negative_denominator_is_refused() -> None:
    with pytest.raises(DataError, match="negative denominator"):
        numerators(np.array([0.5]), np.array([-1.0]), ScoreKind.PROPORTION)


def test_every_kind_of_score_is_a_share_or_refused() -> None:
    assert set(SHARES) | set(REFUSALS) == set(ScoreKind)
    assert not set(SHARES) & set(REFUSALS)
