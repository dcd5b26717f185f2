"""Embedded regimes of a cluster SMART: weights by hand, a loop over dense matrices, and a simulated trial."""

from __future__ import annotations

import math

import numpy as np
import pytest

from enginehouse.stats.gee.corrections import ClusterCorrection
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.stats.smart.best import best_regimes
from enginehouse.stats.smart.means import RegimeFit, regime_means
from enginehouse.stats.smart.weights import regime_weights, replicate

REGIMES = [(0, 0), (0, 1), (1, 0), (1, 1)]
"""First arm, and second arm without response."""
PLAIN = ClusterCorrection.LIANG_ZEGER


def simulated(clusters: int, seed: int, *, effect: float = 1.0) -> dict[str, np.ndarray]:
    """Prototypical: non-responders to either arm are drawn again; arm 1 adds `effect`, its second stage 1 half of it."""
    rng = np.random.default_rng(seed)
    first = rng.permutation(np.arange(clusters) % 2)
    responded = rng.random(clusters) < np.where(first == 1, 0.5, 0.3)
    second = rng.integers(0, 2, size=clusters)
    size = rng.integers(3, 12, size=clusters)
    codes = np.repeat(np.arange(clusters), size)
    level = effect * first + np.where(responded, 1.0, effect / 2 * second) + 0.5 * rng.standard_normal(clusters)
    covariate = rng.standard_normal(len(codes))
    outcome = level[codes] + 0.4 * covariate + rng.standard_normal(len(codes))
    follows = np.column_stack([(first == a) & (responded | (second == b)) for a, b in REGIMES])
    weights = regime_weights(np.full(clusters, 0.5), ~responded, np.full(clusters, 0.5))
    return {"outcome": outcome, "clusters": codes, "consistent": follows, "weights": weights, "covariate": covariate}


def fitted(data: dict[str, np.ndarray], **more: object) -> RegimeFit:
    columns = {key: data[key] for key in ("clusters", "consistent", "weights")}
    found = regime_means(data["outcome"], **columns, **more)  # type: ignore[arg-type]
    assert isinstance(found, RegimeFit), found
    return found


