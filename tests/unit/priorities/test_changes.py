"""What became of candidates between two weighings, and why."""

import json
from dataclasses import replace

import pytest

from enginehouse.evidence.studies import Library, LibraryStudy
from enginehouse.priorities.changes import _SWAPPED, what_changed
from enginehouse.priorities.results import ChangeKind, priorities_from_record
from enginehouse.programme.enums import EvidenceScale, Priority, StudyDesign
from enginehouse.stats.gaussian import updated

NAME = "visits-on-opioids"


@pytest.fixture
def result():
    """The own result of one cycle: visits helped."""
    return LibraryStudy(
        id="own-facilitation",
        strategy="facilitation",
        over="bimonthly-feedback",
        target="Opioids",
        scale=EvidenceScale.LOG_RATIO,
        effect=-0.1,
        std_error=0.015,
        lower_is_better=True,
        design=StudyDesign.CLUSTER_TRIAL,
        setting="here",
        completed=2025,
        source="the cycle",
        indicator="opioids",
        cycle="facilitation",
        posted_on="2025-04-01",
    )


def change(before, after):
    (found,) = what_changed(before, after)
    return found


def test_an_own_result_changes_the_answer_and_is_named(weighed, result):
    before, after = weighed(), weighed(library=Library.of([], [result]))
    found = change(before, after)
    assert (found.before, found.after, found.changed) == (Priority.EVALUATE_ONLY, Priority.IMPLEMENT, True)
    assert found.enough == (ChangeKind.EVIDENCE,)
    assert found.sentence == "From 'evaluate only' to 'implement': the evidence alone would have been enough."
    assert [(item.what, item.after) for item in found.inputs][1] == ("studies", "1, with own-facilitation")
    assert "-3.0%, give or take 6.2%" in found.inputs[0].before
    assert found.numbers["prob_cost_effective_after"] > found.numbers["prob_cost_effective_before"]


def test_the_prior_of_the_second_weighing_is_the_posterior_of_the_first(weighed, result):
    before, after = weighed(), weighed(library=Library.of([], [result]))
    prior, posterior = before.candidate(NAME).prior, after.candidate(NAME).prior
    assert posterior.normal == updated(prior.normal, -0.1, 0.015)


def test_nothing_changed(weighed):
    found = change(weighed(), weighed())
    assert (found.changed, found.inputs, found.enough) == (False, (), ())
    assert found.sentence == "Still evaluate only."


def test_inputs_that_differ_without_another_answer(weighed, candidates, facts):
    panel = change(weighed(), weighed(local={NAME: facts(baseline=20.5)}))
    assert panel.sentence == "Still evaluate only; the panel differs."
    assert [(i.kind, i.what, i.before, i.after) for i in panel.inputs] == [
        (ChangeKind.PANEL, "baseline value", "20", "20.5")
    ]
    prices = change(weighed(), weighed(candidates(roll_out_cost=7000)))
    assert prices.sentence == "Still evaluate only; the prices differ."
    both = change(weighed(), weighed(candidates(roll_out_cost=7000), local={NAME: facts(baseline=20.5)}))
    assert both.sentence == "Still evaluate only; the panel and the prices differ."


def test_dearer_visits_are_dropped_because_of_their_price(weighed, candidates):
    found = change(weighed(), weighed(candidates(cost_per_site_year=5000)))
    assert found.after is Priority.DO_NOT_PURSUE
    assert found.enough == (ChangeKind.PRICES,)


def test_two_causes_each_enough(weighed, candidates, facts):
    found = change(weighed(), weighed(candidates(cost_per_site_year=5000), local={NAME: facts(baseline=2.0)}))
    assert found.enough == (ChangeKind.PANEL, ChangeKind.PRICES)
    assert found.sentence.endswith("the panel and the prices, each by itself, would have been enough.")


def test_two_causes_only_together(weighed, candidates, facts):
    after = weighed(candidates(cost_per_site_year=1500), local={NAME: facts(baseline=11.0)})
    found = change(weighed(), after)
    assert found.after is Priority.DO_NOT_PURSUE
    assert found.enough == ()
    assert found.sentence == "From 'evaluate only' to 'do not pursue', because of the panel and the prices together."


def test_other_gates_are_a_change_of_the_rule(weighed, candidates):
    base = candidates().candidates[0].model_dump()
    file = candidates(file={"gates": {"implement_at": 0.9, "drop_at": 0.6}, "candidates": [base]})
    found = change(weighed(), weighed(file))
    assert found.after is Priority.DO_NOT_PURSUE
    assert found.enough == (ChangeKind.RULE,)
    assert ("gate to drop", "0.1", "0.6") in [(i.what, i.before, i.after) for i in found.inputs]


def test_what_could_not_be_weighed_before(weighed, candidates):
    found = change(weighed(candidates(value=None)), weighed())
    assert found.sentence == "From 'not yet evaluable' to 'evaluate only', because of the prices."
    assert ("value of a unit", "not known", "0.01") in [(i.what, i.before, i.after) for i in found.inputs]


def test_an_indicator_whose_history_came(weighed):
    found = change(weighed(local={}), weighed())
    assert found.inputs[0].before == "not known"
    assert {item.kind for item in found.inputs} == {ChangeKind.EVIDENCE, ChangeKind.PANEL}
    assert (
        found.sentence == "From 'not yet evaluable' to 'evaluate only', because of the evidence and the panel together."
    )


def test_an_option_without_a_trial_has_no_gain_of_one(weighed, candidates):
    found = change(weighed(candidates(trial=None)), weighed())
    assert "enbs_before" not in found.numbers
    assert "enbs_after" in found.numbers


def test_evidence_put_on_another_scale(weighed, candidates, facts):
    share = {NAME: facts(baseline=0.4)}
    found = change(weighed(local=share), weighed(candidates(scale="log-odds-ratio"), local=share))
    assert found.inputs[0].what == "scale of the evidence"
    assert found.enough == ()


def test_studies_that_went_away(weighed, file_study):
    found = change(weighed(library=Library.of([file_study()])), weighed())
    studies = next(item for item in found.inputs if item.what == "studies")
    assert (studies.before, studies.after) == ("1, with one", "0")


def test_candidates_that_came_or_went(weighed, candidates, facts):
    base = candidates().candidates[0].model_dump()
    other = candidates(file={"candidates": [base | {"id": "other"}]})
    come, gone = what_changed(weighed(), weighed(other, local={"other": facts()}))
    assert (come.candidate, come.before, come.sentence) == ("other", None, "Newly weighed: evaluate only.")
    assert (gone.candidate, gone.after, gone.sentence) == (NAME, None, "No longer weighed.")


def test_the_record_is_enough_to_compare(weighed, result):
    before, after = weighed(), weighed(library=Library.of([], [result]))
    again = [priorities_from_record(json.loads(json.dumps(p.to_record()))) for p in (before, after)]
    assert what_changed(*again) == what_changed(before, after)


def test_an_answer_without_a_difference_in_inputs_is_told_bare(weighed):
    before = weighed()
    other = replace(before.weighed[0], priority=Priority.IMPLEMENT)
    found = change(before, replace(before, weighed=(other,)))
    assert found.sentence == "From 'evaluate only' to 'implement'."


def test_every_kind_of_input_can_be_put_in_by_itself():
    assert set(_SWAPPED) == set(ChangeKind)
