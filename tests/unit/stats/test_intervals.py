"""Intervals of one proportion and one count: what they refuse and where they switch."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2, poisson

from enginehouse.stats.intervals import byar, byar_limits, count_limits, exact_limits, wilson, wilson_limits
from enginehouse.stats.results import Interval, NotEstimable


def test_wilson_inverts_the_score_test() -> None:
    """A second way to the same limits: the p at which (x/n - p)^2 = z^2 p (1 - p) / n, found by bisection."""
    z = 1.959963984540054
    for x, n in ((0, 7), (3, 11), (50, 60), (12, 12)):
        interval = wilson(x, n)
        assert isinstance(interval, Interval)

        def gap(p: float, x: int = x, n: int = n) -> float:
            return (x / n - p) ** 2 - z**2 * p * (1 - p) / n

        if x > 0:
            assert interval.low == pytest.approx(brentq(gap, 1e-12, x / n - 1e-12 if x < n else 0.999), abs=1e-9)
        if x < n:
            assert interval.high == pytest.approx(brentq(gap, x / n + 1e-12, 1 - 1e-12), abs=1e-9)


def test_wilson_reaches_the_ends() -> None:
    none, every = wilson(0, 20), wilson(20, 20)
    assert isinstance(none, Interval)
    assert isinstance(every, Interval)
    assert none.low == 0
    assert every.high == 1
    # With no event the upper limit is z^2 / (n + z^2).
    assert none.high == pytest.approx(1.959963984540054**2 / (20 + 1.959963984540054**2))
    assert every.low == pytest.approx(1 - none.high)


def test_nobody_in_the_denominator_is_an_answer_of_its_own() -> None:
    answer = wilson(0, 0)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "no-denominator"
    low, high = wilson_limits([0, 5], [0, 10])
    assert math.isnan(low[0])
    assert math.isnan(high[0])
    assert 0 < low[1] < 0.5 < high[1] < 1


@pytest.mark.parametrize("count", [0.001, 0.01, 0.1, 0.3, 0.5, 1.5])
def test_fractional_counts_have_limits_of_their_own(count: float) -> None:
    """Against SciPy's quantiles of the chi-square distribution; a count below one half lies within its limits too."""
    low, high = exact_limits([count])
    assert low[0] == pytest.approx(chi2.ppf(0.025, 2 * count) / 2, rel=1e-9)
    assert high[0] == pytest.approx(chi2.ppf(0.975, 2 * count + 2) / 2, rel=1e-9)
    assert low[0] <= count <= high[0]


def test_exact_limits_cover_the_tails() -> None:
    """By the Poisson distribution itself: P(X >= x | low) = P(X <= x | high) = 2.5%."""
    counts = np.arange(1, 30)
    low, high = exact_limits(counts)
    assert poisson.sf(counts - 1, low) == pytest.approx(0.025)
    assert poisson.cdf(counts, high) == pytest.approx(0.025)
    assert exact_limits([0])[0][0] == 0
    # No events: the upper limit is -log(0.025).
    assert exact_limits([0])[1][0] == pytest.approx(-math.log(0.025))


def test_counts_below_ten_are_exact_and_from_ten_by_byar() -> None:
    assert byar(9).method == "exact Poisson"
    assert byar(10).method == "Byar"
    low, high = count_limits([9, 10])
    assert (low[0], high[0]) == (exact_limits([9])[0][0], exact_limits([9])[1][0])
    assert (low[1], high[1]) == (byar_limits([10])[0][0], byar_limits([10])[1][0])


def test_byar_is_near_exact_where_it_is_used() -> None:
    counts = np.arange(10, 500)
    exact, approximate = exact_limits(counts), byar_limits(counts)
    assert approximate[0] == pytest.approx(exact[0], rel=0.002)
    assert approximate[1] == pytest.approx(exact[1], rel=0.002)


def test_a_lower_limit_is_never_below_zero() -> None:
    low, _ = byar_limits([0, 0.2, 1], confidence_level=0.998)
    assert list(low) == [0, 0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson(5, 3), "no total may be below its events"),
        (lambda: wilson(-1, 3), "not negative"),
        (lambda: wilson(1, 3, confidence_level=95), "between 0 and 1, such as 0.95; got 95"),
        (lambda: byar(-1), "not negative"),
        (lambda: byar(float("nan")), "must be numbers"),
    ],
)
def test_what_cannot_be_is_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
