"""What a history says is found again where it is known, by the model and by moments; drawn histories are like it."""

import numpy as np
import pytest

from enginehouse.programme.enums import Summary
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.components import QUARTER, UnitMonths, fit_components, unit_months
from enginehouse.trials.history_shape import history_shape, jackknife, two_way_means
from enginehouse.trials.parametric import drawn_history

UNITS, MONTHS = 250, 24


def months_of(level, lasting, monthly, form, seed=1, units=UNITS):
    """Logarithms of rates with a known covariance, made by its square root."""
    quarter = np.arange(MONTHS) // QUARTER
    gap = np.abs(np.subtract.outer(quarter, quarter))
    covariance = level * (lasting**gap if form == "decay" else np.where(gap == 0, 1.0, lasting))
    root = np.linalg.cholesky(covariance + monthly * np.eye(MONTHS))
    values = np.random.default_rng(seed).standard_normal((units, MONTHS)) @ root.T
    return UnitMonths(numerator=100 * np.exp(values), denominator=np.full(values.shape, 50.0), kind="quantity")


def by_moments(found):
    """A second way, without a likelihood: mean products of deviations by the number of quarters between months."""
    values = np.log(found.rates)
    products = (values - values.mean(axis=0)).T @ (values - values.mean(axis=0)) / (len(values) - 1)
    quarter = np.arange(MONTHS) // QUARTER
    gap = np.abs(np.subtract.outer(quarter, quarter))
    off = ~np.eye(MONTHS, dtype=bool)
    by_gap = [products[(gap == lag) & off].mean() for lag in range(3)]
    return by_gap[0], by_gap[1] / by_gap[0], by_gap[2] / by_gap[0], np.diag(products).mean() - by_gap[0]


@pytest.mark.parametrize(("form", "lasting"), [("decay", 0.85), ("nested", 0.7)])
def test_the_better_form_is_found_with_its_variances(form, lasting):
    history = months_of(0.09, lasting, 0.02, form)
    found = fit_components(history, Summary.RATIO)
    assert found.form == form
    assert found.level == pytest.approx(0.09, rel=0.15)
    assert found.lasting == pytest.approx(lasting, abs=0.05)
    assert found.monthly == pytest.approx(0.02, rel=0.05)
    assert found.icc.low <= 0.09 / 0.11 <= found.icc.high
    assert found.cac.low <= lasting <= found.cac.high
    level, first, second, monthly = by_moments(history)
    assert found.level == pytest.approx(level, rel=0.05)
    assert found.lasting == pytest.approx(first, abs=0.03)
    assert second == pytest.approx(found.covariance(MONTHS)[0, 6] / found.level, abs=0.05)
    assert found.monthly == pytest.approx(monthly, rel=0.05)


def test_a_covariance_is_level_lasting_and_month():
    found = fit_components(months_of(0.09, 0.85, 0.02, "decay"), Summary.RATIO)
    matrix = found.covariance(7)
    assert matrix[0, 0] == pytest.approx(found.level + found.monthly)
    assert matrix[0, 2] == pytest.approx(found.level)
    assert matrix[0, 3] == pytest.approx(found.level * found.lasting)
    assert matrix[0, 6] == pytest.approx(found.level * found.lasting**2)


def test_what_cannot_be_fitted_says_why():
    history = months_of(0.09, 0.85, 0.02, "decay", units=5)
    assert fit_components(history, Summary.RATIO).reason == "too-few-units"
    short = months_of(0.09, 0.85, 0.02, "decay")
    cut = UnitMonths(numerator=short.numerator[:, :5], denominator=short.denominator[:, :5], kind="quantity")
    assert fit_components(cut, Summary.RATIO).reason == "too-short-history"
    nothing = UnitMonths(numerator=0 * short.numerator, denominator=short.denominator, kind="count")
    assert fit_components(nothing, Summary.RATIO).reason == "zero"


