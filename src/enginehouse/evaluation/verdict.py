"""The word for the registered contrast, from its interval and the registered margins, and the sentence that says it.

The verdict is not the decision: what follows from it is `economics` and people.
"""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.core.errors import UserError
from enginehouse.evaluation.results import NonInferiority, OutcomeResult, VerdictResult
from enginehouse.evaluation.wording import amount, interval_words
from enginehouse.programme.enums import Direction, Summary, Verdict, Window
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import Estimate, Estimated, Interval

SMALL_DIFFERENCE = "a real but small difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The registered margins, with what no effect is (1 for a ratio, 0 for a difference) and which way is better."""

    null: float
    lower_is_better: bool
    worthwhile: float | None
    equivalence: tuple[float, float] | None = None
    non_inferiority: float | None = None


def verdict_word(low: float, high: float, low90: float, high90: float, rule: Rule) -> Verdict:
    """The one word for a 95% interval [low, high] and its 90% interval, on the scale of the margins.

    Parameters
    ----------
    low, high, low90, high90 : float
        Ratios, or differences, of the named arm to the named comparator.
    rule : Rule

    Returns
    -------
    Verdict
        The first that holds, for lower is better: *worthwhile*, high <= worthwhile margin; *equivalent*, the 90%
        interval inside the equivalence margins; *better*, high < null; *worse*, low > null; *inconclusive*. Mirrored
        where higher is better. A rule without a margin is skipped.

    Examples
    --------
    >>> rule = Rule(null=1.0, lower_is_better=True, worthwhile=0.98, equivalence=(0.98, 1.02))
    >>> str(verdict_word(0.963, 1.015, 0.968, 1.011, rule))
    'inconclusive'
    """
    near, far = (high, low) if rule.lower_is_better else (low, high)
    if rule.worthwhile is not None and _at_least_as_good(near, rule.worthwhile, rule):
        return Verdict.WORTHWHILE
    if rule.equivalence is not None and rule.equivalence[0] <= low90 and high90 <= rule.equivalence[1]:
        return Verdict.EQUIVALENT
    if near != rule.null and _at_least_as_good(near, rule.null, rule):
        return Verdict.BETTER
    if far != rule.null and not _at_least_as_good(far, rule.null, rule):
        return Verdict.WORSE
    return Verdict.INCONCLUSIVE


def give_verdict(protocol: Protocol, primary: OutcomeResult) -> VerdictResult:
    """The verdict on the primary indicator: registered comparator, registered window, drift in the interval.

    Raises
    ------
    UserError
        The primary indicator says no direction, so nothing can be better or worse.
    """
    comparison = primary.registered
    return verdict_on(
        protocol,
        indicator=primary.indicator,
        direction=primary.direction,
        comparator=comparison.comparator,
        window=comparison.registered_window.window,
        estimate=comparison.registered_window.with_drift,
    )


def verdict_on(
    protocol: Protocol,
    *,
    indicator: str,
    direction: Direction,
    comparator: str,
    window: Window,
    estimate: Estimated,
    if_equivalent: str = "",
) -> VerdictResult:
    """The verdict on one registered estimate, whatever the design that it comes from.

    Parameters
    ----------
    protocol
        Its margins and its summary make the rule.
    indicator, direction
        What was estimated, and which way is better.
    comparator, window
        Of the registered contrast.
    estimate
        The registered estimate.
    if_equivalent
        A sentence that an *equivalent* result adds: what it does and does not say about an added component.

    Raises
    ------
    UserError
        The indicator says no direction, so nothing can be better or worse.
    """
    rule = rule_for(protocol, direction)
    word = word_for(estimate, rule)
    sentence = _sentence(word, estimate, rule)
    return VerdictResult(
        word=word,
        sentence=f"{sentence} {if_equivalent}" if word is Verdict.EQUIVALENT and if_equivalent else sentence,
        addition=_addition(word, estimate, rule),
        indicator=indicator,
        comparator=comparator,
        window=window,
        estimate=estimate,
        worthwhile=protocol.analysis.worthwhile,
        equivalence=protocol.analysis.equivalence,
        non_inferiority=_non_inferiority(estimate, rule),
    )


def rule_for(protocol: Protocol, direction: Direction) -> Rule:
    """The registered rule for an indicator's direction."""
    if direction is Direction.NONE:
        raise UserError(
            f"the primary indicator '{protocol.indicator}' says no direction.",
            where="protocol.yaml  indicator",
            remedy="An indicator of which neither way is better cannot be primary; choose another, or give it one.",
        )
    return Rule(
        null=1.0 if protocol.estimand.summary is Summary.RATIO else 0.0,
        lower_is_better=direction is Direction.LOWER_IS_BETTER,
        worthwhile=protocol.analysis.worthwhile,
        equivalence=protocol.analysis.equivalence,
        non_inferiority=protocol.analysis.non_inferiority,
    )


