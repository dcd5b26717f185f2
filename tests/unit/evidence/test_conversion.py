"""Effects on another scale, against published pairs and against the slope found by small steps."""

import math

import pytest

from enginehouse.core.errors import UserError
from enginehouse.evidence.conversion import (
    difference_to_log_ratio,
    log_odds_ratio_to_difference,
    log_odds_ratio_to_log_ratio,
    std_error_of_interval,
)

STEP = 1e-6


@pytest.mark.parametrize(("baseline", "difference"), [(0.30, -0.03996), (0.05, -0.00863)])
def test_an_odds_ratio_means_less_where_the_outcome_is_rare(baseline, difference):
    assert round(log_odds_ratio_to_difference(math.log(0.82), 0.087, baseline=baseline).effect, 5) == difference


@pytest.mark.parametrize(
    ("convert", "baseline"),
    [
        (log_odds_ratio_to_difference, 0.3),
        (log_odds_ratio_to_log_ratio, 0.3),
        (difference_to_log_ratio, 4.0),
    ],
)
def test_standard_errors_go_by_the_slope(convert, baseline):
    here, there = (convert(-0.2 + step, 1.0, baseline=baseline) for step in (-STEP, STEP))
    slope = (there.effect - here.effect) / (2 * STEP)
    assert convert(-0.2, 0.1, baseline=baseline).std_error == pytest.approx(0.1 * slope, rel=1e-5)
    assert f"{baseline:g}" in here.formula


def test_intervals_are_read_at_the_level_that_was_published():
    # ASPIRE: odds ratio 0.82, 97.5% interval 0.67 to 0.99; z(0.9875) = 2.241403
    assert std_error_of_interval(0.67, 0.99, confidence_level=0.975, is_ratio=True) == pytest.approx(
        math.log(0.99 / 0.67) / (2 * 2.241403), rel=1e-6
    )
    assert std_error_of_interval(4.0, 7.6, confidence_level=0.95, is_ratio=False) == pytest.approx(3.6 / 3.919928)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_odds_ratio_to_difference(0.1, 0.1, baseline=0.0), "got a baseline of 0"),
        (lambda: log_odds_ratio_to_log_ratio(0.1, 0.1, baseline=1.5), "a proportion above 0 and below 1"),
        (lambda: difference_to_log_ratio(-5, 0.1, baseline=4), "both ends of a ratio must be above 0"),
        (lambda: std_error_of_interval(0.9, 0.8, confidence_level=0.95, is_ratio=True), "Its ends must rise"),
        (lambda: std_error_of_interval(-1, 1, confidence_level=0.95, is_ratio=True), "above 0 for a ratio"),
    ],
)
def test_what_cannot_be_converted_is_refused(call, message):
    with pytest.raises(UserError, match=message):
        call()
