"""Groups of sites by an attribute on cases that a reader can redo by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from enginehouse.core.months import Month, Period
from enginehouse.governance.disclosure import SUPPRESSED
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.groups import GroupTable, by_group, release_groups
from enginehouse.insight.headroom import Benchmark, Headroom, headroom
from enginehouse.insight.selection import Inclusion, totals_over
from enginehouse.programme.enums import Direction, Disclosure, NumeratorKind
from enginehouse.stats.results import NotEstimable

Make = Callable[..., PanelArrays]
FEW = Inclusion(minimum_sites=2)
LOW, HIGH = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER


def test_fifths_with_not_known_as_a_group(panel_of: Make) -> None:
    attribute = np.array([*range(10), np.nan, np.nan], dtype=np.float64)
    arrays = panel_of([[n] for n in range(12)], 10)
    found = by_group(arrays, attribute, name="deprivation", include=FEW)
    assert isinstance(found, GroupTable)
    assert [row.label for row in found.rows] == ["1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5", "not known"]
    assert [row.sites for row in found.rows] == [2] * 6
    first, last, unknown = found.rows[0], found.rows[4], found.rows[5]
    assert (first.low, first.high, first.numerator, first.denominator, first.value) == (0, 1, 1, 20, 0.05)
    assert (last.low, last.high, last.median) == (8, 9, pytest.approx(0.85))
    assert (unknown.low, unknown.high, unknown.value) == (None, None, 1.05)


def test_equal_attributes_stay_together(panel_of: Make) -> None:
    found = by_group(panel_of([[1]] * 6, 1), np.array([1.0, 1, 1, 1, 2, 3]), name="x", groups=3, include=FEW)
    assert isinstance(found, GroupTable)
    assert [(row.label, row.sites) for row in found.rows] == [("1 of 3", 4), ("3 of 3", 2)]


def test_headroom_by_group_adds_up(panel_of: Make) -> None:
    arrays = panel_of([[n] for n in range(20)], 10)
    whole = headroom(arrays, direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False)
    assert isinstance(whole, Headroom)
    found = by_group(arrays, np.arange(20.0), name="size", headroom=whole)
    assert isinstance(found, GroupTable)
    by_row = [row.headroom for row in found.rows]
    assert sum(part for part in by_row if part is not None) == pytest.approx(whole.total)
    assert by_row[0] == 0


def test_groups_leave_the_house_under_their_rule(panel_of: Make) -> None:
    """Two sites each with a numerator of n per month and 10 people: the small counts and every median are withheld."""
    arrays = panel_of([[n] for n in range(20)], 10)
    room = headroom(arrays, direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False)
    assert isinstance(room, Headroom)
    found = by_group(arrays, np.arange(20.0), name="deprivation", groups=10, headroom=room)
    assert isinstance(found, GroupTable)
    table = release_groups(found, kind=NumeratorKind.COUNT, rule=Disclosure.ROUND_AND_SUPPRESS).table
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    # 0 + 1, 2 + 3, 4 + 5 = 9, ..., 18 + 19 = 37 of 20 people each.
    assert [row["numerator"] for row in rows[:4]] == [SUPPRESSED, SUPPRESSED, 10, 15]
    assert [row["value"] for row in rows[:4]] == [SUPPRESSED, SUPPRESSED, 10 / 20, 15 / 20]
    assert {row["median"] for row in rows} == {SUPPRESSED}
    assert [row["headroom"] for row in rows[:3]] == [SUPPRESSED, SUPPRESSED, 0.0]
    assert rows[9]["headroom"] == found.rows[9].headroom
    public = release_groups(found, kind=NumeratorKind.COUNT, rule=Disclosure.NONE).table
    assert [row[4] for row in public.rows[:3]] == [1, 5, 9]
    assert public.suppressed == 0


def test_headroom_of_another_period_is_a_mistake(panel_of: Make) -> None:
    arrays = panel_of(np.ones((20, 2)), 10)
    whole = headroom(arrays, direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False)
    assert isinstance(whole, Headroom)
    with pytest.raises(ValueError, match="other sites or another period"):
        by_group(arrays, np.ones(20), name="x", period=Period.from_months(Month(2020, 1), 1), headroom=whole)


def test_too_few_sites_for_groups(panel_of: Make) -> None:
    assert isinstance(by_group(panel_of([[1]], 1), np.array([1.0]), name="x"), NotEstimable)


def test_a_month_outside_the_panel_is_an_error(panel_of: Make) -> None:
    with pytest.raises(ValueError, match="has no data for 1 of 1 months"):
        totals_over(panel_of([[1.0], [2.0]], 1), Period.from_months(Month(2021, 1), 1))
