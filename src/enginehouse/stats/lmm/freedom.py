"""Tests and estimates of a linear mixed model's contrasts: which degrees of freedom, and why.

Satterthwaite's approximation and the between-within rule are here, the algebra of Kenward and Roger in `kenward_roger`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtrc

from enginehouse.stats.fits import Array
from enginehouse.stats.lmm.deviance import lower_root
from enginehouse.stats.lmm.kenward_roger import KenwardRoger, kenward_roger

if TYPE_CHECKING:
    from enginehouse.stats.lmm.fit import LmmFit

FEW_CLUSTERS = 60
"""Below this many clusters Kenward and Roger's test is the recommended one, Satterthwaite's otherwise."""
MANY = 1e10
FLAT = 1e-4
"""A scaled curvature below the square of this tells nothing."""


class DfMethod(StrEnum):
    """Where the degrees of freedom of a contrast come from."""

    SATTERTHWAITE = "satterthwaite"
    KENWARD_ROGER = "kenward-roger"
    BETWEEN_WITHIN = "between-within"
    NORMAL = "normal"
    KACKAR_HARVILLE = "kackar-harville"
    """Normal, the standard error widened by how far the contrast moves with the variances as they are estimated."""

    @property
    def sentence(self) -> str:
        """What a reader is told."""
        return SENTENCES[self]


SENTENCES: Mapping[DfMethod, str] = {
    DfMethod.SATTERTHWAITE: "Degrees of freedom by Satterthwaite's approximation.",
    DfMethod.KENWARD_ROGER: "Standard error and degrees of freedom by Kenward and Roger's method.",
    DfMethod.BETWEEN_WITHIN: "Degrees of freedom: clusters (or rows) less coefficients.",
    DfMethod.NORMAL: "Normal interval, without a correction for few clusters.",
    DfMethod.KACKAR_HARVILLE: "Normal interval, widened for variances that are estimated.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTest:
    """An F test that several contrasts are all zero."""

    statistic: float
    numerator_df: float
    denominator_df: float
    method: DfMethod

    @property
    def p_value(self) -> float:
        """The chance of a larger F if all are zero."""
        return float(fdtrc(self.numerator_df, min(self.denominator_df, MANY), self.statistic))


@dataclass(frozen=True, slots=True)
class Moments:
    """The variance of a contrast and its degrees of freedom."""

    variance: float
    df: float


def recommended(fit: LmmFit) -> DfMethod:
    """Kenward and Roger's with fewer than 60 clusters, Satterthwaite's otherwise and for plain likelihood."""
    return DfMethod.KENWARD_ROGER if fit.reml and fit.clusters < FEW_CLUSTERS else DfMethod.SATTERTHWAITE


def white(fit: LmmFit, weights: Array) -> Array:
    """Contrasts of the fixed effects, shape (k, p), as contrasts of coefficients whose covariance is the identity."""
    found: Array = np.atleast_2d(weights) @ fit.model.turn @ fit.solved.inverse.T
    return found


def moments(fit: LmmFit, weights: Array, method: DfMethod) -> Moments:
    """Variance and degrees of freedom of one contrast."""
    turned = white(fit, weights)
    plain = fit.residual_variance * float(turned[0] @ turned[0])
    if method is DfMethod.SATTERTHWAITE:
        return Moments(plain, _satterthwaite(fit, turned)[0])
    if method is DfMethod.KENWARD_ROGER:
        adjusted = _adjustment(fit)
        variance = fit.residual_variance * float(turned[0] @ adjusted.covariance @ turned[0])
        return Moments(variance, adjusted.df(turned)[0])
    if method is DfMethod.KACKAR_HARVILLE:
        return Moments(plain + fit.residual_variance * float(turned[0] @ _moved(fit) @ turned[0]), math.inf)
    return Moments(plain, between_within(fit, weights) if method is DfMethod.BETWEEN_WITHIN else math.inf)


def joint_test(fit: LmmFit, weights: Array, method: DfMethod) -> JointTest:
    """F of several contrasts, shape (k, p) and of rank k, at once."""
    k = len(weights)
    if np.linalg.matrix_rank(weights) < k:
        raise ValueError("the contrasts of a joint test must not follow from one another")
    turned, values = white(fit, weights), weights @ fit.fixed_effects
    inside, df, factor = np.eye(turned.shape[1]), math.inf, 1.0
    if method is DfMethod.KENWARD_ROGER:
        adjusted = _adjustment(fit)
        inside, (df, factor) = adjusted.covariance, adjusted.df(turned)
    elif method is DfMethod.SATTERTHWAITE:
        df = _pooled(_satterthwaite(fit, _principal(turned)), k)
    elif method is DfMethod.KACKAR_HARVILLE:
        inside = inside + _moved(fit)
    elif method is DfMethod.BETWEEN_WITHIN:
        df = min(between_within(fit, row) for row in weights)
    covariance = fit.residual_variance * turned @ inside @ turned.T
    statistic = factor * float(values @ np.linalg.solve(covariance, values)) / k
    return JointTest(statistic=statistic, numerator_df=k, denominator_df=df, method=method)


def _adjustment(fit: LmmFit) -> KenwardRoger:
    if not fit.reml:
        raise ValueError("Kenward and Roger's test is of a fit by restricted likelihood: fit with reml=True")
    return kenward_roger(fit.objective, fit.solved)


def _satterthwaite(fit: LmmFit, turned: Array) -> Array:
    """2 v^2 / (g' A g) of each white contrast, A = 2 H^-1 being the covariance of the variance parameters.

    Parameters on a boundary do not move the variance to first order; curvatures that are not positive tell nothing of a
    parameter, and are left out.
    """
    sigma = fit.residual_sd
    size = np.einsum("ka,ka->k", turned, turned)
    moved = -(sigma**2) * np.einsum("ka,jab,kb->kj", turned, fit.derivatives.information, turned)
    gradient = np.column_stack([moved, 2 * sigma * size])
    hessian = fit.derivatives.joint(sigma)
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    along = (gradient * scale) @ _inverse_root(hessian * np.outer(scale, scale))
    spread = 2 * (along**2).sum(axis=1)
    found: Array = 2 * (sigma**2 * size) ** 2 / np.maximum(spread, 1e-300)
    return np.minimum(found, MANY)


def _inverse_root(matrix: Array) -> Array:
    """A square root of the inverse, directions of no or negative curvature left out."""
    try:
        root, inverse = lower_root(matrix)
        if np.diag(root).min() > FLAT:
            return inverse.T
    except np.linalg.LinAlgError:
        pass
    curvature, axes = np.linalg.eigh(matrix)
    good = curvature > FLAT**2
    found: Array = axes[:, good] / np.sqrt(curvature[good])
    return found


def _moved(fit: LmmFit) -> Array:
    """What the covariances' parameters, estimated as they are, add to the covariance of white coefficients.

    Kackar and Harville 1984, by observed derivatives and information: of all parameters jointly, as glmmTMB has it.
    """
    hessian = fit.derivatives.profiled
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    inverse = np.linalg.pinv(hessian * np.outer(scale, scale), rcond=1e-10, hermitian=True)
    moves = scale[:, None] * fit.derivatives.moves
    found: Array = 2 * moves.T @ inverse @ moves
    return found


def _principal(turned: Array) -> Array:
    """Uncorrelated contrasts that span the same, along the principal axes of their covariance."""
    _, axes = np.linalg.eigh(turned @ turned.T)
    found: Array = axes.T @ turned
    return found


def _pooled(each: Array, k: int) -> float:
    """The degrees of freedom of F from those of its uncorrelated parts: Fai and Cornelius 1996."""
    if np.ptp(each) < 1e-8 * each.max():
        return float(each.mean())
    if each.min() <= 2:
        return 2.0
    expected = float((each / (each - 2)).sum())
    return 2 * expected / (expected - k)


def between_within(fit: LmmFit, weights: Array) -> float:
    """Clusters less columns between them, or rows less clusters less columns within, whichever the contrast needs.

    A column belongs within where it varies within some cluster; a contrast of several columns has the smallest.
    """
    codes, design = fit.model.clusters, fit.model.design
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(fit.clusters))
    spread = np.maximum.reduceat(design[order], starts) - np.minimum.reduceat(design[order], starts)
    within = np.any(spread > 1e-12 * np.abs(design).max(axis=0), axis=0)
    between_df = fit.clusters - np.count_nonzero(~within)
    within_df = fit.rows - fit.clusters - np.count_nonzero(within)
    used = np.atleast_1d(weights) != 0
    found = [within_df] * bool(np.any(used & within)) + [between_df] * bool(np.any(used & ~within))
    return float(min(found))
