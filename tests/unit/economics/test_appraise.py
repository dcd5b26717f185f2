"""The appraisal: what goes in, what is refused, what is said when something cannot be said."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import pytest

from enginehouse.core.errors import Problems
from enginehouse.core.money import Money
from enginehouse.economics.appraise import appraisal_from_record, appraise
from enginehouse.economics.consistency import ConsistencyFinding
from enginehouse.economics.returns import ReturnRatios
from enginehouse.stats.results import NotEstimable

NO_EFFECT = NotEstimable(reason="too-few-placebo-areas", detail="Only 5 placebo areas.")
MARKS = [{"amount": 70_000, "label": "as published"}, {"amount": 1e9, "label": "more than all"}]


@pytest.fixture
def run(economics, costs, estimate):
    def make(effect=None, *, activities=((1, None),), quantity=1e9, price_year=2017, **changes):
        return appraise(
            economics(**changes),
            effect=effect or estimate(-0.02, 0.005, df=27),
            counterfactual_quantity=quantity,
            strategy_costs=costs(*activities),
            currency="GBP",
            price_year=price_year,
        )

    return make


def test_without_a_cost_there_is_no_return_but_break_even_and_a_curve(run):
    appraisal = run(cost_marks=MARKS)
    assert isinstance(appraisal.cost, NotEstimable)
    assert isinstance(appraisal.headline_return, NotEstimable)
    assert appraisal.headline_return.reason == "cost-not-known"
    # 1e9 mg at 0.017 is 17 million; exp(-0.02) saves 1.98% of it.
    assert appraisal.break_even_cost.range.point == pytest.approx((1 - math.exp(-0.02)) * 17e6)
    assert appraisal.curve[0].cost == 0
    assert appraisal.curve[-1].cost >= 1e9
    assert [mark.label for mark in appraisal.marks] == ["as published", "more than all"]
    assert appraisal.marks[0].break_even_effect == pytest.approx(1 - 70_000 / 17e6)
    assert appraisal.marks[1].probability == 0
    assert isinstance(appraisal.marks[1].break_even_effect, NotEstimable)


def test_a_known_cost_gives_a_return_for_a_clear_effect(run):
    appraisal = run(campaign_cost=100_000)
    assert isinstance(appraisal.headline_return, ReturnRatios)
    saved = (1 - math.exp(-0.02)) * 17e6
    assert appraisal.headline_return.benefit_cost_ratio.point == pytest.approx(saved / 100_000)
    assert appraisal.campaign_return.probability > 0.97


def test_a_doubtful_effect_has_no_headline_return(run, estimate):
    appraisal = run(estimate(-0.01, 0.02, df=27), campaign_cost=100_000)
    assert isinstance(appraisal.headline_return, NotEstimable)
    assert appraisal.headline_return.reason == "interval-includes-no-effect"
    assert 0 < appraisal.campaign_return.probability < 1


@pytest.mark.parametrize("cost", [0.0, 70_000.0])
def test_where_all_was_spent_on_something_else_nothing_was_saved(run, cost):
    appraisal = run(substitution=1.0, activities=((1, cost),), cost_marks=MARKS)
    assert {point.probability for point in appraisal.curve} == {0.0}
    assert appraisal.campaign_return.probability == 0.0
    assert appraisal.headline_return.reason == "nothing-saved"


def test_the_cost_comes_from_the_activities_where_they_are_all_known(run):
    assert run(activities=((6, 1000.0), (4, 500.0))).cost == 8000
    assert run(activities=((6, 1000.0), (4, 500.0)), campaign_cost=8010).cost == 8010


def test_an_effect_that_cannot_be_estimated_is_said_throughout(run):
    appraisal = run(NO_EFFECT, campaign_cost=100_000, cost_marks=MARKS)
    for answer in (
        appraisal.saving,
        appraisal.headline_return,
        appraisal.campaign_return,
        appraisal.break_even_cost,
        appraisal.marks[0].probability,
        appraisal.marks[0].break_even_effect,
    ):
        assert isinstance(answer, NotEstimable)
        assert answer.reason == "too-few-placebo-areas"
        assert "the effect cannot be estimated" in answer.detail
    assert appraisal.curve == ()
    assert appraisal.cost == 100_000


def test_without_an_effect_no_counterfactual_is_needed(run):
    assert run(NO_EFFECT, quantity=0.0).counterfactual_quantity == 0


def test_notes_name_the_assumption_the_label_and_what_is_missing(run):
    assert run().notes == (
        "The price is an assumption, at 2017 prices.",
        "The saving is gross. Cannot be tested here.",
        "The campaign cost is not known; missing: Activity 1, cost per unit.",
    )
    assert run(price={"is_assumption": False}, substitution=0.1, campaign_cost=5).notes == (
        "The price is sourced, at 2017 prices.",
        "The saving is net of substitution. Cannot be tested here.",
    )


def test_published_sums_are_checked_and_reported_not_used(run):
    sums = {"net": 700_000, "gross": 900_000, "ratio": 10, "source": "two pages"}
    appraisal = run(published=sums)
    assert appraisal.published.finding is ConsistencyFinding.CONTRADICTORY
    assert isinstance(appraisal.cost, NotEstimable)
    assert run().published is None


def test_inputs_that_contradict_each_other_are_refused_all_at_once(run):
    with pytest.raises(Problems) as refused:
        run(price={"low": 0.02}, price_year=2026, campaign_cost=9000, activities=((6, 1000.0),), quantity=-1.0)
    text = str(refused.value)
    assert "got 0.017 for a price between 0.02 and 0.03" in text
    assert "got prices of 2017 in a programme whose prices are of 2026" in text
    assert "got £9,000 for the campaign, and the activities of its strategies add up to £6,000." in text
    assert "got -1 for what would have been used without the campaign" in text
    assert len(refused.value.problems) == 4


def test_a_stated_cost_below_its_known_part_is_refused(run):
    with pytest.raises(Problems, match=r"got £5,000 for the campaign, and the known activities alone cost £6,000"):
        run(campaign_cost=5000, activities=((6, 1000.0), (1, None)))
    assert run(campaign_cost=7000, activities=((6, 1000.0), (1, None))).cost == 7000


@pytest.mark.parametrize("quantity", [0.0, float("nan"), float("inf")])
def test_a_quantity_is_more_than_nothing(run, quantity):
    with pytest.raises(Problems, match="It must be more than 0: check the indicator's numerator"):
        run(quantity=quantity)


def test_a_programme_that_does_not_state_its_year_is_not_checked_for_it(run):
    assert run(price_year=None).price.price_year == 2017


def test_sums_become_money(run):
    assert run().money(1234.5) == Money(Decimal("1234.5"), "GBP", 2017)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"campaign_cost": 100_000},
        {"effect": NO_EFFECT},
        {"substitution": 0.2, "campaign_cost": 0},
        {"published": {"net": 700_000, "gross": 900_000, "ratio": 10, "source": "two pages"}, "cost_marks": MARKS},
        {"activities": ((6, 1000.0), (4, 500.0))},
    ],
)
def test_an_appraisal_survives_json(run, changes):
    appraisal = run(**changes)
    record = json.loads(json.dumps(appraisal.to_record(), allow_nan=False))
    assert appraisal_from_record(record) == appraisal
