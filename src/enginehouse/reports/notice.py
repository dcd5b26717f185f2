"""The notice to sites before allocation: what will happen, which data are used, and how to opt out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from enginehouse.core.words import counted, lower_first, plural
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.strategy import Strategy
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, Document, Paragraph, Section
from enginehouse.reports.messages import say

_SCOPES = ("feedback", "randomisation", "data_use")


def notice_document(
    protocol: Protocol,
    *,
    settings: ProgrammeSettings,
    indicators: Mapping[str, Indicator],
    strategies: Mapping[str, Strategy],
    on: date,
) -> Document:
    """The notice of one cycle. The protocol has eligibility, and the programme says who sends its feedback."""
    assert protocol.eligibility is not None
    assert settings.feedback is not None
    sender, noun = settings.feedback, settings.site_noun
    return Document(
        title=protocol.title,
        subtitle=say("notice.subtitle", programme=settings.title),
        kind=say("notice.kind"),
        sections=(
            Section(
                id="what",
                title=say("notice.what.title"),
                blocks=(
                    Paragraph(text=say("notice.what.intro", question=protocol.question)),
                    Paragraph(text=_lot(protocol, strategies, noun=plural(noun))),
                    Paragraph(text=_calendar(protocol)),
                    Paragraph(text=say("notice.what.work")),
                ),
            ),
            Section(
                id="data",
                title=say("notice.data.title"),
                blocks=(Paragraph(text=_data(protocol, indicators, noun)),),
            ),
            Section(id="opt-out", title=say("notice.opt_out.title"), blocks=_opt_out(protocol, sender.opt_out)),
            Section(
                id="who",
                title=say("notice.who.title"),
                blocks=(Paragraph(text=say("notice.who.text", sent_by=sender.sent_by, reply_to=sender.reply_to)),),
            ),
        ),
        banner=say("notice.banner") if settings.synthetic else "",
        footer=say("notice.footer", sent_by=sender.sent_by, on=fmt.date_words(on)),
    )


def _lot(protocol: Protocol, strategies: Mapping[str, Strategy], *, noun: str) -> str:
    """What everybody gets and what some get besides; or the alternatives, where nothing is common to all."""
    arms = [tuple(names) for names in protocol.arms.values()]
    common = [name for name in arms[0] if all(name in arm for arm in arms)]
    more = list(dict.fromkeys(name for arm in arms for name in arm if name not in common))
    if common and more:
        return say("notice.what.lot", noun=noun, least=_titles(common, strategies), more=_titles(more, strategies))
    alternatives = "; ".join(_titles(arm, strategies) or say("notice.what.nothing") for arm in arms)
    return say("notice.what.lot_alternatives", noun=noun, arms=alternatives)


def _titles(names: list[str] | tuple[str, ...], strategies: Mapping[str, Strategy]) -> str:
    return ", ".join(lower_first(strategies[name].title) for name in names)


def _calendar(protocol: Protocol) -> str:
    design, delivery = protocol.design, protocol.delivery
    if delivery is None:
        return say(
            "notice.what.calendar_without",
            starts=fmt.month_words(design.starts),
            months=_months(design.follow_up_months),
        )
    return say(
        "notice.what.calendar",
        starts=fmt.month_words(design.starts),
        months=_months(design.follow_up_months),
        waves=counted(delivery.waves, "report"),
        every=_months(delivery.every_months) if delivery.every_months > 1 else "month",
        first=fmt.date_words(delivery.first),
    )


def _months(number: int) -> str:
    return counted(number, "month")


def _data(protocol: Protocol, indicators: Mapping[str, Indicator], noun: str) -> str:
    title = indicators[protocol.indicator].title
    others = ", ".join(indicators[name].title for name in protocol.balancing)
    if not others:
        return say("notice.data.text_alone", indicator=title, noun=noun)
    return say("notice.data.text", indicator=title, balancing=others, noun=noun)


def _opt_out(protocol: Protocol, how: str) -> tuple[Block, ...]:
    assert protocol.eligibility is not None
    return (
        Paragraph(
            text=say("notice.opt_out.intro", by=fmt.date_words(protocol.eligibility.opt_out_by - timedelta(days=1)))
        ),
        Bullets(items=tuple(say(f"notice.opt_out.{scope}") for scope in _SCOPES)),
        Paragraph(text=say("notice.opt_out.later")),
        Paragraph(text=say("notice.opt_out.how", opt_out=how)),
    )
