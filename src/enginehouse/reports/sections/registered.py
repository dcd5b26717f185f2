"""What was registered, when, and knowing what."""

from __future__ import annotations

from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, Paragraph, Section
from enginehouse.reports.effects import margin_words, page_words
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis


def registered_section(basis: Basis) -> Section:
    facts = basis.facts
    when = "retrospective" if facts.retrospective else "prospective"
    opening = _say(when, date=fmt.date_words(facts.registered_on), person=facts.registered_by)
    items = (
        _say("knowing", prior_knowledge=page_words(basis.evaluation.prior_knowledge)),
        _margins(basis),
        _analysis(basis),
        *_amendments(basis),
        _say(
            "frozen",
            frozen=fmt.date_words(facts.frozen_on),
            last=fmt.month_words(facts.last_month),
            evaluated=fmt.date_words(facts.evaluated_on),
        ),
    )
    blocks: tuple[Block, ...] = (Paragraph(text=opening), Bullets(items=items))
    return Section(id="registered", title=_say("title"), blocks=blocks)


def _margins(basis: Basis) -> str:
    analysis, is_ratio, scale = basis.protocol.analysis, basis.is_ratio, basis.scale
    inside = ""
    if analysis.equivalence is not None:
        low, high = (margin_words(margin, is_ratio=is_ratio, scale=scale) for margin in analysis.equivalence)
        inside = " " + _say("equivalence", low=low, high=high)
    worthwhile = margin_words(analysis.worthwhile, is_ratio=is_ratio, scale=scale)
    return _say("margins", worthwhile=worthwhile, equivalence=inside)


def _analysis(basis: Basis) -> str:
    span = basis.protocol.design.span
    drift = "with_drift" if basis.protocol.analysis.drift else "without_drift"
    return _say(
        "analysis",
        exposed=basis.evaluation.exposed_title,
        comparator=basis.comparison.title,
        first=fmt.month_words(span.start),
        last=fmt.month_words(span.last),
        start=fmt.month_words(basis.evaluation.starts),
        drift=_say(drift),
    )


def _amendments(basis: Basis) -> tuple[str, ...]:
    if not basis.facts.amendments:
        return (_say("unchanged"),)
    return tuple(
        _say("amendment", date=fmt.date_words(a.on), person=a.by, changes="; ".join(a.changes), reason=a.reason)
        for a in basis.facts.amendments
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.registered.{key}", **values)
