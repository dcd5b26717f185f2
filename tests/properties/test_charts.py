"""Whatever a chart is asked to show: coordinates are finite and inside the picture, and no two labels overlap."""

from __future__ import annotations

import itertools
import math
import re
from datetime import date
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enginehouse.reports.charts.draw import draw
from enginehouse.reports.charts.metrics import Box, text_box
from enginehouse.reports.charts.spec import (
    Band,
    Bar,
    BarChart,
    ChartSpec,
    CurveChart,
    CurveMark,
    DecileChart,
    IntervalChart,
    IntervalGroup,
    IntervalRow,
    Marker,
    Series,
    SeriesChart,
    TimelineChart,
    TimelineItem,
    TimelineLane,
)
from enginehouse.reports.charts.style import LOOKS

SVG = "{http://www.w3.org/2000/svg}"
EDGE = 1.0
"""How far a label may reach beyond the picture: less than the side bearing of a letter."""

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

numbers = st.floats(-1e9, 1e9, allow_nan=False, allow_infinity=False)
any_number = st.one_of(numbers, st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf]))
values = st.one_of(st.none(), numbers)
labels = st.one_of(
    st.sampled_from(["", "West Yorkshire", "the rest of the North East and Yorkshire", "x" * 90]),
    st.text(alphabet="abcdefgh ijklmW M£−é&<>'\"0123456789", max_size=140),
)
emphases = st.sampled_from(sorted(LOOKS))
formats = st.sampled_from(["{:,.0f}", "{:,.1f}", "{:.0%}", "£{:,.0f}", "{:+.1f}%", "{:.3g}"])


@st.composite
def months(draw_from: st.DrawFn) -> tuple[str, ...]:
    first, count = draw_from(st.integers(1990 * 12, 2050 * 12)), draw_from(st.integers(1, 130))
    return tuple(f"{i // 12:04d}-{i % 12 + 1:02d}" for i in range(first, first + count))


def line(count: int) -> st.SearchStrategy[tuple[float | None, ...]]:
    return st.lists(values, min_size=count, max_size=count).map(tuple)


@st.composite
def series_charts(draw_from: st.DrawFn) -> SeriesChart:
    shown = draw_from(months())[:40]
    count = len(shown)
    one = st.builds(Series, name=labels, values=line(count), emphasis=emphases)
    band = st.builds(Band, name=labels, low=line(count), high=line(count))
    return SeriesChart(
        months=shown,
        y_label=draw_from(labels),
        series=tuple(draw_from(st.lists(one, max_size=7))),
        bands=tuple(draw_from(st.lists(band, max_size=2))),
        markers=tuple(
            Marker(month=month, label=draw_from(labels))
            for month in draw_from(st.lists(st.sampled_from(shown), max_size=4))
        ),
        y_from_zero=draw_from(st.booleans()),
        value_format=draw_from(formats),
    )


rows = st.builds(
    IntervalRow, label=labels, value=any_number, low=any_number, high=any_number, emphasis=emphases, note=labels
)
groups = st.builds(
    IntervalGroup,
    title=labels,
    rows=st.lists(rows, max_size=30).map(tuple),
    dense=st.booleans(),
    callout=labels,
    note=labels,
)
interval_charts = st.builds(
    IntervalChart,
    x_label=labels,
    groups=st.lists(groups, max_size=4).map(tuple),
    reference=numbers,
    reference_label=labels,
    margins=st.one_of(st.none(), st.tuples(numbers, numbers)),
    margins_label=labels,
    value_format=formats,
    guide=st.one_of(st.none(), numbers),
)


@st.composite
def curve_charts(draw_from: st.DrawFn) -> CurveChart:
    x = tuple(sorted(draw_from(st.lists(numbers, min_size=1, max_size=30))))
    mark = st.builds(CurveMark, x=numbers, label=labels)
    return CurveChart(
        x_label=draw_from(labels),
        y_label=draw_from(labels),
        x=x,
        y=tuple(draw_from(st.lists(numbers, min_size=len(x), max_size=len(x)))),
        marks=tuple(draw_from(st.lists(mark, max_size=5))),
        x_format=draw_from(formats),
        y_format=draw_from(formats),
        y_range=draw_from(st.one_of(st.none(), st.just((0.0, 1.0)))),
    )


