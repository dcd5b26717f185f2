"""Candidates joined with evidence, history and prices; what is missing is said and never filled in."""

import math
from datetime import date

import pytest

from enginehouse.evidence.results import PriorBasis
from enginehouse.evidence.studies import Library
from enginehouse.priorities.results import priorities_from_record
from enginehouse.priorities.wording import _REASONS
from enginehouse.programme.enums import EvidenceScale, Priority

NAME = "visits-on-opioids"


def only(priorities):
    return priorities.candidate(NAME)


def test_an_uncertain_candidate_is_evaluated_with_the_reason(weighed):
    found = only(weighed())
    assert found.priority is Priority.EVALUATE_ONLY
    assert found.prior.basis is PriorBasis.STATED
    assert found.sentence.startswith("Evaluate only: an expected net ")
    assert "a trial with 100 practices in each arm, costing £12,000, is expected to add £" in found.sentence
    assert found.missing == ()
    assert found.rules == ""


def test_more_evidence_makes_it_sure(weighed, file_study):
    studies = [file_study(id=f"s{i}", effect=-0.1 - 0.002 * i, std_error=0.01) for i in range(6)]
    found = only(weighed(library=Library.of(studies)))
    assert found.priority is Priority.IMPLEMENT
    assert "sure enough to go on without a trial" in found.sentence
    assert found.prior.basis is PriorBasis.STUDIES


def test_evidence_after_the_day_is_left_out(weighed, file_study):
    studies = [file_study(id=f"s{i}", effect=-0.1, std_error=0.01, completed=2026) for i in range(6)]
    found = weighed(library=Library.of(studies))
    assert only(found).prior.basis is PriorBasis.STATED
    assert found.studies == 0
    assert found.evidence_identity == Library().identity


def test_what_would_change_the_answer_is_told(weighed):
    lines = only(weighed()).would_change
    assert lines[0].startswith("It pays for itself at a fall of 2.9%; expected is a fall of 2.8% (95% between")
    assert "where one unit (mg) is worth £0.0106" in lines[1]
    assert "assumed is £0.0100 (£0.00700 to £0.0130)" in lines[1]
    assert "A trial is worth while as long as it costs less than £" in lines[2]


