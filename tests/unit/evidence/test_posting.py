"""Results of cycles as studies: null results like others; rehearsals and answers that are none refused."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from enginehouse.evaluation.effects import Comparison, WindowResult
from enginehouse.evaluation.parallel.results import (
    ArmFidelity,
    ArmSummary,
    ContrastResult,
    SiteVariation,
    TrialEvaluation,
    TrialOutcome,
)
from enginehouse.evaluation.results import Evaluation, OutcomeResult, OutcomeRole, TruthResult, VerdictResult
from enginehouse.evidence.posting import NotEvidence, studied, study_from_evaluation
from enginehouse.evidence.studies import study_from_record
from enginehouse.programme.enums import Average, Direction, EvidenceScale, StudyDesign, Summary, Verdict, Window
from enginehouse.stats.results import Estimate, Estimated, NotEstimable

NOTHING = NotEstimable(reason="too-few", detail="There were too few sites.")


def estimated(value: float = -0.1, **changes: Any) -> Estimate:
    return Estimate(
        **{"value": value, "std_error": 0.02, "df": 120.0, "scale": "log-ratio", "method": "example", **changes}
    )


def summary(arm: str, value: float) -> ArmSummary:
    return ArmSummary(
        arm=arm,
        title=arm,
        sites=60,
        units=60,
        baseline_denominator=1e5,
        follow_up_denominator=1e5,
        baseline_value=value,
        follow_up_value=value,
        baseline_site_mean=value,
        follow_up_site_mean=value,
        months=(),
        series=(),
    )


def trial(effect: Estimated, **changes: Any) -> TrialEvaluation:
    contrast = ContrastResult(
        arm="visits",
        over="feedback",
        title="visits over feedback",
        registered=True,
        effect=effect,
        ratio=effect,
        difference=effect,
        absolute=None,
        sites=60,
        over_sites=61,
        units=121,
        std_error_kind="",
        covariates=(),
    )
    outcome = TrialOutcome(
        indicator="opioids",
        indicator_version=1,
        title="Opioids per patient",
        short_title="Opioids",
        role=OutcomeRole.PRIMARY,
        direction=Direction.LOWER_IS_BETTER,
        unit="mg",
        per="patient",
        scale=1,
        is_proportion=False,
        arms=(summary("feedback", 20.0), summary("visits", 19.0)),
        contrasts=(contrast,),
        variation=SiteVariation(icc=None, between_site_cv=None, size_cv=None, dispersion=None),
    )
    fields: dict[str, Any] = {
        "rehearsed": False,
        "title": "",
        "question": "",
        "protocol_hash": "",
        "panel_identity": "",
        "allocation_hash": "",
        "software": "",
        "method": "",
        "average": Average.PATIENTS,
        "summary": Summary.RATIO,
        "window": Window.FOLLOW_UP,
        "estimand": "",
        "prior_knowledge": "",
        "starts": "2025-06",
        "baseline_months": 12,
        "follow_up_months": 12,
        "membership_as_of": "2025-03",
        "allocation_unit": "site",
        "arms": {},
        "outcomes": (outcome,),
        "checks": (),
        "subgroups": (),
        "inequality": (),
        "flow": (),
        "fidelity": (
            ArmFidelity(arm="visits", component="facilitation", title="Visits", sites=60, reached=45, amount=120),
            ArmFidelity(
                arm="feedback", component="bimonthly-feedback", title="Reports", sites=61, reached=61, amount=9
            ),
        ),
        "engaged": None,
        "verdict": verdict(effect),
        "truth": (),
        "rehearsal": None,
    }
    return TrialEvaluation(**{**fields, **changes})


def verdict(effect: Estimated) -> VerdictResult:
    return VerdictResult(
        word=Verdict.INCONCLUSIVE,
        sentence="",
        addition="",
        indicator="opioids",
        comparator="feedback",
        window=Window.FOLLOW_UP,
        estimate=effect,
        worthwhile=0.95,
        equivalence=None,
        non_inferiority=None,
    )


def series(effect: Estimated) -> Evaluation:
    """A controlled interrupted time series, in the little that posting reads of it."""
    window = WindowResult(
        window=Window.FOLLOW_UP, registered=True, months_only=effect, with_drift=effect, placebo=None, absolute=None
    )
    comparison = Comparison(
        comparator="rest",
        title="the rest",
        registered=True,
        control_sites=100,
        control_members=100,
        windows=(window,),
        model=None,
        series=None,
    )
    outcome = OutcomeResult(
        indicator="opioids",
        indicator_version=1,
        title="Opioids per patient",
        short_title="Opioids",
        role=OutcomeRole.PRIMARY,
        direction=Direction.LOWER_IS_BETTER,
        unit="mg",
        per="patient",
        scale=1,
        exposed_sites=318,
        exposed_members=318,
        exposed_sites_first_month=318,
        exposed_sites_last_month=318,
        comparisons=(comparison,),
    )
    return Evaluation(
        title="",
        question="",
        protocol_hash="",
        panel_identity="",
        software="",
        method="",
        summary=Summary.RATIO,
        estimand="",
        prior_knowledge="",
        exposed_title="",
        starts="2016-04",
        baseline_months=24,
        follow_up_months=12,
        membership_as_of="2018-01",
        outcomes=(outcome,),
        checks=(),
        practice_models=(),
        subgroups=(),
        verdict=verdict(effect),
        claims=(),
        embedded_trial=None,
        truth=(),
        left_out_areas=(),
    )


def test_a_trial_becomes_a_study_with_what_may_explain_it(posting):
    found = study_from_evaluation(trial(estimated()), posting(moderators={"imd": 28.0}))
    assert (found.id, found.cycle, found.posted_on) == ("own-facilitation", "facilitation", "2026-09-01")
    assert (found.strategy, found.over, found.indicator) == ("facilitation", "bimonthly-feedback", "opioids")
    assert (found.scale, found.effect, found.std_error) == (EvidenceScale.LOG_RATIO, -0.1, 0.02)
    assert (found.design, found.completed, found.sites, found.baseline) == (StudyDesign.CLUSTER_TRIAL, 2026, 121, 20.0)
    assert found.lower_is_better
    assert found.moderators == {
        "degrees_of_freedom": 120.0,
        "reach:facilitation": 0.75,
        "baseline": 20.0,
        "imd": 28.0,
    }
    assert found.components == ("problem solving",)
    assert found.source == "Cycle facilitation of this programme, evaluation abababababab."
    assert study_from_record(found.to_record()) == found


def test_a_null_result_enters_like_any_other(posting):
    null, other = (study_from_evaluation(trial(estimated(value)), posting()) for value in (0.0, -0.1))
    assert replace(null, effect=-0.1) == other


def test_a_difference_keeps_its_scale(posting):
    found = study_from_evaluation(trial(estimated(-1.2, scale="difference", df=math.inf)), posting())
    assert found.scale is EvidenceScale.DIFFERENCE
    assert "degrees_of_freedom" not in found.moderators


def test_whole_areas_before_and_after_are_no_trial(posting):
    found = study_from_evaluation(series(estimated(-0.011)), posting())
    assert (found.design, found.sites, found.baseline) == (StudyDesign.CONTROLLED_ITS, 318, None)
    assert found.effect == -0.011


def test_made_up_data_are_called_so(posting):
    truth = TruthResult(
        indicator="opioids", ratio=0.9, note="", estimate=estimated(), covered=True, covered_by_months_only=None
    )
    found = study_from_evaluation(trial(estimated(), truth=(truth,)), posting())
    assert found.source.endswith("Data made by a computer.")


@pytest.mark.parametrize(
    ("evaluation", "message"),
    [
        (trial(estimated(), rehearsed=True), "a rehearsal's arms were made up, so its result is no evidence"),
        (trial(estimated(), registered=False), "this analysis was not registered"),
        (trial(NOTHING), "the effect cannot be estimated: There were too few sites"),
        (series(NOTHING), "There is no number to post"),
    ],
)
def test_what_is_no_evidence_is_refused(posting, evaluation, message):
    with pytest.raises(NotEvidence, match=message):
        study_from_evaluation(evaluation, posting())


@pytest.mark.parametrize(
    ("arm", "over", "expected"),
    [
        (("bimonthly-feedback", "facilitation"), ("bimonthly-feedback",), ("facilitation", "bimonthly-feedback")),
        (("letter",), ("webinars",), ("letter", "webinars")),
        (("letter",), (), ("letter", "usual-care")),
        (("letter",), None, ("letter", "usual-care")),
    ],
)
def test_the_protocol_says_what_was_studied(protocol, arm, over, expected):
    assert studied(protocol(arm, over)) == expected


@pytest.mark.parametrize(
    ("arm", "over"),
    [
        (("letter", "webinars"), ()),
        (("letter",), ("letter",)),
        (("a", "b", "c"), ("a", "b")),
        ((), ("letter",)),
    ],
)
def test_arms_that_differ_in_more_than_one_strategy_studied_none(protocol, arm, over):
    with pytest.raises(NotEvidence, match="one strategy over one comparator"):
        studied(protocol(arm, over))


def test_a_protocol_that_compares_nothing_studied_nothing():
    nothing = SimpleNamespace(arms={}, contrasts=(), exposure=None)
    with pytest.raises(NotEvidence, match="the protocol compares nothing"):
        studied(nothing)  # type: ignore[arg-type]
