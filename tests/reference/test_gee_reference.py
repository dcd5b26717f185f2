"""Estimating equations with working independence against a base-R implementation, geepack, geesmv and statsmodels."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.genmod.cov_struct import Independence

from enginehouse.stats.independence_gee import GeeFamily, GeeFit, independence_gee
from enginehouse.stats.sandwich import ClusterCorrection

FAMILIES = {
    "binomial(logit)": GeeFamily.BINOMIAL,
    "poisson(log)": GeeFamily.POISSON,
    "gaussian(identity)": GeeFamily.GAUSSIAN,
}
STATSMODELS = {
    GeeFamily.BINOMIAL: sm.families.Binomial(),
    GeeFamily.POISSON: sm.families.Poisson(),
    GeeFamily.GAUSSIAN: sm.families.Gaussian(),
}
CORRECTIONS = {
    "se_lz": ClusterCorrection.LIANG_ZEGER,
    "se_df_K_over_K_minus_p": ClusterCorrection.DEGREES_OF_FREEDOM,
    "se_kc": ClusterCorrection.KAUERMANN_CARROLL,
    "se_md": ClusterCorrection.MANCL_DEROUEN,
    "se_fg": ClusterCorrection.FAY_GRAUBARD,
    "avg_kc_md": ClusterCorrection.KC_MD_AVERAGE,
}
FIXED = [
    f"geefix_{data}_{model}_alpha0" for data in ("crt", "crt_small") for model in ("bin", "binadj", "cont", "count")
]
STATSMODELS_DIGITS = 1e-6
"""Its default stopping rule leaves about this in the coefficients."""
GEEPACK = 1e-5
"""geepack stops its steps a little early."""


@pytest.fixture(scope="module")
def cases(shared_file: Callable[[str], Path]) -> dict[str, dict]:
    return {
        case["id"]: case
        for case in json.loads(shared_file("reference/trials/expected.json").read_text())["cases"]
        if case["topic"].startswith("analysis.gee")
    }


@pytest.fixture(scope="module")
def tables(shared_file: Callable[[str], Path]) -> Callable[[str], dict[str, np.ndarray]]:
    def read(name: str) -> dict[str, np.ndarray]:
        with shared_file(f"reference/trials/data/{name}").open() as file:
            rows = list(csv.DictReader(file))
        return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}

    return read


def parts(case: dict, data: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, GeeFamily]:
    """Outcome, design, clusters and family of a case."""
    outcome, terms = case["inputs"]["model"].split(" ~ ")
    columns = [data[term] for term in terms.split(" + ")]
    design = np.column_stack([np.ones(len(data[outcome])), *columns])
    family = FAMILIES[case["inputs"]["family"].split()[0]]
    return data[outcome], design, data["practice"], family


def fitted(case: dict, data: dict[str, np.ndarray]) -> GeeFit:
    outcome, design, clusters, family = parts(case, data)
    found = independence_gee(outcome, design, clusters=clusters, family=family)
    assert isinstance(found, GeeFit), found
    return found


@pytest.mark.parametrize("name", FIXED)
def test_every_correction_is_that_of_the_base_r_definitions(name: str, cases, tables) -> None:
    case = cases[name]
    fit, expected = fitted(case, tables(case["data"])), case["expected"]
    assert fit.coefficients == pytest.approx(list(expected["beta"].values()), rel=1e-6)
    for key, correction in CORRECTIONS.items():
        found = [fit.std_error(row, correction) for row in np.eye(len(fit.names))]
        assert found == pytest.approx(list(expected[key].values()), rel=case["tolerance"]["rel"]), key
    if fit.family is not GeeFamily.GAUSSIAN:
        assert fit.dispersion == pytest.approx(expected["phi_pearson"], rel=1e-6)


@pytest.mark.parametrize("name", FIXED)
def test_statsmodels_agrees(name: str, cases, tables) -> None:
    case = cases[name]
    outcome, design, clusters, family = parts(case, tables(case["data"]))
    fit = fitted(case, tables(case["data"]))
    theirs = sm.GEE(outcome, design, groups=clusters, family=STATSMODELS[family], cov_struct=Independence())
    for cov_type, correction in (
        ("robust", ClusterCorrection.LIANG_ZEGER),
        ("bias_reduced", ClusterCorrection.MANCL_DEROUEN),
    ):
        found = theirs.fit(cov_type=cov_type)
        own = [fit.std_error(row, correction) for row in np.eye(len(fit.names))]
        assert own == pytest.approx(found.bse, rel=STATSMODELS_DIGITS)


@pytest.mark.parametrize("data", ["crt", "crt_small"])
@pytest.mark.parametrize("model", ["bin", "rr", "rd"])
def test_geepack_agrees_under_independence(data: str, model: str, cases, tables) -> None:
    """Logit, the modified Poisson risk ratio, and the risk difference; Liang-Zeger as geepack prints it."""
    case = cases[f"geepack_{data}_{model}_independence"]
    fit = fitted(case, tables(case["data"]))
    expected = case["expected"]["fixed"].values()
    assert fit.coefficients == pytest.approx([row["Estimate"] for row in expected], rel=GEEPACK, abs=1e-8)
    own = [fit.std_error(row, ClusterCorrection.LIANG_ZEGER) for row in np.eye(len(fit.names))]
    assert own == pytest.approx([row["Std.err"] for row in expected], rel=GEEPACK)


@pytest.mark.parametrize("data", ["crt", "crt_small"])
def test_geesmv_agrees_under_independence(data: str, cases, tables) -> None:
    case = cases[f"geesmv_{data}_bin_ind"]
    fit, expected = fitted(case, tables(case["data"])), case["expected"]
    for key in ("se_lz", "se_kc", "se_md", "se_fg"):
        own = [fit.std_error(row, CORRECTIONS[key]) for row in np.eye(2)]
        assert own == pytest.approx(expected[key], rel=1e-6)
