"""Estimating equations a second time, by whole matrices of each cluster as in the papers, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.special import expit

from enginehouse.stats.gee import (
    CORRECTION_WORDS,
    Autoregressive,
    ClusterCorrection,
    Exchangeable,
    Fixed,
    GeeFamily,
    GeeFit,
    Independence,
    Link,
    Moments,
    NestedExchangeable,
    gee,
    joint_test,
)
from enginehouse.stats.results import NotEstimable

CORRELATIONS = ("independence", "exchangeable", "nested", "autoregressive", "fixed")
MODELS = [
    (GeeFamily.POISSON, Link.LOG),
    (GeeFamily.POISSON, Link.IDENTITY),
    (GeeFamily.BINOMIAL, Link.LOGIT),
    (GeeFamily.BINOMIAL, Link.LOG),
    (GeeFamily.BINOMIAL, Link.IDENTITY),
    (GeeFamily.GAUSSIAN, Link.IDENTITY),
    (GeeFamily.GAUSSIAN, Link.LOG),
]
POWERS = {
    ClusterCorrection.LIANG_ZEGER: lambda matrix: np.eye(len(matrix)),
    ClusterCorrection.KAUERMANN_CARROLL: lambda matrix: np.real(sqrtm(matrix)),
    ClusterCorrection.MANCL_DEROUEN: lambda matrix: matrix,
}


class Example:
    """Twelve clusters of 2 to 7 rows in four periods, with weights, in no order."""

    def __init__(self, family: GeeFamily, link: Link) -> None:
        rng = np.random.default_rng(3)
        self.clusters = np.repeat(np.arange(12), rng.integers(2, 8, 12))
        n = len(self.clusters)
        self.times = np.concatenate(
            [np.sort(rng.choice(12, size, replace=False)) for size in np.bincount(self.clusters)]
        )
        self.periods = self.times // 3
        self.design = np.column_stack([np.ones(n), self.clusters % 2, rng.uniform(0, 1, n)])
        self.weights = rng.uniform(0.5, 2, n)
        shared = rng.normal(0, 0.4, 12)[self.clusters]
        self.offset = np.zeros(n) if link is Link.IDENTITY else rng.normal(0, 0.05, n)
        self.outcome = {
            GeeFamily.POISSON: rng.poisson(6 * np.exp(0.4 * shared)).astype(float),
            GeeFamily.BINOMIAL: rng.binomial(20, 0.3 + 0.1 * np.tanh(shared)) / 20,
            GeeFamily.GAUSSIAN: 5 + shared + rng.normal(0, 0.5, n),
        }[family]
        shuffled = rng.permutation(n)
        for name in ("clusters", "times", "periods", "design", "weights", "offset", "outcome"):
            setattr(self, name, getattr(self, name)[shuffled])
        self.family, self.link = family, link
        self.matrix = 0.3 ** np.abs(np.subtract.outer(np.arange(12), np.arange(12))) * 0.8 + 0.2 * np.eye(12)

    def structure(self, name: str):
        return {
            "independence": Independence(),
            "exchangeable": Exchangeable(alpha=0.2),
            "nested": NestedExchangeable(periods=self.periods, within=0.3, between=0.1),
            "autoregressive": Autoregressive(times=self.times, alpha=-0.4),
            "fixed": Fixed(matrix=self.matrix, positions=self.times),
        }[name]

    def correlation(self, name: str, rows: np.ndarray) -> np.ndarray:
        """R of one cluster, by its definition."""
        found = np.eye(len(rows))
        for j, first in enumerate(rows):
            for k, second in enumerate(rows):
                if j != k:
                    apart = abs(self.times[first] - self.times[second])
                    found[j, k] = {
                        "independence": 0.0,
                        "exchangeable": 0.2,
                        "nested": 0.3 if self.periods[first] == self.periods[second] else 0.1,
                        "autoregressive": (-0.4) ** apart,
                        "fixed": self.matrix[self.times[first], self.times[second]],
                    }[name]
        return found

    def fit(self, correlation, **options) -> GeeFit:
        found = gee(
            self.outcome,
            self.design,
            clusters=self.clusters,
            family=self.family,
            link=self.link,
            correlation=correlation,
            weights=self.weights,
            offset=self.offset,
            **options,
        )
        assert isinstance(found, GeeFit), found
        return found


def mean_of(example: Example, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    eta = example.offset + example.design @ beta
    mean, slope = {
        Link.LOG: lambda: (np.exp(eta), np.exp(eta)),
        Link.LOGIT: lambda: (expit(eta), expit(eta) * (1 - expit(eta))),
        Link.IDENTITY: lambda: (eta, np.ones_like(eta)),
    }[example.link]()
    variance = {
        GeeFamily.POISSON: mean,
        GeeFamily.BINOMIAL: mean * (1 - mean),
        GeeFamily.GAUSSIAN: np.ones_like(mean),
    }[example.family]
    return mean, slope, variance / example.weights


def naive(example: Example, name: str, beta: np.ndarray) -> tuple[np.ndarray, dict[ClusterCorrection, np.ndarray]]:
    """The sum of the scores, which is zero at the solution, and standard errors by their definitions."""
    mean, slope, variance = mean_of(example, beta)
    pieces = []
    for cluster in np.unique(example.clusters):
        rows = np.flatnonzero(example.clusters == cluster)
        root = np.diag(np.sqrt(variance[rows]))
        v = root @ example.correlation(name, rows) @ root
        pieces.append((example.design[rows] * slope[rows, None], v, (example.outcome - mean)[rows]))
    bread = np.linalg.inv(sum(d.T @ np.linalg.solve(v, d) for d, v, _ in pieces))
    errors = {}
    for correction in POWERS:
        meat = np.zeros_like(bread)
        for d, v, r in pieces:
            h = d @ bread @ d.T @ np.linalg.inv(v)
            turned = np.linalg.solve(POWERS[correction](np.eye(len(r)) - h), r)
            score = d.T @ np.linalg.solve(v, turned)
            meat += np.outer(score, score)
        errors[correction] = np.sqrt(np.diag(bread @ meat @ bread))
    return bread @ sum(d.T @ np.linalg.solve(v, r) for d, v, r in pieces), errors


@pytest.mark.parametrize("name", CORRELATIONS)
@pytest.mark.parametrize(("family", "link"), MODELS)
def test_a_second_implementation_by_the_papers_matrices(family: GeeFamily, link: Link, name: str) -> None:
    example = Example(family, link)
    fit = example.fit(example.structure(name))
    step, expected = naive(example, name, fit.coefficients)
    assert step == pytest.approx(np.zeros(3), abs=1e-8)
    for correction, errors in expected.items():
        assert [fit.std_error(row, correction) for row in np.eye(3)] == pytest.approx(errors, rel=1e-7)
    own = [fit.std_error(row) for row in np.eye(3)]
    middle = expected[ClusterCorrection.KAUERMANN_CARROLL] + expected[ClusterCorrection.MANCL_DEROUEN]
    assert own == pytest.approx(middle / 2, rel=1e-7)
    assert fit.df == 12 - 3


@pytest.mark.parametrize("moments", [Moments.RESIDUAL_DF, Moments.GEEPACK])
@pytest.mark.parametrize("name", ["exchangeable", "nested", "autoregressive"])
def test_moments_by_loops_over_pairs(name: str, moments: Moments) -> None:
    example = Example(GeeFamily.BINOMIAL, Link.LOGIT)
    structure = {
        "exchangeable": Exchangeable(),
        "nested": NestedExchangeable(periods=example.periods),
        "autoregressive": Autoregressive(times=example.times),
    }[name]
    fit = example.fit(structure, moments=moments)
    mean, _, variance = mean_of(example, fit.coefficients)
    e, w = (example.outcome - mean) / np.sqrt(variance), example.weights
    n, p = len(e), 3
    phi = e @ e / (n - p) if moments is Moments.RESIDUAL_DF else e @ e / w.sum()
    assert fit.dispersion == pytest.approx(phi)
    pairs = [
        (j, k)
        for j in range(n)
        for k in range(n)
        if example.clusters[j] == example.clusters[k] and example.times[j] < example.times[k]
    ]
    if name == "autoregressive":
        assert autoregressive_slope(example, e, phi, pairs, moments, fit.correlation["alpha"]) == pytest.approx(
            0, abs=1e-7
        )
        return
    kinds = {"alpha": pairs} if name == "exchangeable" else {
        "within_period": [(j, k) for j, k in pairs if example.periods[j] == example.periods[k]],
        "between_period": [(j, k) for j, k in pairs if example.periods[j] != example.periods[k]],
    }  # fmt: skip
    for kind, chosen in kinds.items():
        if moments is Moments.GEEPACK:
            total = sum(np.sqrt(w[j] * w[k]) * e[j] * e[k] for j, k in chosen) / sum(w[j] * w[k] for j, k in chosen)
        else:
            total = sum(e[j] * e[k] for j, k in chosen) / (len(chosen) * (1 - p / len(pairs)))
        assert fit.correlation[kind] == pytest.approx(total / phi)


def autoregressive_slope(example, e, phi, pairs, moments, alpha) -> float:
    """What is zero at the solution: over all pairs, or over neighbours with each cluster counting once."""
    w, total = example.weights, 0.0
    level = np.mean([np.mean(e[example.clusters == cluster] ** 2) for cluster in np.unique(example.clusters)])
    for j, k in pairs:
        apart = example.times[k] - example.times[j]
        mine = example.times[example.clusters == example.clusters[j]]
        if moments is Moments.GEEPACK:
            product, weight = np.sqrt(w[j] * w[k]) * e[j] * e[k] / phi, w[j] * w[k]
        elif np.any((mine > example.times[j]) & (mine < example.times[k])):
            continue
        else:
            weight = 1 / (len(mine) - 1)
            product = weight * e[j] * e[k] / level
        total += apart * alpha ** (apart - 1) * (product - weight * alpha**apart)
    return total


def test_weights_count_with_a_working_correlation() -> None:
    """A popular library gives the estimate of working independence here, and reports a correlation all the same."""
    example = Example(GeeFamily.BINOMIAL, Link.LOGIT)
    exchangeable, plain = example.fit(Exchangeable(alpha=0.6)), example.fit(Independence())
    assert np.abs(exchangeable.coefficients - plain.coefficients).max() > 0.01
    example.weights = np.ones_like(example.weights)
    assert np.abs(example.fit(Exchangeable(alpha=0.6)).coefficients - exchangeable.coefficients).max() > 0.01


def test_trials_are_weights_of_proportions() -> None:
    rng = np.random.default_rng(8)
    clusters, trials = np.repeat(np.arange(10), 3), rng.integers(5, 40, 30)
    design = np.column_stack([np.ones(30), clusters % 2])
    events = rng.binomial(trials, 0.3)
    options = {"clusters": clusters, "family": GeeFamily.BINOMIAL, "correlation": Exchangeable()}
    sums = gee(events, design, trials=trials, **options)
    shares = gee(events / trials, design, weights=trials, **options)
    assert isinstance(sums, GeeFit)
    assert isinstance(shares, GeeFit)
    assert sums.contrast([0, 1]) == shares.contrast([0, 1])


def test_one_row_a_cluster_takes_the_short_way_and_gets_the_same() -> None:
    """A row split in two with the same columns is the same cluster, seen through the general formula."""
    rng = np.random.default_rng(5)
    design = np.column_stack([np.ones(10), np.arange(10) % 2, rng.normal(size=10)])
    outcome = rng.poisson(8, 10).astype(float)
    short = gee(outcome, design, clusters=np.arange(10))
    split = np.concatenate([np.floor(outcome / 2), np.ceil(outcome / 2)])
    long = gee(split, np.vstack([design, design]), clusters=np.tile(np.arange(10), 2), offset=np.log(np.full(20, 0.5)))
    assert isinstance(short, GeeFit)
    assert isinstance(long, GeeFit)
    by_rows = {ClusterCorrection.CLUSTERS_AND_ROWS, ClusterCorrection.MOREL_BOKOSSA_NEERCHAL}
    by_rows |= {ClusterCorrection.MODEL_BASED, ClusterCorrection.BELL_MCCAFFREY}
    for correction in set(ClusterCorrection) - by_rows:
        for row in np.eye(3):
            assert short.std_error(row, correction) == pytest.approx(long.std_error(row, correction), rel=1e-6)


def test_a_joint_test_of_one_contrast_is_its_t_squared() -> None:
    rng = np.random.default_rng(7)
    design = np.column_stack([np.ones(20), np.arange(20) % 2, rng.normal(size=20)])
    fit = gee(rng.poisson(20, 20), design, clusters=np.arange(20), correction=ClusterCorrection.MANCL_DEROUEN)
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


@pytest.mark.parametrize("correction", ClusterCorrection)
def test_every_correction_has_a_covariance(correction: ClusterCorrection) -> None:
    example = Example(GeeFamily.POISSON, Link.LOG)
    needs_independence = correction is ClusterCorrection.BELL_MCCAFFREY
    fit = example.fit(Independence() if needs_independence else Exchangeable())
    assert fit.contrast([0, 1, 0], correction=correction).std_error > 0


@pytest.mark.parametrize(("family", "link"), MODELS)
def test_bell_and_mccaffrey_by_the_definition_of_their_matrix(family: GeeFamily, link: Link) -> None:
    """A is symmetric with A (V - D B D') A = V in every cluster, and A in place of (I - H)^-1/2 makes the error."""
    example = Example(family, link)
    fit = example.fit(Independence())
    mean, slope, variance = mean_of(example, fit.coefficients)
    d = example.design * slope[:, None]
    bread = np.linalg.inv(d.T @ (d / variance[:, None]))
    meat = np.zeros((3, 3))
    for cluster in range(12):
        rows = np.flatnonzero(example.clusters == cluster)
        v, root = np.diag(variance[rows]), np.diag(np.sqrt(variance[rows]))
        left = v - d[rows] @ bread @ d[rows].T
        a = root @ np.linalg.inv(np.real(sqrtm(root @ left @ root))) @ root
        assert a @ left @ a == pytest.approx(v)
        score = d[rows].T @ np.linalg.solve(v, a @ (example.outcome - mean)[rows])
        meat += np.outer(score, score)
    expected = np.sqrt(np.diag(bread @ meat @ bread))
    found = [fit.std_error(row, ClusterCorrection.BELL_MCCAFFREY) for row in np.eye(3)]
    assert found == pytest.approx(expected, rel=1e-7)


def test_bell_and_mccaffrey_need_independence() -> None:
    fit = Example(GeeFamily.POISSON, Link.LOG).fit(Exchangeable())
    with pytest.raises(ValueError, match="there for working independence"):
        fit.contrast([0, 1, 0], correction=ClusterCorrection.BELL_MCCAFFREY)


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
    found = gee(outcome, design, clusters=clusters)
    assert isinstance(found, NotEstimable)
    assert found.reason == reason


def test_an_arm_without_events_has_no_risk_difference_at_the_edge() -> None:
    design = np.column_stack([np.ones(12), np.repeat([0, 1], 6)])
    outcome = np.array([0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0.0])
    found = gee(outcome, design, clusters=np.arange(12) // 2, family=GeeFamily.BINOMIAL, link=Link.IDENTITY)
    assert isinstance(found, NotEstimable)
    assert found.reason == "mean-at-edge"


def test_a_given_correlation_that_is_impossible_is_refused() -> None:
    """In clusters of three no common correlation is below -1/2."""
    design = np.column_stack([np.ones(18), np.repeat([0, 1], 9)])
    options = {"clusters": np.arange(18) // 3, "family": GeeFamily.GAUSSIAN}
    found = gee(np.arange(18.0), design, correlation=Exchangeable(alpha=-0.6), **options)
    assert isinstance(found, NotEstimable)
    assert found.reason == "singular-correlation"


def test_an_estimated_correlation_that_is_impossible_falls_back_and_says_so() -> None:
    """Pairs of -1 and 1 ask for -1."""
    rng = np.random.default_rng(1)
    design = np.column_stack([np.ones(24), np.repeat([0, 1], 12)])
    outcome = np.tile([-1.0, 1.0], 12) + rng.normal(0, 1e-3, 24)
    options = {"clusters": np.arange(24) // 2, "family": GeeFamily.GAUSSIAN}
    found, plain = gee(outcome, design, correlation=Exchangeable(), **options), gee(outcome, design, **options)
    assert isinstance(found, GeeFit)
    assert isinstance(plain, GeeFit)
    assert found.structure == "independence"
    assert "working independence was used instead" in found.notes[0]
    assert found.contrast([0, 1]).std_error == plain.contrast([0, 1]).std_error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outcome": [2.0, 0, 0, 0], "family": GeeFamily.BINOMIAL}, "between 0 and 1"),
        ({"outcome": [-1.0, 0, 0, 0]}, "must not be negative"),
        ({"weights": [1.0, 1, 1, 0]}, "must be above zero"),
        ({"weights": [1.0, 1, 1]}, "do not match"),
        ({"offset": [0.0, 0, 0, np.nan]}, "must be finite"),
        ({"trials": [1.0, 1, 1, 1]}, "trials belong to the binomial family"),
        ({"link": Link.LOGIT}, "logit link belongs"),
        ({"weights": [1.0, 1, 1, 2], "moments": Moments.PAIRED}, "pairs need a row for each patient"),
        ({"correlation": Autoregressive(times=[0, 1, 2])}, "3 labels for 4 rows"),
        ({"correlation": Autoregressive(times=[0, 0, 0, 0], alpha=0.1), "clusters": [1, 1, 2, 3]}, "the same time"),
        ({"correlation": NestedExchangeable(periods=[0, 0, 1, 1], within=0.1)}, "give both correlations"),
        ({"correlation": Fixed(matrix=[[1, 0.2], [0.3, 1]], positions=[0, 1, 0, 1])}, "symmetric with ones"),
        ({"correlation": Fixed(matrix=np.eye(2), positions=[0, 1, 2, 1])}, "positions run from 0 to 1; got 0 to 2"),
        ({"correlation": Autoregressive(times=[0, 1, 0, 1]), "moments": Moments.PAIRED}, "pairs need an exchangeable"),
    ],
)
def test_impossible_input_is_an_error(options, message: str) -> None:
    given = {"outcome": [1.0, 0, 1, 1], "design": np.ones((4, 1)), "clusters": [1, 2, 3, 4]} | options
    with pytest.raises(ValueError, match=message):
        gee(**given)


def test_one_value_beyond_all_bounds_is_no_crash() -> None:
    """300 quantities about 1,000, and one of 10^15, the search of which rounding ends."""
    rng = np.random.default_rng(1)
    outcome = rng.lognormal(7, 0.5, 300)
    outcome[0] = 1e15
    covariate = rng.normal(size=300)
    covariate[0] = 10.0
    design = np.column_stack([np.ones(300), np.arange(300) % 2, covariate])
    found = gee(outcome, design, clusters=np.arange(300))
    assert isinstance(found, GeeFit) or found.reason in ("not-converged", "leverage")
