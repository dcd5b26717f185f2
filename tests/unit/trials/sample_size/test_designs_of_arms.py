"""Comparisons of each design: variances by hand, and second ways to the same number."""

import math

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.stats.dunnett import dunnett_critical_value
from enginehouse.trials.sample_size.comparison import power_of
from enginehouse.trials.sample_size.design_effects import design_effect
from enginehouse.trials.sample_size.several_arms import (
    best_control_ratio,
    dunnett_clusters,
    dunnett_power,
    factorial,
    omnibus_power,
)
from enginehouse.trials.sample_size.smart import regimes
from enginehouse.trials.sample_size.two_arms import (
    means,
    means_by_spread,
    means_with_baseline,
    means_with_facilitators,
    proportions,
    proportions_by_spread,
    rates,
)


def test_unequal_sizes_lie_between_equal_ones_and_the_bound():
    for cv in (0.3, 0.7, 1.5):
        assert design_effect(30, 0.05) < design_effect(30, 0.05, cv=cv)
        assert design_effect(30, 0.05, cv=cv) <= design_effect(30, 0.05, cv=cv, correction="weighted")
    assert design_effect(30, 0.05, cv=3) == design_effect(30, 0.05, cv=3, correction="weighted")


def test_more_controls_cost_less_than_as_many_of_each():
    """With twice as many controls: sd^2 DE / m (1 + 1/2)."""
    assert means(20, icc=0.05, sd=2, ratio=2).variance == pytest.approx(4 * 1.95 / 20 * 1.5)
    assert means(20, icc=0.05, ratio=2).df(10) == 28


def test_a_baseline_is_worth_its_correlation():
    """r = (20 x 0.05 x 0.8 + 0.95 x 0) / 1.95."""
    r = 0.8 / 1.95
    plain = means(20, icc=0.05).variance
    assert means_with_baseline(20, icc=0.05, cac=0.8).variance == pytest.approx(plain * (1 - r**2))
    change = means_with_baseline(20, icc=0.05, cac=0.8, analysis="change").variance
    assert change == pytest.approx(plain * 2 * (1 - r))


def test_proportions_by_hand():
    plain = proportions(50, 0.2, 0.3, icc=0.02)
    assert plain.variance == pytest.approx((0.16 + 0.21) * 1.98 / 50)
    assert proportions(50, 0.2, 0.3, icc=0.02, pooled=True).variance == pytest.approx(2 * 0.25 * 0.75 * 1.98 / 50)


def test_spread_by_coefficient_of_variation_is_an_icc():
    """cv^2 p0^2 is the variance between clusters, so that icc = cv^2 p0^2 / (p0 (1 - p0)) where both arms are alike."""
    cv, p, m = 0.3, 0.2, 40
    between = (cv * p) ** 2
    spread = proportions_by_spread(m, p, p, between_cv=cv, plus_one=False)
    assert spread.variance == pytest.approx(2 * (p * (1 - p) / m + between))
    assert rates(m, p, p, between_cv=cv, overdispersion=0.8).variance == pytest.approx(spread.variance)
    assert means_by_spread(m, p, p, sd=0.4, between_cv=cv).variance == pytest.approx(spread.variance)


def test_a_factorial_is_as_good_as_two_trials_and_its_interaction_a_quarter():
    """A main effect of k clusters in each of four cells is that of 2 k in each of two arms."""
    main = factorial(20, icc=0.05)
    assert main.std_error(6) == pytest.approx(means(20, icc=0.05).std_error(12))
    assert factorial(20, icc=0.05, effect="interaction").variance == pytest.approx(4 * main.variance)
    assert factorial(20, icc=0.05, effect="simple").std_error(6) == pytest.approx(means(20, icc=0.05).std_error(6))


def test_few_facilitators_are_what_counts():
    """Ten clusters served by two people: one degree of freedom, and their variance is shared by five clusters each."""
    found = means_with_facilitators(20, icc=0.05, facilitator_icc=0.02, clusters_per_facilitator=5)
    assert found.df(10) == 1
    assert found.variance == pytest.approx(2 * 1.95 / 20 + 5 * 0.02)


def test_an_f_test_of_two_arms_is_a_t_test():
    """Arms that differ by d have a variance of d^2 / 2."""
    omnibus = omnibus_power(2, 12, 20, arm_variance=0.3**2 / 2, cluster_variance=0.05, residual_variance=0.95)
    assert omnibus == pytest.approx(power_of(means(20, icc=0.05), 0.3, 12), abs=1e-9)
    assert omnibus_power(3, 1, 20, arm_variance=1, cluster_variance=0, residual_variance=1).reason == "too-few-clusters"


def test_one_comparison_with_a_control_is_a_t_test():
    comparison = means(20, icc=0.05)
    for findings in ("each", "any", "all"):
        found = dunnett_power(comparison, [0.3], 12, findings=findings)
        assert found == pytest.approx(power_of(comparison, 0.3, 12), abs=1e-7)


def test_dunnett_by_simulation():
    """Three arms against a control, 8 clusters each, on drawn means."""
    rng, k, draws = np.random.default_rng(3), 8, 100_000
    comparison, effects = means(20, icc=0.05), np.array([0.5, 0.3, 0.0])
    error = comparison.std_error(k)
    arms = rng.normal(0, error / math.sqrt(2), (draws, 4))
    spread = np.sqrt(rng.chisquare(28, draws) / 28)
    limit = dunnett_critical_value(3, 28)
    found = np.abs(arms[:, 1:] + effects - arms[:, :1]) > limit * error * spread[:, None]
    any_found = dunnett_power(comparison, effects, k, findings="any")
    assert any_found == pytest.approx(found.any(axis=1).mean(), abs=0.005)
    both = dunnett_power(comparison, effects[:2], k, findings="all")
    assert both < any_found
    assert dunnett_power(comparison, effects, k, findings="all") == pytest.approx(found.all(axis=1).mean(), abs=0.005)


def test_clusters_for_comparisons_with_a_control():
    ratio = best_control_ratio(3)
    comparison = means(20, icc=0.05, ratio=ratio)
    found = dunnett_clusters(comparison, [0.3] * 3, control_ratio=ratio)
    power = dunnett_power(comparison, [0.3] * 3, found.unrounded, control_ratio=ratio)
    assert power == pytest.approx(0.8, abs=1e-6)
    assert dunnett_clusters(comparison, [0.3, 0.0]).reason == "no-effect"
    assert dunnett_clusters(comparison, [0.3, 0.0], findings="any").clusters > 1
    assert dunnett_power(comparison, [0.3], 0.5).reason == "too-few-clusters"


def test_where_nobody_is_allocated_again_regimes_are_arms():
    plain = regimes(20, icc=0.05, responds=(1.0, 1.0))
    assert plain.variance == pytest.approx(2 * means(20, icc=0.05).variance)
    assert regimes(20, icc=0.05, responds=(0.0, 0.0)).variance == pytest.approx(2 * plain.variance)
    assert regimes(20, icc=0.05, responds=(0.3, 1.0), design="adept").variance == pytest.approx(1.35 * plain.variance)
    assert regimes(20, icc=0.05, responds=(1, 1), design="all-again").variance == pytest.approx(2 * plain.variance)
    assert regimes(20, icc=0.05, responds=(1, 1), parameters=4).df(30) == 26
    with pytest.raises(UserError, match="got 1 for 'covariate_correlation'"):
        regimes(20, icc=0.05, responds=(1, 1), covariate_correlation=1)
