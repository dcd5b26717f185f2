"""How sites spread in each month: the deciles as nested bands around the median, and one line over them."""

from __future__ import annotations

from enginehouse.reports.charts import axes
from enginehouse.reports.charts.axes import EndLabel
from enginehouse.reports.charts.canvas import Canvas
from enginehouse.reports.charts.scales import Linear, number_label, round_ticks, segments, value_range
from enginehouse.reports.charts.series import draw_band, draw_line, framed, line_label, line_name
from enginehouse.reports.charts.spec import Band, DecileChart, Series
from enginehouse.reports.charts.style import AXIS, INK, LOOKS, QUIET

_EDGE = "1 3"


def draw_deciles(spec: DecileChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0)
    overlay = (spec.overlay,) if spec.overlay else ()
    low, high = value_range([value for line in (*spec.deciles, *(s.values for s in overlay)) for value in line])
    ticks = round_ticks(low, high, lambda value: number_label(value, spec.value_format))
    lines = _named_lines(spec)
    names = [(line_name(line), position == 1) for position, line in enumerate(lines)]
    names += [(line_name(series), LOOKS[series.emphasis].bold) for series in overlay]
    frame = framed(canvas, spec.y_label, ticks, spec.value_format, names, [])
    x = axes.month_scale(spec.months, frame)
    y = Linear(ticks[0], ticks[-1], frame.bottom, frame.top)
    axes.draw_value_axis(canvas, frame, y, ticks, spec.value_format)
    _draw_spread(canvas, spec, x, y)
    axes.draw_month_axis(canvas, frame, spec.months, x)
    for series in overlay:
        draw_line(canvas, series, x, y)
    labels = [_label(line, x, y, frame, is_median=position == 1) for position, line in enumerate(lines)]
    labels += [line_label(series, x, y, frame) for series in overlay]
    axes.draw_end_labels(canvas, frame, labels)
    return canvas


def _draw_spread(canvas: Canvas, spec: DecileChart, x: Linear, y: Linear) -> None:
    count = len(spec.deciles)
    for depth in range(count // 2):
        band = Band(name="", low=spec.deciles[depth], high=spec.deciles[count - 1 - depth])
        draw_band(canvas, band, x, y, fill=AXIS, opacity=0.14)
    for position, values in enumerate(spec.deciles):
        is_median = count % 2 == 1 and position == count // 2
        if is_median or position in (0, count - 1):
            _draw_edge(canvas, values, x, y, is_median=is_median)


def _draw_edge(canvas: Canvas, values: tuple[float | None, ...], x: Linear, y: Linear, *, is_median: bool) -> None:
    for run in segments(values):
        points = [(x(p), y(value)) for p in run if (value := values[p]) is not None]
        if len(points) > 1:
            stroke, width, dash = (INK, 2.2, "") if is_median else (AXIS, 1.2, _EDGE)
            canvas.path(points, stroke=stroke, width=width, dash=dash)


def _named_lines(spec: DecileChart) -> list[Series]:
    """The lowest, middle and highest line, with their names."""
    if not spec.deciles:
        return []
    positions = (0, len(spec.deciles) // 2, len(spec.deciles) - 1)
    return [
        Series(name=name, values=spec.deciles[position], emphasis="muted")
        for name, position in zip(spec.labels, positions, strict=True)
    ]


def _label(line: Series, x: Linear, y: Linear, frame: axes.Frame, *, is_median: bool) -> EndLabel:
    label = line_label(line, x, y, frame)
    return EndLabel(text=label.text, x=label.x, y=label.y, colour=INK if is_median else QUIET, bold=is_median)
