"""Disclosure control: the rules on numbers a reader can redo, and every kind of column."""

from __future__ import annotations

import pytest

from enginehouse.core.errors import DataError
from enginehouse.governance.disclosure import (
    _NOTES,
    _PROTECT,
    SUPPRESSED,
    ReleasedTable,
    count,
    label,
    measure,
    midpoint_6,
    plain,
    quantile,
    ratio,
    release,
    release_published,
    round_and_suppress,
    strictest,
    sum_of,
)
from enginehouse.programme.enums import Disclosure

NONE, ROUND, MIDPOINT = Disclosure.NONE, Disclosure.ROUND_AND_SUPPRESS, Disclosure.MIDPOINT_6


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, None), (1, None), (7, None), (8, 10), (10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (1234, 1235)],
)
def test_round_and_suppress(number, expected):
    """ehrQL measures: counts of 7 or fewer are redacted, the others rounded to the nearest 5."""
    assert round_and_suppress(number) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, 0), (1, 3), (6, 3), (7, 9), (12, 9), (13, 15), (600, 597), (601, 603)]
)
def test_midpoint_6(number, expected):
    """ceil(x / 6) * 6 - 3, and 0 stays 0."""
    assert midpoint_6(number) == expected


COLUMNS = [
    label("area"),
    plain("months"),
    count("met"),
    count("not met"),
    sum_of("eligible", ["met", "not met"]),
    ratio("share", numerator="met", denominator="eligible", scale=100),
    measure("mean cost", of="met"),
]
ROWS = [
    {"area": "north", "months": 12, "met": 42, "not met": 58, "mean cost": 3.5},
    {"area": "south", "months": 12, "met": 5, "not met": 95, "mean cost": 9.9},
]


def test_a_small_count_takes_with_it_all_that_contains_it():
    table = release(COLUMNS, ROWS, rule=ROUND, total_label="all")
    assert table.header == ("area", "months", "met", "not met", "eligible", "share", "mean cost")
    assert table.rows == (
        ("north", 12, 40, 60, 100, 40.0, 3.5),
        ("south", 12, SUPPRESSED, 95, SUPPRESSED, SUPPRESSED, SUPPRESSED),
        # 58 + 95 = 153, nothing in it is small; the other totals contain the 5.
        ("all", "", SUPPRESSED, 155, SUPPRESSED, SUPPRESSED, SUPPRESSED),
    )
    assert table.suppressed == 8
    assert "[c]: confidential" in table.note


def test_without_small_counts_a_total_is_the_rounded_sum():
    rows = [{"area": a, "months": 1, "met": m, "not met": 50, "mean cost": 1.0} for a, m in (("n", 12), ("s", 12))]
    table = release(COLUMNS, rows, rule=ROUND, total_label="all")
    # The sum of the true counts, 24, rounded; not the sum of the rounded ones, 20.
    assert table.rows[-1][2] == 25
    assert table.suppressed == 0


def test_midpoint_totals_are_the_sums_of_what_was_released():
    table = release(COLUMNS, ROWS, rule=MIDPOINT, total_label="all")
    assert table.rows == (
        ("north", 12, 39, 57, 96, 100 * 39 / 96, 3.5),
        ("south", 12, 3, 93, 96, 100 * 3 / 96, SUPPRESSED),
        ("all", "", 42, 150, 192, 100 * 42 / 192, ""),
    )


def test_published_numbers_pass_as_they_are():
    table = release(COLUMNS, ROWS, rule=NONE, total_label="all")
    assert table.rows == (
        ("north", 12, 42, 58, 100, 42.0, 3.5),
        ("south", 12, 5, 95, 100, 5.0, 9.9),
        ("all", "", 47, 153, 200, 23.5, ""),
    )
    assert table.suppressed == 0


def test_a_ratio_of_nothing_is_empty_not_zero():
    table = release(
        [count("n"), count("d"), ratio("r", numerator="n", denominator="d")], [{"n": 0, "d": 0}], rule=MIDPOINT
    )
    assert table.rows == ((0, 0, ""),)


def test_a_table_without_labels_can_have_a_total():
    assert release([count("n")], [{"n": 10}, {"n": 20}], rule=NONE, total_label="all").rows[-1] == (30,)


@pytest.mark.parametrize("value", [-1, 2.5, "7", float("nan"), float("inf")])
def test_a_count_is_a_whole_number(value):
    with pytest.raises(DataError, match=r"for a count.*whole number"):
        release([count("n")], [{"n": value}], rule=ROUND)


def test_whole_floats_are_counts():
    assert release([count("n")], [{"n": 12.0}], rule=ROUND).rows == ((10,),)


def test_a_column_can_only_be_made_from_counts():
    with pytest.raises(ValueError, match="column 'r' is made from 'x', which is not a column of counts"):
        release([count("n"), ratio("r", numerator="n", denominator="x")], [], rule=ROUND)
    with pytest.raises(ValueError, match="column 's' is made from 't'"):
        release([count("n"), sum_of("t", ["n"]), sum_of("s", ["t"])], [], rule=ROUND)


def test_only_release_makes_a_released_table():
    with pytest.raises(TypeError, match="nowhere else"):
        ReleasedTable(header=("a",), rows=(), rule=NONE, suppressed=0, note="", seal=object())


def test_published_tables_keep_their_shape():
    table = release_published(["a", "b"], [[1, "x"], [2.5, "y"]])
    assert (table.header, table.rows, table.rule) == (("a", "b"), ((1, "x"), (2.5, "y")), NONE)
    with pytest.raises(ValueError, match="as many cells as its header"):
        release_published(["a"], [[1, 2]])


def test_the_strictest_rule_of_several_sources():
    assert strictest([NONE, MIDPOINT]) is MIDPOINT
    assert strictest([NONE, ROUND, MIDPOINT]) is ROUND
    assert strictest([NONE]) is NONE
    assert strictest([]) is ROUND


def test_every_rule_protects_and_explains_itself():
    assert set(_PROTECT) == set(_NOTES) == set(Disclosure)


@pytest.mark.parametrize(
    ("sites", "rule", "shown"),
    [
        (20, Disclosure.ROUND_AND_SUPPRESS, 0.25),
        (19, Disclosure.ROUND_AND_SUPPRESS, SUPPRESSED),
        (19, Disclosure.MIDPOINT_6, SUPPRESSED),
        (3, Disclosure.NONE, 0.25),
        ("", Disclosure.ROUND_AND_SUPPRESS, SUPPRESSED),
    ],
)
def test_a_median_of_fewer_than_20_sites_points_at_one(sites, rule, shown):
    columns = [plain("sites"), quantile("median", of="sites")]
    table = release(columns, [{"sites": sites, "median": 0.25}], rule=rule)
    assert table.rows == ((sites, shown),)


def test_a_quantile_says_over_which_plain_column_it_goes():
    with pytest.raises(ValueError, match="column 'median' is made from 'people', which is not a plain column"):
        release([count("people"), quantile("median", of="people")], [], rule=Disclosure.NONE)
