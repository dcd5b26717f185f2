"""Estimating equations a second time, by matrices as in the papers, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power

from enginehouse.stats.independence_gee import GeeFamily, GeeFit, independence_gee
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.sandwich import CORRECTION_WORDS, ClusterCorrection, joint_test


def naive_errors(fit: GeeFit, outcome, design, clusters, offset) -> dict[ClusterCorrection, np.ndarray]:
    """Each correction from its definition: whole matrices of each cluster, powers by eigenvalues."""
    eta = offset + design @ fit.coefficients
    mean, weight = {
        GeeFamily.POISSON: lambda: (np.exp(eta), np.exp(eta)),
        GeeFamily.BINOMIAL: lambda: (1 / (1 + np.exp(-eta)), np.exp(eta) / (1 + np.exp(eta)) ** 2),
        GeeFamily.GAUSSIAN: lambda: (eta, np.ones_like(eta)),
    }[fit.family]()
    bread = np.linalg.inv(sum(weight[i] * np.outer(design[i], design[i]) for i in range(len(eta))))
    powers = {
        ClusterCorrection.LIANG_ZEGER: 0.0,
        ClusterCorrection.KAUERMANN_CARROLL: -0.5,
        ClusterCorrection.MANCL_DEROUEN: -1.0,
    }
    meats = dict.fromkeys(powers, 0.0)
    for cluster in np.unique(clusters):
        rows = clusters == cluster
        d, w, r = design[rows] * weight[rows, None], weight[rows], (outcome - mean)[rows]
        h = d @ bread @ d.T @ np.diag(1 / w)
        for correction, power in powers.items():
            turned = np.real(fractional_matrix_power(np.eye(len(r)) - h, power)) @ r if power else r
            score = d.T @ np.diag(1 / w) @ turned
            meats[correction] = meats[correction] + np.outer(score, score)
    return {correction: np.sqrt(np.diag(bread @ meat @ bread)) for correction, meat in meats.items()}


@pytest.mark.parametrize("family", GeeFamily)
def test_a_second_implementation_by_the_papers_matrices(family: GeeFamily) -> None:
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(12), rng.integers(1, 6, 12))
    n = len(clusters)
    design = np.column_stack([np.ones(n), clusters % 2, rng.normal(size=n)])
    shared = rng.normal(0, 0.4, 12)[clusters]
    outcome = {
        GeeFamily.POISSON: rng.poisson(np.exp(1 + shared)).astype(float),
        GeeFamily.BINOMIAL: (rng.random(n) < 0.5).astype(float),
        GeeFamily.GAUSSIAN: shared + rng.normal(size=n),
    }[family]
    offset = rng.normal(0, 0.2, n) if family is not GeeFamily.GAUSSIAN else None
    fit = independence_gee(outcome, design, clusters=clusters, offset=offset, family=family)
    assert isinstance(fit, GeeFit)
    expected = naive_errors(fit, outcome, design, clusters, 0.0 if offset is None else offset)
    for correction, errors in expected.items():
        assert [fit.std_error(row, correction) for row in np.eye(3)] == pytest.approx(errors, rel=1e-8)
    own = [fit.std_error(row) for row in np.eye(3)]
    middle = expected[ClusterCorrection.KAUERMANN_CARROLL] + expected[ClusterCorrection.MANCL_DEROUEN]
    assert own == pytest.approx(middle / 2, rel=1e-8)
    assert fit.df == 12 - 3


def test_one_row_a_cluster_takes_the_short_way_and_gets_the_same() -> None:
    """A row split in two with the same columns is the same cluster, seen through the general formula."""
    rng = np.random.default_rng(5)
    design = np.column_stack([np.ones(10), np.arange(10) % 2, rng.normal(size=10)])
    outcome = rng.poisson(8, 10).astype(float)
    short = independence_gee(outcome, design, clusters=np.arange(10))
    split = np.concatenate([np.floor(outcome / 2), np.ceil(outcome / 2)])
    long = independence_gee(
        split, np.vstack([design, design]), clusters=np.tile(np.arange(10), 2), offset=np.log(np.full(20, 0.5))
    )
    assert isinstance(short, GeeFit)
    assert isinstance(long, GeeFit)
    for correction in ClusterCorrection:
        for row in np.eye(3):
            assert short.std_error(row, correction) == pytest.approx(long.std_error(row, correction), rel=1e-6)


def test_labels_in_any_order() -> None:
    rng = np.random.default_rng(6)
    design = np.column_stack([np.ones(9), np.arange(9) % 2])
    outcome = rng.poisson(8, 9).astype(float)
    plain = independence_gee(outcome, design, clusters=np.arange(9))
    turned = independence_gee(outcome, design, clusters=np.arange(9)[::-1])
    assert isinstance(plain, GeeFit)
    assert isinstance(turned, GeeFit)
    for correction in ClusterCorrection:
        assert plain.std_error(np.array([0, 1.0]), correction) == pytest.approx(
            turned.std_error(np.array([0, 1.0]), correction)
        )


def test_a_joint_test_of_one_contrast_is_its_t_squared() -> None:
    rng = np.random.default_rng(7)
    design = np.column_stack([np.ones(20), np.arange(20) % 2, rng.normal(size=20)])
    fit = independence_gee(
        rng.poisson(20, 20), design, clusters=np.arange(20), correction=ClusterCorrection.MANCL_DEROUEN
    )
    assert isinstance(fit, GeeFit)
    one = fit.contrast({"x2": 1.0})
    joint = fit.joint_test(np.array([[0.0, 1.0, 0.0]]))
    assert joint.statistic == pytest.approx((one.value / one.std_error) ** 2)
    assert joint.p_value == pytest.approx(one.p_value())


def test_a_joint_test_by_hand() -> None:
    """(1, 2) with variances 1 and 4: F = (1 + 1) / 2."""
    found = joint_test(np.array([1.0, 2.0]), (np.diag([1.0, 4.0]),), np.eye(2), df=10.0)
    assert (found.statistic, found.df_numerator, found.df_denominator) == (1.0, 2.0, 10.0)


def test_every_correction_has_words() -> None:
    assert set(CORRECTION_WORDS) == set(ClusterCorrection)


@pytest.mark.parametrize(
    ("outcome", "design", "clusters", "reason"),
    [
        ([0, 0, 0, 0], [[1, 0], [1, 0], [1, 1], [1, 1]], [1, 2, 3, 4], "no-events"),
        ([1, 2, 3, 4], [[1, 1], [1, 1], [1, 1], [1, 1]], [1, 2, 3, 4], "aliased-columns"),
        ([1, 2, 0, 0], [[1, 0], [1, 0], [1, 1], [1, 1]], [1, 2, 3, 4], "separation"),
        ([1, 2, 3, 4], [[1, 0], [1, 0], [1, 1], [1, 1]], [1, 1, 2, 2], "too-few-clusters"),
        ([1, 2, 3, 4], [[1, 0], [1, 0], [1, 0], [1, 1]], [1, 2, 3, 4], "leverage"),
    ],
)
def test_what_cannot_be_estimated(outcome, design, clusters, reason: str) -> None:
    found = independence_gee(outcome, design, clusters=clusters)
    assert isinstance(found, NotEstimable)
    assert found.reason == reason


def test_a_gaussian_outcome_takes_no_offset() -> None:
    with pytest.raises(ValueError, match="takes no offset"):
        independence_gee([1.0], [[1.0]], clusters=[1], offset=[0.0], family=GeeFamily.GAUSSIAN)


def test_a_binomial_outcome_lies_between_0_and_1() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        independence_gee([2.0], [[1.0]], clusters=[1], family=GeeFamily.BINOMIAL)


def test_one_value_beyond_all_bounds_is_no_crash() -> None:
    """300 quantities about 1,000, and one of 10^15, the search of which rounding ends."""
    rng = np.random.default_rng(1)
    outcome = rng.lognormal(7, 0.5, 300)
    outcome[0] = 1e15
    covariate = rng.normal(size=300)
    covariate[0] = 10.0
    design = np.column_stack([np.ones(300), np.arange(300) % 2, covariate])
    found = independence_gee(outcome, design, clusters=np.arange(300))
    assert isinstance(found, GeeFit) or found.reason in ("not-converged", "leverage")
