"""Constrained randomisation against cvcrand 0.1.1 on the counties of Dickinson 2015, and exact permutation tests."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from enginehouse.trials.accepted import SchemeRules, accept, pairs_together, smallest_p
from enginehouse.trials.schemes import SchemeSpace, all_schemes
from enginehouse.trials.scoring import RESOLUTION, scores

COVARIATES = ("location", "inciis", "uptodateonimmunizations", "hispanic", "incomecat")
CATEGORIES = ("location", "incomecat")
# cvcrand's score is the square of a sum over treated clusters. Ours adds the squares of both arms' deviations of means.
AS_CVCRAND = 8**2 / 2 / RESOLUTION**2
# Means are cut to ten-millionths of a standard deviation; the smallest score, 1.16, has the largest relative error.
ROUNDING = 2e-6


@pytest.fixture(scope="module")
def cases(shared_file):
    found = json.loads(shared_file("reference/trials/expected.json").read_text())["cases"]
    return {case["id"]: case["expected"] for case in found}


@pytest.fixture(scope="module")
def balance(shared_file):
    with shared_file("reference/trials/data/dickinson_design.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = []
    for name in COVARIATES:
        values = [row[name] for row in rows]
        levels = sorted(set(values))[1:] if name in CATEGORIES else []
        columns += [[float(v == level) for v in values] for level in levels] or [[float(v) for v in values]]
    z = np.array(columns)
    z = (z - z.mean(axis=1, keepdims=True)) / z.std(axis=1, ddof=1, keepdims=True)
    return tuple(tuple(int(v) for v in np.rint(row * RESOLUTION)) for row in z)


@pytest.fixture(scope="module")
def space():
    return SchemeSpace(2, (0,) * 16)


def test_every_score_is_cvcrands(cases, balance, space):
    expected = cases["ccr_l2"]
    schemes = all_schemes(space)
    found = scores(schemes, balance, 2) * AS_CVCRAND
    assert len(schemes) == expected["n_schemes"] == 12870
    assert found.mean() == pytest.approx(expected["score_mean"], rel=ROUNDING)
    assert found.std(ddof=1) == pytest.approx(expected["score_sd"], rel=ROUNDING)
    for quantile, value in expected["quantiles_type7"].items():
        assert np.quantile(found, float(quantile.rstrip("%")) / 100) == pytest.approx(value, rel=ROUNDING)


def test_scores_of_two_schemes_by_name(cases, balance):
    half = np.array([[1] * 8 + [0] * 8, [1, 0] * 8], dtype=np.int8)
    found = scores(half, balance, 2) * AS_CVCRAND
    expected = cases["ccr_l2"]
    assert found[0] == pytest.approx(expected["score_of_first_half_treated"], rel=ROUNDING)
    assert found[1] == pytest.approx(expected["score_alternating_treated"], rel=ROUNDING)


def test_the_accepted_set_is_cvcrands_with_both_of_a_pair_of_mirror_images(cases, balance, space):
    """cvcrand accepts 1,287: of one pair of mirror images, which score alike, rounding put one outside. We keep both."""
    found, told = accept(SchemeRules(space, balance, "unused", 20_000, "0.1"))
    expected = cases["ccr_l2"]
    assert told.cutoff * AS_CVCRAND == pytest.approx(expected["cutoff_score"], rel=ROUNDING)
    assert told.keep == expected["n_acceptable"]
    assert told.accepted == expected["n_acceptable"] + 1
    assert smallest_p(found, [{1: (1,), 0: (-1,)}]) == (2 / 1288,)


def test_the_same_schemes_are_accepted(balance, space, shared_file):
    found, _ = accept(SchemeRules(space, balance, "unused", 20_000, "0.1"))
    with shared_file("reference/trials/data/dickinson_constrained.csv").open() as file:
        theirs = {tuple(int(v) for v in row[1:]) for row in list(csv.reader(file))[1:]}
    ours = {tuple(row) for row in found.tolist()}
    assert len(theirs) == 1287
    assert theirs < ours
    (extra,) = ours - theirs
    assert tuple(1 - arm for arm in extra) in theirs


def test_pairs_are_together_as_often(cases, balance, space):
    """One scheme more than cvcrand's moves a share by at most 1 / 1288."""
    found, _ = accept(SchemeRules(space, balance, "unused", 20_000, "0.1"))
    pairs = pairs_together(found, [str(i) for i in range(16)], 2)
    expected = cases["ccr_validity_l2"]
    one_more = 1 / 1288
    assert pairs.highest == pytest.approx(expected["pair_same_arm_proportion_max"], abs=one_more)
    assert pairs.lowest == pytest.approx(expected["pair_same_arm_proportion_min"], abs=one_more)
    assert pairs.mean == pytest.approx(expected["pair_same_arm_proportion_mean"], abs=1e-9)
    assert (pairs.always, pairs.never) == ((), ())
    assert (pairs.arm_share_lowest, pairs.arm_share_highest) == (0.5, 0.5)


@pytest.mark.parametrize("outcome", ["y_cont", "y_bin", "y_count"])
def test_a_permutation_test_over_all_schemes_gives_the_exact_p(cases, shared_file, outcome):
    with shared_file("reference/trials/data/crt_small.csv").open() as file:
        rows = list(csv.DictReader(file))
    cluster = next(name for name in ("practice", "cluster", "site") if name in rows[0])
    arm = next(name for name in ("arm", "trt", "treat") if name in rows[0])
    means: dict[str, list[float]] = {}
    arms: dict[str, int] = {}
    for row in rows:
        means.setdefault(row[cluster], []).append(float(row[outcome]))
        arms[row[cluster]] = int(row[arm])
    values = np.array([np.mean(v) for v in means.values()])
    schemes = all_schemes(SchemeSpace(2, (0,) * len(values)))
    contrasts = (schemes * values).sum(axis=1) / 6 - ((1 - schemes) * values).sum(axis=1) / 6
    observed = values[[a == 1 for a in arms.values()]].mean() - values[[a == 0 for a in arms.values()]].mean()
    expected = cases[f"perm_exact_{outcome}"]
    assert len(schemes) == expected["n_allocations"]
    assert observed == pytest.approx(expected["statistic"], abs=1e-9)
    assert np.mean(np.abs(contrasts) >= abs(observed) - 1e-12) == pytest.approx(expected["p_two_sided"], abs=1e-9)
