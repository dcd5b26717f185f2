"""What a trial among the same sites could and could not have decided, from its half width and the registered margins.

Everything is in per cent of the mean rate; where effects are differences nothing is known of such a trial.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from enginehouse.evaluation.verdict import rule_for, verdict_word
from enginehouse.programme.enums import Direction, Verdict
from enginehouse.reports import format as fmt
from enginehouse.reports.sections.basis import Basis
from enginehouse.stats.results import Estimate

CLEARLY_NARROWER = 0.85
"""A trial's half width below this share of the present one is worth calling narrower."""
Z_95, Z_90 = 1.9600, 1.6449


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Half widths and effects in per cent; `present` is half of the interval that counts now."""

    half: float
    detectable: float
    present: float | None
    members: int

    @property
    def is_clearly_narrower(self) -> bool:
        return self.present is None or self.half < CLEARLY_NARROWER * self.present

    @property
    def half_of_90(self) -> float:
        return self.half * Z_90 / Z_95

    def half_with(self, times: float) -> float:
        """The half width with so many times the sites: it shrinks with the square root of their number."""
        return self.half / math.sqrt(times)

    def members_for(self, half: float) -> int:
        """About how many sites give that half width, to two digits."""
        return round(float(f"{self.members * (self.half / half) ** 2:.1e}"))


def trial_of(basis: Basis) -> Trial | None:
    """The trial that was quoted or computed; none where effects are not ratios."""
    found = basis.evaluation.embedded_trial
    if found is None or not basis.is_ratio:
        return None
    members = found.sites if found.computed else basis.primary.exposed_members
    return Trial(
        half=100 * found.half_width, detectable=100 * found.detectable, present=present_half(basis), members=members
    )


def present_half(basis: Basis) -> float | None:
    """Half of the interval with drift, in per cent."""
    estimate = basis.result.with_drift
    if not isinstance(estimate, Estimate):
        return None
    interval = estimate.ratio_interval()
    return 50 * (interval.high - interval.low)


def word_like_this(basis: Basis, trial: Trial) -> Verdict | None:
    """What such a trial would have said of an estimate like the one here."""
    estimate = basis.result.with_drift
    if not isinstance(estimate, Estimate) or basis.primary.direction is Direction.NONE:
        return None
    rule, half, half_of_90 = rule_for(basis.protocol, basis.primary.direction), trial.half / 100, trial.half_of_90 / 100
    at = estimate.ratio
    return verdict_word(at - half, at + half, at - half_of_90, at + half_of_90, rule)


def worthwhile_from(basis: Basis, trial: Trial) -> float:
    """The estimate in per cent from which on such a trial would have called the effect worthwhile."""
    margin = 100 * (basis.evaluation.verdict.worthwhile - 1)
    return margin - trial.half if basis.primary.direction is Direction.LOWER_IS_BETTER else margin + trial.half


def equivalent_within(basis: Basis, trial: Trial) -> tuple[float, float] | None:
    """Between which estimates in per cent it would have called the effect equivalent; none where it never could."""
    margins = basis.protocol.analysis.equivalence
    if margins is None:
        return None
    low, high = 100 * (margins[0] - 1) + trial.half_of_90, 100 * (margins[1] - 1) - trial.half_of_90
    return (low, high) if low <= high else None


def plus_minus(half: float) -> str:
    """`±2.0%`."""
    return f"±{fmt.number(half, 1)}%"
