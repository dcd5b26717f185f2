"""Poisson regressions against R: the Sicilian smoking ban, practices by fixest, a trial's clusters by base R."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enginehouse.stats.glm import (
    RegressionFit,
    SmallSample,
    cluster_robust_poisson_regression,
    poisson_fixed_effects,
    poisson_regression,
    quasi_poisson_regression,
)
from enginehouse.stats.results import NotEstimable

Z = 1.959963984540054
NINE_DIGITS = 1e-6
"""The cases are printed to nine digits; R's own stopping rule leaves about this."""
PRINTED = 5e-5
"""Four decimals in the list of test oracles."""


def fitted(found: RegressionFit | NotEstimable) -> RegressionFit:
    assert isinstance(found, RegressionFit), found
    return found


@pytest.fixture(scope="module")
def cases(shared_file: Callable[[str], Path]) -> dict[str, dict]:
    found = json.loads(shared_file("reference/analytics/expected.json").read_text())["cases"]
    return {case["id"]: case["expected"] for case in found}


def table(path: Path) -> dict[str, np.ndarray]:
    rows = np.genfromtxt(path, delimiter=",", names=True)
    return {name: rows[name] for name in rows.dtype.names}


@pytest.fixture(scope="module")
def sicily(shared_file: Callable[[str], Path]) -> dict[str, np.ndarray]:
    """Acute coronary events by month, 2002 to 2006 (Lopez Bernal, Cummins, Gasparrini 2017)."""
    return table(shared_file("reference/analytics/data/sicily.csv"))


