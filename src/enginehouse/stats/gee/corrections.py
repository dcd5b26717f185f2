"""Cluster-robust covariances with small-sample corrections, from the scores and the information of each cluster.

Which model the scores come from is the business of `fit` and `cluster_period`; nothing is fitted here. Degrees of
freedom are in `degrees`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc

from enginehouse.stats.gee.diagonal import DiagonalRows
from enginehouse.stats.results import NotEstimable

type Array = npt.NDArray[np.float64]

LARGEST_LEVERAGE = 1 - 1e-8
"""A cluster of which a combination of coefficients is determined by itself alone has leverage 1."""
SERIES_BOUND, SERIES_TOLERANCE = 0.5, 1e-17
"""Below this leverage a series takes less time than eigenvalues, and is as exact."""
FAY_GRAUBARD_BOUND = 0.75
MOREL_D, MOREL_R = 2.0, 1.0
"""The constants that Morel, Bokossa and Neerchal recommend."""


class ClusterCorrection(StrEnum):
    """How a cluster-robust covariance is corrected for a small number of clusters."""

    MODEL_BASED = "model-based, no sandwich"
    LIANG_ZEGER = "Liang-Zeger, uncorrected"
    CLUSTERS = "K/(K-1)"
    DEGREES_OF_FREEDOM = "K/(K-p)"
    CLUSTERS_AND_ROWS = "K/(K-1) x (n-1)/(n-p)"
    KAUERMANN_CARROLL = "Kauermann-Carroll"
    BELL_MCCAFFREY = "Bell-McCaffrey (CR2), for working independence"
    KAUERMANN_CARROLL_PRODUCT = "Kauermann-Carroll, products of corrected and plain scores"
    MANCL_DEROUEN = "Mancl-DeRouen"
    JACKKNIFE = "one-step jackknife"
    FAY_GRAUBARD = "Fay-Graubard"
    MOREL_BOKOSSA_NEERCHAL = "Morel-Bokossa-Neerchal"
    KC_MD_AVERAGE = "average of Kauermann-Carroll and Mancl-DeRouen"


@dataclass(frozen=True, eq=False)
class ClusterScores:
    """Scores of K clusters for p coefficients, with what the corrections need.

    Attributes
    ----------
    scores
        U_i = D_i' V_i^-1 (y_i - mu_i) at dispersion 1, shape (K, p).
    whitened
        Rows z of V^-1/2 D: one for each cluster, shape (K, p), where clusters have a single row. None otherwise.
    products
        D_i' V_i^-1 D_i of each cluster, shape (K, p, p); they sum to the inverse of `bread`. None for single rows.
    bread
        Shape (p, p).
    rows
        Number of rows, n.
    nuisance
        Number of parameters of dispersion and correlation that were estimated.
    within
        How many of the coefficients vary within every cluster, such as effects of months.
    dispersion
        Phi of the working variance.
    diagonal
        The rows themselves, where the working correlation is independence; Bell and McCaffrey's correction needs them.
    """

    scores: Array
    whitened: Array | None
    products: Array | None
    bread: Array
    rows: int
    nuisance: int = 0
    within: int = 0
    dispersion: float = 1.0
    diagonal: DiagonalRows | None = None

    @property
    def clusters(self) -> int:
        return len(self.scores)

    @property
    def coefficients(self) -> int:
        return int(self.scores.shape[1])

    @cached_property
    def information(self) -> Array:
        """D_i' V_i^-1 D_i of each cluster, shape (K, p, p)."""
        if self.products is not None:
            return self.products
        assert self.whitened is not None
        return np.asarray(self.whitened[:, :, None] * self.whitened[:, None, :])

    @cached_property
    def leverage(self) -> Array | None:
        """z'Bz of single rows, shape (K,), which makes the corrections a division; None otherwise."""
        if self.whitened is None:
            return None
        return np.asarray(((self.whitened @ self.bread) * self.whitened).sum(axis=1))

    @cached_property
    def lower(self) -> Array:
        """L with bread = L L'."""
        return np.linalg.cholesky(self.bread)

    @cached_property
    def turned(self) -> Array:
        """N_i = L' D_i' V_i^-1 D_i L, shape (K, p, p), of which the eigenvalues are the leverages of each cluster."""
        return np.asarray(self.lower.T @ self.information @ self.lower)

    @cached_property
    def bounds(self) -> Array:
        """What no leverage of a cluster exceeds: the trace, or the largest sum of a row, shape (K,)."""
        trace = np.einsum("kaa->k", self.turned)
        return np.asarray(np.minimum(trace, np.abs(self.turned).sum(axis=2).max(axis=1)))

    @cached_property
    def spectrum(self) -> tuple[Array, Array]:
        """Eigenvalues and vectors of N_i, of the clusters of which leverages may be large."""
        values, vectors = np.linalg.eigh(self.turned[self.bounds > SERIES_BOUND])
        return values, vectors

    def inflated(self, vectors: Array, power: float) -> Array:
        """(I - N_i)^-power v_i, shape (K, p): a binomial series where leverages are small, else by eigenvalues."""
        if power == 0.0:
            return vectors
        is_large = self.bounds > SERIES_BOUND
        found = _series(self.turned[~is_large], vectors[~is_large], power) if np.any(is_large) else None
        if found is None:
            return _series(self.turned, vectors, power)
        whole = np.empty_like(vectors)
        whole[~is_large] = found
        values, axes = self.spectrum
        scaled = np.einsum("kab,ka->kb", axes, vectors[is_large]) / (1 - values) ** power
        whole[is_large] = np.einsum("kab,kb->ka", axes, scaled)
        return whole

    def refusal(self) -> NotEstimable | None:
        """The answer *cannot be estimated* where too few clusters are left, or one of them determines a coefficient."""
        clusters, p = self.scores.shape
        if clusters <= p - self.within:
            return too_few(clusters, p - self.within)
        largest = self.leverage if self.leverage is not None else self.spectrum[0]
        if np.any(largest > LARGEST_LEVERAGE):
            return NotEstimable(
                reason="leverage",
                detail="One unit alone determines a coefficient of the model, so its variation cannot be seen.",
            )
        return None

    def covariances(self, correction: ClusterCorrection) -> tuple[Array, ...]:
        """One covariance matrix; two where standard errors are to be averaged."""
        if correction is ClusterCorrection.KC_MD_AVERAGE:
            return self._meat(self.powered(0.5)), self._meat(self.powered(1.0))
        return (_CORRECTIONS[correction](self),)

    def powered(self, power: float) -> Array:
        """D' V^-1 (I - H_i)^-power (y - mu) of each cluster, shape (K, p).

        With bread LL' and N_i = L' M_i L it equals L'^-1 (I - N_i)^-power L' U_i: p x p, whatever the cluster's size.
        """
        if power == 0.0:
            return self.scores
        if self.leverage is not None:
            return np.asarray(self.scores / ((1 - self.leverage) ** power)[:, None])
        return np.asarray(self.inflated(self.scores @ self.lower, power) @ np.linalg.inv(self.lower))

    def shares(self) -> Array:
        """Fay and Graubard's factors 1 / sqrt(1 - min(0.75, diag(M_i B))), shape (K, p)."""
        share = np.einsum("kab,ba->ka", self.information, self.bread)
        return np.asarray(1 / np.sqrt(1 - np.minimum(FAY_GRAUBARD_BOUND, share)))

    def _meat(self, scores: Array) -> Array:
        half = scores @ self.bread
        return np.asarray(half.T @ half)

    def _times(self, factor: float, power: float = 0.0) -> Array:
        return np.asarray(factor * self._meat(self.powered(power)))

    def _bell(self) -> Array:
        return self._meat(self.diagonal_rows.scores(self.bread))

    @property
    def diagonal_rows(self) -> DiagonalRows:
        if self.diagonal is None:
            raise ValueError(
                "Bell and McCaffrey's correction is there for working independence; Kauermann and Carroll's "
                "is its like for other correlations"
            )
        return self.diagonal

    def _halfway(self) -> Array:
        """B (sum U_i Ũ_i' + Ũ_i U_i') B / 2 with Ũ_i as Mancl and DeRouen correct it."""
        product = (self.scores @ self.bread).T @ (self.powered(1.0) @ self.bread)
        return np.asarray((product + product.T) / 2)

    def _morel(self) -> Array:
        """c V + delta xi B: scaled, and with a part of the model-based covariance at dispersion 1 added."""
        clusters, p = self.scores.shape
        plain = self._times(1.0)
        factor = (self.rows - 1) / (self.rows - p) * clusters / (clusters - 1)
        delta = p / (clusters - p) if clusters > (MOREL_D + 1) * p else 1 / MOREL_D
        excess = max(MOREL_R, float(np.trace(np.linalg.solve(self.bread, plain))) / p)
        return np.asarray(factor * plain + delta * excess * self.bread)


