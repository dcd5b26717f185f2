"""The question, and the answer in short, before anything else."""

from __future__ import annotations

from enginehouse.core.words import lower_first
from enginehouse.reports import format as fmt
from enginehouse.reports.content import KeyNumber, KeyNumbers, Paragraph, Section
from enginehouse.reports.effects import limits_words, point_words
from enginehouse.reports.figures import expected_by_chance
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.trial import plus_minus, trial_of
from enginehouse.reports.sections.verdict import finding_callout
from enginehouse.stats.results import Estimate


def question_section(basis: Basis) -> Section:
    numbers = [_effect(basis), _placebo(basis), _trial(basis)]
    return Section(
        id="question",
        title=_say("title"),
        blocks=(
            Paragraph(text=basis.evaluation.question),
            finding_callout(basis),
            KeyNumbers(items=tuple(number for number in numbers if number is not None)),
            Paragraph(text=basis.protocol.background),
        ),
    )


def _effect(basis: Basis) -> KeyNumber:
    label = _say("effect_label", outcome=lower_first(basis.primary.short_title))
    estimate = basis.result.with_drift
    if not isinstance(estimate, Estimate):
        return KeyNumber(label=label, value=fmt.EN_DASH, note=_say("effect_none_note"))
    limits = limits_words(estimate, scale=basis.scale)
    return KeyNumber(
        label=label, value=point_words(estimate, scale=basis.scale), note=_say("effect_note", interval=limits)
    )


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


def _trial(basis: Basis) -> KeyNumber | None:
    trial = trial_of(basis)
    if trial is None:
        return None
    note = _say("trial_note", noun=basis.facts.noun)
    return KeyNumber(label=_say("trial_label"), value=plus_minus(trial.half), note=note)


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.question.{key}", **values)
