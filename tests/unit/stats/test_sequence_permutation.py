"""Allocations listed, and the permutation test inside periods: by hand, by a loop, and its size."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from enginehouse.stats.allocations import count_allocations, every_allocation
from enginehouse.stats.permutation import PermutationTest
from enginehouse.stats.results import Interval, NotEstimable
from enginehouse.stats.sequence_permutation import within_period_interval, within_period_permutation

WEDGE = np.array([[0, 1, 1], [0, 0, 1]], dtype=bool)
"""Two sequences, three periods."""


@pytest.mark.parametrize("sizes", [[2, 2], [3, 1, 2], [1, 1, 1, 1], [0, 3], [4]])
def test_every_allocation_is_listed_once(sizes: list[int]):
    rows = every_allocation(sizes)
    labels = [arm for arm, size in enumerate(sizes) for _ in range(size)]
    assert {tuple(row) for row in rows.tolist()} == set(itertools.permutations(labels))
    assert len(rows) == count_allocations(sizes)


def test_too_many_allocations_are_not_listed():
    assert count_allocations([10, 10]) == math.comb(20, 10)
    with pytest.raises(ValueError, match=r"got 705,432 allocations, more than the 200,000"):
        every_allocation([11, 11])
    with pytest.raises(ValueError, match=r"got the sizes \[-1\]"):
        count_allocations([-1])


def naive(values: np.ndarray, sizes: np.ndarray, sequences: np.ndarray) -> float:
    above = below = 0.0
    for period in range(values.shape[1]):
        treated = WEDGE[sequences, period]
        seen = np.isfinite(values[:, period])
        one, two = treated & seen, ~treated & seen
        n1, n0 = sizes[one, period].sum(), sizes[two, period].sum()
        if n1 and n0:
            gap = np.average(values[one, period], weights=sizes[one, period])
            gap -= np.average(values[two, period], weights=sizes[two, period])
            above, below = above + gap * n1 * n0 / (n1 + n0), below + n1 * n0 / (n1 + n0)
    return above / below


def test_the_statistic_against_a_loop():
    rng = np.random.default_rng(5)
    values, sizes = rng.standard_normal((6, 3)), rng.integers(1, 9, size=(6, 3)).astype(float)
    values[2, 1] = np.nan
    drawn, space = np.array([0, 0, 1, 1, 0, 1]), every_allocation([3, 3])
    found = within_period_permutation(values, sizes, WEDGE, drawn, space, exact=True)
    assert isinstance(found, PermutationTest)
    others = np.array([naive(values, sizes, row) for row in space])
    own = naive(values, sizes, drawn)
    assert found.statistic == pytest.approx(own, abs=1e-12)
    assert found.p_value == np.mean(np.abs(others) >= abs(own) - 1e-12)


def test_a_common_change_over_time_is_no_effect():
    rng = np.random.default_rng(6)
    values = rng.standard_normal((6, 3))
    drawn, space = np.array([0, 0, 1, 1, 0, 1]), every_allocation([3, 3])
    plain, moved = (
        within_period_permutation(v, None, WEDGE, drawn, space, exact=True)
        for v in (values, values + np.array([0.0, 5.0, -3.0]))
    )
    assert isinstance(plain, PermutationTest)
    assert isinstance(moved, PermutationTest)
    assert moved.statistic == pytest.approx(plain.statistic, abs=1e-9)
    assert moved.p_value == plain.p_value


def test_the_test_is_exact_and_its_interval_holds_a_planted_effect():
    rng = np.random.default_rng(7)
    space, rejected, covered, tried = every_allocation([4, 4]), 0, 0, 200
    for _ in range(tried):
        sequences = space[rng.integers(len(space))]
        values = rng.standard_normal((8, 1)) + 0.5 * rng.standard_normal((8, 3)) + np.array([0.0, 1.0, 2.0])
        test = within_period_permutation(values, None, WEDGE, sequences, space, exact=True)
        assert isinstance(test, PermutationTest)
        rejected += test.p_value <= 0.1
        shifted = values + 0.7 * WEDGE[sequences]
        interval = within_period_interval(shifted, None, WEDGE, sequences, space, exact=True, confidence_level=0.9)
        covered += isinstance(interval, Interval) and interval.contains(0.7)
    limit = 2.6 * math.sqrt(0.1 * 0.9 / tried)
    assert rejected / tried <= 0.1 + limit
    assert covered / tried >= 0.9 - limit


def test_what_cannot_be_estimated():
    values, space = np.ones((2, 3)), every_allocation([1, 1])
    few = within_period_interval(np.array([[1.0, 2, 3], [4, 4, 1]]), None, WEDGE, np.array([0, 1]), space, exact=True)
    assert isinstance(few, NotEstimable)
    assert few.reason == "too-few-allocations"
    none = within_period_permutation(values, None, np.zeros((2, 3)), np.array([0, 1]), space, exact=True)
    assert isinstance(none, NotEstimable)
    assert none.reason == "one-arm"
    with pytest.raises(ValueError, match="values are clusters by periods"):
        within_period_permutation(np.ones(3), None, WEDGE, np.array([0, 1]), space, exact=True)
