"""Nested effects, quadrature, families and the bootstrap of mixed models: second ways, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import betabinom, nbinom, norm

from enginehouse.stats.glmm import Family, Link, MixedFit, fit_glmm
from enginehouse.stats.glmm.bootstrap import Bootstrap, bootstrap_contrast
from enginehouse.stats.glmm.correlation import MixedCorrelation, mixed_correlation
from enginehouse.stats.glmm.families import OF_TRIALS, SIMPLER
from enginehouse.stats.glmm.laplace import Laplace, Parameters
from enginehouse.stats.glmm.profile import deviation_interval, profile_interval
from enginehouse.stats.glmm.rows import clustered_rows
from enginehouse.stats.glmm.search import Whitening
from enginehouse.stats.lmm.correlation import Correlation
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.lmm.structures import (
    DiscreteTimeDecay,
    InterceptAndSlope,
    NestedExchangeable,
    RandomTerm,
    RandomTerms,
)
from enginehouse.stats.results import Interval, NotEstimable

type RegionOf = Callable[..., Any]


def fitted(found: MixedFit | NotEstimable) -> MixedFit:
    assert isinstance(found, MixedFit), found
    return found


class Panel:
    """Clusters of periods of rows."""

    def __init__(self, seed: int = 3, clusters: int = 16, periods: int = 4, rows: int = 3) -> None:
        rng = np.random.default_rng(seed)
        n = clusters * periods * rows
        self.cluster = np.repeat(np.arange(clusters), periods * rows)
        self.period = np.tile(np.repeat(np.arange(periods), rows), clusters)
        self.time = (self.period - 1.5) / 2
        self.design = np.column_stack([np.ones(n), self.time, (self.cluster % 2) * (self.time > 0)])
        u = (
            rng.normal(0, 0.6, clusters)[self.cluster]
            + rng.normal(0, 0.5, (clusters, periods))[self.cluster, self.period]
        )
        self.trials = rng.integers(3, 9, n)
        self.events = rng.binomial(self.trials, expit(u - 0.5))
        self.counts = rng.poisson(np.exp(1 + u) * rng.gamma(3, 1 / 3, n))

    def options(self, family: Family) -> dict[str, Any]:
        return {"trials": self.trials if family in OF_TRIALS else None, "clusters": self.cluster, "design": self.design}

    def outcome(self, family: Family) -> np.ndarray:
        return self.events if family in OF_TRIALS else self.counts


STRUCTURES: dict[str, Callable[[Panel], Any]] = {
    "nested": lambda p: NestedExchangeable(periods=p.period),
    "uncorrelated slope": lambda p: InterceptAndSlope(column=p.time, correlated=False),
    "slope and nested": lambda p: RandomTerms(
        (
            RandomTerm(columns=np.column_stack([np.ones(len(p.time)), p.time])),
            RandomTerm(groups=p.cluster * 10 + p.period, name="month"),
        )
    ),
}


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_gradient_and_hessian_are_those_of_differences(family: Family, structure: str) -> None:
    panel, rng = Panel(), np.random.default_rng(1)
    weights = rng.uniform(0.5, 2, len(panel.time))
    rows = clustered_rows(
        panel.outcome(family), structure=STRUCTURES[structure](panel), weights=weights, **panel.options(family)
    )
    objective = Laplace(rows, family)
    size = len(rows.random)
    factor = np.where(rows.free, 0.1, 0.0) + 0.5 * np.eye(size)
    at = Parameters(
        np.array([0.2, 0.1, -0.2]), factor, 1.1 if family in SIMPLER else None, 0.35 if rows.inner is not None else 0.0
    )
    scale = Whitening(objective, at)
    zero, value = np.zeros(scale.length), objective(at)
    steps = np.eye(scale.length) * 1e-4
    ends = [[objective(scale.parameters(zero + side * step)) for side in (1, -1)] for step in steps]
    slope = np.array([(up.loss - down.loss) / 2e-4 for up, down in ends])
    assert scale.gradient(value) == pytest.approx(slope, abs=2e-5)
    hessian = np.array([(scale.gradient(up) - scale.gradient(down)) / 2e-4 for up, down in ends])
    assert scale.hessian(objective, zero, value) == pytest.approx(hessian, abs=5e-4)


@pytest.mark.parametrize("family", [Family.BINOMIAL, Family.POISSON, Family.BETA_BINOMIAL])
def test_quadrature_is_the_integral(family: Family) -> None:
    """25 points against a fine sum over each cluster's effect."""
    panel = Panel(clusters=8)
    rows = clustered_rows(panel.outcome(family), **panel.options(family))
    log_size = 1.5 if family in SIMPLER else None
    at = Parameters(np.array([0.1, 0.2, -0.2]), np.array([[0.9]]), log_size)
    grid = np.linspace(-9, 9, 4001)
    objective = Laplace(rows, family, nodes=25)
    eta = (rows.offset + rows.design @ at.beta)[:, None] + 0.9 * grid
    each = np.array([objective.density(log_size).density_and_score(column)[0] for column in eta.T])
    by_cluster = rows.by_cluster(each) + norm.logpdf(grid)[:, None] + math.log(grid[1] - grid[0])
    assert objective(at).loss == pytest.approx(-float(np.sum(logsumexp(by_cluster, axis=0))), abs=1e-7)


