"""Costs by activity: what is not known stays unknown."""

from __future__ import annotations

from enginehouse.economics.costing import campaign_cost
from enginehouse.programme.strategy import Strategy
from enginehouse.stats.results import NotEstimable


def bare(name: str) -> Strategy:
    return Strategy(
        schema=1, id=name, title=name.title(), description="d", channel="c", components=("feedback",), activities=()
    )


def test_a_cost_is_units_times_unit_cost_summed(costs):
    cost = costs((6, 1200.0), (318, 2.5))
    assert [line.amount for line in cost.lines] == [6 * 1200, 318 * 2.5]
    assert cost.total == 6 * 1200 + 318 * 2.5
    assert cost.missing == ()


def test_one_unknown_unit_cost_makes_the_total_unknown_and_is_named(costs):
    cost = costs((6, 1200.0), (40, None))
    assert cost.known_part == 7200
    assert cost.total == NotEstimable(
        reason="cost-not-known",
        detail="The campaign cost is not known; missing: Activity 2, cost per unit.",
    )


def test_an_activity_that_costs_nothing_is_known(costs):
    assert costs((6, 0.0)).total == 0


def test_a_strategy_without_activities_has_an_unknown_cost_not_none():
    assert campaign_cost([bare("posters")]).missing == ("Posters (no activities are listed)",)
    assert isinstance(campaign_cost([bare("posters")]).total, NotEstimable)


def test_no_strategy_has_no_known_cost():
    assert campaign_cost([]).missing == ("the strategies of the campaign",)


def test_a_strategy_in_two_arms_is_counted_once(costs):
    assert campaign_cost([bare("a"), bare("a"), bare("b")]).missing == (
        "A (no activities are listed)",
        "B (no activities are listed)",
    )