def _series(matrices: Array, vectors: Array, power: float) -> Array:
    """sum_j (power + j - 1 over j) N^j v, until what is left cannot be seen."""
    bound = float(np.abs(matrices).sum(axis=2).max(initial=0.0))
    bound = min(bound, float(np.einsum("kaa->k", matrices).max(initial=0.0)))
    total, term, size, j = vectors.copy(), vectors[:, :, None], 1.0, 0
    while size > SERIES_TOLERANCE:
        j += 1
        term = (matrices @ term) * ((power + j - 1) / j)
        total += term[:, :, 0]
        size *= bound * (power + j - 1) / j
    return total


def too_few(clusters: int, coefficients: int) -> NotEstimable:
    """The answer where there are not more units than coefficients."""
    return NotEstimable(
        reason="too-few-clusters",
        detail=f"{clusters} units cannot carry a model of {coefficients} coefficients; at least {coefficients + 1} are "
        "needed.",
    )


def _clusters_and_rows(parts: ClusterScores) -> Array:
    clusters, p = parts.scores.shape
    return parts._times(clusters / (clusters - 1) * (parts.rows - 1) / (parts.rows - p))


def _jackknife(parts: ClusterScores) -> Array:
    left = parts.clusters - parts.coefficients - parts.nuisance
    return parts._times(left / parts.clusters, 1.0)


