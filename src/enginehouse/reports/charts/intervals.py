"""Estimates with their intervals in groups around a line of no effect: many in one dense crowd, a few named."""

from __future__ import annotations

import math
from dataclasses import dataclass

from enginehouse.reports.charts import axes
from enginehouse.reports.charts.axes import Frame
from enginehouse.reports.charts.canvas import WIDTH, Canvas
from enginehouse.reports.charts.metrics import text_width, wrap
from enginehouse.reports.charts.scales import Linear, finite, number_label, round_ticks, value_range
from enginehouse.reports.charts.spec import IntervalChart, IntervalGroup, IntervalRow
from enginehouse.reports.charts.style import (
    BLUE,
    GRID,
    INK,
    LABEL,
    LINE_HEIGHT,
    LOOKS,
    QUIET,
    RUST,
    SHADE,
    SMALL,
)

_NAME_WIDTH = 216.0
_DENSE_ROW = 10.0
_CAP = 8.0
_CALLOUT = 38.0
_ROW = LABEL * LINE_HEIGHT
_SMALL_ROW = SMALL * LINE_HEIGHT


@dataclass(frozen=True, slots=True)
class _Layout:
    """The plot's frame and, for each group, where its title, its first row and its end are."""

    frame: Frame
    scale: Linear
    ticks: tuple[float, ...]
    tops: tuple[float, ...]


def draw_intervals(spec: IntervalChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0)
    layout = _lay_out(spec)
    _draw_ground(canvas, spec, layout)
    for group, top in zip(spec.groups, layout.tops, strict=True):
        _draw_group(canvas, spec, group, layout, top)
    end = axes.draw_number_axis(canvas, layout.frame, layout.scale, layout.ticks, spec.value_format, spec.x_label)
    canvas.height = end
    return canvas


def value_words(row: IntervalRow, spec: IntervalChart) -> str:
    """The estimate and its limits as they stand beside the row, or its own words; a dash where there is none."""
    if row.words:
        return row.words
    if not finite([row.value]):
        return "–"
    texts = {name: _limit_text(getattr(row, name), spec) for name in ("value", "low", "high")}
    return spec.value_text.format(**texts)


def _limit_text(value: float, spec: IntervalChart) -> str:
    if math.isfinite(value):
        return number_label(value, spec.value_format)
    return "–" if math.isnan(value) else ("−∞" if value < 0 else "∞")


def _lay_out(spec: IntervalChart) -> _Layout:
    rows = [row for group in spec.groups for row in group.rows]
    values = [number for row in rows for number in (row.value, row.low, row.high)]
    low, high = value_range([*values, spec.reference, *(spec.margins or ())])
    ticks = round_ticks(low, high, lambda value: number_label(value, spec.value_format), most=7)
    named = [row for group in spec.groups if not group.dense for row in group.rows]
    right = WIDTH - 6 - max([18.0, *(text_width(value_words(row, spec), LABEL, bold=_bold(row)) + 16 for row in named)])
    left = 24.0 + max([0.0, *(_left_width(group) for group in spec.groups)])
    top = 4 + _ROW * ((1 if spec.margins_label else 0) + (1 if spec.reference_label else 0)) + 8
    tops, y = [], top
    for group in spec.groups:
        tops.append(y)
        y += _group_height(group)
    frame = Frame(left, top - 4, max(right, left + 80), y + 6)
    return _Layout(frame, Linear(ticks[0], ticks[-1], frame.left, frame.right), ticks, tuple(tops))


def _draw_ground(canvas: Canvas, spec: IntervalChart, layout: _Layout) -> None:
    """Margins, grid, the line of no effect and the guide: everything that lies behind the estimates."""
    frame, scale = layout.frame, layout.scale
    if spec.margins is not None:
        canvas.rect(scale(min(spec.margins)), frame.top, scale(max(spec.margins)), frame.bottom, fill=SHADE)
    for tick in layout.ticks:
        canvas.line((scale(tick), frame.top), (scale(tick), frame.bottom), stroke=GRID)
    zero = scale(spec.reference)
    canvas.line((zero, frame.top), (zero, frame.bottom), stroke=INK, width=1.4)
    if spec.guide is not None and math.isfinite(spec.guide):
        guide = scale(spec.guide)
        canvas.line((guide, frame.top), (guide, frame.bottom), stroke=BLUE, width=1.4, dash="1.5 4")
    _draw_heads(canvas, spec, layout)


def _draw_heads(canvas: Canvas, spec: IntervalChart, layout: _Layout) -> None:
    """What the shading and the line of no effect mean, above them."""
    y = 4 + SMALL
    if spec.margins is not None and spec.margins_label:
        middle = (layout.scale(spec.margins[0]) + layout.scale(spec.margins[1])) / 2
        _draw_centred(canvas, spec.margins_label, middle, y, QUIET)
        y += _ROW
    if spec.reference_label:
        _draw_centred(canvas, spec.reference_label, layout.scale(spec.reference), y, INK)
    _draw_sides(canvas, spec, layout, y)


def _draw_sides(canvas: Canvas, spec: IntervalChart, layout: _Layout, y: float) -> None:
    """What the two sides mean, on the line of `no difference` and clear of it."""
    half = text_width(spec.reference_label, SMALL) / 2 + 10
    zero, frame = layout.scale(spec.reference), layout.frame
    if spec.low_label and frame.left + text_width(spec.low_label, SMALL) < zero - half:
        canvas.text(frame.left, y, spec.low_label, size=SMALL, colour=QUIET)
    if spec.high_label and frame.right - text_width(spec.high_label, SMALL) > zero + half:
        canvas.text(frame.right, y, spec.high_label, size=SMALL, colour=QUIET, anchor="end")


