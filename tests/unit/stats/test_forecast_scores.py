"""Scores of forecasts against arithmetic, closed forms of others, and the integral that defines them."""

import math

import numpy as np
import pytest

from enginehouse.stats.forecast_scores import IntervalForecast, brier_score, coverage, crps, interval_score

Z = 1.2815515655446004  # the normal quantile of 0.9


def forecast(low=-2.0, middle=0.0, high=1.0, **more):
    return IntervalForecast(low=low, middle=middle, high=high, **more)


def test_brier_is_the_squared_distance():
    given = {"better": 0.5, "equivalent": 0.3, "inconclusive": 0.2}
    assert brier_score(given, "better") == pytest.approx(0.25 + 0.09 + 0.04)
    assert brier_score(given, "worse") == pytest.approx(1 + 0.25 + 0.09 + 0.04)
    assert brier_score({"better": 1.0}, "better") == 0
    assert brier_score({"better": 1.0}, "worse") == 2


@pytest.mark.parametrize("given", [{"better": 0.5}, {"better": 1.2, "worse": -0.2}])
def test_probabilities_that_are_none_are_refused(given):
    with pytest.raises(ValueError, match="between 0 and 1 and add up to 1"):
        brier_score(given, "better")


def test_the_quantiles_are_the_three_numbers():
    f = forecast()
    assert [f.probability_below(x) for x in (-2, 0, 1)] == pytest.approx([0.1, 0.5, 0.9])


@pytest.mark.parametrize("numbers", [(0, 0, 1), (1, 0, 2), (0, 1, 1), (2, 1, 0)])
def test_numbers_that_do_not_rise_are_refused(numbers):
    with pytest.raises(ValueError, match="they must rise"):
        forecast(*numbers)


def test_a_probability_that_is_none_is_refused():
    with pytest.raises(ValueError, match="for an interval"):
        forecast(probability_inside=1.0)


@pytest.mark.parametrize("outcome", [-5.0, -2.0, -0.3, 0.0, 0.4, 1.0, 3.0])
def test_crps_is_its_integral(outcome):
    f = forecast()
    grid = np.linspace(-30, 30, 240_001)
    below = np.array([f.probability_below(x) for x in grid])
    integral = np.trapezoid((below - (grid >= outcome)) ** 2, grid)
    assert crps(f, outcome) == pytest.approx(integral, abs=2e-4)


@pytest.mark.parametrize("outcome", [-1.0, 0.0, 2.5])
def test_both_halves_alike_have_the_closed_form_of_the_normal(outcome):
    normal = outcome * (2 * 0.5 * math.erfc(-outcome / math.sqrt(2)) - 1)
    normal += 2 * math.exp(-(outcome**2) / 2) / math.sqrt(2 * math.pi) - 1 / math.sqrt(math.pi)
    assert crps(forecast(-Z, 0, Z), outcome) == pytest.approx(normal)


def test_crps_is_smallest_in_expectation_for_the_truth():
    rng = np.random.default_rng(3)
    outcomes = rng.normal(0, 1, 20_000)
    honest, sure, shifted = (
        np.mean([crps(f, x) for x in outcomes[:4000]])
        for f in (forecast(-Z, 0, Z), forecast(-Z / 4, 0, Z / 4), forecast(-Z + 1, 1, Z + 1))
    )
    assert honest < min(sure, shifted)


def test_the_interval_score_charges_ten_times_the_distance_outside():
    assert interval_score(forecast(), 0.5) == 3
    assert interval_score(forecast(), 1.2) == pytest.approx(3 + 10 * 0.2)
    assert interval_score(forecast(), -2.1) == pytest.approx(3 + 10 * 0.1)


def test_exact_limits_of_a_share():
    # 0 of 10: 1 - 0.025^(1/10); published tables: 0.3085
    assert (coverage(0, 10).low, coverage(0, 10).high) == (0.0, pytest.approx(1 - 0.025**0.1))
    assert (coverage(10, 10).low, coverage(10, 10).high) == (pytest.approx(0.025**0.1), 1.0)
