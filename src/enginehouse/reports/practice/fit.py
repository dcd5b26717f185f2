"""How tall a report is on paper, from the lines of its texts: which density of letters keeps it on one A4 page.

A measure of lines, made without setting the page: where a PDF is made its own page count is what counts. A test holds
the measure against pages that were set. Sizes are in points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from enginehouse.reports.charts.metrics import text_width, word_width
from enginehouse.reports.practice.html import two_columns
from enginehouse.reports.practice.page import Note, PracticePage, Step
from enginehouse.reports.practice.style import DENSITIES, Density

WIDTH, HEIGHT = 515.0, 782.0
"""The inside of an A4 page within its margins."""
_GUTTER = 22.7
_HALF = (WIDTH - _GUTTER) / 2
_ADVANCE = 1.17
"""From one line to the next, in sizes of its letters."""
_LAST = 0.45
_FILLED = 0.965
"""How much of a line's width its words fill on average, since words are not broken."""
_CHART_UNITS = 360.0
_SPARE = 16.0
"""With lines broken word by word, the measure is at least this much taller than the set page; a test holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The density in which a page is set, and how many A4 pages it then takes."""

    density: Density
    pages: int


def fit_of(page: PracticePage, chart_heights: Sequence[float]) -> Fit:
    """The easiest density that keeps the page whole; the closest one, and its pages, where none does."""
    tallest = taller_chart(chart_heights)
    for density in DENSITIES:
        height = page_height(page, tallest, density)
        if height <= HEIGHT:
            return Fit(density=density, pages=1)
    if longest_height(page, tallest, DENSITIES[-1]) <= HEIGHT + _SPARE:
        return Fit(density=DENSITIES[-1], pages=1)
    return Fit(density=DENSITIES[-1], pages=math.ceil(height / HEIGHT))


def taller_chart(chart_heights: Sequence[float]) -> float:
    """The height in points of the taller chart, given those of the drawings in their own units; 0 without any."""
    return max([0.0, *chart_heights]) * _HALF / _CHART_UNITS


def page_height(page: PracticePage, charts: float, density: Density) -> float:
    """The height of the whole page; `charts` is that of the taller chart."""
    return _measured(page, charts, density, _lines)


def longest_height(page: PracticePage, charts: float, density: Density) -> float:
    """The same with lines that are filled as far as their words allow, which takes longer to find out."""
    return _measured(page, charts, density, _lines_by_word)


type _Lines = Callable[[str, float, float, bool], int]
"""How many lines a text takes: of letters of a size, within a width, semibold or not."""


def _measured(page: PracticePage, charts: float, density: Density, lines: _Lines) -> float:
    def _height(text: str, size: float, width: float, *, bold: bool = False) -> float:
        """The height of a text: its lines, without the room under the last one."""
        return (lines(text, size, width, bold) * _ADVANCE - _LAST) * size

    text, small, air = density.text, density.small, density.gap
    parts = (
        (small + 6 + 5 * air) if page.banner else 0.0,
        2 * text * _ADVANCE + 4 + 10 * air,
        _height(page.headline, density.headline, WIDTH, bold=True) + 7 * air,
        sum(_height(said, text, WIDTH) + 0.3 * text for said in page.standing_words),
        (13 * air + 1.6 * text + charts + _height(page.standing_line, small, _HALF)) if charts else 0.0,
        (23 * air + 12 + _height(page.gap.text, text * 1.06, WIDTH - 22)) if page.gap else 12 * air,
        1.4 * text + sum(_step(step, density, _height) for step in page.actions),
        24 * air + max(_column(column, density, _height) for column in two_columns(page.notes)),
        13 * air + 13 + 1.6 * text + _height(page.plan.text, small, WIDTH - 20) + 27 * air,
        sum(_height(f"{note.title} {note.text}", small, WIDTH) + 0.4 * small for note in page.foot),
    )
    return sum(parts)


type _Height = Callable[[str, float, float], float]


def _step(step: Step, density: Density, height: _Height) -> float:
    left, right = (WIDTH - 29) * 3 / 5 - 2, (WIDTH - 29) * 2 / 5 - 12
    said = height(step.text, density.text, left) + height(step.who, density.text, left) + 0.3 * density.text
    found = height(step.search, density.small, right) + 7
    return 3 + 6.5 * density.gap + max(said, found)


def _column(notes: Iterable[Note], density: Density, height: _Height) -> float:
    size = density.small
    heights = [height(n.text, size, _HALF) + 1.15 * size for n in notes]
    return sum(heights) + 8 * density.gap * max(len(heights) - 1, 0)


def _lines(text: str, size: float, width: float, bold: bool) -> int:
    return max(1, math.ceil(text_width(text, size, bold=bold) / (width * _FILLED)))


def _lines_by_word(text: str, size: float, width: float, bold: bool) -> int:
    space, count, used = word_width(" ", bold) * size / 1000, 1, 0.0
    for word in text.split():
        wide = word_width(word, bold) * size / 1000
        if used and used + space + wide > width:
            count, used = count + 1, wide
        else:
            used += wide + (space if used else 0.0)
    return count
