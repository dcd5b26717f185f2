"""The campaign's economics against outside numbers, and against a second implementation by simulation.

Outside: the shared economics cases (arithmetic and Fieller) and the campaign's totals and placebo fits (R: nlme).
The second implementation draws effects and counts; it shares no formula with the package.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enginehouse.economics.appraise import appraise
from enginehouse.economics.budget_impact import budget_impact
from enginehouse.economics.consistency import ReturnDefinition, check_consistency
from enginehouse.economics.costing import campaign_cost
from enginehouse.economics.returns import (
    ReturnRatios,
    benefit_cost_ratio,
    probability_of_return,
    return_on_investment,
)
from enginehouse.economics.savings import expected_ratio, saving
from enginehouse.economics.uncertain_costs import uncertain_return
from enginehouse.programme.protocol import Economics
from enginehouse.stats.results import Estimate, NotEstimable

EXACT = 1e-9  # the cases' own relative tolerance
DRAWS = 400_000
QUANTILE_ERROR = 4 / math.sqrt(DRAWS)  # four Monte Carlo standard errors of a proportion are below 4 x 0.5 / sqrt(n)

Find = Callable[[str], Path]


@pytest.fixture
def case(shared_file: Find) -> Callable[[str], dict[str, Any]]:
    cases = json.loads(shared_file("reference/economics/expected.json").read_text())["cases"]
    return lambda name: next(c for c in cases if c["id"] == name)


@pytest.fixture
def effect(shared_file: Find) -> Estimate:
    """West Yorkshire's average year, with the drift between areas in the standard error."""
    cases = json.loads(shared_file("reference/campaign/expected.json").read_text())["cases"]
    fit = next(c for c in cases if c["id"] == "placebo_areas_opioidome_average_year")["expected"]
    areas = 27  # placebo areas, and so degrees of freedom
    return Estimate(
        value=fit["treated_log_ratio"], std_error=fit["total_se"], df=areas, scale="log-ratio", method="with drift"
    )


@pytest.fixture
def used(shared_file: Find) -> float:
    """What West Yorkshire used in the campaign year: mg of oral morphine equivalence."""
    with shared_file("reference/campaign/areas_by_month.csv").open() as file:
        return sum(
            float(row["numerator"])
            for row in csv.DictReader(file)
            if (row["indicator"], row["area"]) == ("opioidome", "west-yorkshire")
            and "2016-04" <= row["month"] <= "2017-03"
        )


@pytest.fixture
def economics() -> Economics:
    price = {
        "indicator": "opioids-ome-per-patient",
        "per_unit": 0.017,
        "low": 0.014,
        "high": 0.030,
        "price_year": 2017,
        "source": "September 2017 rows of four practices: 17 pounds a gram, 14 to 30 by practice",
        "is_assumption": True,
    }
    marks = [{"amount": a, "label": str(a)} for a in (70_000, 77_778, 200_000)]
    return Economics.model_validate(
        {
            "price": price,
            "substitution_note": "Cannot be tested here.",
            "cost_marks": marks,
            "published": {"net": 700_000, "gross": 900_000, "ratio": 10, "source": "Foy 2025; Leeds page"},
        }
    )


def test_one_per_cent_of_the_year_is_about_a_fifth_of_a_million(used: float) -> None:
    assert 0.01 * used * 0.017 == pytest.approx(200_000, rel=0.05)


def test_the_campaign_has_break_even_and_probabilities_but_no_headline_return(
    effect: Estimate, used: float, economics: Economics
) -> None:
    quantity = used / math.exp(effect.value)
    appraisal = appraise(
        economics,
        effect=effect,
        counterfactual_quantity=quantity,
        strategy_costs=campaign_cost([]),
        currency="GBP",
    )
    break_even = appraisal.break_even_cost
    assert not isinstance(break_even, NotEstimable)
    # -1.1% (-3.7, 1.5) of 20.1 million pounds.
    whole = quantity * 0.017
    assert [
        round(100 * x / whole, 1) for x in (break_even.range.point, break_even.range.low, break_even.range.high)
    ] == [
        1.1,
        -1.5,
        3.7,
    ]
    assert isinstance(appraisal.headline_return, NotEstimable)
    probabilities = [mark.probability for mark in appraisal.marks]
    assert all(isinstance(p, float) and 0.4 < p < 0.8 for p in probabilities)
    assert probabilities == sorted(probabilities, reverse=True)


