"""Numbers as a reader meets them in sentences: ratios as per cent changes, differences with a sign."""

from __future__ import annotations

import math

from enginehouse.stats.results import Estimate, Estimated, Interval


def amount(value: float, null: float) -> str:
    """A ratio as a change in per cent (`-1.1%`), a difference in its own unit (`-0.012`)."""
    if null == 1.0:
        return f"{_signed(100 * (value - 1))}%"
    return f"{value:+.3g}"


def interval_words(interval: Interval, null: float) -> str:
    """Both limits, `-3.7% to +1.5%`; they are already ratios where the null is 1."""
    return f"{amount(interval.low, null)} to {amount(interval.high, null)}"


def effect_words(estimate: Estimated, *, level: float = 0.95) -> str:
    """`-1.1% (95% interval -3.7% to +1.5%)`, or why there is no number."""
    if not isinstance(estimate, Estimate):
        return f"cannot be estimated ({estimate.detail})"
    if estimate.scale == "log-ratio":
        point, null, interval = estimate.ratio, 1.0, estimate.ratio_interval(level)
    else:
        point, null, interval = estimate.value, 0.0, estimate.interval(level)
    return f"{amount(point, null)} ({level:.0%} interval {interval_words(interval, null)})"


def log_change(value: float) -> str:
    """A log ratio as a change in per cent."""
    return amount(math.exp(value), 1.0)


def _signed(value: float) -> str:
    rounded = round(value, 1) + 0.0
    return f"{rounded:+.1f}" if rounded else "0.0"
