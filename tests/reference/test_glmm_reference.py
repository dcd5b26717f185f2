"""Mixed models against lme4 and glmmTMB on simulated practices and trials."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enginehouse.stats.glmm import Convergence, MixedFit, binomial_mixed, negative_binomial_mixed, poisson_mixed
from enginehouse.stats.results import NotEstimable

SHARE_OF_ERROR = 1e-3
"""Estimates agree to this share of a standard error; the other programs stop a little before the maximum."""
STD_ERROR = 2e-4
LME4_STD_ERROR = 5e-3
"""lme4 differences the likelihood itself, without a gradient: its errors of small trials have three digits."""
LOG_LIKELIHOOD = 2e-4


def fitted(found: MixedFit | NotEstimable) -> MixedFit:
    assert isinstance(found, MixedFit), found
    return found


def assert_agrees(fit: MixedFit, *, estimates, errors, log_likelihood: float, std_error: float = STD_ERROR) -> None:
    estimates, errors = np.array(estimates), np.array(errors)
    assert np.max(np.abs(fit.fixed_effects - estimates) / errors) < SHARE_OF_ERROR
    assert fit.std_errors == pytest.approx(errors, rel=std_error)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=LOG_LIKELIHOOD)
    assert fit.convergence is Convergence.CONVERGED


def table(path: Path) -> dict[str, np.ndarray]:
    rows = np.genfromtxt(path, delimiter=",", names=True)
    return {name: rows[name] for name in rows.dtype.names}


class Practices:
    """The controlled interrupted time series of 70 simulated practices by 36 months."""

    def __init__(self, data: dict[str, np.ndarray]) -> None:
        self.counts, self.site = data["n_event"], data["practice"]
        self.offset = np.log(data["list_size"])
        month, treated = data["month"], data["treated"]
        self.years, post = (month - 19) / 12, (month >= 19).astype(float)
        self.since = post * self.years
        angle = 2 * np.pi * month / 12
        main = [np.ones(len(month)), self.years, treated, post, self.since, np.sin(angle), np.cos(angle)]
        self.design = np.column_stack([*main, self.years * treated, post * treated, self.since * treated])
        self.treated_after = (treated == 1) & (post == 1)


@pytest.fixture(scope="module")
def practices(shared_file: Callable[[str], Path]) -> Practices:
    return Practices(table(shared_file("reference/analytics/data/cits_practices.csv")))


@pytest.fixture(scope="module")
def expected(shared_file: Callable[[str], Path]) -> dict[str, dict]:
    cases = json.loads(shared_file("reference/analytics/expected.json").read_text())["cases"]
    return next(case["expected"] for case in cases if case["id"] == "cits_practice_models_pub")


@pytest.mark.parametrize("name", ["glmer_poisson_ri", "glmer_poisson_rs"])
def test_poisson_is_lme4(practices: Practices, expected, name: str) -> None:
    lme4 = expected[name]
    fit = fitted(
        poisson_mixed(
            practices.counts,
            practices.design,
            clusters=practices.site,
            offset=practices.offset,
            slope=practices.years if name.endswith("rs") else None,
            names=lme4["term"],
        )
    )
    assert_agrees(fit, estimates=lme4["est"], errors=lme4["se"], log_likelihood=lme4["logLik"])
    if name.endswith("rs"):
        assert fit.intercept_sd == pytest.approx(lme4["sd_int"], rel=1e-4)
        assert fit.slope_sd == pytest.approx(lme4["sd_slope"], rel=1e-4)
        assert fit.correlation == pytest.approx(lme4["corr"], abs=1e-4)
    else:
        assert fit.intercept_sd == pytest.approx(lme4["sd_practice"], rel=1e-4)
    # The data are negative binomial: these errors are a defect to guard against, and the fit says so.
    assert "too narrow" in fit.notes[0]


def test_negative_binomial_is_glmmtmb(practices: Practices, expected) -> None:
    tmb = expected["glmmTMB_nb2_rs"]
    fit = fitted(
        negative_binomial_mixed(
            practices.counts,
            practices.design,
            clusters=practices.site,
            offset=practices.offset,
            slope=practices.years,
            names=tmb["term"],
        )
    )
    assert_agrees(fit, estimates=tmb["est"], errors=tmb["se"], log_likelihood=tmb["logLik"], std_error=1e-5)
    assert fit.intercept_sd == pytest.approx(tmb["sd_int"], rel=1e-4)
    assert fit.slope_sd == pytest.approx(tmb["sd_slope"], rel=1e-4)
    assert fit.correlation == pytest.approx(tmb["corr"], abs=1e-4)
    assert fit.size == pytest.approx(tmb["theta"], rel=1e-5)
    assert not fit.notes
    last = fit.contrast({"treated:post": 1, "treated:tsy": 17 / 12})
    effect = expected["relative_effect_last_month_nb2"]
    assert last.value == pytest.approx(effect["log"], rel=1e-4)
    assert last.std_error == pytest.approx(effect["se"], rel=1e-4)
    assert last.ratio_interval().low == pytest.approx(effect["lo"], rel=1e-5)
    assert last.ratio_interval().high == pytest.approx(effect["hi"], rel=1e-5)


def test_poisson_understates_by_the_factor_that_was_measured(practices: Practices, expected) -> None:
    """Error of the treated slope change: 0.0068 by Poisson, 0.0172 by the negative binomial, 0.0198 by fixed effects."""
    errors = [
        fitted(
            method(
                practices.counts,
                practices.design,
                clusters=practices.site,
                offset=practices.offset,
                slope=practices.years,
            )
        ).std_errors[-1]
        for method in (poisson_mixed, negative_binomial_mixed)
    ]
    assert errors == pytest.approx([0.0068, 0.0172], abs=5e-5)
    assert expected["fepois_practice_month_fe"]["se"][2] / errors[0] > 2.8


@pytest.fixture(scope="module")
def trials(shared_file: Callable[[str], Path]) -> dict[str, dict]:
    found = json.loads(shared_file("reference/trials/expected.json").read_text())["cases"]
    return {case["id"]: case["expected"] for case in found}


def test_counts_of_a_cluster_trial_are_lme4(shared_file: Callable[[str], Path], trials) -> None:
    data, lme4 = table(shared_file("reference/trials/data/crt.csv")), trials["glmm_crt_poisson"]
    fit = fitted(
        poisson_mixed(
            data["y_count"], np.column_stack([np.ones(len(data["arm"])), data["arm"]]), clusters=data["practice"]
        )
    )
    fixed = lme4["fixed"].values()
    assert_agrees(
        fit,
        estimates=[term["Estimate"] for term in fixed],
        errors=[term["Std. Error"] for term in fixed],
        log_likelihood=-lme4["minus2loglik"] / 2,
        std_error=LME4_STD_ERROR,
    )
    assert fit.intercept_sd == pytest.approx(lme4["random_sd"][0]["sd"], rel=1e-3)


@pytest.mark.parametrize("name", ["glmm_panel_items_nb2", "glmm_panel_random_slope"])
def test_panel_of_a_trial_is_glmmtmb(shared_file: Callable[[str], Path], trials, name: str) -> None:
    """18 months with an effect each: items by the negative binomial, patients by logistic with random slopes."""
    data, tmb = table(shared_file("reference/trials/data/panel.csv")), trials[name]
    months = [data["month"] == month for month in range(1, 18)]
    design = np.column_stack([np.ones(len(data["month"])), *months, data["arm"], data["trt"]])
    if name == "glmm_panel_items_nb2":
        fit = fitted(
            negative_binomial_mixed(
                data["items"], design, clusters=data["practice"], offset=np.log(data["person_time"])
            )
        )
        assert fit.size == pytest.approx(tmb["dispersion"], rel=1e-4)
    else:
        fit = fitted(
            binomial_mixed(
                data["numerator"],
                design,
                trials=data["denominator"],
                clusters=data["practice"],
                slope=data["month"],
            )
        )
        assert fit.slope_sd == pytest.approx(tmb["random_sd"]["practice"]["month"], rel=5e-3)
    fixed = tmb["fixed"].values()
    assert_agrees(
        fit,
        estimates=[term["Estimate"] for term in fixed],
        errors=[term["Std. Error"] for term in fixed],
        log_likelihood=-tmb["minus2loglik"] / 2,
    )
    assert fit.intercept_sd == pytest.approx(tmb["random_sd"]["practice"]["(Intercept)"], rel=1e-4)
    assert math.isfinite(fit.gradient_norm)
