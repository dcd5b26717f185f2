"""Bounds on the pre-trend against the arithmetic of a worst case, and the dates when nothing began."""

from __future__ import annotations

import numpy as np
import pytest

from enginehouse.stats.placebo_dates import PlaceboDates, placebo_dates
from enginehouse.stats.pre_trend import PreTrend, pre_trend
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.stats.segmented import SegmentedFit, fit_segmented


def series(effect: float, n: int = 27, n_before: int = 15, seed: int = 1) -> np.ndarray:
    since = np.arange(n) - n_before
    return 0.1 + 0.002 * since + effect * (since >= 0) + 0.005 * np.random.default_rng(seed).normal(size=n)


def found(effect: float, kind: str = "average", **kwargs: object) -> PreTrend:
    answer = pre_trend(series(effect), 15, scale="log-ratio", kind=kind, months=12, **kwargs)  # type: ignore[arg-type]
    assert isinstance(answer, PreTrend)
    return answer


@pytest.mark.parametrize("kind", ["average", "last-month"])
def test_the_smallest_deviation_brings_the_interval_just_to_no_effect(kind: str) -> None:
    """The worst line that leaves the start with a slope off by M takes exactly the near end of the interval to zero."""
    answer = found(-0.2, kind)
    worst_line = answer.smallest_deviation * np.arange(1, 13)
    moved = worst_line.mean() if kind == "average" else worst_line[-1]
    assert answer.level_and_slope.interval().high + moved == pytest.approx(0, abs=1e-12)


def test_an_interval_that_includes_no_effect_needs_no_deviation() -> None:
    assert found(0.0).smallest_deviation == 0.0


def test_deviations_widen_the_interval_on_both_sides() -> None:
    answer = found(-0.2)
    own = answer.level_and_slope.interval()
    for deviation in answer.deviations:
        reach = deviation.per_month * np.arange(1, 13).mean()
        assert deviation.interval.low == pytest.approx(own.low - reach)
        assert deviation.interval.high == pytest.approx(own.high + reach)
        assert deviation.per_month == pytest.approx(deviation.multiple_of_pre_trend * abs(answer.slope.value))


def test_a_headline_with_drift_is_the_one_that_is_widened() -> None:
    headline = Estimate(value=-0.2, std_error=0.05, df=27, scale="log-ratio", method="x")
    answer = found(-0.2, headline=headline)
    assert answer.smallest_deviation == pytest.approx(-headline.interval().high / 6.5)


def test_the_slope_before_the_start_is_that_of_the_model() -> None:
    fit = fit_segmented(series(-0.2), 15, scale="log-ratio")
    assert isinstance(fit, SegmentedFit)
    assert found(-0.2).slope.value == pytest.approx(fit.fit.coefficients[1])
    assert isinstance(found(-0.2).level_only, Estimate)


def test_too_few_months_have_no_pre_trend() -> None:
    assert isinstance(pre_trend(np.zeros(5), 2, scale="log-ratio", kind="average", months=3), NotEstimable)


def test_placebo_dates_leave_eight_months_on_both_sides() -> None:
    answer = placebo_dates(series(0.0, 24, 24), 24, scale="log-ratio", kind="average", months=12)
    assert isinstance(answer, PlaceboDates)
    assert answer.starts == tuple(range(8, 17))


def test_a_placebo_date_is_the_same_model_on_the_months_before() -> None:
    values = series(-0.2, 40, 28)
    answer = placebo_dates(values, 28, scale="log-ratio", kind="average", months=12)
    assert isinstance(answer, PlaceboDates)
    at = answer.starts.index(18)
    fit = fit_segmented(values[:28], 18, scale="log-ratio")
    assert isinstance(fit, SegmentedFit)
    assert answer.estimates[at] == fit.window("average", months=10)


def test_later_months_do_not_matter() -> None:
    values = series(0.0, 40, 28)
    changed = np.concatenate([values[:28], values[28:] + 5])
    options = {"scale": "log-ratio", "kind": "average", "months": 12}
    assert placebo_dates(values, 28, **options) == placebo_dates(changed, 28, **options)  # type: ignore[arg-type]


def test_fifteen_months_are_too_few_for_placebo_dates() -> None:
    answer = placebo_dates(series(0.0), 15, scale="log-ratio", kind="average", months=12)
    assert isinstance(answer, NotEstimable)
    assert (
        "There are 15 months before the start; a placebo date needs 8 on each side of it, 16 in all." in answer.detail
    )


def test_months_on_a_perfect_line_have_no_placebo_dates() -> None:
    answer = placebo_dates(np.arange(20.0), 20, scale="difference", kind="average", months=12)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "no-variation"
