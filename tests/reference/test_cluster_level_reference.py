"""Cluster-level analyses and permutation tests against base R and cvcrand's published example."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enginehouse.stats.cluster_level import cluster_ancova, cluster_t_test, residual_summaries
from enginehouse.stats.gee import GeeFamily, GeeFit, gee
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.permutation import PermutationTest, difference_of_means, permutation_interval, permutation_test
from enginehouse.stats.results import Estimate, Interval

R_DIGITS = 1e-7
GRID_STEP = 0.04
"""The reference interval was found on a grid of 0.02 at either end."""


@pytest.fixture(scope="module")
def cases(shared_file: Callable[[str], Path]) -> dict[str, dict]:
    found = json.loads(shared_file("reference/trials/expected.json").read_text())["cases"]
    return {case["id"]: case["expected"] for case in found if case["topic"].startswith("analysis.")}


@pytest.fixture(scope="module")
def tables(shared_file: Callable[[str], Path]) -> Callable[[str], dict[str, np.ndarray]]:
    def read(name: str) -> dict[str, np.ndarray]:
        with shared_file(f"reference/trials/data/{name}.csv").open() as file:
            rows = list(csv.DictReader(file))
        return {key: np.array([_number(row[key]) for row in rows]) for key in rows[0]}

    return read


def _number(text: str) -> float:
    return {"Rural": 0.0, "Urban": 1.0, "Low": 1.0, "Med": 2.0, "High": 3.0}[text] if text.isalpha() else float(text)


def means(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    return np.array([values[clusters == cluster].mean() for cluster in np.unique(clusters)])


def sums(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    return np.array([values[clusters == cluster].sum() for cluster in np.unique(clusters)])


def estimated(answer: object) -> Estimate:
    assert isinstance(answer, Estimate), answer
    return answer


def permuted(answer: object) -> PermutationTest:
    assert isinstance(answer, PermutationTest), answer
    return answer


def is_t_test(summaries: np.ndarray, arm: np.ndarray, expected: dict) -> None:
    pooled, welch = (estimated(cluster_t_test(summaries, arm, variance=v)) for v in ("equal", "welch"))
    assert pooled.value == pytest.approx(expected["difference"], rel=R_DIGITS)
    assert pooled.value / pooled.std_error == pytest.approx(expected["t_equal_var"], rel=R_DIGITS)
    assert (pooled.df, welch.df) == pytest.approx((expected["df_equal"], expected["df_welch"]), rel=R_DIGITS)
    assert pooled.p_value() == pytest.approx(expected["p_equal"], rel=R_DIGITS)
    assert welch.p_value() == pytest.approx(expected["p_welch"], rel=R_DIGITS)
    interval = pooled.interval()
    assert (interval.low, interval.high) == pytest.approx(expected["ci95_equal"], rel=R_DIGITS)


@pytest.mark.parametrize("name", ["crt", "crt_small"])
@pytest.mark.parametrize("outcome", ["y_cont", "y_bin"])
def test_t_test_of_cluster_means(name: str, outcome: str, cases, tables) -> None:
    data = tables(name)
    arm = means(data["arm"], data["practice"])
    is_t_test(means(data[outcome], data["practice"]), arm, cases[f"cluster_t_{name}_{outcome}"])


def test_t_test_of_log_rates(cases, tables) -> None:
    data = tables("crt_small")
    rates = np.log(means(data["y_count"], data["practice"]))
    is_t_test(rates, means(data["arm"], data["practice"]), cases["cluster_lograte_crt_small"])


@pytest.mark.parametrize("name", ["crt", "crt_small"])
def test_weighted_comparison(name: str, cases, tables) -> None:
    """Weights 1 / (between + within / n), the components by restricted likelihood."""
    data, expected = tables(name), cases[f"cluster_weighted_{name}"]
    model = fit_lmm(
        data["y_cont"], np.column_stack([np.ones(len(data["arm"])), data["arm"]]), clusters=data["practice"]
    )
    assert isinstance(model, LmmFit)
    sizes = sums(np.ones(len(data["arm"])), data["practice"])
    weights = 1 / (model.random_covariance()[0, 0] + model.residual_variance / sizes)
    found = estimated(
        cluster_ancova(means(data["y_cont"], data["practice"]), means(data["arm"], data["practice"]), weights=weights)
    )
    assert found.value == pytest.approx(expected["coef"], rel=1e-4)
    assert found.std_error == pytest.approx(expected["se"], rel=1e-4)
    assert found.df == expected["df"]


def first_stage(data: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observed and expected events and patients of each practice, by a logistic regression without the arm."""
    design = np.column_stack([np.ones(len(data["age"])), data["list_size_z"], data["age"]])
    fit = gee(data["y_bin"], design, clusters=data["practice"], family=GeeFamily.BINOMIAL)
    assert isinstance(fit, GeeFit)
    expected = 1 / (1 + np.exp(-design @ fit.coefficients))
    return tuple(sums(values, data["practice"]) for values in (data["y_bin"], expected, np.ones(len(expected))))


@pytest.mark.parametrize("name", ["crt", "crt_small"])
def test_two_stages_with_difference_residuals(name: str, cases, tables) -> None:
    data = tables(name)
    residuals = residual_summaries(*first_stage(data), scale="difference")
    arm = means(data["arm"], data["practice"])
    expected = cases[f"two_stage_residual_diff_{name}"]
    found = estimated(cluster_t_test(residuals, arm))
    assert found.value == pytest.approx(expected["difference"], rel=1e-6)
    assert found.p_value() == pytest.approx(expected["p_equal"], rel=1e-6)


