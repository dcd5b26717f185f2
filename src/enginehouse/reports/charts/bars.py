"""Horizontal bars, each with its name on the left and its value at its end."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.reports.charts.canvas import WIDTH, Canvas
from enginehouse.reports.charts.metrics import shorten, text_width, wrap
from enginehouse.reports.charts.scales import Linear, finite, number_label, value_range
from enginehouse.reports.charts.spec import Bar, BarChart
from enginehouse.reports.charts.style import AXIS, INK, LABEL, LINE_HEIGHT, LOOKS, PAPER, QUIET, SMALL

_LABEL_WIDTH = 200.0
_NOTE_WIDTH = 150.0
_BAR = 20.0
_ROW = LABEL * LINE_HEIGHT


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where bars may be, and room beside them for values of either sign."""

    left: float
    right: float
    scale: Linear


def draw_bars(spec: BarChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0)
    title = wrap(spec.x_label, LABEL, WIDTH - 4, lines=2)
    canvas.lines_of_text(2.0, LABEL, title, colour=QUIET)
    plan = _plan(spec)
    top = y = LABEL + len(title) * _ROW
    for bar in spec.bars:
        height = _row_height(bar)
        _draw_row(canvas, spec, bar, plan, y + height / 2)
        y += height
    zero = plan.scale(0.0)
    canvas.line((zero, top), (zero, max(y, top + 4)), stroke=AXIS)
    canvas.height = y + 8
    return canvas


def _plan(spec: BarChart) -> _Plan:
    widths = [text_width(line, LABEL, bold=_bold(bar)) for bar in spec.bars for line in _name(bar)]
    left = 14.0 + max([0.0, *widths])
    low, high = value_range([bar.value for bar in spec.bars], from_zero=True)
    room_left = max([0.0, *(_value_width(spec, bar) for bar in spec.bars if _is_negative(bar))])
    room_right = max([10.0, *(_value_width(spec, bar) for bar in spec.bars if not _is_negative(bar))])
    start, end = left + room_left, WIDTH - 4 - room_right
    return _Plan(left, end, Linear(low, high, start, max(end, start + 20)))


def _draw_row(canvas: Canvas, spec: BarChart, bar: Bar, plan: _Plan, middle: float) -> None:
    name, look = _name(bar), LOOKS[bar.emphasis]
    first = middle - (len(name) - 1) * _ROW / 2 + LABEL * 0.34
    canvas.lines_of_text(plan.left - 12, first, name, bold=_bold(bar), anchor="end")
    if not finite([bar.value]):
        canvas.text(plan.scale(0.0) + 8, middle + LABEL * 0.34, "–", colour=QUIET)
        return
    zero, end = plan.scale(0.0), plan.scale(bar.value)
    filled = look.filled or bar.emphasis == "comparison"
    colour = look.stroke if filled else PAPER
    canvas.rect(min(zero, end), middle - _BAR / 2, max(zero, end), middle + _BAR / 2, fill=colour, stroke=look.stroke)
    if bar.emphasis == "flagged":
        canvas.marker(end, middle, look, scale=1.2)
    _draw_value(canvas, spec, bar, end, middle + LABEL * 0.34)


def _draw_value(canvas: Canvas, spec: BarChart, bar: Bar, end: float, baseline: float) -> None:
    value = number_label(bar.value, spec.value_format)
    side, anchor = (-1, "end") if bar.value < 0 else (1, "start")
    gap = 14.0 if bar.emphasis == "flagged" else 8.0
    start = end + side * gap
    canvas.text(start, baseline, value, bold=_bold(bar), colour=INK, anchor="end" if anchor == "end" else "start")
    beyond = start + side * (text_width(value, LABEL, bold=_bold(bar)) + 8)
    if bar.note:
        canvas.text(
            beyond, baseline, _note(bar), size=SMALL, colour=QUIET, anchor="end" if anchor == "end" else "start"
        )


def _value_width(spec: BarChart, bar: Bar) -> float:
    """Room beside a bar for its value and note."""
    value = (
        text_width(number_label(bar.value, spec.value_format), LABEL, bold=_bold(bar)) if finite([bar.value]) else 20
    )
    return 16.0 + value + (text_width(_note(bar), SMALL) + 10 if bar.note else 0.0)


def _is_negative(bar: Bar) -> bool:
    """Whether the bar goes left; one without a finite value has its dash on the right."""
    return bool(finite([bar.value])) and bar.value < 0


def _note(bar: Bar) -> str:
    return shorten(bar.note, SMALL, _NOTE_WIDTH / 2 if bar.value < 0 else _NOTE_WIDTH)


def _name(bar: Bar) -> tuple[str, ...]:
    return wrap(bar.label, LABEL, _LABEL_WIDTH, bold=_bold(bar), lines=2)


def _bold(bar: Bar) -> bool:
    return LOOKS[bar.emphasis].bold


def _row_height(bar: Bar) -> float:
    return max(32.0, len(_name(bar)) * _ROW + 8)
