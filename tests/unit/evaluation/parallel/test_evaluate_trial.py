"""The evaluation of a whole trial: what is in it, that its numbers follow from the panel, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from enginehouse.core.errors import NotAllowed, UserError
from enginehouse.evaluation.parallel.results import TrialEvaluation
from enginehouse.evaluation.records import any_evaluation_from_record
from enginehouse.evaluation.results import OutcomeRole
from enginehouse.evaluation.run import evaluate
from enginehouse.indicators.panel import FrozenPanel
from enginehouse.programme.enums import Check, OptOutScope, Verdict
from enginehouse.stats.results import Estimate, NotEstimable

SAME_FIT = 1e-6
"""Two fits of the same rows that were begun from other places."""


def estimated(answer: object) -> Estimate:
    assert isinstance(answer, Estimate), answer
    return answer


def sums(trial, indicator: str, arm: str, *, after: bool) -> tuple[float, float]:
    """Numerator and denominator of an arm, straight from the panel."""
    arrays = trial.panel.arrays(indicator)
    rows = arrays.rows(trial.allocated.allocation.sites_of(arm))
    months = slice(12, None) if after else slice(0, 12)
    return float(arrays.numerator[rows, months].sum()), float(arrays.denominator[rows, months].sum())


def test_it_is_read_back_from_its_record(evaluated: TrialEvaluation) -> None:
    text = json.dumps(evaluated.to_record(), allow_nan=False)
    assert any_evaluation_from_record(json.loads(text)) == evaluated


def test_a_later_record_is_refused(evaluated: TrialEvaluation) -> None:
    with pytest.raises(ValueError, match="this version reads cluster-trial, 1"):
        any_evaluation_from_record(evaluated.to_record() | {"record_version": 2})


def test_the_same_again(trial, evaluated: TrialEvaluation) -> None:
    assert trial.evaluate() == evaluated


def test_every_outcome_has_its_role(evaluated: TrialEvaluation) -> None:
    assert [(o.indicator, o.role) for o in evaluated.outcomes] == [
        ("opioids", OutcomeRole.PRIMARY),
        ("items", OutcomeRole.SECONDARY),
        ("gabapentinoids", OutcomeRole.BALANCING),
    ]


def test_arms_are_summed_from_the_panel(trial, evaluated: TrialEvaluation) -> None:
    for arm in ("feedback", "visits"):
        summary = evaluated.primary.arm(arm)
        for value, after in ((summary.baseline_value, False), (summary.follow_up_value, True)):
            top, bottom = sums(trial, "opioids", arm, after=after)
            assert value == pytest.approx(top / bottom)
        assert summary.follow_up_denominator == pytest.approx(sums(trial, "opioids", arm, after=True)[1] / 6)
        assert len(summary.months) == len(summary.series) == 18


def test_the_planted_effect_is_found_and_judged(evaluated: TrialEvaluation) -> None:
    assert estimated(evaluated.headline).ratio == pytest.approx(0.85, abs=0.03)
    assert evaluated.verdict.word is Verdict.WORTHWHILE
    assert evaluated.truth[0].covered is True
    assert evaluated.truth[0].ratio == 0.85


def test_an_outcome_that_nothing_touched_shows_nothing(evaluated: TrialEvaluation) -> None:
    assert estimated(evaluated.outcome("gabapentinoids").headline).ratio_interval().contains(1.0)


def test_the_absolute_effect_is_the_relative_one_on_the_arms_own_amount(trial, evaluated: TrialEvaluation) -> None:
    contrast = evaluated.primary.registered
    observed, denominator = sums(trial, "opioids", "visits", after=True)
    ratio = estimated(contrast.effect).ratio
    assert contrast.absolute is not None
    assert contrast.absolute.observed == pytest.approx(observed)
    assert contrast.absolute.change == pytest.approx(observed * (1 - 1 / ratio))
    assert contrast.absolute.change_per_denominator == pytest.approx(contrast.absolute.change / (denominator / 6))
    assert contrast.absolute.change_low < contrast.absolute.change < contrast.absolute.change_high < 0


def test_checks_are_done_and_near_the_registered_effect(evaluated: TrialEvaluation) -> None:
    headline = estimated(evaluated.headline)
    for check in (Check.OTHER_AVERAGE, Check.CLUSTER_LEVEL):
        found = evaluated.check(check)
        assert found is not None
        assert found.done
        assert estimated(found.estimate).value == pytest.approx(headline.value, abs=0.02)
    unadjusted = evaluated.check(Check.UNADJUSTED)
    assert unadjusted is not None
    assert estimated(unadjusted.estimate).std_error > 3 * headline.std_error
    permutation = evaluated.check(Check.PERMUTATION)
    assert permutation is not None
    assert (permutation.p_value, permutation.allocations, permutation.exact) == (1 / 500, 499, False)


def test_the_unadjusted_effect_is_the_ratio_of_the_arms_values(evaluated: TrialEvaluation) -> None:
    found = evaluated.check(Check.UNADJUSTED)
    visits, feedback = (evaluated.primary.arm(arm).follow_up_value for arm in ("visits", "feedback"))
    assert found is not None
    assert estimated(found.estimate).ratio == pytest.approx(visits / feedback)


def test_checks_of_other_designs_say_so(trial_of) -> None:
    found = trial_of(practices=24, analysis={"checks": ["pre-trend"], "subgroups": [], "engaged": None}).evaluate()
    assert found.checks[0].reason == "allocated-at-random"


def test_subgroups_hold_every_site_once(evaluated: TrialEvaluation) -> None:
    by_size, by_deprivation = evaluated.subgroups
    assert sum(group.sites + group.over_sites for group in by_size.groups) == 80
    assert [group.group for group in by_deprivation.groups][-1] == "not known"
    assert sum(group.sites + group.over_sites for group in by_deprivation.groups) == 80
    assert by_size.p_value is not None
    assert by_size.df[0] == 2
    assert by_size.interaction_label == "highest third compared with lowest third"


def test_an_attribute_that_nobody_has(trial_of) -> None:
    found = trial_of(practices=24, analysis={"subgroups": ["rurality"], "inequality": "rurality"}).evaluate()
    assert isinstance(found.subgroups[0].interaction, NotEstimable)
    assert "No site has a value for 'rurality'" in found.subgroups[0].finding
    assert isinstance(found.inequality[0].change, NotEstimable)


def test_fidelity_counts_the_sites_that_were_reached(trial, evaluated: TrialEvaluation) -> None:
    feedback, visits = evaluated.fidelity
    amounts = trial.allocated.reach[0].amounts
    assert (feedback.reached, feedback.amount) == (0, 0.0)
    assert (visits.reached, visits.amount, visits.sites) == (len(amounts), sum(amounts.values()), 40)


def test_the_engaged_changed_more_than_the_arm(evaluated: TrialEvaluation) -> None:
    assert evaluated.engaged is not None
    assert evaluated.engaged.engaged_share == pytest.approx(31 / 40)
    assert estimated(evaluated.engaged.effect).value < estimated(evaluated.headline).value


def test_the_engaged_are_refused_where_the_comparator_could_have_received_it(trial_of) -> None:
    asked = {"strategy": "practice-visits", "comparator_could_not_receive": False}
    found = trial_of(practices=24, analysis={"engaged": asked}).evaluate().engaged
    assert found is not None
    assert isinstance(found.effect, NotEstimable)
    assert "The protocol does not say that no site of the comparator could receive" in found.finding


def test_without_a_log_nobody_is_known_to_have_engaged(trial_of) -> None:
    case = trial_of(practices=24)
    silent = dataclasses.replace(case, allocated=dataclasses.replace(case.allocated, reach=()))
    found = silent.evaluate().engaged
    assert found is not None
    assert "Nothing is on record" in found.finding


def test_an_equivalent_result_says_what_it_does_not_say(trial_of) -> None:
    found = trial_of(practices=120, ratio=1.0).evaluate().verdict
    assert found.word is Verdict.EQUIVALENT
    assert found.sentence.endswith(
        "Visits to the practice added nothing worthwhile to feedback by letter; this trial cannot say whether feedback "
        "by letter works."
    )


def test_against_usual_care_there_is_no_such_sentence(trial_of) -> None:
    arms = {"feedback": [], "visits": ["practice-visits"]}
    found = trial_of(practices=120, ratio=1.0, arms=arms).evaluate()
    assert found.verdict.word is Verdict.EQUIVALENT
    assert "added nothing" not in found.verdict.sentence
    assert found.arms == {"feedback": "usual care", "visits": "visits to the practice"}


def test_a_difference_is_in_the_outcomes_own_unit(trial_of) -> None:
    found = trial_of(estimand={"summary": "difference"}, analysis={"worthwhile": -1.0, "equivalence": None}).evaluate()
    headline = estimated(found.headline)
    visits, feedback = (found.primary.arm(arm) for arm in ("visits", "feedback"))
    crude = (visits.follow_up_value - visits.baseline_value) - (feedback.follow_up_value - feedback.baseline_value)
    assert headline.scale == "difference"
    assert headline.value == pytest.approx(crude, abs=0.4)
    assert headline == found.primary.registered.difference
    assert found.truth[0].estimate == found.primary.registered.ratio


def test_sites_instead_of_patients(trial_of, evaluated: TrialEvaluation) -> None:
    found = trial_of(estimand={"average": "sites"}, analysis={"primary": "site-mixed-model"}).evaluate()
    other = evaluated.check(Check.OTHER_AVERAGE)
    assert other is not None
    assert found.headline == other.estimate
    assert found.check(Check.OTHER_AVERAGE).estimate == evaluated.headline


def test_the_last_month_only(trial_of) -> None:
    found = trial_of(estimand={"window": "last-month"}).evaluate()
    case = trial_of(estimand={"window": "last-month"})
    arrays = case.panel.arrays("opioids")
    rows = arrays.rows(case.allocated.allocation.sites_of("visits"))
    value = arrays.numerator[rows, -1].sum() / arrays.denominator[rows, -1].sum()
    assert found.primary.arm("visits").follow_up_value == pytest.approx(value)
    assert found.primary.registered.absolute.months == 1


def test_subgroups_and_inequality_are_found_for_every_contrast(trial_of) -> None:
    """The same numbers as where a contrast is the only one; the findings allow for all four tests."""
    arms = {"feedback": ["letters"], "visits": ["letters", "practice-visits"], "calls": ["letters", "practice-visits"]}
    both = [{"arm": "visits", "over": "feedback"}, {"arm": "calls", "over": "feedback"}]
    case = trial_of(
        arms=arms, contrasts=both, allocation={"block_sizes": [6]}, analysis={"checks": [], "engaged": None}
    )
    whole, *alone = (
        dataclasses.replace(case, protocol=case.protocol.model_copy(update={"contrasts": contrasts})).evaluate()
        for contrasts in (case.protocol.contrasts, case.protocol.contrasts[:1], case.protocol.contrasts[1:])
    )
    compared = [(group.arm, group.attribute) for group in whole.subgroups]
    assert compared == [(arm, by) for arm in ("visits", "calls") for by in ("list_size_third", "imd_third")]
    for found, expected in zip(whole.subgroups, [g for each in alone for g in each.subgroups], strict=True):
        assert [g.sites + g.over_sites for g in found.groups] == [g.sites + g.over_sites for g in expected.groups]
        assert found.interaction.value == pytest.approx(expected.interaction.value, rel=SAME_FIT)
        assert found.p_value == pytest.approx(expected.p_value, rel=SAME_FIT)
        assert (found.tests, expected.tests) == (4, 2)
        assert f"allowing for the 4 such tests of this trial, p = {min(1.0, 4 * found.p_value):.2g}." in found.finding
    assert [each.arm for each in whole.inequality] == ["visits", "calls"]
    for change, expected in zip(whole.inequality, [each.inequality[0] for each in alone], strict=True):
        assert change.change.value == pytest.approx(expected.change.value, rel=SAME_FIT)


def test_one_test_of_groups_alone_is_not_adjusted(trial_of) -> None:
    quick = {"subgroups": ["imd_third"], "checks": [], "engaged": None}
    (found,) = trial_of(analysis=quick).evaluate().subgroups
    assert found.tests == 1
    assert "allowing for" not in found.finding


def test_three_arms_and_two_contrasts(trial_of) -> None:
    found = trial_of(
        practices=90,
        arms={"feedback": ["letters"], "visits": ["letters", "practice-visits"], "usual": []},
        contrasts=[{"arm": "visits", "over": "feedback"}, {"arm": "feedback", "over": "usual"}],
        allocation={"block_sizes": [6]},
    ).evaluate()
    first, second = found.primary.contrasts
    assert (first.registered, second.registered) == (True, False)
    assert estimated(first.effect).value == pytest.approx(math.log(0.85), abs=0.06)
    assert estimated(second.effect).ratio_interval().contains(1.0)
    assert len(found.flow) == 3
    assert len(found.checks) == 8


def test_the_flow_adds_up(trial_of) -> None:
    case = trial_of(estimand={"opt_outs": "excluded"})
    left, silent = (case.allocated.allocation.sites_of("visits")[place] for place in (0, 1))
    table = case.panel.table.to_pydict()
    keep = [
        not (site == silent and month.year == 2025) for site, month in zip(table["site"], table["month"], strict=True)
    ]
    panel = type(case.panel).from_table(case.panel.table.filter(np.array(keep)))
    allocated = dataclasses.replace(case.allocated, opt_outs={left: {OptOutScope.FEEDBACK}})
    found = dataclasses.replace(case, panel=panel, allocated=allocated).evaluate()
    visits = next(flow for flow in found.flow if flow.arm == "visits")
    assert (visits.allocated, visits.opted_out, visits.excluded, visits.without_data) == (40, 1, 1, 1)
    assert visits.analysed == 38 == found.primary.arm("visits").sites
    assert visits.allocated == visits.excluded + visits.without_data + visits.analysed


def test_networks_are_the_units(trial_of) -> None:
    changes = {"unit": "network", "network_level": "network", "strata": [], "block_sizes": [4]}
    found = trial_of(allocation=changes).evaluate()
    assert found.primary.registered.units == 40
    assert estimated(found.headline).df < 40
    assert found.allocation_unit == "network"


def test_panels_that_are_not_frozen_are_refused(trial) -> None:
    with pytest.raises(NotAllowed, match="the panel is not frozen"):
        evaluate(trial.protocol, trial.panel, trial.sites, trial.indicators, trial=trial.allocated)


def test_a_panel_frozen_for_another_protocol_is_refused(trial) -> None:
    other = FrozenPanel(trial.panel, trial.panel.identity, "0" * 64)
    with pytest.raises(NotAllowed, match="was frozen for protocol 000000000000"):
        evaluate(trial.protocol, other, trial.sites, trial.indicators, trial=trial.allocated)


def test_a_trial_without_its_allocation_is_refused(trial) -> None:
    with pytest.raises(UserError, match="got no allocation for a design of type 'parallel'"):
        evaluate(trial.protocol, trial.frozen(), trial.sites, trial.indicators)


def test_an_allocation_to_other_arms_is_refused(trial, trial_of) -> None:
    other = trial_of(
        arms={"letters": ["letters"], "calls": []},
        contrasts=[{"arm": "calls", "over": "letters"}],
        analysis={"engaged": None},
        truth=[],
    )
    mixed = dataclasses.replace(trial, allocated=other.allocated)
    with pytest.raises(UserError, match="got an allocation to letters, calls; the protocol has feedback, visits"):
        mixed.evaluate()


def test_a_method_that_averages_otherwise_is_refused(trial_of) -> None:
    case = trial_of(practices=24, estimand={"average": "sites"})
    with pytest.raises(UserError, match="averages over patients, and an estimand that averages over sites"):
        case.evaluate()


def test_a_truth_of_something_else_is_refused(trial_of) -> None:
    case = trial_of(practices=24, truth=[{"indicator": "antibiotics", "ratio": 0.9, "note": "a"}])
    with pytest.raises(UserError, match="got a planted truth for 'antibiotics'"):
        case.evaluate()


def test_a_missing_definition_is_refused(trial) -> None:
    case = dataclasses.replace(trial, indicators={"opioids": trial.indicators["opioids"]})
    with pytest.raises(UserError, match="no definition was given of items, gabapentinoids"):
        case.evaluate()


def test_few_units_are_told(trial_of) -> None:
    found = trial_of(practices=12, allocation={"strata": []}).evaluate()
    assert any("With so few, the permutation test is the safer answer" in note for note in found.notes)
