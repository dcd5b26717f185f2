"""One site beside similar ones and the target: bars from zero, half a page wide, readable on a phone.

The name and the value of each bar stand above it, so that bars have the whole width.
"""

from __future__ import annotations

from enginehouse.reports.charts.canvas import Canvas
from enginehouse.reports.charts.metrics import shorten, text_width, wrap
from enginehouse.reports.charts.scales import Linear, finite
from enginehouse.reports.charts.spec import StandingBar, StandingChart
from enginehouse.reports.charts.style import GRID, INK, LINE_HEIGHT, LOOKS, PAPER, QUIET

HALF_WIDTH = 360.0
TEXT = 14.0
OTHER_LETTERS = 1.14
"""Pages without a font of their own are drawn in whatever the reader has; the widest usual one is that much wider."""
_BAR = 20.0
_ROW = TEXT * LINE_HEIGHT


def draw_standing(spec: StandingChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0, width=HALF_WIDTH)
    title = wrap(spec.x_label, TEXT * OTHER_LETTERS, HALF_WIDTH - 4, lines=2)
    canvas.lines_of_text(1.0, TEXT, title, size=TEXT, colour=QUIET)
    ends = [v for bar in spec.bars for v in (bar.value, bar.high)]
    scale = Linear(0.0, max([*finite([*ends, spec.target]), 1e-9]), 1.0, HALF_WIDTH - 8)
    y = TEXT + len(title) * _ROW
    tops = []
    for bar in spec.bars:
        y, top = _draw_bar(canvas, bar, scale, y)
        tops.append(top)
    if spec.target is not None and tops:
        for top in tops:
            _draw_target(canvas, scale(spec.target), top)
    canvas.line((1.0, y + 2), (HALF_WIDTH - 8, y + 2), stroke=GRID)
    canvas.height = y + 6
    return canvas


def _draw_bar(canvas: Canvas, bar: StandingBar, scale: Linear, y: float) -> tuple[float, float]:
    """Draw one bar under its words from `y` down; returns where the next begins, and the bar's top."""
    look = LOOKS[bar.emphasis]
    room = HALF_WIDTH - 16 - text_width(bar.words, TEXT, bold=True) * OTHER_LETTERS
    names = _name(bar.label, room, bold=look.bold)
    canvas.lines_of_text(1.0, y + TEXT, names, size=TEXT, bold=look.bold)
    last = y + TEXT + (len(names) - 1) * _ROW
    canvas.text(HALF_WIDTH - 8, last, bar.words, size=TEXT, bold=True, anchor="end")
    top = last + 7
    fill = PAPER if bar.emphasis == "evaluation" else look.stroke
    canvas.rect(1.0, top, scale(bar.value), top + _BAR, fill=fill, stroke=look.stroke)
    _draw_interval(canvas, bar, scale, top + _BAR / 2)
    return top + _BAR + 13, top


def _draw_interval(canvas: Canvas, bar: StandingBar, scale: Linear, middle: float) -> None:
    """The interval with caps, edged in paper so that it stands off its bar."""
    if bar.low is None or bar.high is None:
        return
    ends = scale(max(bar.low, 0.0)), scale(bar.high)
    for colour, width in ((PAPER, 5.0), (INK, 2.0)):
        canvas.line((ends[0], middle), (ends[1], middle), stroke=colour, width=width)
        for x in ends:
            canvas.line((x, middle - 6), (x, middle + 6), stroke=colour, width=width)


def _draw_target(canvas: Canvas, x: float, top: float) -> None:
    """The target across one bar: it stops short of the words above, which it would strike through."""
    canvas.line((x, top - 3), (x, top + _BAR + 3), stroke=PAPER, width=4.0)
    canvas.line((x, top - 3), (x, top + _BAR + 3), stroke=INK, width=2.0, dash="2 4")


def _name(text: str, room: float, *, bold: bool) -> tuple[str, ...]:
    """At most two lines; the last one leaves room for the value beside it."""
    lines = wrap(text, TEXT * OTHER_LETTERS, room, bold=bold, lines=1)
    if lines and not lines[0].endswith("…"):
        return lines
    first, *rest = wrap(text, TEXT * OTHER_LETTERS, HALF_WIDTH - 10, bold=bold, lines=2)
    return (first, *(shorten(line, TEXT * OTHER_LETTERS, room, bold=bold) for line in rest))
