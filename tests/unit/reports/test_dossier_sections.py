"""What single sections of a dossier compute and say: the trial, what would change, checks, claims, faults, links."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enginehouse.programme.enums import Check
from enginehouse.reports.content import Bullets, DataTable, Document, Links, Paragraph
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.facts import FaultFact
from enginehouse.reports.html import render_html
from enginehouse.reports.index import page_links
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.change import change_section
from enginehouse.reports.sections.checks import check_details_section
from enginehouse.reports.sections.claims import citation, references
from enginehouse.reports.sections.data import data_section
from enginehouse.reports.sections.effect import _own_unit
from enginehouse.reports.sections.telling import most_telling
from enginehouse.reports.text import render_text
from enginehouse.stats.results import NotEstimable


def document_of(basis: Basis) -> Document:
    return dossier_document(
        protocol=basis.protocol, evaluation=basis.evaluation, appraisal=basis.appraisal, facts=basis.facts
    )


def text_of(basis: Basis) -> str:
    return " ".join(render_text(document_of(basis)).replace("\n| ", "\n").split())


def with_evaluation(basis: Basis, **changes: object) -> Basis:
    return replace(basis, evaluation=replace(basis.evaluation, **changes))


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


def test_the_pages_beside_are_linked(basis: Basis) -> None:
    document = dossier_document(
        protocol=basis.protocol,
        evaluation=basis.evaluation,
        appraisal=basis.appraisal,
        facts=basis.facts,
        pages={"timeline": "timeline.html", "index": "../../index.html"},
    )
    assert [page.href for page in document.pages] == ["../../index.html", "timeline.html"]
    assert 'href="../../index.html"' in render_html(document).decode()
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
