"""The Laplace likelihood and its maximum against naive second ways; boundaries, fallbacks and refusals.

The second implementations here work differently: modes by a general optimiser one cluster at a time, curvature by
differences, and the integral itself by a fine grid.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom, multivariate_normal, nbinom, norm, poisson

from enginehouse.stats.fits import Array
from enginehouse.stats.glm import poisson_regression
from enginehouse.stats.glmm import (
    Convergence,
    Family,
    MixedFit,
    binomial_mixed,
    negative_binomial_mixed,
    poisson_mixed,
    search,
)
from enginehouse.stats.glmm.laplace import Laplace, Parameters
from enginehouse.stats.glmm.rows import ClusteredRows, clustered_rows
from enginehouse.stats.glmm.search import SEARCH_TOLERANCE, find_optimum
from enginehouse.stats.results import NotEstimable

LOG_SIZE = math.log(6.0)
FACTOR = np.array([[0.5, 0.0], [0.1, 0.25]])


def fitted(found: MixedFit | NotEstimable) -> MixedFit:
    assert isinstance(found, MixedFit), found
    return found


def refused(found: MixedFit | NotEstimable) -> NotEstimable:
    assert isinstance(found, NotEstimable)
    return found


class Region:
    """Counts of sites by month with random intercepts and slopes, some months missing; rows in random order."""

    def __init__(
        self,
        *,
        seed: int = 3,
        sites: int = 25,
        months: int = 9,
        mean: float = 6.0,
        size: float = math.inf,
        sd: float = 0.5,
    ) -> None:
        rng = np.random.default_rng(seed)
        site, month = np.repeat(np.arange(sites), months), np.tile(np.arange(months), sites)
        keep = rng.permutation(len(site))[: int(0.95 * len(site))]
        self.site, self.time = site[keep], (month[keep] - months / 2) / 12
        self.treated = ((self.site % 2 == 0) & (self.time >= 0)).astype(float)
        self.patients = rng.lognormal(0, 0.3, len(keep))
        effects = rng.normal(0, [sd, sd / 2], (sites, 2))
        eta = effects[self.site, 0] + effects[self.site, 1] * self.time - 0.1 * self.treated
        rate = mean * self.patients * np.exp(eta)
        self.counts = rng.poisson(rate if math.isinf(size) else rate * rng.gamma(size, 1 / size, len(keep)))
        self.trials = np.full(len(keep), 12)
        self.events = rng.binomial(self.trials, expit(eta - 0.5))
        self.design = np.column_stack([np.ones(len(keep)), self.time, self.treated])
        self.offset = np.log(self.patients)

    def rows(self, family: Family, *, slope: bool) -> ClusteredRows:
        binomial = family is Family.BINOMIAL
        return clustered_rows(
            self.events if binomial else self.counts,
            self.design,
            clusters=self.site,
            offset=None if binomial else self.offset,
            slope=self.time if slope else None,
            names=None,
            trials=self.trials if binomial else None,
        )


def log_density(family: Family, rows: ClusteredRows, eta: Array, log_size: float | None) -> Array:
    """The densities by scipy."""
    if family is Family.BINOMIAL:
        return binom.logpmf(rows.counts, rows.trials, expit(eta))
    if family is Family.POISSON:
        return poisson.logpmf(rows.counts, np.exp(eta))
    size = math.exp(log_size if log_size is not None else math.nan)
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
    beta = np.array([1.7, 0.1, -0.2]) if family is not Family.BINOMIAL else np.array([-0.4, 0.1, -0.2])
    log_size = LOG_SIZE if family is Family.NEGATIVE_BINOMIAL else None
    return Parameters(beta, FACTOR if slope else FACTOR[:1, :1], log_size)


@pytest.mark.parametrize(("family", "slope"), CASES)
def test_likelihood_is_the_naive_one(family: Family, slope: bool) -> None:
    rows = Region(sites=6).rows(family, slope=slope)
    at = some_parameters(family, slope=slope)
    assert Laplace(rows, family)(at).loss == pytest.approx(naive_laplace(rows, family, at), rel=1e-6)


@pytest.mark.parametrize(("family", "slope"), CASES)
def test_gradient_is_exact(family: Family, slope: bool) -> None:
    """Central differences of the likelihood, log-determinant included, for every parameter."""
    rows = Region().rows(family, slope=slope)
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


def test_negative_binomial_becomes_poisson_as_its_size_grows() -> None:
    """To the last digits, where gamma functions of a huge size would have lost them all."""
    rows, at = Region().rows(Family.POISSON, slope=True), some_parameters(Family.POISSON, slope=True)
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


def test_the_maximum_is_that_of_the_integral_by_a_general_optimiser() -> None:
    """Nelder and Mead's search on the exact likelihood ends within a tenth of a standard error."""
    region = Region(sites=12)
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
def test_laplace_is_near_the_integral(mean: float, error: float) -> None:
    """Error of the log-likelihood by site with about 6 and about 35 events each: it falls as events grow."""
    rows = Region(mean=mean, months=6).rows(Family.POISSON, slope=True)
    at = Parameters(np.array([math.log(mean), 0.1, -0.2]), FACTOR)
    approximate, exact = Laplace(rows, Family.POISSON)(at).loss, exact_loss(rows, Family.POISSON, at)
    assert abs(approximate - exact) / rows.clusters < error


