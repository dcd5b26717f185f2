"""Rules on the figures: is it this site's, recent, repeated, true in words and charts, and is noise called noise."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from enginehouse.feedback.claims import claims_in, numbers_in, unexplained
from enginehouse.feedback.content import RenderFacts, ReportContent
from enginehouse.feedback.figures import month_words
from enginehouse.feedback.linter.context import LintContext
from enginehouse.feedback.linter.judged import PASSED, Judged, failed, need, not_applicable, standing_of, unsaid
from enginehouse.feedback.linter.words import pattern
from enginehouse.programme.trial import FEWEST_WAVES

LEAST_POINTS = 7
"""Six previous months and the newest."""
_DECIMALS = re.compile(r"\.(\d+)f")


def automatic(content: ReportContent, context: LintContext) -> Judged:
    """Rule 5."""
    _ = context
    asked = " ".join((content.headline, content.plan_words, *(action.does for action in content.actions)))
    found = pattern("gathering").search(asked)
    return failed("5.gathering", "actions", words=found[0]) if found else PASSED


def repeated(content: ReportContent, context: LintContext) -> Judged:
    """Rule 6."""
    issue = content.issue
    if issue.of < FEWEST_WAVES:
        return failed("6.once", "issue", of=issue.of)
    fits = 1 <= issue.wave <= issue.of and issue.of == context.waves
    return need(fits, "6.place", "issue", wave=issue.wave, of=issue.of, waves=context.waves)


def timely(content: ReportContent, context: LintContext) -> Judged:
    """Rule 7, age."""
    age = content.issue.data_age_days
    if age < 0:
        return failed("7.future", "issue")
    return need(age <= context.data_age_days, "7.old", "issue", age=age, limit=context.data_age_days)


def date_shown(content: ReportContent, facts: RenderFacts, context: LintContext) -> Judged:
    """Rule 7, date on the page."""
    _ = context
    month = month_words(content.issue.last_month)
    shown = month in facts.text or content.issue.last_month in facts.text
    return need(shown, "7.shown", "issue", month=month)


def own_value(content: ReportContent, context: LintContext) -> Judged:
    """Rule 8."""
    return unsaid(content, context, "own") if content.own is None else PASSED


def trend_months(content: ReportContent, context: LintContext) -> Judged:
    """Rule 12, months."""
    points = sum(value is not None for value in content.trend.own)
    if points == 0 and content.own is None:
        return unsaid(content, context, "own")
    return need(points >= LEAST_POINTS, "12.points", "trend", points=points)


def trend_drawn(content: ReportContent, facts: RenderFacts, context: LintContext) -> Judged:
    """Rule 12, chart."""
    if not any(value is not None for value in content.trend.own):
        return unsaid(content, context, "own") if content.own is None else not_applicable("no_own", "trend")
    if facts.trend_points < LEAST_POINTS:
        return failed("12.points", "trend", points=facts.trend_points)
    return need(facts.campaign_start_marked, "12.mark", "trend")


def words_and_data(content: ReportContent, context: LintContext) -> Judged:
    """Rule 13, words."""
    _ = context
    names = (content.site_name, content.short_title, content.display_unit, content.unit)
    strange = unexplained(content.headline, _known(content), names=names)
    if strange:
        return failed("13.number", "headline", number=strange[0])
    for claim in claims_in(_claiming(content), standing_of(content)):
        if not claim.holds:
            return failed("13.claim", "headline", phrase=claim.phrase)
    return PASSED


def chart_and_data(content: ReportContent, facts: RenderFacts, context: LintContext) -> Judged:
    """Rule 13, chart."""
    drawn = {number for shown in facts.headline_numbers for number in numbers_in(shown)}
    for number in numbers_in(content.headline):
        if number not in drawn:
            return failed("13.lacking", "headline", number=number)
    strange = drawn - set(numbers_in(f"{_claiming(content)} {content.cannot_be_said}"))
    if strange:
        return failed("13.printed", "headline", number=min(strange))
    if content.own is None or content.comparator is None:
        return unsaid(content, context, "own" if content.own is None else "comparator")
    pairs = ((facts.chart_own, content.own.value), (facts.chart_target, content.comparator.target))
    for shown_value, value in pairs:
        if not _same(shown_value, value, content.value_format):
            shown = "-" if shown_value is None else f"{shown_value:g}"
            return failed("13.chart", "chart", shown=shown, value=content.value_format.format(value))
    return PASSED


def _same(drawn: float | None, value: float, value_format: str) -> bool:
    """Equal to the digits that are printed."""
    found = _DECIMALS.search(value_format)
    unit = 10.0 ** -(int(found[1]) if found else 0)
    return drawn is not None and math.isfinite(drawn) and abs(drawn - value) <= unit / 2 * (1 + 1e-6) + 1e-12


def noise(content: ReportContent, context: LintContext) -> Judged:
    """Rule 27."""
    if content.own is None:
        return unsaid(content, context, "own")
    for claim in claims_in(_claiming(content), standing_of(content)):
        if not claim.certain:
            return failed("27.claim", "headline", phrase=claim.phrase)
    limits = numbers_in(content.figures.interval)
    told = bool(limits) and all(limit in numbers_in(content.uncertainty_words) for limit in limits)
    return need(told, "27.interval", "uncertainty_words", interval=content.figures.interval)


def _claiming(content: ReportContent) -> str:
    return " ".join((content.headline, content.comparison_words, content.uncertainty_words, content.trend_words))


def _known(content: ReportContent) -> Iterator[float]:
    """Every number that the data give and a headline may print."""
    own, other, gap, change = content.own, content.comparator, content.gap, content.trend.change
    if own is not None:
        yield from (own.value, own.low, own.high)
    if other is not None:
        yield from (other.typical, other.target, float(other.sites))
    if gap is not None:
        yield gap.amount
        yield gap.share * 100
        if gap.patients is not None:
            yield gap.patients
    if change is not None:
        yield from (change.amount, change.share * 100, float(change.months))
    issue = content.issue
    yield from (float(issue.wave), float(issue.of))
    for day in (issue.first_month, issue.last_month, content.trend.campaign_start, issue.sent_on, issue.next_on):
        if day:
            yield float(day[:4])


def exceptions(content: ReportContent, context: LintContext) -> Judged:
    """Rule 22."""
    _ = context
    return need(content.disagree_words, "22.none", "disagree_words")


def equity(content: ReportContent, context: LintContext) -> Judged:
    """Rule 28."""
    _ = context
    if content.equity.lines:
        return PASSED
    if content.equity.reason:
        return not_applicable("told", "equity", reason=content.equity.reason)
    return failed("28.silent", "equity")
