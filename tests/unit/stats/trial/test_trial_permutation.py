"""The permutation test of a trial, allocation by allocation in a loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from enginehouse.stats.cluster_level import trial_cluster_level
from enginehouse.stats.permutation import PermutationTest
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.stats.trial_columns import adjustment
from enginehouse.stats.trial_permutation import trial_permutation


def draws(data, count: int, seed: int = 2) -> np.ndarray:
    """Whole units allocated anew."""
    rng = np.random.default_rng(seed)
    units = np.arange(data.n_units)
    return np.array([(rng.permutation(units) % 2)[data.unit] for _ in range(count)])


def test_patients_by_a_loop(trial_of) -> None:
    data = trial_of(networks=20, ratio=0.9)
    allocations = draws(data, 60)
    top, bottom = data.totals(before=False)
    design = np.column_stack([np.ones(40), adjustment(data, np.arange(40)).values])
    expected = sm.GLM(top, design, offset=np.log(bottom), family=sm.families.Poisson()).fit(tol=1e-12).fittedvalues
    u = np.bincount(data.unit, weights=top - expected)
    w = np.bincount(data.unit, weights=expected)

    def statistic(arm_of_site: np.ndarray) -> float:
        arm = np.array([arm_of_site[data.unit == unit][0] for unit in range(20)])
        ratios, variances = [], []
        for which in (1, 0):
            inside = arm == which
            ratio = u[inside].sum() / w[inside].sum()
            n = inside.sum()
            squares = ((u - ratio * w)[inside] ** 2).sum()
            ratios.append(ratio)
            variances.append(n / (n - 1) * squares / w[inside].sum() ** 2)
        return (ratios[0] - ratios[1]) / math.sqrt(sum(variances))

    own, others = statistic(data.arm), np.array([statistic(row) for row in allocations])
    found = trial_permutation(data, allocations, exact=False)
    assert isinstance(found, PermutationTest)
    assert found.statistic == pytest.approx(own, rel=1e-5)
    assert found.p_value == (np.count_nonzero(np.abs(others) >= abs(own) - 1e-6) + 1) / 61


def test_with_many_units_it_is_near_the_cluster_level_test(trial_of) -> None:
    data = trial_of(sites=120, ratio=0.94)
    found = trial_permutation(data, draws(data, 4999), exact=False, average="sites")
    level = trial_cluster_level(data)
    assert isinstance(found, PermutationTest)
    assert isinstance(level, Estimate)
    assert found.p_value == pytest.approx(level.p_value(), abs=0.05)


def test_without_covariates(trial_of) -> None:
    data = trial_of()
    found = trial_permutation(data, draws(data, 99), exact=False, adjust=False)
    assert isinstance(found, PermutationTest)
    assert 0.01 <= found.p_value <= 1.0


def test_an_arm_without_units(trial_of) -> None:
    data = trial_of(sites=8)
    found = trial_permutation(data.with_arm(np.zeros(8, dtype=np.intp)), draws(data, 9), exact=False)
    assert isinstance(found, NotEstimable)
    assert found.reason == "too-few-units"