def _draw_centred(canvas: Canvas, text: str, x: float, y: float, colour: str) -> None:
    (line,) = wrap(text, SMALL, WIDTH - 8, lines=1) or ("",)
    half = text_width(line, SMALL) / 2
    canvas.text(min(max(x, half + 2), WIDTH - 4 - half), y, line, size=SMALL, colour=colour, anchor="middle")


def _draw_group(canvas: Canvas, spec: IntervalChart, group: IntervalGroup, layout: _Layout, top: float) -> None:
    title = _title(group)
    canvas.lines_of_text(2.0, top + _ROW, title, bold=True)
    y = top + 10 + len(title) * _ROW
    if group.dense:
        _draw_crowd(canvas, group, layout, y)
        return
    for row in group.rows:
        height = _row_height(row)
        _draw_named(canvas, spec, row, layout, y + height / 2)
        y += height


def _draw_crowd(canvas: Canvas, group: IntervalGroup, layout: _Layout, top: float) -> None:
    """Dense rows, muted ones first so that flagged ones lie above, and the callout in the free column."""
    places = {id(row): top + (number + 0.5) * _DENSE_ROW for number, row in enumerate(group.rows)}
    for row in sorted(group.rows, key=lambda r: r.emphasis == "flagged"):
        _draw_interval(canvas, row, layout, places[id(row)], scale=0.82 if row.emphasis == "flagged" else 1.0)
    colour = RUST if any(row.emphasis == "flagged" for row in group.rows) else INK
    y = top + 8
    for line in _callout(group):
        canvas.text(2.0, y + _CALLOUT * 0.75, line, size=_CALLOUT, colour=colour, bold=True)
        y += _CALLOUT * 1.1
    canvas.lines_of_text(2.0, y + SMALL, _note(group), size=SMALL, colour=colour)


def _draw_named(canvas: Canvas, spec: IntervalChart, row: IntervalRow, layout: _Layout, middle: float) -> None:
    name, note = _name(row), wrap(row.note, SMALL, _NAME_WIDTH, lines=3)
    height = len(name) * _ROW + len(note) * _SMALL_ROW
    y = middle - height / 2 + LABEL * 0.85
    look = LOOKS[row.emphasis]
    canvas.lines_of_text(2.0, y, name, bold=_bold(row), colour=look.text)
    canvas.lines_of_text(2.0, y + len(name) * _ROW, note, size=SMALL, colour=QUIET)
    _draw_interval(canvas, row, layout, middle, scale=1.25)
    words = value_words(row, spec)
    canvas.text(WIDTH - 4, middle + LABEL * 0.34, words, bold=_bold(row), colour=look.text, anchor="end")


def _draw_interval(canvas: Canvas, row: IntervalRow, layout: _Layout, y: float, *, scale: float) -> None:
    look = LOOKS[row.emphasis]
    if not math.isnan(row.low) and not math.isnan(row.high):
        ends = (layout.scale(_held(row.low)), y), (layout.scale(_held(row.high)), y)
        canvas.line(*ends, stroke=look.stroke, width=look.width * max(scale, 1.0), dash=look.dash)
        if row.bracket:
            for x, _ in ends:
                canvas.line((x, y - _CAP), (x, y + _CAP), stroke=look.stroke, width=look.width)
    if finite([row.value]):
        canvas.marker(layout.scale(row.value), y, look, scale=scale)


def _held(limit: float) -> float:
    """A limit that the scale can hold at the edge of the plot."""
    return math.copysign(1e300, limit) if math.isinf(limit) else limit


def _left_width(group: IntervalGroup) -> float:
    names = [(line, LABEL, _bold(row)) for row in group.rows for line in _name(row)] if not group.dense else []
    notes = [(line, SMALL, False) for row in group.rows for line in wrap(row.note, SMALL, _NAME_WIDTH, lines=3)]
    crowd = [(line, SMALL, False) for line in _note(group)] + [(line, _CALLOUT, True) for line in _callout(group)]
    titles = [(line, LABEL, True) for line in _title(group)]
    texts = titles + names + (crowd if group.dense else notes)
    return max([0.0, *(text_width(line, size, bold=bold) for line, size, bold in texts)])


def _group_height(group: IntervalGroup) -> float:
    if not group.dense:
        return 22 + len(_title(group)) * _ROW + sum(_row_height(row) for row in group.rows)
    words = 16 + len(_callout(group)) * _CALLOUT * 1.1 + len(_note(group)) * _SMALL_ROW
    return 22 + len(_title(group)) * _ROW + max(len(group.rows) * _DENSE_ROW, words)


def _row_height(row: IntervalRow) -> float:
    words = len(_name(row)) * _ROW + len(wrap(row.note, SMALL, _NAME_WIDTH, lines=3)) * _SMALL_ROW
    return max(30.0, words + 10)


def _title(group: IntervalGroup) -> tuple[str, ...]:
    """Within the column of names, so that no title crosses the grid."""
    return wrap(group.title, LABEL, _NAME_WIDTH, bold=True, lines=3)


def _callout(group: IntervalGroup) -> tuple[str, ...]:
    return wrap(group.callout, _CALLOUT, _NAME_WIDTH, bold=True, lines=1)


def _note(group: IntervalGroup) -> tuple[str, ...]:
    return wrap(group.note, SMALL, _NAME_WIDTH - 20, lines=6)


def _name(row: IntervalRow) -> tuple[str, ...]:
    return wrap(row.label, LABEL, _NAME_WIDTH, bold=_bold(row), lines=3)


def _bold(row: IntervalRow) -> bool:
    return LOOKS[row.emphasis].bold
