"""Cluster-robust covariances with small-sample corrections, from the scores and the information of each cluster.

Which model the scores come from is the business of `independence_gee`; nothing is fitted here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc

from enginehouse.stats.results import NotEstimable

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

LARGEST_LEVERAGE = 1 - 1e-8
"""A cluster of which a combination of coefficients is determined by itself alone has leverage 1."""
FAY_GRAUBARD_BOUND = 0.75


class ClusterCorrection(StrEnum):
    """How a cluster-robust covariance is corrected for a small number of clusters."""

    LIANG_ZEGER = "Liang-Zeger, uncorrected"
    DEGREES_OF_FREEDOM = "K/(K-p)"
    KAUERMANN_CARROLL = "Kauermann-Carroll"
    MANCL_DEROUEN = "Mancl-DeRouen"
    FAY_GRAUBARD = "Fay-Graubard"
    KC_MD_AVERAGE = "average of Kauermann-Carroll and Mancl-DeRouen"


@dataclass(frozen=True, slots=True, eq=False)
class ClusterScores:
    """Scores of K clusters for p coefficients, with what the corrections need.

    Attributes
    ----------
    scores
        U_i = D_i' V_i^-1 (y_i - mu_i), shape (K, p).
    information
        D_i' V_i^-1 D_i of each cluster, shape (K, p, p); they sum to the inverse of `bread`.
    bread
        Shape (p, p).
    leverage
        Where each cluster's information has rank one (a single row, or rows that share their columns), its leverage,
        shape (K,); None otherwise. It makes the corrections a division.
    """

    scores: Array
    information: Array
    bread: Array
    leverage: Array | None

    @property
    def clusters(self) -> int:
        return len(self.scores)

    def refusal(self) -> NotEstimable | None:
        """The answer *cannot be estimated* where too few clusters are left, or one of them determines a coefficient."""
        clusters, p = self.scores.shape
        if clusters <= p:
            return NotEstimable(
                reason="too-few-clusters",
                detail=f"{clusters} units cannot carry a model of {p} coefficients; at least {p + 1} are needed.",
            )
        if self._largest_leverage() > LARGEST_LEVERAGE:
            return NotEstimable(
                reason="leverage",
                detail="One unit alone determines a coefficient of the model, so its variation cannot be seen.",
            )
        return None

    def covariances(self, correction: ClusterCorrection) -> tuple[Array, ...]:
        """One covariance matrix; two where standard errors are to be averaged."""
        if correction is ClusterCorrection.KC_MD_AVERAGE:
            return self._meat(self._power(0.5)), self._meat(self._power(1.0))
        return (self._single(correction),)

    def _single(self, correction: ClusterCorrection) -> Array:
        clusters, p = self.scores.shape
        if correction is ClusterCorrection.LIANG_ZEGER:
            return self._meat(self.scores)
        if correction is ClusterCorrection.DEGREES_OF_FREEDOM:
            return np.asarray(self._meat(self.scores) * clusters / (clusters - p))
        if correction is ClusterCorrection.FAY_GRAUBARD:
            return self._meat(self._fay_graubard())
        return self._meat(self._power(0.5 if correction is ClusterCorrection.KAUERMANN_CARROLL else 1.0))

    def _meat(self, scores: Array) -> Array:
        half = scores @ self.bread
        return np.asarray(half.T @ half)

    def _power(self, power: float) -> Array:
        """D' V^-1 (I - H_i)^-power (y - mu) of each cluster.

        With bread LL' and N_i = L' M_i L it equals L'^-1 (I - N_i)^-power L' U_i: p x p, whatever the cluster's size.
        """
        if self.leverage is not None:
            return np.asarray(self.scores / ((1 - self.leverage) ** power)[:, None])
        lower = np.linalg.cholesky(self.bread)
        values, vectors = np.linalg.eigh(lower.T @ self.information @ lower)
        turned = np.einsum("kab,ka->kb", vectors, self.scores @ lower) / (1 - values) ** power
        return np.asarray(np.einsum("kab,kb->ka", vectors, turned) @ np.linalg.inv(lower))

    def _fay_graubard(self) -> Array:
        share = np.einsum("kab,ba->ka", self.information, self.bread)
        return np.asarray(self.scores / np.sqrt(1 - np.minimum(FAY_GRAUBARD_BOUND, share)))

    def _largest_leverage(self) -> float:
        if self.leverage is not None:
            return float(self.leverage.max())
        lower = np.linalg.cholesky(self.bread)
        return float(np.linalg.eigvalsh(lower.T @ self.information @ lower).max())


def standard_error(covariances: tuple[Array, ...], weights: Array) -> float:
    """The standard error of a weighted sum; the mean of the standard errors where there are two covariances."""
    return float(np.mean([math.sqrt(float(weights @ matrix @ weights)) for matrix in covariances]))


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTest:
    """A Wald test that several contrasts are all zero: F with its degrees of freedom."""

    statistic: float
    df_numerator: float
    df_denominator: float
    p_value: float


def joint_test(values: Array, covariances: tuple[Array, ...], contrasts: Array, *, df: float) -> JointTest:
    """F = (Lb)' (L V L')^-1 (Lb) / q with q and `df` degrees of freedom.

    Parameters
    ----------
    values
        Coefficients, shape (p,).
    covariances
        As `ClusterScores.covariances` gives them; two are averaged.
    contrasts
        L, shape (q, p), of full row rank.
    df
        Degrees of freedom of the denominator.
    """
    covariance = np.mean(np.stack(covariances), axis=0)
    effects = contrasts @ values
    quadratic = float(effects @ np.linalg.solve(contrasts @ covariance @ contrasts.T, effects))
    q = float(len(contrasts))
    statistic = quadratic / q
    return JointTest(
        statistic=statistic, df_numerator=q, df_denominator=df, p_value=float(fdtrc(q, min(df, 1e10), statistic))
    )


def by_cluster(rows: Array, clusters: Codes, count: int) -> Array:
    """Sums of rows (n, ...) over the clusters, shape (count, ...)."""
    if count == len(rows) and np.array_equal(clusters, np.arange(count)):
        return rows
    sums = np.zeros((count, *rows.shape[1:]))
    np.add.at(sums, clusters, rows)
    return sums


CORRECTION_WORDS: Mapping[ClusterCorrection, str] = {
    ClusterCorrection.LIANG_ZEGER: "without a correction for few units",
    ClusterCorrection.DEGREES_OF_FREEDOM: "multiplied by K/(K-p) for few units",
    ClusterCorrection.KAUERMANN_CARROLL: "corrected for few units after Kauermann and Carroll",
    ClusterCorrection.MANCL_DEROUEN: "corrected for few units after Mancl and DeRouen",
    ClusterCorrection.FAY_GRAUBARD: "corrected for few units after Fay and Graubard",
    ClusterCorrection.KC_MD_AVERAGE: "corrected for few units by the mean of the standard errors of Kauermann and "
    "Carroll and of Mancl and DeRouen",
}
"""For pages: how the standard error was made fit for few clusters."""
