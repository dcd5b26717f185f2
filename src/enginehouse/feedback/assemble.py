"""Puts a report's content together: the chosen message, the numbers, the room's own words, as far as the arm allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from enginehouse.core.months import Month
from enginehouse.core.words import lower_first, plural
from enginehouse.feedback.arms import ArmSpec, withheld_fields
from enginehouse.feedback.choose import Choice
from enginehouse.feedback.content import (
    Comparator,
    Credibility,
    Equity,
    Figures,
    Gap,
    Issue,
    OwnTrend,
    ReportContent,
)
from enginehouse.feedback.figures import Display, age_in_days, month_words, percent
from enginehouse.feedback.fill import (
    Site,
    change_of,
    figures_of,
    filled,
    filled_action,
    method_name,
    patients_of,
    placeholders_of,
    value_of,
)
from enginehouse.feedback.similar import Comparison
from enginehouse.feedback.texts import has_text, say
from enginehouse.feedback.values import WINDOW_MONTHS, OwnValue
from enginehouse.programme.enums import NumeratorKind
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.programme import FeedbackSettings, ProgrammeSettings
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """What all reports of a wave share."""

    cycle: str
    settings: ProgrammeSettings
    sender: FeedbackSettings
    indicator: Indicator
    display: Display
    number: int
    of: int
    due_on: date
    sent_on: date
    next_on: date | None
    source: str
    included: str
    campaign_start: Month


def assemble(
    wave: Wave, site: Site, spec: ArmSpec, choice: Choice, *, stand_in: Message, channel: str
) -> ReportContent:
    """The content of the report of one site. `stand_in` gives the background where no message was chosen."""
    message = choice.candidate.message if choice.candidate else stand_in
    indicator = wave.indicator
    content = ReportContent(
        site=site.facts.site,
        site_name=site.name,
        cycle=wave.cycle,
        arm=spec.arm,
        recipient=message.recipient,
        to_role=wave.sender.to_role,
        channel=channel,
        indicator=indicator.id,
        indicator_title=indicator.title,
        short_title=indicator.short_title,
        unit=indicator.unit,
        display_unit=wave.display.axis_unit,
        direction=indicator.direction,
        numerator_kind=indicator.numerator_kind,
        value_format=wave.display.value_format,
        chosen=choice.record,
        components=tuple(message.components),
        synthetic=wave.settings.synthetic,
        issue=_issue(wave, site),
        credibility=_credibility(wave, site),
        **_numbers(wave, site, message if choice.candidate else None),
        **_said(site, choice, stand_in, wave),
        **_own_words(wave, site, spec, message if choice.candidate else None),
    )
    return _without(content, withheld_fields(spec))


def _numbers(wave: Wave, site: Site, chosen: Message | None) -> dict[str, Any]:
    facts, show = site.facts, site.display
    span = chosen.when.months_of_trend if chosen else None
    return {
        "own": value_of(facts.now, show),
        "comparator": _comparator(facts.comparison, wave),
        "gap": _gap(site),
        "figures": replace(figures_of(site), change=placeholders_of(site, months=span).get("change", "")),
        "trend": OwnTrend(
            months=tuple(str(month) for month in facts.months),
            own=tuple(None if value is None else show.shown(value) for value in facts.own),
            comparison=tuple(None if value is None else show.shown(value) for value in facts.others),
            campaign_start=str(wave.campaign_start),
            change=change_of(facts.trend(span), show),
        ),
    }


def _comparator(found: Comparison | NotEstimable, wave: Wave) -> Comparator | None:
    if isinstance(found, NotEstimable):
        return None
    noun = plural(wave.settings.site_noun)
    title = say("comparator.similar" if found.attributes else "comparator.all", noun=noun)
    return Comparator(
        title=title,
        reason=_why_these(found, wave, noun),
        sites=found.sites,
        typical=wave.display.shown(found.typical),
        target=wave.display.shown(found.target),
        target_title=_target_title(wave.sender.target_percentile, title),
    )


def _why_these(found: Comparison, wave: Wave, noun: str) -> str:
    if found.attributes:
        return say("comparator.alike", attributes=_listed(found.attributes))
    if wave.sender.similar_by:
        return say("comparator.too_few", noun=noun, attributes=_listed(wave.sender.similar_by))
    return say("comparator.everyone", noun=noun)


def _listed(attributes: tuple[str, ...]) -> str:
    words = [_attribute_words(name) for name in attributes]
    return say("comparator.and").join(part for part in (say("comparator.comma").join(words[:-1]), words[-1]) if part)


def _attribute_words(name: str) -> str:
    """`list_size` as `list size`, `imd_2019_score` as `deprivation`; an unknown name without its marks."""
    plain = name.replace("-", "_")
    for key in (plain, plain.split("_")[0], plain.rpartition("_")[0]):
        if key and has_text(f"attribute.{key}"):
            return say(f"attribute.{key}")
    return plain.replace("_", " ")


def _target_title(percentile: int, title: str) -> str:
    if has_text(f"comparator.{percentile}"):
        return say(f"comparator.{percentile}", title=title)
    return say("comparator.other", percentile=percentile, title=title)


def _gap(site: Site) -> Gap | None:
    found, indicator = site.facts.gap, site.indicator
    if isinstance(found, NotEstimable):
        return None
    by_source = indicator.conversion is not None and indicator.numerator_kind is not NumeratorKind.PATIENTS
    return Gap(
        amount=found.amount,
        unit=indicator.gap_unit,
        certain=found.certain,
        share=max(0.0, found.share),
        patients=patients_of(found.amount, indicator),
        about=by_source,
        conversion_source=indicator.conversion.source if by_source and indicator.conversion else "",
    )


def _said(site: Site, choice: Choice, stand_in: Message, wave: Wave) -> dict[str, Any]:
    """The message's texts; where none was chosen plain words of the figures, with the stand-in's background."""
    if choice.candidate:
        texts, actions = choice.candidate.texts, choice.candidate.actions
        headline, comparison = texts["headline"], texts["comparison"]
    else:
        said = placeholders_of(site)
        texts = {name: filled(getattr(stand_in, name), said) or "" for name in _BACKGROUND}
        actions = tuple(a for a in (filled_action(action, said) for action in stand_in.actions) if a is not None)
        headline, comparison = _plain(site, wave)
    return {
        "headline": headline,
        "comparison_words": comparison,
        "cannot_be_said": _cannot(site, wave),
        "actions": actions,
        **{name: texts[name] for name in _BACKGROUND},
    }


_BACKGROUND = ("why", "evidence", "guideline", "barriers", "balancing", "discussion")


def _plain(site: Site, wave: Wave) -> tuple[str, str]:
    """Headline and comparison in the room's own words."""
    facts, title = site.facts, wave.indicator.short_title
    if isinstance(facts.now, NotEstimable):
        return say("cannot.headline", short_title=title, site_name=site.name), ""
    words = {
        "short_title": title,
        "site_name": site.name,
        "value": site.display.words(facts.now.value),
        "unit": site.display.unit,
    }
    if isinstance(facts.comparison, NotEstimable) or isinstance(facts.gap, NotEstimable):
        return say("cannot.no_comparison", **words), ""
    target = site.display.words(facts.comparison.target)
    comparison = say(
        "plain.comparison",
        similar=facts.comparison.sites,
        title=say("comparator.similar" if facts.comparison.attributes else "comparator.all", noun=_noun(wave)),
        typical=site.display.words(facts.comparison.typical),
        target=target,
    )
    if facts.gap.reached:
        return say("plain.reached", **words), comparison
    if facts.gap.certain:
        return say("plain.small", target=target, **words), comparison
    return say("plain.uncertain", **words), comparison