MISSING = {
    "value": ({"value": None}, {}, "What a unit of change is worth is not stated."),
    "history": ({}, {"local": {}}, "The panel holds no whole year of history of opioids."),
    "scale": ({"scale": "standardised-mean-difference"}, {}, "evidence on another scale"),
    "odds": ({"scale": "log-odds-ratio"}, {}, "An odds ratio needs a proportion at the start"),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_said(weighed, candidates, name):
    changes, more, words = MISSING[name]
    found = only(weighed(candidates(**changes), **more))
    assert found.priority is found.value_rule is Priority.NOT_YET_EVALUABLE
    assert words in found.sentence
    assert found.sentence.startswith("Not yet evaluable. ")
    assert any(words in line for line in found.missing)
    assert (found.worth, found.triage) == (None, None)


def test_everything_missing_is_said_at_once(weighed, candidates, facts):
    file = candidates(
        file={"prior_sd": None, "candidates": [candidates().candidates[0].model_dump() | {"value": None}]}
    )
    found = only(weighed(file, local={NAME: facts(baseline=0.0, sites=0)}))
    assert len(found.missing) == 3
    assert "has no baseline value and no sites" in found.sentence
    assert "no study of facilitation over bimonthly-feedback, and no expectation is stated" in found.sentence


def test_evidence_on_another_scale_is_not_replaced_by_the_stated_expectation(weighed, file_study):
    found = only(weighed(library=Library.of([file_study(scale=EvidenceScale.DIFFERENCE)])))
    assert found.priority is Priority.NOT_YET_EVALUABLE
    assert "The evidence is on another scale than log-ratio: one (difference)" in found.sentence


def test_one_effect_has_one_answer_in_either_direction(weighed, candidates, facts):
    """Less of what is bad, or more of what is good, where the distribution of the change is symmetric."""
    stated = {
        "prior_mean": 0.0,
        "candidates": [candidates(scale="difference", roll_out_cost=0).candidates[0].model_dump()],
    }
    file = candidates(file=stated)
    lower, higher = (
        only(weighed(file, local={NAME: facts(lower_is_better=better, baseline=2.0)})) for better in (True, False)
    )
    assert lower.worth.mean_per_unit == pytest.approx(higher.worth.mean_per_unit)
    assert lower.triage.enbs == pytest.approx(higher.triage.enbs)


def test_a_trial_without_a_price_or_a_known_precision_is_not_weighed(weighed, candidates, facts):
    free = only(weighed(candidates(trial=None)))
    assert free.notes == ("No trial is priced, so none was weighed.",)
    assert "no trial of it can be run here" in free.sentence
    some = only(weighed(local={NAME: facts(trial_sizes=facts().trial_sizes[:2])}))
    assert some.notes == ("No precision is known for trials of 100, 200 sites in each arm.",)
    assert [d.sites_per_arm for d in some.triage.designs] == [30, 50]


def test_the_precision_of_trials_is_put_on_the_scale_of_the_evidence(weighed, candidates, facts):
    share = facts(baseline=0.4, denominator=30_000.0)
    on_odds = only(weighed(candidates(scale="log-odds-ratio", value=_value(4)), local={NAME: share}))
    assert on_odds.triage.designs[0].std_error == pytest.approx(0.037 / 0.6)
    smd = facts(std_error_scale=EvidenceScale.STANDARDISED_MEAN_DIFFERENCE)
    refused = only(weighed(local={NAME: smd}))
    assert refused.notes == ("The precision of trials could not be put on the scale of the evidence.",)


def _value(per_unit):
    return {"per_unit": per_unit, "low": per_unit, "high": per_unit, "is_assumption": False, "source": "a tariff"}


def test_no_trial_fits_into_few_sites(weighed, facts):
    found = only(weighed(local={NAME: facts(sites_available=40)}))
    assert found.triage.best is None
    assert found.notes[-1] == "No trial can be run: it needs 60 sites, and 40 could take part."


def test_a_trial_that_adds_less_than_was_asked_for_is_not_run(weighed, candidates):
    base = candidates().candidates[0].model_dump()
    found = only(weighed(candidates(file={"gates": {"least_gain": 1e7}, "candidates": [base]})))
    assert found.priority is Priority.DO_NOT_PURSUE
    assert found.sentence.endswith("and no trial would add as much as was asked for.")


def test_a_price_is_called_a_price(weighed, candidates):
    found = weighed(candidates(value=_value(0.01)))
    assert "the price is £0.0100" in only(found).would_change[1]
    assert found.notes == ()
    assert weighed().notes == (f"Values that are assumptions: {NAME}.",)


def test_where_the_rules_differ_it_is_said(weighed, candidates):
    trial = {"fixed": 0, "per_site": 0, "years": 0.25, "sites_per_arm": [30]}
    cheap = candidates(trial=trial, cost_per_site_year=420).candidates[0].model_dump()
    found = only(weighed(candidates(file={"prior_mean": -0.1, "candidates": [cheap]})))
    assert found.priority is Priority.IMPLEMENT
    assert found.value_rule is Priority.IMPLEMENT_WITH_EVALUATION
    assert found.rules.startswith("By value alone the answer would be implement with evaluation")
    assert "the gate of 90% is passed" in found.rules
    assert "were the gates not passed" in found.would_change[2]
    assert "at gates of 99% and 1%" in found.would_change[3]


def test_the_whole_weighing_is_ordered_and_read_back(weighed, candidates, facts):
    base = candidates().candidates[0].model_dump()
    file = candidates(
        file={
            "candidates": [
                base | {"id": "unknown", "indicator": "nothing"},
                base | {"id": "dear", "cost_per_site_year": 5000},
                base,
            ]
        }
    )
    found = weighed(file, local={NAME: facts(), "dear": facts()})
    assert [w.candidate for w in found.weighed] == ["unknown", "dear", NAME]
    assert [w.candidate for w in found.ranked] == [NAME, "dear", "unknown"]
    assert priorities_from_record(found.to_record()) == found
    with pytest.raises(ValueError, match="this version reads 1"):
        priorities_from_record(found.to_record() | {"record_version": 2})


def test_the_day_and_the_money_are_kept(weighed):
    found = weighed(on=date(2025, 7, 1))
    assert (found.as_of, found.currency, found.price_year, found.horizon_years) == ("2025-07-01", "GBP", 2025, 3)
    assert found.discounting.value.startswith("start of year")


def test_every_answer_has_its_sentence():
    assert set(_REASONS) == set(Priority)


def test_an_answer_that_was_not_given_has_no_sentence(weighed):
    with pytest.raises(ValueError, match="that was weighed has an answer"):
        _REASONS[Priority.NOT_YET_EVALUABLE](None, None, None)  # type: ignore[arg-type]


def test_a_day_before_any_study_uses_the_expected_variation_it_is_given(weighed, file_study):
    library = Library.of([file_study()])
    narrow, wide = (only(weighed(library=library, tau_scale={EvidenceScale.LOG_RATIO: tau})) for tau in (0.01, 0.2))
    assert narrow.prior.sd < wide.prior.sd
    assert wide.prior.sd == pytest.approx(math.sqrt(0.02**2 + 2 * 0.2**2), rel=1e-3)
