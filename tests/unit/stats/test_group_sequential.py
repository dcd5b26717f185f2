"""Planned looks: spending by hand, bounds against a multivariate normal, and what one look then says."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from enginehouse.stats.group_sequential.bounds import (
    bounds_with_futility,
    classical_bounds,
    crossing,
    spending_bounds,
)
from enginehouse.stats.group_sequential.look import Stop, look
from enginehouse.stats.group_sequential.spending import Spending, SpendingFunction
from enginehouse.stats.results import Estimate

OBF = SpendingFunction(Spending.OBRIEN_FLEMING)
HSD = SpendingFunction(Spending.HWANG_SHIH_DECANI, -4)


def inside(times: list[float], low: list[float], high: list[float], drift: float = 0.0) -> float:
    """The probability of staying inside all bounds, from the joint normal distribution of the z statistics."""
    covariance = [[math.sqrt(min(s, t) / max(s, t)) for t in times] for s in times]
    mean = [drift * math.sqrt(t) for t in times]
    law = multivariate_normal(mean, covariance, abseps=1e-9, releps=1e-9, maxpts=2_000_000, seed=1)
    return float(law.cdf(high, lower_limit=low))


@pytest.mark.parametrize(
    ("spending", "fraction", "spent"),
    [
        (OBF, 0.25, 2 * (1 - norm.cdf(norm.ppf(1 - 0.0125) / 0.5))),
        (SpendingFunction(Spending.POCOCK), 0.5, 0.025 * math.log(1 + (math.e - 1) / 2)),
        (SpendingFunction(Spending.POWER, 2), 0.3, 0.025 * 0.09),
        (HSD, 0.5, 0.025 * (1 - math.exp(2)) / (1 - math.exp(4))),
        (SpendingFunction(Spending.HWANG_SHIH_DECANI, 0), 0.4, 0.01),
    ],
)
def test_what_is_spent_by_a_look(spending: SpendingFunction, fraction: float, spent: float):
    assert spending.spent(fraction, 0.025) == pytest.approx(spent, rel=1e-12)
    assert (spending.spent(0, 0.025), spending.spent(1, 0.025), spending.spent(1.3, 0.025)) == (0, 0.025, 0.025)


def test_every_shape_of_spending_is_there():
    for shape in Spending:
        assert 0 < SpendingFunction(shape, 1.0).spent(0.5, 0.05) < 0.05


@pytest.mark.parametrize("spending", [OBF, SpendingFunction(Spending.POCOCK), HSD])
def test_bounds_spend_what_was_planned_by_the_joint_distribution(spending: SpendingFunction):
    times = [0.3, 0.65, 1.0]
    found = spending_bounds(times, spending, alpha=0.05, sides=2)
    for looks in (1, 2, 3):
        stayed = inside(times[:looks], list(found.lower[:looks]), list(found.upper[:looks]))
        assert 1 - stayed == pytest.approx(2 * spending.spent(times[looks - 1], 0.025), abs=2e-5)


def test_futility_bounds_spend_beta_under_the_planned_effect():
    times = [0.4, 0.7, 1.0]
    futility = SpendingFunction(Spending.HWANG_SHIH_DECANI, -2)
    found = bounds_with_futility(times, HSD, futility, alpha=0.025, power=0.9)
    assert found.inflation is not None
    drift = math.sqrt(found.inflation) * (norm.ppf(0.975) + norm.ppf(0.9))
    first = norm.cdf(found.lower[0] - drift * math.sqrt(times[0]))
    assert first == pytest.approx(futility.spent(0.4, 0.1), abs=1e-9)
    low, high = [found.lower[0], -np.inf], [found.upper[0], found.lower[1]]
    assert first + inside(times[:2], low, high, drift) == pytest.approx(futility.spent(0.7, 0.1), abs=2e-6)
    assert found.lower[-1] == found.upper[-1]
    # Bounds that hold whether or not anybody stops for futility are those of efficacy alone.
    assert found.upper == pytest.approx(spending_bounds(times, HSD, alpha=0.025, sides=1).upper, abs=1e-9)
    binding = bounds_with_futility(times, HSD, futility, alpha=0.025, power=0.9, binding=True)
    assert binding.upper[-1] < found.upper[-1]


def test_one_look_is_the_ordinary_test():
    found = spending_bounds([1.0], OBF, alpha=0.05, sides=2, power=0.8)
    assert found.upper[0] == pytest.approx(1.959964, abs=1e-6)
    assert found.inflation == pytest.approx(1.0, abs=1e-9)
    assert classical_bounds(1, shape=0.5, alpha=0.05).upper[0] == pytest.approx(1.959964, abs=1e-6)


def test_power_is_reached_at_the_inflated_information():
    found = spending_bounds([0.5, 1], OBF, alpha=0.025, sides=1, power=0.9)
    assert found.inflation is not None
    drift = math.sqrt(found.inflation) * (norm.ppf(0.975) + norm.ppf(0.9))
    stayed = inside([0.5, 1.0], [-np.inf, -np.inf], list(found.upper), drift)
    assert 1 - stayed == pytest.approx(0.9, abs=1e-6)
    assert crossing(found.fractions, found.upper, sides=1, drift=drift)[-1] == pytest.approx(0.9, abs=1e-9)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: spending_bounds([0.5, 0.5], OBF), "information fractions (0.5, 0.5); they must rise"),
        (lambda: spending_bounds([], OBF), "information fractions (); they must rise"),
        (lambda: spending_bounds([0.5, 1.2], OBF), "they must rise, from above 0 to at most 1"),
        (lambda: spending_bounds([1], OBF, alpha=5), "got alpha 5, 2 side(s)"),
        (lambda: spending_bounds([0.5], OBF, power=0.8), "got 0.5 for the last information fraction"),
        (lambda: classical_bounds(3, shape=0.7), "got 3 looks and the shape 0.7"),
        (lambda: SpendingFunction(Spending.POWER), "got the exponent 0 of a power family"),
        (lambda: look([], planned_information=1, spending=OBF), "got 0 estimate(s)"),
    ],
)
def test_what_makes_no_design_is_refused(ask, words: str):
    with pytest.raises(ValueError, match=re.escape(words)):
        ask()


def estimate(value: float, std_error: float, df: float = math.inf) -> Estimate:
    return Estimate(value=value, std_error=std_error, df=df, scale="log-ratio", method="any")


def test_a_look_that_goes_on_and_one_that_stops():
    # Planned information 100, so standard errors of 0.2, 0.1414 and 0.1 are looks at 25%, 50% and 100%.
    seen = [estimate(0.3, 0.2), estimate(0.45, 1 / math.sqrt(50))]
    first = look(seen[:1], planned_information=100, spending=OBF)
    assert (first.stop, first.p_value, first.median_unbiased) == (Stop.GO_ON, None, None)
    second = look(seen, planned_information=100, spending=OBF)
    assert second.bounds.upper == pytest.approx((4.33263, 2.96311), abs=1e-3)
    assert second.stop is Stop.EFFECT
    assert second.repeated.low == pytest.approx(0.45 - 2.96311 / math.sqrt(50), abs=1e-3)
    assert second.median_unbiased is not None
    assert second.median_unbiased == pytest.approx(0.45, abs=0.01)  # so little was spent before that little is shrunk


def test_the_median_unbiased_estimate_is_smaller_after_an_early_stop_that_was_likely():
    pocock = SpendingFunction(Spending.POCOCK)
    found = look([estimate(0.1, 0.2), estimate(0.35, 0.1414)], planned_information=100, spending=pocock)
    assert found.stop is Stop.EFFECT
    assert found.median_unbiased is not None
    assert found.median_unbiased < 0.35


def test_a_last_look_with_other_information_than_planned_spends_what_is_left():
    seen = [estimate(0.1, 0.15), estimate(0.1, 1 / math.sqrt(80))]
    ended = look(seen, planned_information=100, spending=OBF, last=True)
    first = OBF.spent(1 / 0.15**2 / 100, 0.025)
    assert ended.bounds.upper[0] == pytest.approx(norm.isf(first), abs=1e-9)
    assert ended.bounds.spent[-1] == pytest.approx(0.05, abs=1e-9)
    assert ended.stop is Stop.NO_EFFECT_SHOWN
    assert ended.p_value is not None
    assert ended.p_value == pytest.approx(2 * norm.sf(0.1 * math.sqrt(80)), abs=0.002)


def test_few_degrees_of_freedom_make_a_look_more_careful():
    many = look([estimate(-0.42, 0.1414)], planned_information=100, spending=OBF)
    few = look([estimate(-0.42, 0.1414, df=10)], planned_information=100, spending=OBF)
    assert many.stop is Stop.OTHER_WAY
    assert few.stop is Stop.GO_ON
    assert few.z == pytest.approx(-norm.isf(estimate(-0.42, 0.1414, df=10).p_value() / 2))
