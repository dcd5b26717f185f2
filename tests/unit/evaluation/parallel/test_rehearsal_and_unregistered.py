"""A rehearsal's place among re-randomisations, and analyses that nobody registered."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.evaluation.checks import TITLES
from enginehouse.evaluation.parallel.analysis import AVERAGES, ESTIMATORS, STD_ERROR_WORDS, registered_analysis
from enginehouse.evaluation.parallel.checks import TRIAL_CHECKS
from enginehouse.evaluation.parallel.delivery import CLOSED, MERGED, OPTED_OUT, WITHOUT_DATA
from enginehouse.evaluation.parallel.results import unregistered_from_record
from enginehouse.evaluation.parallel.unregistered import MARK, Question, analyse_unregistered
from enginehouse.programme.enums import Average, Check, Method, Summary, Window
from enginehouse.programme.hashing import definition_hash
from enginehouse.programme.trial import Contrast
from enginehouse.stats.results import Estimate
from enginehouse.trials.account import SiteChange
from enginehouse.trials.rerandomise import rerandomisations


def test_tables_lack_no_member() -> None:
    assert set(TRIAL_CHECKS) == set(Check) == set(TITLES)
    trial_methods = set(Method) - {Method.ARM_DIFFERENCE_AR1}
    assert set(ESTIMATORS) == set(AVERAGES) == set(STD_ERROR_WORDS) == trial_methods
    assert set(AVERAGES.values()) == set(Average)
    assert set(SiteChange) == CLOSED | MERGED | OPTED_OUT | WITHOUT_DATA


@pytest.fixture(scope="module")
def rehearsal(trial_of):
    case = trial_of(
        practices=60,
        ratio=1.0,
        rehearsal=True,
        arms={"a": ["letters"], "b": ["letters"]},
        contrasts=[{"arm": "b", "over": "a"}],
        analysis={"engaged": None, "subgroups": [], "checks": []},
        truth=[],
        power={"effect": 0.9, "seed": 5},
    )
    allocated = dataclasses.replace(case.allocated, rehearsal_replications=200, reach=())
    return dataclasses.replace(case, allocated=allocated)


def test_a_rehearsal_is_quoted_among_its_re_randomisations(rehearsal) -> None:
    found = rehearsal.evaluate()
    place = found.rehearsal
    assert found.rehearsed
    assert place is not None
    assert (place.replications, place.seed, place.not_estimable) == (200, 5, 0)
    estimates = np.array(place.estimates)
    assert place.place == pytest.approx(np.mean(estimates < found.headline.value))
    farther = np.count_nonzero(np.abs(estimates) >= abs(found.headline.value))
    assert place.p_value == pytest.approx((farther + 1) / 201)
    assert (place.low, place.high) == pytest.approx(tuple(np.quantile(estimates, [0.025, 0.975])))
    assert 0.0 <= place.share_significant <= 0.12  # 0.05 and four Monte Carlo errors of 200
    assert place.share_equivalent is not None
    assert "Among 200 re-randomisations" in place.finding
    assert found.arms == {"a": "arm A", "b": "arm B"}


def test_each_re_randomisation_is_the_registered_analysis(rehearsal) -> None:
    """By hand: the first allocation, the arms of the panel exchanged, analysed as registered."""
    found = rehearsal.evaluate().rehearsal
    from enginehouse.evaluation.parallel.run import trial_context

    context = trial_context(
        rehearsal.protocol,
        definition_hash(rehearsal.protocol),
        rehearsal.frozen(),
        rehearsal.sites,
        rehearsal.indicators,
        rehearsal.allocated,
    )
    arm = rerandomisations(rehearsal.allocated.plan, seed=5, count=200)[0]
    data = context.data["opioids"].whole
    assert data.sites == rehearsal.allocated.plan.sites
    one = registered_analysis(rehearsal.protocol, rehearsal.indicators["opioids"])(data.with_arm(arm))
    assert isinstance(one, Estimate)
    assert one.value in found.estimates


def test_a_rehearsal_without_a_seed_is_refused(rehearsal) -> None:
    protocol = rehearsal.protocol.model_copy(update={"power": None})
    with pytest.raises(UserError, match="no seed was fixed"):
        dataclasses.replace(rehearsal, protocol=protocol).evaluate()


def test_the_registered_analysis_can_be_sent_to_another_process(trial) -> None:
    analysis = registered_analysis(trial.protocol, trial.indicators["opioids"])
    assert pickle.loads(pickle.dumps(analysis)) == analysis


def test_an_indicator_that_is_not_measured_has_no_registered_analysis(trial, trial_of) -> None:
    other = trial_of(practices=24, secondary=[]).protocol
    with pytest.raises(UserError, match="got the indicator 'items'"):
        registered_analysis(other, trial.indicators["items"])


def test_a_method_of_another_design_is_refused(trial) -> None:
    analysis = trial.protocol.analysis.model_copy(update={"primary": Method.ARM_DIFFERENCE_AR1})
    other = trial.protocol.model_copy(update={"analysis": analysis})
    with pytest.raises(UserError, match="for sites that are allocated at random"):
        registered_analysis(other, trial.indicators["opioids"])


def test_without_contrasts_nothing_is_compared(trial) -> None:
    other = trial.protocol.model_copy(update={"contrasts": ()})
    with pytest.raises(UserError, match="got no contrast"):
        registered_analysis(other, trial.indicators["opioids"])


def ask(trial, **question):
    fields = {"title": "Another look", "asked_by": "ana", "reason": "The board asked."} | question
    return analyse_unregistered(
        trial.protocol,
        definition_hash(trial.protocol),
        trial.frozen(),
        trial.sites,
        trial.indicators,
        trial.allocated,
        Question(**fields),
    )


def test_what_was_not_registered_is_marked(trial) -> None:
    found = ask(trial, method=Method.SITE_MIXED_MODEL, subgroups=("baseline_half",))
    assert found.registered is False
    assert found.mark == MARK
    assert found.average is Average.SITES
    assert [group.group for group in found.subgroups[0].groups] == ["lower half", "upper half"]
    assert unregistered_from_record(found.to_record()) == found


def test_asking_what_was_registered_gives_the_registered_answer(trial, evaluated) -> None:
    assert ask(trial).effect == evaluated.headline
    other_way = ask(trial, contrast=Contrast(arm="feedback", over="visits"))
    assert other_way.effect.value == pytest.approx(-evaluated.headline.value)
    assert ask(trial, indicator="items").effect == evaluated.outcome("items").headline
    assert ask(trial, summary=Summary.DIFFERENCE).effect == evaluated.primary.registered.difference


def test_another_window(trial, evaluated) -> None:
    found = ask(trial, window=Window.LAST_MONTH)
    assert found.effect != evaluated.headline
    assert found.effect.value == pytest.approx(evaluated.headline.value, abs=0.08)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"reason": " "}, "needs a reason"),
        ({"indicator": "statins"}, "got the indicator 'statins', which was not frozen"),
        ({"method": Method.ARM_DIFFERENCE_AR1}, "got the method 'arm-difference-ar1'"),
        ({"contrast": Contrast(arm="visits", over="calls")}, "got the contrast calls and visits"),
        ({"contrast": Contrast(arm="visits", over="visits")}, "got the contrast visits"),
    ],
)
def test_questions_that_cannot_be_asked(trial, question, message: str) -> None:
    with pytest.raises(UserError, match=message):
        ask(trial, **question)
