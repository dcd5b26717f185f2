"""The difference series, its design and its windows, against arithmetic that can be redone by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from enginehouse.stats.results import NotEstimable
from enginehouse.stats.segmented import (
    LEVEL,
    SHORT_SERIES_NOTE,
    SLOPE_CHANGE,
    SegmentedFit,
    arm_difference,
    fit_segmented,
    month_dummies,
    segmented_design,
    window_weights,
)


def noisy(n: int, n_before: int, *, level: float, slope_change: float, noise: float = 1e-4) -> np.ndarray:
    since = np.arange(n) - n_before
    clean = 0.2 - 0.01 * since + level * (since >= 0) + slope_change * np.maximum(since, 0)
    return clean + noise * np.random.default_rng(3).normal(size=n)


def test_log_ratio_and_difference_of_two_arms() -> None:
    treated = np.array([10.0, 30.0]), np.array([100.0, 100.0])
    control = np.array([40.0, 20.0]), np.array([200.0, 200.0])
    ratio = arm_difference(treated, control, scale="log-ratio")
    assert ratio == pytest.approx([math.log(0.1 / 0.2), math.log(0.3 / 0.1)])
    assert arm_difference(treated, control, scale="difference") == pytest.approx([0.1 - 0.2, 0.3 - 0.1])


@pytest.mark.parametrize(
    ("numerator", "denominator", "scale", "reason"),
    [
        ([0.0, 1.0], [1.0, 1.0], "log-ratio", "zero-months"),
        ([1.0, 1.0], [0.0, 1.0], "difference", "missing-months"),
        ([1.0, math.nan], [1.0, 1.0], "difference", "missing-months"),
    ],
)
def test_a_month_that_has_no_contrast(
    numerator: list[float], denominator: list[float], scale: str, reason: str
) -> None:
    whole = np.ones(2), np.ones(2)
    answer = arm_difference((np.array(numerator), np.array(denominator)), whole, scale=scale)  # type: ignore[arg-type]
    assert isinstance(answer, NotEstimable)
    assert answer.reason == reason


def test_a_zero_month_has_a_difference() -> None:
    none = np.zeros(2), np.ones(2)
    assert isinstance(arm_difference(none, (np.ones(2), np.ones(2)), scale="difference"), np.ndarray)


def test_windows_are_the_mean_and_the_end_of_the_effect_month_by_month() -> None:
    fit = fit_segmented(noisy(27, 15, level=-0.05, slope_change=-0.004), 15, scale="log-ratio")
    assert isinstance(fit, SegmentedFit)
    by_month = fit.fit.coefficients[LEVEL] + fit.fit.coefficients[SLOPE_CHANGE] * np.arange(12)
    assert fit.window("average", months=12).value == pytest.approx(np.mean(by_month))
    assert fit.window("last-month", months=12).value == pytest.approx(by_month[-1])
    assert fit.window("last-month", months=12).value == pytest.approx(-0.05 - 0.004 * 11, abs=2e-4)
    gap = (fit.fit.fitted - fit.counterfactual)[15:]
    assert gap == pytest.approx(by_month)
    assert (fit.fit.fitted - fit.counterfactual)[:15] == pytest.approx(0)
    assert fit.n_after == 12


def test_level_only_gives_the_same_effect_in_every_window() -> None:
    fit = fit_segmented(noisy(27, 15, level=0.1, slope_change=0.0), 15, scale="difference", slope_change=False)
    assert isinstance(fit, SegmentedFit)
    assert fit.window("average", months=12) == fit.window("last-month", months=12)
    assert fit.window("average", months=12).value == pytest.approx(0.1, abs=1e-3)


def test_seasons_are_taken_out() -> None:
    calendar = np.arange(36) % 12 + 1
    series = noisy(36, 20, level=-0.1, slope_change=0.0) + np.where(calendar == 2, -0.08, 0.0)
    fit = fit_segmented(series, 20, scale="log-ratio", season=month_dummies(calendar))
    assert isinstance(fit, SegmentedFit)
    assert fit.coefficient(LEVEL).value == pytest.approx(-0.1, abs=2e-3)
    assert month_dummies(calendar).shape == (36, 11)


def test_twelve_months_use_least_squares_and_say_so() -> None:
    fit = fit_segmented(noisy(12, 6, level=0.0, slope_change=0.0), 6, scale="log-ratio")
    assert isinstance(fit, SegmentedFit)
    assert fit.fit.method == "ordinary-least-squares"
    assert SHORT_SERIES_NOTE in fit.window("average", months=6).notes


@pytest.mark.parametrize("n_before", [2, 13])
def test_too_few_months_on_a_side(n_before: int) -> None:
    answer = fit_segmented(np.arange(15.0), n_before, scale="log-ratio")
    assert isinstance(answer, NotEstimable)
    assert "at least 3 are needed on each side" in answer.detail


def test_a_perfect_line_has_no_standard_error() -> None:
    answer = fit_segmented(np.linspace(0, 1, 20), 10, scale="difference")
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "no-variation"


@pytest.mark.parametrize("level", [0.5, 1.0, 1000.0])
@pytest.mark.parametrize("step", [0.0, -0.05])
def test_a_line_without_noise_is_told_at_every_level(level: float, step: float) -> None:
    """Rounding, not noise, is all that is left of these series; it must not become a standard error."""
    since = np.arange(27) - 15
    for slope in (0.0, 0.01):
        found = fit_segmented(level + slope * since + step * (since >= 0), 15, scale="difference")
        assert isinstance(found, NotEstimable)
        assert found.reason == "no-variation"


@pytest.mark.parametrize("level", [100.0, 1e4, 1e6])
def test_the_level_of_a_series_takes_no_digits_from_its_effect(level: float) -> None:
    """Rates far from zero that vary little: a difference of quantities per patient may be such a series."""
    noise = np.random.default_rng(1).normal(0, 0.01, 27)
    plain, lifted = (fit_segmented(noise + lift, 15, scale="difference") for lift in (0.0, level))
    assert isinstance(plain, SegmentedFit)
    assert isinstance(lifted, SegmentedFit)
    before, after = (fit.window("average", months=12) for fit in (plain, lifted))
    # At 1e6 a double holds the noise to eight digits of its size.
    assert after.value == pytest.approx(before.value, abs=1e-9)
    assert after.std_error == pytest.approx(before.std_error, rel=1e-6)


def test_weights_follow_the_columns() -> None:
    assert window_weights(5, "last-month", months=6).tolist() == [0, 0, 1, 5, 0]
    assert window_weights(3, "average", months=6, slope=False).tolist() == [0, 0, 1]
    assert segmented_design(3, 1, slope_change=False).shape == (3, 3)


@pytest.mark.parametrize("n", [10, 24])
def test_a_month_without_a_value_is_not_estimable(n: int) -> None:
    series = np.random.default_rng(1).normal(size=n)
    series[2] = math.nan
    answer = fit_segmented(series, n // 2, scale="log-ratio")
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "missing-values"
