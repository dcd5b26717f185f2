"""Where labels go so that no two overlap: beside the ends of lines, and in rows above vertical marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.reports.charts.metrics import Anchor


def spread(centres: Sequence[float], heights: Sequence[float], *, top: float, bottom: float) -> list[float]:
    """Centres moved as little as needed so that blocks of `heights` stand clear of each other within `top`..`bottom`.

    When they cannot all fit, they stand close together from `top` downwards and the caller must make more room.
    """
    order = sorted(range(len(centres)), key=lambda index: centres[index])
    placed = [0.0] * len(centres)
    floor = top
    for index in order:
        placed[index] = max(centres[index], floor + heights[index] / 2)
        floor = placed[index] + heights[index] / 2
    ceiling = max(bottom, top + sum(heights))
    for index in reversed(order):
        placed[index] = min(placed[index], ceiling - heights[index] / 2)
        ceiling = placed[index] - heights[index] / 2
    return placed


@dataclass(frozen=True, slots=True)
class Slot:
    """A label's place: its row (0 is nearest to the plot), where its text starts or ends, and which."""

    row: int
    x: float
    anchor: Anchor


def stack(anchors: Sequence[float], widths: Sequence[float], *, left: float, right: float, gap: float) -> list[Slot]:
    """Rows for labels beside vertical marks at `anchors`: right of the mark where there is room, else left of it."""
    taken: list[list[tuple[float, float]]] = []
    slots: list[Slot | None] = [None] * len(anchors)
    for index in sorted(range(len(anchors)), key=lambda i: -anchors[i]):
        x, anchor = _side(anchors[index], widths[index], left, right, gap)
        start = x if anchor == "start" else x - widths[index]
        extent = (min(start, anchors[index]) - gap, max(start + widths[index], anchors[index]) + gap)
        row = next((r for r, spans in enumerate(taken) if not _hits(extent, spans)), len(taken))
        if row == len(taken):
            taken.append([])
        taken[row].append(extent)
        slots[index] = Slot(row, x, anchor)
    return [slot for slot in slots if slot is not None]


def _side(mark: float, width: float, left: float, right: float, gap: float) -> tuple[float, Anchor]:
    if mark + gap + width <= right:
        return mark + gap, "start"
    if mark - gap - width >= left:
        return mark - gap, "end"
    return max(left, right - width), "start"


def _hits(extent: tuple[float, float], spans: Sequence[tuple[float, float]]) -> bool:
    return any(extent[0] < end and start < extent[1] for start, end in spans)
