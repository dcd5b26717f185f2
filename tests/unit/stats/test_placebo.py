"""Drift between areas against a general optimiser, brute-force ranks and cases without drift."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from enginehouse.stats.placebo import (
    PlaceboInSpace,
    drift_ml,
    drift_reml,
    placebo_in_space,
    rank_p,
    with_drift,
)
from enginehouse.stats.results import Estimate, NotEstimable

TREATED = Estimate(value=-0.03, std_error=0.01, df=23, scale="log-ratio", method="ar1-reml", notes=("a",))


def areas(seed: int, tau: float, count: int = 27) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    std_errors = rng.uniform(0.005, 0.02, count)
    return rng.normal(0, np.sqrt(std_errors**2 + tau**2)), std_errors


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_drift_agrees_with_a_general_optimiser(seed: int) -> None:
    e, s = areas(seed, 0.02)

    def minus_ml(p: np.ndarray) -> float:
        total = s**2 + np.exp(2 * p[0])
        return 0.5 * float(np.sum(np.log(total) + e**2 / total))

    def minus_reml(p: np.ndarray) -> float:
        covariance = np.diag(s**2 + np.exp(2 * p[0]))
        ones, inverse = np.ones((len(e), 1)), np.linalg.inv(covariance)
        projection = inverse - inverse @ ones @ np.linalg.inv(ones.T @ inverse @ ones) @ ones.T @ inverse
        determinant = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(ones.T @ inverse @ ones)[1]
        return 0.5 * float(determinant + e @ projection @ e)

    ml = math.exp(minimize(minus_ml, [-4.0], method="Nelder-Mead", options={"xatol": 1e-9}).x[0])
    reml = math.exp(minimize(minus_reml, [-4.0], method="Nelder-Mead", options={"xatol": 1e-9}).x[0])
    assert drift_ml(e, s) == pytest.approx(ml, rel=1e-4)
    tau, mu = drift_reml(e, s)
    assert tau == pytest.approx(reml, rel=1e-4)
    weights = 1 / (s**2 + reml**2)
    assert mu == pytest.approx(float(np.average(e, weights=weights)), rel=1e-3, abs=1e-7)


def test_estimates_closer_to_zero_than_noise_show_no_drift() -> None:
    assert drift_ml(np.full(10, 0.001), np.full(10, 0.01)) == 0.0
    assert drift_reml(np.full(10, 0.001), np.full(10, 0.01)) == (0.0, pytest.approx(0.001))


def test_equal_standard_errors_have_a_closed_form() -> None:
    """tau^2 = mean(e^2) - s^2 by maximum likelihood with mean zero."""
    e = np.array([0.03, -0.04, 0.02, -0.05])
    assert drift_ml(e, np.full(4, 0.01)) ** 2 == pytest.approx((9 + 16 + 4 + 25) / 4 * 1e-4 - 1e-4, rel=1e-5)


@given(
    treated=st.floats(-1, 1),
    placebos=st.lists(st.floats(-1, 1), min_size=1, max_size=40),
)
def test_rank_p_counts_areas_as_far_from_zero(treated: float, placebos: list[float]) -> None:
    everyone = sorted([abs(treated), *(abs(p) for p in placebos)], reverse=True)
    last_place = max(place for place, value in enumerate(everyone, start=1) if value == abs(treated))
    assert rank_p(treated, np.array(placebos)) == pytest.approx(last_place / len(everyone))


def test_the_total_interval_carries_both_sources_of_doubt() -> None:
    total = with_drift(TREATED, 0.02, 27)
    assert total.std_error == pytest.approx(math.sqrt(0.01**2 + 0.02**2))
    assert (total.df, total.value, total.notes) == (27, -0.03, ("a",))


def test_an_interval_with_drift_is_never_narrower_than_without() -> None:
    """No drift found among 27 areas: t(27) = 2.052 would be narrower than the t(8) = 2.306 of twelve months."""
    short = dataclasses.replace(TREATED, df=8)
    alone, total = short.interval(), with_drift(short, 0.0, 27).interval()
    assert (total.low, total.high) == (alone.low, alone.high)
    assert with_drift(short, 0.02, 27).df == 27


@given(tau=st.floats(0, 0.1), areas=st.integers(8, 60), df=st.integers(4, 60), level=st.sampled_from([0.9, 0.95]))
def test_drift_only_widens(tau: float, areas: int, df: int, level: float) -> None:
    alone = dataclasses.replace(TREATED, df=df)
    wide, narrow = with_drift(alone, tau, areas).interval(level), alone.interval(level)
    assert wide.high - wide.low >= (narrow.high - narrow.low) * (1 - 1e-12)


def test_significance_uses_each_areas_own_degrees_of_freedom() -> None:
    # t(0.975) is 12.706 with 1 and 2.086 with 20 degrees of freedom.
    found = placebo_in_space(
        TREATED, np.array([0.03, 0.03, 0.02]), np.full(3, 0.01), df=np.array([1.0, 20.0, 20.0]), fewest=3
    )
    assert isinstance(found, PlaceboInSpace)
    assert found.significant == (False, True, False)
    assert found.share_significant == pytest.approx(1 / 3)


def test_seven_areas_are_too_few_for_a_headline_but_are_still_shown() -> None:
    e, s = areas(4, 0.02, count=7)
    found = placebo_in_space(TREATED, e, s, df=23.0)
    assert isinstance(found, PlaceboInSpace)
    assert isinstance(found.total, NotEstimable)
    assert "only 7 untreated areas show how far areas of like size" in found.total.detail
    assert len(found.significant) == 7


def test_no_area_at_all() -> None:
    answer = placebo_in_space(TREATED, np.empty(0), np.empty(0), df=23.0)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "no-placebo-areas"


def test_the_order_of_areas_does_not_matter() -> None:
    e, s = areas(5, 0.02)
    order = np.random.default_rng(0).permutation(len(e))
    one, other = placebo_in_space(TREATED, e, s, df=23.0), placebo_in_space(TREATED, e[order], s[order], df=23.0)
    assert isinstance(one, PlaceboInSpace)
    assert isinstance(other, PlaceboInSpace)
    assert one.tau == pytest.approx(other.tau, rel=1e-6)
    assert (one.rank_p, one.share_significant) == (other.rank_p, other.share_significant)
