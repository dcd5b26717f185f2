"""Pooling a question of the library: what is used, what is named, and what is said about it."""

import math

import pytest

from enginehouse.core.errors import UserError
from enginehouse.evidence.pooling import NO_ALLOWANCE, pool
from enginehouse.evidence.results import Pooled
from enginehouse.evidence.studies import EvidenceOnAnotherScale
from enginehouse.programme.enums import EvidenceScale, StudyDesign
from enginehouse.stats.records import from_plain

RATIO = {"scale": EvidenceScale.LOG_RATIO, "lower_is_better": True}
QUESTION = {"strategy": "facilitation", "over": "bimonthly-feedback", **RATIO}


def test_every_study_has_its_weight_and_the_answer_its_parts(study):
    found = pool([study(), study(id="two", effect=-0.15, completed=2010), study(id="three", effect=0.0)], **RATIO)
    assert [s.id for s in found.studies] == ["two", "one", "three"]
    assert sum(s.weight for s in found.studies) == pytest.approx(1)
    assert found.mean == pytest.approx((-0.05 - 0.15) / 3)
    assert found.interval.low < found.mean < found.interval.high
    assert found.prediction.low < found.interval.low
    assert found.prediction_convention.startswith("t with k - 2")
    assert found.tau == pytest.approx(math.sqrt(0.0058333333 - 0.02**2))  # variance of -0.05, -0.15, 0; less sampling
    assert found.tau_interval.low <= found.tau <= found.tau_interval.high
    assert len(found.leave_one_out) == len(found.cumulative) == 3
    assert found.cumulative[-1].mean == pytest.approx(found.mean)
    assert [step.study for step in found.cumulative] == ["two", "one", "three"]
    assert found.notes == (NO_ALLOWANCE,)


def test_outcomes_that_count_the_other_way_are_turned_round(study):
    more_is_better = study(id="screening", effect=0.05, lower_is_better=False)
    found = pool([study(), more_is_better], **RATIO)
    assert [s.effect for s in found.studies] == [-0.05, -0.05]
    assert [s.turned_round for s in found.studies] == [False, True]
    assert "screening. That an improvement is of the same size in either direction is an assumption" in found.notes[1]
    mirrored = pool([study(), more_is_better], scale=EvidenceScale.LOG_RATIO, lower_is_better=False)
    assert mirrored.mean == pytest.approx(-found.mean)


def test_turning_odds_or_differences_round_is_exact(study):
    odds = {"scale": EvidenceScale.LOG_ODDS_RATIO}
    found = pool([study(**odds), study(id="b", lower_is_better=False, **odds)], lower_is_better=True, **odds)
    assert "assumption" not in found.notes[1]


def test_an_allowance_for_designs_is_added_and_said(study):
    weak = study(id="weak", design=StudyDesign.CONTROLLED_ITS)
    found = pool([study(), weak], allowance={StudyDesign.CONTROLLED_ITS: 0.03}, **RATIO)
    assert [s.std_error for s in found.studies] == pytest.approx([0.02, math.hypot(0.02, 0.03)])
    assert found.studies[0].weight > found.studies[1].weight
    assert "controlled-its 0.03" in found.notes[0]
    with pytest.raises(UserError, match="an allowance of -1 for controlled-its"):
        pool([weak], allowance={StudyDesign.CONTROLLED_ITS: -1}, **RATIO)


def test_a_pooled_result_among_studies_is_pointed_at(study):
    found = pool([study(design=StudyDesign.META_ANALYSIS)], **RATIO)
    assert "that of a mean over places: one" in found.notes[1]


def test_studies_on_another_scale_are_refused_when_handed_over(study):
    with pytest.raises(EvidenceOnAnotherScale, match=r"two \(difference\)"):
        pool([study(), study(id="two", scale=EvidenceScale.DIFFERENCE)], **RATIO)


def test_studies_of_several_questions_are_refused(study):
    with pytest.raises(UserError, match="facilitation over bimonthly-feedback, letter over usual-care"):
        pool([study(), study(id="two", strategy="letter", over="usual-care")], **RATIO)


def test_records_are_read_back(study):
    for studies in ([study()], [study(), study(id="two", effect=0.1)]):
        found = pool(studies, **RATIO)
        assert from_plain(Pooled, found.to_record()) == found
