"""p values and intervals of several comparisons: published values, scipy's distributions, simulation in a loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import studentized_range

from enginehouse.stats.dunnett import dunnett_critical_value
from enginehouse.stats.multiplicity import (
    correlation_of,
    critical_value,
    dunnett_adjusted,
    holm,
    holm_adjusted,
    largest_exceeds,
)
from enginehouse.stats.results import Estimate


def estimate(value: float, std_error: float = 1.0, df: float = 20.0) -> Estimate:
    return Estimate(value=value, std_error=std_error, df=df, scale="log-ratio", method="made up")


def shared(size: int, correlation: float = 0.5) -> np.ndarray:
    return np.full((size, size), correlation) + (1 - correlation) * np.eye(size)


def test_holm_by_r() -> None:
    """p.adjust(c(.01, .02, .03, .04, .05), "holm")."""
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx((0.05, 0.08, 0.09, 0.09, 0.09))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_holm_is_the_closed_test_of_bonferroni(p_values) -> None:
    """Each p is the largest, over all sets that contain it, of the set's size times its least p."""
    count = len(p_values)
    for place, found in enumerate(holm(p_values)):
        worst = 0.0
        for chosen in range(1, 2**count):
            inside = [p_values[k] for k in range(count) if chosen >> k & 1]
            if chosen >> place & 1:
                worst = max(worst, min(1.0, len(inside) * min(inside)))
        assert found == pytest.approx(worst)


@pytest.mark.parametrize(
    ("arms", "df", "published"),
    [(2, 10, 2.57), (3, 20, 2.54), (4, 60, 2.51), (3, math.inf, 2.35)],
)
def test_dunnetts_table(arms: int, df: float, published: float) -> None:
    """Dunnett 1964, two-sided 5%."""
    assert critical_value(shared(arms), df) == pytest.approx(published, abs=0.006)
    assert critical_value(shared(arms), df) == pytest.approx(dunnett_critical_value(arms, df), abs=1e-3)


def test_all_pairs_of_three_arms_are_tukeys() -> None:
    """The third difference follows from the other two: a singular correlation."""
    pairs = np.array([[1, 0.5, -0.5], [0.5, 1, 0.5], [-0.5, 0.5, 1]])
    tukey = studentized_range.ppf(0.95, 3, 20) / math.sqrt(2)
    assert critical_value(pairs, 20) == pytest.approx(tukey, abs=1e-3)


def test_a_loop_of_draws_agrees() -> None:
    rng = np.random.default_rng(4)
    correlation = np.array([[1, 0.2, -0.3], [0.2, 1, 0.6], [-0.3, 0.6, 1]])
    draws = rng.multivariate_normal(np.zeros(3), correlation, 200_000) / np.sqrt(rng.chisquare(12, (200_000, 1)) / 12)
    share = np.mean(np.abs(draws).max(axis=1) >= 2.4)
    assert largest_exceeds(2.4, correlation, 12) == pytest.approx(share, abs=3 * math.sqrt(share / 200_000))


def test_intervals_and_p_values_say_the_same() -> None:
    family = [estimate(value) for value in (2.7, 2.3, 0.4)]
    for one in dunnett_adjusted(family, shared(3)):
        assert (one.p_value <= 0.05) == (one.interval.low > 0)
    wide = holm_adjusted(family)
    assert [one.p_value for one in wide] == pytest.approx(holm([e.p_value() for e in family]))
    assert wide[0].interval.high == pytest.approx(family[0].interval(1 - 0.05 / 3).high)
    assert {one.interval.method for one in wide} == {"bonferroni"}
    assert {one.interval.confidence_level for one in wide} == {0.95}


def test_one_comparison_needs_no_allowance() -> None:
    one = estimate(2.2)
    dunnett, by_holm = dunnett_adjusted([one], [[1.0]])[0], holm_adjusted([one])[0]
    assert dunnett.p_value == pytest.approx(one.p_value(), abs=1e-4)
    assert dunnett.interval.low == pytest.approx(one.interval().low, abs=1e-3)
    assert by_holm.p_value == one.p_value()


def test_the_family_wise_error_is_held() -> None:
    """Three arms and a control of 12 clusters each, no effect anywhere: any finding in one trial of twenty."""
    rng, found = np.random.default_rng(8), {"dunnett": 0, "holm": 0}
    limit = critical_value(shared(3), 44)
    for _ in range(1000):
        means = rng.normal(size=(4, 12))
        error = math.sqrt(2 / 12 * means.var(axis=1, ddof=1).mean())
        family = [estimate(means[arm].mean() - means[0].mean(), error, 44) for arm in (1, 2, 3)]
        found["dunnett"] += max(abs(one.value) for one in family) / error >= limit
        found["holm"] += min(one.p_value for one in holm_adjusted(family)) <= 0.05
    assert found["dunnett"] / 1000 == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 1000))
    assert found["holm"] <= found["dunnett"]


def test_what_is_no_correlation() -> None:
    with pytest.raises(ValueError, match="for 2 estimates"):
        dunnett_adjusted([estimate(1), estimate(2)], [[1.0]])
    with pytest.raises(ValueError, match="ones on its diagonal"):
        dunnett_adjusted([estimate(1), estimate(2)], [[1.0, 0.2], [0.3, 1.0]])
    with pytest.raises(ValueError, match="negative eigenvalue"):
        dunnett_adjusted([estimate(1), estimate(2)], [[1.0, 1.2], [1.2, 1.0]])
    assert correlation_of([np.diag([4.0, 9.0])]).tolist() == [[1.0, 0.0], [0.0, 1.0]]