def sicilian_columns(data: dict[str, np.ndarray], *, slope: bool, harmonics: bool) -> np.ndarray:
    columns = [np.ones(59), data["smokban"], data["time"]]
    if slope:
        columns.append((data["time"] - 36) * data["smokban"])
    if harmonics:
        angle = 2 * np.pi * data["month"] / 12
        columns += [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    return np.column_stack(columns)


def test_sicily_t7(sicily, cases) -> None:
    """Step and linear trend; Poisson and quasi-Poisson."""
    expected = cases["its_sicily_tutorial"]
    design, offset = sicilian_columns(sicily, slope=False, harmonics=False), np.log(sicily["stdpop"])
    plain = fitted(poisson_regression(sicily["aces"], design, offset=offset))
    quasi = fitted(quasi_poisson_regression(sicily["aces"], design, offset=offset))
    assert plain.coefficients == pytest.approx(expected["model1_poisson"]["estimate"], rel=NINE_DIGITS)
    assert plain.std_errors == pytest.approx(expected["model1_poisson"]["se"], rel=NINE_DIGITS)
    assert quasi.std_errors == pytest.approx(expected["model2_quasi"]["se"], rel=NINE_DIGITS)
    ban = plain.contrast([0, 1, 0])
    assert (ban.ratio, ban.ratio_interval().low, ban.ratio_interval().high) == pytest.approx(
        (0.8944, 0.8647, 0.9251), abs=PRINTED
    )
    assert quasi.dispersion == pytest.approx(3.559, abs=5e-4)
    wide = quasi.contrast([0, 1, 0])
    assert wide.p_value() == pytest.approx(expected["model2_quasi"]["p"][1], rel=1e-5)
    # The tutorial's interval uses the normal distribution; ours, as R's tests, t with n - k degrees of freedom.
    limits = [math.exp(wide.value + side * Z * wide.std_error) for side in (-1, 1)]
    assert limits == pytest.approx([0.8392, 0.9532], abs=PRINTED)


def test_sicily_t8_t9(sicily, cases) -> None:
    """With two pairs of harmonics; then with a slope change from month 36."""
    expected, offset = cases["its_sicily_tutorial"], np.log(sicily["stdpop"])
    for name, slope, ratio in (("model3_quasi_harmonic2", False, 0.8851), ("model4_slope", True, 0.8765)):
        design = sicilian_columns(sicily, slope=slope, harmonics=True)
        fit = fitted(quasi_poisson_regression(sicily["aces"], design, offset=offset))
        assert fit.coefficients == pytest.approx(expected[name]["estimate"], rel=NINE_DIGITS)
        assert fit.std_errors == pytest.approx(expected[name]["se"], rel=NINE_DIGITS)
        # R takes the dispersion from the working weights of the step before its last.
        assert fit.dispersion == pytest.approx(expected[name]["dispersion"], rel=5e-6)
        assert math.exp(fit.coefficients[1]) == pytest.approx(ratio, abs=PRINTED)
    assert math.exp(fit.coefficients[3]) == pytest.approx(1.0015, abs=PRINTED)


@pytest.fixture(scope="module")
def practices(shared_file: Callable[[str], Path]) -> dict[str, np.ndarray]:
    """70 simulated practices by 36 months, 40 treated from month 19."""
    data = table(shared_file("reference/analytics/data/cits_practices.csv"))
    years, post = (data["month"] - 19) / 12, (data["month"] >= 19).astype(float)
    terms = np.column_stack([years, post, post * years]) * data["treated"][:, None]
    return {**data, "terms": terms, "offset": np.log(data["list_size"])}


def test_fixed_effects_are_fixest(practices, cases) -> None:
    """fepois with practice and month effects, clustered by practice: its default small-sample factor included."""
    expected = cases["cits_practice_models_pub"]["fepois_practice_month_fe"]
    fit = fitted(
        poisson_fixed_effects(
            practices["n_event"],
            practices["terms"],
            sites=practices["practice"],
            months=practices["month"],
            offset=practices["offset"],
            names=expected["term"],
        )
    )
    assert fit.coefficients == pytest.approx(expected["est"], rel=NINE_DIGITS)
    assert fit.std_errors == pytest.approx(expected["se"], rel=NINE_DIGITS)
    # Negative binomial data: the dispersion that a Poisson model would have left out is told.
    assert fit.dispersion > 5


def test_fixed_effects_by_deprivation_are_fixest(practices, cases) -> None:
    """The three terms by fifth of deprivation, months by fifth: 15 coefficients in fixest's order."""
    expected = cases["cits_practice_models_pub"]["fepois_by_imd"]
    fifth = practices["imd_quintile"]
    by_fifth = [practices["terms"][:, term] * (fifth == quintile) for term in (0, 2, 1) for quintile in range(1, 6)]
    fit = fitted(
        poisson_fixed_effects(
            practices["n_event"],
            np.column_stack(by_fifth),
            sites=practices["practice"],
            months=practices["month"] * 10 + fifth,
            offset=practices["offset"],
            names=expected["term"],
        )
    )
    assert fit.coefficients == pytest.approx(expected["est"], rel=1e-5)
    # fixest counts each fifth's months in its own way; the factor alone differs, by under one in a hundred.
    ratio = fit.std_errors / np.array(expected["se"])
    assert np.ptp(ratio) < 1e-5
    assert ratio[0] == pytest.approx(1, abs=0.01)


def test_staggered_roll_out_is_fixest(shared_file: Callable[[str], Path], cases) -> None:
    data = table(shared_file("reference/analytics/data/staggered_practices.csv"))
    treated = ((data["first_treat"] > 0) & (data["period"] >= data["first_treat"])).astype(float)
    fit = fitted(
        poisson_fixed_effects(
            data["n_event"],
            treated,
            sites=data["practice"],
            months=data["period"],
            offset=np.log(data["list_size"]),
        )
    )
    expected = cases["did_staggered_practices_pub"]["poisson_twfe"]
    assert fit.coefficients[0] == pytest.approx(expected["est"], rel=NINE_DIGITS)
    assert fit.std_errors[0] == pytest.approx(expected["se"], rel=1e-5)


def test_independence_estimating_equations_are_geepack(practices, cases) -> None:
    """GEE with independence is a cluster-robust regression without small-sample factor."""
    expected = cases["cits_practice_models_pub"]["gee_poisson_independence"]
    years, post, treated = (practices["month"] - 19) / 12, practices["month"] >= 19, practices["treated"]
    angle = 2 * np.pi * practices["month"] / 12
    main = [np.ones(len(years)), years, treated, post, post * years, np.sin(angle), np.cos(angle)]
    design = np.column_stack([*main, years * treated, post * treated, post * years * treated])
    fit = fitted(
        cluster_robust_poisson_regression(
            practices["n_event"],
            design,
            clusters=practices["practice"],
            offset=practices["offset"],
            correction=SmallSample.NONE,
        )
    )
    assert fit.coefficients == pytest.approx(expected["est"], rel=1e-4)
    assert fit.std_errors == pytest.approx(expected["se"], rel=1e-4)


def test_small_sample_factor_in_a_cluster_trial(shared_file: Callable[[str], Path]) -> None:
    """Counts of a simulated trial, robust errors without factor and with G/(G-k), by base R."""
    found = json.loads(shared_file("reference/trials/expected.json").read_text())["cases"]
    expected = next(case["expected"] for case in found if case["id"] == "geefix_crt_count_alpha0")
    data = table(shared_file("reference/trials/data/crt.csv"))
    design = np.column_stack([np.ones(len(data["arm"])), data["arm"]])
    for correction, key in (
        (SmallSample.NONE, "se_lz"),
        (SmallSample.COEFFICIENTS, "se_df_K_over_K_minus_p"),
    ):
        fit = fitted(
            cluster_robust_poisson_regression(data["y_count"], design, clusters=data["practice"], correction=correction)
        )
        assert fit.coefficients == pytest.approx(list(expected["beta"].values()), rel=NINE_DIGITS)
        assert fit.std_errors == pytest.approx(list(expected[key].values()), rel=NINE_DIGITS)
        assert fit.dispersion == pytest.approx(expected["phi_pearson"], rel=NINE_DIGITS)
