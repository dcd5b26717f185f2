"""What the mixed models say: planted values, boundaries, fallbacks and refusals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

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
from enginehouse.stats.glmm.laplace import Laplace
from enginehouse.stats.glmm.search import GRADIENT_TOLERANCE, find_optimum
from enginehouse.stats.results import NotEstimable

type RegionOf = Callable[..., Any]


def fitted(found: MixedFit | NotEstimable) -> MixedFit:
    assert isinstance(found, MixedFit), found
    return found


def refused(found: MixedFit | NotEstimable) -> NotEstimable:
    assert isinstance(found, NotEstimable)
    return found


def test_planted_values_are_found(region_of: RegionOf) -> None:
    region = region_of(seed=8, sites=400, months=24, mean=30, size=20)
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


def test_months_as_the_unit_of_the_slope_change_nothing_else(region_of: RegionOf) -> None:
    region = region_of()
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


def test_counts_that_vary_no_more_than_poisson_fall_back_and_say_so(region_of: RegionOf) -> None:
    """The same site counts every month: less than Poisson variation, so the likelihood of the dispersion has no end."""
    region = region_of(sites=30, months=10)
    level = np.random.default_rng(1).lognormal(3, 0.4, 30)
    steady = np.round(level)[region.site]
    fit = fitted(negative_binomial_mixed(steady, region.design, clusters=region.site))
    assert fit.family is Family.POISSON
    assert fit.method == "poisson-random-intercept"
    assert fit.size is None
    assert "dispersion is at its boundary" in fit.notes[0]
    plain = fitted(poisson_mixed(steady, region.design, clusters=region.site))
    assert fit.fixed_effects == pytest.approx(plain.fixed_effects, abs=1e-8)
    assert fit.covariance == pytest.approx(plain.covariance, rel=1e-4)


def test_sites_that_do_not_differ_have_a_variance_of_zero_and_it_is_said(region_of: RegionOf) -> None:
    """Then the fit is the pooled regression, errors included."""
    region = region_of(seed=5, sd=0.0, sites=40)
    counts = np.random.default_rng(2).binomial(16, 0.375, len(region.site))
    fit = fitted(poisson_mixed(counts, region.design, clusters=region.site))
    pooled = poisson_regression(counts, region.design)
    assert not isinstance(pooled, NotEstimable)
    assert fit.intercept_sd == pytest.approx(0, abs=1e-3)
    assert "between sites is at its boundary, zero" in fit.notes[0]
    assert fit.fixed_effects == pytest.approx(pooled.coefficients, abs=1e-5)
    assert fit.std_errors == pytest.approx(pooled.std_errors, rel=1e-3)


def test_slopes_that_do_not_differ_are_at_the_boundary_and_it_is_said(region_of: RegionOf) -> None:
    region = region_of(sites=40)
    level = np.random.default_rng(4).lognormal(3, 0.5, 40)
    counts = np.random.default_rng(7).binomial(100, np.minimum(level / 100, 0.9)[region.site])
    fit = fitted(poisson_mixed(counts, region.design, clusters=region.site, slope=region.time))
    assert any("slopes is at its boundary" in note or "correlation" in note for note in fit.notes)
    intercept_only = fitted(poisson_mixed(counts, region.design, clusters=region.site))
    assert fit.log_likelihood >= intercept_only.log_likelihood - 1e-4


def test_over_dispersed_counts_are_told_to_the_reader(region_of: RegionOf) -> None:
    region = region_of(sites=60, mean=60, size=10)
    fit = fitted(poisson_mixed(region.counts, region.design, clusters=region.site, offset=region.offset))
    assert fit.pearson_ratio > 3
    assert "its intervals are too narrow" in fit.notes[0]
    wider = fitted(negative_binomial_mixed(region.counts, region.design, clusters=region.site, offset=region.offset))
    assert wider.std_errors[2] > 1.7 * fit.std_errors[2]
    assert not wider.notes


def test_site_effects_shrink_towards_the_rest(region_of: RegionOf) -> None:
    region = region_of(sites=20)
    fit = fitted(poisson_mixed(region.counts, region.design, clusters=region.site, offset=region.offset))
    assert list(fit.labels) == sorted(set(region.site))
    expected = np.exp(region.offset + region.design @ fit.fixed_effects)
    raw = np.log(np.bincount(region.site, region.counts) / np.bincount(region.site, expected))
    assert np.all(np.abs(fit.site_effects[:, 0]) <= np.abs(raw) + 0.02)
    assert np.corrcoef(raw, fit.site_effects[:, 0])[0, 1] > 0.98
    assert np.all(fit.site_covariances[:, 0, 0] < fit.intercept_sd**2)


def test_far_starts_do_not_diverge(region_of: RegionOf) -> None:
    """Clipped Newton steps: very large counts beside zeros, seen from a wrong start."""
    region = region_of(sites=12, mean=3000, sd=1.5)
    counts = np.where(region.site == 0, 0, region.counts)
    fit = fitted(poisson_mixed(counts, region.design, clusters=region.site, offset=region.offset, slope=region.time))
    assert fit.gradient_norm < 1e-4
    assert np.all(np.isfinite(fit.site_effects))


def test_the_reported_gradient_is_that_of_the_end(region_of: RegionOf) -> None:
    optimum = find_optimum(Laplace(region_of().rows(Family.POISSON, slope=True), Family.POISSON))
    assert optimum.hessian_is_positive
    assert optimum.gradient_norm < GRADIENT_TOLERANCE
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
        ([1, 2, 1, 2], {"slope": [0, 0, 0, 0]}, "must not be all zero"),
        ([1, 2, 1, 2], {"slope": [0, 1]}, "columns that vary need 4 finite rows"),
        ([1, 2, 1, 2], {"clusters": [1, 2]}, "got 2 cluster labels for 4 rows"),
    ],
)
def test_arrays_that_do_not_fit(counts, options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        poisson_mixed(counts, np.ones(4), **{"clusters": [1, 1, 2, 2], **options})


def test_trials_must_hold_the_events() -> None:
    with pytest.raises(ValueError, match="no fewer than the events"):
        binomial_mixed([1, 5], np.ones(2), trials=[3, 3], clusters=[1, 2])


def test_a_search_that_ends_too_early_is_not_an_answer(monkeypatch: pytest.MonkeyPatch, region_of: RegionOf) -> None:
    region = region_of()
    options = {"clusters": region.site, "offset": region.offset, "slope": region.time}
    monkeypatch.setattr("enginehouse.stats.glmm.model.USELESS_GRADIENT", -1.0)
    answer = refused(poisson_mixed(region.counts, region.design, **options))
    assert answer.reason == "not-converged"
    assert "did not reach a maximum" in answer.detail
    monkeypatch.undo()
    monkeypatch.setattr("enginehouse.stats.glmm.model.GRADIENT_TOLERANCE", -1.0)
    near = fitted(poisson_mixed(region.counts, region.design, **options))
    assert near.convergence is Convergence.NEAR
    assert "stopped near the maximum" in near.notes[-1]


def test_a_rough_start_leads_to_the_same_maximum(monkeypatch: pytest.MonkeyPatch, region_of: RegionOf) -> None:
    region = region_of()
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
