"""Intervals for looks at any time: the equations by hand, and how often paths leave them."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.stats import norm

from enginehouse.stats.confidence_sequences import (
    effect_sequence,
    log_normal_mixture,
    normal_mixture_bound,
    proportion_sequence,
    stitching_bound,
)
from enginehouse.stats.results import Estimate


def test_at_the_bound_the_mixture_is_one_over_alpha():
    bound = normal_mixture_bound(30, alpha=0.05, tightest_at=50)
    assert log_normal_mixture(bound, 30, alpha=0.05, tightest_at=50) == pytest.approx(math.log(20), abs=1e-12)


def test_the_bound_is_relatively_tightest_where_it_was_asked_to_be():
    widths = {v: normal_mixture_bound(v, tightest_at=50) / math.sqrt(v) for v in (20, 45, 50, 55, 120)}
    assert min(widths, key=lambda v: widths[v]) == 50


def test_one_tail_needs_less_than_two():
    one = normal_mixture_bound(40, alpha=0.05, tightest_at=40, two_sided=False)
    assert norm.isf(0.05) * math.sqrt(40) < one < normal_mixture_bound(40, alpha=0.05, tightest_at=40)
    # Nearly a two-sided bound at twice the level: the tail that does not count is hardly ever reached.
    assert one == pytest.approx(normal_mixture_bound(40, alpha=0.1, tightest_at=40), rel=0.001)


def test_paths_without_an_effect_leave_the_bounds_seldom():
    """300 paths of 2,000 looks each: at most alpha leave ever, where a fixed interval is left by half of them."""
    rng = np.random.default_rng(20261124)
    sums = rng.standard_normal((300, 2000)).cumsum(axis=1)
    times = np.arange(1, 2001)
    bounds = np.array([normal_mixture_bound(float(t), tightest_at=500) for t in times])
    stitched = np.array([stitching_bound(float(t), alpha=0.025, starts_at=10) for t in times])
    for limit in (bounds, stitched):
        assert (np.abs(sums) > limit).any(axis=1).mean() <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 300)
    assert (np.abs(sums) > 1.96 * np.sqrt(times)).any(axis=1).mean() > 0.5


def test_a_proportion_at_its_ends():
    none, all_of_them = (proportion_sequence(events, 40, tightest_at=40) for events in (0, 40))
    assert none.low == 0
    assert all_of_them.high == 1
    assert none.high == pytest.approx(1 - all_of_them.low, abs=1e-9)
    assert none.high > 1 - 0.05 ** (1 / 40)  # wider than an interval for one look


def test_an_effect_is_watched_on_its_own_information():
    estimate = Estimate(value=-0.1, std_error=0.05, df=math.inf, scale="log-ratio", method="any")
    found = effect_sequence(estimate, planned_information=400)
    assert (found.low + found.high) / 2 == pytest.approx(-0.1)
    # Two-sided normal mixture at v = v_opt = 400: rho = v / (2 log 20 + log(1 + 2 log 20)).
    rho = 400 / (2 * math.log(20) + math.log(1 + 2 * math.log(20)))
    half = math.sqrt((400 + rho) * math.log((400 + rho) / (rho * 0.0025))) / 400
    assert found.high - found.low == pytest.approx(2 * half, rel=1e-12)
    assert found.high - found.low > 2 * 1.96 * 0.05


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: normal_mixture_bound(0, tightest_at=1), "got alpha 0.05 and 0, 1; expected 0-1, and above 0"),
        (lambda: normal_mixture_bound(1, alpha=2, tightest_at=1), "got alpha 2"),
        (lambda: stitching_bound(1, starts_at=1, growth=1), "got exponent 1.4, growth 1 and scale 0"),
        (lambda: proportion_sequence(5, 4, tightest_at=4), "got 5 event(s) in 4 trial(s)"),
    ],
)
def test_numbers_out_of_range_are_refused(ask, words: str):
    with pytest.raises(ValueError, match=re.escape(words)):
        ask()
