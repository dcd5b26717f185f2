"""The two charts of a report to one site: half a page wide, readable on a phone, whatever the numbers."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from enginehouse.reports.charts.draw import draw
from enginehouse.reports.charts.spec import StandingBar, StandingChart, TrendChart
from enginehouse.reports.charts.style import LOOKS

SVG = "{http://www.w3.org/2000/svg}"


def texts_of(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def bars(*values: float) -> StandingChart:
    drawn = tuple(StandingBar(label=f"bar {v}", value=v, words=f"{v}", emphasis="muted") for v in values)
    return StandingChart(x_label="mg", bars=drawn, target=values[-1] if values else None)


@pytest.mark.parametrize("values", [(), (0.0,), (0.0, 0.0), (1e-9, 5.0), (49.8, 44.1, 36.2), (1e7, 2e7)])
def test_bars_of_any_size_are_drawn_inside_the_picture(values: tuple[float, ...]) -> None:
    root = ElementTree.fromstring(draw(bars(*values)))
    assert root.attrib["viewBox"].startswith("0 0 360 ")
    for bar in root.iter(f"{SVG}rect"):
        assert 0 <= float(bar.attrib["x"]) + float(bar.attrib["width"]) <= 360


def test_a_bar_carries_its_interval_and_a_long_name_wraps() -> None:
    name = "practices with as many patients over seventy and as much deprivation as yours"
    bar = StandingBar(label=name, value=5.0, words="5.0", emphasis="main", low=4.0, high=6.0)
    svg = draw(StandingChart(x_label="mg", bars=(bar,)))
    assert svg.count("<line") == 7  # three strokes, each edged in paper, and the base
    assert len(texts_of(svg)) == 4  # the axis, two lines of the name, and the value


def test_a_trend_names_both_lines_where_they_end() -> None:
    months = tuple(f"2026-{m:02d}" for m in range(1, 7))
    spec = TrendChart(
        y_label="mg",
        months=months,
        own=(1.0, 2.0, 3.0, 2.0, 1.0, 1.0),
        comparison=(1.0,) * 6,
        own_name="You",
        comparison_name="Similar",
        start="2026-03",
        start_label="campaign starts",
    )
    svg = draw(spec)
    assert {"You", "Similar", "campaign starts"} <= set(texts_of(svg))
    assert "campaign starts" not in texts_of(draw(replace(spec, start="2025-01")))
    assert "Similar" not in texts_of(draw(replace(spec, comparison=(None,) * 6)))


@pytest.mark.parametrize("count", [1, 2, 24, 60])
def test_trends_of_any_length_are_drawn(count: int) -> None:
    months = tuple(f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(count))
    spec = TrendChart(
        y_label="mg", months=months, own=(5.0,) * count, comparison=(4.0,) * count, own_name="You", comparison_name="S"
    )
    assert draw(spec).count(f'stroke-width="{LOOKS["main"].width:g}"') == (count > 1)
