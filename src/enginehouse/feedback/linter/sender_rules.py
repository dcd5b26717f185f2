"""Rules on who says it and within which design: credibility, choice, delivery, techniques, the arm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from enginehouse.feedback.arms import known_components, withheld_fields
from enginehouse.feedback.content import Figures, RenderFacts, ReportContent, drawn_texts
from enginehouse.feedback.linter.context import LintContext
from enginehouse.feedback.linter.judged import PASSED, Judged, failed, need

LEAST_SIGNATURES = 2


def credible(content: ReportContent, context: LintContext) -> Judged:
    """Rule 18."""
    _ = context
    who, issue = content.credibility, content.issue
    parts: Mapping[str, object] = {
        "source": who.source,
        "included": who.included,
        "period": issue.first_month and issue.last_month,
        "interval": who.interval_words,
        "sender": who.sent_by,
        "contact": who.reply_to,
        "query": content.disagree_words,
        "denominator": content.own is None or who.denominator > 0,
    }
    lacking = next((name for name, value in parts.items() if not value), None)
    return failed("18.missing", "credibility", part=lacking) if lacking else PASSED


def one_message(content: ReportContent, context: LintContext) -> Judged:
    """Rule 23."""
    _ = context
    return need(content.chosen.reason, "23.reason", "chosen")


def delivered(content: ReportContent, context: LintContext) -> Judged:
    """Rule 24."""
    _ = context
    return need(content.to_role.strip() and content.channel.strip(), "24.role", "to_role")


def signed(content: ReportContent, context: LintContext) -> Judged:
    """Rule 25."""
    _ = context
    names = content.credibility.signed_by
    return need(len(names) >= LEAST_SIGNATURES, "25.signed", "credibility.signed_by", number=len(names))


def tagged(content: ReportContent, context: LintContext) -> Judged:
    """Rule 29."""
    _ = context
    unknown = sorted(set(content.components) - known_components().keys())
    return need(content.components and not unknown, "29.unknown", "components", components=", ".join(unknown))


def techniques(content: ReportContent) -> tuple[str, ...]:
    """Numbers of the techniques that the report is tagged with, in order."""
    known = known_components()
    found = {known[name].technique for name in content.components if name in known}
    return tuple(sorted(found, key=lambda each: tuple(map(int, each.split(".")))))


def exact_arm(content: ReportContent, context: LintContext) -> Judged:
    """Rule 30, content."""
    spec, has = context.arm, set(content.components)
    if content.arm != spec.arm:
        return failed("30.arm", "arm")
    for key, differing in (("30.missing", spec.components - has), ("30.extra", has - spec.components)):
        if differing:
            return failed(key, "components", components=", ".join(sorted(differing)))
    for field in sorted(withheld_fields(spec)):
        if getattr(content, field) not in (None, "", (), Figures()):
            return failed("30.withheld", field, field=field)
    if bool(content.facilitation_words) != bool(spec.offers):
        return failed("30.offer", "facilitation_words")
    if any(offer.title not in content.facilitation_words for offer in spec.offers):
        return failed("30.offer", "facilitation_words")
    return _no_leak(drawn_texts(content), context)


def arm_not_drawn(content: ReportContent, facts: RenderFacts, context: LintContext) -> Judged:
    """Rule 30, page."""
    _ = content
    return _no_leak({"page": facts.text}, context)


def _no_leak(texts: Mapping[str, str], context: LintContext) -> Judged:
    leak = names_of_arms(tuple(context.arm_names))
    where = next((place for place, text in texts.items() if leak.search(text)), None)
    return failed("30.leak", where, place=where) if where else PASSED


@cache
def names_of_arms(names: tuple[str, ...]) -> re.Pattern[str]:
    """How the name of an arm can be read in a text.

    A name of several words as it is written, with hyphens, or of three and more with spaces; any name beside *arm*,
    *group* or *allocated to*. A single plain word alone is no leak: *feedback* stands in every report.
    """
    options: list[str] = []
    for name in names:
        words = [re.escape(word) for word in name.split("-")]
        spaced = r"[\s_-]+".join(words)
        if len(words) > 1:
            options.append("-".join(words))
        if len(words) > 2:
            options.append(spaced)
        options += [rf"(?:arm|group|(?:allocated|randomised) to)\W+(?:the\W+)?{spaced}", rf"{spaced}\W+(?:arm|group)"]
    joined = "|".join(f"(?:{option})" for option in options)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)" if options else r"(?!)", re.IGNORECASE)
