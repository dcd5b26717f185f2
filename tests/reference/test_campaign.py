"""All 20 cases of the campaign reference set: 14 fits of the arm difference, 6 placebo-in-space sets (R: nlme, metafor)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enginehouse.core.months import Month, Period
from enginehouse.stats.least_squares import LinearFit, ar1_reml, ordinary_least_squares
from enginehouse.stats.placebo import PlaceboInSpace, placebo_in_space
from enginehouse.stats.results import Estimate
from enginehouse.stats.segmented import SegmentedFit, arm_difference, fit_segmented, segmented_design

FITS, PLACEBO_SETS = range(14), range(14, 20)
WINDOWS = {"average_year": "average", "last_month": "last-month"}
# R stopped its search short of the top here: phi 0.826913 where the likelihood is higher at 0.826951 (asserted below).
STOPPED_SHORT = "campaign_trimethoprim_vs_other-regions_to_2017-03"


@dataclass
class Campaign:
    cases: list[dict[str, Any]]
    totals: dict[tuple[str, str, str], tuple[float, float]]
    areas: list[dict[str, str]]

    def arm(self, indicator: str, areas: list[str], span: Period) -> tuple[np.ndarray, np.ndarray]:
        values = np.array([[self.totals[indicator, area, str(month)] for month in span] for area in areas])
        return values[:, :, 0].sum(axis=0), values[:, :, 1].sum(axis=0)

    def series(self, indicator: str, treated: list[str], control: list[str], span: Period) -> np.ndarray:
        found = arm_difference(
            self.arm(indicator, treated, span), self.arm(indicator, control, span), scale="log-ratio"
        )
        assert isinstance(found, np.ndarray)
        return found


@pytest.fixture(scope="module")
def campaign(shared_file: Callable[[str], Path]) -> Campaign:
    cases = json.loads(shared_file("reference/campaign/expected.json").read_text())["cases"]
    with shared_file("reference/campaign/areas_by_month.csv").open() as file:
        totals = {
            (row["indicator"], row["area"], row["month"]): (float(row["numerator"]), float(row["denominator"]))
            for row in csv.DictReader(file)
        }
    with shared_file("reference/campaign/areas.csv").open() as file:
        return Campaign(cases, totals, list(csv.DictReader(file)))


def span_of(inputs: dict[str, Any]) -> Period:
    return Period(Month.parse(inputs["from"]), Month.parse(inputs["to"]) + 1)


def test_the_reference_set_has_the_cases_that_are_tested_here(campaign: Campaign) -> None:
    assert len(campaign.cases) == 20
    assert {campaign.cases[i]["topic"] for i in FITS} == {"controlled_its.arm_difference_ar1"}
    assert {campaign.cases[i]["topic"] for i in PLACEBO_SETS} == {"controlled_its.placebo_in_space"}


@pytest.mark.parametrize("number", FITS)
def test_arm_difference_agrees_with_r(campaign: Campaign, number: int) -> None:
    case = campaign.cases[number]
    inputs, expected, tolerance = case["inputs"], case["expected"], case["tolerance"]
    span = span_of(inputs)
    series = campaign.series(inputs["indicator"], [inputs["treated"]], inputs["control_areas"], span)
    n_before = Month.parse(inputs["start"]) - span.start
    assert (len(series), n_before) == (expected["n"], expected["n_pre"])
    design = segmented_design(len(series), n_before)

    ordinary = ordinary_least_squares(series, design)
    assert isinstance(ordinary, LinearFit)
    assert ordinary.coefficients == pytest.approx(expected["ols_coef"], rel=tolerance["ols_rel"])
    assert ordinary.std_errors == pytest.approx(expected["ols_se"], rel=tolerance["ols_rel"])

    found = fit_segmented(series, n_before, scale="log-ratio")
    assert isinstance(found, SegmentedFit)
    assert found.fit.phi == pytest.approx(expected["ar1_phi"], abs=tolerance["phi_abs"])
    assert found.fit.df() == expected["df"]
    at_rs_phi = ar1_reml(series, design, phi=expected["ar1_phi"])
    assert isinstance(at_rs_phi, LinearFit)
    if case["id"] == STOPPED_SHORT:
        assert found.fit.log_likelihood > at_rs_phi.log_likelihood
        fit = at_rs_phi
    else:
        fit = found.fit
    assert fit.log_likelihood == pytest.approx(expected["reml_loglik"], rel=1e-8)
    assert fit.sigma == pytest.approx(expected["ar1_sigma"], rel=tolerance["rel"])
    assert fit.coefficients == pytest.approx(expected["ar1_coef"], rel=tolerance["rel"])
    assert fit.std_errors == pytest.approx(expected["ar1_se"], rel=tolerance["rel"])
    same = SegmentedFit(fit=fit, design=design, n_before=n_before, scale="log-ratio", slope_change=True)
    for name, kind in WINDOWS.items():
        effect, interval = same.window(kind, months=12), same.window(kind, months=12).interval()
        assert effect.value == pytest.approx(expected[name]["log_ratio"], rel=tolerance["rel"])
        assert effect.std_error == pytest.approx(expected[name]["se"], rel=tolerance["rel"])
        assert interval.low == pytest.approx(expected[name]["low"], rel=tolerance["rel"])
        assert interval.high == pytest.approx(expected[name]["high"], rel=tolerance["rel"])


def placebo_fits(campaign: Campaign, inputs: dict[str, Any], kind: str) -> dict[str, Estimate]:
    """Each area of 80 or more practices against the other areas of its own region, West Yorkshire left out of both."""
    span = span_of(inputs)
    n_before = Month.parse(inputs["start"]) - span.start
    others = [area for area in campaign.areas if area["area"] != "west-yorkshire"]
    fits = {}
    for area in others:
        if int(area["practices"]) < 80:
            continue
        control = [o["area"] for o in others if o["region"] == area["region"] and o["area"] != area["area"]]
        fit = fit_segmented(
            campaign.series(inputs["indicator"], [area["area"]], control, span), n_before, scale="log-ratio"
        )
        assert isinstance(fit, SegmentedFit)
        fits[area["area"]] = fit.window(kind, months=12)
    return fits


@pytest.mark.parametrize("number", PLACEBO_SETS)
def test_placebo_in_space_agrees_with_r(campaign: Campaign, number: int) -> None:
    case = campaign.cases[number]
    inputs, expected, rel = case["inputs"], case["expected"], case["tolerance"]["rel"]
    fits = placebo_fits(campaign, inputs, WINDOWS[inputs["estimand"]])
    assert list(fits) == expected["areas"]
    estimates = np.array([fit.value for fit in fits.values()])
    std_errors = np.array([fit.std_error for fit in fits.values()])
    assert estimates == pytest.approx(expected["log_ratio"], rel=rel)
    assert std_errors == pytest.approx(expected["se"], rel=rel)

    treated = Estimate(
        value=expected["treated_log_ratio"],
        std_error=expected["treated_se"],
        df=23,
        scale="log-ratio",
        method="ar1-reml",
    )
    found = placebo_in_space(treated, estimates, std_errors, df=23.0)
    assert isinstance(found, PlaceboInSpace)
    assert isinstance(found.total, Estimate)
    interval = found.total.interval()
    assert found.share_significant == pytest.approx(expected["share_rejected_at_5pct"], rel=rel)
    assert found.tau == pytest.approx(expected["tau_mean_zero_ml"], rel=rel)
    assert found.tau_reml == pytest.approx(expected["tau_reml"], rel=rel)
    assert found.mu_reml == pytest.approx(expected["mu_reml"], rel=rel)
    assert found.total.std_error == pytest.approx(expected["total_se"], rel=rel)
    assert interval.low == pytest.approx(expected["interval_low"], rel=rel)
    assert interval.high == pytest.approx(expected["interval_high"], rel=rel)
    assert found.rank_p == pytest.approx(expected["rank_p"], rel=rel)
    assert found.rank_p_studentised == pytest.approx(expected["rank_p_studentised"], rel=rel)
