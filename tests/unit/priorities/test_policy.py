"""Policy cost-effectiveness: each status, and what cannot be asked."""

from dataclasses import replace

import pytest

from enginehouse.priorities.policy import (
    PolicyInputs,
    RatioStatus,
    cost_per_qaly,
    net_benefit_of_odds_ratio,
    policy_cost_effectiveness,
)
from enginehouse.stats.gaussian import Normal

INPUTS = PolicyInputs(
    eligible=85,
    change=0.06,
    duration_years=1.5,
    strategy_cost=450,
    treatment_cost=120,
    treatment_qaly=0.03,
    value_of_qaly=20_000,
    practices=300,
)


@pytest.mark.parametrize(
    ("cost", "qaly", "status", "ratio"),
    [
        (100, 0.01, RatioStatus.ICER, 10_000),
        (-100, 0.01, RatioStatus.DOMINANT, None),
        (0, 0.01, RatioStatus.DOMINANT, None),
        (100, -0.01, RatioStatus.DOMINATED, None),
        (-100, -0.01, RatioStatus.SAVINGS_PER_QALY_FORGONE, 10_000),
        (100, 0, RatioStatus.NO_HEALTH_EFFECT, None),
    ],
)
def test_a_ratio_only_where_it_means_something(cost, qaly, status, ratio):
    found = cost_per_qaly(cost, qaly)
    assert found.status is status
    assert found.ratio == (None if ratio is None else pytest.approx(ratio))


def test_the_policy_costs_more_per_qaly_than_the_treatment():
    found = policy_cost_effectiveness(INPUTS)
    assert found.treatment.ratio is not None
    assert found.policy.ratio == pytest.approx(found.treatment.ratio + found.loading_per_qaly)


def test_at_the_break_evens_the_net_benefit_is_nothing():
    found = policy_cost_effectiveness(INPUTS)
    assert policy_cost_effectiveness(replace(INPUTS, strategy_cost=found.break_even_cost)).net_benefit == pytest.approx(
        0
    )
    assert policy_cost_effectiveness(replace(INPUTS, change=found.break_even_change)).net_benefit == pytest.approx(0)


def test_without_health_there_is_no_loading_per_qaly():
    found = policy_cost_effectiveness(replace(INPUTS, treatment_qaly=0.0, treatment_cost=-50.0))
    assert found.loading_per_qaly is None
    assert found.policy.status is RatioStatus.NO_HEALTH_EFFECT


def test_what_changes_nothing_is_refused():
    with pytest.raises(ValueError, match="a change and a duration above 0"):
        policy_cost_effectiveness(replace(INPUTS, change=0))


def test_the_chain_where_no_odds_ratio_is_enough_or_the_change_is_worth_nothing():
    none = net_benefit_of_odds_ratio(Normal(0.2, 0.1), baseline=0.5, value_of_change=10, strategy_cost=6)
    assert none.break_even_odds_ratio is None
    assert none.prob_cost_effective == 0
    with pytest.raises(ValueError, match="worth no strategy"):
        net_benefit_of_odds_ratio(Normal(0.2, 0.1), baseline=0.5, value_of_change=-1, strategy_cost=6)
