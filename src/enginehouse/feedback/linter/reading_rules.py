"""Rules on reading: modes, load, the message first, tone, talk in the team."""

from __future__ import annotations

from itertools import combinations

from enginehouse.feedback.claims import numbers_in
from enginehouse.feedback.content import RenderFacts, ReportContent, drawn_texts
from enginehouse.feedback.figures import number
from enginehouse.feedback.linter.context import LintContext
from enginehouse.feedback.linter.judged import PASSED, Judged, failed, need, unsaid
from enginehouse.feedback.linter.reading import reading_grade
from enginehouse.feedback.linter.words import exactly, heading_parts, pattern

MOST_CHARTS = 2
MOST_HEADLINE_NUMBERS = 4
MOST_HEADLINE_WORDS = 45
LEAST_CONTRAST = 4.5
"""Of text on its ground (Web Content Accessibility Guidelines 2.2, 1.4.3)."""
LEAST_DIFFERENCE = 1.5
"""Contrast between two marks that are told apart in grey, and so in print and by readers who see few colours."""
RUNNING = ("headline", "comparison_words", "uncertainty_words", "trend_words", "why", "barriers", "balancing", "goal")
"""The texts whose reading grade counts, beside actions, discussion and plan."""


def modes(content: ReportContent, facts: RenderFacts, context: LintContext) -> Judged:
    """Rule 14."""
    if content.own is None:
        return unsaid(content, context, "own")
    listed = ", ".join(facts.formats)
    both = facts.charts >= 1 and facts.words > 0 and len(facts.formats) >= 2
    return need(both, "14.mode", "formats", modes=listed)


def one_page(content: ReportContent, facts: RenderFacts, context: LintContext) -> Judged:
    """Rule 15, pages."""
    _ = content, context
    return need(facts.pages == 1, "15.pages", "pages", pages=facts.pages)


def drawing(content: ReportContent, facts: RenderFacts, context: LintContext) -> Judged:
    """Rule 15, charts, numbers and colours."""
    _ = context
    if facts.charts > MOST_CHARTS:
        return failed("15.charts", "charts", charts=facts.charts)
    numbers = len(numbers_in(content.headline))
    if numbers > MOST_HEADLINE_NUMBERS:
        return failed("15.numbers", "headline", numbers=numbers)
    if facts.least_contrast < LEAST_CONTRAST:
        return failed("15.contrast", "colours", contrast=number(facts.least_contrast, 1))
    apart = facts.charts == 0 or facts.told_apart_without_colour or differ_in_grey(facts.chart_colours)
    return need(apart, "15.colour", "charts")


def differ_in_grey(colours: tuple[str, ...]) -> bool:
    """Whether every two colours have lightness so different that they are told apart without hue; false for none."""
    lights = [_luminance(colour) for colour in dict.fromkeys(colours)]
    pairs = combinations(lights, 2)
    return bool(lights) and all((max(pair) + 0.05) / (min(pair) + 0.05) >= LEAST_DIFFERENCE for pair in pairs)


def _luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (sRGB), 0 to 1."""
    parts = (int(colour.lstrip("#")[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def plain_words(content: ReportContent, context: LintContext) -> Judged:
    """Rule 15, reading grade."""
    grade = reading_grade(running_text(content))
    limit = number(context.reading_grade, 0)
    return need(grade <= context.reading_grade, "15.grade", "text", grade=number(grade, 1), limit=limit)


def running_text(content: ReportContent) -> str:
    """What is read in sentences; each part ends with a stop."""
    parts = [getattr(content, name) for name in RUNNING]
    parts += [" ".join((action.who, action.does, "for", action.to_whom, action.when)) for action in content.actions]
    parts += [content.discussion, content.plan_words]
    return " ".join(part if part[-1] in ".?!" else f"{part}." for part in map(str.strip, parts) if part)


def short_headline(content: ReportContent, context: LintContext) -> Judged:
    """Rule 17, length."""
    _ = context
    words = len(content.headline.split())
    if not words:
        return failed("17.none", "headline")
    return need(words <= MOST_HEADLINE_WORDS, "17.long", "headline", words=words, limit=MOST_HEADLINE_WORDS)


def headline_first(content: ReportContent, facts: RenderFacts, context: LintContext) -> Judged:
    """Rule 17, place."""
    _ = content, context
    first = next((part for part in facts.order if part not in heading_parts()), "")
    return need(first == "headline", "17.order", "order", first=first)


def no_blame(content: ReportContent, context: LintContext) -> Judged:
    """Rule 19, banned words."""
    own = exactly(tuple(context.banned_words))
    for where, text in drawn_texts(content).items():
        found = pattern("banned").search(text) or own.search(text)
        if found:
            return failed("19.banned", where, words=found[0], place=where)
    return PASSED


def tone(content: ReportContent, context: LintContext) -> Judged:
    """Rule 19, autonomy and fairness."""
    _ = context
    text = " ".join(drawn_texts(content).values())
    if not pattern("autonomy").search(text):
        return failed("19.autonomy", "text")
    return need(pattern("fairness").search(text), "19.fairness", "text")


def team_talk(content: ReportContent, context: LintContext) -> Judged:
    """Rule 20."""
    _ = context
    return need("?" in content.discussion, "20.none", "discussion")
