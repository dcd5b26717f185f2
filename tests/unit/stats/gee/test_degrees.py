"""Degrees of freedom a second time, by whole matrices of all rows or of all scores, and the saddlepoint's known case."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import block_diag, fractional_matrix_power
from scipy.stats import t as student

from enginehouse.stats.gee import (
    ClusterCorrection,
    Exchangeable,
    GeeDf,
    GeeFamily,
    GeeFit,
    Independence,
    gee,
    saddlepoint,
)

ALPHA = 0.15
POWERS = {
    ClusterCorrection.LIANG_ZEGER: 0.0,
    ClusterCorrection.KAUERMANN_CARROLL: -0.5,
    ClusterCorrection.MANCL_DEROUEN: -1.0,
}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(11)
    clusters = np.repeat(np.arange(10), rng.integers(1, 6, 10))
    design = np.column_stack([np.ones(len(clusters)), clusters % 2, rng.normal(size=len(clusters))])
    return rng.normal(size=len(clusters)) + 0.5 * design[:, 1], design, clusters


@pytest.fixture(scope="module")
def fit(rows) -> GeeFit:
    outcome, design, clusters = rows
    found = gee(outcome, design, clusters=clusters, family=GeeFamily.GAUSSIAN, correlation=Exchangeable(alpha=ALPHA))
    assert isinstance(found, GeeFit)
    return found


@pytest.mark.parametrize("correction", POWERS)
@pytest.mark.parametrize("contrast", np.eye(3).tolist())
def test_satterthwaite_by_the_covariance_of_all_residuals(rows, fit, correction, contrast) -> None:
    """The corrected variance is sum_i (g_i'y)^2; with y of variance V its df is tr(P)^2 / tr(P^2), P_ij = g_i'V g_j."""
    _, design, clusters = rows
    sizes = np.bincount(clusters)
    v = block_diag(*(ALPHA + (1 - ALPHA) * np.eye(size) for size in sizes))
    inverse = np.linalg.inv(v)
    bread = np.linalg.inv(design.T @ inverse @ design)
    hat = design @ bread @ design.T @ inverse
    vectors = []
    for cluster in range(10):
        mine = np.flatnonzero(clusters == cluster)
        h = hat[np.ix_(mine, mine)]
        adjust = np.real(fractional_matrix_power(np.eye(len(mine)) - h, POWERS[correction]))
        half = np.asarray(contrast) @ bread @ design[mine].T @ inverse[np.ix_(mine, mine)] @ adjust
        vectors.append(half @ (np.eye(len(design)) - hat)[mine])
    p = np.array(vectors) @ v @ np.array(vectors).T
    expected = np.trace(p) ** 2 / np.sum(p**2)
    found = fit.degrees_of_freedom(np.asarray(contrast), method=GeeDf.SATTERTHWAITE, correction=correction)
    assert found == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("correction", [ClusterCorrection.LIANG_ZEGER, ClusterCorrection.FAY_GRAUBARD])
@pytest.mark.parametrize("method", [GeeDf.FAY_GRAUBARD, GeeDf.FAY_GRAUBARD_EMPIRICAL])
def test_fay_and_graubard_by_matrices_of_all_scores(fit, method, correction) -> None:
    """Section 2.3 of their paper: tr(Psi B1)^2 / tr(Psi B1 Psi B1), B1 = G'MG, on stacked scores of all clusters."""
    parts, contrast = fit.parts, np.array([0.0, 1.0, 0.0])
    clusters, p, vm = parts.clusters, parts.coefficients, parts.bread
    shares = np.array([np.diag(omega @ vm) for omega in parts.information])
    h = (
        1 / np.sqrt(1 - np.minimum(0.75, shares))
        if correction is ClusterCorrection.FAY_GRAUBARD
        else np.ones_like(shares)
    )
    scores = h * parts.scores
    if method is GeeDf.FAY_GRAUBARD_EMPIRICAL:
        psi = block_diag(*(np.outer(u, u) for u in scores))
    else:
        without = [np.linalg.inv(np.linalg.inv(vm) - omega) - vm for omega in parts.information]
        weights = np.array([contrast @ matrix @ contrast for matrix in without])
        psi = block_diag(*(weight / weights.sum() * scores.T @ scores for weight in weights))
    g = np.eye(clusters * p) - np.tile(np.vstack([omega @ vm for omega in parts.information]), clusters)
    m = block_diag(*(np.outer(np.diag(row) @ vm @ contrast, np.diag(row) @ vm @ contrast) for row in h))
    product = psi @ g.T @ m @ g
    expected = np.trace(product) ** 2 / np.trace(product @ product)
    found = fit.degrees_of_freedom(contrast, method=method, correction=correction)
    assert found == pytest.approx(max(expected, 1.0), rel=1e-8)


def test_satterthwaite_for_bell_and_mccaffrey() -> None:
    """The same quadratic form with their matrix, of counts whose variances differ inside clusters."""
    rng = np.random.default_rng(12)
    clusters = np.repeat(np.arange(9), rng.integers(2, 5, 9))
    design = np.column_stack([np.ones(len(clusters)), rng.normal(size=len(clusters))])
    fit = gee(rng.poisson(np.exp(1 + 0.3 * design[:, 1])), design, clusters=clusters)
    assert isinstance(fit, GeeFit)
    mean = np.exp(design @ fit.coefficients)
    d, v, contrast = design * mean[:, None], np.diag(mean), np.array([0.0, 1.0])
    bread = np.linalg.inv(d.T @ np.diag(1 / mean) @ d)
    vectors = []
    for cluster in range(9):
        mine = np.flatnonzero(clusters == cluster)
        root = np.diag(np.sqrt(mean[mine]))
        left = v[np.ix_(mine, mine)] - d[mine] @ bread @ d[mine].T
        a = root @ np.linalg.inv(np.real(fractional_matrix_power(root @ left @ root, 0.5))) @ root
        half = contrast @ bread @ d[mine].T @ np.diag(1 / mean[mine]) @ a
        vectors.append(half @ (np.eye(len(d)) - d @ bread @ d.T @ np.diag(1 / mean))[mine])
    p = np.array(vectors) @ v @ np.array(vectors).T
    found = fit.degrees_of_freedom(contrast, method=GeeDf.SATTERTHWAITE, correction=ClusterCorrection.BELL_MCCAFFREY)
    assert found == pytest.approx(np.trace(p) ** 2 / np.sum(p**2), rel=1e-8)


def test_pan_and_wall_by_hand() -> None:
    """Two clusters in each arm: squares of scores 1, 1, 4, 4 times 1/16: df = 2 x 10^2 / (4/3 x 9)."""
    outcome = [10.0, 8.0, 22.0, 18.0]
    fit = gee(outcome, [[1, 0], [1, 0], [1, 1], [1, 1]], clusters=[1, 2, 3, 4], family=GeeFamily.GAUSSIAN)
    assert isinstance(fit, GeeFit)
    found = fit.degrees_of_freedom(
        np.array([0.0, 1.0]), method=GeeDf.PAN_WALL, correction=ClusterCorrection.LIANG_ZEGER
    )
    assert found == pytest.approx(2 * 10**2 / (4 / 3 * 9))


def test_clusters_and_normal(fit) -> None:
    contrast = np.array([0.0, 1.0, 0.0])
    assert fit.degrees_of_freedom(contrast, method=GeeDf.CLUSTERS_LESS_COEFFICIENTS) == 10 - 3
    assert fit.degrees_of_freedom(contrast, method=GeeDf.CLUSTERS_LESS_ONE) == 9
    assert fit.degrees_of_freedom(contrast, method=GeeDf.NORMAL) == math.inf


@pytest.mark.parametrize("method", GeeDf)
def test_every_method_has_degrees_of_freedom(fit, method: GeeDf) -> None:
    assert fit.contrast([0.0, 1.0, 0.0], df_method=method).df >= 1


@pytest.fixture(scope="module")
def balanced() -> GeeFit:
    rng = np.random.default_rng(2)
    design = np.column_stack([np.ones(16), np.repeat([0, 1], 8)])
    found = gee(
        rng.normal(size=16), design, clusters=np.arange(16), family=GeeFamily.GAUSSIAN, correlation=Independence()
    )
    assert isinstance(found, GeeFit)
    return found


def test_balanced_arms_are_a_t_test(balanced) -> None:
    """CR2 of two arms of 8 units each is the t test with 14 degrees of freedom."""
    contrast = np.array([0.0, 1.0])
    correction = ClusterCorrection.KAUERMANN_CARROLL
    assert balanced.degrees_of_freedom(contrast, method=GeeDf.SATTERTHWAITE, correction=correction) == pytest.approx(14)
    one = balanced.contrast(contrast, correction=correction, df_method=GeeDf.SATTERTHWAITE)
    point = balanced.saddlepoint(contrast, correction=correction)
    exact = 2 * student.sf(abs(one.value / one.std_error), 14)
    assert one.p_value() == pytest.approx(exact)
    assert point.p_value == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("value", [0.02, 0.5, 0.999, 1.0, 1.001, 2.5, 6.0])
def test_the_saddlepoint_on_both_sides_of_its_limit(balanced, value: float) -> None:
    found = saddlepoint(
        balanced.parts,
        np.array([0.0, 1.0]),
        t_statistic=value,
        correction=ClusterCorrection.KAUERMANN_CARROLL,
    )
    assert found.p_value == pytest.approx(2 * student.sf(value, 14), rel=0.1)
