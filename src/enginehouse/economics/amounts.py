"""Sums of money and ratios with their intervals. How they are computed is in `savings` and `returns`."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A value between two limits.

    Attributes
    ----------
    point
        The value at the estimated effect. As every sum here is a monotone function of the effect, it is the median.
    low, high
        Limits at `confidence_level` (0-1).
    """

    point: float
    low: float
    high: float
    confidence_level: float

    def contains(self, value: float) -> bool:
        """Whether `value` lies between the limits, both included."""
        return self.low <= value <= self.high

    def shifted(self, *, factor: float = 1.0, added: float = 0.0) -> Range:
        """Times a factor of 0 or more, and then so much more."""
        return Range(
            point=factor * self.point + added,
            low=factor * self.low + added,
            high=factor * self.high + added,
            confidence_level=self.confidence_level,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A sum of money whose doubt is that of the effect.

    Attributes
    ----------
    range
        The sum at the estimated effect, and its interval.
    expected
        Its expectation, or why there is none.
    """

    range: Range
    expected: float | NotEstimable

    def scaled(self, factor: float) -> Amount:
        """The amount times a known factor, 0 or more."""
        if factor < 0:
            raise ValueError("an amount is scaled by 0 or more")
        expected = self.expected if isinstance(self.expected, NotEstimable) else self.expected * factor
        return Amount(range=self.range.shifted(factor=factor), expected=expected)

    def less(self, cost: float) -> Amount:
        """The amount after a known cost."""
        expected = self.expected if isinstance(self.expected, NotEstimable) else self.expected - cost
        return Amount(range=self.range.shifted(added=-cost), expected=expected)
