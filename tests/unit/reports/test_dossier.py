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
from enginehouse.programme.enums import Check, NumeratorKind, PracticeMethod, Verdict, Window
from enginehouse.reports.charts.spec import IntervalChart
from enginehouse.reports.content import Bullets, DataTable, Document, Links, Paragraph, figure_of
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.effects import effect_words
from enginehouse.reports.facts import AmendmentFact, DecisionFact, FaultFact
from enginehouse.reports.html import render_html
from enginehouse.reports.index import page_links
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.change import change_section
from enginehouse.reports.sections.checks import check_details_section
from enginehouse.reports.sections.claims import citation, references
from enginehouse.reports.sections.cluster import cluster_section, farther_areas
from enginehouse.reports.sections.data import data_section
from enginehouse.reports.sections.effect import _own_unit
from enginehouse.reports.sections.telling import most_telling
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


def with_trial(basis: Basis, half_width: float) -> Basis:
    trial = basis.evaluation.embedded_trial
    assert trial is not None
    changed = replace(trial, half_width=half_width, std_error=half_width / 1.96)
    return with_evaluation(basis, embedded_trial=changed)


def test_a_trial_comes_first_only_where_it_is_clearly_narrower(basis: Basis) -> None:
    """The interval here is ±2.6%; ±2.0% is clearly less, ±2.4% is not."""
    first = change_section(basis).blocks[0]
    assert isinstance(first, Bullets)
    assert first.items[0].startswith("**Starting half of the practices first")
    assert "about ±2.0% instead of ±2.6%" in first.items[0]
    assert "4 times as many practices would give ±1.0%" in first.items[0]  # 1.96 / sqrt(4)
    wide = with_trial(basis, 0.024)
    second = change_section(wide).blocks[0]
    assert isinstance(second, Bullets)
    assert second.items[0].startswith("**More practices.**")
    # 318 practices x (2.4 / 2)^2 = 458, to two digits
    assert "To see ±2.0%, which would matter, takes about 460 practices." in second.items[0]
    assert "hardly narrower" in text_of(wide)


def test_what_a_trial_could_and_could_not_decide(basis: Basis) -> None:
    text = text_of(basis)
    assert "it tells an effect of 2.8% or more from nothing four times in five" in text
    assert "An estimate like this one, −1.1%, would still have come out as inconclusive." in text
    assert "its estimate would have had to be −4.0% or beyond" in text  # -2.0 - 1.96
    assert "An estimate from −0.4% to 0.4% would have shown" in text  # 2.0 - 1.645
    narrow = text_of(with_trial(basis, 0.004))
    assert "An estimate like this one, −1.1%, would have come out as equivalent." in narrow
    assert "It could not have shown that nothing that matters happened" in text_of(with_trial(basis, 0.03))


@pytest.mark.parametrize(
    ("within", "between", "baseline", "words"),
    [
        (0.009, 0.009, 15, "**More months, in part.**"),
        (0.009, 0.020, 15, "**Not more months.**"),
        (0.020, 0.009, 15, "**More months.**"),
        (0.009, 0.020, 11, "**More months before the start.** There are only 11 months."),
    ],
)
def test_whether_more_months_would_help_is_computed(
    basis: Basis, within: float, between: float, baseline: int, words: str
) -> None:
    comparison = basis.comparison
    windows = tuple(
        replace(
            w,
            months_only=replace(w.months_only, std_error=within),  # type: ignore[type-var]
            placebo=replace(w.placebo, tau=between),  # type: ignore[type-var]
        )
        for w in comparison.windows
    )
    changed = replace(basis.primary, comparisons=(replace(comparison, windows=windows),))
    outcomes = tuple(changed if o is basis.primary else o for o in basis.evaluation.outcomes)
    found = change_section(with_evaluation(basis, outcomes=outcomes, baseline_months=baseline)).blocks[0]
    assert isinstance(found, Bullets)
    assert sum(item.startswith(words) for item in found.items) == 1


def test_why_no_trial_can_be_told_is_said(basis: Basis) -> None:
    reason = NotEstimable(reason="too-few-sites", detail="Only 3 exposed sites have a value in every month.")
    text = text_of(with_evaluation(basis, embedded_trial=None, no_embedded_trial=reason))
    assert "What a random start would have shown cannot be said here. Only 3 exposed sites" in text


def test_a_share_changes_in_percentage_points_and_not_for_each_of_a_months_denominator(basis: Basis) -> None:
    """600 fewer of 12 x 5,000 items are one percentage point."""
    effect = basis.result.absolute
    assert effect is not None
    share = replace(
        effect,
        unit="trimethoprim items",
        per="treatments",
        is_proportion=True,
        denominator=5000.0,
        months=12,
        change=-600.0,
        change_low=-1200.0,
        change_high=0.0,
        change_in_ratio=-600 / 60000,
        change_in_ratio_low=-1200 / 60000,
        change_in_ratio_high=0.0,
    )
    (told, *_) = _own_unit(basis, share)
    assert isinstance(told, Paragraph)
    assert told.text == (
        "In its own unit: a change of −1.00 percentage points in the share (95% interval −2.00 to 0.00). That is "
        "−600 trimethoprim items (−1,200 to 0) among all 60,000 treatments of 12 months."
    )


