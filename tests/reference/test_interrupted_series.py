"""Interrupted series against R and Stata: California's Proposition 99, antibiotics in England, a two-group AR(1) series.

Also the national antibiotics analysis by month (OLS with month dummies): trend 0.0684, level -3.2478, slope change
-0.3365 (-0.5624, -0.1106), as published with its data.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enginehouse.stats.least_squares import BOUNDARY_NOTE, LinearFit, ar1_reml, newey_west, ordinary_least_squares
from enginehouse.stats.segmented import LEVEL, SLOPE_CHANGE, TIME, month_dummies, segmented_design

type Find = Callable[[str], Path]


def case(shared_file: Find, name: str) -> dict[str, Any]:
    cases = json.loads(shared_file("reference/analytics/expected.json").read_text())["cases"]
    return next(c for c in cases if c["id"] == name)["expected"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def assert_table(fit: object, expected: dict[str, Any], *, rel: float) -> None:
    assert isinstance(fit, LinearFit)
    assert fit.coefficients == pytest.approx(expected.get("estimate", expected.get("est")), rel=rel)
    assert fit.std_errors == pytest.approx(expected["se"], rel=rel)


@pytest.fixture(scope="module")
def states(shared_file: Find) -> dict[str, np.ndarray]:
    found: dict[str, list[float]] = {}
    for row in rows(shared_file("reference/analytics/data/california_prop99.csv")):
        found.setdefault(row["State"], []).append(float(row["PacksPerCapita"]))
    return {state: np.array(values) for state, values in found.items()}


# Time runs from 1970 (19 years before the start of 1989) in the reference; ours is 0 at the start.
def prop99_design() -> np.ndarray:
    design = segmented_design(31, 19)
    design[:, TIME] += 19
    return design


@pytest.mark.parametrize(("lag", "name"), [(0, "newey_lag0_hc1"), (1, "newey_lag1"), (3, "newey_lag3")])
def test_prop99_newey_west(shared_file: Find, states: dict[str, np.ndarray], lag: int, name: str) -> None:
    expected = case(shared_file, "its_prop99_single_group")[name]
    fit = newey_west(states["California"], prop99_design(), lag=lag)
    assert_table(fit, expected, rel=1e-6)
    assert isinstance(fit, LinearFit)
    interval = fit.contrast(np.array([0.0, 0.0, 1.0, 0.0]), scale="difference").interval()
    assert (interval.low, interval.high) == pytest.approx((expected["lo"][2], expected["hi"][2]), rel=1e-6)


def test_prop99_trend_after_the_start(shared_file: Find, states: dict[str, np.ndarray]) -> None:
    expected = case(shared_file, "its_prop99_single_group")["post_trend"]
    fit = newey_west(states["California"], prop99_design(), lag=1)
    assert isinstance(fit, LinearFit)
    trend = fit.contrast(np.array([0.0, 1.0, 0.0, 1.0]), scale="difference")
    assert (trend.value, trend.std_error) == pytest.approx((expected["estimate"], expected["se"]), rel=1e-6)


def test_prop99_difference_from_the_mean_of_the_other_states(shared_file: Find, states: dict[str, np.ndarray]) -> None:
    expected = case(shared_file, "its_prop99_difference_series")
    others = np.mean([values for state, values in states.items() if state != "California"], axis=0)
    assert_table(newey_west(states["California"] - others, prop99_design(), lag=1), expected, rel=1e-6)


def test_prop99_reml_says_that_trend_and_autocorrelation_cannot_be_separated(states: dict[str, np.ndarray]) -> None:
    fit = ar1_reml(states["California"], prop99_design())
    assert isinstance(fit, LinearFit)
    assert fit.phi > 0.999
    assert fit.notes == (BOUNDARY_NOTE,)


def test_antibiotics_by_year_agree_with_stata(shared_file: Find) -> None:
    expected = case(shared_file, "its_antibiotics_annual_stata")
    data = rows(shared_file("reference/analytics/data/antibiotics_annual.csv"))
    years = np.array([int(float(row["year"])) for row in data])
    outcome = np.array([float(next(row[k] for k in row if "star" in k)) for row in data])
    design = segmented_design(len(years), int(np.count_nonzero(years < 2013)))
    design[:, TIME] = years - years[0]
    assert_table(newey_west(outcome, design, lag=0), expected, rel=1e-6)


def two_groups(shared_file: Find) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    data = rows(shared_file("reference/analytics/data/its_ar1_two_group.csv"))
    group, t, post, since, y = (
        np.array([float(row[k]) for row in data]) for k in ("group", "t", "post", "t_since", "y")
    )
    wave = 2 * np.pi * t / 12
    shared = [np.ones(len(t)), t, group, post, since, np.sin(wave), np.cos(wave)]
    return y, np.column_stack([*shared, t * group, group * post, group * since]), group


def test_two_series_that_share_their_autocorrelation_by_reml(shared_file: Find) -> None:
    expected = case(shared_file, "its_two_group_ar1_pub")["gls_ar1_REML"]
    y, design, group = two_groups(shared_file)
    fit = ar1_reml(y, design, series=group)
    assert_table(fit, expected, rel=2e-3)
    assert isinstance(fit, LinearFit)
    assert (fit.phi, fit.sigma) == pytest.approx((expected["rho"], expected["sigma"]), rel=2e-3)
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-5)


def test_one_of_the_two_series_by_reml_and_newey_west(shared_file: Find) -> None:
    expected = case(shared_file, "its_two_group_ar1_pub")
    y, design, group = two_groups(shared_file)
    one, columns = group == 1, [0, 1, 3, 4, 5, 6]
    outcome, model = y[one], design[one][:, columns]
    assert_table(newey_west(outcome, model, lag=3), expected["intervention_newey3"], rel=1e-6)
    fit = ar1_reml(outcome, model)
    assert_table(fit, expected["intervention_ar1_reml"], rel=2e-3)
    assert isinstance(fit, LinearFit)
    assert fit.phi == pytest.approx(expected["intervention_ar1_reml"]["rho"], rel=2e-3)


def test_national_antibiotics_by_month(shared_file: Find) -> None:
    data = rows(shared_file("data/trials/antibiotics_national_its/total_antibiotic_prescribing.csv"))
    outcome = np.array([float(row["items_per_star_pu"]) for row in data])
    months = [row["month"][:7] for row in data]
    n_before = months.index("2013-06")
    calendar = np.array([int(month[5:]) for month in months])
    design = np.column_stack([segmented_design(len(outcome), n_before), month_dummies(calendar)])
    fit = ordinary_least_squares(outcome, design)
    assert isinstance(fit, LinearFit)
    assert fit.coefficients[[TIME, LEVEL, SLOPE_CHANGE]].round(4).tolist() == [0.0684, -3.2478, -0.3365]
    robust = newey_west(outcome, design, lag=0)
    assert isinstance(robust, LinearFit)
    interval = robust.contrast(np.eye(design.shape[1])[SLOPE_CHANGE], scale="difference").interval()
    assert (round(interval.low, 4), round(interval.high, 4)) == (-0.5624, -0.1106)