def counts(dispersion=1.0, units=120, season=0.1, seed=3):
    """Counts with a wave a year of known height, rising by 5% a year; gamma rates make them vary more than chance."""
    rng = np.random.default_rng(seed)
    time = np.arange(36) / 12
    means = rng.gamma(4, 50, units)[:, None] * np.exp(0.05 * time + season * np.cos(2 * np.pi * time))
    if dispersion > 1:
        shape = means / (dispersion - 1)
        means = rng.gamma(shape, means / shape)
    return UnitMonths(
        numerator=rng.poisson(means).astype(float), denominator=np.full(means.shape, 1000.0), kind="count"
    )


def test_seasons_trend_and_dispersion_are_found_again():
    shape = history_shape(counts(dispersion=3.0))
    assert shape.season.low <= 0.1 <= shape.season.high
    assert shape.season.value == pytest.approx(0.1, abs=0.02)
    assert shape.trend.value == pytest.approx(np.expm1(0.05), abs=0.02)
    assert shape.dispersion.low <= 3.0 <= shape.dispersion.high
    assert shape.between_cv.value == pytest.approx(0.5, abs=0.1)  # gamma of shape 4: 1 / sqrt(4)
    assert shape.size_cv.reason == "no-variation"
    assert history_shape(counts()).dispersion.value == pytest.approx(1.0, abs=0.06)


def test_quantities_and_short_histories_are_refused():
    quantity = months_of(0.09, 0.85, 0.02, "decay")
    assert history_shape(quantity).dispersion.reason == "quantity"
    cut = UnitMonths(numerator=quantity.numerator[:, :12], denominator=quantity.denominator[:, :12], kind="quantity")
    assert history_shape(cut).season.reason == "too-short-history"
    assert history_shape(cut).trend.low < history_shape(cut).trend.high


def test_two_way_means_keep_both_margins():
    found = counts(units=10)
    means = two_way_means(found.numerator, found.denominator)
    assert means.sum(axis=0) == pytest.approx(found.numerator.sum(axis=0))
    assert means.sum(axis=1) == pytest.approx(found.numerator.sum(axis=1))


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.array([8.0, 9, 10, 11, 12, 10])
    found = jackknife(values, lambda v: float(v.mean()))
    error = values.std(ddof=1) / np.sqrt(6) / 10
    half = (np.log(found.high) - np.log(found.low)) / 2 / 2.5706  # t of 5 degrees of freedom
    assert half == pytest.approx(error, rel=0.05)
    assert isinstance(jackknife(values[:5], lambda v: float(v.mean())), NotEstimable)


@pytest.mark.parametrize("kind", ["count", "proportion", "quantity"])
def test_drawn_histories_are_like_the_one_they_are_drawn_from(kind):
    rng = np.random.default_rng(5)
    base = months_of(0.09, 0.85, 0.02, "decay").rates / 20  # about 0.1 of 2,000 people
    people = np.full(base.shape, 2000.0)
    numerator = people * base if kind == "quantity" else rng.poisson(people * base).astype(float)
    if kind == "proportion":
        numerator = np.minimum(numerator, people)
    data = TrialData(
        sites=tuple(f"x:{i}" for i in range(UNITS)),
        arms=("a", "b"),
        arm=np.zeros(UNITS, dtype=np.intp),
        numerator=numerator,
        denominator=people,
        n_before=12,
        kind=kind,
        unit=np.arange(UNITS),
        covariates=np.zeros((UNITS, 0)),
        covariate_names=(),
        stratum=np.zeros(UNITS, dtype=np.intp),
    )
    real = fit_components(unit_months(data), Summary.RATIO)
    drawn = drawn_history(data, real)
    again = data.with_numerator(drawn(np.random.default_rng(6)))
    assert np.array_equal(drawn(np.random.default_rng(6)), again.numerator)
    found = fit_components(unit_months(again), Summary.RATIO)
    assert found.level == pytest.approx(real.level, rel=0.2)
    assert found.lasting == pytest.approx(real.lasting, abs=0.06)
    assert found.monthly == pytest.approx(real.monthly, rel=0.1)
    assert again.numerator.mean() == pytest.approx(numerator.mean(), rel=0.06)
