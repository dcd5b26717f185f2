"""Invariants of savings and returns, whatever the effect."""

from __future__ import annotations

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from enginehouse.economics.amounts import Range
from enginehouse.economics.consistency import ConsistencyFinding, ReturnDefinition, check_consistency
from enginehouse.economics.returns import (
    ReturnRatios,
    break_even_effect,
    campaign_return,
    probability_of_return,
)
from enginehouse.economics.savings import Saving, saving
from enginehouse.programme.protocol import Price
from enginehouse.stats.results import Estimate, NotEstimable

PRICE = Price.model_validate(
    {
        "indicator": "x",
        "per_unit": 2.0,
        "low": 1.0,
        "high": 3.0,
        "price_year": 2017,
        "source": "s",
        "is_assumption": True,
    }
)
EFFECTS = st.builds(
    Estimate,
    value=st.floats(-0.5, 0.5),
    std_error=st.floats(0.001, 0.2),
    df=st.one_of(st.just(math.inf), st.floats(4, 200)),
    scale=st.just("log-ratio"),
    method=st.just("example"),
)
SHARES = st.floats(0, 1)
MONEY = st.floats(1, 1e7)


def saved(effect: Estimate, quantity: float = 1e6, substitution: float | None = None) -> Saving:
    result = saving(effect, counterfactual_quantity=quantity, price=PRICE, substitution=substitution)
    assert isinstance(result, Saving)
    return result


@given(EFFECTS, SHARES)
def test_limits_are_in_order_and_substitution_only_shrinks(effect, substitution):
    result = saved(effect, substitution=substitution)
    for amount in (result.gross, result.headline, result.at_low_price, result.at_high_price):
        assert amount.range.low <= amount.range.point <= amount.range.high
    assert abs(result.headline.range.point) <= abs(result.gross.range.point) * (1 + 1e-12)
    assert result.headline.range.high <= result.counterfactual_cost * (1 + 1e-12)


@given(EFFECTS)
def test_an_expected_saving_lies_below_the_median_one(effect):
    """exp is convex: doubt about the effect costs something."""
    result = saved(effect).gross
    if not isinstance(result.expected, NotEstimable):
        assert result.expected <= result.range.point + 1e-6


@given(EFFECTS, st.floats(0, 3e6))
def test_the_probability_is_one_half_or_more_exactly_when_the_saving_covers_the_cost(effect, cost):
    result = saved(effect)
    assume(abs(result.headline.range.point - cost) > 1)
    answer = campaign_return(effect, saving=result, cost=cost)
    assert (answer.probability > 0.5) == (result.headline.range.point > cost)


@given(EFFECTS, st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_dearer_campaign_is_never_likelier_to_pay(effect, one, other):
    cheap, dear = sorted((one, other))
    at_cheap, at_dear = (probability_of_return(effect, counterfactual_cost=2e6, cost=c) for c in (cheap, dear))
    assert at_cheap >= at_dear


@given(EFFECTS, st.floats(1, 1e6))
def test_a_headline_return_exactly_when_the_interval_excludes_no_effect(effect, cost):
    answer = campaign_return(effect, saving=saved(effect), cost=cost)
    assert isinstance(answer.headline_return, ReturnRatios) == (not effect.interval().contains(0.0))
    if isinstance(answer.headline_return, ReturnRatios):
        ratios = answer.headline_return
        assert math.isclose(
            ratios.return_on_investment.point, ratios.benefit_cost_ratio.point - 1, rel_tol=1e-9, abs_tol=1e-9
        )


@given(EFFECTS, st.floats(1, 1.9e6))
def test_at_the_break_even_effect_the_saving_is_the_cost(effect, cost):
    ratio = break_even_effect(counterfactual_cost=2e6, cost=cost)
    assert not isinstance(ratio, NotEstimable)
    at_break_even = Estimate(
        value=math.log(ratio), std_error=effect.std_error, df=effect.df, scale="log-ratio", method="example"
    )
    assert math.isclose(saved(at_break_even).headline.range.point, cost, rel_tol=1e-6, abs_tol=1e-3)


@given(MONEY, MONEY, st.sampled_from(ReturnDefinition))
def test_sums_made_from_one_gross_and_one_cost_always_hold(gross, cost, definition):
    net = gross - cost
    ratio = gross / cost if definition is ReturnDefinition.BENEFIT_OVER_COST else net / cost
    assume(ratio > 0)
    found = check_consistency(net=net, gross=gross, cost=cost, ratio=ratio)
    assert found.finding is ConsistencyFinding.CONSISTENT
    assert definition in found.possible_definitions


@given(MONEY, MONEY, st.floats(1.3, 10), st.sampled_from(["net", "gross", "cost", "ratio"]))
def test_the_unit_of_money_does_not_matter(gross, cost, factor, wrong):
    figures = {"net": gross - cost, "gross": gross, "cost": cost, "ratio": gross / cost}
    figures[wrong] *= factor
    in_pounds = check_consistency(**figures, rounding=0.03)
    in_pence = check_consistency(**{k: v * (1 if k == "ratio" else 100) for k, v in figures.items()}, rounding=0.03)
    assert in_pounds.possible_definitions == in_pence.possible_definitions


def test_a_range_holds_its_limits():
    assert Range(point=0, low=-1, high=1, confidence_level=0.95).contains(-1)
