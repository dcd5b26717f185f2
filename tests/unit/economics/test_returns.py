"""Returns, break-even and their probability; and the rule that a doubtful effect has no headline return."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from enginehouse.economics.returns import (
    benefit_cost_ratio,
    break_even_effect,
    campaign_return,
    highest_cost_shown,
    probability_of_return,
    return_curve,
    return_on_investment,
)
from enginehouse.economics.savings import saving
from enginehouse.economics.uncertain_costs import uncertain_return
from enginehouse.stats.results import NotEstimable

PRICE = {"per_unit": 2.0, "low": 1.0, "high": 3.0}


@pytest.fixture
def returned(economics, estimate):
    """The return of a campaign on 1000 units at 2 each."""

    def make(value, std_error, cost):
        effect = estimate(value, std_error)
        saved = saving(effect, counterfactual_quantity=1000.0, price=economics(price=PRICE).price, substitution=0.0)
        return campaign_return(effect, saving=saved, cost=cost)

    return make


def test_both_ratios_have_their_definitions():
    assert benefit_cost_ratio(900_000, 200_000) == 4.5
    assert return_on_investment(900_000, 200_000) == 3.5


def test_a_return_on_nothing_is_not_defined(returned):
    assert isinstance(benefit_cost_ratio(5.0, 0.0), NotEstimable)
    assert isinstance(return_on_investment(5.0, 0.0), NotEstimable)
    answer = returned(math.log(0.9), 0.01, 0.0)
    assert answer.headline_return == NotEstimable(reason="no-cost", detail="A return on a cost of 0 is not defined.")
    assert answer.net_benefit.range.point == pytest.approx(200)


def test_a_clear_effect_has_a_headline_return(returned):
    answer = returned(math.log(0.9), 0.01, 50.0)
    assert answer.headline_return.benefit_cost_ratio.point == pytest.approx(200 / 50)
    assert answer.headline_return.return_on_investment.point == pytest.approx((200 - 50) / 50)
    assert answer.headline_return.benefit_cost_ratio.low == pytest.approx(answer.saving.range.low / 50)
    assert answer.headline_return.return_on_investment.high == pytest.approx(answer.saving.range.high / 50 - 1)
    assert answer.net_benefit.range.point == pytest.approx(150)
    assert answer.break_even_effect == pytest.approx(1 - 50 / 2000)


def test_a_doubtful_effect_has_none(returned):
    answer = returned(math.log(0.99), 0.02, 5.0)
    assert isinstance(answer.headline_return, NotEstimable)
    assert answer.headline_return.reason == "interval-includes-no-effect"
    assert "95% interval of the effect includes no effect, so no return is given" in answer.headline_return.detail
    assert 0.5 < answer.probability < 1


def test_the_type_itself_refuses_a_headline_for_a_doubtful_effect(returned):
    clear, doubtful = returned(math.log(0.9), 0.01, 50.0), returned(math.log(0.99), 0.02, 50.0)
    with pytest.raises(ValueError, match="no return is a headline"):
        replace(doubtful, headline_return=clear.headline_return)
    with pytest.raises(ValueError, match="no return is a headline"):
        replace(clear, saving=doubtful.saving)


def test_the_probability_at_a_cost_of_the_saving_is_one_half(estimate):
    effect = estimate(math.log(0.9), 0.05, df=7)
    assert probability_of_return(effect, counterfactual_cost=2000.0, cost=200.0) == pytest.approx(0.5)
    assert probability_of_return(effect, counterfactual_cost=2000.0, cost=20.0, target=10) == pytest.approx(0.5)


def test_no_campaign_saves_more_than_everything(estimate):
    effect = estimate(-0.1, 0.05)
    assert probability_of_return(effect, counterfactual_cost=2000.0, cost=2000.0) == 0
    answer = break_even_effect(counterfactual_cost=2000.0, cost=2500.0)
    assert isinstance(answer, NotEstimable)
    assert "No effect would have paid" in answer.detail


def test_an_effect_without_doubt_paid_or_did_not(estimate):
    effect = estimate(math.log(0.9), 0.0)
    assert probability_of_return(effect, counterfactual_cost=2000.0, cost=199.0) == 1
    assert probability_of_return(effect, counterfactual_cost=2000.0, cost=201.0) == 0


def test_the_curve_falls_from_no_cost_to_the_highest(estimate):
    curve = return_curve(estimate(-0.1, 0.05), counterfactual_cost=2000.0, highest_cost=500.0, points=11)
    assert [point.cost for point in curve] == [50.0 * i for i in range(11)]
    probabilities = [point.probability for point in curve]
    assert probabilities == sorted(probabilities, reverse=True)


def test_the_curve_shows_every_mark_and_the_whole_interval(returned, economics, estimate):
    effect = estimate(math.log(0.9), 0.05)
    saved = saving(effect, counterfactual_quantity=1000.0, price=economics(price=PRICE).price, substitution=0.0)
    assert highest_cost_shown(saved, []) >= saved.headline.range.high
    assert highest_cost_shown(saved, [7000.0]) == 8500.0
    harmful = saving(
        estimate(1.0, 0.05), counterfactual_quantity=1000.0, price=economics(price=PRICE).price, substitution=0.0
    )
    assert highest_cost_shown(harmful, []) > 0


def test_a_cost_that_may_be_zero_has_no_ratio():
    answer = uncertain_return(benefit_mean=10, benefit_std_error=1, cost_mean=1, cost_std_error=1)
    assert isinstance(answer.benefit_cost_ratio, NotEstimable)
    assert isinstance(answer.return_on_investment, NotEstimable)
    assert answer.net == 9


def test_known_sums_have_no_doubt():
    answer = uncertain_return(benefit_mean=10, benefit_std_error=0, cost_mean=2, cost_std_error=0, targets=(5, 6))
    assert answer.benefit_cost_ratio.low == answer.benefit_cost_ratio.high == 5
    assert answer.probability_at_least == {5: 1.0, 6: 0.0}
