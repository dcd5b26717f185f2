"""Value less cost, its interval and its probability: against arithmetic, tables of the normal, and joint draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from enginehouse.economics.net_benefit import NetBenefit, net_benefit
from enginehouse.economics.price_doubt import PriceDistribution
from enginehouse.programme.enums import Direction
from enginehouse.stats.results import Estimate, NotEstimable

FIXED = PriceDistribution(low=0.1, top=0.1, high=0.1)
DOUBTFUL = PriceDistribution(low=0.05, top=0.1, high=0.2)
DRAWS = 400_000
Make = Callable[..., Estimate]


def benefit(effect: Estimate, *, price: PriceDistribution = FIXED, cost: float | NotEstimable = 200.0, **more: Any):
    given = {"quantity": 100_000.0, "direction": Direction.LOWER_IS_BETTER, "sites": 10, "years": 1.0, **more}
    result = net_benefit(effect, price=price, cost=cost, **given)
    assert isinstance(result, NetBenefit)
    return result


def by_draws(effect: Estimate, price: PriceDistribution, *, cost: float, sign: int, quantity: float = 100_000.0):
    """The second implementation: joint draws of effect and price, and nothing else."""
    rng = np.random.default_rng(20250601)
    size = DRAWS
    deviates = rng.standard_normal(size) if math.isinf(effect.df) else rng.standard_t(effect.df, size)
    theta = effect.value + effect.std_error * deviates
    change = np.expm1(theta) if effect.scale == "log-ratio" else theta
    prices = (
        np.full(size, price.top) if price.low == price.high else rng.triangular(price.low, price.top, price.high, size)
    )
    return prices * sign * quantity * change - cost


def test_value_and_cost_by_hand(estimate: Make):
    result = benefit(estimate(-0.05, 0.02))
    saved = 1 - math.exp(-0.05)
    assert result.units.point == pytest.approx(100_000 * saved)
    assert result.value.range.point == pytest.approx(10_000 * saved)
    # The limits of the effect, -0.05 -+ 1.959964 x 0.02, give the limits of the value.
    assert result.value.range.low == pytest.approx(10_000 * (1 - math.exp(-0.05 + 1.959964 * 0.02)), rel=1e-6)
    assert result.from_effect == result.value.range.shifted(added=-200.0)
    assert result.net.low == pytest.approx(result.from_effect.low, abs=1e-3)
    assert result.net.high == pytest.approx(result.from_effect.high, abs=1e-3)
    # E exp(theta) = exp(-0.05 + 0.02^2 / 2)
    assert result.expected == pytest.approx(10_000 * (1 - math.exp(-0.0498)) - 200)
    assert result.break_even_cost == pytest.approx(10_000 * (1 - math.exp(-0.0498)))
    assert result.break_even_effect == pytest.approx(1 - 200 / 10_000)


def test_the_probability_is_a_tail_of_the_effect(estimate: Make):
    # P(theta < log(1 - 0.02)): (0.05 - 0.0202027) / 0.02 = 1.48986; Phi(1.48986) = 0.93187 (tables).
    assert benefit(estimate(-0.05, 0.02)).probability == pytest.approx(0.93187, abs=1e-5)
    # With 10 degrees of freedom: P(T10 < 1.48986) = 0.91645 (R: pt(1.48986, 10)).
    assert benefit(estimate(-0.05, 0.02, df=10)).probability == pytest.approx(0.91645, abs=2e-4)


@pytest.mark.parametrize("df", [math.inf, 24.0])
@pytest.mark.parametrize(
    ("scale", "direction", "sign", "value", "error"),
    [
        ("log-ratio", Direction.LOWER_IS_BETTER, -1, -0.05, 0.02),
        ("log-ratio", Direction.HIGHER_IS_BETTER, 1, 0.03, 0.03),
        ("difference", Direction.LOWER_IS_BETTER, -1, -0.02, 0.015),
        ("difference", Direction.HIGHER_IS_BETTER, 1, -0.005, 0.02),
    ],
)
@pytest.mark.parametrize("cost", [200.0, -150.0, 0.0])
def test_closed_form_and_joint_draws_agree(
    estimate: Make, df: float, scale: str, direction: Direction, sign: int, value: float, error: float, cost: float
):
    effect = estimate(value, error, df, scale=scale)
    result = benefit(effect, price=DOUBTFUL, cost=cost, direction=direction)
    drawn = by_draws(effect, DOUBTFUL, cost=cost, sign=sign)
    spread = float(drawn.std())
    chance = 5 * math.sqrt(0.25 / DRAWS)
    assert result.probability == pytest.approx(float((drawn > 0).mean()), abs=chance)
    assert result.expected == pytest.approx(float(drawn.mean()), abs=5 * spread / math.sqrt(DRAWS))
    low, high = np.quantile(drawn, [0.025, 0.975])
    # A quantile at 2.5% of so many draws has a standard error of about 0.6% of the spread at most.
    assert result.net.low == pytest.approx(float(low), abs=0.03 * spread)
    assert result.net.high == pytest.approx(float(high), abs=0.03 * spread)


def test_the_price_is_a_triangle(estimate: Make):
    prices, weights = DOUBTFUL.nodes()
    assert weights.sum() == pytest.approx(1.0)
    assert float(prices @ weights) == pytest.approx((0.05 + 0.1 + 0.2) / 3)
    # Var of a triangle: (a^2 + b^2 + c^2 - ab - ac - bc) / 18
    variance = (0.05**2 + 0.1**2 + 0.2**2 - 0.05 * 0.1 - 0.05 * 0.2 - 0.1 * 0.2) / 18
    assert float((prices - DOUBTFUL.mean) ** 2 @ weights) == pytest.approx(variance)


@pytest.mark.parametrize("top", [0.05, 0.2])
def test_a_price_at_one_of_its_limits(estimate: Make, top: float):
    price = PriceDistribution(low=0.05, top=top, high=0.2)
    _, weights = price.nodes()
    assert weights.sum() == pytest.approx(1.0)
    assert 0 < benefit(estimate(-0.05, 0.02), price=price).probability < 1


def test_without_a_cost_only_the_value_is_known(estimate: Make):
    unknown = NotEstimable(reason="cost-not-known", detail="Nobody wrote it down.")
    result = benefit(estimate(-0.05, 0.02), cost=unknown)
    assert result.value.range.point == pytest.approx(487.7058)
    assert result.break_even_cost == pytest.approx(result.value.expected)
    for part in (result.cost, result.from_effect, result.net, result.expected, result.probability):
        assert part == unknown
    assert result.probability_at_price == result.break_even_effect == unknown


def test_an_effect_that_cannot_be_estimated_has_no_net_benefit():
    missing = NotEstimable(reason="few-sites", detail="Two sites are left.")
    result = net_benefit(
        missing, quantity=1.0, price=FIXED, direction=Direction.LOWER_IS_BETTER, cost=1.0, sites=1, years=1.0
    )
    assert isinstance(result, NotEstimable)
    assert result.detail == "No net benefit: the effect is not known. Two sites are left."


def test_an_effect_so_uncertain_that_it_has_no_expectation(estimate: Make):
    result = benefit(estimate(0.0, 1.0, df=3.0))
    assert isinstance(result.expected, NotEstimable)
    assert result.expected.reason == "no-expectation"
    assert 0 < result.probability < 1


def test_a_cost_above_all_there_is_to_save(estimate: Make):
    result = benefit(estimate(-0.05, 0.02), cost=10_001.0)
    assert result.probability == 0
    assert isinstance(result.break_even_effect, NotEstimable)
    assert result.break_even_effect.reason == "cost-exceeds-all"


def test_a_known_effect_is_a_yes_or_a_no(estimate: Make):
    result = benefit(estimate(-0.05, 0.0), cost=400.0)
    assert (result.probability, result.net.low, result.net.high) == (1.0, result.net.point, result.net.point)
    assert benefit(estimate(-0.05, 0.0), cost=500.0).probability == 0.0
    doubtful = benefit(estimate(-0.05, 0.0), price=DOUBTFUL, cost=400.0)
    assert doubtful.net.low < doubtful.net.point < doubtful.net.high


@pytest.mark.parametrize("quantity", [0.0, -1.0, math.inf, math.nan])
def test_a_quantity_that_is_none(estimate: Make, quantity: float):
    with pytest.raises(ValueError, match="must be more than 0"):
        benefit(estimate(-0.05, 0.02), quantity=quantity)


def test_an_indicator_without_direction(estimate: Make):
    with pytest.raises(ValueError, match="without direction"):
        benefit(estimate(-0.05, 0.02), direction=Direction.NONE)
