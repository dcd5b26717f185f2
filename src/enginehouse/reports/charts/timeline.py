"""What happened when: improvement as solid bars and circles, evaluation as open bars and triangles, lane by lane."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from enginehouse.reports.charts import axes
from enginehouse.reports.charts.axes import Frame
from enginehouse.reports.charts.canvas import WIDTH, Canvas
from enginehouse.reports.charts.metrics import Anchor, text_width, wrap
from enginehouse.reports.charts.placing import Slot, stack
from enginehouse.reports.charts.scales import Linear
from enginehouse.reports.charts.spec import TimelineChart, TimelineItem, TimelineLane
from enginehouse.reports.charts.style import AXIS, GRID, INK, LABEL, LINE_HEIGHT, LOOKS, PAPER, QUIET, SMALL

_LANE_NAME = 150.0
_ITEM_ROW = 28.0
_BAR = 13.0
_LEAST_WORDS = 90.0
_ROW = LABEL * LINE_HEIGHT
_KINDS = ("improvement", "evaluation")


@dataclass(frozen=True, slots=True)
class _Span:
    """An item on the page: where its bar or point lies, and its words beside it."""

    item: TimelineItem
    start: float
    end: float
    words: str
    x: float
    anchor: Anchor

    @property
    def extent(self) -> tuple[float, float]:
        width = text_width(self.words, SMALL)
        left = self.x if self.anchor == "start" else self.x - width
        return min(left, self.start - 8) - 6, max(left + width, self.end + 8) + 6


def draw_timeline(spec: TimelineChart) -> Canvas:
    """The chart of `spec`."""
    canvas = Canvas(0.0)
    left = 18.0 + max([0.0, *(text_width(t, LABEL, bold=True) for lane in spec.lanes for t in _title(lane))])
    frame = Frame(left, 46.0, WIDTH - 28.0, 0.0)
    first, last = _date_range(spec)
    scale = Linear(first.toordinal(), last.toordinal(), frame.left, frame.right)
    lanes = [_rows(lane, scale) for lane in spec.lanes]
    heights = [_lane_height(lane, rows) for lane, rows in zip(spec.lanes, lanes, strict=True)]
    frame = Frame(frame.left, frame.top, frame.right, frame.top + sum(heights))
    _draw_key(canvas)
    _draw_years(canvas, frame, scale, first, last)
    _draw_today(canvas, frame, scale, spec.today)
    y = frame.top
    for lane, rows, height in zip(spec.lanes, lanes, heights, strict=True):
        _draw_lane(canvas, lane, rows, y, frame)
        y += height
    canvas.height = frame.bottom + 32
    return canvas


def _draw_key(canvas: Canvas) -> None:
    x = 2.0
    for kind in _KINDS:
        look = LOOKS["improvement" if kind == "improvement" else "evaluation"]
        canvas.marker(x + 6, 12.0, look, scale=0.9)
        canvas.text(x + 18, 12.0 + LABEL * 0.34, kind, colour=look.text, bold=True)
        x += 18 + text_width(kind, LABEL, bold=True) + 22


def _draw_lane(canvas: Canvas, lane: TimelineLane, rows: list[list[_Span]], top: float, frame: Frame) -> None:
    canvas.line((0.0, top), (frame.right, top), stroke=GRID)
    canvas.lines_of_text(2.0, top + 8 + LABEL, _title(lane), bold=True)
    for row, spans in enumerate(rows):
        middle = top + 8 + (row + 0.5) * _ITEM_ROW
        for span in spans:
            _draw_span(canvas, span, middle)


def _draw_span(canvas: Canvas, span: _Span, middle: float) -> None:
    look = LOOKS["improvement" if span.item.kind == "improvement" else "evaluation"]
    if span.end > span.start:
        fill, radius = (look.stroke, 6.0) if look.filled else (PAPER, 0.0)
        canvas.rect(
            span.start, middle - _BAR / 2, span.end, middle + _BAR / 2, fill=fill, stroke=look.stroke, radius=radius
        )
    else:
        canvas.marker(span.start, middle, look)
    baseline = middle + SMALL * 0.34
    canvas.text(span.x, baseline, span.words, size=SMALL, colour=look.text, anchor=span.anchor, halo=True)


def _draw_today(canvas: Canvas, frame: Frame, scale: Linear, today: str) -> None:
    if today:
        x = scale(_day(today).toordinal())
        canvas.line((x, frame.top - 10), (x, frame.bottom), stroke=INK, width=1.2, dash="2 3")
        words = day_label(today)
        half = text_width(words, SMALL) / 2
        canvas.text(min(max(x, half + 2), WIDTH - 2 - half), frame.top - 13, words, size=SMALL, anchor="middle")


def _draw_years(canvas: Canvas, frame: Frame, scale: Linear, first: date, last: date) -> None:
    """Grid lines at the first of months, as many as have room."""
    months = [f"{i // 12:04d}-{i % 12 + 1:02d}" for i in range(first.year * 12 + first.month - 1, _index(last) + 1)]
    step = axes.month_step(months, frame)
    edge = float("-inf")
    for position in axes.month_positions(months, step):
        month = months[position]
        x = scale(max(_day(f"{month}-01"), first).toordinal())
        label = axes.month_label(month, years_only=step >= 12)
        half = text_width(label, SMALL) / 2
        canvas.line((x, frame.top), (x, frame.bottom + 5), stroke=GRID)
        if x - half > edge + 6 and half <= x <= WIDTH - half:
            canvas.text(x, frame.bottom + 20, label, size=SMALL, colour=QUIET, anchor="middle")
            edge = x + half
    canvas.line((frame.left, frame.bottom), (frame.right, frame.bottom), stroke=AXIS)


def day_label(day: str) -> str:
    """`2016-04-01` as `1 Apr 2016`."""
    return f"{int(day[8:10])} {axes.month_label(day)}"


def _rows(lane: TimelineLane, scale: Linear) -> list[list[_Span]]:
    """Items in as few rows as keep bars and words apart, in the order of their start."""
    rows: list[list[_Span]] = []
    for item in sorted(lane.items, key=lambda i: (i.start, i.end)):
        span = _span(item, scale)
        row = next((r for r in rows if all(_apart(span, other) for other in r)), None)
        if row is None:
            rows.append([span])
        else:
            row.append(span)
    return rows


def _span(item: TimelineItem, scale: Linear) -> _Span:
    start = scale(_day(item.start).toordinal())
    end = scale(_day(item.end).toordinal()) if item.end else start
    start, end = min(start, end), max(start, end)
    end = max(end, start + 4) if item.end else start
    room = max(WIDTH - 2 - (end + 12), start - 12 - scale.start, _LEAST_WORDS)
    (words,) = wrap(item.label, SMALL, min(room, scale.end - scale.start - 30), lines=1) or ("",)
    (slot,) = _beside(start, end, text_width(words, SMALL), scale)
    return _Span(item, start, end, words, slot.x, slot.anchor)


def _beside(start: float, end: float, width: float, scale: Linear) -> list[Slot]:
    """Words after the bar where there is room, else before it, else wherever they fit within the frame."""
    if end + 12 + width <= WIDTH - 2:
        return [Slot(0, end + 12, "start")]
    if start - 12 - width >= scale.start:
        return [Slot(0, start - 12, "end")]
    return stack([start], [width], left=scale.start, right=WIDTH - 2, gap=12)


def _apart(one: _Span, other: _Span) -> bool:
    return one.extent[1] <= other.extent[0] or other.extent[1] <= one.extent[0]


def _lane_height(lane: TimelineLane, rows: list[list[_Span]]) -> float:
    return max(len(rows) * _ITEM_ROW, len(_title(lane)) * _ROW + 4) + 16


def _title(lane: TimelineLane) -> tuple[str, ...]:
    return wrap(lane.title, LABEL, _LANE_NAME, bold=True)


def _date_range(spec: TimelineChart) -> tuple[date, date]:
    texts = [text for lane in spec.lanes for item in lane.items for text in (item.start, item.end) if text]
    days = [_day(text) for text in [*texts, *([spec.today] if spec.today else [])]]
    if not days:
        return date(2000, 1, 1), date(2001, 1, 1)
    first, last = min(days), max(days)
    room = max((last - first) // 25, timedelta(days=10))
    return _moved(first, -room), _moved(last, room)


def _moved(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return day


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1