def test_even_a_known_cost_gives_the_campaign_no_headline_return(
    effect: Estimate, used: float, economics: Economics
) -> None:
    for cost in (70_000, 77_778, 200_000):
        appraisal = appraise(
            economics.model_copy(update={"campaign_cost": float(cost)}),
            effect=effect,
            counterfactual_quantity=used / math.exp(effect.value),
            strategy_costs=campaign_cost([]),
            currency="GBP",
        )
        assert not isinstance(appraisal.headline_return, ReturnRatios)


def test_the_published_sums_cannot_all_hold(case: Callable[[str], dict[str, Any]]) -> None:
    """Both readings of *tenfold* as in the shared case, and neither is compatible with £900,000 gross."""
    reference = case("roi_opioid_campaign")
    given, expected = reference["inputs"], reference["expected"]
    found = check_consistency(net=given["reported_net_saving"], ratio=given["reported_return"], gross=900_000)
    implied = {i.definition: i for i in found.implications if i.figures == ("net", "ratio")}
    readings = {
        ReturnDefinition.BENEFIT_OVER_COST: expected["if_return_means_gross_benefit_over_cost"],
        ReturnDefinition.NET_OVER_COST: expected["if_return_means_net_over_cost"],
    }
    for definition, reading in readings.items():
        assert implied[definition].cost == pytest.approx(reading["cost"], rel=EXACT)
        assert implied[definition].gross == pytest.approx(reading["gross"], rel=EXACT)
        assert implied[definition].net == pytest.approx(reading["net"], rel=EXACT)
    gross, net = readings.values()
    assert return_on_investment(gross["gross"], gross["cost"]) == pytest.approx(gross["roi_net_over_cost"], rel=EXACT)
    assert benefit_cost_ratio(net["gross"], net["cost"]) == pytest.approx(net["bcr"], rel=EXACT)
    assert found.possible_definitions == ()


def test_uncertain_benefit_and_cost(case: Callable[[str], dict[str, Any]]) -> None:
    reference = case("roi_uncertainty_R1")
    given, expected = reference["inputs"], reference["expected"]
    answer = uncertain_return(
        benefit_mean=given["benefit_mean"],
        benefit_std_error=given["benefit_se"],
        cost_mean=given["cost_mean"],
        cost_std_error=given["cost_se"],
        targets=given["bcr_targets"],
    )
    ratio, investment = answer.benefit_cost_ratio, answer.return_on_investment
    assert not isinstance(ratio, NotEstimable)
    assert not isinstance(investment, NotEstimable)
    assert ratio.point == pytest.approx(expected["bcr"], rel=EXACT)
    assert (ratio.low, ratio.high) == pytest.approx(expected["bcr_fieller95"], rel=EXACT)
    assert investment.point == pytest.approx(expected["roi"], rel=EXACT)
    assert (investment.low, investment.high) == pytest.approx(expected["roi_fieller95"], rel=EXACT)
    assert answer.net == pytest.approx(expected["net"], rel=EXACT)
    assert answer.net_std_error == pytest.approx(expected["net_se"], rel=EXACT)
    assert answer.probability_net_positive == pytest.approx(expected["p_net_positive"], rel=EXACT)
    for target, probability in expected["p_bcr_at_least"].items():
        assert answer.probability_at_least[int(target)] == pytest.approx(probability, rel=EXACT)


