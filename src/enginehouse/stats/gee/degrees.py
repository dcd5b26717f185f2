"""Degrees of freedom of a cluster-robust t statistic, and a saddlepoint p value, from the scores of the clusters.

Everything is p x p for each cluster; only the eigenvalues of the saddlepoint need a matrix of K x K.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr

from enginehouse.stats.gee.corrections import POWERS, ClusterCorrection, ClusterScores

type Array = npt.NDArray[np.float64]

NEAR_ZERO = 0.01
"""Nearer to zero than this a saddlepoint's p value comes from its limit."""
NEAREST = 1e-9
"""A t statistic of 1 has its saddlepoint at zero."""


class GeeDf(StrEnum):
    """Degrees of freedom of the t distribution of a contrast."""

    CLUSTERS_LESS_COEFFICIENTS = "clusters less coefficients"
    CLUSTERS_LESS_ONE = "clusters less one"
    SATTERTHWAITE = "Satterthwaite, with the working model as the truth (Bell-McCaffrey)"
    PAN_WALL = "Satterthwaite, with the variance of the sandwich from the clusters (Pan-Wall)"
    FAY_GRAUBARD = "Fay-Graubard, weights of clusters from the model (their delta 3 and 5)"
    FAY_GRAUBARD_EMPIRICAL = "Fay-Graubard, weights of clusters from their scores (their delta 2 and 4)"
    NORMAL = "normal"


def degrees_of_freedom(parts: ClusterScores, weights: Array, *, method: GeeDf, correction: ClusterCorrection) -> float:
    """Degrees of freedom of the contrast `weights`, shape (p,), with a standard error by `correction`.

    Notes
    -----
    `SATTERTHWAITE`: with residuals of the working model's variance, the corrected variance is a quadratic form with the
    matrix P_ij = 1{i = j} a_i'a_i - f_i' B f_j, a_i = Z_i L (I - N_i)^-s L'c the weights that cluster i's whitened
    residuals get and f_i = Z_i'a_i; df = tr(P)^2 / tr(P^2), from p x p sums. The two `FAY_GRAUBARD`
    are those of their section 2, with bias-corrected scores where `correction` is theirs. `PAN_WALL`:
    df = 2 v^2 / var(v), v = sum t_i^2, t_i = c'B U_i, its variance from the spread of t_i^2.

    References
    ----------
    Bell RM, McCaffrey DF. Surv Methodol 2002;28:169-181. Pan W, Wall MM. Stat Med 2002;21:1429-1441. Fay MP, Graubard
    BI. Biometrics 2001;57:1198-1206. Pustejovsky JE, Tipton E. J Bus Econ Stat 2018;36:672-683.
    """
    return _METHODS[method](parts, np.asarray(weights, dtype=float), correction)


def _satterthwaite(parts: ClusterScores, weights: Array, correction: ClusterCorrection) -> float:
    sizes, directions = _quadratic(parts, weights, correction)
    crossed = np.einsum("kp,kp->k", directions, directions)
    trace = float(np.sum(sizes - crossed))
    square = float(np.sum(sizes * (sizes - 2 * crossed)) + np.sum((directions.T @ directions) ** 2))
    return trace**2 / square


def _quadratic(parts: ClusterScores, weights: Array, correction: ClusterCorrection) -> tuple[Array, Array]:
    """a_i'a_i, shape (K,), and L'f_i, shape (K, p), so that P = diag(a'a) - (L'f)(L'f)'."""
    if correction is ClusterCorrection.BELL_MCCAFFREY:
        sizes, directions = parts.diagonal_rows.quadratic(parts.bread, weights)
        return sizes, directions @ parts.lower
    start = np.broadcast_to(parts.lower.T @ weights, parts.scores.shape)
    inside = parts.inflated(start, POWERS[correction])
    directions = np.einsum("kab,kb->ka", parts.turned, inside)
    return np.einsum("ka,ka->k", inside, directions), directions


def _pan_wall(parts: ClusterScores, weights: Array, correction: ClusterCorrection) -> float:
    bell = correction is ClusterCorrection.BELL_MCCAFFREY
    scores = parts.diagonal_rows.scores(parts.bread) if bell else parts.powered(POWERS[correction])
    square = (scores @ parts.bread @ weights) ** 2
    clusters = parts.clusters
    variance = clusters / (clusters - 1) * float(np.sum((square - square.mean()) ** 2))
    return 2 * float(square.sum()) ** 2 / variance if variance > 0 else math.inf


def _factors(parts: ClusterScores, correction: ClusterCorrection) -> Array:
    if correction is ClusterCorrection.FAY_GRAUBARD:
        return parts.shares()
    return np.ones_like(parts.scores)


def _fay_graubard(parts: ClusterScores, weights: Array, correction: ClusterCorrection) -> float:
    """Psi_i = w_i sum_j U_j U_j', w_i the fall in precision that leaving cluster i out brings."""
    factors = _factors(parts, correction)
    corrected = factors * parts.scores
    without = np.linalg.inv(np.linalg.inv(parts.bread) - parts.information) - parts.bread
    share = np.einsum("a,kab,b->k", weights, without, weights)
    middle = corrected.T @ corrected
    return _fay_graubard_df(parts, weights, factors, (share / share.sum())[:, None, None] * middle)