def test_two_stages_with_ratio_residuals(cases, tables) -> None:
    data, expected = tables("crt_small"), cases["two_stage_residual_ratio_crt_small"]
    found = estimated(
        cluster_t_test(residual_summaries(*first_stage(data), scale="log-ratio"), means(data["arm"], data["practice"]))
    )
    assert found.value == pytest.approx(expected["difference"], rel=1e-6)
    assert found.p_value() == pytest.approx(expected["p_equal"], rel=1e-6)


def test_adjusted_for_the_baseline(cases, tables) -> None:
    data, expected = tables("panel"), cases["cluster_ancova_panel"]
    shares = []
    for post in (0, 1):
        now = data["post"] == post
        shares.append(
            sums(data["numerator"] * now, data["practice"]) / sums(data["denominator"] * now, data["practice"])
        )
    before, after = shares
    arm = means(data["arm"], data["practice"])

    def logit(p: np.ndarray) -> np.ndarray:
        return np.log(p / (1 - p))

    for key, values, covariates in (
        ("ancova", after, before),
        ("ancova_logit", logit(after), logit(before)),
        ("change_score", after - before, None),
    ):
        found = estimated(cluster_ancova(values, arm, covariates=covariates))
        row = expected[key]
        assert found.value == pytest.approx(row["Estimate"], rel=R_DIGITS)
        assert found.std_error == pytest.approx(row["Std. Error"], rel=R_DIGITS)
        assert found.p_value() == pytest.approx(row["Pr(>|t|)"], rel=1e-5)


def equal_splits(clusters: int) -> np.ndarray:
    chosen = list(itertools.combinations(range(clusters), clusters // 2))
    rows = np.zeros((len(chosen), clusters), dtype=np.intp)
    for row, treated in zip(rows, chosen, strict=True):
        row[list(treated)] = 1
    return rows


@pytest.mark.parametrize("outcome", ["y_cont", "y_bin", "y_count"])
def test_every_equal_split(outcome: str, cases, tables) -> None:
    data, expected = tables("crt_small"), cases[f"perm_exact_{outcome}"]
    arm = means(data["arm"], data["practice"]).astype(np.intp)
    values = means(data[outcome], data["practice"])
    found = permuted(permutation_test(difference_of_means(values), arm, equal_splits(len(arm)), exact=True))
    assert found.statistic == pytest.approx(expected["statistic"], abs=1e-9)
    assert found.allocations == expected["n_allocations"]
    assert (found.p_value, found.p_upper) == pytest.approx((expected["p_two_sided"], expected["p_upper"]), abs=1e-9)


def test_every_equal_split_of_residuals(cases, tables) -> None:
    data, expected = tables("crt_small"), cases["perm_exact_adjusted_bin"]
    residuals = residual_summaries(*first_stage(data), scale="difference")
    arm = means(data["arm"], data["practice"]).astype(np.intp)
    found = permuted(permutation_test(difference_of_means(residuals), arm, equal_splits(len(arm)), exact=True))
    assert found.statistic == pytest.approx(expected["statistic"], rel=1e-6)
    assert (found.p_value, found.p_upper) == pytest.approx((expected["p_two_sided"], expected["p_upper"]), abs=1e-9)


def test_interval_by_inversion(cases, tables) -> None:
    data, expected = tables("crt_small"), cases["perm_ci_inversion"]
    arm = means(data["arm"], data["practice"]).astype(np.intp)
    found = permutation_interval(means(data["y_cont"], data["practice"]), arm, equal_splits(len(arm)), exact=True)
    assert isinstance(found, Interval), found
    assert (found.low, found.high) == pytest.approx((expected["lower"], expected["upper"]), abs=GRID_STEP)


def test_within_a_constrained_scheme_as_cvcrand_prints_it(cases, tables) -> None:
    """Dickinson 2015: 16 counties, 1,287 accepted schemes, p = 0.042 in the vignette."""
    data, scheme, expected = tables("dickinson_outcome"), tables("dickinson_constrained"), cases["cptest_dickinson"]
    columns = [data["location"], data["inciis"], data["uptodateonimmunizations"], data["hispanic"]]
    incomes = [(data["incomecat"] == level).astype(float) for level in np.unique(data["incomecat"])[1:]]
    design = np.column_stack([np.ones(len(data["county"])), *columns, *incomes])
    fit = gee(data["outcome"], design, clusters=data["county"], family=GeeFamily.BINOMIAL)
    assert isinstance(fit, GeeFit)
    residuals = means(data["outcome"] - 1 / (1 + np.exp(-design @ fit.coefficients)), data["county"])
    names = [name for name in scheme if name != "SchemeChosen"]
    allocations = np.column_stack([scheme[name] for name in names]).astype(np.intp)
    drawn = allocations[scheme["SchemeChosen"] == 1][0]
    assert list(np.flatnonzero(drawn) + 1) == expected["treated_counties"]
    found = permuted(permutation_test(difference_of_means(residuals), drawn, allocations, exact=True))
    assert found.allocations == expected["n_schemes"]
    assert found.p_value == pytest.approx(expected["p_value"], abs=1e-9)
    assert round(found.p_value, 3) == expected["p_value_rounded4"] == 0.042