def test_standard_errors_by_the_exact_likelihood() -> None:
    """A numerical Hessian of the summed integral at the fit gives the same errors to 1%."""
    region = Region(sites=12, mean=5.0)
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


def test_planted_values_are_found() -> None:
    region = Region(seed=8, sites=400, months=24, mean=30, size=20)
    fit = fitted(
        negative_binomial_mixed(
            region.counts, region.design, clusters=region.site, offset=region.offset, slope=region.time
        )
    )
    assert fit.convergence is Convergence.CONVERGED
    assert fit.gradient_norm < 1e-5
    assert fit.method == "negative-binomial-random-slope"
    assert fit.intercept_sd == pytest.approx(0.5, abs=0.06)
    assert fit.slope_sd == pytest.approx(0.25, abs=0.04)
    assert fit.correlation == pytest.approx(0, abs=0.2)
    assert fit.size == pytest.approx(20, rel=0.1)
    assert fit.pearson_ratio == pytest.approx(1, abs=0.05)
    effect = fit.contrast({"x3": 1})
    assert abs(effect.value + 0.1) < 3 * effect.std_error
    assert effect.numbers["size"] == fit.size
    assert effect.df == math.inf


def test_months_as_the_unit_of_the_slope_change_nothing_else() -> None:
    region = Region()
    by_year, by_month = (
        fitted(
            poisson_mixed(
                region.counts, region.design, clusters=region.site, offset=region.offset, slope=region.time * unit
            )
        )
        for unit in (1, 12)
    )
    assert by_year.log_likelihood == pytest.approx(by_month.log_likelihood, abs=1e-8)
    assert by_year.slope_sd == pytest.approx((by_month.slope_sd or 0) * 12, rel=1e-4)
    assert by_year.covariance == pytest.approx(by_month.covariance, rel=1e-4)
    assert by_year.site_effects[:, 1] == pytest.approx(by_month.site_effects[:, 1] * 12, abs=1e-5)


def test_counts_that_vary_no_more_than_poisson_fall_back_and_say_so() -> None:
    """The same site counts every month: less than Poisson variation, so the likelihood of the dispersion has no end."""
    region = Region(sites=30, months=10)
    level = np.random.default_rng(1).lognormal(3, 0.4, 30)
    steady = np.round(level)[region.site]
    fit = fitted(negative_binomial_mixed(steady, region.design, clusters=region.site))
    assert fit.family is Family.POISSON
    assert fit.method == "poisson-random-intercept"
    assert fit.size is None
    assert "dispersion is at its boundary" in fit.notes[0]
    plain = fitted(poisson_mixed(steady, region.design, clusters=region.site))
    assert fit.fixed_effects == pytest.approx(plain.fixed_effects, abs=1e-10)
    assert fit.covariance == pytest.approx(plain.covariance, rel=1e-4)


def test_sites_that_do_not_differ_have_a_variance_of_zero_and_it_is_said() -> None:
    """Then the fit is the pooled regression, errors included."""
    region = Region(seed=5, sd=0.0, sites=40)
    counts = np.random.default_rng(2).binomial(16, 0.375, len(region.site))
    fit = fitted(poisson_mixed(counts, region.design, clusters=region.site))
    pooled = poisson_regression(counts, region.design)
    assert not isinstance(pooled, NotEstimable)
    assert fit.intercept_sd == pytest.approx(0, abs=1e-3)
    assert "between sites is at its boundary, zero" in fit.notes[0]
    assert fit.fixed_effects == pytest.approx(pooled.coefficients, abs=1e-5)
    assert fit.std_errors == pytest.approx(pooled.std_errors, rel=1e-3)