def _fay_graubard_empirical(parts: ClusterScores, weights: Array, correction: ClusterCorrection) -> float:
    factors = _factors(parts, correction)
    corrected = factors * parts.scores
    return _fay_graubard_df(parts, weights, factors, corrected[:, :, None] * corrected[:, None, :])


def _fay_graubard_df(parts: ClusterScores, weights: Array, factors: Array, psi: Array) -> float:
    """tr(Q)^2 / tr(Q^2) of Q_kl = g_k' Psi g_l, g_k by what all scores enter the residual part of cluster k's."""
    own = factors * (parts.bread @ weights)
    lent = np.einsum("ab,kbc,kc->ka", parts.bread, parts.information, own)
    crossed = np.einsum("ka,kab,lb->kl", own, psi, lent)
    matrix = lent @ psi.sum(axis=0) @ lent.T - crossed - crossed.T
    matrix[np.diag_indices(len(own))] += np.einsum("ka,kab,kb->k", own, psi, own)
    return max(float(np.trace(matrix)) ** 2 / float(np.sum(matrix**2)), 1.0)


_METHODS: Mapping[GeeDf, Callable[[ClusterScores, Array, ClusterCorrection], float]] = {
    GeeDf.CLUSTERS_LESS_COEFFICIENTS: lambda parts, _weights, _correction: float(
        parts.clusters - parts.coefficients + parts.within
    ),
    GeeDf.CLUSTERS_LESS_ONE: lambda parts, _weights, _correction: float(parts.clusters - 1),
    GeeDf.SATTERTHWAITE: _satterthwaite,
    GeeDf.PAN_WALL: _pan_wall,
    GeeDf.FAY_GRAUBARD: _fay_graubard,
    GeeDf.FAY_GRAUBARD_EMPIRICAL: _fay_graubard_empirical,
    GeeDf.NORMAL: lambda _parts, _weights, _correction: math.inf,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Saddlepoint:
    """A two-sided p value by a saddlepoint approximation, and the point itself."""

    point: float
    p_value: float


type RootFinder = Callable[[Callable[[float], float], float, float], float]


def exact_root(slope: Callable[[float], float], low: float, high: float) -> float:
    """At one end the slope is infinite."""
    short = 1 - 1e-12
    return float(brentq(slope, low * short, high * short, xtol=1e-15, rtol=1e-14))


def saddlepoint(
    parts: ClusterScores,
    weights: Array,
    *,
    t_statistic: float,
    correction: ClusterCorrection,
    find_root: RootFinder = exact_root,
) -> Saddlepoint:
    """The two-sided p value of a cluster-robust t statistic under the working model, by a saddlepoint approximation.

    Parameters
    ----------
    parts, weights, correction
        As in `degrees_of_freedom`.
    t_statistic
        T.
    find_root
        How the root of a function between two ends is found; to machine precision unless another is given.

    Notes
    -----
    P(t^2 > T^2) = P(chi_1 - T^2 sum_k e_k chi_k / sum e > 0) with e the eigenvalues of the quadratic form of
    `degrees_of_freedom`; Lugannani and Rice's tail area at the root of the derivative of its cumulant function.

    References
    ----------
    McCaffrey DF, Bell RM. Stat Med 2006;25:4081-4098. Pustejovsky JE, Tipton E. J Bus Econ Stat 2018;36:672-683.
    """
    sizes, directions = _quadratic(parts, np.asarray(weights, dtype=float), correction)
    eigenvalues = np.maximum(np.linalg.eigvalsh(np.diag(sizes) - directions @ directions.T), 0.0)
    gamma = np.concatenate([[1.0], -(t_statistic**2) * eigenvalues / eigenvalues.sum()])
    point = _root(gamma, t_statistic, find_root)
    if abs(point) <= NEAR_ZERO:
        skewness = float(np.sum(gamma**3) / np.sum(gamma**2) ** 1.5)
        return Saddlepoint(point=point, p_value=0.5 - skewness / (3 * math.sqrt(math.pi)))
    left = 1 - 2 * gamma * point
    root = math.copysign(math.sqrt(float(np.sum(np.log(left)))), point)
    slope = point * math.sqrt(2 * float(np.sum((gamma / left) ** 2)))
    density = math.exp(-(root**2) / 2) / math.sqrt(2 * math.pi)
    return Saddlepoint(point=point, p_value=float(ndtr(-root)) - density * (1 / root - 1 / slope))


def _root(gamma: Array, t_statistic: float, find_root: RootFinder) -> float:
    def slope(point: float) -> float:
        with np.errstate(divide="ignore"):
            return float(np.sum(gamma / (1 - 2 * gamma * point)))

    if abs(slope(0.0)) < NEAREST:
        return 0.0
    if t_statistic**2 < 1:
        return find_root(slope, 1 / (2 * float(gamma.min())), 0.0)
    return find_root(slope, 0.0, 1 / (2 * float(gamma.max())))
