"""Every kind of chart is drawn, says what it shows, and tells its emphases apart without colour."""

from __future__ import annotations

import itertools
from typing import get_args
from xml.etree import ElementTree

import pytest

from enginehouse.reports.charts.canvas import number
from enginehouse.reports.charts.curve import height_at
from enginehouse.reports.charts.draw import KINDS, axis_words, draw
from enginehouse.reports.charts.intervals import value_words
from enginehouse.reports.charts.spec import (
    Bar,
    BarChart,
    ChartSpec,
    CurveChart,
    CurveMark,
    Emphasis,
    IntervalChart,
    IntervalGroup,
    IntervalRow,
    SeriesChart,
    TimelineChart,
    TimelineItem,
    TimelineLane,
)
from enginehouse.reports.charts.style import BLUE, GREEN, INK, LOOKS, PAPER, QUIET, RUST, SHADE

SVG = "{http://www.w3.org/2000/svg}"
AA = 4.5
"""WCAG 2.2, 1.4.3: the least contrast of text."""
NON_TEXT = 2.3
"""The thinnest grey of a crowd: it is meant to recede, and says nothing that is not also written."""


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def crowd(count: int, flagged: int) -> IntervalGroup:
    rows = [
        IntervalRow(label="", value=i, low=i - 1, high=i + 1, emphasis="flagged" if i < flagged else "muted")
        for i in range(count)
    ]
    return IntervalGroup(title="areas where nothing happened", rows=tuple(rows), dense=True, callout="4 of 27")


def test_every_kind_of_chart_has_its_drawing() -> None:
    assert set(KINDS) == set(get_args(ChartSpec.__value__))


def test_every_emphasis_has_a_look() -> None:
    assert set(LOOKS) == set(get_args(Emphasis))


def test_looks_differ_without_colour() -> None:
    for one, other in itertools.combinations(LOOKS.values(), 2):
        assert (one.width, one.dash, one.shape, one.filled) != (other.width, other.dash, other.shape, other.filled)


def test_what_is_emphasised_is_thick_and_filled_and_what_is_flagged_has_another_shape() -> None:
    main = LOOKS["main"]
    assert main.width == max(look.width for look in LOOKS.values())
    assert main.filled
    assert [name for name, look in LOOKS.items() if look.shape == "diamond"] == ["flagged"]


@pytest.mark.parametrize("colour", [INK, QUIET, BLUE, GREEN, RUST, *(look.text for look in LOOKS.values())])
def test_text_has_contrast(colour: str) -> None:
    assert contrast(colour, PAPER) >= AA
    assert contrast(colour, SHADE) >= AA


@pytest.mark.parametrize("look", LOOKS.values())
def test_lines_have_contrast(look: object) -> None:
    assert contrast(look.stroke, PAPER) >= NON_TEXT  # type: ignore[attr-defined]


def test_black_on_white_is_21_to_1() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)


def test_a_chart_says_what_it_shows(chart: SeriesChart) -> None:
    root = ElementTree.fromstring(draw(chart, title="What <happened>", description="It rose.", name="c1"))
    assert root.attrib["role"] == "img"
    assert root.attrib["viewBox"].startswith("0 0 720 ")
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert (title.text, description.text) == ("What <happened>", "It rose.")
    assert root.attrib["aria-labelledby"] == title.attrib["id"] == "c1-title"
    assert root.attrib["aria-describedby"] == description.attrib["id"] == "c1-desc"


def test_without_a_title_the_axes_stand_in(chart: SeriesChart) -> None:
    assert axis_words(chart) == "items"
    assert "<title" in draw(chart)


def test_a_gap_in_the_data_is_a_gap_in_the_line(chart: SeriesChart) -> None:
    paths = [e.attrib["d"] for e in ElementTree.fromstring(draw(chart)).iter(f"{SVG}path")]
    assert len(paths) == 1  # January to February; April stands alone as a dot
    assert paths[0].count("L") == 1


def test_flagged_areas_are_diamonds_and_drawn_last() -> None:
    spec = IntervalChart(x_label="change", groups=(crowd(27, 4),))
    svg = draw(spec)
    diamonds = [e for e in ElementTree.fromstring(svg).iter(f"{SVG}path") if e.attrib.get("fill") == RUST]
    assert len(diamonds) == 4
    assert svg.rindex("<circle") < svg.index(f'fill="{RUST}" stroke="{PAPER}"')
    assert "4 of 27" in texts(svg)


def test_an_interval_is_written_beside_its_row() -> None:
    row = IntervalRow(label="West Yorkshire", value=-1.1, low=-3.7, high=1.5, emphasis="main")
    spec = IntervalChart(x_label="change", groups=(IntervalGroup(title="", rows=(row,)),), value_format="{:.1f}%")
    assert value_words(row, spec) == "−1.1% (−3.7% to 1.5%)"
    assert "−1.1% (−3.7% to 1.5%)" in texts(draw(spec))


def test_limits_that_are_infinite_and_values_that_are_missing_are_said() -> None:
    spec = IntervalChart(x_label="", groups=(), value_format="{:.0f}")
    endless = IntervalRow(label="", value=1.0, low=float("-inf"), high=float("inf"), emphasis="main")
    missing = IntervalRow(label="", value=float("nan"), low=0.0, high=1.0, emphasis="main")
    assert value_words(endless, spec) == "1 (−∞ to ∞)"
    assert value_words(missing, spec) == "–"


def test_a_mark_on_a_curve_says_its_height() -> None:
    spec = CurveChart(x_label="cost", y_label="p", x=(0, 100), y=(1, 0), marks=(CurveMark(x=25, label="published"),))
    assert "published: 75%" in texts(draw(spec))
    assert height_at(25, (0, 100), (1, 0)) == 0.75
    assert height_at(101, (0, 100), (1, 0)) is None


def test_a_bar_without_a_value_is_a_dash() -> None:
    bars = (Bar(label="a", value=float("nan"), emphasis="muted"), Bar(label="b", value=-2, emphasis="flagged"))
    assert {"a", "–", "b", "−2"} <= set(texts(draw(BarChart(x_label="x", bars=bars))))


def test_improvement_and_evaluation_differ_in_shape() -> None:
    def item(kind: str) -> TimelineItem:
        return TimelineItem(label=kind, start="2016-04-01", end="2017-03-31", kind=kind)  # type: ignore[arg-type]

    lane = TimelineLane(title="cycle", items=(item("improvement"), item("evaluation")))
    root = ElementTree.fromstring(draw(TimelineChart(lanes=(lane,), today="2017-01-01")))
    bars = list(root.iter(f"{SVG}rect"))
    assert [bar.attrib["fill"] for bar in bars] == [BLUE, PAPER]
    assert [bar.attrib["stroke"] for bar in bars] == [BLUE, GREEN]


def test_a_coordinate_that_is_not_finite_is_a_defect() -> None:
    assert number(1.50) == "1.5"
    assert number(-0.001) == "0"
    with pytest.raises(AssertionError, match="coordinate nan"):
        number(float("nan"))