def test_the_most_telling_check_is_said_first(basis: Basis) -> None:
    telling = most_telling(basis)
    assert telling is not None
    assert telling.check.check is Check.PRE_TREND
    assert "the estimate would be −0.1% instead of −1.1%" in telling.words
    table = check_details_section(basis).blocks[0]  # type: ignore[union-attr]
    assert isinstance(table, DataTable)
    assert table.rows[0][0].startswith("**The trend before the start")
    assert "begins before January 2015" in next(r[1] for r in table.rows if "nothing began (Trimethoprim" in r[0])


def test_with_few_areas_the_smallest_p_is_said(basis: Basis) -> None:
    assert "smallest p possible" not in text_of(basis)
    placebo = basis.placebo
    assert placebo is not None
    comparison = basis.comparison
    few = replace(placebo, areas=placebo.areas[:11], rank_p=4 / 12)
    windows = tuple(replace(w, placebo=few) if w.registered else w for w in comparison.windows)
    changed = replace(basis.primary, comparisons=(replace(comparison, windows=windows),))
    outcomes = tuple(changed if o is basis.primary else o for o in basis.evaluation.outcomes)
    text = text_of(with_evaluation(basis, outcomes=outcomes))
    assert "With 11 areas the smallest p possible is 0.083." in text  # 1 / 12


def test_claims_cite_each_work_once() -> None:
    sources = ["Foy 2025;14:1, after Alderson 2021;18:2", "Alderson 2021;18:2, there as people", "Foy 2025;14:1"]
    works = references(sources)
    assert works == ("Foy 2025;14:1", "Alderson 2021;18:2")
    assert [citation(source, works) for source in sources] == ["[1, 2]", "[2, there as people]", "[1]"]


def test_faults_are_told_without_codes_and_lead_to_their_page(basis: Basis) -> None:
    facts = replace(
        basis.facts,
        faults=(*basis.facts.faults, FaultFact(severity="note", source="list-sizes", what="2 lists grow.", count=2)),
        left_out=(
            "opioids-ome-per-patient: 27 code patterns that match nothing in the data (such as 0407010A0, 0407010F0)",
            "1 site-months with prescribing but without registered patients (such as ods:Z90036)",
        ),
    )
    section = data_section(replace(basis, facts=facts, pages={"quality": "data-quality.html"}))
    bullets = next(block for block in section.blocks if isinstance(block, Bullets))
    assert bullets.items == (
        "**Caution.** Areas: List sizes are carried forward.",
        "**Making the panel.** Opioids (oral morphine equivalence): 27 code patterns that match nothing in the data.",
        "**Making the panel.** 1 site-month with prescribing but without registered patients.",
        "Besides, 1 note of lesser weight.",
    )
    link = section.blocks[-1]
    assert isinstance(link, Links)
    assert link.items[0].href == "data-quality.html"


def test_the_pages_beside_are_linked_and_the_figure_can_be_lifted(basis: Basis) -> None:
    document = dossier_document(
        protocol=basis.protocol,
        evaluation=basis.evaluation,
        appraisal=basis.appraisal,
        facts=basis.facts,
        pages={"timeline": "timeline.html", "index": "../../index.html"},
    )
    assert [page.href for page in document.pages] == ["../../index.html", "timeline.html"]
    assert 'href="../../index.html"' in render_html(document).decode()
    figure = figure_of(document, "one-cluster")
    assert figure is not None
    assert isinstance(figure.chart, IntervalChart)
    assert figure_of(document, "nothing") is None
    with pytest.raises(ValueError, match="no page is of the kind"):
        page_links({"home": "x.html"})


def test_no_area_that_moved_farther_is_none(basis: Basis) -> None:
    placebo = basis.placebo
    assert placebo is not None
    comparison = basis.comparison
    alone = replace(placebo, rank_p=1 / (len(placebo.areas) + 1))
    windows = tuple(replace(w, placebo=alone) if w.registered else w for w in comparison.windows)
    changed = replace(basis.primary, comparisons=(replace(comparison, windows=windows),))
    outcomes = tuple(changed if o is basis.primary else o for o in basis.evaluation.outcomes)
    assert "none of those 27 areas moved as far" in text_of(with_evaluation(basis, outcomes=outcomes))


def test_sites_that_were_there_throughout_are_said_so(basis: Basis) -> None:
    same = replace(
        basis.primary, exposed_sites=4, exposed_members=4, exposed_sites_first_month=4, exposed_sites_last_month=4
    )
    outcomes = tuple(same if o is basis.primary else o for o in basis.evaluation.outcomes)
    text = text_of(with_evaluation(basis, outcomes=outcomes))
    assert "West Yorkshire: 4 practices throughout. Compared with" in text
