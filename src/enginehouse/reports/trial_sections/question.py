"""The question, and the answer in short, before anything else."""

from __future__ import annotations

from enginehouse.core.words import counted, first_upper, lower_first
from enginehouse.programme.enums import Verdict
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Callout, KeyNumber, KeyNumbers, Paragraph, Section
from enginehouse.reports.effects import limits_words, page_words, point_words
from enginehouse.reports.messages import say
from enginehouse.reports.sections.verdict import headline
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import added_words, estimated_words
from enginehouse.stats.results import Estimate, NotEstimable


def question_section(basis: TrialBasis) -> Section:
    numbers = [number for number in (_effect(basis), _sites(basis), _cost(basis), _worth(basis)) if number is not None]
    blocks: list[Block] = [Paragraph(text=basis.evaluation.question)]
    if basis.facts.rehearsal:
        text = _say("rehearsal", noun=basis.noun)
        blocks.append(Callout(title=_say("rehearsal_title"), text=text, tone="caution"))
    blocks += [finding_callout(basis), KeyNumbers(items=tuple(numbers)), Paragraph(text=basis.protocol.background)]
    return Section(id="question", title=_say("title"), blocks=tuple(blocks))


def finding_callout(basis: TrialBasis) -> Callout:
    """The word, what it means in plain words, and then the numbers."""
    word = basis.evaluation.verdict.word
    estimate = basis.contrast.effect
    if isinstance(estimate, NotEstimable):
        return Callout(title=headline(word), text=f"{means(basis)} {page_words(estimate.detail)}", tone="finding")
    numbers = say(
        "trial.effect.sentence",
        outcome=basis.primary.title,
        effect=estimated_words(estimate, scale=basis.scale),
        arm=basis.arm_title,
        over=basis.over_title,
        window=basis.window,
    )
    return Callout(title=headline(word), text=f"{means(basis)} {numbers}", tone="finding")


def means(basis: TrialBasis) -> str:
    """What the verdict means here."""
    word, added = basis.evaluation.verdict.word, added_words(basis)
    if word is Verdict.EQUIVALENT and added:
        return _say("means.equivalent_added", added=first_upper(added), over=basis.over_title)
    return _say(f"means.{word.value}")


def _effect(basis: TrialBasis) -> KeyNumber:
    label = _say(
        "effect_label",
        arm=first_upper(basis.arm_title),
        over=basis.over_title,
        outcome=lower_first(basis.primary.short_title),
    )
    estimate = basis.contrast.effect
    if not isinstance(estimate, Estimate):
        return KeyNumber(label=label, value=fmt.EN_DASH, note=_say("effect_none_note"))
    note = _say("effect_note", interval=limits_words(estimate, scale=basis.scale))
    return KeyNumber(label=label, value=point_words(estimate, scale=basis.scale), note=note)


def _sites(basis: TrialBasis) -> KeyNumber | None:
    flow = basis.evaluation.flow
    if not flow:
        return None
    value = _say(
        "sites_value",
        analysed=fmt.count(sum(arm.analysed for arm in flow)),
        allocated=fmt.count(sum(arm.allocated for arm in flow)),
    )
    return KeyNumber(label=_say("sites_label", noun=first_upper(basis.noun)), value=value)


def _cost(basis: TrialBasis) -> KeyNumber | None:
    appraisal = basis.appraisal
    if appraisal is None or isinstance(appraisal.incremental, NotEstimable):
        return None
    each = appraisal.incremental.per_site
    if isinstance(each, NotEstimable):
        return None
    return KeyNumber(
        label=_say("cost_label", arm=basis.arm_title, noun=basis.noun),
        value=fmt.pounds(each, appraisal.currency),
        note=_say("cost_note", months=counted(appraisal.follow_up_months, "month"), year=str(appraisal.price_year)),
    )


def _worth(basis: TrialBasis) -> KeyNumber | None:
    appraisal = basis.appraisal
    if appraisal is None or isinstance(appraisal.decisive, NotEstimable):
        return None
    probability = appraisal.decisive.probability
    if isinstance(probability, NotEstimable):
        return None
    where = (
        _say("worth_within")
        if appraisal.horizon_years is None
        else _say("worth_horizon", years=years_words(appraisal.horizon_years))
    )
    return KeyNumber(
        label=_say("worth_label"), value=fmt.probability(probability), note=_say("worth_note", basis=where)
    )


def years_words(years: float) -> str:
    """`3 years`."""
    return f"{fmt.quantity(years)} {'year' if years == 1 else 'years'}"


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.question.{key}", **values)