def _noun(wave: Wave) -> str:
    return plural(wave.settings.site_noun)


def _cannot(site: Site, wave: Wave) -> str:
    facts = site.facts
    if isinstance(facts.now, NotEstimable):
        last = month_words(facts.months[-1])
        key = f"cannot.{facts.now.reason}"
        if key in ("cannot.missing-month", "cannot.impossible"):
            return say(key, site_name=site.name, last_month=last)
        return say(key, site_name=site.name)
    if isinstance(facts.comparison, NotEstimable):
        return say("cannot.too-few-sites", noun=_noun(wave))
    return ""


def _own_words(wave: Wave, site: Site, spec: ArmSpec, chosen: Message | None) -> dict[str, Any]:
    """What the room says itself: uncertainty, trend, goal, plan, answers, the offer that belongs to the arm."""
    reply = wave.sender.reply_to
    return {
        "uncertainty_words": _uncertainty(site),
        "trend_words": _trend_words(site, chosen.when.months_of_trend if chosen else None),
        "goal": _goal(site),
        "plan_words": say("plan", reply_to=reply),
        "disagree_words": say("disagree", reply_to=reply),
        "opt_out_words": wave.sender.opt_out,
        "facilitation_words": " ".join(
            say("offer", title=offer.title, description=lower_first(offer.description), reply_to=reply)
            for offer in spec.offers
        ),
        "equity": _equity(site),
    }


