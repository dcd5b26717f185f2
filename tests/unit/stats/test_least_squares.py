"""Regressions of one series against second implementations that work another way (dense matrices, a general optimiser).

The second implementations were written by the same engineer as the code. Agreement with R and Stata is in
tests/reference.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from enginehouse.stats.least_squares import (
    BOUNDARY_NOTE,
    LinearFit,
    ar1_reml,
    newey_west,
    ordinary_least_squares,
)
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.segmented import segmented_design


def ar1_series(rng: np.random.Generator, n: int, phi: float) -> np.ndarray:
    errors = np.empty(n)
    errors[0] = rng.normal()
    for t in range(1, n):
        errors[t] = phi * errors[t - 1] + math.sqrt(1 - phi**2) * rng.normal()
    return errors


def dense_restricted_likelihood(phi: float, log_sigma: float, y: np.ndarray, x: np.ndarray) -> float:
    """Minus the restricted log-likelihood from the full covariance matrix, up to a constant."""
    lag = np.abs(np.subtract.outer(np.arange(len(y)), np.arange(len(y))))
    covariance = np.exp(2 * log_sigma) * phi**lag
    inverse = np.linalg.inv(covariance)
    information = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    return 0.5 * float(
        np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1] + residual @ inverse @ residual
    )


@pytest.mark.parametrize(("n", "phi", "seed"), [(27, 0.3, 1), (27, -0.4, 2), (40, 0.6, 3), (20, 0.0, 4)])
def test_reml_agrees_with_a_general_optimiser_on_dense_matrices(n: int, phi: float, seed: int) -> None:
    x = segmented_design(n, n // 2)
    y = ar1_series(np.random.default_rng(seed), n, phi)
    found = minimize(
        lambda p: dense_restricted_likelihood(math.tanh(p[0]), p[1], y, x), [0.0, 0.0], method="BFGS", tol=1e-10
    )
    best, sigma = math.tanh(found.x[0]), math.exp(found.x[1])
    lag = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    inverse = np.linalg.inv(sigma**2 * best**lag)
    covariance = np.linalg.inv(x.T @ inverse @ x)
    fit = ar1_reml(y, x)
    assert isinstance(fit, LinearFit)
    assert fit.phi == pytest.approx(best, abs=1e-4)
    assert fit.sigma == pytest.approx(sigma, rel=1e-4)
    assert fit.coefficients == pytest.approx(covariance @ (x.T @ inverse @ y), rel=1e-3, abs=1e-5)
    assert fit.std_errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-4)


def test_fixing_phi_at_zero_is_least_squares() -> None:
    x = segmented_design(24, 12)
    y = ar1_series(np.random.default_rng(5), 24, 0.5)
    fixed, plain = ar1_reml(y, x, phi=0.0), ordinary_least_squares(y, x)
    assert isinstance(fixed, LinearFit)
    assert isinstance(plain, LinearFit)
    assert fixed.coefficients == pytest.approx(plain.coefficients, rel=1e-9)
    assert fixed.covariance == pytest.approx(plain.covariance, rel=1e-9)


def test_alternating_errors_have_negative_phi() -> None:
    y = np.array([1.0, -1.0] * 12) + 0.05 * np.random.default_rng(6).normal(size=24)
    fit = ar1_reml(y, np.ones((24, 1)))
    assert isinstance(fit, LinearFit)
    assert fit.phi < -0.9


def test_a_random_walk_is_told_to_be_inseparable_from_trend() -> None:
    y = np.cumsum(np.random.default_rng(11).normal(size=30))
    fit = ar1_reml(y, np.ones((30, 1)))
    assert isinstance(fit, LinearFit)
    assert fit.notes == (BOUNDARY_NOTE,)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shift=st.floats(-100, 100),
    scale=st.floats(0.01, 100),
    slope=st.floats(-5, 5),
)
def test_estimates_move_with_the_series(seed: int, shift: float, scale: float, slope: float) -> None:
    """Adding a line to the series moves only intercept and slope; stretching it stretches all but phi."""
    x = segmented_design(24, 13)
    y = ar1_series(np.random.default_rng(seed), 24, 0.2)
    plain, moved = ar1_reml(y, x), ar1_reml(scale * y + shift + slope * x[:, 1], x)
    assert isinstance(plain, LinearFit)
    assert isinstance(moved, LinearFit)
    assert moved.phi == pytest.approx(plain.phi, abs=1e-6)
    assert moved.coefficients[2:] == pytest.approx(scale * plain.coefficients[2:], rel=1e-5, abs=1e-6 * scale)
    assert moved.std_errors[2:] == pytest.approx(scale * plain.std_errors[2:], rel=1e-5)


@pytest.mark.parametrize("lag", [0, 2])
def test_newey_west_agrees_with_a_sum_over_pairs_of_months(lag: int) -> None:
    n, x = 20, segmented_design(20, 10)
    y = ar1_series(np.random.default_rng(7), n, 0.4)
    beta = np.linalg.lstsq(x, y)[0]
    r = y - x @ beta
    meat = np.zeros((4, 4))
    for s in range(n):
        for t in range(n):
            weight = max(0.0, 1 - abs(s - t) / (lag + 1))
            meat += weight * r[s] * r[t] * np.outer(x[s], x[t])
    bread = np.linalg.inv(x.T @ x)
    fit = newey_west(y, x, lag=lag)
    assert isinstance(fit, LinearFit)
    assert fit.covariance == pytest.approx(n / (n - 4) * bread @ meat @ bread, rel=1e-9)


def test_degrees_of_freedom() -> None:
    fit = ar1_reml(ar1_series(np.random.default_rng(8), 24, 0.5), segmented_design(24, 12), phi=0.5)
    assert isinstance(fit, LinearFit)
    assert fit.df() == 24 - 4
    assert fit.df("effective") == pytest.approx(20 * (1 - 0.25) / (1 + 0.25))
    assert fit.df("normal") == math.inf
    wide = ar1_reml(ar1_series(np.random.default_rng(8), 24, 0.5), segmented_design(24, 12), phi=0.99)
    assert isinstance(wide, LinearFit)
    assert wide.df("effective") == 2.0


@pytest.mark.parametrize("method", [ordinary_least_squares, ar1_reml])
def test_what_cannot_be_fitted_is_not_estimable(method: object) -> None:
    fit = method  # type: ignore[assignment]
    few = fit(np.zeros(4), segmented_design(4, 2))  # type: ignore[operator]
    assert isinstance(few, NotEstimable)
    assert few.reason == "too-few-months"
    gap = fit(np.array([0.0, 1.0, math.nan, 1.0, 2.0]), np.ones((5, 1)))  # type: ignore[operator]
    assert isinstance(gap, NotEstimable)
    assert gap.reason == "missing-values"
    twice = fit(np.arange(5.0), np.ones((5, 2)))  # type: ignore[operator]
    assert isinstance(twice, NotEstimable)
    assert twice.reason == "collinear"


def test_lengths_that_differ_are_a_defect() -> None:
    with pytest.raises(ValueError, match="5 outcomes and 6 rows"):
        ordinary_least_squares(np.zeros(5), np.ones((6, 1)))


def test_newey_west_needs_more_months_than_coefficients() -> None:
    assert isinstance(newey_west(np.zeros(4), segmented_design(4, 2), lag=1), NotEstimable)