def word_for(estimate: Estimated, rule: Rule) -> Verdict:
    """The word for an estimate; what cannot be estimated gets none of the five."""
    if not isinstance(estimate, Estimate):
        return Verdict.CANNOT_BE_ESTIMATED
    wide, narrow = _interval(estimate, 0.95), _interval(estimate, 0.9)
    return verdict_word(wide.low, wide.high, narrow.low, narrow.high, rule)


def _at_least_as_good(value: float, margin: float, rule: Rule) -> bool:
    return value <= margin if rule.lower_is_better else value >= margin


def _interval(estimate: Estimate, level: float) -> Interval:
    return estimate.ratio_interval(level) if estimate.scale == "log-ratio" else estimate.interval(level)


_SENTENCES = {
    Verdict.WORTHWHILE: "Worthwhile: {effect}; the whole interval is at least as good as the registered margin of "
    "{worthwhile}.",
    Verdict.EQUIVALENT: "Equivalent: {effect}; the 90% interval, {narrow}, lies inside the registered margins of "
    "{equivalence}.",
    Verdict.BETTER: "Better: {effect}; the interval excludes no effect, but not that the effect is smaller than the "
    "registered margin of {worthwhile}.",
    Verdict.WORSE: "Worse: {effect}; the whole interval is on the wrong side of no effect.",
}
_INCONCLUSIVE_WIDE = (
    "Inconclusive: {effect}; the data allow both no effect and an effect that would have been worthwhile."
)
_INCONCLUSIVE_SMALL = (
    "Inconclusive: {effect}; the interval includes no effect and excludes the registered margin of {worthwhile}, but "
    "no margins were registered inside which an effect is as good as none."
)
_INCONCLUSIVE_NARROW = (
    "Inconclusive: {effect}; the interval includes no effect, and the 90% interval, {narrow}, leaves the registered "
    "margins of {equivalence}."
)


def _sentence(word: Verdict, estimate: Estimated, rule: Rule) -> str:
    if not isinstance(estimate, Estimate):
        return f"Cannot be estimated: {estimate.detail}"
    template = _inconclusive(estimate, rule) if word is Verdict.INCONCLUSIVE else _SENTENCES[word]
    point, wide = amount(_point(estimate), rule.null), interval_words(_interval(estimate, 0.95), rule.null)
    margins = " to ".join(amount(margin, rule.null) for margin in rule.equivalence or ())
    return template.format(
        effect=f"{point} (95% interval {wide})",
        narrow=interval_words(_interval(estimate, 0.9), rule.null),
        worthwhile="" if rule.worthwhile is None else amount(rule.worthwhile, rule.null),
        equivalence=margins,
    )


def _inconclusive(estimate: Estimate, rule: Rule) -> str:
    """What the interval still allows: an effect outside the equivalence margins, a worthwhile one, or neither."""
    if rule.equivalence is not None:
        return _INCONCLUSIVE_NARROW
    interval = _interval(estimate, 0.95)
    best = interval.low if rule.lower_is_better else interval.high
    allows = rule.worthwhile is None or _at_least_as_good(best, rule.worthwhile, rule)
    return _INCONCLUSIVE_WIDE if allows else _INCONCLUSIVE_SMALL


def _addition(word: Verdict, estimate: Estimated, rule: Rule) -> str:
    if word is not Verdict.EQUIVALENT or not isinstance(estimate, Estimate):
        return ""
    return "" if _interval(estimate, 0.95).contains(rule.null) else SMALL_DIFFERENCE


def _non_inferiority(estimate: Estimated, rule: Rule) -> NonInferiority | None:
    """Shown when the end of the 95% interval that is worse lies on the good side of the margin."""
    if rule.non_inferiority is None or not isinstance(estimate, Estimate):
        return None
    interval = _interval(estimate, 0.95)
    worst = interval.high if rule.lower_is_better else interval.low
    shown = worst != rule.non_inferiority and _at_least_as_good(worst, rule.non_inferiority, rule)
    margin = amount(rule.non_inferiority, rule.null).lstrip("+-")
    return NonInferiority(
        margin=rule.non_inferiority,
        shown=shown,
        sentence=f"Not worse by more than {margin}: {'yes' if shown else 'no'}.",
    )


def _point(estimate: Estimate) -> float:
    return estimate.ratio if estimate.scale == "log-ratio" else estimate.value
