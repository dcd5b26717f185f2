"""The Laplace likelihood and its maximum against naive second ways.

The second implementations here work differently: modes by a general optimiser one cluster at a time, curvature by
differences, and the integral itself by a fine grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import betabinom, binom, multivariate_normal, nbinom, norm, poisson

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm import (
    MixedFit,
    poisson_mixed,
)
from enginehouse.stats.glmm.families import OF_TRIALS, SIMPLER, Family
from enginehouse.stats.glmm.laplace import Laplace, Parameters
from enginehouse.stats.glmm.rows import ClusteredRows
from enginehouse.stats.results import NotEstimable

LOG_SIZE = math.log(6.0)
FACTOR = np.array([[0.5, 0.0], [0.1, 0.25]])


type RegionOf = Callable[..., Any]


def fitted(found: MixedFit | NotEstimable) -> MixedFit:
    assert isinstance(found, MixedFit), found
    return found


def log_density(family: Family, rows: ClusteredRows, eta: Array, log_size: float | None) -> Array:
    """The densities by scipy."""
    if family is Family.BINOMIAL:
        return binom.logpmf(rows.counts, rows.trials, expit(eta))
    if family is Family.POISSON:
        return poisson.logpmf(rows.counts, np.exp(eta))
    size = math.exp(log_size if log_size is not None else math.nan)
    if family is Family.BETA_BINOMIAL:
        return betabinom.logpmf(rows.counts, rows.trials, expit(eta) * size, expit(-eta) * size)
    if family is Family.NEGATIVE_BINOMIAL_LINEAR:
        return nbinom.logpmf(rows.counts, size * np.exp(eta), size / (1 + size))
    return nbinom.logpmf(rows.counts, size, size / (size + np.exp(eta)))


def naive_laplace(rows: ClusteredRows, family: Family, at: Parameters) -> float:
    """Minus the log-likelihood, cluster by cluster, with a general optimiser and a numerical second derivative."""
    total = 0.0
    size = len(rows.random)
    for cluster in range(rows.clusters):
        mine = rows.cluster == cluster

        def joint(effect: Array, mine: Array = mine) -> float:
            eta = rows.offset + rows.design @ at.beta + (at.factor @ effect) @ rows.random
            return -float(np.sum(log_density(family, rows, eta, at.log_size)[mine])) + float(effect @ effect) / 2

        mode = minimize(joint, np.zeros(size), method="BFGS", options={"gtol": 1e-7}).x
        step, unit = 1e-3, np.eye(size)
        second = np.array(
            [
                [
                    sum(a * b * joint(mode + step * (a * unit[i] + b * unit[j])) for a in (1, -1) for b in (1, -1))
                    / (4 * step**2)
                    for j in range(size)
                ]
                for i in range(size)
            ]
        )
        total += joint(mode) + 0.5 * np.linalg.slogdet(second)[1]
    return total


CASES = [(family, slope) for family in Family for slope in (False, True)]


def some_parameters(family: Family, *, slope: bool) -> Parameters:
    beta = np.array([1.7, 0.1, -0.2]) if family not in OF_TRIALS else np.array([-0.4, 0.1, -0.2])
    log_size = LOG_SIZE if family in SIMPLER else None
    return Parameters(beta, FACTOR if slope else FACTOR[:1, :1], log_size)


@pytest.mark.parametrize(("family", "slope"), CASES)
def test_likelihood_is_the_naive_one(family: Family, slope: bool, region_of: RegionOf) -> None:
    rows = region_of(sites=6).rows(family, slope=slope)
    at = some_parameters(family, slope=slope)
    assert Laplace(rows, family)(at).loss == pytest.approx(naive_laplace(rows, family, at), rel=1e-6)


@pytest.mark.parametrize(("family", "slope"), CASES)
def test_gradient_is_exact(family: Family, slope: bool, region_of: RegionOf) -> None:
    """Central differences of the likelihood, log-determinant included, for every parameter."""
    rows = region_of().rows(family, slope=slope)
    objective, at = Laplace(rows, family), some_parameters(family, slope=slope)
    value, step = objective(at), 1e-5

    def slope_of(up: Parameters, down: Parameters) -> float:
        return (objective(up).loss - objective(down).loss) / (2 * step)

    for place, unit in enumerate(np.eye(3) * step):
        ends = [Parameters(at.beta + side * unit, at.factor, at.log_size) for side in (1, -1)]
        assert value.beta[place] == pytest.approx(slope_of(*ends), rel=1e-6, abs=1e-5)
    for i, j in zip(*np.tril_indices(len(at.factor)), strict=True):
        unit = np.zeros(at.factor.shape)
        unit[i, j] = step
        ends = [Parameters(at.beta, at.factor + side * unit, at.log_size) for side in (1, -1)]
        assert value.factor[i, j] == pytest.approx(slope_of(*ends), rel=1e-6, abs=1e-5)
    if at.log_size is not None:
        ends = [Parameters(at.beta, at.factor, at.log_size + side * step) for side in (1, -1)]
        assert value.log_size == pytest.approx(slope_of(*ends), rel=1e-6, abs=1e-5)


def test_negative_binomial_becomes_poisson_as_its_size_grows(region_of: RegionOf) -> None:
    """To the last digits, where gamma functions of a huge size would have lost them all."""
    rows, at = region_of().rows(Family.POISSON, slope=True), some_parameters(Family.POISSON, slope=True)
    poisson_loss = Laplace(rows, Family.POISSON)(at).loss
    for log_size in (18.0, 25.0):
        loss = Laplace(rows, Family.NEGATIVE_BINOMIAL)(Parameters(at.beta, at.factor, log_size)).loss
        assert loss == pytest.approx(poisson_loss, abs=5000 * math.exp(-log_size) + 1e-9)


def exact_loss(rows: ClusteredRows, family: Family, at: Parameters) -> float:
    """Minus the log-likelihood with the integral over each cluster's effects as a fine sum: no approximation."""
    grid = np.linspace(-6, 6, 121 if len(rows.random) == 2 else 401)
    if len(rows.random) == 1:
        points, weights = grid[None, :], norm.pdf(grid) * (grid[1] - grid[0])
    else:
        points = np.stack([axis.ravel() for axis in np.meshgrid(grid, grid)])
        weights = multivariate_normal.pdf(points.T, np.zeros(2), np.eye(2)) * (grid[1] - grid[0]) ** 2
    effects, total = at.factor @ points, 0.0
    for cluster in range(rows.clusters):
        mine = rows.cluster == cluster
        fixed = (rows.offset + rows.design @ at.beta)[mine]
        eta = fixed[:, None] + rows.random[:, mine].T @ effects
        total += math.log(np.exp(poisson.logpmf(rows.counts[mine][:, None], np.exp(eta)).sum(axis=0)) @ weights)
    return -total


