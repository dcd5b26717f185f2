"""A made-up trial for mixed models, and the same models a second time with whole matrices of all rows."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import f as f_distribution


class Trial:
    """Twelve clusters of unequal size over four periods, half of them treated from the third on; rows in random order."""

    def __init__(self, *, seed: int = 5, clusters: int = 12, sd: float = 0.8, period_sd: float = 0.5) -> None:
        rng = np.random.default_rng(seed)
        sizes = rng.integers(1, 5, (clusters, 4))
        cluster, period = (np.repeat(x.ravel(), sizes.ravel()) for x in np.indices(sizes.shape))
        order = rng.permutation(len(cluster))
        self.cluster, self.period = cluster[order], period[order]
        n = len(order)
        self.person = self.cluster * 3 + rng.integers(0, 3, n)
        self.item = rng.integers(0, 3, n)
        self.treated = ((self.cluster % 2 == 0) & (self.period >= 2)).astype(float)
        self.age = rng.normal(size=n)
        effects = (
            rng.normal(0, sd, clusters)[self.cluster]
            + rng.normal(0, period_sd, (clusters, 4))[self.cluster, self.period]
        )
        effects += 0.3 * rng.normal(size=clusters)[self.cluster] * self.period
        self.outcome = 3 + 0.5 * self.treated + effects + rng.normal(size=n)
        self.design = np.column_stack([np.ones(n), self.treated, self.age, self.period])
        self.weights = rng.uniform(0.5, 2, n)


@pytest.fixture
def trial() -> Trial:
    return Trial()


@pytest.fixture
def trial_of() -> Callable[..., Trial]:
    return Trial


def same(labels: np.ndarray) -> np.ndarray:
    """Which rows belong to one member."""
    return (labels[:, None] == labels[None, :]).astype(float)


class Dense:
    """A mixed model by matrices of all rows: V is a sum of `parts`, each times a variance parameter.

    `covariance` turns parameters into V and its derivatives; by default they are the parts themselves.
    """

    def __init__(self, outcome, design, parts, *, reml: bool = True) -> None:
        self.y, self.x, self.parts, self.reml = outcome, design, parts, reml

    def v(self, parameters: np.ndarray) -> np.ndarray:
        return sum(value * part for value, part in zip(parameters, self.parts, strict=True))

    def deviance(self, parameters: np.ndarray) -> float:
        v = self.v(parameters)
        sign, logdet = np.linalg.slogdet(v)
        if sign <= 0:
            return math.inf
        inverse = np.linalg.inv(v)
        information = self.x.T @ inverse @ self.x
        beta = np.linalg.solve(information, self.x.T @ inverse @ self.y)
        left = self.y - self.x @ beta
        n, p = self.x.shape
        extra = np.linalg.slogdet(information)[1] - p * math.log(2 * math.pi) if self.reml else 0.0
        return logdet + n * math.log(2 * math.pi) + float(left @ inverse @ left) + extra

    def beta(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inverse = np.linalg.inv(self.v(parameters))
        covariance = np.linalg.inv(self.x.T @ inverse @ self.x)
        return covariance @ self.x.T @ inverse @ self.y, covariance

    def minimum(self, start: np.ndarray, *, any_sign: tuple[int, ...] = ()) -> float:
        """The smallest deviance by a search that knows no derivatives; parameters of `any_sign` may be negative."""
        signed = np.isin(np.arange(len(start)), any_sign)
        found = minimize(
            lambda at: self.deviance(at) if np.all(signed | (at >= 0)) else math.inf,
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 500},
        )
        return float(found.fun)

    def kenward_roger(self, parameters: np.ndarray, contrasts: np.ndarray) -> tuple[np.ndarray, float, float, float]:
        """Adjusted covariance of the contrasts, their F, its denominator degrees of freedom and its p value."""
        v_inverse = np.linalg.inv(self.v(parameters))
        beta, phi = self.beta(parameters)
        r = len(self.parts)
        p = [-self.x.T @ v_inverse @ part @ v_inverse @ self.x for part in self.parts]
        q = [
            [self.x.T @ v_inverse @ one @ v_inverse @ other @ v_inverse @ self.x for other in self.parts]
            for one in self.parts
        ]
        information = np.empty((r, r))
        for i in range(r):
            for j in range(r):
                trace = np.trace(v_inverse @ self.parts[i] @ v_inverse @ self.parts[j])
                information[i, j] = (trace - 2 * np.trace(phi @ q[i][j]) + np.trace(phi @ p[i] @ phi @ p[j])) / 2
        w = np.linalg.inv(information)
        adjust = sum(w[i, j] * (q[i][j] - p[i] @ phi @ p[j]) for i in range(r) for j in range(r))
        adjusted = phi + 2 * phi @ adjust @ phi
        k = len(contrasts)
        theta = contrasts.T @ np.linalg.inv(contrasts @ phi @ contrasts.T) @ contrasts
        a1 = sum(
            w[i, j] * np.trace(theta @ phi @ p[i] @ phi) * np.trace(theta @ phi @ p[j] @ phi)
            for i in range(r)
            for j in range(r)
        )
        a2 = sum(
            w[i, j] * np.trace(theta @ phi @ p[i] @ phi @ theta @ phi @ p[j] @ phi) for i in range(r) for j in range(r)
        )
        b = (a1 + 6 * a2) / (2 * k)
        g = ((k + 1) * a1 - (k + 4) * a2) / ((k + 2) * a2)
        c1, c2, c3 = (top / (3 * k + 2 * (1 - g)) for top in (g, k - g, k + 2 - g))
        expected = 1 / (1 - a2 / k)
        variance = (2 / k) * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
        rho = variance / (2 * expected**2)
        m = 4 + (k + 2) / (k * rho - 1)
        factor = m / (expected * (m - 2))
        covariance = contrasts @ adjusted @ contrasts.T
        values = contrasts @ beta
        statistic = factor * values @ np.linalg.inv(covariance) @ values / k
        return covariance, float(statistic), float(m), float(f_distribution.sf(statistic, k, m))


@pytest.fixture
def dense() -> type[Dense]:
    return Dense


@pytest.fixture
def same_member() -> Callable[[np.ndarray], np.ndarray]:
    return same
