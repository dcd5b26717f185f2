"""Sums of cluster-periods against rows of patients, and their second equations by loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from enginehouse.stats.gee import (
    ClusterCorrection,
    DecayKind,
    Exchangeable,
    GeeFamily,
    GeeFit,
    Link,
    NestedExchangeable,
    cluster_period_gee,
    gee,
)
from enginehouse.stats.results import NotEstimable


class Wedge:
    """Twelve clusters in five periods of 5 to 30 patients; three crossing over at a time."""

    def __init__(self, seed: int = 4, clusters: int = 12) -> None:
        rng = np.random.default_rng(seed)
        self.clusters, self.periods = np.repeat(np.arange(clusters), 5), np.tile(np.arange(5), clusters)
        treated = (self.periods > self.clusters % 4).astype(float)
        times = [(self.periods == period).astype(float) for period in range(1, 5)]
        self.design = np.column_stack([np.ones(len(treated)), *times, treated])
        self.patients = rng.integers(5, 30, len(treated))
        steps = rng.normal(0, 0.5, (clusters, 5))
        for period in range(1, 5):
            steps[:, period] = 0.7 * steps[:, period - 1] + 0.7 * steps[:, period]
        self.events = rng.binomial(self.patients, 1 / (1 + np.exp(0.6 - 0.3 * treated - steps.ravel())))

    def fit(self, kind: DecayKind, **options) -> GeeFit:
        found = cluster_period_gee(
            self.events, self.patients, self.design, clusters=self.clusters, periods=self.periods, kind=kind, **options
        )
        assert isinstance(found, GeeFit), found
        return found


@pytest.mark.parametrize("link", Link)
@pytest.mark.parametrize("kind", [DecayKind.EXCHANGEABLE, DecayKind.NESTED_EXCHANGEABLE])
@pytest.mark.parametrize("is_adjusted", [False, True])
def test_sums_say_what_patients_say(kind: DecayKind, is_adjusted: bool, link: Link) -> None:
    """At the same correlation of patients, the two have the same scores: every correction is the same."""
    wedge = Wedge()
    fit = wedge.fit(kind, is_adjusted=is_adjusted, link=link)
    cell = np.repeat(np.arange(len(wedge.events)), wedge.patients)
    outcome = np.concatenate([np.arange(n) < y for y, n in zip(wedge.events, wedge.patients, strict=True)])
    if kind is DecayKind.EXCHANGEABLE:
        correlation = Exchangeable(alpha=fit.correlation["alpha"])
    else:
        correlation = NestedExchangeable(
            periods=wedge.periods[cell],
            within=fit.correlation["within_period"],
            between=fit.correlation["between_period"],
        )
    patients = gee(
        outcome.astype(float),
        wedge.design[cell],
        clusters=wedge.clusters[cell],
        family=GeeFamily.BINOMIAL,
        link=link,
        correlation=correlation,
    )
    assert isinstance(patients, GeeFit), patients
    assert fit.coefficients == pytest.approx(patients.coefficients, abs=1e-7)
    for correction in (ClusterCorrection.LIANG_ZEGER, ClusterCorrection.KC_MD_AVERAGE, ClusterCorrection.FAY_GRAUBARD):
        own = [fit.std_error(row, correction) for row in np.eye(6)]
        assert own == pytest.approx([patients.std_error(row, correction) for row in np.eye(6)], rel=1e-6)


@pytest.mark.parametrize("kind", DecayKind)
@pytest.mark.parametrize("is_adjusted", [False, True])
def test_correlations_are_least_squares_of_products(kind: DecayKind, is_adjusted: bool) -> None:
    """By loops over pairs of periods and a general search, at the coefficients that were found."""
    wedge = Wedge(seed=10)
    fit = wedge.fit(kind, is_adjusted=is_adjusted)
    found = np.array(list(fit.correlation.values()))
    mean = 1 / (1 + np.exp(-wedge.design @ fit.coefficients))
    v, m = mean * (1 - mean), wedge.patients.astype(float)
    resid = wedge.events / m - mean

    def covariance(alpha: np.ndarray, rows: np.ndarray) -> np.ndarray:
        matrix = np.diag(v[rows] * (1 + (m[rows] - 1) * alpha[0]) / m[rows])
        for j in range(len(rows)):
            for k in range(len(rows)):
                if j != k:
                    rho = {
                        DecayKind.EXCHANGEABLE: lambda _: alpha[0],
                        DecayKind.NESTED_EXCHANGEABLE: lambda _: alpha[1],
                        DecayKind.EXPONENTIAL_DECAY: lambda apart: alpha[0] * alpha[1] ** apart,
                    }[kind](abs(j - k))
                    matrix[j, k] = np.sqrt(v[rows[j]] * v[rows[k]]) * rho
        return matrix

    every = [np.flatnonzero(wedge.clusters == cluster) for cluster in range(12)]
    pieces = [(rows, wedge.design[rows] * v[rows, None], covariance(found, rows)) for rows in every]
    bread = np.linalg.inv(sum(d.T @ np.linalg.solve(w, d) for _, d, w in pieces))
    products = []
    for rows, d, w in pieces:
        turned = w @ np.linalg.solve(w - d @ bread @ d.T, resid[rows]) if is_adjusted else resid[rows]
        products.append(np.triu(np.outer(turned, resid[rows])))

    def loss(alpha: np.ndarray) -> float:
        return sum(np.sum((s - np.triu(covariance(alpha, rows))) ** 2) for s, rows in zip(products, every, strict=True))

    best = minimize(loss, found, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14}).x
    assert found == pytest.approx(best, abs=1e-5)


def test_a_decay_at_the_edge_of_its_range_says_so() -> None:
    """Here the products of neighbouring periods are negative, which no decay can be."""
    fit = Wedge(seed=4).fit(DecayKind.EXPONENTIAL_DECAY)
    assert fit.correlation["decay"] == 0.0
    assert fit.notes == ("The correlation between periods is at the edge of its range: a factor of 0.",)


def test_texts_and_gaps_as_periods() -> None:
    """Labels in order are as good as numbers; numbers with a gap make a decay further apart."""
    wedge = Wedge(seed=10)
    plain = wedge.fit(DecayKind.NESTED_EXCHANGEABLE)
    numbers, wedge.periods = wedge.periods, np.array(list("abcde"))[wedge.periods]
    assert wedge.fit(DecayKind.NESTED_EXCHANGEABLE).coefficients == pytest.approx(plain.coefficients)
    decay = wedge.fit(DecayKind.EXPONENTIAL_DECAY)
    wedge.periods = 2 * numbers
    wide = wedge.fit(DecayKind.EXPONENTIAL_DECAY)
    assert wide.correlation["decay"] ** 2 == pytest.approx(decay.correlation["decay"], rel=1e-6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda wedge: wedge.events.fill(0), "no-events"),
        (lambda wedge: wedge.design[:, 5].fill(1), "aliased-columns"),
        (lambda wedge: wedge.clusters.__imod__(5), "too-few-clusters"),
        (lambda wedge: wedge.events.__imul__(wedge.design[:, 5] == 0), "separation"),
    ],
)
def test_what_cannot_be_estimated(change, reason: str) -> None:
    wedge = Wedge(clusters=12)
    change(wedge)
    if reason == "too-few-clusters":
        wedge.periods = np.arange(60)
    found = cluster_period_gee(
        wedge.events, wedge.patients, wedge.design, clusters=wedge.clusters, periods=wedge.periods
    )
    assert isinstance(found, NotEstimable)
    assert found.reason == reason


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"events": [1, 2, 3]}, "do not match"),
        ({"events": [1, 2, 3, 11]}, "between 0 and the patients"),
        ({"events": [1, 2, 3, np.nan]}, "must be finite"),
        ({"periods": [0, 1, 1]}, "got 3 periods for 4 rows"),
        ({"periods": [0, 0, 0, 1]}, "two rows for one period"),
    ],
)
def test_impossible_input_is_an_error(options, message: str) -> None:
    given = {
        "events": [1, 2, 3, 4],
        "patients": [10, 10, 10, 10],
        "design": np.ones((4, 1)),
        "clusters": [1, 1, 2, 2],
        "periods": [0, 1, 0, 1],
    } | options
    with pytest.raises(ValueError, match=message):
        cluster_period_gee(**given)
