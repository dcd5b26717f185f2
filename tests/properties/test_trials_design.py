"""What must hold of any design: more clusters are never worse, and there and back is where one was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enginehouse.trials.correlation import Correlation, period_covariance
from enginehouse.trials.longitudinal import stepped_schedule, treatment_variance
from enginehouse.trials.sample_size.comparison import (
    clusters_needed,
    detectable_difference,
    people_needed,
    power_of,
    precision,
)
from enginehouse.trials.sample_size.design_effects import design_effect
from enginehouse.trials.sample_size.several_arms import dunnett_power
from enginehouse.trials.sample_size.two_arms import means, means_with_baseline

PEOPLE = st.floats(2, 500)
ICC = st.floats(0, 0.5)
CV = st.floats(0, 1.5)
EFFECT = st.floats(0.05, 1)
CLUSTERS = st.integers(2, 100)
SHARE = st.floats(0, 1)


@given(PEOPLE, ICC, CV, EFFECT, CLUSTERS)
def test_more_clusters_more_power_and_narrower_intervals(m, icc, cv, effect, k):
    comparison = means(m, icc=icc, cv=cv)
    assert power_of(comparison, effect, k) <= power_of(comparison, effect, k + 1) + 1e-12
    assert precision(comparison, k + 1) < precision(comparison, k)
    assert detectable_difference(comparison, k + 1) < detectable_difference(comparison, k)


@given(PEOPLE, ICC, CV, EFFECT, st.floats(0.1, 0.99))
def test_the_clusters_needed_are_the_fewest(m, icc, cv, effect, power):
    comparison = means(m, icc=icc, cv=cv)
    found = clusters_needed(comparison, effect, power=power)
    assert found.power >= power - 1e-9
    assert found.clusters == comparison.fewest or power_of(comparison, effect, found.clusters - 1) < power + 1e-9


@given(PEOPLE, ICC, CV)
def test_design_effects_are_at_least_one_and_grow_with_size_and_spread(m, icc, cv):
    plain = design_effect(m, icc)
    assert 1 - 1e-12 <= plain <= design_effect(m + 1, icc) + 1e-12
    assert plain <= design_effect(m, icc, cv=cv) + 1e-12


@given(PEOPLE, ICC, SHARE, SHARE)
def test_a_baseline_never_harms_an_analysis_of_covariance(m, icc, cac, iac):
    with_baseline = means_with_baseline(m, icc=icc, cac=cac, iac=iac).variance
    assert with_baseline <= means(m, icc=icc).variance + 1e-12
    assert with_baseline <= means_with_baseline(m, icc=icc, cac=cac, iac=iac, analysis="change").variance + 1e-12


@given(ICC, EFFECT, CLUSTERS)
def test_people_needed_are_enough_or_no_number_is(icc, effect, k):
    found = people_needed(lambda m: means(m, icc=icc), effect, k)
    if isinstance(found, float):
        assert power_of(means(found, icc=icc), effect, k) >= 0.8 - 1e-9
    else:
        assert found.reason == "no-number-of-people"
        assert power_of(means(1e6, icc=icc), effect, k) < 0.8


@given(st.floats(0.01, 0.3), EFFECT, st.integers(3, 40))
def test_any_finding_is_likelier_than_each_and_each_than_all(icc, effect, k):
    comparison, effects = means(20, icc=icc), [effect, effect / 2]
    any_one, each, both = (dunnett_power(comparison, effects, k, findings=f) for f in ("any", "each", "all"))
    assert any_one + 1e-9 >= each >= both - 1e-9


@given(
    st.integers(2, 6),
    st.floats(0.001, 0.5),
    SHARE,
    st.floats(0.01, 1),
    st.floats(0, 0.9),
    st.integers(1, 50),
)
def test_a_longer_wedge_of_more_clusters_is_never_less_precise(sequences, icc, cac, decay, iac, people):
    rest = 1 - icc
    correlation = Correlation(between=icc, within=rest * (1 - iac), person=rest * iac, cac=cac, decay=decay)

    def variance(clusters, after):
        plan = stepped_schedule(sequences, after=after)
        covariance = period_covariance(correlation, people, periods=plan.shape[1])
        return treatment_variance(plan, np.full(sequences, clusters), covariance)

    assert variance(2, 1) <= variance(2, 0) * (1 + 1e-9)
    assert variance(4, 0) == pytest.approx(variance(2, 0) / 2)


@given(st.integers(2, 5), st.floats(0.01, 0.4), st.floats(0.1, 10))
def test_the_unit_of_the_outcome_does_not_matter(sequences, icc, sd):
    plan = stepped_schedule(sequences)
    one, other = (
        treatment_variance(
            plan,
            np.ones(sequences),
            period_covariance(Correlation(between=icc * s**2, within=(1 - icc) * s**2), 10, periods=sequences + 1),
        )
        for s in (1.0, sd)
    )
    assert other == pytest.approx(one * sd**2, rel=1e-9)
