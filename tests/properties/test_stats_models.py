"""What must hold for any data: order and labels do not matter, units do what units do, limits keep their order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from enginehouse.stats.glm import RegressionFit, poisson_fixed_effects, poisson_regression
from enginehouse.stats.glmm import MixedFit, poisson_mixed
from enginehouse.stats.intervals import byar, count_limits, exact_limits, wilson
from enginehouse.stats.results import Interval, NotEstimable
from enginehouse.stats.variance import (
    VarianceComponents,
    anova_icc,
    anova_icc_of_proportions,
    between_site_variance_moments,
    lag_autocorrelation,
)

levels = st.sampled_from([0.8, 0.9, 0.95, 0.998])
quick = settings(max_examples=25, deadline=None)


@given(total=st.integers(1, 10_000), share=st.floats(0, 1), level=levels)
def test_wilson_holds_the_proportion_and_mirrors(total: int, share: float, level: float) -> None:
    events = round(share * total)
    interval, mirror = (
        wilson(events, total, confidence_level=level),
        wilson(total - events, total, confidence_level=level),
    )
    assert isinstance(interval, Interval)
    assert isinstance(mirror, Interval)
    assert 0 <= interval.low <= events / total <= interval.high <= 1
    assert (mirror.low, mirror.high) == pytest.approx((1 - interval.high, 1 - interval.low), abs=1e-12)


@given(count=st.integers(0, 5_000), level=levels)
def test_count_limits_hold_the_count_and_grow_with_it(count: int, level: float) -> None:
    interval = byar(count, confidence_level=level)
    assert 0 <= interval.low <= count <= interval.high
    low, high = count_limits([count, count + 1], confidence_level=level)
    assert low[0] <= low[1]
    assert high[0] < high[1]


@given(count=st.integers(0, 500))
def test_a_higher_level_is_wider(count: int) -> None:
    narrow, wide = (exact_limits([count], confidence_level=level) for level in (0.9, 0.95))
    assert wide[0][0] <= narrow[0][0]
    assert narrow[1][0] <= wide[1][0]


@st.composite
def sites_of_values(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=8))
    values = draw(st.lists(st.integers(-50, 50), min_size=sum(sizes), max_size=sum(sizes)))
    return np.array(values, dtype=float), np.repeat(np.arange(len(sizes)), sizes)


@given(
    data=sites_of_values(),
    scale=st.sampled_from([-3.0, 0.5, 100.0]),
    shift=st.sampled_from([-7.0, 1e4]),
    seed=st.integers(0, 99),
)
def test_icc_has_no_unit_and_no_order(data, scale: float, shift: float, seed: int) -> None:
    values, sites = data
    found = anova_icc(values, sites)
    assume(isinstance(found, VarianceComponents))
    order = np.random.default_rng(seed).permutation(len(values))
    other = anova_icc(scale * values[order] + shift, 9 - sites[order])
    assert isinstance(other, VarianceComponents)
    assert other.icc == pytest.approx(found.icc, abs=1e-6)
    assert found.icc <= 1


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=2, max_size=10))
def test_icc_of_proportions_is_that_of_zeros_and_ones(pairs: list[tuple[int, int]]) -> None:
    events, totals = np.array([a for a, _ in pairs]), np.array([a + b for a, b in pairs])
    long = np.concatenate([np.repeat([1, 0], [a, b]) for a, b in pairs])
    one, two = anova_icc(long, np.repeat(np.arange(len(pairs)), totals)), anova_icc_of_proportions(events, totals)
    assert type(one) is type(two)
    if isinstance(one, VarianceComponents) and isinstance(two, VarianceComponents):
        assert two.icc == pytest.approx(one.icc, abs=1e-9)
    elif isinstance(one, NotEstimable) and isinstance(two, NotEstimable):
        assert one.reason == two.reason


@given(seed=st.integers(0, 1000), lag=st.integers(1, 5))
def test_autocorrelation_is_a_correlation_and_ignores_common_months(seed: int, lag: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(12, 1)) + rng.normal(size=(12, 8))
    found, shifted = (lag_autocorrelation(matrix, lag=lag) for matrix in (values, values * 3 + rng.normal(size=8)))
    assert not isinstance(found, NotEstimable)
    assert not isinstance(shifted, NotEstimable)
    assert -1 <= found.value <= 1
    assert shifted.value == pytest.approx(found.value, abs=1e-9)


@given(st.lists(st.integers(0, 60), min_size=3, max_size=12), st.sampled_from([0.01, 7.0]))
def test_only_the_proportions_of_the_expected_matter(counts: list[int], scale: float) -> None:
    expected = np.arange(1, len(counts) + 1, dtype=float)
    one, two = (between_site_variance_moments(counts, unit * expected) for unit in (1, scale))
    assert type(one) is type(two)
    if not isinstance(one, NotEstimable) and not isinstance(two, NotEstimable):
        assert two.variance == pytest.approx(one.variance, abs=1e-9)


class Panel:
    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.site, self.month = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
        self.treated = ((self.site < 6) & (self.month >= 3)).astype(float)
        self.counts = rng.poisson(np.exp(2 + rng.normal(0, 0.4, 12)[self.site]))
        self.offset = rng.normal(0, 0.2, 72)
        self.order = rng.permutation(72)
        self.labels = rng.permutation(12)
        self.design = np.column_stack([np.ones(72), self.month, self.treated])


@quick
@given(seed=st.integers(0, 10_000))
def test_order_and_labels_do_not_matter(seed: int) -> None:
    p = Panel(seed)
    pairs = [
        (
            poisson_mixed(p.counts, p.design, clusters=p.site, offset=p.offset),
            poisson_mixed(
                p.counts[p.order], p.design[p.order], clusters=p.labels[p.site[p.order]], offset=p.offset[p.order]
            ),
        ),
        (
            poisson_fixed_effects(p.counts, p.treated, sites=p.site, months=p.month, offset=p.offset),
            poisson_fixed_effects(
                p.counts[p.order],
                p.treated[p.order],
                sites=p.labels[p.site[p.order]],
                months=-p.month[p.order],
                offset=p.offset[p.order],
            ),
        ),
    ]
    for one, two in pairs:
        assert not isinstance(one, NotEstimable)
        assert not isinstance(two, NotEstimable)
        last = len(one.names) - 1
        weights = np.eye(last + 1)[last]
        assert two.contrast(weights).value == pytest.approx(one.contrast(weights).value, abs=1e-5)
        assert two.contrast(weights).std_error == pytest.approx(one.contrast(weights).std_error, rel=1e-3)


@quick
@given(seed=st.integers(0, 10_000), per=st.sampled_from([0.001, 1000.0]))
def test_the_unit_of_the_denominator_moves_only_the_constant(seed: int, per: float) -> None:
    p = Panel(seed)
    for method in (poisson_regression, lambda *a, **k: poisson_mixed(*a, clusters=p.site, **k)):
        one, two = (method(p.counts, p.design, offset=p.offset + shift) for shift in (0.0, np.log(per)))
        assert isinstance(one, RegressionFit | MixedFit)
        assert isinstance(two, RegressionFit | MixedFit)
        constant = [fit.contrast({"x1": 1}).value for fit in (one, two)]
        assert constant[1] == pytest.approx(constant[0] - np.log(per), abs=1e-4)
        assert two.contrast({"x3": 1}).value == pytest.approx(one.contrast({"x3": 1}).value, abs=1e-5)
        assert two.std_errors == pytest.approx(one.std_errors, rel=1e-3)


@quick
@given(seed=st.integers(0, 10_000))
def test_what_only_varies_by_site_or_month_cannot_move_fixed_effects(seed: int) -> None:
    p = Panel(seed)
    rng = np.random.default_rng(seed)
    nuisance = rng.normal(0, 1, 12)[p.site] + rng.normal(0, 1, 6)[p.month]
    one, two = (
        poisson_fixed_effects(p.counts, p.treated, sites=p.site, months=p.month, offset=shift)
        for shift in (p.offset, p.offset + nuisance)
    )
    assert isinstance(one, RegressionFit)
    assert isinstance(two, RegressionFit)
    assert two.coefficients == pytest.approx(one.coefficients, abs=1e-7)
    assert two.std_errors == pytest.approx(one.std_errors, rel=1e-6)
