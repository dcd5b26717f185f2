"""The prior of a new cycle: from elsewhere, from the file, and from the programme's own results."""

import math
from datetime import date

import pytest

from enginehouse.evidence.predictive import FEW, TAU_SCALE, predict
from enginehouse.evidence.results import Heterogeneity, PriorBasis, predictive_from_record
from enginehouse.evidence.studies import Library
from enginehouse.programme.enums import EvidenceScale, StudyDesign
from enginehouse.stats.gaussian import Normal, updated
from enginehouse.stats.half_normal import half_normal_pooling
from enginehouse.stats.meta_analysis import random_effects
from enginehouse.stats.results import NotEstimable

STATED = Normal(-0.03, 0.06)
EFFECTS = (-0.02, -0.12, 0.01, -0.08, -0.05)
ERRORS = (0.02, 0.03, 0.02, 0.04, 0.03)


@pytest.fixture
def five(file_study):
    return [
        file_study(id=f"s{i}", effect=effect, std_error=error, completed=2010 + i)
        for i, (effect, error) in enumerate(zip(EFFECTS, ERRORS, strict=True))
    ]


def test_enough_studies_give_the_mean_with_error_and_variation(five, question):
    fit = random_effects(EFFECTS, ERRORS)
    found = predict(Library.of(five), question())
    assert found.mean == pytest.approx(fit.mean)
    assert found.sd == pytest.approx(math.sqrt(fit.std_error**2 + fit.tau2))
    assert (found.basis, found.heterogeneity) == (PriorBasis.STUDIES, Heterogeneity.ESTIMATED)
    assert found.tau == pytest.approx(math.sqrt(fit.tau2))


def test_few_studies_do_not_tell_the_variation_by_themselves(five, question):
    few = five[: FEW - 1]
    expected = half_normal_pooling(EFFECTS[:4], ERRORS[:4], tau_scale=0.05).new_place
    found = predict(Library.of(few), question())
    assert (found.mean, found.sd) == pytest.approx((expected.mean, expected.sd))
    assert found.heterogeneity is Heterogeneity.HALF_NORMAL
    assert "Four studies cannot tell how much the effect varies between places" in found.notes[-1]
    assert "0.05 on the scale log-ratio is an assumption" in found.notes[-1]
    wider = predict(Library.of(few), question(), tau_scale=0.2)
    assert wider.sd > found.sd


def test_no_study_takes_what_the_file_states(question):
    found = predict(Library(), question(), stated=STATED)
    assert found.normal == STATED
    assert (found.basis, found.tau, found.pooled) == (PriorBasis.STATED, None, None)


def test_no_study_and_nothing_stated_is_no_answer(question):
    found = predict(Library(), question())
    assert isinstance(found, NotEstimable)
    assert found.reason == "no-evidence"
    assert "no study of facilitation over bimonthly-feedback, and no expectation is stated" in found.detail


def test_evidence_on_another_scale_only_is_no_answer_even_with_something_stated(file_study, question):
    library = Library.of([file_study(scale=EvidenceScale.STANDARDISED_MEAN_DIFFERENCE)])
    found = predict(library, question(), stated=STATED)
    assert isinstance(found, NotEstimable)
    assert found.reason == "evidence-on-another-scale"


def test_one_study_of_a_difference_needs_an_expected_variation(file_study, question):
    library = Library.of([file_study(scale=EvidenceScale.DIFFERENCE)])
    asked = question(scale=EvidenceScale.DIFFERENCE)
    found = predict(library, asked)
    assert isinstance(found, NotEstimable)
    assert found.reason == "variation-not-known"
    assert predict(library, asked, tau_scale=0.02).sd > 0.02


def test_every_scale_has_its_expectation_or_says_that_it_has_none():
    assert set(TAU_SCALE) == set(EvidenceScale)


def test_the_posterior_of_one_cycle_is_the_prior_of_the_next(five, own, question):
    library = Library.of(five)
    before = predict(library, question())
    posterior = updated(before.normal, -0.1, 0.015)
    second = predict(Library.of(five, [own(1, effect=-0.1, std_error=0.015)]), question())
    assert second.normal == posterior
    assert second.from_elsewhere == before.normal
    third = predict(
        Library.of(five, [own(1, effect=-0.1, std_error=0.015), own(2, effect=-0.02, std_error=0.02)]),
        question(),
    )
    assert third.own[0].after == third.own[1].before == second.normal
    assert third.normal == updated(second.normal, -0.02, 0.02)


def test_a_past_prior_is_that_of_the_library_of_the_day(five, own, question):
    library = Library.of(five, [own(1), own(2)])
    before, between = (predict(library.as_of(date(2021, month, 1)), question()) for month in (6, 8))
    assert before.own == ()
    assert between.normal == predict(Library.of(five, [own(1)]), question()).normal


def test_own_results_of_another_indicator_count_as_another_place(file_study, own, question):
    library = Library.of([file_study()], [own(1, indicator="gabapentinoids")])
    found = predict(library, question())
    assert found.own == ()
    assert [study.id for study in found.pooled.studies] == ["one", "own-cycle-1"]


def test_own_results_alone_are_enough(own, question):
    found = predict(Library.of([], [own(1), own(2)]), question())
    assert found.basis is PriorBasis.OWN_ALONE
    assert found.own[0].before is None
    assert found.own[0].surprise is None
    assert found.normal == updated(Normal(-0.05, 0.02), -0.05, 0.02)
    assert found.from_elsewhere is None
    first = predict(Library.of([], [own(1)]), question(), stated=STATED)
    assert first.normal == updated(STATED, -0.05, 0.02)


def test_a_result_far_from_what_was_expected_is_pointed_at(five, own, question):
    found = predict(Library.of(five, [own(1, effect=0.4)]), question())
    assert found.own[0].surprise > 2
    assert "own-cycle-1 lies" in found.notes[-1]
    assert "ask why" in found.notes[-1]


def test_a_null_result_counts_as_any_other(five, own, question):
    before = predict(Library.of(five), question())
    after = predict(Library.of(five, [own(1, effect=0.0, std_error=0.01)]), question())
    assert before.mean < after.mean < 0
    assert after.sd < before.sd


def test_an_allowance_holds_for_own_results_too(own, question):
    library = Library.of([], [own(1, design=StudyDesign.CONTROLLED_ITS)])
    found = predict(library, question(), stated=STATED, allowance={StudyDesign.CONTROLLED_ITS: 0.03})
    assert found.own[0].std_error == pytest.approx(math.hypot(0.02, 0.03))


def test_it_tells_intervals(question):
    found = predict(Library(), question(), stated=Normal(-0.03, 0.03))
    assert found.interval().low == pytest.approx(-0.03 - 1.959964 * 0.03)


def test_records_are_read_back(five, own, question):
    for library, stated in ((Library(), STATED), (Library.of(five, [own(1)]), None), (Library.of([], [own(1)]), None)):
        found = predict(library, question(), stated=stated)
        assert predictive_from_record(found.to_record()) == found
