"""What stands where on a report to one site, in words and two charts: the same for HTML, PDF and text.

The content is finished in `feedback`; this frames it and chooses nothing. An arm is never named here.
"""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.core.months import Month, Period
from enginehouse.core.words import first_upper, lower_first
from enginehouse.feedback.content import Gap, ReportContent
from enginehouse.programme.enums import Direction
from enginehouse.programme.message import Action
from enginehouse.reports import format as fmt
from enginehouse.reports.charts.scales import number_label
from enginehouse.reports.charts.spec import StandingBar, StandingChart, TrendChart
from enginehouse.reports.content import Figure
from enginehouse.reports.messages import say

MOST_MONTHS_AHEAD = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A short text under a small title; `id` is its anchor."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action: who does what, to whom and when, and how to find the patients."""

    text: str
    who: str
    search: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticePage:
    """The parts of the page in the order in which they are read; what is None or empty is not on it."""

    language: str
    title: str
    banner: str
    kind: str
    issue: str
    site: str
    role: str
    headline: str
    standing_words: tuple[str, ...]
    standing: Figure | None
    standing_line: str
    trend: Figure | None
    gap: Note | None
    actions_title: str
    actions: tuple[Step, ...]
    notes: tuple[Note, ...]
    plan: Note
    plan_slots: tuple[str, ...]
    foot: tuple[Note, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The charts that are on the page, in their order."""
        return tuple(figure for figure in (self.standing, self.trend) if figure is not None)


def practice_page(content: ReportContent) -> PracticePage:
    """The page of `content`."""
    kind = _say("kind", indicator=lower_first(content.short_title))
    issue, standing = content.issue, _standing(content)
    return PracticePage(
        language=content.language,
        title=f"{content.site_name}: {content.short_title}",
        banner=_say("banner") if content.synthetic else "",
        kind=kind,
        issue=_say("issue", wave=issue.wave, of=issue.of, sent=fmt.date_words(issue.sent_on)),
        site=content.site_name,
        role=_say("to", role=content.to_role),
        headline=content.headline,
        standing_words=_standing_words(content),
        standing=standing,
        standing_line=_say("standing.line") if standing else "",
        trend=_trend(content),
        gap=_gap(content),
        actions_title=_actions_title(len(content.actions)),
        actions=tuple(_step(action) for action in content.actions),
        notes=_notes(content),
        plan=Note(id="plan", title=_say("plan.title"), text=_plan_words(content)),
        plan_slots=tuple(_say(f"plan.{slot}") for slot in ("what", "who", "when")),
        foot=_foot(content),
    )


def _standing_words(content: ReportContent) -> tuple[str, ...]:
    texts = (content.cannot_be_said, content.comparison_words, content.uncertainty_words, content.trend_words)
    return tuple(text for text in texts if text)


def _standing(content: ReportContent) -> Figure | None:
    """The own value beside the middle of similar sites and the target; nothing where one of them cannot be said."""
    own, other, printed = content.own, content.comparator, content.figures
    if own is None or other is None or not printed.own:
        return None
    title, target_title = first_upper(other.title), first_upper(other.target_title)
    words = _say("standing.interval", value=printed.own, interval=printed.interval) if printed.interval else printed.own
    bars = (
        StandingBar(
            label=_say("standing.you"), value=own.value, words=words, emphasis="main", low=own.low, high=own.high
        ),
        StandingBar(
            label=_say("standing.typical", comparator=title, sites=other.sites),
            value=other.typical,
            words=printed.typical,
            emphasis="muted",
        ),
        StandingBar(
            label=_say("standing.target", target=target_title),
            value=other.target,
            words=printed.target,
            emphasis="evaluation",
        ),
    )
    alt = _say(
        "standing.alt",
        unit=content.display_unit,
        own=words,
        comparator=title,
        sites=other.sites,
        typical=printed.typical,
        target_title=target_title,
        target=printed.target,
    )
    chart = StandingChart(x_label=content.display_unit, bars=bars, target=other.target)
    return Figure(chart=chart, caption=_say("standing.title"), alt=alt)


def _trend(content: ReportContent) -> Figure | None:
    """The months as far as the start of the campaign, which may lie beyond the newest that has data."""
    trend = content.trend
    if all(value is None for value in trend.own):
        return None
    ahead = _months_ahead(trend.months[-1], trend.campaign_start)
    chart = TrendChart(
        y_label=content.display_unit,
        months=(*trend.months, *ahead),
        own=(*trend.own, *(None for _ in ahead)),
        comparison=(*trend.comparison, *(None for _ in ahead)),
        own_name=_say("trend.you"),
        comparison_name=_say("trend.others"),
        start=trend.campaign_start,
        start_label=_say("trend.start"),
        value_format=content.value_format,
    )
    return Figure(chart=chart, caption=_say("trend.title"), alt=_trend_alt(content))


def _months_ahead(last: str, start: str) -> tuple[str, ...]:
    """The months from after `last` to `start`, where the gap is short enough to show."""
    first, end = Month.parse(last) + 1, Month.parse(start)
    if end < first or end - first >= MOST_MONTHS_AHEAD:
        return ()
    return tuple(str(month) for month in Period(first, end + 1))


def _trend_alt(content: ReportContent) -> str:
    trend = content.trend
    own = [value for value in trend.own if value is not None]
    others = [value for value in trend.comparison if value is not None]
    words = {
        "first": fmt.month_words(trend.months[0]),
        "last": fmt.month_words(trend.months[-1]),
        "start": fmt.month_words(trend.campaign_start),
        "own_first": _shown(own[0], content),
        "own_last": _shown(own[-1], content),
    }
    if not others:
        return _say("trend.alt_alone", **words)
    compared = {"other_first": _shown(others[0], content), "other_last": _shown(others[-1], content)}
    return _say("trend.alt", **words, **compared)


def _gap(content: ReportContent) -> Note | None:
    goal = _say("gap.goal", goal=content.goal) if content.goal else ""
    text = " ".join(part for part in (_gap_words(content), goal) if part)
    return Note(id="gap", title=_say("gap.title"), text=text) if text else None


def _gap_words(content: ReportContent) -> str:
    gap, other, printed = content.gap, content.comparator, content.figures
    if gap is None or other is None:
        return ""
    words = {"target_title": other.target_title, "target": printed.target}
    if gap.amount <= 0:
        return _say("gap.none", **words)
    way = "up" if content.direction is Direction.HIGHER_IS_BETTER else "down"
    said = _say(f"gap.{way}", amount=printed.gap, unit=gap.unit, **words)
    return " ".join(text for text in (said, _patients(gap, printed.patients)) if text)


def _patients(gap: Gap, printed: str) -> str:
    if not printed:
        return ""
    if gap.about:
        return _say("gap.patients_about", patients=printed, source=gap.conversion_source)
    return _say("gap.patients", patients=printed)


def _actions_title(count: int) -> str:
    return _say("actions.title_one") if count == 1 else _say("actions.title", count=first_upper(fmt.in_words(count)))


def _step(action: Action) -> Step:
    return Step(
        text=_say("actions.step", who=first_upper(action.who), does=action.does),
        who=_say("actions.who", to_whom=action.to_whom, when=action.when.rstrip(".")),
        search=_say("actions.search", search=action.search),
    )


def _notes(content: ReportContent) -> tuple[Note, ...]:
    """What stands beside the actions; what has nothing to say is left out."""
    texts = {
        "why": content.why,
        "evidence": " ".join(text for text in (content.evidence, content.guideline) if text),
        "balancing": content.balancing,
        "barriers": content.barriers,
        "facilitation": content.facilitation_words,
        "equity": " ".join(content.equity.lines),
        "discussion": content.discussion,
    }
    return tuple(Note(id=name, title=_say(f"notes.{name}"), text=text) for name, text in texts.items() if text)


def _plan_words(content: ReportContent) -> str:
    reply = content.credibility.reply_to
    back = _say("plan.back", reply_to=reply) if reply and reply not in content.plan_words else ""
    return " ".join(text for text in (content.plan_words, back) if text)


def _foot(content: ReportContent) -> tuple[Note, ...]:
    notes = (
        Note(id="data", title=_say("foot.data_title"), text=_data(content)),
        Note(id="from", title=_say("foot.from_title"), text=_sender(content)),
        Note(id="disagree", title=_say("foot.reply_title"), text=content.disagree_words),
        Note(id="opt-out", title=_say("foot.opt_out_title"), text=content.opt_out_words),
        Note(id="next", title=_say("foot.next_title"), text=_next(content)),
    )
    return tuple(note for note in notes if note.text)


def _data(content: ReportContent) -> str:
    who, issue, other = content.credibility, content.issue, content.comparator
    said = _say(
        "foot.data",
        source=who.source.rstrip("."),
        included=who.included,
        first=fmt.month_words(issue.first_month),
        last=fmt.month_words(issue.last_month),
        age=issue.data_age_days,
        denominator=fmt.number(who.denominator),
        noun=who.denominator_noun,
        interval=who.interval_words,
    )
    compared = _say("foot.comparator", sites=other.sites, title=other.title, reason=other.reason) if other else ""
    unknown = "" if content.equity.lines else content.equity.reason
    return " ".join(text for text in (said, compared, unknown) if text)


def _sender(content: ReportContent) -> str:
    who = content.credibility
    if not who.signed_by:
        return _say("foot.from_unsigned", sent_by=who.sent_by.rstrip("."))
    return _say("foot.from", sent_by=who.sent_by.rstrip("."), signed="; ".join(who.signed_by))


def _next(content: ReportContent) -> str:
    issue = content.issue
    if not issue.next_on:
        return _say("foot.last")
    return _say("foot.next", wave=issue.wave + 1, of=issue.of, date=fmt.date_words(issue.next_on))


def _shown(value: float, content: ReportContent) -> str:
    return number_label(value, content.value_format)


def _say(key: str, **values: str | int) -> str:
    return say(f"practice.{key}", **values)
