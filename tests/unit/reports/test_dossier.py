"""The dossier tells the record in the order in which a commissioner reads, and never more than was found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enginehouse.evaluation.practice_level import FALSE_CERTAINTY
from enginehouse.evaluation.results import (
    Evaluation,
    NonInferiority,
    PracticeModelResult,
    SubgroupEffect,
    SubgroupResult,
    TruthResult,
)
from enginehouse.programme.enums import NumeratorKind, PracticeMethod, Verdict, Window
from enginehouse.reports.content import DataTable, Document
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.effects import effect_words
from enginehouse.reports.facts import AmendmentFact, DecisionFact
from enginehouse.reports.html import render_html
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.cluster import cluster_section, farther_areas
from enginehouse.reports.sections.verdict import headline, rule_text
from enginehouse.reports.text import render_text
from enginehouse.stats.results import Estimate, NotEstimable

CANNOT = NotEstimable(reason="too-few-areas", detail="There are 3 areas, and 8 are needed.")


def document_of(basis: Basis) -> Document:
    return dossier_document(
        protocol=basis.protocol, evaluation=basis.evaluation, appraisal=basis.appraisal, facts=basis.facts
    )


def text_of(basis: Basis) -> str:
    return " ".join(render_text(document_of(basis)).replace("\n| ", "\n").split())


def with_evaluation(basis: Basis, **changes: object) -> Basis:
    return replace(basis, evaluation=replace(basis.evaluation, **changes))


def not_estimable(evaluation: Evaluation) -> Evaluation:
    """The same evaluation with too few placebo areas."""
    primary = evaluation.primary
    comparisons = tuple(
        replace(c, windows=tuple(replace(w, with_drift=CANNOT, placebo=None) for w in c.windows))
        for c in primary.comparisons
    )
    changed = replace(primary, comparisons=comparisons)
    verdict = replace(
        evaluation.verdict,
        word=Verdict.CANNOT_BE_ESTIMATED,
        sentence=f"Cannot be estimated: {CANNOT.detail}",
        estimate=CANNOT,
    )
    outcomes = tuple(changed if o is primary else o for o in evaluation.outcomes)
    return replace(evaluation, outcomes=outcomes, verdict=verdict)


def test_sections_come_in_the_order_of_reading(basis: Basis) -> None:
    assert [section.id for section in document_of(basis).sections] == [
        "question",
        "registered",
        "figure",
        "effect",
        "one-cluster",
        "checks",
        "claims",
        "costs",
        "verdict",
        "what-would-change-it",
        "check-details",
        "data",
        "cost-details",
        "lineage",
    ]


def test_it_can_be_read_as_page_and_as_pdf(basis: Basis) -> None:
    document = document_of(basis)
    assert render_html(document)
    assert render_pdf(document)


def test_the_campaign_in_one_breath(basis: Basis) -> None:
    text = text_of(basis)
    assert "−1.1% (95% interval −3.7% to 1.5%)" in text
    assert "4 of 27" in text
    assert "after the outcomes existed" in text
    assert "The word for it" not in text
    assert "0 reproduced, 1 not reproduced, 6 that cannot be tested here" in text
    assert "no return is stated" in text
    assert "These figures cannot all hold" in text


def test_the_argument_is_five_sentences(basis: Basis) -> None:
    section = cluster_section(basis)
    (sentences,) = [block.items for block in section.blocks if hasattr(block, "items")]
    assert len(sentences) == 5
    assert "10 of those 27 areas moved as far or farther" in sentences[2]
    assert "318 practices and 27 months still make" in sentences[3]
    assert "about ±2.0%" in sentences[4]


def test_how_many_areas_moved_farther_follows_from_the_rank(basis: Basis) -> None:
    assert basis.placebo is not None
    treated = abs(basis.result.months_only.value)  # type: ignore[union-attr]
    counted = sum(abs(area.estimate) >= treated for area in basis.placebo.areas)
    assert farther_areas(basis.placebo) == counted == 10


@pytest.mark.parametrize("word", list(Verdict))
def test_each_verdict_can_be_told(basis: Basis, word: Verdict) -> None:
    told = with_evaluation(basis, verdict=replace(basis.evaluation.verdict, word=word))
    assert headline(word) in text_of(told)


def test_an_equivalent_result_may_still_be_real(basis: Basis) -> None:
    verdict = replace(
        basis.evaluation.verdict,
        word=Verdict.EQUIVALENT,
        addition="a real but small difference",
        sentence="Equivalent: -0.5%.",
    )
    text = text_of(with_evaluation(basis, verdict=verdict))
    assert "It is a real but small difference." in text
    assert "That is a firm answer, and a useful one" in text


def test_non_inferiority_is_printed_beside_the_word(basis: Basis) -> None:
    shown = NonInferiority(margin=1.02, shown=True, sentence="Not worse by more than 2.0%: yes.")
    assert "Not worse by more than 2.0%: yes." in text_of(
        with_evaluation(basis, verdict=replace(basis.evaluation.verdict, non_inferiority=shown))
    )


@pytest.mark.parametrize(
    ("word", "field"),
    [
        (Verdict.WORTHWHILE, "if_worthwhile"),
        (Verdict.EQUIVALENT, "if_equivalent"),
        (Verdict.INCONCLUSIVE, "otherwise"),
        (Verdict.CANNOT_BE_ESTIMATED, "otherwise"),
    ],
)
def test_what_was_to_follow(basis: Basis, word: Verdict, field: str) -> None:
    assert rule_text(basis.protocol.decision, word) == getattr(basis.protocol.decision, field)


def test_what_cannot_be_estimated_is_said_and_the_rest_still_stands(basis: Basis) -> None:
    text = text_of(replace(basis, evaluation=not_estimable(basis.evaluation)))
    assert text.count("There are 3 areas, and 8 are needed.") >= 3
    assert "From months alone, as a description and not as evidence, it changed by −1.1%" in text
    assert "The interval is from months alone, so it is too narrow." in text
    figure = "areas without the campaign were analysed as if they had had it"
    assert figure in text_of(basis)
    assert figure not in text


def test_without_an_appraisal_there_is_no_section_on_costs(basis: Basis) -> None:
    assert "costs" not in [section.id for section in document_of(replace(basis, appraisal=None)).sections]


def test_a_prospective_protocol_is_called_that(basis: Basis) -> None:
    text = text_of(replace(basis, facts=replace(basis.facts, retrospective=False)))
    assert "before the outcomes existed" in text
    assert "retrospective" not in text


def test_amendments_and_the_decision_are_told(basis: Basis) -> None:
    facts = replace(
        basis.facts,
        amendments=(AmendmentFact(on="2026-03-02", by="B", changes=("margin 0.98 to 0.97",), reason="a slip"),),
        decision=DecisionFact(
            on="2026-04-01", by="The board", decision="evaluate-further", reason="Cheap.", dissent="Two."
        ),
    )
    text = text_of(replace(basis, facts=facts))
    assert "Changed on 2 March 2026 by B: margin 0.98 to 0.97. Reason: a slip" in text
    assert "What was decided on 1 April 2026 by The board: evaluate further. Cheap." in text
    assert "Dissent. Two." in text
    assert "No decision is recorded yet" not in text


def test_synthetic_data_are_called_that_and_the_truth_stands_beside_the_estimate(basis: Basis) -> None:
    estimate = basis.evaluation.headline
    truth = TruthResult(
        indicator=basis.primary.indicator,
        ratio=0.97,
        note="planted",
        estimate=estimate,
        covered=True,
        covered_by_months_only=False,
    )
    told = replace(with_evaluation(basis, truth=(truth,)), facts=replace(basis.facts, synthetic=True))
    text = text_of(told)
    assert text.startswith("*** All data here are synthetic")
    tables = [b for s in document_of(told).sections for b in s.blocks if isinstance(b, DataTable)]
    (planted,) = [table for table in tables if table.caption.startswith("What was planted")]
    assert planted.rows == ((basis.primary.short_title, "−3.0%", "−1.1% (95% interval −3.7% to 1.5%)", "yes", "no"),)


def test_only_patient_level_data_speak_of_patients(basis: Basis) -> None:
    assert "Nothing here says how many patients" in text_of(basis)
    facts = replace(basis.facts, primary_numerator_kind=NumeratorKind.PATIENTS)
    assert "Nothing here says how many patients" not in text_of(replace(basis, facts=facts))


def test_what_an_analysis_had_to_say_of_itself_reaches_the_reader(basis: Basis) -> None:
    """A note that no page prints might as well not have been made."""
    comparison = basis.primary.registered
    headline = comparison.registered_window.with_drift
    assert isinstance(headline, Estimate)
    noted = replace(headline, notes=("Trend and autocorrelation cannot be separated.",))
    windows = tuple(replace(w, with_drift=noted) if w.registered else w for w in comparison.windows)
    changed = replace(basis.primary, comparisons=(replace(comparison, windows=windows),))
    model = PracticeModelResult(
        indicator=basis.primary.indicator,
        method=PracticeMethod.NEGATIVE_BINOMIAL,
        sites=20,
        exposed_sites=10,
        months=27,
        windows={Window.FOLLOW_UP.value: headline},
        notes=("The dispersion went to its boundary: Poisson.", FALSE_CERTAINTY),
    )
    outcomes = tuple(changed if o is basis.primary else o for o in basis.evaluation.outcomes)
    text = text_of(
        with_evaluation(basis, outcomes=outcomes, notes=("Said of all of it.",), practice_models=(model, model))
    )
    assert "Said of all of it." in text
    assert f"{basis.primary.short_title}. Trend and autocorrelation cannot be separated." in text
    assert text.count("random intercept: The dispersion went to its boundary: Poisson.") == 1
    assert FALSE_CERTAINTY not in text


def test_the_other_comparators_stand_beside_the_registered_one(basis: Basis) -> None:
    registered = basis.primary.registered
    other = replace(registered, comparator="other", title="everywhere else", registered=False)
    cannot = replace(
        other,
        title="nowhere",
        windows=tuple(replace(w, with_drift=CANNOT) for w in other.windows),
    )
    changed = replace(basis.primary, comparisons=(registered, other, cannot))
    outcomes = tuple(changed if o is basis.primary else o for o in basis.evaluation.outcomes)
    text = text_of(with_evaluation(basis, outcomes=outcomes))
    assert isinstance(basis.result.with_drift, Estimate)
    assert f"compared with everywhere else, {effect_words(basis.result.with_drift)}." in text
    assert "compared with nowhere, cannot be estimated." in text


def test_models_and_subgroups_stand_in_small_print(basis: Basis) -> None:
    estimate = Estimate(value=-0.03, std_error=0.01, df=float("inf"), scale="log-ratio", method="test")
    model = PracticeModelResult(
        indicator=basis.primary.indicator,
        method=PracticeMethod.POISSON_RANDOM_SLOPE,
        sites=1120,
        exposed_sites=315,
        months=27,
        windows={Window.FOLLOW_UP.value: estimate},
    )
    group = SubgroupEffect(group="1 of 5", exposed_sites=63, control_sites=160, months_only=estimate)
    subgroup = SubgroupResult(
        indicator=basis.primary.indicator,
        attribute="imd",
        groups=(group,),
        interaction=CANNOT,
        interaction_label="most minus least deprived",
    )
    document = document_of(with_evaluation(basis, practice_models=(model,), subgroups=(subgroup,)))
    aside = {section.id for section in document.sections if section.aside}
    assert aside == {"check-details", "data", "cost-details", "models", "subgroups", "lineage"}
    rows = [row for s in document.sections if s.aside for b in s.blocks if isinstance(b, DataTable) for row in b.rows]
    assert any(row[0].endswith(": Poisson, random slope") for row in rows)
    assert rows[-1] == ("Difference: most minus least deprived", "", "–", CANNOT.detail)


def test_every_hash_of_the_record_is_in_the_footnote(basis: Basis) -> None:
    text = render_text(document_of(basis))
    for pair in ("ab", "01", "02", "03", "04", "05"):
        assert pair * 32 in text
