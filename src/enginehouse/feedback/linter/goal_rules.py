"""Rules on goal, action and target: is it worth asking, can it be done, is it clear what is asked."""

from __future__ import annotations

import re

from enginehouse.feedback.arms import withheld_fields
from enginehouse.feedback.claims import says_average
from enginehouse.feedback.content import ReportContent, drawn_texts
from enginehouse.feedback.figures import percent
from enginehouse.feedback.linter.context import LintContext
from enginehouse.feedback.linter.judged import (
    PASSED,
    Judged,
    failed,
    falls_short,
    need,
    not_applicable,
    standing_of,
    unsaid,
)
from enginehouse.feedback.linter.words import pattern, recipient_pattern
from enginehouse.programme.enums import Direction, NumeratorKind, SignalKind

_ADDRESS = re.compile(r"https?://|www\.|doi", re.IGNORECASE)
_TEN_DIGITS = re.compile(r"(?<![\d,.])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\d,])")
MOST_ACTIONS = 3


def priority(content: ReportContent, context: LintContext) -> Judged:
    """Rule 1."""
    if content.indicator not in context.priorities:
        return failed("1.priority", "indicator", indicator=content.indicator)
    for name in ("goal", "evidence", "guideline"):
        if not getattr(content, name) and name not in withheld_fields(context.arm):
            return failed("1.missing", name, part=name)
    return need(_ADDRESS.search(content.guideline), "1.link", "guideline")


def control_and_room(content: ReportContent, context: LintContext) -> Judged:
    """Rule 2."""
    for number, action in enumerate(content.actions, start=1):
        if pattern("outside").search(action.who):
            return failed("2.outside", f"actions[{number - 1}].who", number=number, who=action.who)
    if content.chosen.signal not in (SignalKind.GAP, SignalKind.LOSS) or content.gap is None:
        return not_applicable("nothing_asked", "gap")
    share, least = content.gap.share, context.least_room
    return need(share >= least, "2.room", "gap", share=percent(share), least=percent(least))


def specific_actions(content: ReportContent, context: LintContext) -> Judged:
    """Rule 3."""
    _ = context
    if not 1 <= len(content.actions) <= MOST_ACTIONS:
        return failed("3.number", "actions", number=len(content.actions))
    for number, action in enumerate(content.actions, start=1):
        where = f"actions[{number - 1}]"
        if not all(text.strip() for text in (action.who, action.does, action.to_whom, action.when)):
            return failed("3.short", where, number=number)
        vague = pattern("vague").match(action.does.strip())
        if vague:
            return failed("3.vague", where, number=number, words=vague[0])
    return PASSED


def fits_role(content: ReportContent, context: LintContext) -> Judged:
    """Rule 4."""
    _ = context
    named = any(recipient_pattern(content.recipient).search(action.who) for action in content.actions)
    return need(named, "4.role", "actions", recipient=content.recipient.value)


def way_to_patients(content: ReportContent, context: LintContext) -> Judged:
    """Rule 9."""
    _ = context
    for where, text in drawn_texts(content).items():
        if any(is_patient_number(found) for found in _TEN_DIGITS.findall(text)):
            return failed("9.identifiable", where, place=where)
    for number, action in enumerate(content.actions, start=1):
        if not action.search.strip():
            return failed("9.search", f"actions[{number - 1}].search", number=number)
    if content.gap is None:
        return unsaid(content, context, "gap")
    return PASSED


def is_patient_number(text: str) -> bool:
    """Whether ten digits pass the check of an NHS number: weights 10 to 2, modulus 11."""
    digits = [int(character) for character in text if character.isdigit()]
    if len(digits) != 10:
        return False
    check = 11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits[:9], strict=True)) % 11
    return digits[9] == (0 if check == 11 else check)


def comparison(content: ReportContent, context: LintContext) -> Judged:
    """Rule 10."""
    other = content.comparator
    if other is None:
        return unsaid(content, context, "comparator")
    if not (other.title and other.reason):
        return failed("10.unjustified", "comparator")
    sign = -1.0 if content.direction is Direction.HIGHER_IS_BETTER else 1.0
    if sign * (other.target - other.typical) > 0:
        return failed("10.side", "comparator")
    if not falls_short(content):
        return PASSED
    said = " ".join((content.headline, content.comparison_words, content.uncertainty_words, content.trend_words))
    if says_average(said, standing_of(content)):
        return failed("10.average", "comparison_words")
    return need(_tells_target(content), "10.target", "comparison_words")


def explicit_target(content: ReportContent, context: LintContext) -> Judged:
    """Rule 11."""
    gap = content.gap
    if gap is None or content.comparator is None:
        return unsaid(content, context, "gap")
    if not gap.unit:
        return failed("11.unit", "gap")
    if not _tells_target(content) and falls_short(content):
        return failed("11.target", "headline")
    return _patients(content)


def _tells_target(content: ReportContent) -> bool:
    said = " ".join((content.headline, content.comparison_words, content.goal))
    return bool(content.figures.target) and content.figures.target in said


def _patients(content: ReportContent) -> Judged:
    """Patients may be spoken of by an indicator of patients, or about, with the source of the conversion."""
    gap = content.gap
    assert gap is not None
    spoken = list(pattern("patients").finditer(" ".join((content.headline, content.comparison_words, content.goal))))
    if content.numerator_kind is NumeratorKind.PATIENTS:
        return PASSED
    if gap.patients is None:
        return need(not spoken, "11.patients", "headline")
    if not gap.conversion_source:
        return failed("11.source", "gap")
    return need(gap.about and all(found[0].lower().startswith("about") for found in spoken), "11.about", "headline")


def barriers(content: ReportContent, context: LintContext) -> Judged:
    """Rule 16."""
    if not content.barriers:
        return _withheld_or(content, context, "barriers", "16.none")
    return need(pattern("help").search(content.barriers), "16.help", "barriers")


def plan_slot(content: ReportContent, context: LintContext) -> Judged:
    """Rule 21."""
    return PASSED if content.plan_words else _withheld_or(content, context, "plan_words", "21.none")


def balancing(content: ReportContent, context: LintContext) -> Judged:
    """Rule 26."""
    _ = context
    return need(content.balancing, "26.none", "balancing")


def _withheld_or(content: ReportContent, context: LintContext, field: str, key: str) -> Judged:
    _ = content
    return not_applicable("withheld", field) if field in withheld_fields(context.arm) else failed(key, field)
