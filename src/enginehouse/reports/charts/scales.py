"""From numbers to places: linear scales, round tick marks, and numbers as labels."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

MINUS = "\N{MINUS SIGN}"
LONGEST_LABEL = 14
_LAST_ZERO = re.compile(r"(\.\d*)0(?=%?$)")
_BARE_POINT = re.compile(r"\.(?=%?$)")
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Linear:
    """Maps `low`..`high` to `start`..`end`; values beyond are held at the edge."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def finite(values: Iterable[float | None]) -> list[float]:
    """The values that can be drawn."""
    return [value for value in values if value is not None and math.isfinite(value)]


def value_range(values: Iterable[float | None], *, from_zero: bool = False) -> tuple[float, float]:
    """The least and greatest value, never equal: a single value gets room on both sides."""
    known = finite(values) or [0.0, 1.0]
    low, high = min(known), max(known)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = abs(high) * 0.1 or 1.0
        return (low, high + room) if from_zero and low == 0 else (low - room, high + room)
    return low, high


def round_ticks(low: float, high: float, label: Callable[[float], str], *, most: int = 6) -> tuple[float, ...]:
    """Ticks at round numbers that enclose `low`..`high`, few enough that no two have the same label."""
    for count in range(most, 1, -1):
        ticks = _enclosing(low, high, count)
        if len(ticks) >= 2 and len({label(tick) for tick in ticks}) == len(ticks):
            return ticks
    return (low, high)


def number_label(value: float, value_format: str) -> str:
    """A number for readers: a real minus sign in front of any currency sign, no sign on zero, never too long."""
    text = value_format.format(value)
    if len(text) > LONGEST_LABEL and len(f"{value:.3g}") < len(text):
        text = f"{value:.3g}"
    if not re.search(r"[1-9]", text):
        text = re.sub(r"^(\D*)[+-]", r"\1", text)
    text = re.sub(r"^([£$€])([+-])", r"\2\1", text)
    return text.replace("-", MINUS)


def tick_labels(ticks: Sequence[float], value_format: str) -> tuple[str, ...]:
    """The labels of an axis, without decimals that are zero on every one of them."""
    labels = tuple(number_label(tick, value_format) for tick in ticks)
    while all(_LAST_ZERO.search(label) for label in labels):
        labels = tuple(_LAST_ZERO.sub(r"\1", label) for label in labels)
    return tuple(_BARE_POINT.sub("", label) for label in labels)


def segments(values: Sequence[float | None]) -> list[list[int]]:
    """Runs of positions that have a value; a gap in the data is a gap in the line."""
    runs: list[list[int]] = []
    for position, value in enumerate(values):
        if value is None or not math.isfinite(value):
            continue
        if runs and runs[-1][-1] == position - 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return runs


def _enclosing(low: float, high: float, count: int) -> tuple[float, ...]:
    rough = (high - low) / (count - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(index * step, 12 - math.floor(math.log10(step))) for index in range(first, last + 1))