def test_budget_impact(case: Callable[[str], dict[str, Any]]) -> None:
    reference = case("budget_impact_B1")
    given, expected = reference["inputs"], reference["expected"]
    years = budget_impact(
        eligible_first_year=given["eligible_year0"],
        growth=given["growth"],
        uptake_without=given["uptake_without"],
        uptake_with=given["uptake_with"],
        cost_per_treated=given["cost_per_treated"],
        saving_per_treated=given["saving_per_treated"],
        strategy_cost_by_year=given["strategy_cost_by_year"],
    )
    for year, row in zip(years, expected["rows"], strict=True):
        for name, value in row.items():
            assert getattr(year, name) == pytest.approx(value, rel=EXACT), name
    impacts = [year.net_budget_impact for year in years]
    assert sum(impacts) == pytest.approx(expected["total_undiscounted"], rel=EXACT)
    per_100k = max(impacts) / given["registered_population"] * 100_000
    assert per_100k == pytest.approx(expected["per_100k_registered_year_peak"], rel=EXACT)


# -- a second implementation, by drawing ------------------------------------------------------------------------------

SIMULATED = [(-0.011, 0.0128, 27.0), (-0.05, 0.02, 8.0), (0.03, 0.05, math.inf), (-0.3, 0.1, 5.0)]


def draw(value: float, std_error: float, df: float) -> np.ndarray:
    """Log ratios from the distribution of the effect."""
    rng = np.random.default_rng(20160401)
    noise = rng.standard_normal(DRAWS) if math.isinf(df) else rng.standard_t(df, DRAWS)
    return value + std_error * noise


@pytest.mark.parametrize(("value", "std_error", "df"), SIMULATED)
def test_intervals_and_probabilities_agree_with_counting_draws(
    value: float, std_error: float, df: float, economics: Economics
) -> None:
    quantity, substitution = 1.2e9, 0.2
    estimate = Estimate(value=value, std_error=std_error, df=df, scale="log-ratio", method="example")
    result = saving(estimate, counterfactual_quantity=quantity, price=economics.price, substitution=substitution)
    assert not isinstance(result, NotEstimable)
    used_less = quantity - quantity * np.exp(draw(value, std_error, df))
    sums = used_less * 0.017 * 0.8
    # The share of draws below each limit is what the limit claims.
    assert np.mean(sums < result.headline.range.low) == pytest.approx(0.025, abs=QUANTILE_ERROR)
    assert np.mean(sums < result.headline.range.point) == pytest.approx(0.5, abs=QUANTILE_ERROR)
    assert np.mean(sums < result.headline.range.high) == pytest.approx(0.975, abs=QUANTILE_ERROR)
    for cost in (0.0, 70_000.0, 200_000.0, 1e6):
        at = {"counterfactual_cost": result.counterfactual_cost, "cost": cost}
        assert probability_of_return(estimate, **at) == pytest.approx(np.mean(sums > cost), abs=QUANTILE_ERROR)
        assert probability_of_return(estimate, **at, target=3) == pytest.approx(
            np.mean(sums > 3 * cost), abs=QUANTILE_ERROR
        )


@pytest.mark.parametrize(("value", "std_error", "df"), SIMULATED)
def test_the_expectation_agrees_with_the_mean_of_the_central_draws(value: float, std_error: float, df: float) -> None:
    estimate = Estimate(value=value, std_error=std_error, df=df, scale="log-ratio", method="example")
    logs = draw(value, std_error, df)
    if not math.isinf(df):
        low, high = np.quantile(logs, [0.0005, 0.9995])
        logs = logs[(logs >= low) & (logs <= high)]
    ratios = np.exp(logs)
    expected = expected_ratio(estimate)
    assert not isinstance(expected, NotEstimable)
    # Four Monte Carlo standard errors of a mean, and as much again for the estimated trimming points.
    assert expected == pytest.approx(float(np.mean(ratios)), abs=8 * float(np.std(ratios)) / math.sqrt(DRAWS))