def test_slopes_that_do_not_differ_are_at_the_boundary_and_it_is_said() -> None:
    region = Region(sites=40)
    level = np.random.default_rng(4).lognormal(3, 0.5, 40)
    counts = np.random.default_rng(7).binomial(100, np.minimum(level / 100, 0.9)[region.site])
    fit = fitted(poisson_mixed(counts, region.design, clusters=region.site, slope=region.time))
    assert any("slopes is at its boundary" in note or "correlation" in note for note in fit.notes)
    intercept_only = fitted(poisson_mixed(counts, region.design, clusters=region.site))
    assert fit.log_likelihood >= intercept_only.log_likelihood - 1e-4


def test_over_dispersed_counts_are_told_to_the_reader() -> None:
    region = Region(sites=60, mean=60, size=10)
    fit = fitted(poisson_mixed(region.counts, region.design, clusters=region.site, offset=region.offset))
    assert fit.pearson_ratio > 3
    assert "its intervals are too narrow" in fit.notes[0]
    wider = fitted(negative_binomial_mixed(region.counts, region.design, clusters=region.site, offset=region.offset))
    assert wider.std_errors[2] > 1.7 * fit.std_errors[2]
    assert not wider.notes


def test_site_effects_shrink_towards_the_rest() -> None:
    region = Region(sites=20)
    fit = fitted(poisson_mixed(region.counts, region.design, clusters=region.site, offset=region.offset))
    assert list(fit.labels) == sorted(set(region.site))
    expected = np.exp(region.offset + region.design @ fit.fixed_effects)
    raw = np.log(np.bincount(region.site, region.counts) / np.bincount(region.site, expected))
    assert np.all(np.abs(fit.site_effects[:, 0]) <= np.abs(raw) + 0.02)
    assert np.corrcoef(raw, fit.site_effects[:, 0])[0, 1] > 0.98
    assert np.all(fit.site_covariances[:, 0, 0] < fit.intercept_sd**2)


def test_far_starts_do_not_diverge() -> None:
    """Clipped Newton steps: very large counts beside zeros, seen from a wrong start."""
    region = Region(sites=12, mean=3000, sd=1.5)
    counts = np.where(region.site == 0, 0, region.counts)
    fit = fitted(poisson_mixed(counts, region.design, clusters=region.site, offset=region.offset, slope=region.time))
    assert fit.gradient_norm < 1e-4
    assert np.all(np.isfinite(fit.site_effects))


def test_the_reported_gradient_is_that_of_the_end() -> None:
    optimum = find_optimum(Region().rows(Family.POISSON, slope=True), Family.POISSON)
    assert optimum.hessian_is_positive
    assert optimum.gradient_norm < SEARCH_TOLERANCE
    assert np.max(np.abs(optimum.value.beta)) < 1e-4


