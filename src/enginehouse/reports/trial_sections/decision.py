"""The verdict, what had been agreed for it, what was decided, what each had expected; and what was not registered."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import first_upper
from enginehouse.programme.contract import Forecast
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Callout, DataTable, Paragraph, Section
from enginehouse.reports.effects import method_words, page_words
from enginehouse.reports.messages import say
from enginehouse.reports.sections.verdict import after_word, decision_words, headline, rule_text
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import estimated_words, margin


def decision_section(basis: TrialBasis) -> Section:
    verdict = basis.evaluation.verdict
    small = f" {say('dossier.verdict.small')}" if verdict.addition else ""
    said = f"{page_words(after_word(verdict.sentence))}{small}"
    blocks: list[Block] = [Callout(title=headline(verdict.word), text=said, tone="finding")]
    if verdict.non_inferiority is not None:
        blocks.append(Paragraph(text=page_words(verdict.non_inferiority.sentence)))
    blocks += [Paragraph(text=text) for text in (*_agreed(basis), *_decided(basis))]
    if basis.contract is not None:
        blocks.append(_forecasts(basis))
    blocks.append(Paragraph(text=_posted(basis)))
    return Section(id="verdict", title=_say("title"), blocks=tuple(blocks))


def unregistered_section(basis: TrialBasis) -> Section | None:
    """Every analysis that nobody registered, each marked as such."""
    if not basis.unregistered:
        return None
    blocks: list[Block] = [Paragraph(text=say("trial.unregistered.intro"))]
    for found in basis.unregistered:
        outcome = basis.evaluation.outcome(found.indicator)
        text = say(
            "trial.unregistered.text",
            arm=first_upper(basis.title(found.arm)),
            over=basis.title(found.over),
            effect=estimated_words(found.effect, scale=outcome.scale),
            person=basis.person(found.asked_by),
            reason=found.reason,
            method=method_words(found.method),
        )
        title = say("trial.unregistered.callout", title=found.title)
        blocks.append(Callout(title=title, text=text, tone="caution"))
    return Section(id="unregistered", title=say("trial.unregistered.title"), blocks=tuple(blocks))


def _agreed(basis: TrialBasis) -> Iterator[str]:
    agreed = basis.agreed
    yield _say("rule", rule=rule_text(basis.protocol.decision, basis.evaluation.verdict.word))
    if agreed is not None:
        yield _say("agreed", decision=decision_words(agreed.decision.value), action=agreed.action)


def _decided(basis: TrialBasis) -> Iterator[str]:
    decision = basis.record.decision
    if decision is None:
        yield _say("no_decision")
        return
    said = _say(
        "decision",
        date=fmt.date_words(decision.on),
        person=decision.by,
        decision=decision_words(decision.decision),
        reason=decision.reason,
    )
    yield f"{said} {_held_to_contract(basis, decision.decision)}".strip()
    if decision.dissent:
        yield _say("dissent", dissent=decision.dissent)


def _held_to_contract(basis: TrialBasis, decision: str) -> str:
    agreed = basis.agreed
    return "" if agreed is None else _say("kept" if decision == agreed.decision.value else "departed")


def _forecasts(basis: TrialBasis) -> DataTable:
    assert basis.contract is not None
    scores = basis.scores
    names = ("person", "expected", "interval", "gave", "held", "score")
    note = (
        _say("forecasts_before")
        if scores is None
        else _say("forecasts_note", scale=scores.scoring_scale, method=scores.method)
    )
    if scores is not None and scores.not_estimable:
        note = f"{note} {page_words(scores.not_estimable)}"
    return DataTable(
        caption=_say("forecasts"),
        header=tuple(_say(f"{name}_header") for name in names),
        rows=tuple(_forecast_row(basis, forecast) for forecast in basis.contract.forecasts),
        numeric=frozenset({1, 2, 3, 5}),
        note=note,
    )


def _forecast_row(basis: TrialBasis, forecast: Forecast) -> tuple[str, ...]:
    gave = forecast.verdicts.get(basis.evaluation.verdict.word, 0.0)
    score = None if basis.scores is None else basis.scores.of(forecast.person)
    held = score.covered if score is not None else None
    crps = score.crps if score is not None else None
    return (
        basis.person(forecast.person),
        margin(basis, forecast.effect),
        f"{margin(basis, forecast.low)} to {margin(basis, forecast.high)}",
        fmt.percent(gave, 0),
        fmt.EN_DASH if held is None else _say("held" if held else "missed"),
        fmt.EN_DASH if crps is None else fmt.significant(crps, 2),
    )


def _posted(basis: TrialBasis) -> str:
    if basis.facts.evidence_posted:
        return _say("posted", study=basis.facts.evidence_posted)
    return _say("not_posted_rehearsal" if basis.facts.rehearsal else "not_posted")


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.decision.{key}", **values)
