"""The sheet that charts draw on: it collects SVG elements and writes the whole picture as one string.

Numbers are written with two decimals, text is escaped, and a coordinate that is not finite is a defect.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from enginehouse.reports.charts.metrics import Anchor
from enginehouse.reports.charts.style import FONT, INK, LABEL, LINE_HEIGHT, PAPER, Look, Shape

WIDTH = 720.0
Point = tuple[float, float]


@dataclass(slots=True)
class Canvas:
    """Elements in drawing order. `height` is set by the chart once it knows how much room its labels take.

    Most charts are as wide as a page; a narrower one stands beside another, or on a phone, with letters of that size.
    """

    height: float
    elements: list[str] = field(default_factory=list)
    width: float = WIDTH

    def line(self, start: Point, end: Point, *, stroke: str, width: float = 1.0, dash: str = "") -> None:
        self._add("line", _ends(start, end), {**_stroke(stroke, width, dash), "stroke-linecap": "round"})

    def rect(
        self, left: float, top: float, right: float, bottom: float, *, fill: str, stroke: str = "", radius: float = 0.0
    ) -> None:
        shape = {
            "x": number(left),
            "y": number(top),
            "width": number(max(right - left, 0.0)),
            "height": number(max(bottom - top, 0.0)),
            "rx": number(radius),
        }
        self._add("rect", shape, {"fill": fill, **({"stroke": stroke, "stroke-width": "2"} if stroke else {})})

    def path(self, points: Sequence[Point], *, stroke: str, width: float, dash: str = "") -> None:
        """A line through `points`."""
        line = {"fill": "none", "stroke-linejoin": "round", "stroke-linecap": "butt" if dash else "round"}
        self._add("path", {"d": _path(points)}, {**_stroke(stroke, width, dash), **line})

    def area(self, points: Sequence[Point], *, fill: str, opacity: float = 1.0) -> None:
        """A closed and filled shape."""
        self._add("path", {"d": _path(points) + "Z"}, {"fill": fill, "fill-opacity": number(opacity)})

    def marker(self, x: float, y: float, look: Look, *, scale: float = 1.0) -> None:
        """The marker of an emphasis, with a paper edge so that it stands off what it covers."""
        size = look.size * scale
        if look.filled:
            self._shape(look.shape, x, y, size, {"fill": look.stroke, "stroke": PAPER, "stroke-width": "1.2"})
        else:
            edge = number(min(look.width, 2.0))
            self._shape(look.shape, x, y, size, {"fill": PAPER, "stroke": look.stroke, "stroke-width": edge})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = LABEL,
        colour: str = INK,
        bold: bool = False,
        anchor: Anchor = "start",
        halo: bool = False,
    ) -> None:
        """One line of text with its baseline at `y`; a `halo` keeps it readable over lines."""
        style = {"font-size": number(size), "fill": colour, "text-anchor": anchor}
        if halo:
            style |= {"stroke": PAPER, "stroke-width": "4", "stroke-linejoin": "round", "paint-order": "stroke"}
        if bold:
            style["font-weight"] = "600"
        place = {"x": number(x), "y": number(y)}
        self.elements.append(f"<text {_attributes({**place, **style})}>{escape(text, quote=False)}</text>")

    def lines_of_text(
        self,
        x: float,
        y: float,
        lines: Iterable[str],
        *,
        size: float = LABEL,
        colour: str = INK,
        bold: bool = False,
        anchor: Anchor = "start",
    ) -> None:
        """Several lines, the first with its baseline at `y`."""
        for row, line in enumerate(lines):
            self.text(x, y + row * size * LINE_HEIGHT, line, size=size, colour=colour, bold=bold, anchor=anchor)

    def svg(self, *, title: str, description: str, name: str) -> str:
        """The picture, with the words that stand for it; `name` makes its ids unique on a page."""
        label = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        box = f"0 0 {number(self.width)} {number(self.height)}"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" '
            f'aria-labelledby="{name}-title" aria-describedby="{name}-desc" font-family="{FONT}">'
        )
        return f"{head}{label}{''.join(self.elements)}</svg>"

    def _shape(self, shape: Shape, x: float, y: float, size: float, paint: dict[str, str]) -> None:
        if shape == "circle":
            self._add("circle", {"cx": number(x), "cy": number(y), "r": number(size)}, paint)
            return
        corners = {
            "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
            "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
            "triangle": ((0.0, -1.1), (1.05, 0.8), (-1.05, 0.8)),
        }[shape]
        self._add("path", {"d": _path([(x + dx * size, y + dy * size) for dx, dy in corners]) + "Z"}, paint)

    def _add(self, tag: str, geometry: dict[str, str], paint: dict[str, str]) -> None:
        self.elements.append(f"<{tag} {_attributes({**geometry, **paint})}/>")


def number(value: float) -> str:
    """A coordinate, short and finite."""
    if not math.isfinite(value):
        raise AssertionError(f"a chart asked for the coordinate {value}")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _ends(start: Point, end: Point) -> dict[str, str]:
    return {"x1": number(start[0]), "y1": number(start[1]), "x2": number(end[0]), "y2": number(end[1])}


def _stroke(stroke: str, width: float, dash: str) -> dict[str, str]:
    return {"stroke": stroke, "stroke-width": number(width), **({"stroke-dasharray": dash} if dash else {})}


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f'{name}="{escape(value)}"' for name, value in values.items())