def test_what_cannot_be_estimated() -> None:
    site = np.repeat(np.arange(8), 4)
    ones = np.ones((32, 1))
    counts = np.random.default_rng(1).poisson(5, 32)
    arm = (site < 4).astype(float)
    assert refused(poisson_mixed(np.zeros(32), ones, clusters=site)).reason == "no-events"
    assert refused(poisson_mixed(counts, ones, clusters=site // 4)).reason == "too-few-clusters"
    aliased = refused(
        poisson_mixed(counts, np.column_stack([ones, arm, 1 - arm]), clusters=site, names=["one", "arm", "rest"])
    )
    assert aliased.reason == "aliased-columns"
    assert "rest" in aliased.detail
    silent = np.where(arm == 1, 0, counts)
    for method in (poisson_mixed, negative_binomial_mixed):
        answer = refused(method(silent, np.column_stack([ones, arm]), clusters=site, names=["one", "arm"]))
        assert answer.reason == "separation"
        assert "arm" in answer.detail
    certain = refused(
        binomial_mixed(np.where(arm == 1, 9, 3), np.column_stack([ones, arm]), trials=np.full(32, 9), clusters=site)
    )
    assert certain.reason == "separation"


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ([1, 2.5, 1, 2], {}, "whole numbers up to ten million: model quantities by quasi-Poisson"),
        ([1, 2, 1, 20_000_000], {}, "whole numbers up to ten million"),
        ([1, -2, 1, 2], {}, "must not be negative"),
        ([1, 2, 1, 2], {"slope": [0, 0, 0, 0]}, "must be finite, not all zero"),
        ([1, 2, 1, 2], {"slope": [0, 1]}, "one value for each row"),
        ([1, 2, 1, 2], {"clusters": [1, 2]}, "got 2 cluster labels for 4 rows"),
    ],
)
def test_arrays_that_do_not_fit(counts, options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        poisson_mixed(counts, np.ones(4), **{"clusters": [1, 1, 2, 2], **options})


def test_trials_must_hold_the_events() -> None:
    with pytest.raises(ValueError, match="no fewer than the events"):
        binomial_mixed([1, 5], np.ones(2), trials=[3, 3], clusters=[1, 2])


def test_a_search_that_ends_too_early_is_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    region = Region()
    options = {"clusters": region.site, "offset": region.offset, "slope": region.time}
    monkeypatch.setattr("enginehouse.stats.glmm.fit.USELESS_GRADIENT", -1.0)
    answer = refused(poisson_mixed(region.counts, region.design, **options))
    assert answer.reason == "not-converged"
    assert "did not reach a maximum" in answer.detail
    monkeypatch.undo()
    monkeypatch.setattr("enginehouse.stats.glmm.fit.GRADIENT_TOLERANCE", -1.0)
    near = fitted(poisson_mixed(region.counts, region.design, **options))
    assert near.convergence is Convergence.NEAR
    assert "stopped near the maximum" in near.notes[-1]


def test_a_rough_start_leads_to_the_same_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    region = Region()
    options = {"clusters": region.site, "offset": region.offset, "slope": region.time}
    usual = fitted(poisson_mixed(region.counts, region.design, **options))
    monkeypatch.setattr("enginehouse.stats.glm.MAX_STEPS", 0)
    rough = fitted(poisson_mixed(region.counts, region.design, **options))
    assert rough.fixed_effects == pytest.approx(usual.fixed_effects, abs=1e-5)


def test_a_direction_without_information_may_only_turn_random_effects() -> None:
    """The inverse Hessian: flat directions among random effects are set aside, elsewhere it is no maximum."""
    inverse, is_maximum = search._inverse(np.diag([1.0, 2.0, 0.0]), 2)
    assert is_maximum
    assert np.diag(inverse) == pytest.approx([1, 0.5, 0])
    assert not search._inverse(np.diag([1.0, 0.0, 2.0]), 2)[1]
    assert not search._inverse(np.diag([1.0, 1.0, -2.0]), 2)[1]
    assert not search._inverse(np.full((2, 2), np.nan), 1)[1]


def test_binomial_says_how_much_more_events_vary() -> None:
    rng = np.random.default_rng(6)
    site = np.repeat(np.arange(30), 12)
    chance = rng.beta(2, 3, 360)
    fit = fitted(binomial_mixed(rng.binomial(40, chance), np.ones(360), trials=np.full(360, 40), clusters=site))
    # A beta(2, 3) chance has icc 1/6, so events vary 1 + 39/6 times as much.
    assert fit.pearson_ratio == pytest.approx(1 + 39 / 6, rel=0.15)
    assert "binomial says" in fit.notes[-1]


@pytest.mark.parametrize("seed", [82, 140, 206])
def test_hard_panels_settle(seed: int) -> None:
    """Kept from a hunt over 400 made-up panels: huge counts with wild slopes, and no variation at all between sites."""
    rng = np.random.default_rng(seed)
    sites, months, mean, sd = {82: (29, 14, 700, 2.0), 140: (26, 10, 68, 2.0), 206: (23, 13, 6.6, 0.0)}[seed]
    site, time = np.repeat(np.arange(sites), months), (np.tile(np.arange(months), sites) - months / 2) / 6
    effects = rng.normal(0, sd, (sites, 2)) if sd else np.zeros((sites, 2))
    rate = mean * np.exp(np.minimum(effects[site, 0] + effects[site, 1] * time + 0.3 * (site % 2), 6))
    design = np.column_stack([np.ones(len(site)), site % 2, time])
    for method in (poisson_mixed, negative_binomial_mixed):
        fit = fitted(method(rng.poisson(rate), design, clusters=site, slope=time))
        assert fit.convergence is Convergence.CONVERGED
        assert fit.intercept_sd == pytest.approx(sd, abs=0.7)


def test_no_variation_at_all_is_one_note() -> None:
    """Fewer extremes than chance makes, in intercepts and in slopes."""
    site, time = np.repeat(np.arange(20), 8), np.tile(np.arange(8) - 3.5, 20)
    counts = 50 + np.tile([3, -3, -3, 3, 3, -3, -3, 3], 20)
    fit = fitted(poisson_mixed(counts, np.column_stack([np.ones(160), time]), clusters=site, slope=time))
    assert "chance explains all differences" in fit.notes[0]
    pooled = poisson_regression(counts, np.column_stack([np.ones(160), time]))
    assert not isinstance(pooled, NotEstimable)
    assert fit.std_errors == pytest.approx(pooled.std_errors, rel=1e-3)
