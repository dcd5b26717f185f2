"""Lines over months, named at their right ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from enginehouse.reports.charts import axes
from enginehouse.reports.charts.axes import EndLabel, Frame, Mark
from enginehouse.reports.charts.canvas import WIDTH, Canvas, Point
from enginehouse.reports.charts.scales import Linear, finite, round_ticks, segments, value_range
from enginehouse.reports.charts.scales import number_label as label_of
from enginehouse.reports.charts.spec import Band, Emphasis, Series, SeriesChart
from enginehouse.reports.charts.style import BLUE, LOOKS, QUIET

_ORDER: tuple[Emphasis, ...] = (
    "muted",
    "comparison",
    "evaluation",
    "improvement",
    "flagged",
    "counterfactual",
    "main",
)
_MOST_MARKERS = 60


def draw_series(spec: SeriesChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0)
    low, high = value_range(_all_values(spec), from_zero=spec.y_from_zero)
    ticks = round_ticks(low, high, lambda value: label_of(value, spec.value_format))
    names = [(line_name(series), LOOKS[series.emphasis].bold) for series in spec.series]
    names += [(line_name(_middle(band)), False) for band in spec.bands]
    frame = framed(canvas, spec.y_label, ticks, spec.value_format, names, _marks(spec, 0.0, 1.0))
    x = axes.month_scale(spec.months, frame)
    y = Linear(ticks[0], ticks[-1], frame.bottom, frame.top)
    axes.draw_value_axis(canvas, frame, y, ticks, spec.value_format)
    for band in spec.bands:
        draw_band(canvas, band, x, y)
    axes.draw_month_axis(canvas, frame, spec.months, x)
    axes.draw_marks(canvas, frame, _marks(spec, frame.left, frame.right))
    for series in sorted(spec.series, key=lambda s: _ORDER.index(s.emphasis)):
        draw_line(canvas, series, x, y)
    labels = [line_label(series, x, y, frame) for series in spec.series]
    labels += [_band_label(band, x, y, frame) for band in spec.bands]
    axes.draw_end_labels(canvas, frame, labels)
    return canvas


def framed(
    canvas: Canvas,
    title: str,
    ticks: Sequence[float],
    value_format: str,
    names: Sequence[tuple[str, bool]],
    marks: Sequence[Mark],
) -> Frame:
    """Draw the axis title and find the frame; `marks` are given on 0..1 and sets the room above the plot."""
    top = axes.draw_axis_title(canvas, title)
    left, right = axes.left_margin(ticks, value_format), WIDTH - axes.right_margin(names)
    placed = [Mark(x=left + mark.x * (right - left), label=mark.label) for mark in marks]
    top += axes.marks_height(placed, left=2.0, right=WIDTH - 4) + 4
    bottom = top + max(axes.PLOT_HEIGHT, axes.end_labels_height(names))
    canvas.height = bottom + 32
    return Frame(left, top, right, bottom)


def draw_line(canvas: Canvas, series: Series, x: Linear, y: Linear) -> None:
    """One line with its markers: at every point where lines are thin, at the end where they are thick."""
    look = LOOKS[series.emphasis]
    for run in segments(series.values):
        points = _points(series.values, run, x, y)
        if len(points) > 1:
            canvas.path(points, stroke=look.stroke, width=look.width, dash=look.dash)
        elif series.emphasis != "comparison":
            canvas.marker(*points[0], look, scale=0.8)
    every = series.emphasis in ("comparison", "flagged") and len(series.values) <= _MOST_MARKERS
    positions = [i for run in segments(series.values) for i in run]
    for position in positions if every else positions[-1:]:
        canvas.marker(*_points(series.values, [position], x, y)[0], look, scale=0.8 if every else 1.0)


def draw_band(canvas: Canvas, band: Band, x: Linear, y: Linear, *, fill: str = BLUE, opacity: float = 0.12) -> None:
    """The area between two limits, broken where either is missing."""
    both = [None if h is None or lo is None else lo for lo, h in zip(band.low, band.high, strict=True)]
    for run in segments(both):
        upper = _points(band.high, run, x, y)
        lower = _points(band.low, run, x, y)
        canvas.area([*upper, *reversed(lower)], fill=fill, opacity=opacity)


def line_name(series: Series) -> str:
    """The name, with a dash where there is no line to go with it."""
    return series.name if finite(series.values) or not series.name else f"{series.name} –"


def line_label(series: Series, x: Linear, y: Linear, frame: Frame) -> EndLabel:
    """The name of a line at its last value; a line without any value is named with a dash."""
    look = LOOKS[series.emphasis]
    run = [i for part in segments(series.values) for i in part]
    if not run:
        return EndLabel(text=line_name(series), x=frame.right, y=frame.bottom, colour=look.text, bold=look.bold)
    (end,) = _points(series.values, run[-1:], x, y)
    return EndLabel(text=series.name, x=end[0], y=end[1], colour=look.text, bold=look.bold)


def _band_label(band: Band, x: Linear, y: Linear, frame: Frame) -> EndLabel:
    label = line_label(_middle(band), x, y, frame)
    return EndLabel(text=label.text, x=label.x, y=label.y, colour=QUIET)


def _middle(band: Band) -> Series:
    """The line at which a band is named."""
    middles = tuple(None if a is None or b is None else (a + b) / 2 for a, b in zip(band.low, band.high, strict=True))
    return Series(name=band.name, values=middles, emphasis="muted")


def _points(values: Sequence[float | None], run: Iterable[int], x: Linear, y: Linear) -> list[Point]:
    return [(x(position), y(value)) for position in run if (value := values[position]) is not None]


def _marks(spec: SeriesChart, left: float, right: float) -> list[Mark]:
    scale = Linear(0.0, float(len(spec.months) - 1), left, right)
    return [
        Mark(x=scale(_position(marker.month, spec.months)), label=marker.label)
        for marker in spec.markers
        if spec.months and spec.months[0] <= marker.month <= spec.months[-1]
    ]


def _position(month: str, months: Sequence[str]) -> int:
    return sum(known < month for known in months)


def _all_values(spec: SeriesChart) -> list[float]:
    lines = [value for series in spec.series for value in series.values]
    bands = [value for band in spec.bands for value in (*band.low, *band.high)]
    return finite([*lines, *bands])
