"""A flow diagram: boxes down a trunk with those who left beside it, then one column of boxes for each arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.reports.charts.canvas import WIDTH, Canvas
from enginehouse.reports.charts.metrics import wrap
from enginehouse.reports.charts.spec import FlowBox, FlowChart
from enginehouse.reports.charts.style import AXIS, INK, LABEL, LINE_HEIGHT, PAPER, SHADE, SMALL

_EDGE = 2.0
_TRUNK_WIDTH = 300.0
_ASIDE_LEFT = 376.0
_PAD = 10.0
_BETWEEN = 26.0
_GUTTER = 18.0
_MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class _Words:
    """The lines of a box, wrapped to its width."""

    title: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return 2 * _PAD + LABEL * LINE_HEIGHT * len(self.title) + SMALL * LINE_HEIGHT * len(self.lines) - 3


def draw_flow(spec: FlowChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0)
    y, middle = _EDGE, _EDGE + _TRUNK_WIDTH / 2
    for number, step in enumerate(spec.trunk):
        words = _words(step.box, _TRUNK_WIDTH)
        if number:
            _arrow(canvas, (middle, y - _BETWEEN), (middle, y))
        bottom = y + words.height
        _draw_box(canvas, words, _EDGE, y, _TRUNK_WIDTH)
        y = bottom + _BETWEEN
        if step.aside is not None:
            y = _draw_aside(canvas, step.aside, middle, bottom)
    end = _draw_arms(canvas, spec.arms, middle, y - _BETWEEN)
    canvas.height = end + _EDGE
    return canvas


def _draw_aside(canvas: Canvas, box: FlowBox, middle: float, top: float) -> float:
    """Those who left, level with the line down from the box above; returns where the next box begins."""
    width = WIDTH - _EDGE - _ASIDE_LEFT
    words = _words(box, width)
    start = top + _BETWEEN / 2
    level = start + words.height / 2
    canvas.line((middle, top), (middle, start + words.height), stroke=AXIS, width=1.4)
    _arrow(canvas, (middle, level), (_ASIDE_LEFT, level))
    _draw_box(canvas, words, _ASIDE_LEFT, start, width, fill=SHADE)
    return start + words.height + _BETWEEN


def _draw_arms(canvas: Canvas, arms: Sequence[Sequence[FlowBox]], trunk: float, top: float) -> float:
    """The columns in rows of one height; returns where the last one ends."""
    if not arms:
        return top
    width = (WIDTH - 2 * _EDGE - _GUTTER * (len(arms) - 1)) / len(arms)
    lefts = [_EDGE + number * (width + _GUTTER) for number in range(len(arms))]
    branch = top + _BETWEEN / 2
    canvas.line((trunk, top), (trunk, branch), stroke=AXIS, width=1.4)
    middles = [left + width / 2 for left in lefts]
    canvas.line((min(trunk, *middles), branch), (max(trunk, *middles), branch), stroke=AXIS, width=1.4)
    y = branch + _BETWEEN / 2 + 4
    for number, row in enumerate(zip(*arms, strict=True)):
        boxes = [_words(box, width) for box in row]
        height = max(words.height for words in boxes)
        for words, left, middle in zip(boxes, lefts, middles, strict=True):
            _arrow(canvas, (middle, branch if number == 0 else y - _BETWEEN), (middle, y))
            _draw_box(canvas, words, left, y, width, height=height)
        y += height + _BETWEEN
    return y - _BETWEEN


def _words(box: FlowBox, width: float) -> _Words:
    room = width - 2 * _PAD
    lines = [line for text in box.lines for line in _indented(text, room)]
    return _Words(wrap(box.title, LABEL, room, bold=True, lines=3), tuple(lines))


def _indented(text: str, room: float) -> tuple[str, ...]:
    return wrap(text, SMALL, room, lines=_MOST_LINES)


def _draw_box(
    canvas: Canvas, words: _Words, left: float, top: float, width: float, *, height: float = 0.0, fill: str = PAPER
) -> None:
    canvas.rect(left, top, left + width, top + (height or words.height), fill=fill, stroke=AXIS, radius=3.0)
    y = top + _PAD + LABEL * 0.8
    canvas.lines_of_text(left + _PAD, y, words.title, bold=True, colour=INK)
    y += LABEL * LINE_HEIGHT * (len(words.title) - 1) + SMALL * LINE_HEIGHT + 2
    canvas.lines_of_text(left + _PAD, y, words.lines, size=SMALL, colour=INK)


def _arrow(canvas: Canvas, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A line with a filled head, level or straight down."""
    canvas.line(start, end, stroke=AXIS, width=1.4)
    x, y = end
    across = start[1] == end[1]
    head = [(x, y), (x - 8, y - 4), (x - 8, y + 4)] if across else [(x, y), (x - 4, y - 8), (x + 4, y - 8)]
    canvas.area(head, fill=AXIS)
