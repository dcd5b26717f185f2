"""Colours, letters and widths of the report to one site, shared by its HTML and its PDF; and the contrast they give.

Letters come in several densities, so that a page with more to say still is one page.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from enginehouse.reports.charts import style

COLOURS = {
    "ink": "#212b32",
    "quiet": "#425563",
    "line": "#c3ccd3",
    "wash": "#eef3f7",
    "blue": "#005eb8",
    "paper": "#ffffff",
    "notice": "#fff4d3",
    "edge": "#ffb81c",
}
TEXT_ON = (
    ("ink", "paper"),
    ("ink", "wash"),
    ("ink", "notice"),
    ("quiet", "paper"),
    ("quiet", "wash"),
    ("blue", "paper"),
    ("blue", "wash"),
    ("paper", "blue"),
)
"""Every colour of text with the ground it stands on; the style sheet and the template use no other pair."""
LETTERS = (style.INK, style.QUIET, style.BLUE)
"""Colours of text in the two charts, on paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """Sizes of letters in points: of running text, of the small print, and of the headline."""

    name: str
    text: float
    small: float
    headline: float
    gap: float


DENSITIES = (
    Density(name="easy", text=10.0, small=8.6, headline=18.0, gap=1.0),
    Density(name="close", text=9.4, small=8.2, headline=16.8, gap=0.82),
    Density(name="closer", text=8.95, small=7.85, headline=15.8, gap=0.7),
    Density(name="tight", text=8.5, small=7.5, headline=15.0, gap=0.6),
)


@cache
def least_contrast() -> float:
    """The lowest contrast ratio (WCAG 2.2) of any text on its ground."""
    pairs = [(COLOURS[text], COLOURS[ground]) for text, ground in TEXT_ON]
    return min(contrast(*pair) for pair in [*pairs, *((letter, style.PAPER) for letter in LETTERS)])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours written `#rrggbb`, by WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
