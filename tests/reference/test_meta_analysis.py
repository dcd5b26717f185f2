"""Random-effects meta-analysis against metafor 3.8-1 and exact quadrature, and against a second implementation.

The second implementation maximises the restricted likelihood from its matrix form by a general optimiser, and finds the
half-normal answer by summing over a two-dimensional grid; both were written by the authors of the first, from the
formulas.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from enginehouse.stats.gaussian import Normal
from enginehouse.stats.half_normal import half_normal_pooling
from enginehouse.stats.meta_analysis import (
    Adjustment,
    MetaAnalysis,
    PredictionConvention,
    cumulative,
    heterogeneity_interval,
    leave_one_out,
    random_effects,
)
from enginehouse.stats.results import Interval

REL = 1e-6  # the cases' own tolerance
TAU2 = 1e-7  # absolute, for tau2
EXACT = 1e-4  # relative, against the quadrature of the cases
GRID = 2e-3  # relative error of a sum over a 600 x 600 grid

Find = Callable[[str], Path]
SETS = ["meta_bcg_logRR", "meta_baskerville_smd"]
CONVENTIONS = {
    "normal_z_waldse": PredictionConvention.NORMAL,
    "t_kminus2_waldse_HTS2009": PredictionConvention.T_K_MINUS_2_WALD,
    "t_kminus1_hksjse_metafor_default_for_knha": PredictionConvention.T_K_MINUS_1,
    "t_kminus2_hksjse_IntHout2016": PredictionConvention.T_K_MINUS_2,
}


@pytest.fixture(scope="module")
def expected(shared_file: Find) -> Callable[[str], dict[str, Any]]:
    cases = json.loads(shared_file("reference/economics/expected.json").read_text())["cases"]
    return lambda name: next(c for c in cases if c["id"] == name)["expected"]


def fitted(case: dict[str, Any], adjustment: Adjustment | None = None) -> MetaAnalysis:
    found = random_effects(case["yi"], np.sqrt(case["vi"]), adjustment=adjustment)
    assert isinstance(found, MetaAnalysis)
    return found


@pytest.mark.parametrize("name", SETS)
def test_reml_as_metafor_has_it(expected, name):
    case = expected(name)
    found = fitted(case, Adjustment.NONE)
    reml = case["REML"]
    assert found.tau2 == pytest.approx(reml["tau2"], abs=TAU2)
    assert (found.mean, found.std_error) == pytest.approx((reml["est"], reml["se"]), rel=REL)
    assert found.i2 == pytest.approx(reml["I2_pct"] / 100, rel=REL)
    assert (found.interval().low, found.interval().high) == pytest.approx(tuple(reml["ci"]), rel=REL)
    assert found.q == pytest.approx(case["Q"]["Q"], rel=REL)
    assert found.q_df == case["Q"]["df"]
    assert found.q_p == pytest.approx(case["Q"]["p"], rel=REL)


@pytest.mark.parametrize("name", SETS)
def test_knapp_hartung_plain_and_never_narrower(expected, name):
    case = expected(name)
    plain, floored = fitted(case, Adjustment.KNAPP_HARTUNG), fitted(case, Adjustment.MODIFIED_KNAPP_HARTUNG)
    hksj, modified = case["REML_HKSJ"], case["REML_modified_KH (q floored at 1)"]
    assert plain.std_error == pytest.approx(hksj["se"], rel=REL)
    assert plain.scale == pytest.approx(hksj["q_scale"], rel=REL)
    assert (plain.interval().low, plain.interval().high) == pytest.approx(tuple(hksj["ci"]), rel=REL)
    assert floored.std_error == pytest.approx(modified["se"], rel=REL)
    assert (floored.interval().low, floored.interval().high) == pytest.approx(tuple(modified["ci"]), rel=REL)


@pytest.mark.parametrize("name", SETS)
def test_the_interval_of_tau2_by_the_q_profile(expected, name):
    case = expected(name)
    found = heterogeneity_interval(case["yi"], np.sqrt(case["vi"]))
    assert isinstance(found, Interval)
    assert (found.low, found.high) == pytest.approx(tuple(case["tau2_ci_qprofile"]), rel=REL)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("published", CONVENTIONS)
def test_each_convention_of_the_prediction_interval(expected, name, published):
    case = expected(name)
    found = fitted(case, Adjustment.KNAPP_HARTUNG).prediction(convention=CONVENTIONS[published])
    assert isinstance(found, Interval)
    low, high = case["prediction_interval_95"][published]
    assert (found.low, found.high) == pytest.approx((low, high), rel=REL)
    assert found.method == CONVENTIONS[published].value


def test_no_convention_is_left_without_a_case():
    assert set(CONVENTIONS.values()) == set(PredictionConvention)


@pytest.mark.parametrize("name", SETS)
def test_without_each_study_and_study_by_study(expected, name):
    case = expected(name)
    y, s = np.array(case["yi"]), np.sqrt(case["vi"])
    without = leave_one_out(y, s, adjustment=Adjustment.NONE)
    assert [fit.mean for fit in without] == pytest.approx(case["leave1out_REML"]["est"], rel=REL)
    assert [fit.std_error for fit in without] == pytest.approx(case["leave1out_REML"]["se"], rel=REL)
    assert [fit.tau2 for fit in without] == pytest.approx(case["leave1out_REML"]["tau2"], abs=TAU2)
    order = np.array(case["cumulative_REML"]["order_1based"]) - 1
    steps = cumulative(y[order], s[order], adjustment=Adjustment.NONE)[1:]
    assert [fit.mean for fit in steps] == pytest.approx(case["cumulative_REML"]["est"], rel=REL)
    assert [fit.tau2 for fit in steps] == pytest.approx(case["cumulative_REML"]["tau2"], abs=TAU2)


def test_a_set_with_very_unequal_errors(expected):
    case = expected("meta_bcg_RD")
    found = fitted(case, Adjustment.NONE)
    assert found.tau2 == pytest.approx(case["REML"]["tau2"], abs=TAU2)
    assert (found.mean, found.std_error) == pytest.approx((case["REML"]["est"], case["REML"]["se"]), rel=REL)


@pytest.mark.parametrize("name", SETS)
def test_the_half_normal_as_exact_quadrature_has_it(expected, name):
    case = expected(name)
    exact = case["bayes_halfnormal_exact_quadrature"]
    found = half_normal_pooling(case["yi"], np.sqrt(case["vi"]), tau_scale=0.5, mean_prior=Normal(0, 4))
    for part, published in ((found.mean, "mu"), (found.tau, "tau"), (found.new_place, "predictive")):
        assert (part.mean, part.sd) == pytest.approx((exact[published]["mean"], exact[published]["sd"]), rel=EXACT)


def naive_reml(y: np.ndarray, v: np.ndarray) -> float:
    """tau2 from -2 l = log|V| + log|X'V^-1 X| + r'V^-1 r, by matrices and a bounded search from many starts."""
    ones = np.ones((len(y), 1))

    def deviance(tau2: float) -> float:
        covariance = np.diag(v + tau2)
        inverse = np.linalg.inv(covariance)
        information = ones.T @ inverse @ ones
        residual = y - ones @ (np.linalg.solve(information, ones.T @ inverse @ y))
        return float(
            np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1] + residual @ inverse @ residual
        )

    top = 4 * float(np.ptp(y)) ** 2 + 1e-12
    edges = np.concatenate([[0.0], np.geomspace(1e-8 * top, top, 25)])
    searches = [
        minimize_scalar(deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
        for low, high in itertools.pairwise(edges)
    ]
    best = min(searches, key=lambda search: search.fun)
    return 0.0 if deviance(0.0) <= best.fun else float(best.x)


def test_reml_agrees_with_the_matrix_form():
    rng = np.random.default_rng(7)
    for k in (2, 3, 4, 8, 15):
        for tau in (0.0, 0.05, 0.5):
            s = rng.uniform(0.02, 0.6, k)
            y = rng.normal(0, np.sqrt(tau**2 + s**2))
            found = random_effects(y, s)
            assert isinstance(found, MetaAnalysis)
            assert found.tau2 == pytest.approx(naive_reml(y, s**2), rel=1e-4, abs=1e-7)


def test_the_half_normal_agrees_with_a_sum_over_a_grid():
    y, s, scale = np.array([-0.06, -0.12, 0.01]), np.array([0.015, 0.045, 0.03]), 0.05
    mu, tau = np.linspace(-0.6, 0.5, 1201)[:, None], np.linspace(1e-6, 0.35, 1200)[None, :]
    log_density = -0.5 * (tau / scale) ** 2
    for effect, error in zip(y, s, strict=True):
        variance = error**2 + tau**2
        log_density = log_density - 0.5 * np.log(variance) - 0.5 * (effect - mu) ** 2 / variance
    share = np.exp(log_density - log_density.max())
    share /= share.sum()
    mean = float((share * mu).sum())
    new_place = math.sqrt(float((share * ((mu - mean) ** 2 + tau**2)).sum()))
    found = half_normal_pooling(y, s, tau_scale=scale)
    assert found.mean.mean == pytest.approx(mean, rel=GRID)
    assert found.new_place.sd == pytest.approx(new_place, rel=GRID)
