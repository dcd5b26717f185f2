"""The dossier of a trial tells the record in the order in which a commissioner reads, whatever was found."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from pypdf import PdfReader

from enginehouse.core.months import Month
from enginehouse.evaluation.parallel.results import RehearsalPlace, TrialEvaluation, UnregisteredAnalysis
from enginehouse.programme.enums import AllocationMethod, Verdict
from enginehouse.reports.charts.draw import draw
from enginehouse.reports.charts.spec import FlowChart, IntervalChart, SeriesChart
from enginehouse.reports.content import DataTable, Document, Figure
from enginehouse.reports.html import render_html
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.sections.verdict import headline
from enginehouse.reports.text import render_text
from enginehouse.reports.trial_dossier import ANNEX, STORY, trial_dossier_of
from enginehouse.reports.trial_sections.annex import HOW_DRAWN, audit_section
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.checklists import STARI, TIDIER, Stari, Tidier
from enginehouse.reports.trial_sections.groups import groups_section
from enginehouse.reports.trial_sections.words import added_words, group_words, joined
from enginehouse.stats.results import Estimate, NotEstimable

CANNOT = NotEstimable(reason="too-few", detail="Only 3 sites have data.")


def text_of(basis: TrialBasis) -> str:
    return " ".join(render_text(trial_dossier_of(basis)).replace("\n| ", "\n").split())


def with_evaluation(basis: TrialBasis, **changes: Any) -> TrialBasis:
    return replace(basis, evaluation=replace(basis.evaluation, **changes))


def with_effect(evaluation: TrialEvaluation, effect: Estimate | NotEstimable, word: Verdict) -> TrialEvaluation:
    """The same trial with another answer."""
    primary = evaluation.primary
    absolute = None if isinstance(effect, NotEstimable) else primary.registered.absolute
    contrast = replace(primary.registered, effect=effect, ratio=effect, absolute=absolute)
    changed = replace(primary, contrasts=(contrast,))
    sentence = f"{word.value.capitalize()}: as computed."
    return replace(
        evaluation,
        outcomes=tuple(changed if o is primary else o for o in evaluation.outcomes),
        verdict=replace(evaluation.verdict, word=word, sentence=sentence, estimate=effect),
    )


def figures(document: Document) -> list[Figure]:
    return [b for section in document.sections for b in section.blocks if isinstance(b, Figure)]


def tables(document: Document, section: str) -> list[DataTable]:
    return [b for s in document.sections if s.id == section for b in s.blocks if isinstance(b, DataTable)]


def rehearsed(basis: TrialBasis) -> TrialBasis:
    estimates = tuple(sorted(0.02 * math.sin(n * 1.3) for n in range(1000)))
    place = RehearsalPlace(
        replications=1000,
        seed=7,
        p_value=0.41,
        place=0.3,
        middle=0.0,
        low=-0.02,
        high=0.02,
        share_significant=0.052,
        share_equivalent=0.81,
        monte_carlo_error=0.007,
        not_estimable=0,
        estimates=estimates,
        finding="41% of the draws lie as far from no difference or farther.",
    )
    facts = replace(basis.facts, rehearsal=True, record=replace(basis.record, amendments=(), synthetic=False))
    effect = replace(basis.contrast.effect, value=-0.004)  # type: ignore[type-var]
    evaluation = with_effect(basis.evaluation, effect, Verdict.EQUIVALENT)  # type: ignore[arg-type]
    return replace(basis, facts=facts, evaluation=replace(evaluation, rehearsed=True, rehearsal=place))


def test_sections_come_in_the_order_of_reading(trial: TrialBasis) -> None:
    assert [section.id for section in trial_dossier_of(trial).sections] == [
        "question",
        "registered",
        "flow",
        "baseline",
        "effect",
        "checks",
        "groups",
        "balancing",
        "delivery",
        "opted-out",
        "costs",
        "verdict",
        "design",
        "cost-details",
        "data",
        "stari",
        "tidier",
        "audit",
        "lineage",
    ]


def test_it_is_a_tagged_pdf_with_words_for_every_figure(trial: TrialBasis) -> None:
    document = trial_dossier_of(trial)
    reader = PdfReader(io.BytesIO(render_pdf(document)))
    assert b"<pdfuaid:part>1</pdfuaid:part>" in reader.root_object["/Metadata"].get_object().get_data()
    assert len(figures(document)) == 3
    assert all(len(figure.alt) > 60 for figure in figures(document))
    assert b"Who took part" in render_html(document)


def test_what_every_page_must_say_stands_on_every_page(trial: TrialBasis) -> None:
    reader = PdfReader(io.BytesIO(render_pdf(trial_dossier_of(trial))))
    assert len(reader.pages) > 5
    for page in reader.pages:
        text = " ".join(page.extract_text().split())
        assert "All data here are synthetic" in text
        assert "amended after it was locked, on 12 April 2025" in text


def percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):.1f}%".replace("-", "−")


def test_the_trial_in_one_breath(trial: TrialBasis) -> None:
    text, effect = text_of(trial), trial.contrast.effect
    assert isinstance(effect, Estimate)
    interval = effect.ratio_interval()
    assert (
        f"{percent(effect.ratio)} (95% interval {percent(interval.low)} to {percent(interval.high)}) with feedback and "
        "facilitation compared with feedback alone"
    ) in text
    assert "before the outcomes existed and before anyone was allocated" in text
    assert "The trial statistician fixed the list and the rules on 19 May 2025" in text
    assert "Known beforehand. The history of all practices to March 2025" in text
    assert "Looks at harms by arm before the end, recorded: 5 December 2025." in text
    found = trial.facts.harm_looks[0].findings[0].replace("-", "−").replace("+", "")
    assert found.startswith("Gabapentinoids in feedback and facilitation compared with feedback alone: ")
    assert (
        "What a registered look had found on 5 December 2025 (The governance officer), with the data up to September "
        f"2025: - {found}"
    ) in text
    assert "What had been agreed for this answer: evaluate further." in text
    assert "This is what had been agreed." in text
    assert "Dissent. One member." in text
    assert "imd_2019_score" not in text


def test_the_flow_adds_up(trial: TrialBasis) -> None:
    chart = next(f.chart for f in figures(trial_dossier_of(trial)) if isinstance(f.chart, FlowChart))
    assert [step.box.title for step in chart.trunk] == [
        "In the places meant: 59",
        "Eligible: 59",
        "Allocated at random: 58",
    ]
    assert [step.aside.title for step in chart.trunk if step.aside] == [
        "Not eligible: 0",
        "Opted out of taking part: 1",
    ]
    assert [[box.title for box in arm] for arm in chart.arms] == [
        [
            f"{title}: 29",
            "What they got",
            f"Left: {arm.closed + arm.merged + arm.opted_out}",
            f"Analysed: {arm.analysed}",
        ]
        for title, arm in zip(("Feedback alone", "Feedback and facilitation"), trial.evaluation.flow, strict=True)
    ]
    assert 59 - 1 == 58 == 29 + 29


def test_the_flow_in_words_says_all_its_numbers(trial: TrialBasis) -> None:
    figure = next(f for f in figures(trial_dossier_of(trial)) if isinstance(f.chart, FlowChart))
    for step in figure.chart.trunk:  # type: ignore[union-attr]
        for box in (step.box, step.aside):
            assert box is None or (box.title in figure.alt and all(line in figure.alt for line in box.lines))


def test_without_a_roster_the_flow_begins_with_the_allocation(trial: TrialBasis) -> None:
    bare = replace(trial, roster=None, balance=None)
    chart = next(f.chart for f in figures(trial_dossier_of(bare)) if isinstance(f.chart, FlowChart))
    assert [step.box.title for step in chart.trunk] == ["Allocated at random: 58"]
    assert draw(chart)


def test_the_baseline_table_has_a_column_for_each_arm(trial: TrialBasis) -> None:
    table = tables(trial_dossier_of(trial), "baseline")[0]
    assert table.header == ("What", "Feedback alone", "Feedback and facilitation", "Difference")
    assert trial.balance is not None
    (size,) = (row for row in trial.balance.rows if row.name == "list_size")
    (shown,) = (row for row in table.rows if row[0] == "List size *")
    assert shown[3].replace("−", "-") == f"{size.difference:.2f}"
    for cell, arm in zip(shown[1:3], size.by_arm, strict=True):
        mean, deviation = (float(part.strip("()").replace(",", "")) for part in cell.split())
        assert mean == pytest.approx(arm.mean, rel=0.005)
        assert deviation == pytest.approx(arm.sd, rel=0.005)


def test_the_figure_shows_the_margins_and_the_effect(trial: TrialBasis) -> None:
    charts = [figure.chart for figure in figures(trial_dossier_of(trial))]
    intervals = next(c for c in charts if isinstance(c, IntervalChart))
    assert intervals.margins == pytest.approx((-5.0, 5.0))
    assert intervals.guide == pytest.approx(-5.0)
    assert intervals.low_label == "← better"
    assert [row.emphasis for row in intervals.groups[0].rows] == ["main"]
    series = next(c for c in charts if isinstance(c, SeriesChart))
    assert [line.emphasis for line in series.series] == ["comparison", "main"]
    assert series.markers[0].month == "2025-06"


@pytest.mark.parametrize("word", list(Verdict))
def test_each_verdict_is_told_with_the_same_dignity(trial: TrialBasis, word: Verdict) -> None:
    effect = CANNOT if word is Verdict.CANNOT_BE_ESTIMATED else trial.contrast.effect
    told = replace(trial, evaluation=with_effect(trial.evaluation, effect, word), scores=None, contract=None)
    text = text_of(told)
    assert headline(word) in text
    assert "failed" not in text.lower()
    assert "failure" not in text.lower()
    assert "What was to follow, written before the result:" in text


def test_equivalent_says_what_it_cannot_say(trial: TrialBasis) -> None:
    told = replace(trial, evaluation=with_effect(trial.evaluation, trial.contrast.effect, Verdict.EQUIVALENT))
    assert "added nothing worthwhile to feedback alone; this trial cannot say whether feedback alone works" in text_of(
        told
    )
    arms = {"feedback": ("bimonthly-feedback",), "feedback-plus-facilitation": ("facilitation",)}
    other = replace(told, protocol=told.protocol.model_copy(update={"arms": arms}))
    assert added_words(other) == ""
    assert "The two differ by too little to matter" in text_of(other)


def test_what_cannot_be_estimated_is_said_and_the_rest_still_stands(trial: TrialBasis) -> None:
    basis = replace(
        trial, evaluation=with_effect(trial.evaluation, CANNOT, Verdict.CANNOT_BE_ESTIMATED), appraisal=None
    )
    document = trial_dossier_of(basis)
    assert text_of(basis).count("Only 3 sites have data.") >= 2
    assert not any(isinstance(figure.chart, IntervalChart) for figure in figures(document))
    assert render_pdf(document)


def test_a_rehearsal_says_so_on_every_page_and_posts_nothing(trial: TrialBasis) -> None:
    basis = rehearsed(trial)
    document = trial_dossier_of(replace(basis, facts=replace(basis.facts, evidence_posted="")))
    assert document.kind == "Dossier of a rehearsal"
    assert "rehearsal" in [section.id for section in document.sections]
    reader = PdfReader(io.BytesIO(render_pdf(document)))
    assert all("This is a rehearsal" in " ".join(page.extract_text().split()) for page in reader.pages)
    text = " ".join(render_text(document).split())
    assert "In 5.2% of the draws the 95% interval left out no difference" in text
    assert "A rehearsal enters no evidence." in text


def test_a_rehearsal_among_its_draws_counts_all_of_them(trial: TrialBasis) -> None:
    found = [s for s in trial_dossier_of(rehearsed(trial)).sections if s.id == "rehearsal"]
    (figure,) = [b for b in found[0].blocks if isinstance(b, Figure)]
    assert sum(bar.value for bar in figure.chart.bars) == 1000  # type: ignore[union-attr]
    assert [bar.emphasis for bar in figure.chart.bars].count("main") == 1  # type: ignore[union-attr]


def test_what_was_not_registered_is_marked(trial: TrialBasis) -> None:
    evaluation = trial.evaluation
    asked = UnregisteredAnalysis(
        title="Only large practices",
        asked_by="board",
        reason="Someone wondered.",
        indicator=evaluation.primary.indicator,
        method="independence-gee",
        average=evaluation.average,
        summary=evaluation.summary,
        window=evaluation.window,
        arm=trial.contrast.arm,
        over=trial.contrast.over,
        effect=trial.contrast.effect,
        subgroups=(),
        protocol_hash="",
        panel_identity="",
        software="",
        mark="not registered",
    )
    text = text_of(replace(trial, unregistered=(asked,)))
    assert "Not registered: Only large practices" in text
    assert "Asked by The programme board. Reason: Someone wondered." in text
    assert "It decides nothing." in text


def test_a_decision_against_the_contract_is_called_that(trial: TrialBasis) -> None:
    assert trial.record.decision is not None
    decision = replace(trial.record.decision, decision="implement")
    told = replace(trial, facts=replace(trial.facts, record=replace(trial.record, decision=decision)))
    assert "This is not what had been agreed" in text_of(told)
    assert "decided otherwise than agreed" in text_of(told)


def test_a_registered_look_that_was_not_taken_is_named(trial: TrialBasis) -> None:
    looks = (Month(2025, 9), Month(2026, 1))
    analysis = trial.protocol.analysis.model_copy(update={"harm_looks": looks})
    text = text_of(replace(trial, protocol=trial.protocol.model_copy(update={"analysis": analysis})))
    assert "Registered looks at harms that were not taken: with the data up to January 2026." in text


def test_without_a_decision_that_is_said(trial: TrialBasis) -> None:
    record = replace(trial.record, decision=None, amendments=())
    facts = replace(trial.facts, record=record, evidence_posted="", interruptions=(), harm_looks=())
    text = text_of(replace(trial, facts=facts, contract=None, scores=None))
    assert "No decision is recorded yet." in text
    assert "The result has not entered the evidence." in text
    assert "Changed since. Nothing." in text
    assert "Looks at outcomes by arm before the end. None." in text


def test_every_item_of_both_checklists_has_a_place_or_says_that_it_has_none(trial: TrialBasis) -> None:
    assert list(STARI) == list(Stari)
    assert list(TIDIER) == list(Tidier)
    assert (len(STARI), len(TIDIER)) == (27, 12)
    (stari,) = tables(trial_dossier_of(trial), "stari")
    assert [row[0].split(" ")[0] for row in stari.rows] == [str(n) for n in range(1, 28)]
    assert all(row[1] for row in stari.rows)


def test_what_the_record_lacks_is_not_recorded(trial: TrialBasis) -> None:
    facts = replace(trial.facts, strategies={}, approvals=(), waves=(), interruptions=())
    bare = replace(trial, facts=facts, appraisal=None, balance=None, design=None)
    for name, missing in (("stari", 6), ("tidier", 7)):
        (table,) = tables(trial_dossier_of(bare), name)
        assert [row[1] for row in table.rows].count("**not recorded**") >= missing
        assert "not recorded" in table.caption


def test_an_auditor_is_told_what_to_run_and_what_must_come_out(trial: TrialBasis) -> None:
    text = text_of(trial)
    assert "Run python3 audit_allocation.py plan.json seeds.txt allocation.json." in text
    assert sha256(b"a seed that was fixed first").hexdigest() in text
    assert "a seed that was fixed first (chosen by hand), the second a seed that came second (chosen by hand)" in text
    assert "One of 2,000 accepted ways to draw was taken" in text
    without = replace(trial, facts=replace(trial.facts, allocation=None), plan=None)
    assert "No allocation is recorded." in text_of(without)


def test_who_chose_a_seed_and_how_often_a_draw_was_prepared_is_told(trial: TrialBasis) -> None:
    text, fact = text_of(trial), trial.facts.allocation
    assert "committed to a secret number, chosen by hand;" in text
    assert "added a second one, chosen by hand. What was drawn follows from both. The draw was prepared once." in text
    assert fact is not None
    again = replace(fact, seed_by_hand=False, second_by_hand=False, prepared_times=3)
    text = text_of(replace(trial, facts=replace(trial.facts, allocation=again)))
    assert "committed to a secret number, drawn by the system;" in text
    assert "added a second one, drawn by the system." in text
    assert "The draw was prepared 3 times, and what was prepared last was drawn." in text


def test_nothing_is_left_out_of_the_section_lists() -> None:
    assert len({*STORY, *ANNEX}) == len(STORY) + len(ANNEX)


def test_words() -> None:
    assert group_words("imd_2019_score_third") == "deprivation (IMD 2019 score), in thirds"
    assert group_words("list_size") == "list size"
    assert (joined(()), joined(("a",)), joined(("a", "b")), joined("abc")) == ("", "a", "a and b", "a, b and c")


def test_every_registered_comparison_is_shown_by_group(trial):
    """With a second comparison, each table says which it is, and the section says that there are two."""
    turned = [replace(found, arm=found.over, over=found.arm) for found in trial.evaluation.subgroups]
    other = trial.protocol.contrasts[0].model_copy(update={"arm": turned[0].arm, "over": turned[0].over})
    protocol = trial.protocol.model_copy(update={"contrasts": (*trial.protocol.contrasts, other)})
    evaluation = replace(trial.evaluation, subgroups=(*trial.evaluation.subgroups, *turned))
    section = groups_section(replace(trial, protocol=protocol, evaluation=evaluation))
    assert section.blocks[0].text.startswith("Shown for each of the 2 registered comparisons.")
    captions = [block.caption for block in section.blocks if isinstance(block, DataTable)]
    assert [caption.count("compared with") for caption in captions] == [1] * (len(turned) * 2 + 1)
    assert len(set(captions)) == len(captions)
    alone = groups_section(trial)
    assert not any("compared with" in block.caption for block in alone.blocks if isinstance(block, DataTable))


def test_every_method_of_allocation_is_told_in_words(trial):
    assert set(HOW_DRAWN) == set(AllocationMethod)
    plan = trial.plan
    for method, words in (
        (AllocationMethod.STRATIFIED_BLOCKS, "permuted blocks within strata"),
        (AllocationMethod.MINIMISATION, "most likely got the arm that kept the arms alike"),
    ):
        section = audit_section(replace(trial, plan=replace(plan, method=method, acceptance=None)))
        assert words in section.blocks[0].text
