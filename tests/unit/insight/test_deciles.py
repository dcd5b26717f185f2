"""Deciles by month, and which months and sites count, on cases that a reader can redo by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from enginehouse.core.months import Month
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.deciles import Deciles, MonthDeciles, deciles
from enginehouse.insight.selection import expected_months
from enginehouse.insight.variation import (
    turnover,
)
from enginehouse.stats.results import NotEstimable

Make = Callable[..., PanelArrays]


def test_deciles_of_type_7(panel_of: Make) -> None:
    """Values 0 to 20: the 10th percentile of 21 values is the value at place 0.1 * 20 = 2."""
    found = deciles(panel_of([[n] for n in range(21)], 1))
    assert isinstance(found, Deciles)
    (month,) = found.estimated
    assert month.values == (2, 4, 6, 8, 10, 12, 14, 16, 18)
    assert (month.sites, month.left_out) == (21, 0)


def test_a_site_with_a_zero_denominator_is_left_out_and_counted(panel_of: Make) -> None:
    arrays = panel_of([[n] for n in range(22)], [[1]] * 21 + [[0]])
    found = deciles(arrays)
    assert isinstance(found, Deciles)
    (month,) = found.estimated
    assert (month.sites, month.left_out) == (21, 1)
    assert month.values[4] == 10


def test_a_month_with_too_few_sites_is_not_given(panel_of: Make) -> None:
    top = np.ones((20, 2))
    top[0, 1] = np.nan
    found = deciles(panel_of(top, 1))
    assert isinstance(found, Deciles)
    first, second = found.months
    assert isinstance(first, MonthDeciles)
    assert isinstance(second, NotEstimable)
    assert second.detail == "A decile of 2020-02 needs at least 20 sites with a value; 19 have one."


def test_too_few_sites_in_every_month(panel_of: Make) -> None:
    found = deciles(panel_of(np.ones((19, 3)), 1))
    assert isinstance(found, NotEstimable)
    assert found.reason == "too-few-sites"


def test_months_without_any_data_are_no_months(panel_of: Make) -> None:
    top = np.ones((20, 3))
    top[:, 1] = np.nan
    found = deciles(panel_of(top, 1))
    assert isinstance(found, Deciles)
    assert [m.month for m in found.estimated] == [Month(2020, 1), Month(2020, 3)]


def test_a_month_missing_for_all_sites_is_a_gap(panel_of: Make) -> None:
    """Five months, nothing in the third: no site has a value in every calendar month."""
    top = np.ones((20, 5))
    top[:, 2] = np.nan
    arrays = panel_of(top, 1)
    found = deciles(arrays)
    assert isinstance(found, Deciles)
    assert found.calendar == tuple(Month(2020, n) for n in range(1, 6))
    assert [month is None for month in found.months] == [False, False, True, False, False]
    seen = turnover(arrays)
    assert (seen.sites, seen.throughout, seen.gaps, seen.joining, seen.leaving) == (20, 0, 20, 0, 0)
    assert seen.missing_months == (Month(2020, 3),)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ("11011", "11111"),
        ("1001001", "1001001"),  # quarterly
        ("1001000001", "1001001001"),  # quarterly, with a quarter missing
        ("10010001", "10010001"),  # three and four months apart: no rule
        ("0110", "0110"),
        ("0100", "0100"),
        ("000", "000"),
    ],
)
def test_which_months_ought_to_have_data(observed: str, expected: str) -> None:
    found = expected_months(np.array([digit == "1" for digit in observed]))
    assert "".join("1" if there else "0" for there in found) == expected
