"""How wide a line of text will be, so that labels can be placed without overlaps.

Advance widths of the shipped font, in thousandths of its size, for the characters that labels use; an accented letter
is as wide as its base letter, and any other character counts as wide as the widest. A test compares the table with the
font file. Kerning is left out: it makes lines a little narrower, never wider.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Anchor = Literal["start", "middle", "end"]

CHARACTERS = "".join(map(chr, range(32, 127))) + "£€−–—‘’“”…×≥≤·→²±°½"
# fmt: off
_REGULAR = (
    200, 289, 425, 497, 497, 824, 609, 249, 303, 303, 418, 497, 249, 311, 249, 350, 497, 497, 497, 497, 497, 497,
    497, 497, 497, 497, 249, 249, 497, 497, 497, 425, 847, 544, 588, 571, 615, 527, 494, 617, 652, 263, 480, 579,
    486, 727, 647, 664, 566, 664, 569, 534, 536, 645, 515, 786, 513, 476, 539, 303, 350, 303, 497, 500, 542, 504,
    553, 456, 555, 496, 292, 504, 544, 246, 247, 495, 255, 829, 547, 542, 555, 555, 347, 419, 338, 544, 467, 718,
    446, 467, 425, 303, 241, 303, 497, 497, 497, 497, 480, 800, 249, 249, 425, 425, 948, 497, 497, 497, 249, 619,
    367, 497, 331, 808,
)
_SEMIBOLD = (
    200, 315, 482, 513, 513, 841, 639, 275, 324, 324, 438, 513, 275, 322, 275, 344, 513, 513, 513, 513, 513, 513,
    513, 513, 513, 513, 275, 275, 513, 513, 513, 444, 875, 558, 597, 576, 625, 538, 510, 628, 663, 282, 494, 597,
    502, 745, 656, 674, 582, 674, 592, 545, 546, 655, 536, 800, 541, 501, 540, 324, 344, 324, 513, 500, 549, 516,
    563, 462, 564, 507, 317, 520, 558, 262, 263, 522, 271, 843, 560, 549, 564, 564, 373, 431, 361, 556, 495, 748,
    481, 495, 443, 324, 255, 324, 513, 513, 513, 513, 480, 800, 275, 275, 482, 482, 963, 513, 513, 513, 275, 618,
    372, 513, 348, 827,
)
# fmt: on
_WIDTHS = {
    False: dict(zip(CHARACTERS, _REGULAR, strict=True)),
    True: dict(zip(CHARACTERS, _SEMIBOLD, strict=True)),
}
_ASCENT, _DESCENT = 0.75, 0.22


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in the chart's units, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box, *, slack: float = 0.5) -> bool:
        """Whether the two share more than a sliver."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > slack
            and min(self.bottom, other.bottom) - max(self.top, other.top) > slack
        )


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line at `size` units."""
    return _thousandths(text, bold) * size / 1000


@lru_cache(maxsize=16384)
def word_width(word: str, bold: bool) -> int:
    """The width of a word in thousandths of its size: kept, since the same words come again and again."""
    return _thousandths(word, bold)


def text_box(text: str, x: float, y: float, size: float, *, bold: bool = False, anchor: Anchor = "start") -> Box:
    """The box of one line whose baseline stands at `y`."""
    width = text_width(text, size, bold=bold)
    left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
    return Box(left, y - _ASCENT * size, left + width, y + _DESCENT * size)


def wrap(text: str, size: float, width: float, *, bold: bool = False, lines: int = 3) -> tuple[str, ...]:
    """Break `text` into at most `lines` lines no wider than `width`; what does not fit ends in an ellipsis."""
    done: list[str] = []
    words = " ".join(text.split()).split(" ")
    while words and len(done) < lines:
        line, words = _take_line(words, size, width, bold)
        done.append(line)
    if words:
        done[-1] = shorten(f"{done[-1]} {' '.join(words)}", size, width, bold=bold)
    return tuple(line for line in done if line)


def shorten(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """`text`, or as much of its beginning as fits before an ellipsis."""
    if text_width(text, size, bold=bold) <= width:
        return text
    kept = len(text)
    while kept and text_width(f"{text[:kept].rstrip()}…", size, bold=bold) > width:
        kept -= 1
    return f"{text[:kept].rstrip()}…"


def _take_line(words: list[str], size: float, width: float, bold: bool) -> tuple[str, list[str]]:
    count = 1
    while count < len(words) and text_width(" ".join(words[: count + 1]), size, bold=bold) <= width:
        count += 1
    return shorten(" ".join(words[:count]), size, width, bold=bold), words[count:]


@lru_cache(maxsize=4096)
def _thousandths(text: str, bold: bool) -> int:
    table = _WIDTHS[bold]
    try:
        return sum(map(table.__getitem__, text))
    except KeyError:
        return sum(_width(character, bold) for character in text)


def _width(character: str, bold: bool) -> int:
    table = _WIDTHS[bold]
    if character in table:
        return table[character]
    base = unicodedata.normalize("NFD", character)[0]
    return table.get(base, 1000)
