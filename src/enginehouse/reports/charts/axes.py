"""What charts with two axes share: the frame, grid and tick labels, the months below, marks and labels of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.reports.charts.canvas import WIDTH, Canvas
from enginehouse.reports.charts.metrics import text_width, wrap
from enginehouse.reports.charts.placing import Slot, spread, stack
from enginehouse.reports.charts.scales import Linear, tick_labels
from enginehouse.reports.charts.style import AXIS, GRID, INK, LABEL, LINE_HEIGHT, QUIET, SMALL

PLOT_HEIGHT = 300.0
END_LABEL_WIDTH = 152.0
ROW = LABEL * LINE_HEIGHT
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)
MARK_LABEL_WIDTH = 560.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle inside the axes."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLabel:
    """The name of a line, to stand at its right end."""

    text: str
    x: float
    y: float
    colour: str
    bold: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        return wrap(self.text, LABEL, END_LABEL_WIDTH, bold=self.bold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A vertical line at `x` with words above the plot."""

    x: float
    label: str

    @property
    def text(self) -> str:
        return wrap(self.label, SMALL, MARK_LABEL_WIDTH, lines=1)[0] if self.label.strip() else ""


def left_margin(ticks: Sequence[float], value_format: str) -> float:
    """Room for the tick labels of a vertical axis."""
    return max(28.0, 14.0 + max(text_width(label, SMALL) for label in tick_labels(ticks, value_format)))


def right_margin(names: Sequence[tuple[str, bool]]) -> float:
    """Room for names at the right ends of lines, and for half a month label."""
    lines = [
        text_width(line, LABEL, bold=bold)
        for name, bold in names
        for line in wrap(name, LABEL, END_LABEL_WIDTH, bold=bold)
    ]
    return max([36.0, *(width + 20.0 for width in lines)])


def end_labels_height(names: Sequence[tuple[str, bool]]) -> float:
    """How tall all names at the right are together."""
    return sum(_block_height(len(wrap(name, LABEL, END_LABEL_WIDTH, bold=bold))) for name, bold in names)


def draw_axis_title(canvas: Canvas, text: str) -> float:
    """The vertical axis's name, set level above the plot; returns where the next thing may begin."""
    lines = wrap(text, LABEL, WIDTH - 4, lines=2)
    canvas.lines_of_text(2.0, LABEL, lines, colour=QUIET)
    return LABEL + len(lines) * ROW


def draw_value_axis(canvas: Canvas, frame: Frame, scale: Linear, ticks: Sequence[float], value_format: str) -> None:
    """Level grid lines with their values on the left."""
    for tick, label in zip(ticks, tick_labels(ticks, value_format), strict=True):
        y = scale(tick)
        canvas.line((frame.left, y), (frame.right, y), stroke=GRID)
        canvas.text(frame.left - 8, y + SMALL * 0.34, label, size=SMALL, colour=QUIET, anchor="end")


def draw_number_axis(
    canvas: Canvas, frame: Frame, scale: Linear, ticks: Sequence[float], value_format: str, title: str
) -> float:
    """The horizontal axis of numbers below the plot; returns the height of everything down to its name."""
    canvas.line((frame.left, frame.bottom), (frame.right, frame.bottom), stroke=AXIS)
    for x, middle, label in sparse_ticks(ticks, scale, value_format):
        canvas.line((x, frame.bottom), (x, frame.bottom + 5), stroke=AXIS)
        canvas.text(middle, frame.bottom + 20, label, size=SMALL, colour=QUIET, anchor="middle")
    lines = wrap(title, LABEL, WIDTH - 8, lines=2)
    widest = max((text_width(line, LABEL) for line in lines), default=0.0)
    middle = (frame.left + frame.right) / 2
    centre = min(max(middle, widest / 2 + 2), WIDTH - widest / 2 - 2)
    canvas.lines_of_text(centre, frame.bottom + 42, lines, colour=QUIET, anchor="middle")
    return frame.bottom + 42 + len(lines) * ROW - ROW + 8


