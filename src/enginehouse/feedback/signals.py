"""What the facts of a site say that a message may speak of: a gap, a trend, an achievement, a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from enginehouse.feedback.facts import SiteFacts, TrendFact
from enginehouse.feedback.values import Z95
from enginehouse.programme.enums import SignalKind
from enginehouse.programme.message import Conditions
from enginehouse.stats.results import NotEstimable

LEAST_ROOM = 0.02
"""A gap that is a smaller share of the own value is not worth asking for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing that the data say.

    Attributes
    ----------
    size
        As a share of the own value (a trend: of where it began), never negative.
    room
        The part of `size` (0 to 1) that noise does not explain.
    certain
        Whether the 95% interval leaves any of it.
    change
        The change that it speaks of, as a share: a fall is negative, good or not; 0 where it speaks of none.
    """

    kind: SignalKind
    size: float
    room: float
    certain: bool
    change: float = 0.0


def signal_of(kind: SignalKind, facts: SiteFacts, when: Conditions) -> Signal | None:
    """The signal of that kind, or none; a trend over the months, and going the way, that `when` asks for."""
    return DETECT[kind](facts, when)


def _gap(facts: SiteFacts, _: Conditions) -> Signal | None:
    """The target is not reached, by a gap that is worth asking for."""
    gap = facts.gap
    if isinstance(gap, NotEstimable) or gap.reached or abs(gap.share) < LEAST_ROOM:
        return None
    return Signal(kind=SignalKind.GAP, size=abs(gap.share), room=gap.sure, certain=gap.certain)


def _trend(facts: SiteFacts, when: Conditions) -> Signal | None:
    """The months have gone one way."""
    trend = facts.trend(when.months_of_trend)
    if isinstance(trend, NotEstimable) or trend.change == 0:
        return None
    if ("worse" if facts.sign * trend.change > 0 else "better") != when.going:
        return None
    return _of_change(SignalKind.TREND, trend)


def _achievement(facts: SiteFacts, _: Conditions) -> Signal | None:
    """The target is reached; certain when the site is beyond the middle of similar sites by more than noise."""
    gap, now, comparison = facts.gap, facts.now, facts.comparison
    if isinstance(gap, NotEstimable) or isinstance(now, NotEstimable) or isinstance(comparison, NotEstimable):
        return None
    if not gap.reached:
        return None
    ahead = facts.sign * (comparison.typical - now.value)
    worst = now.high if facts.sign > 0 else now.low
    surely = facts.sign * (comparison.typical - worst)
    room = min(1.0, max(0.0, surely / ahead)) if ahead > 0 else 0.0
    size = ahead / abs(comparison.typical) if comparison.typical else 0.0
    return Signal(kind=SignalKind.ACHIEVEMENT, size=max(0.0, size), room=room, certain=room > 0)


def _loss(facts: SiteFacts, _: Conditions) -> Signal | None:
    """A year ago the site was where the target is now; it no longer is, and its months went the wrong way."""
    gap, before, now, comparison = facts.gap, facts.year_ago, facts.now, facts.comparison
    if isinstance(gap, NotEstimable) or isinstance(before, NotEstimable):
        return None
    if isinstance(now, NotEstimable) or isinstance(comparison, NotEstimable) or gap.reached:
        return None
    if abs(gap.share) < LEAST_ROOM or facts.sign * (before.value - comparison.target) > 0:
        return None
    lost = abs(now.value - before.value)
    noise = Z95 * (now.std_error**2 + before.std_error**2) ** 0.5
    room = min(gap.sure, max(0.0, 1 - noise / lost)) if lost > 0 else 0.0
    size = lost / abs(before.value) if before.value else abs(gap.share)
    change = (now.value - before.value) / abs(before.value) if before.value else 0.0
    return Signal(kind=SignalKind.LOSS, size=size, room=room, certain=room > 0, change=change)


def _of_change(kind: SignalKind, trend: TrendFact) -> Signal:
    nearest = min(abs(trend.low), abs(trend.high)) if trend.certain else 0.0
    room = min(1.0, nearest / abs(trend.change))
    return Signal(kind=kind, size=abs(trend.share), room=room, certain=trend.certain, change=trend.share)


DETECT: Mapping[SignalKind, Callable[[SiteFacts, Conditions], Signal | None]] = {
    SignalKind.GAP: _gap,
    SignalKind.TREND: _trend,
    SignalKind.ACHIEVEMENT: _achievement,
    SignalKind.LOSS: _loss,
}
