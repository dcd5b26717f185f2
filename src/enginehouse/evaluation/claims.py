"""Each published claim beside the data: *reproduced*, *not reproduced* or *cannot be tested here*, with the reason.

Reproduced needs the whole 95% interval, drift included, on the claimed side of no effect and, where a ratio was
published, that ratio inside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from enginehouse.evaluation.results import AbsoluteEffect, ClaimMark, ClaimResult, OutcomeResult
from enginehouse.evaluation.wording import amount, effect_words
from enginehouse.programme.enums import Direction
from enginehouse.programme.protocol import Claim, Protocol
from enginehouse.stats.results import Estimate, Interval


def mark_claims(protocol: Protocol, outcomes: Mapping[str, OutcomeResult]) -> tuple[ClaimResult, ...]:
    """Every claim of the protocol with its mark and one sentence."""
    return tuple(mark_claim(claim, outcomes) for claim in protocol.claims)


def mark_claim(claim: Claim, outcomes: Mapping[str, OutcomeResult]) -> ClaimResult:
    """One claim with its mark."""
    mark, sentence = _judge(claim, outcomes)
    return ClaimResult(
        text=claim.text,
        source=claim.source,
        mark=mark,
        sentence=sentence,
        indicator=claim.indicator,
        ratio=claim.ratio,
    )


def _judge(claim: Claim, outcomes: Mapping[str, OutcomeResult]) -> tuple[ClaimMark, str]:
    if claim.not_testable or claim.indicator is None:
        return ClaimMark.CANNOT_BE_TESTED, claim.not_testable or "No indicator here bears on it."
    outcome = outcomes.get(claim.indicator)
    if outcome is None:
        return ClaimMark.CANNOT_BE_TESTED, f"The protocol does not evaluate {claim.indicator}."
    estimate = outcome.headline
    if not isinstance(estimate, Estimate):
        return ClaimMark.CANNOT_BE_TESTED, estimate.detail
    lower = _claims_lower(claim, outcome)
    if lower is None:
        return ClaimMark.CANNOT_BE_TESTED, "The claim gives no size, and its indicator says no direction."
    interval = _as_ratio(estimate, outcome)
    beyond = interval.high < 1.0 if lower else interval.low > 1.0
    contains = claim.ratio is None or interval.contains(claim.ratio)
    mark = ClaimMark.REPRODUCED if beyond and contains else ClaimMark.NOT_REPRODUCED
    return mark, _sentence(claim, estimate, outcome, beyond, contains, interval)


def _claims_lower(claim: Claim, outcome: OutcomeResult) -> bool | None:
    """Whether the claim is of a fall; without a published ratio a claim is of an improvement."""
    if claim.ratio is not None:
        return claim.ratio < 1.0
    if outcome.direction is Direction.NONE:
        return None
    return outcome.direction is Direction.LOWER_IS_BETTER


def _as_ratio(estimate: Estimate, outcome: OutcomeResult) -> Interval:
    """The interval as ratios; a difference is set against the counterfactual quantity of its window."""
    if estimate.scale == "log-ratio":
        return estimate.ratio_interval()
    absolute = outcome.registered.registered_window.absolute
    assert absolute is not None  # an estimate in a window always comes with its absolute effect
    ends = [_ratio_to_counterfactual(absolute, change) for change in (absolute.change_low, absolute.change_high)]
    return Interval(low=min(ends), high=max(ends), method="ratio to the counterfactual")


def _ratio_to_counterfactual(absolute: AbsoluteEffect, change: float) -> float:
    """Observed over counterfactual; without limit where the change is as large as all that was observed."""
    counterfactual = absolute.observed - change
    return absolute.observed / counterfactual if counterfactual > 0 else math.inf


def _sentence(
    claim: Claim, estimate: Estimate, outcome: OutcomeResult, beyond: bool, contains: bool, interval: Interval
) -> str:
    seen = f"{outcome.short_title} changed by {effect_words(estimate)}"
    published = "" if claim.ratio is None else f" the published {amount(claim.ratio, 1.0)}"
    if beyond and contains:
        return f"{seen}: the whole interval is on the claimed side of no effect" + (
            f" and contains{published}." if published else "."
        )
    if not contains:
        side = "" if beyond else ", and includes no effect" if interval.contains(1.0) else ", and is on the other side"
        return f"{seen}: the interval excludes{published}{side}."
    if interval.contains(1.0) and published:
        return (
            f"{seen}: the interval includes no effect and also{published}; it neither confirms nor excludes the claim."
        )
    if interval.contains(1.0):
        return f"{seen}: the interval includes no effect; it does not exclude the claim either."
    return f"{seen}: the whole interval is on the other side of no effect."