def sparse_ticks(ticks: Sequence[float], scale: Linear, value_format: str) -> list[tuple[float, float, str]]:
    """Ticks whose labels stand clear of the label before: the tick's place, its label's middle, and the label."""
    kept: list[tuple[float, float, str]] = []
    edge = float("-inf")
    for tick, label in zip(ticks, tick_labels(ticks, value_format), strict=True):
        half = text_width(label, SMALL) / 2
        middle = min(max(scale(tick), half + 1), WIDTH - half - 1)
        if middle - half > edge + 8:
            kept.append((scale(tick), middle, label))
            edge = middle + half
    return kept


def month_scale(months: Sequence[str], frame: Frame) -> Linear:
    """From a month's position in the chart to its place; a single month stands in the middle."""
    return Linear(0.0, float(len(months) - 1), frame.left, frame.right)


def draw_month_axis(canvas: Canvas, frame: Frame, months: Sequence[str], scale: Linear) -> None:
    """Months below the plot: at the first of a year, half-year or quarter, as many as have room."""
    canvas.line((frame.left, frame.bottom), (frame.right, frame.bottom), stroke=AXIS)
    step = month_step(months, frame)
    edge = float("-inf")
    for position in month_positions(months, step):
        x, label = scale(position), month_label(months[position], years_only=step >= 12)
        half = text_width(label, SMALL) / 2
        canvas.line((x, frame.bottom), (x, frame.bottom + 5), stroke=AXIS)
        if x - half > edge + 6:
            canvas.text(x, frame.bottom + 20, label, size=SMALL, colour=QUIET, anchor="middle")
            edge = x + half


def month_label(month: str, *, years_only: bool = False) -> str:
    """`2016-04` as `Apr 2016`."""
    year, number = month[:4], int(month[5:7])
    return year if years_only and number == 1 else f"{MONTH_NAMES[number - 1]} {year}"


def marks_height(marks: Sequence[Mark], *, left: float, right: float) -> float:
    """The height of the rows of words above vertical marks."""
    slots = mark_slots(marks, left=left, right=right)
    return (max(slot.row for slot in slots) + 1) * ROW + 4 if slots else 0.0


def mark_slots(marks: Sequence[Mark], *, left: float, right: float) -> list[Slot]:
    widths = [text_width(mark.text, SMALL) for mark in marks]
    return stack([mark.x for mark in marks], widths, left=left, right=right, gap=5.0)


def draw_marks(canvas: Canvas, frame: Frame, marks: Sequence[Mark]) -> None:
    """Vertical lines from the axis up to their words."""
    for mark, slot in zip(marks, mark_slots(marks, left=2.0, right=WIDTH - 4), strict=True):
        baseline = frame.top - 8 - slot.row * ROW
        canvas.line((mark.x, baseline - SMALL * 0.7), (mark.x, frame.bottom), stroke=INK, width=1.2, dash="2 3")
        canvas.text(slot.x, baseline, mark.text, size=SMALL, anchor=slot.anchor)


def draw_end_labels(canvas: Canvas, frame: Frame, labels: Sequence[EndLabel]) -> None:
    """Names beside the right ends of lines, moved apart where they would touch, with a thin leader then."""
    heights = [_block_height(len(label.lines)) for label in labels]
    middles = spread([label.y for label in labels], heights, top=frame.top - 4, bottom=frame.bottom + 4)
    for label, middle in zip(labels, middles, strict=True):
        x = frame.right + 14
        if abs(middle - label.y) > 7 or frame.right - label.x > 12:
            canvas.line((label.x + 6, label.y), (x - 3, middle), stroke=AXIS, width=0.8)
        first = middle - (len(label.lines) - 1) * ROW / 2 + LABEL * 0.34
        canvas.lines_of_text(x, first, label.lines, colour=label.colour, bold=label.bold)


def _block_height(lines: int) -> float:
    return lines * ROW + 4 if lines else 0.0


def month_step(months: Sequence[str], frame: Frame) -> int:
    room = max(2, int((frame.right - frame.left) / 84))
    return next((s for s in _MONTH_STEPS if len(month_positions(months, s)) <= room), _MONTH_STEPS[-1])


def month_positions(months: Sequence[str], step: int) -> list[int]:
    chosen = [i for i, month in enumerate(months) if (int(month[:4]) * 12 + int(month[5:7]) - 1) % step == 0]
    return chosen or ([0] if months else [])
