"""The equations of pairs by loops over pairs: at the solution they are zero."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from enginehouse.stats.gee import Exchangeable, GeeFamily, GeeFit, Moments, NestedExchangeable, gee


class Patients:
    """Nine clusters of 6 to 9 patients in three periods, ordered by period."""

    def __init__(self, family: GeeFamily) -> None:
        rng = np.random.default_rng(22)
        self.family = family
        self.clusters = np.repeat(np.arange(9), rng.integers(6, 10, 9))
        n = len(self.clusters)
        self.periods = np.concatenate([np.sort(rng.integers(0, 3, size)) for size in np.bincount(self.clusters)])
        self.design = np.column_stack([np.ones(n), self.clusters % 2])
        shared = rng.normal(0, 1.3, 9)[self.clusters]
        self.outcome = {
            GeeFamily.BINOMIAL: (rng.random(n) < expit(shared)).astype(float),
            GeeFamily.POISSON: (rng.poisson(1, 9)[self.clusters] + rng.poisson(2, n)).astype(float),
            GeeFamily.GAUSSIAN: 0.5 * shared + rng.normal(size=n),
        }[family]

    def fit(self, moments: Moments, *, nested: bool) -> GeeFit:
        found = gee(
            self.outcome,
            self.design,
            clusters=self.clusters,
            family=self.family,
            correlation=NestedExchangeable(periods=self.periods) if nested else Exchangeable(),
            moments=moments,
        )
        assert isinstance(found, GeeFit), found
        return found

    def kind(self, j: int, k: int, *, nested: bool) -> int:
        return int(nested and self.periods[j] != self.periods[k])


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("moments", [Moments.PAIRED, Moments.PAIRED_ADJUSTED])
@pytest.mark.parametrize("family", GeeFamily)
def test_the_equations_are_zero(family: GeeFamily, moments: Moments, nested: bool) -> None:
    example = Patients(family)
    fit = example.fit(moments, nested=nested)
    alpha = list(fit.correlation.values())
    eta = example.design @ fit.coefficients
    mean = {
        GeeFamily.BINOMIAL: expit(eta),
        GeeFamily.POISSON: np.exp(eta),
        GeeFamily.GAUSSIAN: eta,
    }[family]
    variance = {
        GeeFamily.BINOMIAL: mean * (1 - mean),
        GeeFamily.POISSON: mean,
        GeeFamily.GAUSSIAN: np.full(len(mean), fit.dispersion),
    }[family]
    slope = variance if family is not GeeFamily.GAUSSIAN else np.ones_like(mean)
    bread = np.linalg.inv(
        sum(
            d.T @ np.linalg.solve(v, d)
            for d, v in (pieces(example, cluster, slope, variance, alpha, nested)[:2] for cluster in range(9))
        )
    )
    total, squares = np.zeros(len(alpha)), 0.0
    for cluster in range(9):
        d, v, rows = pieces(example, cluster, slope, variance, alpha, nested)
        root = np.sqrt(variance[rows])
        plain = (example.outcome - mean)[rows] / root
        turned = (v @ np.linalg.solve(v - d @ bread @ d.T, (example.outcome - mean)[rows])) / root
        squares += float(turned @ plain) * (fit.dispersion if family is GeeFamily.GAUSSIAN else 1)
        first = turned if moments is Moments.PAIRED_ADJUSTED else plain
        for j in range(len(rows)):
            for k in range(j + 1, len(rows)):
                kind = example.kind(rows[j], rows[k], nested=nested)
                weight = 1 / pair_variance(family, mean[rows[j]], mean[rows[k]], alpha[kind])
                total[kind] += weight * (first[j] * plain[k] - alpha[kind])
    assert total == pytest.approx(np.zeros(len(alpha)), abs=1e-6)
    if family is GeeFamily.GAUSSIAN:
        assert fit.dispersion == pytest.approx(squares / (len(mean) - 2), rel=1e-7)
    else:
        assert fit.dispersion == 1.0


def pieces(example, cluster, slope, variance, alpha, nested):
    rows = np.flatnonzero(example.clusters == cluster)
    matrix = np.array([[1.0 if j == k else alpha[example.kind(j, k, nested=nested)] for k in rows] for j in rows])
    root = np.sqrt(variance[rows])
    return example.design[rows] * slope[rows, None], matrix * np.outer(root, root), rows


def pair_variance(family: GeeFamily, one: float, two: float, rho: float) -> float:
    if family is GeeFamily.GAUSSIAN:
        return 1 + rho**2
    if family is GeeFamily.POISSON:
        return 1 + rho**2 + rho / np.sqrt(one * two)
    lean = (1 - 2 * one) * (1 - 2 * two) / np.sqrt(one * (1 - one) * two * (1 - two))
    return 1 + lean * rho - rho**2
