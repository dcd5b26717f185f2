"""ICC, autocorrelation and between-site variance against arithmetic and against second, naive ways."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm, poisson

from enginehouse.stats.results import NotEstimable
from enginehouse.stats.variance import (
    BetweenSites,
    VarianceComponents,
    anova_icc,
    anova_icc_of_proportions,
    between_site_variance_ml,
    between_site_variance_moments,
    cluster_size_variation,
    lag_autocorrelation,
    panel_icc,
)


def components(found: VarianceComponents | NotEstimable) -> VarianceComponents:
    assert isinstance(found, VarianceComponents)
    return found


def variance_of(found: BetweenSites | NotEstimable) -> float:
    assert isinstance(found, BetweenSites)
    return found.variance


def test_icc_by_hand() -> None:
    """Sites (1, 3), (5, 7), (2, 4, 6): means 2, 6, 4, overall 4."""
    found = components(anova_icc([1, 3, 5, 7, 2, 4, 6], ["a", "a", "b", "b", "c", "c", "c"]))
    between = (2 * 4 + 2 * 4 + 0) / 2
    within = (2 + 2 + 8) / 4
    size = (7 - (4 + 4 + 9) / 7) / 2
    assert found.mean_square_between == pytest.approx(between)
    assert found.mean_square_within == pytest.approx(within)
    assert found.average_size == pytest.approx(size)
    assert found.icc == pytest.approx((between - within) / (between + (size - 1) * within))


def test_icc_is_the_correlation_of_pairs_where_sites_are_equal() -> None:
    """A second way: Fisher's pairwise ICC, within 1/k of the analysis of variance for k equal sites."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(400, 1)) * 0.7 + rng.normal(size=(400, 4))
    mean = values.mean()
    pairs = np.mean(
        [(row[i] - mean) * (row[j] - mean) for row in values for i, j in itertools.permutations(range(4), 2)]
    )
    found = components(anova_icc(values.ravel(), np.repeat(np.arange(400), 4)))
    assert found.icc == pytest.approx(pairs / values.var(), abs=1 / 400)
    assert found.interval().contains(0.49 / 1.49)
    # The F interval and the large-sample error agree when sites are many.
    assert found.interval().high - found.interval().low == pytest.approx(2 * 1.96 * found.std_error, rel=0.02)


def test_proportions_give_what_their_zeros_and_ones_give() -> None:
    events, totals = [3, 0, 9, 4], [10, 5, 12, 4]
    long = np.concatenate([[1] * x + [0] * (n - x) for x, n in zip(events, totals, strict=True)])
    one = components(anova_icc(long, np.repeat(np.arange(4), totals)))
    two = components(anova_icc_of_proportions([*events, 0], [*totals, 0]))
    assert two.icc == pytest.approx(one.icc)
    assert two.mean_square_within == pytest.approx(one.mean_square_within)


def test_a_negative_icc_is_kept_and_told() -> None:
    found = components(anova_icc([0, 1, 0, 1, 0, 1], [1, 1, 2, 2, 3, 3]))
    assert found.icc == pytest.approx(-1)
    assert "negative" in found.notes[0]


@pytest.mark.parametrize(
    ("values", "sites", "reason"),
    [
        ([1, 2], [1, 1], "too-few-sites"),
        ([1, 2], [1, 2], "no-repeats"),
        ([1, 1, 1, 1], [1, 1, 2, 2], "no-variation"),
        ([], [], "too-few-sites"),
    ],
)
def test_icc_that_cannot_be_estimated(values, sites, reason: str) -> None:
    answer = anova_icc(values, sites)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == reason


def test_panel_icc_ignores_what_all_sites_share() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(50, 1)) + 0.5 * rng.normal(size=(50, 24))
    trended = values + 10 * np.sin(np.arange(24)) - np.arange(24)
    assert components(panel_icc(trended)).icc == pytest.approx(components(panel_icc(values)).icc, abs=0.01)
    trended[3, 4] = np.nan
    assert components(panel_icc(trended)).individuals == 50 * 24 - 1
    empty = panel_icc(np.full((3, 4), np.nan))
    assert isinstance(empty, NotEstimable)


def test_autocorrelation_is_numpys_pair_by_pair() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(30, 1)) + rng.normal(size=(30, 6))
    values[0, 0] = np.nan
    expected = [
        np.corrcoef(values[1 if t == 0 else 0 :, t], values[1 if t == 0 else 0 :, t + 2])[0, 1] for t in range(4)
    ]
    found = lag_autocorrelation(values, lag=2)
    assert not isinstance(found, NotEstimable)
    assert found.value == pytest.approx(np.mean(expected))
    assert (found.month_pairs, found.site_pairs) == (4, 29 + 3 * 30)