@st.composite
def decile_charts(draw_from: st.DrawFn) -> DecileChart:
    shown = draw_from(months())[:12]
    one = st.builds(Series, name=labels, values=line(len(shown)), emphasis=emphases)
    return DecileChart(
        months=shown,
        y_label=draw_from(labels),
        deciles=tuple(draw_from(line(len(shown))) for _ in range(9)),
        overlay=draw_from(st.one_of(st.none(), one)),
        value_format=draw_from(formats),
    )


days = st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 1, 1)).map(str)
items = st.builds(
    TimelineItem,
    label=labels,
    start=days,
    end=st.one_of(st.just(""), days),
    kind=st.sampled_from(["improvement", "evaluation"]),
)
lanes = st.builds(TimelineLane, title=labels, items=st.lists(items, max_size=8).map(tuple))
timeline_charts = st.builds(
    TimelineChart, lanes=st.lists(lanes, max_size=5).map(tuple), today=st.one_of(st.just(""), days)
)
bar_charts = st.builds(
    BarChart,
    x_label=labels,
    bars=st.lists(st.builds(Bar, label=labels, value=any_number, emphasis=emphases, note=labels), max_size=12).map(
        tuple
    ),
    value_format=formats,
)


@quick
@given(series_charts())
def test_series(spec: SeriesChart) -> None:
    check(spec)


@quick
@given(interval_charts)
def test_intervals(spec: IntervalChart) -> None:
    check(spec)


@quick
@given(curve_charts())
def test_curve(spec: CurveChart) -> None:
    check(spec)


@quick
@given(decile_charts())
def test_deciles(spec: DecileChart) -> None:
    check(spec)


@quick
@given(timeline_charts)
def test_timeline(spec: TimelineChart) -> None:
    check(spec)


@quick
@given(bar_charts)
def test_bars(spec: BarChart) -> None:
    check(spec)


def check(spec: ChartSpec) -> None:
    svg = draw(spec, title="t", description="d")
    assert svg == draw(spec, title="t", description="d")
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert width == 720
    assert math.isfinite(height)
    check_inside(root, width, height)
    check_labels(root, width, height)


def check_inside(root: ElementTree.Element, width: float, height: float) -> None:
    for x, y in points(root):
        assert -EDGE <= x <= width + EDGE, f"x {x} is outside of 0..{width}"
        assert -EDGE <= y <= height + EDGE, f"y {y} is outside of 0..{height}"


def check_labels(root: ElementTree.Element, width: float, height: float) -> None:
    boxes = [(text.text or "", label_box(text)) for text in root.iter(f"{SVG}text")]
    for label, box in boxes:
        inside = box.left >= -EDGE and box.right <= width + EDGE and box.top >= -EDGE and box.bottom <= height + EDGE
        assert inside, f"'{label}' reaches beyond the picture: {box}"
    for (one, box), (other, another) in itertools.combinations(boxes, 2):
        assert not box.overlaps(another), f"'{one}' {box} overlaps '{other}' {another}"


def label_box(text: ElementTree.Element) -> Box:
    return text_box(
        text.text or "",
        float(text.attrib["x"]),
        float(text.attrib["y"]),
        float(text.attrib["font-size"]),
        bold=text.attrib.get("font-weight") == "600",
        anchor=text.attrib["text-anchor"],  # type: ignore[arg-type]
    )


def points(root: ElementTree.Element) -> list[tuple[float, float]]:
    """Every coordinate that an element is drawn at (a number that is not finite would not parse)."""
    found: list[tuple[float, float]] = []
    for element in root.iter():
        a = {name: float(value) for name, value in element.attrib.items() if name in COORDINATES}
        if element.tag == f"{SVG}line":
            found += [(a["x1"], a["y1"]), (a["x2"], a["y2"])]
        elif element.tag == f"{SVG}rect":
            found += [(a["x"], a["y"]), (a["x"] + a["width"], a["y"] + a["height"])]
        elif element.tag == f"{SVG}circle":
            found += [(a["cx"], a["cy"])]
        elif element.tag == f"{SVG}path":
            path = re.findall(r"-?[\d.]+", element.attrib["d"])
            found += [(float(x), float(y)) for x, y in zip(path[::2], path[1::2], strict=True)]
    return found


COORDINATES = {"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height"}
