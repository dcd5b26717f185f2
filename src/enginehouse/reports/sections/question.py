"""The question, and the answer in short, before anything else."""

from __future__ import annotations

from enginehouse.reports import format as fmt
from enginehouse.reports.content import KeyNumber, KeyNumbers, Paragraph, Section
from enginehouse.reports.effects import limits_words, point_words
from enginehouse.reports.figures import expected_by_chance
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.verdict import headline, verdict_callout
from enginehouse.stats.results import Estimate, NotEstimable


def question_section(basis: Basis) -> Section:
    numbers = [_effect(basis), _verdict(basis), _placebo(basis), _break_even(basis)]
    return Section(
        id="question",
        title=_say("title"),
        blocks=(
            Paragraph(text=basis.evaluation.question),
            Paragraph(text=basis.protocol.background),
            verdict_callout(basis),
            KeyNumbers(items=tuple(number for number in numbers if number is not None)),
        ),
    )


def _effect(basis: Basis) -> KeyNumber:
    label = _say("effect_label", outcome=fmt.lower_first(basis.primary.short_title))
    estimate = basis.result.with_drift
    if not isinstance(estimate, Estimate):
        return KeyNumber(label=label, value=fmt.EN_DASH, note=_say("effect_none_note"))
    limits = limits_words(estimate, scale=basis.scale)
    return KeyNumber(
        label=label,
        value=point_words(estimate, scale=basis.scale),
        note=_say("effect_note", interval=limits, window=basis.window),
    )


def _verdict(basis: Basis) -> KeyNumber:
    word = headline(basis.evaluation.verdict.word)
    return KeyNumber(label=_say("verdict_label"), value=word, note=_say("verdict_note"))


def _placebo(basis: Basis) -> KeyNumber | None:
    placebo = basis.placebo
    if placebo is None:
        return None
    count = len(placebo.areas)
    return KeyNumber(
        label=_say("placebo_label"),
        value=_say("placebo_value", significant=placebo.significant, count=count),
        note=_say("placebo_note", expected=expected_by_chance(count)),
    )


def _break_even(basis: Basis) -> KeyNumber | None:
    appraisal = basis.appraisal
    if appraisal is None or isinstance(appraisal.break_even_cost, NotEstimable):
        return None
    spread, currency = appraisal.break_even_cost.range, appraisal.currency
    high = fmt.pounds(spread.high, currency)
    note = (
        _say("break_even_from_nothing", high=high)
        if spread.low <= 0
        else _say("break_even_note", low=fmt.pounds(spread.low, currency), high=high)
    )
    return KeyNumber(label=_say("break_even_label"), value=fmt.pounds(spread.point, currency), note=note)


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.question.{key}", **values)
