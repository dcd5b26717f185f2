"""Variation between real sites against published and independently computed values."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from enginehouse.stats.glmm import MixedFit, binomial_mixed
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.variance import anova_icc, anova_icc_of_proportions, lag_autocorrelation, panel_icc

FOUR_DECIMALS = 5e-5
THREE_DECIMALS = 6e-3
"""The research notes print two decimals of values on all regions; five of the seven are here."""


@pytest.mark.parametrize(
    ("outcome", "icc"), [("assessed", 0.0554), ("aspirin", 0.0162), ("hypo", 0.0407), ("lipid", 0.0192)]
)
def test_assist_iccs(shared_file: Callable[[str], Path], outcome: str, icc: float) -> None:
    """21 general practices, 2,142 patients: baseline audit of the ASSIST trial (Yudkin and Moher 2001)."""
    with shared_file("data/trials/assist_patients_baseline.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row[outcome] not in ("", "NA")]
    found = anova_icc([float(row[outcome]) for row in rows], [row["practice"] for row in rows])
    assert not isinstance(found, NotEstimable)
    assert found.icc == pytest.approx(icc, abs=FOUR_DECIMALS)
    assert (found.sites, found.individuals) == (21, len(rows))


@pytest.fixture(scope="module")
def variation(shared_file: Callable[[str], Path]) -> tuple[dict, dict[str, np.ndarray]]:
    cases = json.loads(shared_file("reference/analytics/expected.json").read_text())["cases"]
    with shared_file("reference/analytics/data/variation_practices.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in ("num", "den")}
    return next(case["expected"] for case in cases if case["id"] == "variation_reliability_pub"), columns


def test_anova_icc_of_practices(variation) -> None:
    expected, columns = variation
    found = anova_icc_of_proportions(columns["num"], columns["den"])
    assert not isinstance(found, NotEstimable)
    for name, value in (
        ("icc", found.icc),
        ("m0", found.average_size),
        ("msb", found.mean_square_between),
        ("msw", found.mean_square_within),
    ):
        assert value == pytest.approx(expected["anova_icc"][name], rel=1e-6)


def test_logistic_variation_of_practices(variation) -> None:
    """lme4 glmer with nAGQ = 1: the variance between practices, the log-likelihood, each practice's effect and error."""
    expected, columns = variation
    fit = binomial_mixed(
        columns["num"],
        np.ones((len(columns["num"]), 1)),
        trials=columns["den"],
        clusters=np.arange(len(columns["num"])),
    )
    assert isinstance(fit, MixedFit)
    lme4 = expected["glmer_null_agq1"]
    assert fit.intercept_sd**2 == pytest.approx(lme4["tau2"], rel=1e-4)
    assert fit.fixed_effects[0] == pytest.approx(lme4["beta0"], rel=1e-4)
    assert fit.log_likelihood == pytest.approx(lme4["logLik"], abs=1e-4)
    assert fit.site_effects[:, 0] == pytest.approx(expected["blup"]["u"], abs=1e-4)
    assert np.sqrt(fit.site_covariances[:, 0, 0]) == pytest.approx(expected["blup"]["se"], rel=1e-4)


@pytest.mark.parametrize(
    ("indicator", "icc", "lag_1", "lag_12"),
    [
        ("opioidspercent", 0.61, 0.83, 0.66),
        ("environmental_inhalers", 0.87, 0.94, 0.91),
        ("trimethoprim", 0.47, 0.76, 0.55),
    ],
)
def test_steadiness_of_english_practices(
    shared_file: Callable[[str], Path], indicator: str, icc: float, lag_1: float, lag_12: float
) -> None:
    """Practice ICC of a single month and autocorrelation, over the practices that have every month."""
    table = pq.read_table(shared_file(f"data/measures_practice_month/{indicator}.parquet"))
    practice = table["practice"].combine_chunks().dictionary_encode()
    month = table["month"].to_numpy().astype("datetime64[M]").astype(int)
    denominator = table["denominator"].to_numpy().astype(float)
    values = np.full((len(practice.dictionary), np.ptp(month) + 1), np.nan)
    known = denominator > 0
    rows, columns = practice.indices.to_numpy()[known], (month - month.min())[known]
    values[rows, columns] = table["numerator"].to_numpy()[known] / denominator[known]
    complete = values[np.all(np.isfinite(values), axis=1)]
    found = panel_icc(complete)
    assert not isinstance(found, NotEstimable)
    assert found.icc == pytest.approx(icc, abs=THREE_DECIMALS)
    for lag, expected in ((1, lag_1), (12, lag_12)):
        correlation = lag_autocorrelation(complete, lag=lag)
        assert not isinstance(correlation, NotEstimable)
        assert correlation.value == pytest.approx(expected, abs=THREE_DECIMALS)