def test_the_maximum_is_that_of_the_integral_by_a_general_optimiser(region_of: RegionOf) -> None:
    """Nelder and Mead's search on the exact likelihood ends within a tenth of a standard error."""
    region = region_of(sites=12)
    rows = region.rows(Family.POISSON, slope=False)
    fit = fitted(poisson_mixed(region.counts, region.design, clusters=region.site, offset=region.offset))

    def loss(vector: Array) -> float:
        return exact_loss(rows, Family.POISSON, Parameters(vector[:3], np.array([[vector[3]]])))

    found = minimize(
        loss, [1.7, 0, 0, 0.4], method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-5, "maxiter": 1000}
    )
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=0.05)
    assert np.abs(fit.fixed_effects - found.x[:3]) == pytest.approx(0, abs=0.1 * fit.std_errors.min())
    assert fit.intercept_sd == pytest.approx(abs(found.x[3]), rel=0.01)


@pytest.mark.parametrize(("mean", "error"), [(1.0, 0.02), (6.0, 0.003)])
def test_laplace_is_near_the_integral(mean: float, error: float, region_of: RegionOf) -> None:
    """Error of the log-likelihood by site with about 6 and about 35 events each: it falls as events grow."""
    rows = region_of(mean=mean, months=6).rows(Family.POISSON, slope=True)
    at = Parameters(np.array([math.log(mean), 0.1, -0.2]), FACTOR)
    approximate, exact = Laplace(rows, Family.POISSON)(at).loss, exact_loss(rows, Family.POISSON, at)
    assert abs(approximate - exact) / rows.clusters < error


def test_standard_errors_by_the_exact_likelihood(region_of: RegionOf) -> None:
    """A numerical Hessian of the summed integral at the fit gives the same errors to 1%."""
    region = region_of(sites=12, mean=5.0)
    rows = region.rows(Family.POISSON, slope=False)
    fit = fitted(poisson_mixed(region.counts, region.design, clusters=region.site, offset=region.offset))
    centre, steps = np.array([*fit.fixed_effects, fit.intercept_sd]), np.eye(4) * 0.02

    def loss(vector: Array) -> float:
        return exact_loss(rows, Family.POISSON, Parameters(vector[:3], np.array([[vector[3]]])))

    hessian = np.array(
        [
            [sum(a * b * loss(centre + a * i + b * j) for a in (1, -1) for b in (1, -1)) / (4 * 0.02**2) for j in steps]
            for i in steps
        ]
    )
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))[:3]
    assert fit.std_errors == pytest.approx(errors, rel=0.01)