_CORRECTIONS: Mapping[ClusterCorrection, Callable[[ClusterScores], Array]] = {
    ClusterCorrection.MODEL_BASED: lambda parts: parts.dispersion * parts.bread,
    ClusterCorrection.LIANG_ZEGER: lambda parts: parts._times(1.0),
    ClusterCorrection.CLUSTERS: lambda parts: parts._times(parts.clusters / (parts.clusters - 1)),
    ClusterCorrection.DEGREES_OF_FREEDOM: lambda parts: parts._times(
        parts.clusters / (parts.clusters - parts.coefficients)
    ),
    ClusterCorrection.CLUSTERS_AND_ROWS: _clusters_and_rows,
    ClusterCorrection.KAUERMANN_CARROLL: lambda parts: parts._times(1.0, 0.5),
    ClusterCorrection.BELL_MCCAFFREY: lambda parts: parts._bell(),
    ClusterCorrection.KAUERMANN_CARROLL_PRODUCT: lambda parts: parts._halfway(),
    ClusterCorrection.MANCL_DEROUEN: lambda parts: parts._times(1.0, 1.0),
    ClusterCorrection.JACKKNIFE: _jackknife,
    ClusterCorrection.FAY_GRAUBARD: lambda parts: parts._meat(parts.scores * parts.shares()),
    ClusterCorrection.MOREL_BOKOSSA_NEERCHAL: lambda parts: parts._morel(),
}
POWERS: Mapping[ClusterCorrection, float] = {
    correction: {
        ClusterCorrection.KAUERMANN_CARROLL: 0.5,
        ClusterCorrection.KC_MD_AVERAGE: 0.75,
        ClusterCorrection.MANCL_DEROUEN: 1.0,
        ClusterCorrection.JACKKNIFE: 1.0,
    }.get(correction, 0.0)
    for correction in ClusterCorrection
}
"""The power of (I - H_i)^-1 by which residuals are multiplied, for degrees of freedom; their mean has the mean."""


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


CORRECTION_WORDS: Mapping[ClusterCorrection, str] = {
    ClusterCorrection.MODEL_BASED: "as the working variance says, which must be right",
    ClusterCorrection.LIANG_ZEGER: "without a correction for few units",
    ClusterCorrection.CLUSTERS: "multiplied by K/(K-1) for few units",
    ClusterCorrection.DEGREES_OF_FREEDOM: "multiplied by K/(K-p) for few units",
    ClusterCorrection.CLUSTERS_AND_ROWS: "multiplied by K/(K-1) and (n-1)/(n-p) for few units",
    ClusterCorrection.KAUERMANN_CARROLL: "corrected for few units after Kauermann and Carroll",
    ClusterCorrection.BELL_MCCAFFREY: "corrected for few units after Bell and McCaffrey",
    ClusterCorrection.KAUERMANN_CARROLL_PRODUCT: "corrected for few units after Kauermann and Carroll, by products of "
    "corrected and plain scores",
    ClusterCorrection.MANCL_DEROUEN: "corrected for few units after Mancl and DeRouen",
    ClusterCorrection.JACKKNIFE: "from the jackknife in one step, each unit left out in turn",
    ClusterCorrection.FAY_GRAUBARD: "corrected for few units after Fay and Graubard",
    ClusterCorrection.MOREL_BOKOSSA_NEERCHAL: "corrected for few units after Morel, Bokossa and Neerchal",
    ClusterCorrection.KC_MD_AVERAGE: "corrected for few units by the mean of the standard errors of Kauermann and "
    "Carroll and of Mancl and DeRouen",
}
"""For pages: how the standard error was made fit for few clusters."""
