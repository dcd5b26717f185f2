"""Invariants of net benefit and of the costs of arms, whatever the effect, the price and the log."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enginehouse.economics.arm_costs import ContactTotals, LoggedActivity, arm_costs, incremental_cost
from enginehouse.economics.net_benefit import NetBenefit, net_benefit
from enginehouse.economics.price_doubt import PriceDistribution
from enginehouse.programme.enums import ContactKind, CostedPer, Direction, Payer
from enginehouse.programme.strategy import Activity, Strategy
from enginehouse.stats.results import Estimate

EFFECTS = st.builds(
    Estimate,
    value=st.floats(-0.5, 0.5),
    std_error=st.floats(0.001, 0.2),
    df=st.one_of(st.just(math.inf), st.floats(5, 200)),
    scale=st.sampled_from(["log-ratio", "difference"]),
    method=st.just("example"),
)
PRICES = st.tuples(st.floats(0.01, 5), st.floats(0.01, 5), st.floats(0.01, 5)).map(
    lambda three: PriceDistribution(low=min(three), top=sorted(three)[1], high=max(three))
)
DIRECTIONS = st.sampled_from([Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER])
COSTS = st.floats(-2000, 2000)
TOLERANCE = 1e-9


def benefit(effect, price, direction, cost, *, times=1.0) -> NetBenefit:
    result = net_benefit(
        effect, quantity=1000.0 * times, price=price, direction=direction, cost=cost * times, sites=10, years=1.0
    )
    assert isinstance(result, NetBenefit)
    return result


@settings(max_examples=40, deadline=None)
@given(EFFECTS, PRICES, DIRECTIONS, COSTS, st.floats(0, 1000))
def test_a_higher_cost_is_never_more_likely_to_pay(effect, price, direction, cost, more):
    cheap, dear = (benefit(effect, price, direction, each) for each in (cost, cost + more))
    assert dear.probability <= cheap.probability + TOLERANCE
    assert dear.expected == pytest.approx(cheap.expected - more)
    assert dear.break_even_cost == cheap.break_even_cost


@settings(max_examples=40, deadline=None)
@given(EFFECTS, PRICES, DIRECTIONS, COSTS, st.floats(0, 0.3))
def test_a_better_effect_is_never_less_likely_to_pay(effect, price, direction, cost, more):
    sign = -1 if direction is Direction.LOWER_IS_BETTER else 1
    better = replace(effect, value=effect.value + sign * more)
    assert benefit(better, price, direction, cost).probability >= (
        benefit(effect, price, direction, cost).probability - TOLERANCE
    )


@settings(max_examples=30, deadline=None)
@given(EFFECTS, PRICES, DIRECTIONS, COSTS, st.floats(0.1, 50))
def test_more_sites_scale_every_sum_and_no_probability(effect, price, direction, cost, times):
    one, many = (benefit(effect, price, direction, cost, times=each) for each in (1.0, times))
    assert many.probability == pytest.approx(one.probability, abs=1e-9)
    assert many.expected == pytest.approx(one.expected * times, rel=1e-9, abs=1e-9)
    assert many.net.low == pytest.approx(one.net.low * times, rel=1e-6, abs=1e-6 * times)
    assert many.net.high == pytest.approx(one.net.high * times, rel=1e-6, abs=1e-6 * times)


@settings(max_examples=40, deadline=None)
@given(EFFECTS, PRICES, DIRECTIONS, COSTS)
def test_interval_and_probability_tell_one_story(effect, price, direction, cost):
    result = benefit(effect, price, direction, cost)
    assert result.net.low <= result.net.high
    if result.net.low > 1e-6:
        assert result.probability >= 0.975 - 1e-6
    if result.net.high < -1e-6:
        assert result.probability <= 0.025 + 1e-6


@settings(max_examples=30, deadline=None)
@given(EFFECTS, st.floats(0.01, 5), DIRECTIONS, COSTS)
def test_with_a_known_price_effect_and_net_benefit_have_the_same_interval(effect, price, direction, cost):
    known = PriceDistribution(low=price, top=price, high=price)
    result = benefit(effect, known, direction, cost)
    assert result.net.low == pytest.approx(result.from_effect.low, rel=1e-6, abs=1e-6)
    assert result.net.high == pytest.approx(result.from_effect.high, rel=1e-6, abs=1e-6)
    assert result.probability == pytest.approx(result.probability_at_price)


ACTIVITIES = st.lists(
    st.builds(
        Activity,
        name=st.uuids().map(str),
        units=st.floats(0, 20),
        unit=st.just("unit"),
        unit_cost=st.floats(0, 500),
        source=st.just("example"),
        per=st.sampled_from(list(CostedPer)),
        borne_by=st.sampled_from(list(Payer)),
    ),
    min_size=1,
    max_size=5,
)


def strategy(activities: list[Activity]) -> Strategy:
    return Strategy(
        schema=1,
        id="s",
        title="S",
        description="x",
        channel="x",
        components=("x",),
        activities=tuple(activities),
        sends_report=True,
        contact="visit",
    )


def log(arm: str, sites: int, reports: int, contacts: int) -> LoggedActivity:
    visits = ContactTotals(
        kind=ContactKind.VISIT, contacts=contacts, programme_minutes=50.0 * contacts, site_minutes=70.0 * contacts
    )
    return LoggedActivity(arm=arm, sites=sites, reports=reports, contacts=(visits,))


@settings(max_examples=40, deadline=None)
@given(ACTIVITIES, st.integers(1, 50), st.integers(0, 300), st.integers(0, 300))
def test_two_arms_that_got_the_same_cost_the_same(activities, sites, reports, contacts):
    logs = [log(arm, sites, reports, contacts) for arm in ("a", "b")]
    a, b = arm_costs({"a": ["s"], "b": ["s"]}, logs, {"s": strategy(activities)})
    assert a.total == pytest.approx(b.total)
    difference = incremental_cost(b, a)
    assert difference.per_site == pytest.approx(0, abs=1e-9 * (1 + a.total))


@settings(max_examples=40, deadline=None)
@given(ACTIVITIES, st.integers(1, 50), st.integers(0, 300), st.integers(0, 300), st.integers(0, 50))
def test_parts_add_up_and_more_contacts_never_cost_less(activities, sites, reports, contacts, more):
    few, many = (
        arm_costs({"a": ["s"]}, [log("a", sites, reports, count)], {"s": strategy(activities)})[0]
        for count in (contacts, contacts + more)
    )
    assert few.total == pytest.approx(few.programme + few.borne_by_sites)
    assert few.total == pytest.approx(sum(line.amount for line in few.lines))
    assert many.total >= few.total - 1e-9
