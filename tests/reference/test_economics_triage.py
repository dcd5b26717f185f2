"""Triage, value of information, discounting and policy cost-effectiveness against cases from outside.

Outside: the shared economics cases (closed forms checked by simulation), the five worked cases of the field's rule
(to the pound), and the example of the R package `voi` (vignette: two normal parameters).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enginehouse.economics.discounting import Discounting, discounted_years
from enginehouse.priorities.policy import PolicyInputs, net_benefit_of_odds_ratio, policy_cost_effectiveness
from enginehouse.priorities.results import DesignValue, GateValues, Triage, TriageReason
from enginehouse.priorities.triage import Option, TrialDesign, break_even_trial_cost, triage
from enginehouse.priorities.value import cluster_trial_variance, evpi, evsi
from enginehouse.programme.enums import Priority
from enginehouse.stats.gaussian import (
    Normal,
    preposterior_sd,
    probability_positive,
    robustly_updated,
    surprise,
    updated,
)

CASE = 1e-8  # the triage cases' own relative tolerance
EXACT = 1e-9  # that of the other closed forms
QUADRATURE = 1e-6  # that of the chain, whose expectation is a quadrature

Find = Callable[[str], Path]
Case = Callable[[str], dict[str, Any]]
OPTIONS = [f"triage_S{number}" for number in range(1, 11)]
CLASSES = {
    "IMPLEMENT": {Priority.IMPLEMENT},
    "EVALUATE": {Priority.IMPLEMENT_WITH_EVALUATION, Priority.EVALUATE_ONLY},
    "DO_NOT_PURSUE": {Priority.DO_NOT_PURSUE},
}
MODES = {
    "approve_with_research": Priority.IMPLEMENT_WITH_EVALUATION,
    "only_in_research": Priority.EVALUATE_ONLY,
}
REASONS = {
    "confident": TriageReason.CONFIDENT,
    "uncertain_research_not_worthwhile": TriageReason.EVALUATION_NOT_WORTH_ITS_COST,
    **dict.fromkeys(MODES, TriageReason.WORTH_EVALUATING),
}


@pytest.fixture(scope="module")
def case(shared_file: Find) -> Case:
    cases = json.loads(shared_file("reference/economics/expected.json").read_text())["cases"]
    return lambda name: next(c for c in cases if c["id"] == name)


def weigh_case(inputs: dict[str, Any]) -> Triage:
    option = Option(
        net_benefit=Normal(inputs["inb_mean"], inputs["inb_sd"]),
        units_a_year=inputs["patients_per_year"],
        roll_out_cost=inputs["fixed_rollout_cost"],
        horizon_years=inputs["horizon"],
        discount_rate=inputs["discount"],
    )
    gates = GateValues(implement_at=inputs["p_hi"], drop_at=inputs["p_lo"], least_gain=inputs["min_gain"])
    sizes = [(k, m) for k in inputs["k_grid"] for m in inputs["m_grid"]]
    return triage(option, [design_of(inputs, k, m) for k, m in sizes], gates)


def design_of(inputs: dict[str, Any], k: int, m: int) -> TrialDesign:
    variance = cluster_trial_variance(
        clusters_per_arm=k,
        patients_per_cluster=m,
        sd_patient=inputs["nb_sd_patient"],
        icc=inputs["icc"],
        cv_cluster_size=inputs["cv_cluster_size"],
        r2_baseline=inputs["r2_baseline"],
    )
    per_cluster, per_patient = inputs["trial_cost_per_cluster"], inputs["trial_cost_per_patient"]
    return TrialDesign(
        sites_per_arm=k,
        patients_per_site=m,
        std_error=math.sqrt(variance),
        preposterior_sd=preposterior_sd(inputs["inb_sd"], math.sqrt(variance)),
        cost=inputs["trial_fixed_cost"] + 2 * k * per_cluster + 2 * k * m * per_patient,
        years=inputs["trial_years"],
        unit_years_per_arm=k * m,
        sites_available=inputs["clusters_available"],
    )


@pytest.mark.parametrize("name", OPTIONS)
def test_the_ten_options_reach_their_leaf_of_both_rules(case, name):
    expected = case(name)["expected"]
    found = weigh_case(case(name)["inputs"])
    assert found.priority in CLASSES[expected["class_gated"]]
    assert found.value_rule in CLASSES[expected["class_value_rule"]]
    assert found.reason is REASONS[expected["reason"]]
    if expected["reason"] in MODES:
        assert found.priority is MODES[expected["reason"]]


@pytest.mark.parametrize("name", OPTIONS)
def test_the_ten_options_have_their_numbers(case, name):
    expected = case(name)["expected"]
    found = weigh_case(case(name)["inputs"])
    assert found.prob_cost_effective == pytest.approx(expected["p_cost_effective"], rel=CASE)
    assert found.net_benefit == pytest.approx(expected["expected_population_net_benefit"], rel=CASE)
    assert found.effective_mean == pytest.approx(expected["effective_mean_inb"], rel=CASE)
    assert found.evpi_per_unit == pytest.approx(expected["evpi_per_patient"], rel=CASE)
    assert found.evpi == pytest.approx(expected["evpi_population"], rel=CASE)
    assert found.discounted_units == pytest.approx(expected["discounted_patients"], rel=CASE)
    assert found.enbs == pytest.approx(expected["gain_from_research_ENBS"], rel=CASE)


@pytest.mark.parametrize("name", OPTIONS)
def test_the_best_design_is_the_smallest_of_the_best(case, name):
    expected = case(name)["expected"]["best_design"]
    best = weigh_case(case(name)["inputs"]).best
    assert best is not None
    assert (best.sites_per_arm, best.patients_per_site) == (expected["k"], expected["m"])
    assert best.mode is MODES[expected["mode"]]
    assert best.preposterior_sd == pytest.approx(expected["preposterior_sd"], rel=CASE)
    assert best.evsi_per_unit == pytest.approx(expected["evsi_per_patient"], rel=CASE, abs=1e-12)
    assert best.cost == pytest.approx(expected["trial_cost"], rel=CASE)
    assert best.only_in_evaluation == pytest.approx(expected["V_oir"], rel=CASE)
    assert best.with_roll_out == pytest.approx(expected["V_awr"], rel=CASE)


@pytest.mark.parametrize("name", ["cluster_evsi_S5", "cluster_evsi_S6"])
def test_every_design_of_two_options(case, name):
    rows = case(name)["expected"]["rows"]
    designs: dict[tuple[int, float], DesignValue] = {
        (d.sites_per_arm, d.patients_per_site): d for d in weigh_case(case(name)["inputs"]).designs
    }
    assert len(rows) > 20
    for row in rows:
        found = designs[row["k"], row["m"]]
        assert found.std_error**2 == pytest.approx(row["var"], rel=CASE)
        assert found.preposterior_sd == pytest.approx(row["s"], rel=CASE)
        assert found.evsi_per_unit == pytest.approx(row["evsi_pp"], rel=CASE)
        assert found.cost == pytest.approx(row["trial_cost"], rel=CASE)
        assert found.only_in_evaluation == pytest.approx(row["V_oir"], rel=CASE)
        assert found.with_roll_out == pytest.approx(row["V_awr"], rel=CASE)


# Eligible 10,000 a year for 3 years, £200 for each extra patient, strategy £50,000 in all; trial's standard error 0.015,
# reporting after 1 year; nothing discounted. mean, sd of the change; E[INB]; P; EVPI; EVSI; EVSI x 2/3;
# ENBS and label at £20,000 and at £2,000.
GOLDEN = {
    "A": (0.05, 0.03, 250_000, 0.918, 6_763, 4_178, 2_786, -17_214, "implement", 786, "implement with evaluation"),
    "B": (
        0.02,
        0.03,
        70_000,
        0.651,
        42_172,
        35_206,
        23_470,
        3_470,
        "implement with evaluation",
        21_470,
        "implement with evaluation",
    ),
    "C": (0.002, 0.003, -38_000, 0.017, 113, 0, 0, -20_000, "do not pursue", -2_000, "do not pursue"),
    "D": (0.008, 0.010, -2_000, 0.487, 22_950, 12_302, 8_201, -11_799, "do not pursue", 6_201, "evaluate only"),
    "E": (0.008, 0.030, -2_000, 0.496, 70_814, 63_233, 42_156, 22_156, "evaluate only", 40_156, "evaluate only"),
}


def golden(mean: float, sd: float, trial_cost: float) -> Triage:
    """Cost recurs, so it sits in the mean; nobody is denied."""
    option = Option(
        net_benefit=Normal(200 * mean - 50_000 / 30_000, 200 * sd),
        units_a_year=10_000,
        roll_out_cost=0,
        horizon_years=3,
        discount_rate=0,
    )
    design = TrialDesign(
        sites_per_arm=1,
        patients_per_site=1,
        std_error=0.015,
        preposterior_sd=preposterior_sd(200 * sd, 200 * 0.015),
        cost=trial_cost,
        years=1,
        unit_years_per_arm=0,
        sites_available=2,
    )
    return triage(option, [design])


@pytest.mark.parametrize("name", GOLDEN)
def test_the_five_golden_cases_to_the_pound(name):
    mean, sd, inb, p, whole, study, share, dear, dear_label, cheap, cheap_label = GOLDEN[name]
    found, cheaper = golden(mean, sd, 20_000), golden(mean, sd, 2_000)
    assert round(found.net_benefit) == inb
    assert round(found.prob_cost_effective, 3) == p
    assert round(found.evpi) == whole
    assert found.best is not None
    assert round(30_000 * found.best.evsi_per_unit) == study
    assert round(found.best.evsi) == share
    assert found.enbs is not None
    assert cheaper.enbs is not None
    assert (round(found.enbs), round(cheaper.enbs)) == (dear, cheap)
    assert (found.value_rule, cheaper.value_rule) == (dear_label, cheap_label)


def test_the_marginal_cost_of_the_trial_decides_cases_a_and_d():
    for name in "AD":
        dear, cheap = (golden(*GOLDEN[name][:2], cost) for cost in (20_000, 2_000))
        gates = GateValues(implement_at=0.9, drop_at=0.1, least_gain=0)
        limit = break_even_trial_cost(dear, gates)
        assert limit == pytest.approx(break_even_trial_cost(cheap, gates))
        assert dear.value_rule is not cheap.value_rule
        assert 2_000 < limit < 20_000


def test_the_example_of_the_r_package_voi():
    # p1 ~ N(1, 1), p2 ~ N(0, 2^2), net benefit p1 - p2; EVPI, EVPPI of each, EVSI on p1 with data of sd 1
    assert round(evpi(Normal(1, math.sqrt(5))), 6) == 0.479811
    assert [round(evpi(Normal(1, sd)), 6) for sd in (1, 2)] == [0.083315, 0.395593]
    found = [round(evsi(1, 1, 1 / math.sqrt(n)), 6) for n in (10, 100, 1000)]
    assert found == [0.072325, 0.082118, 0.083195]


NAMES = {
    "start": Discounting.START_OF_YEAR,
    "mid": Discounting.MIDDLE_OF_YEAR,
    "end": Discounting.END_OF_YEAR,
    "continuous_rate_as_force_of_interest (voi::pop_voi)": Discounting.CONTINUOUS_NOMINAL,
    "continuous_exact_ln(1+r)": Discounting.CONTINUOUS,
}


def test_each_convention_of_discounting(case):
    inputs, expected = case("discount_conventions")["inputs"], case("discount_conventions")["expected"]
    assert set(NAMES) == set(expected)
    assert set(NAMES.values()) == set(Discounting)
    for name, convention in NAMES.items():
        years = discounted_years(0, inputs["horizon_years"], inputs["rate"], convention)
        assert years == pytest.approx(expected[name]["annuity"], rel=EXACT)
        population = years * inputs["incident_patients_per_year"] * inputs["voi_per_person"]
        assert population == pytest.approx(expected[name]["population_value"], rel=EXACT)


def test_costs_and_health_discounted_at_rates_of_their_own(case):
    inputs, expected = case("differential_discounting")["inputs"], case("differential_discounting")["expected"]
    costs, qalys = (
        sum(amount * discounted_years(year, year + 1, rate) for year, amount in enumerate(amounts))
        for amounts, rate in (
            (inputs["costs_by_year"], inputs["rate_costs"]),
            (inputs["qalys_by_year"], inputs["rate_qalys"]),
        )
    )
    assert costs == pytest.approx(expected["pv_costs"], rel=EXACT)
    assert qalys == pytest.approx(expected["pv_qalys"], rel=EXACT)
    assert inputs["lambda_"] * qalys - costs == pytest.approx(expected["net_present_value"], rel=EXACT)


@pytest.mark.parametrize("name", ["policy_P1", "policy_P2_deimplementation", "policy_P3_not_worth_changing"])
def test_policy_cost_effectiveness(case, name):
    inputs, expected = case(name)["inputs"], case(name)["expected"]
    found = policy_cost_effectiveness(
        PolicyInputs(
            eligible=inputs["eligible_patients_per_practice"],
            change=inputs["absolute_change_in_adherence"],
            duration_years=inputs["duration_years"],
            strategy_cost=inputs["strategy_cost_per_practice"],
            treatment_cost=inputs["treatment_delta_cost"],
            treatment_qaly=inputs["treatment_delta_qaly"],
            value_of_qaly=inputs["lambda_"],
            practices=inputs["n_practices"],
        )
    )
    numbers = {
        "additional_patient_years_treated_per_practice": found.patient_years,
        "implementation_cost_per_additional_patient_year": found.cost_per_patient_year,
        "policy_delta_cost_per_practice": found.cost,
        "policy_delta_qaly_per_practice": found.qaly,
        "treatment_icer": found.treatment.ratio,
        "policy_icer": found.policy.ratio,
        "implementation_loading_per_qaly": found.loading_per_qaly,
        "policy_inb_per_practice": found.net_benefit,
        "break_even_strategy_cost": found.break_even_cost,
        "break_even_absolute_change": found.break_even_change,
        "policy_inb_all_practices": found.net_benefit_all,
    }
    for key, value in numbers.items():
        assert value == (None if expected[key] is None else pytest.approx(expected[key], rel=EXACT)), key
    assert found.treatment.status == expected["treatment_status"]
    assert found.policy.status == expected["policy_status"]


def test_the_chain_from_an_odds_ratio_to_net_benefit(case):
    inputs, expected = case("chain_C1")["inputs"], case("chain_C1")["expected"]
    found = net_benefit_of_odds_ratio(
        Normal(math.log(inputs["odds_ratio"]), inputs["se_log_or_predictive"]),
        baseline=inputs["baseline_adherence"],
        value_of_change=inputs["lambda_"] * inputs["qaly_per_additional_patient"]
        - inputs["cost_per_additional_patient"],
        strategy_cost=inputs["strategy_cost_per_eligible_patient"],
    )
    assert found.change_at_point == pytest.approx(expected["risk_difference_at_point"], rel=QUADRATURE)
    assert found.net_benefit_at_point == pytest.approx(expected["inb_at_point"], rel=QUADRATURE)
    assert found.expected_change == pytest.approx(expected["expected_risk_difference"], rel=QUADRATURE)
    assert found.net_benefit == pytest.approx(expected["expected_inb"], rel=QUADRATURE)
    assert found.break_even_odds_ratio == pytest.approx(expected["break_even_odds_ratio"], rel=QUADRATURE)
    assert found.prob_cost_effective == pytest.approx(expected["p_cost_effective"], rel=QUADRATURE)


def test_a_prior_updated_by_three_trials(case):
    inputs, expected = case("bayes_update_U1")["inputs"], case("bayes_update_U1")["expected"]
    belief = Normal(inputs["prior_mean"], inputs["prior_sd"])
    for (estimate, std_error), step in zip(inputs["trials"], expected["steps"], strict=True):
        assert surprise(belief, estimate, std_error) == pytest.approx(step["prior_predictive_z"], rel=EXACT)
        belief = updated(belief, estimate, std_error)
        assert belief.mean == pytest.approx(step["posterior_mean"], rel=EXACT)
        assert belief.sd == pytest.approx(step["posterior_sd"], rel=EXACT)
        assert probability_positive(belief) == pytest.approx(step["p_positive"], rel=EXACT)


def test_a_prior_that_was_doubted(case):
    inputs = case("bayes_update_U1")["inputs"]
    expected = case("bayes_update_U1")["expected"]["robust_mixture_after_first_trial"]
    estimate, std_error = inputs["trials"][0]
    found = robustly_updated(
        Normal(inputs["prior_mean"], inputs["prior_sd"]),
        weight=inputs["robust_weight"],
        vague_sd=inputs["vague_sd"],
        estimate=estimate,
        std_error=std_error,
    )
    assert found.weight == pytest.approx(expected["posterior_weight_informative"], rel=EXACT)
    assert found.mean == pytest.approx(expected["mean"], rel=EXACT)
    assert found.sd == pytest.approx(expected["sd"], rel=EXACT)
    assert found.probability_positive == pytest.approx(expected["p_positive"], rel=EXACT)


def test_the_value_of_a_trial_by_simulation():
    """The second implementation: draw the truth, draw the trial, choose, count. No formula in common."""
    rng, draws = np.random.default_rng(20250401), 400_000
    mean, sd, error = -1.0, 12.0, 10.8
    truth = rng.normal(mean, sd, draws)
    seen = truth + rng.normal(0, error, draws)
    believed = mean + sd**2 / (sd**2 + error**2) * (seen - mean)
    gained = np.where(believed > 0, truth, 0.0).mean() - max(mean, 0.0)
    assert evsi(mean, sd, error) == pytest.approx(gained, abs=4 * sd / math.sqrt(draws))
