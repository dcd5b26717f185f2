"""One site's own months beside those of similar ones, half a page wide: what a series chart is to a whole page."""

from __future__ import annotations

from collections.abc import Sequence

from enginehouse.reports.charts import axes
from enginehouse.reports.charts.axes import Frame
from enginehouse.reports.charts.canvas import Canvas, Point
from enginehouse.reports.charts.metrics import text_width, wrap
from enginehouse.reports.charts.placing import spread
from enginehouse.reports.charts.scales import (
    Linear,
    finite,
    number_label,
    round_ticks,
    segments,
    tick_labels,
    value_range,
)
from enginehouse.reports.charts.spec import Emphasis, TrendChart
from enginehouse.reports.charts.standing import HALF_WIDTH, OTHER_LETTERS, TEXT
from enginehouse.reports.charts.style import AXIS, GRID, INK, LINE_HEIGHT, LOOKS, QUIET

_PLOT = 128.0
_ROW = TEXT * LINE_HEIGHT
_NAME_WIDTH = 78.0
_TICKS = 4
_MOST_MONTH_LABELS = 4


def draw_trend(spec: TrendChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0, width=HALF_WIDTH)
    title = wrap(spec.y_label, TEXT * OTHER_LETTERS, HALF_WIDTH - 4, lines=2)
    canvas.lines_of_text(1.0, TEXT, title, size=TEXT, colour=QUIET)
    low, high = value_range([*spec.own, *spec.comparison])
    ticks = round_ticks(low, high, lambda v: number_label(v, spec.value_format), most=_TICKS)
    frame = _frame(spec, ticks, TEXT + len(title) * _ROW)
    x = axes.month_scale(spec.months, frame)
    y = Linear(ticks[0], ticks[-1], frame.bottom, frame.top)
    _draw_values(canvas, frame, ticks, y, spec.value_format)
    _draw_months(canvas, frame, spec.months, x)
    _draw_start(canvas, frame, spec, x)
    _draw_line(canvas, spec.comparison, "comparison", x, y)
    _draw_line(canvas, spec.own, "main", x, y)
    _draw_names(canvas, frame, spec, y)
    canvas.height = frame.bottom + 24
    return canvas


def _frame(spec: TrendChart, ticks: Sequence[float], top: float) -> Frame:
    widest = max(text_width(label, TEXT) * OTHER_LETTERS for label in tick_labels(ticks, spec.value_format))
    names = [line for lines in _names(spec) for line in lines]
    right = max((text_width(line, TEXT, bold=True) * OTHER_LETTERS for line in names), default=0.0)
    above = _ROW + 2 if _start_position(spec) is not None else 4.0
    return Frame(widest + 10, top + above, HALF_WIDTH - right - 14, top + above + _PLOT)


def _names(spec: TrendChart) -> tuple[tuple[str, ...], tuple[str, ...]]:
    width = _NAME_WIDTH / OTHER_LETTERS
    return wrap(spec.own_name, TEXT, width, bold=True), wrap(spec.comparison_name, TEXT, width)


def _draw_values(canvas: Canvas, frame: Frame, ticks: Sequence[float], y: Linear, value_format: str) -> None:
    for tick, label in zip(ticks, tick_labels(ticks, value_format), strict=True):
        canvas.line((frame.left, y(tick)), (frame.right, y(tick)), stroke=GRID)
        canvas.text(frame.left - 7, y(tick) + TEXT * 0.34, label, size=TEXT, colour=QUIET, anchor="end")


def _draw_months(canvas: Canvas, frame: Frame, months: Sequence[str], x: Linear) -> None:
    """The first of a year, half-year or quarter, as few as have room whatever the letters."""
    canvas.line((frame.left, frame.bottom), (frame.right, frame.bottom), stroke=AXIS)
    steps = (1, 3, 6, 12, 24, 60)
    step = next((s for s in steps if len(axes.month_positions(months, s)) <= _MOST_MONTH_LABELS), 120)
    edge = float("-inf")
    for position in axes.month_positions(months, step):
        label = axes.month_label(months[position], years_only=step >= 12)
        half = text_width(label, TEXT) * OTHER_LETTERS / 2
        canvas.line((x(position), frame.bottom), (x(position), frame.bottom + 4), stroke=AXIS)
        middle = min(max(x(position), half), HALF_WIDTH - half)
        if middle - half > edge + 6:
            canvas.text(middle, frame.bottom + 19, label, size=TEXT, colour=QUIET, anchor="middle")
            edge = middle + half


def _start_position(spec: TrendChart) -> int | None:
    return spec.months.index(spec.start) if spec.start in spec.months else None


def _draw_start(canvas: Canvas, frame: Frame, spec: TrendChart, x: Linear) -> None:
    position = _start_position(spec)
    if position is None:
        return
    place, half = x(position), text_width(spec.start_label, TEXT) * OTHER_LETTERS / 2
    canvas.line((place, frame.top - 5), (place, frame.bottom), stroke=INK, width=1.4, dash="2 3")
    middle = min(max(place, half + 1), HALF_WIDTH - half - 1)
    canvas.text(middle, frame.top - 9, spec.start_label, size=TEXT, anchor="middle")


def _draw_line(canvas: Canvas, values: Sequence[float | None], emphasis: Emphasis, x: Linear, y: Linear) -> None:
    """A line broken at gaps; the own one ends in a point, the other has small open squares."""
    look = LOOKS[emphasis]
    drawn: list[Point] = []
    for run in segments(values):
        points = [(x(i), y(value)) for i in run if (value := values[i]) is not None]
        if len(points) > 1:
            canvas.path(points, stroke=look.stroke, width=look.width, dash=look.dash)
        elif emphasis == "main":
            canvas.marker(*points[0], look, scale=0.8)
        drawn += points
    for point in drawn[-1:] if emphasis == "main" else drawn[:: max(1, len(drawn) // 12)]:
        canvas.marker(*point, look, scale=1.0 if emphasis == "main" else 0.8)


def _draw_names(canvas: Canvas, frame: Frame, spec: TrendChart, y: Linear) -> None:
    """The names beside the last values, moved apart where they would touch."""
    named = [
        (lines, emphasis, y(known[-1]))
        for lines, emphasis, known in zip(
            _names(spec), ("main", "comparison"), (finite(spec.own), finite(spec.comparison)), strict=True
        )
        if known and lines
    ]
    heights = [len(lines) * _ROW for lines, _, _ in named]
    middles = spread([at for _, _, at in named], heights, top=frame.top - 8, bottom=frame.bottom + 8)
    for (lines, emphasis, _), middle in zip(named, middles, strict=True):
        look = LOOKS["main" if emphasis == "main" else "comparison"]
        first = middle - (len(lines) - 1) * _ROW / 2 + TEXT * 0.34
        canvas.lines_of_text(frame.right + 11, first, lines, size=TEXT, colour=look.text, bold=look.bold)