def test_more_points_converge(region_of: RegionOf) -> None:
    panel = Panel()
    found = [
        fitted(fit_glmm(panel.events, family=Family.BINOMIAL, nodes=k, **panel.options(Family.BINOMIAL)))
        for k in (1, 15, 31)
    ]
    assert found[1].log_likelihood == pytest.approx(found[2].log_likelihood, abs=1e-7)
    assert abs(found[0].log_likelihood - found[2].log_likelihood) > 1e-3


def test_densities_are_scipys() -> None:
    counts, trials, eta = np.array([0.0, 2, 7]), np.array([4.0, 6, 9]), np.array([-0.3, 0.2, 1.0])
    rows = clustered_rows(counts, np.ones(3), clusters=[1, 2, 3], trials=trials)
    found = Laplace(rows, Family.BETA_BINOMIAL).density(math.log(3.0)).curvature(eta).density
    assert found == pytest.approx(betabinom.logpmf(counts, trials, 3 * expit(eta), 3 * expit(-eta)))
    rows = clustered_rows(counts, np.ones(3), clusters=[1, 2, 3])
    found = Laplace(rows, Family.NEGATIVE_BINOMIAL_LINEAR).density(math.log(3.0)).curvature(eta).density
    assert found == pytest.approx(nbinom.logpmf(counts, 3 * np.exp(eta), 3 / 4))


@pytest.mark.parametrize("family", SIMPLER)
def test_a_family_without_need_of_its_dispersion_falls_back(family: Family) -> None:
    rng = np.random.default_rng(4)
    cluster, trials = np.repeat(np.arange(20), 6), np.full(120, 40)
    level = expit(rng.normal(0, 0.5, 20))
    steady = np.round(trials * level[cluster])
    fit = fitted(
        fit_glmm(steady, np.ones(120), clusters=cluster, family=family, trials=trials if family in OF_TRIALS else None)
    )
    assert fit.family is SIMPLER[family]
    assert fit.dispersion is None
    assert "dispersion is at its boundary" in fit.notes[0]


def test_months_that_do_not_vary_have_no_variance_and_it_is_said() -> None:
    rng = np.random.default_rng(4)
    panel = Panel()
    even = rng.binomial(12, 0.5, len(panel.time)) // 3 + 4
    fit = fitted(
        fit_glmm(
            even,
            panel.design,
            clusters=panel.cluster,
            family=Family.POISSON,
            structure=NestedExchangeable(periods=panel.period),
        )
    )
    assert fit.on_boundary
    assert fit.inner_sd == 0
    assert any("inside sites" in note for note in fit.notes)


def test_between_within_degrees_of_freedom() -> None:
    panel = Panel()
    arm = (panel.cluster % 2).astype(float)
    fit = fitted(
        fit_glmm(
            panel.counts,
            np.column_stack([panel.design, arm]),
            clusters=panel.cluster,
            family=Family.NEGATIVE_BINOMIAL,
            names=["one", "time", "post", "arm"],
        )
    )
    assert fit.estimate({"arm": 1}).df == 16 - 2
    assert fit.estimate({"post": 1}).df == 16 * 12 - 16 - 2
    assert fit.estimate({"post": 1, "arm": 1}).df == 16 - 2
    assert fit.estimate({"post": 1}, method=DfMethod.NORMAL).df == math.inf
    with pytest.raises(ValueError, match="between-within or normal"):
        fit.estimate({"post": 1}, method=DfMethod.SATTERTHWAITE)