def test_autocorrelation_needs_months_so_far_apart() -> None:
    answer = lag_autocorrelation(np.ones((30, 6)), lag=12)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "too-few-months"
    assert isinstance(lag_autocorrelation(np.ones((30, 6))), NotEstimable)
    with pytest.raises(ValueError, match="at least 1 month; got 0"):
        lag_autocorrelation(np.ones((3, 3)), lag=0)


def test_moments_by_hand() -> None:
    """Counts 4, 9, 17 expected 10 each: squares 36 + 1 + 49 less 30 events, over 300."""
    found = variance_of(between_site_variance_moments([4, 9, 17], [5, 5, 5]))
    assert found == pytest.approx(math.log(1 + (86 - 30) / 300))


def test_both_ways_find_the_planted_variance() -> None:
    rng = np.random.default_rng(4)
    expected = rng.lognormal(5, 0.5, 600)
    counts = rng.poisson(expected * np.exp(rng.normal(0, 0.3, 600)))
    # The standard error of a standard deviation of 600 sites is near 0.3 / sqrt(1200) = 0.009.
    assert math.sqrt(variance_of(between_site_variance_moments(counts, expected))) == pytest.approx(0.3, abs=0.04)
    assert math.sqrt(variance_of(between_site_variance_ml(counts, expected))) == pytest.approx(0.3, abs=0.02)


def test_maximum_likelihood_by_brute_force() -> None:
    """A second way: the integral over each site's effect by a fine sum, the maximum by two nested searches."""
    counts, expected = np.array([3, 15, 8, 30, 11, 6]), np.array([8.0, 9, 12, 14, 10, 9])
    points = np.linspace(-6, 6, 400)
    weights = norm.pdf(points) * (points[1] - points[0])

    def loss(constant: float, sd: float) -> float:
        rates = expected[:, None] * np.exp(constant + sd * points)
        return -float(np.sum(np.log(poisson.pmf(counts[:, None], rates) @ weights)))

    def profile(sd: float) -> float:
        return minimize_scalar(lambda c: loss(c, sd), bounds=(-0.6, 0.6), method="bounded", options={"xatol": 1e-4}).fun

    best = minimize_scalar(profile, bounds=(0.2, 1.2), method="bounded", options={"xatol": 1e-3}).x
    # Laplace's approximation is off by about 1% of the variance with a dozen events a site.
    assert variance_of(between_site_variance_ml(counts, expected)) == pytest.approx(best**2, rel=0.03)


@pytest.mark.parametrize("estimate", [between_site_variance_moments, between_site_variance_ml])
def test_sites_that_do_not_differ_have_no_variance_and_it_is_said(estimate) -> None:
    found = estimate([10, 11, 9, 10], [10, 10, 10, 10])
    assert isinstance(found, BetweenSites)
    assert found.variance == 0
    assert "boundary" in found.notes[0]


@pytest.mark.parametrize("estimate", [between_site_variance_moments, between_site_variance_ml])
def test_between_site_variance_refuses(estimate) -> None:
    assert estimate([0, 0, 0], [1, 1, 1]).reason == "no-events"
    assert estimate([1, 2], [1, 1]).reason == "too-few-sites"
    with pytest.raises(ValueError, match="expected positive"):
        estimate([1, 2, 3], [1, 1, 0])


def test_size_variation() -> None:
    # Sizes 2, 4, 9: mean 5, squares 9 + 1 + 16 over 2.
    assert cluster_size_variation([2, 4, 9]) == pytest.approx(math.sqrt(26 / 2) / 5)
    assert isinstance(cluster_size_variation([5]), NotEstimable)
    assert isinstance(cluster_size_variation([0, 0]), NotEstimable)
    with pytest.raises(ValueError, match="not negative"):
        cluster_size_variation([1, -1])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        anova_icc([1, math.nan], [1, 1])
    with pytest.raises(ValueError, match="0 <= events <= totals"):
        anova_icc_of_proportions([3], [2])
    with pytest.raises(ValueError, match="matrix of sites by months"):
        panel_icc([1, 2])


def test_pairs_with_too_few_sites_are_not_used() -> None:
    values = np.array([[1.0, 2, 3], [2, 1, np.nan], [3, 3, np.nan]])
    found = lag_autocorrelation(values)
    assert not isinstance(found, NotEstimable)
    assert (found.month_pairs, found.site_pairs) == (1, 3)
    assert found.value == pytest.approx(0.5)


def test_sd_is_the_root() -> None:
    found = between_site_variance_moments([4, 9, 17], [5, 5, 5])
    assert isinstance(found, BetweenSites)
    assert found.sd == pytest.approx(math.sqrt(found.variance))
