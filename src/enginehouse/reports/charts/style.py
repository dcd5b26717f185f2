"""How emphasis looks: colours, strokes, patterns and marker shapes, one table for every chart.

Each emphasis differs from the others without colour too (width, dash or shape), so that a grey print says the same.
Text colours have a contrast of at least 4.5 to 1 on white; a test computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from enginehouse.reports.charts.spec import Emphasis

INK = "#212B32"
QUIET = "#4C6272"
AXIS = "#768692"
GRID = "#E6EBEE"
PAPER = "#FFFFFF"
BLUE = "#005EB8"
GREEN = "#00703C"
RUST = "#A8380D"
SHADE = "#EDF2F6"

FONT = "'Source Sans Pro', 'Source Sans 3', 'Segoe UI', Arial, sans-serif"
LABEL = 14.0
SMALL = 13.0
LINE_HEIGHT = 1.22

Shape = Literal["circle", "square", "diamond", "triangle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Stroke, fill and marker of one emphasis; `text` colours its label."""

    stroke: str
    width: float
    dash: str
    shape: Shape
    filled: bool
    size: float
    text: str
    bold: bool = False

    @property
    def fill(self) -> str:
        return self.stroke if self.filled else PAPER


LOOKS: dict[Emphasis, Look] = {
    "main": Look(stroke=BLUE, width=3.2, dash="", shape="circle", filled=True, size=5.0, text=BLUE, bold=True),
    "comparison": Look(stroke="#5A6B77", width=1.6, dash="", shape="square", filled=False, size=3.2, text=QUIET),
    "counterfactual": Look(stroke=BLUE, width=2.2, dash="7 4", shape="circle", filled=False, size=4.6, text=BLUE),
    "muted": Look(stroke="#9AA7B0", width=1.5, dash="", shape="circle", filled=True, size=2.4, text=QUIET),
    "flagged": Look(stroke=RUST, width=2.6, dash="", shape="diamond", filled=True, size=5.0, text=RUST, bold=True),
    "improvement": Look(stroke=BLUE, width=2.0, dash="", shape="circle", filled=True, size=6.0, text=BLUE),
    "evaluation": Look(stroke=GREEN, width=2.0, dash="4 3", shape="triangle", filled=False, size=6.5, text=GREEN),
}