def test_correlations_by_arithmetic() -> None:
    panel = Panel()
    options = panel.options(Family.BINOMIAL)
    nested = NestedExchangeable(periods=panel.period)
    fit = fitted(fit_glmm(panel.events, family=Family.BINOMIAL, structure=nested, **options))
    found = mixed_correlation(fit, at=0.0)
    assert isinstance(found, MixedCorrelation)
    assert isinstance(found.latent, Correlation)
    assert found.cac is not None
    between, inside = fit.intercept_sd**2, (fit.inner_sd or 0) ** 2
    assert found.latent.value == pytest.approx((between + inside) / (between + inside + math.pi**2 / 3))
    assert found.cac.value == pytest.approx(between / (between + inside))
    assert found.latent.interval.low < found.latent.value < found.latent.interval.high
    assert found.linearised == pytest.approx((between + inside) / 16 / ((between + inside) / 16 + 1 / 4))
    chance = expit(math.sqrt(between + inside) * np.random.default_rng(1).standard_normal(400_000))
    assert found.observed.value == pytest.approx(chance.var() / (chance.mean() * (1 - chance.mean())), rel=0.02)
    counts = fitted(fit_glmm(panel.counts, family=Family.POISSON, **panel.options(Family.POISSON)))
    of_counts = mixed_correlation(counts, at=1.0)
    assert isinstance(of_counts, MixedCorrelation)
    assert isinstance(of_counts.latent, NotEstimable)
    mean, extra = math.exp(1 + counts.intercept_sd**2 / 2), math.expm1(counts.intercept_sd**2)
    assert of_counts.observed.value == pytest.approx(mean * extra / (1 + mean * extra))


def test_profile_intervals_are_near_normal_ones_with_much_data() -> None:
    panel = Panel(clusters=60, rows=4)
    nested = NestedExchangeable(periods=panel.period)
    fit = fitted(fit_glmm(panel.counts, family=Family.POISSON, structure=nested, **panel.options(Family.POISSON)))
    profile, normal = profile_interval(fit, [0, 0, 1]), fit.contrast([0, 0, 1]).interval()
    assert (profile.low, profile.high) == pytest.approx((normal.low, normal.high), abs=0.05 * fit.std_errors[2])
    inside = deviation_interval(fit, inner=True)
    assert isinstance(inside, Interval)
    assert inside.low < (fit.inner_sd or 0) < inside.high
    missing = deviation_interval(fit, effect=1)
    assert isinstance(missing, NotEstimable)
    assert missing.reason == "no-such-effect"


def test_the_bootstrap_is_the_same_for_any_number_of_workers() -> None:
    panel = Panel(clusters=10)
    fit = fitted(fit_glmm(panel.events, family=Family.BINOMIAL, **panel.options(Family.BINOMIAL)))
    said: list[int] = []
    one = bootstrap_contrast(fit, [0, 0, 1], draws=40, seed=5, progress=lambda _, done, total: said.append(done))
    two = bootstrap_contrast(fit, [0, 0, 1], draws=40, seed=5, workers=2)
    assert isinstance(one, Bootstrap)
    assert isinstance(two, Bootstrap)
    assert said == [20, 40]
    assert np.array_equal(one.statistics, two.statistics)
    normal = fit.contrast([0, 0, 1]).interval()
    assert one.interval.low == pytest.approx(normal.low, abs=1.5 * one.std_error)
    assert 0 < one.p_value <= 1


def test_what_does_not_go_together() -> None:
    panel = Panel()
    options = panel.options(Family.POISSON)
    with pytest.raises(ValueError, match="counts without trials"):
        fit_glmm(panel.counts, family=Family.POISSON, **{**options, "trials": panel.trials})
    with pytest.raises(ValueError, match="counts have the log link"):
        fit_glmm(panel.counts, family=Family.POISSON, link=Link.LOGIT, **options)
    with pytest.raises(ValueError, match="nodes must be 1 or more"):
        fit_glmm(panel.counts, family=Family.POISSON, nodes=0, **options)
    nested = NestedExchangeable(periods=panel.period)
    with pytest.raises(ValueError, match="quadrature is for a single random effect"):
        fit_glmm(panel.counts, family=Family.POISSON, nodes=5, structure=nested, **options)
    with pytest.raises(ValueError, match="no decay structure"):
        fit_glmm(panel.counts, family=Family.POISSON, structure=DiscreteTimeDecay(times=panel.period), **options)
    crossed = RandomTerms((RandomTerm(), RandomTerm(groups=panel.period, name="period")))
    with pytest.raises(ValueError, match="period is not nested in the clusters"):
        fit_glmm(panel.counts, family=Family.POISSON, structure=crossed, **options)
    with pytest.raises(ValueError, match="weights must be finite and above zero"):
        fit_glmm(panel.counts, family=Family.POISSON, weights=np.zeros(len(panel.time)), **options)
    single = fit_glmm(
        panel.counts, family=Family.POISSON, structure=NestedExchangeable(periods=np.zeros(len(panel.time))), **options
    )
    assert isinstance(single, NotEstimable)
    assert single.reason == "aliased-effects"
    assert "one member or period only" in single.detail