def _uncertainty(site: Site) -> str:
    now, gap = site.facts.now, site.facts.gap
    if isinstance(now, NotEstimable):
        return ""
    said = say("uncertainty.interval", low=site.display.words(now.low), high=site.display.words(now.high))
    if isinstance(gap, NotEstimable) or gap.reached:
        return said
    return f"{said} {say('uncertainty.certain' if gap.certain else 'uncertainty.uncertain')}"


def _trend_words(site: Site, months: int | None) -> str:
    trend = site.facts.trend(months)
    if isinstance(trend, NotEstimable):
        return "" if isinstance(site.facts.now, NotEstimable) else say("trend.unknown")
    if not trend.certain:
        return say("trend.unclear", months=trend.months)
    return say("trend.up" if trend.change > 0 else "trend.down", months=trend.months, change=percent(trend.share))


def _goal(site: Site) -> str:
    facts, show = site.facts, site.display
    if isinstance(facts.gap, NotEstimable) or isinstance(facts.comparison, NotEstimable):
        return say("goal.no_target")
    key = "goal.keep" if facts.gap.reached else "goal.reach"
    return say(key, target=show.words(facts.comparison.target), unit=show.unit)


def _equity(site: Site) -> Equity:
    """One line for each division of the patients.

    Unless the data are published, a division is shown whole or not at all: beside the site's own figure, one group that
    is left out could be worked out from the others.
    """
    facts = site.facts
    if not facts.groups:
        return Equity(lines=(), reason=say("equity.no_groups"))
    least = {name: len(groups) if facts.groups_are_whole_or_none else 1 for name, groups in facts.groups.items()}
    lines = tuple(
        _equity_line(name, groups, site.display)
        for name, groups in facts.groups.items()
        if sum(isinstance(found, OwnValue) for found in groups.values()) >= least[name]
    )
    return Equity(lines=lines, reason="" if lines else say("equity.small"))


def _equity_line(name: str, groups: Mapping[str, OwnValue | NotEstimable], show: Display) -> str:
    told = "; ".join(_group_words(group, found, show) for group, found in groups.items())
    return say("equity.line", division=name.replace("-", " "), unit=show.unit, groups=told)


def _group_words(group: str, found: OwnValue | NotEstimable, show: Display) -> str:
    if isinstance(found, NotEstimable):
        return say("equity.unknown", group=group)
    return say(
        "equity.group", group=group, value=show.words(found.value), interval=show.range_words(found.low, found.high)
    )


def _issue(wave: Wave, site: Site) -> Issue:
    last = site.facts.months[-1]
    months = WINDOW_MONTHS[wave.indicator.numerator_kind]
    return Issue(
        wave=wave.number,
        of=wave.of,
        due_on=str(wave.due_on),
        sent_on=str(wave.sent_on),
        next_on="" if wave.next_on is None else str(wave.next_on),
        first_month=str(last + -(months - 1)),
        last_month=str(last),
        data_age_days=age_in_days(last, wave.sent_on),
    )


def _credibility(wave: Wave, site: Site) -> Credibility:
    now, indicator = site.facts.now, wave.indicator
    notes = tuple(indicator.data_notes)
    words = {"unit": indicator.unit, "per": indicator.per}
    included = say("credibility.included", **words)
    if notes:
        included = say("credibility.included_noted", note=notes[0], **words)
    return Credibility(
        source=wave.source or say("credibility.no_source"),
        included=wave.included or included,
        denominator=0.0 if isinstance(now, NotEstimable) else now.denominator,
        denominator_noun=plural(indicator.per),
        interval_words=say(f"credibility.{'none' if isinstance(now, NotEstimable) else method_name(now)}"),
        sent_by=wave.sender.sent_by,
        signed_by=tuple(wave.sender.signed_by),
        reply_to=wave.sender.reply_to,
    )


_EMPTY: dict[str, Any] = {
    "own": None,
    "comparator": None,
    "gap": None,
    "figures": Figures(),
    "actions": (),
}


def _without(content: ReportContent, fields: frozenset[str]) -> ReportContent:
    """The content with the fields that this arm must not have emptied."""
    return replace(content, **{name: _EMPTY.get(name, "") for name in fields}) if fields else content
