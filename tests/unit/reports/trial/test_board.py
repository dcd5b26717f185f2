"""The board's page is one page in plain words, whatever was found."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from enginehouse.programme.enums import Verdict
from enginehouse.reports.board import board_document, change_words, render_board
from enginehouse.reports.content import Figure
from enginehouse.reports.messages import messages
from enginehouse.reports.text import render_text
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.stats.results import Estimate, NotEstimable

JARGON = re.compile(
    r"confidence interval|95%|p-value|\bp =|significan|random|arm\b|estimand|cluster|ICC|covariate|regression|"
    r"null\b|hypothes|equivalen|inferior|EVPI|intention",
    re.IGNORECASE,
)


def text_of(basis: TrialBasis, **options: object) -> str:
    return " ".join(render_text(board_document(basis, **options)).replace("\n| ", "\n").split())  # type: ignore[arg-type]


def test_it_is_one_page_with_its_six_parts(trial: TrialBasis) -> None:
    steps = tuple(f"Step {number}: something that takes a whole line to say in plain words." for number in range(5))
    page = render_board(trial, next_steps=steps)
    assert page.pages == 1
    document = board_document(trial, next_steps=steps)
    assert [s.id for s in document.sections] == ["asked", "did", "found", "cost", "decided", "next"]
    assert page.html.startswith(b"<!DOCTYPE html>")
    assert render_board(trial, next_steps=steps) == page


def test_the_trial_in_plain_words(trial: TrialBasis) -> None:
    text, effect, reached = text_of(trial), trial.contrast.effect, trial.evaluation.fidelity[-1]
    assert isinstance(effect, Estimate)
    interval = effect.ratio_interval()
    change, low, high = (change_words(100 * (r - 1), unit="%") for r in (effect.ratio, interval.low, interval.high))
    assert "58 practices were put into two groups by lot" in text
    assert f"ended {change} with feedback and facilitation than with feedback alone" in text
    assert f"from {low} to {high}" in text
    assert (
        f"Of the 29 practices chosen for facilitation by a visiting pharmacist, {reached.reached} were reached." in text
    )
    assert trial.appraisal is not None
    cost = trial.appraisal.incremental.per_site
    assert f"cost £{cost:.0f} more than feedback alone for each of the practices" in text
    assert "We go on and keep finding out." in text


def test_there_is_no_jargon_in_its_words() -> None:
    words = {key: text for key, text in messages().items() if key.startswith("board.")}
    assert words
    assert not {key: found[0] for key, text in words.items() if (found := JARGON.search(re.sub(r"{\w+}", "", text)))}


@pytest.mark.parametrize("word", list(Verdict))
def test_every_answer_can_be_told(trial: TrialBasis, word: Verdict) -> None:
    told = replace(trial, evaluation=replace(trial.evaluation, verdict=replace(trial.evaluation.verdict, word=word)))
    assert render_board(told).pages == 1
    assert "fail" not in text_of(replace(told, contract=None)).lower()


def test_an_added_thing_that_adds_nothing_is_told_as_that(trial: TrialBasis) -> None:
    verdict = replace(trial.evaluation.verdict, word=Verdict.EQUIVALENT)
    text = text_of(replace(trial, evaluation=replace(trial.evaluation, verdict=verdict)))
    assert "added nothing that matters to feedback" in text
    assert "Whether feedback alone itself works is another question" in text


def test_what_is_not_known_is_not_made_up(trial: TrialBasis) -> None:
    cannot = NotEstimable(reason="x", detail="Only 3 sites have data.")
    primary = trial.primary
    contrast = replace(primary.registered, effect=cannot)
    arms = tuple(replace(arm, follow_up_value=None) for arm in primary.arms)
    changed = replace(primary, contrasts=(contrast,), arms=arms)
    outcomes = tuple(changed if o is primary else o for o in trial.evaluation.outcomes)
    facts = replace(trial.facts, record=replace(trial.record, decision=None), notice_on="")
    bare = replace(
        trial, evaluation=replace(trial.evaluation, outcomes=outcomes), facts=facts, appraisal=None, roster=None
    )
    text = text_of(bare)
    assert "cannot be told apart between the groups: Only 3 sites have data." in text
    assert "Nothing is decided yet. Beforehand we had agreed" in text
    assert "What it cost" not in text
    assert "All were told beforehand" not in text
    assert text_of(replace(bare, contract=None)).count("Nothing is decided yet.") == 1


def test_a_decision_otherwise_than_agreed_is_called_that(trial: TrialBasis) -> None:
    assert trial.record.decision is not None
    assert "otherwise than agreed" not in text_of(trial)
    decision = replace(trial.record.decision, decision="do-not-pursue", reason="The money is gone.")
    told = replace(trial, facts=replace(trial.facts, record=replace(trial.record, decision=decision)))
    assert "We stop here. The money is gone. This was decided otherwise than agreed. Beforehand we had agreed: " in (
        text_of(told)
    )
    assert "otherwise than agreed" not in text_of(replace(told, contract=None))


def test_a_rehearsal_is_called_that(trial: TrialBasis) -> None:
    assert trial.appraisal is not None
    facts = replace(trial.facts, rehearsal=True)
    told = replace(trial, facts=facts, appraisal=replace(trial.appraisal, rehearsal=True))
    text = text_of(told)
    assert "This is a rehearsal" in text
    assert "nobody did anything" in text
    assert "Nothing was done, so nothing was spent." in text


@pytest.mark.parametrize(
    ("change", "unit", "words"),
    [(-7.94, "%", "7.9% lower"), (2.0, "%", "2.0% higher"), (0.01, "%", "the same"), (-1.234, "mg", "1.23 mg lower")],
)
def test_changes_are_said_without_signs(change: float, unit: str, words: str) -> None:
    assert change_words(change, unit=unit) == words


def test_the_picture_says_what_the_words_say(trial: TrialBasis) -> None:
    """The two bars differ by the effect, whatever the groups averaged before."""
    (figure,) = (b for section in board_document(trial).sections for b in section.blocks if isinstance(b, Figure))
    without, seen = (bar.value for bar in figure.chart.bars)
    effect = trial.contrast.effect
    assert seen / without == pytest.approx(effect.ratio)
    assert seen == pytest.approx(trial.primary.arm(trial.contrast.arm).follow_up_value * trial.scale)
