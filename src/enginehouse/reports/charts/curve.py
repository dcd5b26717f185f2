"""A curve over a number, with marks that say where it stands at chosen places, and further curves beside it."""

from __future__ import annotations

from itertools import pairwise

from enginehouse.reports.charts import axes
from enginehouse.reports.charts.axes import EndLabel, Frame, Mark
from enginehouse.reports.charts.canvas import Canvas
from enginehouse.reports.charts.metrics import shorten, text_width
from enginehouse.reports.charts.scales import Linear, finite, number_label, round_ticks, segments, value_range
from enginehouse.reports.charts.series import framed
from enginehouse.reports.charts.spec import CurveChart, CurveLine
from enginehouse.reports.charts.style import LOOKS, SMALL

MAIN = LOOKS["main"]


def draw_curve(spec: CurveChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0)
    x_ticks, y_ticks = _ticks(spec)
    marks = _marks(spec, Linear(x_ticks[0], x_ticks[-1], 0.0, 1.0))
    frame = framed(canvas, spec.y_label, y_ticks, spec.y_format, _names(spec), marks)
    x = Linear(x_ticks[0], x_ticks[-1], frame.left, frame.right)
    y = Linear(y_ticks[0], y_ticks[-1], frame.bottom, frame.top)
    axes.draw_value_axis(canvas, frame, y, y_ticks, spec.y_format)
    canvas.height = axes.draw_number_axis(canvas, frame, x, x_ticks, spec.x_format, spec.x_label)
    axes.draw_marks(canvas, frame, _marks(spec, x))
    for line in _lines(spec):
        _draw_line(canvas, spec, line, x, y)
    if spec.name:
        axes.draw_end_labels(canvas, frame, [_end(spec, line, x, y, frame) for line in _lines(spec)])
    for mark in spec.marks:
        _draw_mark(canvas, spec, mark.x, x, y)
    return canvas


def height_at(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float | None:
    """The curve at `x` between its neighbours; nothing outside of the curve."""
    for (x0, y0), (x1, y1) in pairwise(zip(xs, ys, strict=True)):
        if x0 <= x <= x1:
            return y0 if x1 == x0 else y0 + (y1 - y0) * ((x - x0) / (x1 - x0))
    return None


def _lines(spec: CurveChart) -> tuple[CurveLine, ...]:
    """Every curve, the first one last so that it lies on top."""
    return (*spec.others, CurveLine(name=spec.name, y=spec.y, emphasis="main"))


def _names(spec: CurveChart) -> list[tuple[str, bool]]:
    return [(line.name, LOOKS[line.emphasis].bold) for line in _lines(spec)] if spec.name else []


def _end(spec: CurveChart, line: CurveLine, x: Linear, y: Linear, frame: Frame) -> EndLabel:
    look = LOOKS[line.emphasis]
    known = [place for run in segments(line.y) for place in run]
    at = (x(spec.x[known[-1]]), y(line.y[known[-1]])) if known else (frame.right, frame.bottom)
    return EndLabel(text=line.name, x=at[0], y=at[1], colour=look.text, bold=look.bold)


def _draw_line(canvas: Canvas, spec: CurveChart, line: CurveLine, x: Linear, y: Linear) -> None:
    look = LOOKS[line.emphasis]
    for run in segments(line.y):
        points = [(x(spec.x[position]), y(line.y[position])) for position in run]
        if len(points) > 1:
            canvas.path(points, stroke=look.stroke, width=look.width, dash=look.dash)
        else:
            canvas.marker(*points[0], look)


def _draw_mark(canvas: Canvas, spec: CurveChart, at: float, x: Linear, y: Linear) -> None:
    height = height_at(at, spec.x, spec.y)
    if height is not None and finite([height]):
        canvas.marker(x(at), y(height), MAIN)


def _marks(spec: CurveChart, x: Linear) -> list[Mark]:
    return [Mark(x=x(mark.x), label=_mark_text(spec, mark.x, mark.label)) for mark in spec.marks]


def _mark_text(spec: CurveChart, at: float, label: str) -> str:
    height = height_at(at, spec.x, spec.y)
    value = "" if height is None or not finite([height]) else f": {number_label(height, spec.y_format)}"
    return shorten(label, SMALL, axes.MARK_LABEL_WIDTH - text_width(value, SMALL) - 2) + value


def _ticks(spec: CurveChart) -> tuple[tuple[float, ...], tuple[float, ...]]:
    x_low, x_high = value_range([*spec.x, *(mark.x for mark in spec.marks)])
    y_low, y_high = value_range([*(v for line in _lines(spec) for v in line.y), *(spec.y_range or ())])
    x_ticks = round_ticks(x_low, x_high, lambda value: number_label(value, spec.x_format), most=7)
    return x_ticks, round_ticks(y_low, y_high, lambda value: number_label(value, spec.y_format))
