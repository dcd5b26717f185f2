"""Linear mixed models against lme4 (restricted likelihood) and lmerTest (Satterthwaite's degrees of freedom)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enginehouse.stats.mixed_linear import LinearMixedFit, RandomStructure, linear_mixed

MODELS: dict[str, tuple[str, tuple[str, ...], str, tuple[str, ...], RandomStructure]] = {
    # case: outcome, fixed terms, site, random terms, structure
    "lmm_sleepstudy_slope": ("Reaction", ("Days",), "Subject", ("1", "Days"), RandomStructure.UNSTRUCTURED),
    "lmm_sleepstudy_diag": ("Reaction", ("Days",), "Subject", ("1", "Days"), RandomStructure.DIAGONAL),
    "lmm_sleepstudy_int": ("Reaction", ("Days",), "Subject", ("1",), RandomStructure.UNSTRUCTURED),
    "lmm_crt_unadj": ("y_cont", ("arm",), "practice", ("1",), RandomStructure.UNSTRUCTURED),
    "lmm_crt_adj": ("y_cont", ("arm", "list_size_z", "age"), "practice", ("1",), RandomStructure.UNSTRUCTURED),
    "lmm_crt_small_kr": ("y_cont", ("arm",), "practice", ("1",), RandomStructure.UNSTRUCTURED),
    "lmm_panel_did": ("mean_dose", ("factor:month", "arm", "trt"), "practice", ("1",), RandomStructure.UNSTRUCTURED),
    "lmm_panel_slope": (
        "mean_dose",
        ("arm", "month", "arm:month"),
        "practice",
        ("1", "month"),
        RandomStructure.UNSTRUCTURED,
    ),
    "lmm_panel_constrained_baseline": (
        "mean_dose",
        ("factor:month", "trt"),
        "practice",
        ("1",),
        RandomStructure.UNSTRUCTURED,
    ),
}


@pytest.fixture(scope="module")
def cases(shared_file: Callable[[str], Path]) -> dict[str, dict]:
    found = json.loads(shared_file("reference/trials/expected.json").read_text())["cases"]
    return {case["id"]: case for case in found if case["topic"] == "analysis.lmm"}


@pytest.fixture(scope="module")
def tables(shared_file: Callable[[str], Path]) -> Callable[[str], dict[str, np.ndarray]]:
    def read(name: str) -> dict[str, np.ndarray]:
        with shared_file(f"reference/trials/data/{name}").open() as file:
            rows = list(csv.DictReader(file))
        return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}

    return read


def columns(data: dict[str, np.ndarray], terms: tuple[str, ...]) -> np.ndarray:
    found = []
    for term in terms:
        if term == "1":
            found.append(np.ones(len(next(iter(data.values())))))
        elif term.startswith("factor:"):
            values = data[term.removeprefix("factor:")]
            found += [(values == level).astype(float) for level in np.unique(values)[1:]]
        else:
            found.append(np.prod([data[name] for name in term.split(":")], axis=0))
    return np.column_stack(found)


@pytest.mark.parametrize("name", MODELS)
def test_fixed_effects_variances_and_degrees_of_freedom(name: str, cases, tables) -> None:
    case, (outcome, terms, site, random, structure) = cases[name], MODELS[name]
    data = tables(case["data"])
    fit = linear_mixed(
        data[outcome],
        columns(data, ("1", *terms)),
        clusters=data[site],
        random=columns(data, random),
        structure=structure,
    )
    assert isinstance(fit, LinearMixedFit), fit
    expected, tolerance = case["expected"], case["tolerance"]
    rows = list(expected["fixed_satterthwaite"].values())
    assert fit.restricted_deviance == pytest.approx(expected["reml"], abs=tolerance["reml"]["abs"])
    assert fit.fixed_effects == pytest.approx([r["Estimate"] for r in rows], rel=tolerance["fixed"]["rel"])
    assert fit.std_errors == pytest.approx([r["Std. Error"] for r in rows], rel=tolerance["se"]["rel"])
    found = [fit.satterthwaite(row) for row in np.eye(len(rows))]
    assert found == pytest.approx([r["df"] for r in rows], rel=tolerance["df"]["rel"])
    own = [*np.diag(fit.random_covariance), fit.residual_variance]
    theirs = [part["vcov"] for part in expected["varcomp"] if part["var2"] is None]
    assert own == pytest.approx(theirs, rel=tolerance["varcomp"]["rel"])


def test_arms_that_share_the_baseline(cases, tables) -> None:
    """Four arms, `a1 = (arm == 1) x post` and so on."""
    case = cases["multiarm_lmm"]
    data = tables(case["data"])
    arms = [(data["arm"] == arm) * data["post"] for arm in (1, 2, 3)]
    design = np.column_stack([columns(data, ("1", "factor:month")), *arms])
    fit = linear_mixed(data["mean_dose"], design, clusters=data["practice"])
    assert isinstance(fit, LinearMixedFit), fit
    rows = case["expected"]["fixed_satterthwaite"]
    for place, name in ((-3, "a1"), (-2, "a2"), (-1, "a3")):
        assert fit.fixed_effects[place] == pytest.approx(rows[name]["Estimate"], rel=1e-4)
        assert fit.std_errors[place] == pytest.approx(rows[name]["Std. Error"], rel=1e-3)
        weights = np.eye(len(fit.names))[place]
        assert fit.satterthwaite(weights) == pytest.approx(rows[name]["df"], rel=0.01)
