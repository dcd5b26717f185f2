"""Poisson regressions against statsmodels, against dummy columns, and what they refuse."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm

from enginehouse.stats.fits import Array
from enginehouse.stats.glm import (
    RegressionFit,
    SmallSample,
    cluster_robust_poisson_regression,
    log_linear_fixed_effects,
    poisson_fixed_effects,
    poisson_regression,
    quasi_poisson_regression,
)
from enginehouse.stats.results import NotEstimable

SAME = 1e-7
"""Two programs with their own stopping rules agree to about this."""


def fitted(found: RegressionFit | NotEstimable) -> RegressionFit:
    assert isinstance(found, RegressionFit), found
    return found


def refused(found: RegressionFit | NotEstimable) -> NotEstimable:
    assert isinstance(found, NotEstimable)
    return found


class Panel:
    """Forty sites by up to ten months with zeros, gaps and a closed site; made here, sizes of a small district."""

    def __init__(self, *, quantity: bool = False) -> None:
        rng = np.random.default_rng(11)
        site, month = np.repeat(np.arange(40), 10), np.tile(np.arange(10), 40)
        keep = (rng.random(400) > 0.1) & ~((site == 3) & (month > 5))
        self.site, self.month = site[keep], month[keep]
        self.patients = rng.lognormal(3, 0.5, 40)[self.site]
        self.treated = ((self.site < 15) & (self.month >= 5)).astype(float)
        self.deprivation = rng.normal(size=len(self.site))
        rate = np.exp(-2 + rng.normal(0, 0.5, 40)[self.site] - 0.2 * self.treated + 0.1 * self.deprivation)
        counts = rng.poisson(rate * self.patients)
        self.outcome = counts * rng.lognormal(0, 0.7, len(counts)) * 1000 if quantity else counts.astype(float)
        self.design = np.column_stack([self.treated, self.deprivation])
        self.pooled = np.column_stack([np.ones(len(counts)), self.design])
        self.offset = np.log(self.patients)

    def dummies(self) -> Array:
        sites = (self.site[:, None] == np.unique(self.site)).astype(float)
        months = (self.month[:, None] == np.unique(self.month)[1:]).astype(float)
        return np.column_stack([self.design, sites, months])

    def sandwich(self, columns: Array, mean: Array, residual: Array, clusters: Array) -> Array:
        """The cluster-robust covariance of all columns without any correction, loop by loop."""
        bread = np.linalg.inv(columns.T @ (columns * mean[:, None]))
        meat = np.zeros_like(bread)
        for cluster in np.unique(clusters):
            score = columns[clusters == cluster].T @ residual[clusters == cluster]
            meat += np.outer(score, score)
        return bread @ meat @ bread


def test_poisson_and_quasi_poisson_are_statsmodels() -> None:
    panel = Panel()
    other = sm.GLM(panel.outcome, panel.pooled, family=sm.families.Poisson(), offset=panel.offset).fit(tol=1e-12)
    scaled = sm.GLM(panel.outcome, panel.pooled, family=sm.families.Poisson(), offset=panel.offset).fit(
        tol=1e-12, scale="X2"
    )
    plain = fitted(poisson_regression(panel.outcome, panel.pooled, offset=panel.offset))
    quasi = fitted(quasi_poisson_regression(panel.outcome, panel.pooled, offset=panel.offset))
    assert plain.coefficients == pytest.approx(other.params, rel=SAME)
    assert plain.std_errors == pytest.approx(other.bse, rel=SAME)
    assert plain.df == math.inf
    assert quasi.std_errors == pytest.approx(scaled.bse, rel=SAME)
    assert quasi.dispersion == pytest.approx(scaled.scale, rel=SAME)
    assert quasi.df == len(panel.outcome) - 3


@pytest.mark.parametrize("correction", SmallSample)
def test_cluster_robust_is_the_loop_over_clusters(correction: SmallSample) -> None:
    panel = Panel()
    fit = fitted(
        cluster_robust_poisson_regression(
            panel.outcome, panel.pooled, clusters=panel.site, offset=panel.offset, correction=correction
        )
    )
    mean = np.exp(panel.offset + panel.pooled @ fit.coefficients)
    plain = panel.sandwich(panel.pooled, mean, panel.outcome - mean, panel.site)
    n, g, k = len(panel.outcome), 40, 3
    factor = {
        SmallSample.NONE: 1,
        SmallSample.CLUSTERS: g / (g - 1),
        SmallSample.COEFFICIENTS: g / (g - k),
        SmallSample.CLUSTERS_AND_ROWS: g / (g - 1) * (n - 1) / (n - k),
    }[correction]
    assert fit.covariance == pytest.approx(factor * plain, rel=1e-6)
    assert fit.correction is correction
    assert fit.df == g - 1


def test_cluster_robust_is_statsmodels_with_its_factor() -> None:
    panel = Panel()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = sm.GLM(panel.outcome, panel.pooled, family=sm.families.Poisson(), offset=panel.offset).fit(
            tol=1e-12, cov_type="cluster", cov_kwds={"groups": panel.site}
        )
    fit = fitted(
        cluster_robust_poisson_regression(
            panel.outcome,
            panel.pooled,
            clusters=panel.site,
            offset=panel.offset,
            correction=SmallSample.CLUSTERS_AND_ROWS,
        )
    )
    assert fit.std_errors == pytest.approx(other.bse, rel=1e-6)


@pytest.mark.parametrize("quantity", [False, True])
def test_fixed_effects_are_dummy_columns(quantity: bool) -> None:
    """A second way: a dense regression with a column for each site and month; gaps and zeros included."""
    panel = Panel(quantity=quantity)
    assert np.any(panel.outcome == 0)
    columns = panel.dummies()
    other = sm.GLM(panel.outcome, columns, family=sm.families.Poisson(), offset=panel.offset).fit(tol=1e-12)
    fit = fitted(
        poisson_fixed_effects(
            panel.outcome,
            panel.design,
            sites=panel.site,
            months=panel.month,
            offset=panel.offset,
            correction=SmallSample.NONE,
        )
    )
    assert fit.coefficients == pytest.approx(other.params[:2], rel=1e-6)
    robust = panel.sandwich(columns, other.mu, panel.outcome - other.mu, panel.site)
    assert fit.covariance == pytest.approx(robust[:2, :2], rel=1e-5)
    pearson = np.sum((panel.outcome - other.mu) ** 2 / other.mu)
    assert fit.dispersion == pytest.approx(pearson / (len(panel.outcome) - columns.shape[1]), rel=1e-6)
    assert fit.method == "quasi-poisson-fixed-effects"


def test_fixed_effects_by_wider_clusters() -> None:
    """Areas of four sites each as clusters; the factor counts months and the constant, not the nested sites."""
    panel = Panel()
    area = panel.site // 4
    columns = panel.dummies()
    other = sm.GLM(panel.outcome, columns, family=sm.families.Poisson(), offset=panel.offset).fit(tol=1e-12)
    plain = panel.sandwich(columns, other.mu, panel.outcome - other.mu, area)[:2, :2]
    fit = fitted(
        poisson_fixed_effects(
            panel.outcome, panel.design, sites=panel.site, months=panel.month, offset=panel.offset, clusters=area
        )
    )
    n, g, k = len(panel.outcome), 10, 2 + 9 + 1
    assert fit.covariance == pytest.approx(g / (g - 1) * (n - 1) / (n - k) * plain, rel=1e-5)
    assert fit.clusters == 10


def test_log_linear_is_least_squares_with_dummies() -> None:
    panel = Panel(quantity=True)
    keep = panel.outcome > 0
    weights = panel.patients
    columns, target = panel.dummies()[keep], (np.log(np.where(keep, panel.outcome, 1)) - panel.offset)[keep]
    other = sm.WLS(target, columns, weights=weights[keep]).fit()
    fit = fitted(
        log_linear_fixed_effects(
            panel.outcome,
            panel.design,
            sites=panel.site,
            months=panel.month,
            offset=panel.offset,
            weights=weights,
            correction=SmallSample.NONE,
        )
    )
    assert fit.coefficients == pytest.approx(other.params[:2], rel=1e-8)
    assert fit.dispersion == pytest.approx(other.scale, rel=1e-8)
    robust = panel.sandwich(columns, weights[keep], other.resid * weights[keep], panel.site[keep])
    assert fit.covariance == pytest.approx(robust[:2, :2], rel=1e-6)
    assert f"{int(np.sum(~keep))} of {len(keep)} site-months are zero" in fit.notes[0]


def test_what_carries_no_information_is_left_out_and_told() -> None:
    panel = Panel()
    silent = np.where((panel.site == 7) | (panel.month == 2), 0.0, panel.outcome)
    keep = (panel.site != 7) & (panel.month != 2)
    fit = fitted(poisson_fixed_effects(silent, panel.design, sites=panel.site, months=panel.month, offset=panel.offset))
    small = fitted(
        poisson_fixed_effects(
            silent[keep],
            panel.design[keep],
            sites=panel.site[keep],
            months=panel.month[keep],
            offset=panel.offset[keep],
        )
    )
    assert fit.coefficients == pytest.approx(small.coefficients, rel=1e-9)
    assert fit.rows == small.rows
    assert fit.notes[:2] == (
        "Left out, since without any event they tell nothing: 1 site.",
        "Left out, since without any event they tell nothing: 1 month.",
    )


def test_contrasts_by_name_and_by_place() -> None:
    panel = Panel()
    fit = fitted(poisson_regression(panel.outcome, panel.pooled, offset=panel.offset, names=["one", "arm", "imd"]))
    by_name, by_place = fit.contrast({"arm": 1, "imd": -2}), fit.contrast([0, 1, -2])
    assert by_name == by_place
    assert by_name.value == pytest.approx(fit.coefficients[1] - 2 * fit.coefficients[2])
    variance = fit.covariance[1, 1] + 4 * fit.covariance[2, 2] - 4 * fit.covariance[1, 2]
    assert by_name.std_error == pytest.approx(math.sqrt(variance))
    assert by_name.numbers["rows"] == len(panel.outcome)
    with pytest.raises(ValueError, match="got 2 weights for 3 coefficients"):
        fit.contrast([1, 2])
    with pytest.raises(ValueError, match="not zero"):
        fit.contrast([0, 0, 0])
    with pytest.raises(KeyError, match="arms"):
        fit.contrast({"arms": 1})


def test_no_events() -> None:
    answer = refused(poisson_regression([0, 0, 0], [1, 1, 1]))
    assert answer.reason == "no-events"
    design, site, month = [1, 0, 0, 0], [1, 1, 2, 2], [1, 2, 1, 2]
    for method in (poisson_fixed_effects, log_linear_fixed_effects):
        assert refused(method([0, 0, 0, 0], design, sites=site, months=month)).reason == "no-events"


def test_aliased_columns_are_named() -> None:
    panel = Panel()
    twice = np.column_stack([panel.pooled, panel.pooled[:, 1] * 2 - 1])
    answer = refused(poisson_regression(panel.outcome, twice, names=["one", "arm", "imd", "arm-again"]))
    assert answer.reason == "aliased-columns"
    assert answer.detail.startswith("arm-again cannot be told apart")
    constant = np.column_stack([panel.treated, panel.site < 5])
    answer = refused(
        poisson_fixed_effects(
            panel.outcome, constant, sites=panel.site, months=panel.month, names=["effect", "by-site"]
        )
    )
    assert answer.reason == "aliased-columns"
    assert "by-site" in answer.detail
    assert "effect" not in answer.detail


def test_separation_is_told_not_a_huge_number() -> None:
    """No treated row has an event: the effect would be minus infinity."""
    counts, arm = [3, 5, 0, 0], [0, 0, 1, 1]
    answer = refused(poisson_regression(counts, np.column_stack([np.ones(4), arm]), names=["one", "arm"]))
    assert answer.reason == "separation"
    assert "the effect of arm is without limit" in answer.detail


def test_zeros_that_pull_both_ways_are_not_separation() -> None:
    """Rows with events leave the slope open, but one zero pulls it down and another up: a finite maximum exists."""
    design = np.column_stack([np.ones(3), [0, 1, -1]])
    fit = fitted(poisson_regression([4, 0, 0], design))
    assert fit.coefficients[1] == pytest.approx(0, abs=1e-8)


def test_separation_with_fixed_effects() -> None:
    site, month = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    treated = ((site < 3) & (month >= 2)).astype(float)
    counts = np.where(treated == 1, 0, 3 + site + month)
    answer = refused(poisson_fixed_effects(counts, treated, sites=site, months=month, names=["effect"]))
    assert answer.reason == "separation"
    assert "effect" in answer.detail


def test_cells_that_go_to_zero_do_not_stop_the_rest() -> None:
    """Two sites stop when two others open: the off-cells' means go to zero, the effect among the others is finite."""
    site, month = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    counts = np.random.default_rng(2).poisson(20, 72)
    counts = np.where((site < 2) & (month > 0), 0, counts)
    keep = (site < 2) | (month > 0)
    treated = ((site >= 7) & (month >= 3)).astype(float)
    whole = poisson_fixed_effects(counts[keep], treated[keep], sites=site[keep], months=month[keep])
    small = site >= 2
    part = poisson_fixed_effects(
        counts[small & keep], treated[small & keep], sites=site[small & keep], months=month[small & keep]
    )
    assert fitted(whole).coefficients == pytest.approx(fitted(part).coefficients, abs=1e-7)


