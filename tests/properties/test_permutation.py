"""The permutation test is exact within its scheme: over all allocations of a small scheme its p is super-uniform."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from enginehouse.stats.permutation import (
    PermutationTest,
    difference_of_means,
    permutation_interval,
    permutation_test,
    studentised_ratio,
)
from enginehouse.stats.results import Interval, NotEstimable

OUTCOMES = arrays(np.float64, 8, elements=st.integers(0, 12).map(float))
WEIGHTS = arrays(np.float64, 8, elements=st.integers(1, 9).map(float))


def all_splits(clusters: int = 8) -> np.ndarray:
    chosen = list(itertools.combinations(range(clusters), clusters // 2))
    rows = np.zeros((len(chosen), clusters), dtype=np.intp)
    for row, treated in zip(rows, chosen, strict=True):
        row[list(treated)] = 1
    return rows


SCHEME = all_splits()


def p_values(statistic, scheme: np.ndarray) -> np.ndarray:
    found = [permutation_test(statistic, arm, scheme, exact=True) for arm in scheme]
    return np.array([one.p_value for one in found if isinstance(one, PermutationTest)])


@settings(max_examples=30, deadline=None)
@given(outcome=OUTCOMES)
def test_no_level_is_exceeded_whatever_the_outcomes(outcome: np.ndarray) -> None:
    """If no outcome depends on the arm, the share of allocations with p <= a is at most a, for every a."""
    found = p_values(difference_of_means(outcome), SCHEME)
    assert len(found) == len(SCHEME)
    for level in np.unique(found):
        assert np.mean(found <= level) <= level + 1e-12


@settings(max_examples=30, deadline=None)
@given(residuals=OUTCOMES, weights=WEIGHTS, seed=st.integers(0, 2**32 - 1))
def test_nor_in_a_constrained_scheme_with_the_studentised_statistic(
    residuals: np.ndarray, weights: np.ndarray, seed: int
) -> None:
    scheme = np.random.default_rng(seed).permutation(SCHEME)[:20]
    found = p_values(studentised_ratio(residuals + 0.01 * np.arange(8), weights), scheme)
    for level in np.unique(found):
        assert np.mean(found <= level) <= level + 1e-12


@settings(max_examples=50, deadline=None)
@given(outcome=OUTCOMES, factor=st.floats(1e-3, 1e3))
def test_units_do_not_matter(outcome: np.ndarray, factor: float) -> None:
    plain = permutation_test(difference_of_means(outcome), SCHEME[3], SCHEME, exact=True)
    moved = permutation_test(difference_of_means(outcome * factor), SCHEME[3], SCHEME, exact=True)
    assert plain.p_value == moved.p_value
    centred = permutation_test(difference_of_means(outcome - 5), SCHEME[3], SCHEME, exact=True)
    assert plain.p_value == centred.p_value


@settings(max_examples=50, deadline=None)
@given(outcome=OUTCOMES)
def test_drawn_allocations_add_the_own_one(outcome: np.ndarray) -> None:
    """(b + 1) / (B + 1), so never zero."""
    drawn = SCHEME[:30]
    found = permutation_test(difference_of_means(outcome), SCHEME[40], drawn, exact=False)
    values = np.array([outcome[row == 1].mean() - outcome[row == 0].mean() for row in drawn])
    own = outcome[SCHEME[40] == 1].mean() - outcome[SCHEME[40] == 0].mean()
    assert found.p_value == (np.count_nonzero(np.abs(values) >= abs(own) - 1e-9) + 1) / 31
    assert found.p_value >= found.smallest_p == 1 / 31


@settings(max_examples=30, deadline=None)
@given(outcome=arrays(np.float64, 8, elements=st.floats(-3, 3, width=32)))
def test_the_studentised_statistic_is_welchs_t(outcome: np.ndarray) -> None:
    from scipy.stats import ttest_ind

    values = outcome + 0.1 * np.arange(8) ** 2
    arm = SCHEME[17]
    own = difference_of_means(values, studentised=True)((arm == 1)[None], (arm == 0)[None])[0]
    assert own == pytest.approx(ttest_ind(values[arm == 1], values[arm == 0], equal_var=False).statistic, rel=1e-6)


def test_the_interval_holds_what_is_not_rejected() -> None:
    rng = np.random.default_rng(3)
    outcome = rng.normal(size=8)
    found = permutation_interval(outcome, SCHEME[20], SCHEME, exact=True, confidence_level=0.9)
    assert isinstance(found, Interval)
    for shift, inside in ((found.low - 0.02, False), (found.low + 0.02, True), (found.high + 0.02, False)):
        moved = difference_of_means(outcome - shift * (SCHEME[20] == 1))
        assert (permutation_test(moved, SCHEME[20], SCHEME, exact=True).p_value > 0.1) is inside


def test_too_few_allocations_have_no_interval() -> None:
    small = all_splits(4)
    found = permutation_interval(np.arange(4.0), small[0], small, exact=True)
    assert isinstance(found, NotEstimable)
    assert found.reason == "too-few-allocations"


def test_other_arms_are_left_alone() -> None:
    """Three arms: only the clusters of the two arms that are compared enter the statistic."""
    observed = np.array([0, 0, 1, 1, 2, 2])
    scheme = np.array(sorted(set(itertools.permutations(observed.tolist()))))
    found = permutation_test(difference_of_means([1, 2, 3, 4, 100, 200]), observed, scheme, arm=1, over=0, exact=True)
    assert found.statistic == 2.0
    assert found.allocations == 90


def test_an_arm_without_clusters() -> None:
    found = permutation_test(difference_of_means(np.arange(4.0)), np.zeros(4, dtype=int), all_splits(4), exact=True)
    assert isinstance(found, NotEstimable)
    assert found.reason == "one-arm"
    lonely = np.array([1, 0, 0, 0])
    found = permutation_test(
        difference_of_means(np.arange(4.0), studentised=True), lonely, np.eye(4, dtype=int), exact=True
    )
    assert isinstance(found, NotEstimable)
    assert found.reason == "no-statistic"
