"""The page of a registered look at harms: what to act on first, each arm's values, how often chance raises the alarm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enginehouse.evaluation.parallel.harms import HarmFinding, HarmsReport, HarmWord
from enginehouse.evaluation.parallel.outcome_results import TrialOutcome
from enginehouse.evaluation.results import OutcomeRole
from enginehouse.reports.content import Callout, DataTable
from enginehouse.reports.harms import harms_document
from enginehouse.reports.html import render_html
from enginehouse.reports.messages import has_message
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.text import render_text
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.stats.results import Estimate, NotEstimable

ARM, OVER = "feedback-plus-facilitation", "feedback"


def finding(outcome: TrialOutcome, word: HarmWord, sentence: str) -> HarmFinding:
    return HarmFinding(indicator=outcome.indicator, arm=ARM, over=OVER, word=word, sentence=sentence)


@pytest.fixture
def report(trial: TrialBasis) -> HarmsReport:
    """A look with hand-made words; the second outcome could not be estimated."""
    outcomes = tuple(o for o in trial.evaluation.outcomes if o.role is OutcomeRole.BALANCING)
    first, second = outcomes
    unknown = NotEstimable(reason="too-few", detail="Only 3 sites have data.")
    second = replace(second, contrasts=(replace(second.registered, effect=unknown, ratio=unknown, absolute=None),))
    return HarmsReport(
        title="A trial",
        last_month="2025-11",
        starts="2025-06",
        baseline_months=12,
        follow_up_months=6,
        registered_looks=("2025-11", "2026-02"),
        method="independence-gee",
        arms=trial.evaluation.arms,
        outcomes=(first, second),
        findings=(
            finding(second, HarmWord.CANNOT_BE_ESTIMATED, "NSAIDs: cannot be estimated (Only 3 sites)."),
            finding(
                first, HarmWord.WORSE, "Worse in feedback and facilitation: act. +3.0% (95% interval +1.0% to +5.0%)."
            ),
        ),
        protocol_hash="",
        panel_identity="",
        allocation_hash="",
        software="enginehouse 0",
    )


def document_of(report: HarmsReport, *, rehearsal: bool = False):
    return harms_document(
        report, programme="P", on="2025-12-20", by="G. Officer", noun="practice", rehearsal=rehearsal, synthetic=True
    )


def text_of(report: HarmsReport) -> str:
    return " ".join(render_text(document_of(report)).replace("\n| ", "\n").split())


def test_every_word_has_a_title() -> None:
    assert all(has_message(f"harms.word.{word.value}") for word in HarmWord)


def test_what_to_act_on_comes_first(report: HarmsReport) -> None:
    boxes = [block for block in document_of(report).sections[0].blocks if isinstance(block, Callout)]
    assert [box.title for box in boxes] == [
        "Worse in feedback and facilitation: act", "Cannot be estimated", "Keep this page closed"
    ]  # fmt: skip
    assert boxes[0].tone == "caution"
    assert "3.0% (95% interval 1.0% to 5.0%)" in boxes[0].text


def test_arms_and_effects_are_those_of_the_record(report: HarmsReport) -> None:
    first = report.outcomes[0]
    assert isinstance(first.headline, Estimate)
    assert isinstance(report.outcomes[1].headline, NotEstimable)
    values, effects, _, unknown = (b for b in document_of(report).sections[1].blocks if isinstance(b, DataTable))
    assert values.header == ("Arm", "Practices", "Before", "So far")
    for row, arm in zip(values.rows, first.arms, strict=True):
        assert row[0].lower() == arm.title
        assert arm.baseline_value is not None
        assert float(row[2].replace(",", "")) == pytest.approx(arm.baseline_value * first.scale, rel=0.01)
    change = 100 * (first.headline.ratio - 1)
    assert effects.rows[0][1].replace("−", "-") == f"{change:.1f}%"
    assert effects.rows[0][3] == "worse"
    assert unknown.rows[0][1:] == ("–", "cannot be estimated", "cannot be estimated")


def test_it_says_whose_it_is_and_what_it_rests_on(report: HarmsReport) -> None:
    text = text_of(report)
    for said in (
        "It is for the governance officer alone until the result is known",
        "Look 1 of 2 that are registered, taken on 20 December 2025 by G. Officer",
        "those from June 2025 to November 2025",
        "about once in forty times, and this look makes 2 comparisons",
        "so far is 6 months from the start on",
        "synthetic",
    ):
        assert said in text
    assert "opioids" not in text.lower()


def test_it_is_drawn_the_same_again(report: HarmsReport) -> None:
    document = document_of(report)
    assert render_html(document) == render_html(document_of(report))
    assert render_pdf(document) == render_pdf(document)


def test_a_rehearsal_is_called_that(report: HarmsReport) -> None:
    document = document_of(replace(report, title="T"), rehearsal=True)
    assert document.kind == "Look at harms in a rehearsal"
    assert "rehearsal" in document.banner