def test_a_search_that_does_not_settle_is_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel()
    monkeypatch.setattr("enginehouse.stats.fixed_effects.MAX_STEPS", 1)
    answer = refused(poisson_fixed_effects(panel.outcome, panel.design, sites=panel.site, months=panel.month))
    assert answer.reason == "not-converged"
    monkeypatch.setattr("enginehouse.stats.glm.MAX_STEPS", 1)
    assert refused(poisson_regression(panel.outcome, panel.pooled)).reason == "not-converged"


@pytest.mark.parametrize("largest", [1e30, 1e200, 1e300])
def test_one_value_beyond_all_bounds_is_not_an_answer_and_no_crash(largest: float) -> None:
    """80 counts about 10 and one so large that rounding hides all others."""
    rng = np.random.default_rng(1)
    outcome = rng.poisson(10, 80).astype(float)
    outcome[0] = largest
    design = np.column_stack([np.ones(80), np.arange(80) % 2, rng.normal(size=80)])
    for answer in (
        poisson_regression(outcome, design),
        quasi_poisson_regression(outcome, design),
        cluster_robust_poisson_regression(outcome, design, clusters=np.arange(80) // 4),
    ):
        assert refused(answer).reason == "not-converged"


def test_refusals_reach_every_method() -> None:
    for method in (quasi_poisson_regression, poisson_regression):
        assert refused(method([0, 0], [1, 1])).reason == "no-events"
    assert refused(cluster_robust_poisson_regression([0, 0], [1, 1], clusters=[1, 2])).reason == "no-events"
    constant = log_linear_fixed_effects([1, 2, 3, 4], [1, 1, 0, 0], sites=[1, 1, 2, 2], months=[1, 2, 1, 2])
    assert refused(constant).reason == "aliased-columns"


def test_too_few_clusters() -> None:
    panel = Panel()
    answer = refused(
        cluster_robust_poisson_regression(panel.outcome, panel.pooled, clusters=np.zeros(len(panel.outcome)))
    )
    assert answer.reason == "too-few-clusters"
    assert "at least 4 clusters; there are 1" in answer.detail
    one_area = poisson_fixed_effects(
        panel.outcome, panel.design, sites=panel.site, months=panel.month, clusters=np.ones(len(panel.outcome))
    )
    assert refused(one_area).reason == "too-few-clusters"


def test_no_row_left_for_the_dispersion() -> None:
    assert refused(quasi_poisson_regression([1, 2], np.eye(2))).reason == "too-few-rows"
    assert fitted(poisson_regression([1, 2], np.eye(2))).dispersion == 1.0


@pytest.mark.parametrize(
    ("outcome", "design", "options", "message"),
    [
        ([1, -2], [1, 1], {}, "must not be negative"),
        ([1, math.nan], [1, 1], {}, "must be finite"),
        ([1, 2, 3], [1, 1], {}, "do not match"),
        ([1, 2], [1, 1], {"names": ["a", "b"]}, r"got 2 names \(2 different\) for 1 columns"),
        ([1, 2], np.eye(2), {"names": ["a", "a"]}, r"got 2 names \(1 different\) for 2 columns"),
        ([1, 2], [1, 1], {"offset": [0]}, "do not match"),
    ],
)
def test_arrays_that_do_not_fit(outcome, design, options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        poisson_regression(outcome, design, **options)


def test_labels_and_weights_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="got 3 cluster labels for 2 rows"):
        cluster_robust_poisson_regression([1, 2], [1, 1], clusters=[1, 2, 3])
    with pytest.raises(ValueError, match="weights must be positive"):
        log_linear_fixed_effects([1, 2], [1, 0], sites=[1, 1], months=[1, 2], weights=[1, 0])


def test_large_quantities_converge() -> None:
    """Milligrams: totals of tens of millions a month, some months zero."""
    rng = np.random.default_rng(5)
    site, month = np.repeat(np.arange(80), 12), np.tile(np.arange(12), 80)
    treated = ((site < 40) & (month >= 6)).astype(float)
    mean = np.exp(rng.normal(16, 1.5, 80)[site] - 0.05 * treated)
    quantity = mean * rng.lognormal(0, 0.2, len(site)) * (rng.random(len(site)) > 0.02)
    fit = fitted(poisson_fixed_effects(quantity, treated, sites=site, months=month))
    assert abs(fit.coefficients[0] + 0.05) < 4 * fit.std_errors[0]
    assert fit.dispersion > 1e4


@pytest.mark.parametrize("regress", [poisson_fixed_effects, log_linear_fixed_effects])
def test_data_without_any_deviation_have_no_standard_error(regress: Callable[..., object]) -> None:
    """Rounding is all that is left; its covariance may even come out below zero."""
    rng = np.random.default_rng(1)
    sites, months = np.repeat(np.arange(20), 24), np.tile(np.arange(24), 20)
    patients = np.repeat(rng.integers(2000, 9000, 20), 24).astype(float)
    treated, after = sites < 8, months >= 12
    design = np.column_stack([treated * after, treated * months, treated * after * (months - 12)]).astype(float)
    for outcome in (np.full(480, 70.0), 0.05 * patients, 0.05 * patients * np.exp(-0.1 * treated * after)):
        found = regress(outcome, design, sites=sites, months=months, offset=np.log(patients))
        assert isinstance(found, NotEstimable)
        assert found.reason == "no-variation"
