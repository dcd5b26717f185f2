"""Own values and their intervals, against published limits and arithmetic by hand."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from enginehouse.feedback.lines import lines_through
from enginehouse.feedback.values import WINDOW_MONTHS, IntervalBy, values_at
from enginehouse.programme.enums import NumeratorKind

NEAR = 1e-6

COUNTS = [22, 21, 22, 21, 22, 22, 21, 22, 21, 22, 21, 22]  # the last three are 65


def test_a_count_has_byars_interval_as_published(make):
    arrays = make.arrays(np.array([COUNTS]), 1000.0)
    found = values_at(arrays, make.indicator(numerator_kind="count")).of(0)
    assert found.value == pytest.approx(65 / 3000)
    assert (found.low * 3000, found.high * 3000) == pytest.approx((50.163188, 82.849139), abs=NEAR)
    assert found.by is IntervalBy.COUNT
    assert found.dispersion == 1


def test_a_small_count_has_exact_limits(make):
    arrays = make.arrays(np.array([[1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1]]), 1000.0)
    found = values_at(arrays, make.indicator(numerator_kind="count")).of(0)
    low, high = scipy_stats.chi2.ppf(0.025, 6) / 2, scipy_stats.chi2.ppf(0.975, 8) / 2
    assert (found.low * 3000, found.high * 3000) == pytest.approx((low, high))


def test_a_proportion_has_wilsons_interval_as_published(make):
    arrays = make.arrays(np.array([COUNTS]), np.array([[33.0] * 11 + [34.0]]))
    found = values_at(arrays, make.indicator(numerator_kind="count", is_proportion=True)).of(0)
    assert (found.low, found.high) == pytest.approx((0.552544, 0.736358), abs=NEAR)


def test_counts_that_vary_more_than_chance_have_a_wider_interval(make):
    wild = [5, 60, 2, 70, 10, 50, 1, 55, 4, 61, 2, 2]
    arrays = make.arrays(np.array([COUNTS, wild]), 1000.0)
    values = values_at(arrays, make.indicator(numerator_kind="count"))
    months = np.arange(12)
    line = np.polyval(np.polyfit(months, wild, 1), months)
    assert values.dispersion[1] == pytest.approx(np.sum((np.array(wild) - line) ** 2 / line) / 10)
    assert values.high[1] - values.low[1] > values.high[0] - values.low[0]
    assert values.value[1] == values.value[0]


def test_a_quantity_has_an_interval_from_its_own_months(make):
    rng = np.random.default_rng(7)
    monthly = 40 + rng.normal(0, 3, 12)
    found = values_at(make.arrays(monthly[None, :] * 5000), make.indicator()).of(0)
    slope, level = np.polyfit(np.arange(12), monthly, 1)
    spread = np.sqrt(np.sum((monthly - level - slope * np.arange(12)) ** 2) / 10)
    half = scipy_stats.t.ppf(0.975, 10) * spread / np.sqrt(3)
    assert found.value == pytest.approx(monthly[-3:].mean())
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


def test_patients_are_counted_once_and_not_month_after_month(make):
    arrays = make.arrays(np.full((1, 12), 65.0), 100.0)
    kind = {"numerator_kind": "patients", "is_proportion": True}
    found = values_at(arrays, make.indicator(**kind)).of(0)
    assert found.months == 1
    assert (found.low, found.high) == pytest.approx((0.552544, 0.736358), abs=NEAR)


def test_every_kind_of_numerator_has_a_window():
    assert set(WINDOW_MONTHS) == set(NumeratorKind)


def test_what_cannot_be_said_has_its_reason(make):
    numerator = np.full((6, 12), 100_000.0)
    denominator = np.full((6, 12), 5000.0)
    numerator[0, -1] = denominator[0, -1] = np.nan  # the newest month is missing
    denominator[1] = 40  # a handful of patients
    numerator[2, :8] = np.nan  # four months only
    denominator[3] = 0  # nobody
    numerator[4, :3] = np.nan  # nine months are enough
    values = values_at(make.arrays(numerator, denominator), make.indicator())
    assert values.reasons == ("missing-month", "too-small", "too-few-months", "missing-month", "", "")


def test_impossible_counts_are_not_said(make):
    x = np.array([COUNTS, COUNTS, COUNTS], dtype=float)
    x[0, -1] = -300
    x[1, -3:] = 50
    values = values_at(make.arrays(x, 40.0), make.indicator(numerator_kind="count", is_proportion=True))
    assert values.reasons == ("impossible", "impossible", "")


def test_a_gap_of_one_month_in_the_window_leaves_the_others(make):
    monthly = np.tile([20.0, 22.0], 6)
    arrays = make.arrays(monthly[None, :] * 5000)
    arrays.numerator[0, -2] = np.nan
    found = values_at(arrays, make.indicator()).of(0)
    assert found.months == 2
    assert found.value == pytest.approx((20 + 22) / 2 + 1)  # months ten and twelve: both 22


def test_lines_are_those_of_a_plain_fit_with_gaps():
    rng = np.random.default_rng(3)
    values = rng.normal(10, 2, (5, 14))
    values[1, [0, 5]] = np.nan
    values[2, 3:] = np.nan
    values[3, 2:] = np.nan
    found = lines_through(values)
    for row in (0, 1, 2, 4):
        there = np.isfinite(values[row])
        fit = scipy_stats.linregress(np.flatnonzero(there), values[row][there])
        residuals = np.where(there, values[row] - fit.intercept - fit.slope * np.arange(14), 0.0)
        likeness = np.clip(np.sum(residuals[1:] * residuals[:-1]) / np.sum(residuals**2), 0, 0.8)
        assert found.slope[row] == pytest.approx(fit.slope)
        assert found.slope_error[row] == pytest.approx(fit.stderr * np.sqrt((1 + likeness) / (1 - likeness)))
    assert np.isnan(found.slope[3])
