"""Round ticks, numbers as labels, and labels moved apart."""

from __future__ import annotations

import math

import pytest

from enginehouse.reports.charts.placing import spread, stack
from enginehouse.reports.charts.scales import (
    Linear,
    number_label,
    round_ticks,
    segments,
    tick_labels,
    value_range,
)


def test_ticks_are_round_and_enclose() -> None:
    assert round_ticks(36.4, 51.2, lambda v: f"{v:.0f}") == (35, 40, 45, 50, 55)
    assert round_ticks(-4.9, 3.3, lambda v: f"{v:.0f}", most=7) == (-6, -4, -2, 0, 2, 4)


def test_ticks_are_few_enough_to_have_labels_of_their_own() -> None:
    ticks = round_ticks(0.1, 0.9, lambda v: f"{v:.0f}")
    labels = [f"{tick:.0f}" for tick in ticks]
    assert len(set(labels)) == len(labels) >= 2


@pytest.mark.parametrize(
    ("value", "form", "label"),
    [
        (-1.1, "{:+.1f}%", "−1.1%"),
        (0.0, "{:+.1f}%", "0.0%"),
        (-0.04, "{:+.1f}%", "0.0%"),
        (1.5, "{:+.1f}%", "+1.5%"),
        (-309000, "£{:,.0f}", "−£309,000"),
        (1e40, "{:,.0f}", "1e+40"),
    ],
)
def test_numbers_as_labels(value: float, form: str, label: str) -> None:
    assert number_label(value, form) == label


def test_zero_decimals_go_when_every_tick_has_them() -> None:
    assert tick_labels((35.0, 40.0), "{:,.1f}") == ("35", "40")
    assert tick_labels((-2.0, 0.0), "{:.1f}%") == ("−2%", "0%")
    assert tick_labels((2.5, 5.0), "{:,.1f}") == ("2.5", "5.0")
    assert tick_labels((1.0, 1.5), "{:,.2f}") == ("1.0", "1.5")
    assert tick_labels((0.0, 100.0), "{:,.0f}") == ("0", "100")


def test_a_single_value_gets_room_on_both_sides() -> None:
    low, high = value_range([5.0, None, math.nan])
    assert low < 5.0 < high
    assert value_range([3.0], from_zero=True) == (0.0, 3.0)
    assert value_range([]) == (0.0, 1.0)


def test_a_scale_holds_values_beyond_it_at_its_edge() -> None:
    scale = Linear(0, 10, 100, 200)
    assert (scale(5), scale(-1), scale(99)) == (150, 100, 200)
    assert Linear(1, 1, 100, 200)(1) == 150


def test_gaps_cut_a_line() -> None:
    assert segments((1.0, 2.0, None, 4.0, math.nan, 6.0)) == [[0, 1], [3], [5]]


def test_labels_are_moved_apart_and_keep_their_order() -> None:
    placed = spread([50, 51, 52], [10, 10, 10], top=0, bottom=100)
    assert placed[0] + 10 <= placed[1] + 1e-9 <= placed[2] - 10 + 2e-9
    assert spread([98, 99], [10, 10], top=0, bottom=100) == [85, 95]


def test_labels_of_marks_stand_in_rows_where_they_would_touch() -> None:
    near, far = (
        stack([100, 105], [80, 80], left=0, right=700, gap=5),
        stack([100, 400], [80, 80], left=0, right=700, gap=5),
    )
    assert {slot.row for slot in near} == {0, 1}
    assert {slot.row for slot in far} == {0}
    assert stack([690], [80], left=0, right=700, gap=5)[0].anchor == "end"