def naive(data: dict[str, np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """NeCamp's equations with dense covariances, cluster by cluster."""
    y, codes, follows, weights = (data[key] for key in ("outcome", "clusters", "consistent", "weights"))
    regimes, p = follows.shape[1], follows.shape[1] + x.shape[1]
    variance, rho = np.ones(regimes), np.zeros(regimes)
    less = 2 if not x.shape[1] else 3 + x.shape[1]
    for _ in range(3):
        bread, right, parts = np.zeros((p, p)), np.zeros(p), []
        for d in range(regimes):
            for k in np.flatnonzero(follows[:, d]):
                rows = codes == k
                m = int(rows.sum())
                design = np.hstack([np.tile(np.eye(regimes)[d], (m, 1)), x[rows]])
                inverse = np.linalg.inv(variance[d] * ((1 - rho[d]) * np.eye(m) + rho[d]))
                bread += weights[k] * design.T @ inverse @ design
                right += weights[k] * design.T @ inverse @ y[rows]
                parts.append((d, k, rows, design, inverse))
        beta = np.linalg.solve(bread, right)
        sums, scores = np.zeros((4, regimes)), np.zeros((len(weights), p))
        for d, k, rows, design, inverse in parts:
            r = y[rows] - design @ beta
            sums[:, d] += weights[k] * np.array([r @ r, len(r), r.sum() ** 2 - r @ r, len(r) * (len(r) - 1)])
            scores[k] += weights[k] * design.T @ inverse @ r
        variance = sums[0] / (sums[1] - less)
        rho = sums[2] / sums[3] / variance
    covariance = np.linalg.inv(bread) @ scores.T @ scores @ np.linalg.inv(bread)
    return beta, covariance


@pytest.mark.parametrize("with_covariate", [False, True])
def test_against_dense_matrices(with_covariate: bool):
    data = simulated(40, 1)
    x = data["covariate"][:, None] if with_covariate else np.zeros((len(data["outcome"]), 0))
    found = fitted(data, covariates=x)
    beta, covariance = naive(data, x)
    assert found.coefficients == pytest.approx(beta, rel=1e-10)
    assert found.covariance(PLAIN) == pytest.approx(covariance, rel=1e-9)


def test_weights_are_one_over_what_was_registered():
    assert regime_weights([0.5, 1 / 3, 0.5], [False, True, True], [0.9, 0.25, 0.5]) == pytest.approx([2, 12, 4])
    with pytest.raises(ValueError, match=r"outside \(0, 1\]"):
        regime_weights([0.5], [True], [0.0])


def test_rows_stand_for_every_regime_that_their_cluster_followed():
    found = replicate([0, 0, 1], [[True, True], [False, True]], [2.0, 4.0])
    assert found.rows.tolist() == [0, 1, 0, 1, 2]
    assert found.regime.tolist() == [0, 0, 1, 1, 1]
    assert found.weights.tolist() == [2, 2, 2, 2, 4]


def test_a_design_of_stages_gives_the_same_means_as_one_mean_each():
    data = simulated(40, 2)
    stages = np.array([[1, a, b, a * b] for a, b in [(-1, -1), (-1, 1), (1, -1), (1, 1)]], dtype=float)
    assert fitted(data, regime_design=stages).means == pytest.approx(fitted(data).means, rel=1e-9)


def test_a_simulated_trial_is_estimated_without_bias_and_covered():
    """Truth by the design: arm 1 then 1 gives 1 + 0.5 x 1 + 0.5 x 0.5, arm 0 then 0 gives 0.3 x 1."""
    truth, hits, values, runs = (1 + 0.5 + 0.25) - 0.3, 0, [], 150
    for seed in range(runs):
        contrast = fitted(simulated(60, 100 + seed)).contrast(3, 0)
        assert isinstance(contrast, Estimate)
        values.append(contrast.value)
        hits += contrast.interval().contains(truth)
    assert np.mean(values) == pytest.approx(truth, abs=3 * np.std(values) / math.sqrt(runs))
    assert hits / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)


def test_what_cannot_be_estimated():
    data = simulated(40, 3)
    columns = {"clusters": data["clusters"], "weights": data["weights"]}
    nobody = data["consistent"].copy()
    nobody[:, 2] = False
    empty = regime_means(data["outcome"], consistent=nobody, **columns)
    assert isinstance(empty, NotEstimable)
    assert empty.reason == "empty-regime"
    flat = regime_means(np.zeros(len(data["outcome"])), consistent=data["consistent"], **columns)
    assert isinstance(flat, NotEstimable)
    assert flat.reason == "no-variation"
    few = regime_means([1.0, 2, 3], clusters=[0, 1, 2], consistent=np.eye(3), weights=[2, 2, 2])
    assert isinstance(few, NotEstimable)
    assert few.reason == "too-few-clusters"
    same = regime_means(
        data["outcome"], consistent=data["consistent"], covariates=np.ones(len(data["outcome"])), **columns
    )
    assert isinstance(same, NotEstimable)
    assert same.reason == "aliased-columns"
    with pytest.raises(ValueError, match="weights positive"):
        regime_means(
            data["outcome"], clusters=data["clusters"], consistent=data["consistent"], weights=-data["weights"]
        )
    with pytest.raises(ValueError, match="3 regimes for 4"):
        regime_means(data["outcome"], consistent=data["consistent"], regime_design=np.eye(3), **columns)


def test_the_best_regimes():
    means, covariance = [1.0, 1.1, 3.0, 2.9], np.eye(4) * 0.01
    assert best_regimes(means, covariance, high_is_good=True).tolist() == [False, False, True, True]
    assert best_regimes(means, covariance, high_is_good=False).tolist() == [True, True, False, False]
    assert best_regimes(means, np.eye(4) * 25, high_is_good=True).all()
    assert best_regimes([1.0, 1.0], np.zeros((2, 2)), high_is_good=True).all()
    with pytest.raises(ValueError, match="2 means"):
        best_regimes([1.0, 2.0], np.eye(3), high_is_good=True)
    with pytest.raises(ValueError, match="negative variance"):
        best_regimes([1.0, 2.0], [[1.0, 2.0], [2.0, 1.0]], high_is_good=True)


def test_two_independent_means_need_the_one_sided_t_quantile():
    """With two, c is the one-sided 95% point of t with 10 degrees of freedom: 1.8125."""
    error = math.sqrt(2)
    inside, outside = (best_regimes([0.0, z * error], np.eye(2), high_is_good=True, df=10) for z in (1.78, 1.85))
    assert inside.tolist() == [True, True]
    assert outside.tolist() == [False, True]


def test_the_best_regime_is_among_them_as_often_as_promised():
    rng = np.random.default_rng(4)
    truth, covariance = np.array([0.0, 0.0, 0.02, 0.0]), 0.3 * np.eye(4) + 0.2
    kept = [
        best_regimes(rng.multivariate_normal(truth, covariance), covariance, high_is_good=True, draws=2000)[2]
        for _ in range(400)
    ]
    assert np.mean(kept) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 400)
