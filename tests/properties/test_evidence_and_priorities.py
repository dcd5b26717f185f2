"""What must hold of every prior, every trial and every answer."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from enginehouse.economics.discounting import Discounting, discounted_years
from enginehouse.evidence.conversion import difference_to_log_ratio
from enginehouse.evidence.predictive import Question, predict
from enginehouse.evidence.studies import Library, LibraryStudy, library_from_record
from enginehouse.priorities.effects import Effect, improvement, learnt_sd
from enginehouse.priorities.results import GateValues, TriageReason
from enginehouse.priorities.triage import Option, TrialDesign, triage
from enginehouse.priorities.value import evpi, evsi
from enginehouse.programme.enums import EvidenceScale, Priority, StudyDesign
from enginehouse.stats.forecast_scores import IntervalForecast, crps, interval_score
from enginehouse.stats.gaussian import Normal, emax, preposterior_sd, unit_normal_loss, updated
from enginehouse.stats.meta_analysis import MetaAnalysis, heterogeneity_interval, random_effects
from enginehouse.stats.results import Interval

effects = st.floats(-2, 2)
errors = st.floats(0.01, 2)
means = st.floats(-100, 100)
sds = st.floats(0.01, 100)
studies = st.lists(st.tuples(effects, errors), min_size=2, max_size=12)
rates = st.floats(0, 0.2)
TOLERANCE = 1e-9  # relative, for sums in another order


@given(means, sds, sds)
def test_a_trial_is_worth_between_nothing_and_everything(mean, sd, error):
    assert 0 <= evsi(mean, sd, error) <= evpi(Normal(mean, sd)) * (1 + TOLERANCE)


@given(means, sds, sds, st.floats(1, 10))
def test_a_more_exact_trial_is_worth_more(mean, sd, error, factor):
    assert evsi(mean, sd, error * factor) <= evsi(mean, sd, error) * (1 + TOLERANCE)


@given(means, sds, st.floats(0.1, 10))
def test_gains_scale_and_do_not_depend_on_which_option_is_called_the_new_one(mean, sd, factor):
    gain = unit_normal_loss(Normal(mean, sd))
    assert unit_normal_loss(Normal(-mean, sd)) == gain
    assert unit_normal_loss(Normal(factor * mean, factor * sd)) == pytest.approx(factor * gain, rel=1e-6, abs=1e-12)
    assert emax(Normal(mean, sd)) - emax(Normal(-mean, sd)) == pytest.approx(mean, abs=1e-9)


@given(means, sds, st.lists(st.tuples(means, sds), min_size=1, max_size=6), st.randoms())
def test_what_is_learnt_does_not_depend_on_the_order(mean, sd, results, random):
    shuffled = random.sample(results, len(results))
    beliefs = []
    for order in (results, shuffled):
        belief = Normal(mean, sd)
        for result in order:
            belief = updated(belief, *result)
        beliefs.append(belief)
    assert beliefs[0].mean == pytest.approx(beliefs[1].mean, rel=1e-6, abs=1e-6)
    assert beliefs[0].sd == pytest.approx(beliefs[1].sd, rel=1e-9)
    assert beliefs[0].sd < sd


@given(sds, sds)
def test_variance_before_is_variance_explained_and_left(sd, error):
    left = updated(Normal(0, sd), 1.0, error).sd
    assert preposterior_sd(sd, error) ** 2 + left**2 == pytest.approx(sd**2, rel=1e-9)


@given(studies)
def test_a_mean_lies_among_its_studies_and_weights_add_up(found):
    y, s = zip(*found, strict=True)
    fit = random_effects(y, s)
    assert isinstance(fit, MetaAnalysis)
    assert min(y) - 1e-9 <= fit.mean <= max(y) + 1e-9
    assert sum(fit.weights) == pytest.approx(1)
    assert fit.std_error >= fit.wald_std_error * (1 - TOLERANCE) or fit.k >= 10
    assert 0 <= fit.i2 <= 1


@given(studies, st.floats(0.1, 10), st.floats(-5, 5))
def test_pooling_goes_with_the_unit(found, factor, shift):
    y, s = (np.array(part) for part in zip(*found, strict=True))
    assume(np.ptp(y) > 1e-6)
    fit, moved = random_effects(y, s), random_effects(factor * y + shift, factor * s)
    assert isinstance(fit, MetaAnalysis)
    assert isinstance(moved, MetaAnalysis)
    assert moved.mean == pytest.approx(factor * fit.mean + shift, rel=1e-5, abs=1e-5)
    assert moved.tau2 == pytest.approx(factor**2 * fit.tau2, rel=1e-4, abs=1e-6)


@given(studies)
def test_no_variation_is_the_fixed_effect_answer(found):
    y, s = (np.array(part) for part in zip(*found, strict=True))
    fit = random_effects(y, s)
    assert isinstance(fit, MetaAnalysis)
    if fit.tau2 == 0:
        weights = s**-2 / (s**-2).sum()
        assert fit.mean == pytest.approx(float(weights @ y), abs=1e-9)


@given(studies)
def test_the_interval_of_variation_rises_with_its_level(found):
    y, s = zip(*found, strict=True)
    narrow, wide = (heterogeneity_interval(y, s, confidence_level=level) for level in (0.8, 0.95))
    assert isinstance(narrow, Interval)
    assert isinstance(wide, Interval)
    assert 0 <= wide.low <= narrow.low <= narrow.high <= wide.high


@given(st.floats(0, 20), st.floats(0, 20), st.floats(0, 20), rates, st.sampled_from(Discounting))
def test_years_add_up_and_later_ones_count_less(a, b, c, rate, convention):
    first, second, third = sorted((a, b, c))
    whole = discounted_years(first, third, rate, convention)
    parts = discounted_years(first, second, rate, convention) + discounted_years(second, third, rate, convention)
    assert whole == pytest.approx(parts, abs=1e-9)
    assert 0 <= whole <= third - first + 1e-9


def designs(units):
    return st.builds(
        lambda k, s, cost, years: TrialDesign(
            sites_per_arm=k,
            patients_per_site=units / 100,
            std_error=1.0,
            preposterior_sd=s,
            cost=cost,
            years=years,
            unit_years_per_arm=k * units / 100 * years,
            sites_available=100,
        ),
        st.integers(2, 80),
        st.floats(0, 50),
        st.floats(0, 1e6),
        st.floats(0.25, 3),
    )


@given(
    means,
    sds,
    st.floats(0, 1e6),
    rates,
    st.lists(designs(10_000), max_size=5),
    st.tuples(st.floats(0, 0.45), st.floats(0.55, 1)),
    st.floats(0, 1e5),
)
def test_every_option_has_one_answer_by_each_rule(mean, sd, cost, rate, offered, gates, least):
    option = Option(
        net_benefit=Normal(mean, sd), units_a_year=10_000, roll_out_cost=cost, horizon_years=4, discount_rate=rate
    )
    found = triage(option, offered, GateValues(implement_at=gates[1], drop_at=gates[0], least_gain=least))
    assert found.best is None or (not found.best.infeasible and 2 * found.best.sites_per_arm <= 100)
    assert found.value_rule is not Priority.NOT_YET_EVALUABLE
    evaluates = {Priority.IMPLEMENT_WITH_EVALUATION, Priority.EVALUATE_ONLY}
    assert (found.value_rule in evaluates) == (found.enbs is not None and found.enbs > least)
    if found.value_rule not in evaluates:
        assert (found.value_rule is Priority.IMPLEMENT) == (found.net_benefit > 0)
    if found.reason is not TriageReason.CONFIDENT:
        assert found.priority is found.value_rule
    assert found.best is None or found.enbs == max(d.enbs for d in found.designs if not d.infeasible)


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(0.05, 0.95), errors, st.sampled_from(list(EvidenceScale)[:3]))
def test_no_trial_moves_more_than_is_unknown(mean, sd, baseline, error, scale):
    effect = Effect(effect=Normal(mean, sd), scale=scale, baseline=baseline, lower_is_better=True)
    assert 0 <= learnt_sd(effect, error) <= improvement(effect).sd * (1 + 1e-6)


@given(st.floats(-2, 2), st.floats(0.01, 1), st.floats(0.1, 50))
def test_the_difference_that_a_ratio_makes_is_that_ratio_again(effect, error, baseline):
    difference = baseline * (math.exp(effect) - 1)
    back = difference_to_log_ratio(difference, error * baseline * math.exp(effect), baseline=baseline)
    assert (back.effect, back.std_error) == (pytest.approx(effect, abs=1e-9), pytest.approx(error, rel=1e-9))


@given(means, st.floats(0.1, 50), st.floats(0.1, 50), st.floats(-300, 300))
def test_scores_are_never_below_zero_and_do_not_depend_on_the_origin(middle, below, above, outcome):
    forecast = IntervalForecast(low=middle - below, middle=middle, high=middle + above)
    moved = IntervalForecast(low=middle - below + 7, middle=middle + 7, high=middle + above + 7)
    assert crps(forecast, outcome) > 0
    assert crps(moved, outcome + 7) == pytest.approx(crps(forecast, outcome), rel=1e-6, abs=1e-9)
    assert interval_score(forecast, outcome) >= (below + above) * (1 - 1e-9)
    assert crps(forecast, outcome) <= abs(outcome - middle) + below + above


own_results = st.lists(st.tuples(effects, errors), max_size=5)


def own(number: int, effect: float, error: float) -> LibraryStudy:
    return LibraryStudy(
        id=f"own-{number}",
        strategy="visits",
        over="letters",
        target="opioids",
        scale=EvidenceScale.LOG_RATIO,
        effect=effect,
        std_error=error,
        lower_is_better=True,
        design=StudyDesign.CLUSTER_TRIAL,
        setting="here",
        completed=2020 + number,
        source="a cycle",
        indicator="opioids",
        cycle=f"cycle-{number}",
        posted_on=f"{2020 + number}-12-01",
    )


@given(own_results, st.floats(-1, 1), st.floats(0.01, 1))
@settings(max_examples=50)
def test_each_cycle_begins_with_what_the_last_one_ended_with(results, mean, sd):
    question = Question(
        strategy="visits", over="letters", scale=EvidenceScale.LOG_RATIO, lower_is_better=True, indicator="opioids"
    )
    library, belief, posted = Library(), Normal(mean, sd), []
    for number, (effect, error) in enumerate(results):
        prior = predict(library, question, stated=Normal(mean, sd))
        assert prior.normal == belief
        posted.append(own(number, effect, error))
        library, belief = Library.of([], posted), updated(belief, effect, error)
    assert predict(library, question, stated=Normal(mean, sd)).normal == belief
    assert library_from_record(json.loads(json.dumps(library.to_record()))) == library
    assert math.isfinite(belief.mean)
