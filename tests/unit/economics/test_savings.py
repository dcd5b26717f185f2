"""Savings on arithmetic that a reader can redo."""

from __future__ import annotations

import math

import pytest

from enginehouse.economics.amounts import Amount, Range
from enginehouse.economics.savings import expected_ratio, saving, share_saved
from enginehouse.stats.results import NotEstimable

PRICE = {"per_unit": 2.0, "low": 1.0, "high": 3.0}
# Two-sided 95% of the normal distribution.
Z = 1.959963984540054


def make(economics, effect, *, substitution=None, quantity=1000.0):
    return saving(
        effect,
        counterfactual_quantity=quantity,
        price=economics(price=PRICE).price,
        substitution=substitution,
        substitution_note="Not tested.",
    )


def test_a_tenth_less_of_a_thousand_at_two_pounds_saves_two_hundred(economics, estimate):
    saved = make(economics, estimate(math.log(0.9), 0.05))
    assert saved.gross.range.point == pytest.approx(0.1 * 1000 * 2)
    # The limits of the effect, turned over: less effect, less saved.
    assert saved.gross.range.low == pytest.approx((1 - 0.9 * math.exp(Z * 0.05)) * 2000)
    assert saved.gross.range.high == pytest.approx((1 - 0.9 * math.exp(-Z * 0.05)) * 2000)
    assert saved.gross.expected == pytest.approx((1 - 0.9 * math.exp(0.05**2 / 2)) * 2000)
    assert saved.at_low_price.range.point == pytest.approx(100)
    assert saved.at_high_price.range.point == pytest.approx(300)
    assert saved.counterfactual_cost == 2000


def test_without_substitution_it_is_called_gross(economics, estimate):
    saved = make(economics, estimate(-0.1, 0.05))
    assert saved.label == "gross"
    assert saved.headline == saved.gross
    assert saved.net == NotEstimable(reason="substitution-not-known", detail="Not tested.")


def test_with_substitution_it_is_net_in_every_part(economics, estimate):
    saved = make(economics, estimate(math.log(0.9), 0.05), substitution=0.25)
    assert saved.label == "net of substitution"
    assert saved.gross.range.point == pytest.approx(200)
    assert saved.headline.range.point == pytest.approx(150)
    assert saved.at_low_price.range.point == pytest.approx(75)
    assert saved.counterfactual_cost == pytest.approx(1500)


def test_an_increase_is_a_negative_saving(economics, estimate):
    assert make(economics, estimate(math.log(1.1), 0.01)).gross.range.point == pytest.approx(-200)


def test_no_effect_no_saving_and_the_reason_is_passed_on(economics):
    answer = make(economics, NotEstimable(reason="too-few-placebo-areas", detail="Only 5 placebo areas."))
    assert answer == NotEstimable(
        reason="too-few-placebo-areas", detail="No saving: the effect cannot be estimated. Only 5 placebo areas."
    )


def test_a_difference_is_not_a_share(economics, estimate):
    answer = make(economics, estimate(-0.1, 0.05, scale="difference"))
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "not-a-ratio"


def test_an_effect_too_uncertain_has_no_expectation(economics, estimate):
    effect = estimate(-0.1, 1.0, df=3)
    assert isinstance(expected_ratio(effect), NotEstimable)
    saved = make(economics, effect, substitution=0.5)
    assert isinstance(saved.gross.expected, NotEstimable)
    assert isinstance(saved.headline.expected, NotEstimable)
    assert isinstance(saved.headline.less(3).expected, NotEstimable)


def test_many_degrees_of_freedom_are_as_good_as_normal(estimate):
    # The central 99.9% of a normal has a variance 0.7% smaller; se^2 / 2 is 0.00125.
    assert expected_ratio(estimate(0.0, 0.05, df=1e7)) == pytest.approx(math.exp(0.05**2 / 2), abs=2e-5)


def test_an_effect_without_doubt_has_its_own_expectation(estimate):
    assert expected_ratio(estimate(-0.2, 0.0, df=9)) == pytest.approx(math.exp(-0.2))
    assert share_saved(estimate(-0.2, 0.0, df=9)).range.low == pytest.approx(1 - math.exp(-0.2))


def test_amounts_are_not_turned_over():
    amount = Amount(range=Range(point=1, low=0, high=2, confidence_level=0.95), expected=1)
    with pytest.raises(ValueError, match="0 or more"):
        amount.scaled(-1)
