"""Clusters' own effects as a linear mixed model predicts them, and what is left: residuals, by row and by cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from enginehouse.stats.fits import Array
from enginehouse.stats.lmm.fit import LmmFit
from enginehouse.stats.lmm.structures import Decay
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MemberEffects:
    """Best linear unbiased predictions of one term.

    Attributes
    ----------
    term, effects
        Names of the term and of its q effects.
    labels
        Of the m members, in order.
    values, std_errors
        Shape (m, q); the errors are those given the fixed effects and the variances (lme4's `condVar`).
    """

    term: str
    effects: tuple[str, ...]
    labels: npt.NDArray[Any]
    values: Array
    std_errors: Array


def member_effects(fit: LmmFit) -> tuple[MemberEffects, ...]:
    """Predictions of every term's effects: E(u | y) = G Z'V^-1(y - X b).

    References
    ----------
    Robinson GK. Stat Sci 1991;6:15-32.
    """
    values, variances = _all_effects(fit)
    found = []
    for term, first in zip(fit.model.terms, fit.model.where.members, strict=True):
        places = first[:, None] + np.arange(len(term.scale))
        found.append(
            MemberEffects(
                term=term.name,
                effects=term.effects,
                labels=term.labels,
                values=values[places] / term.scale,
                std_errors=np.sqrt(np.maximum(variances[places], 0.0)) / term.scale,
            )
        )
    return tuple(found)


def _all_effects(fit: LmmFit) -> tuple[Array, Array]:
    """Every effect of every batch, and its variance given the data, in the order of the columns of Z."""
    turn = np.append(-fit.solved.coefficients, 1.0)
    values, variances = [], []
    for inner in fit.objective.inner(fit.solved):
        lower = inner.batch.spread(fit.objective.factors(fit.solved.theta))
        values.append((lower @ lower.T @ (inner.t @ turn)).T.ravel())
        each = np.diagonal(inner.c, axis1=1, axis2=2) * fit.residual_variance
        variances.append(np.broadcast_to(each, inner.t.shape[1::-1]).ravel())
    return np.concatenate(values), np.concatenate(variances)


def row_variances(fit: LmmFit) -> Array:
    """The variance that the random terms give to each row, shape (n,)."""
    found = np.zeros(fit.rows)
    for number, term in enumerate(fit.model.terms):
        covariance = fit.random_covariance(number)
        if isinstance(term.covariance, Decay):
            found += covariance[0, 0]
            continue
        columns = np.column_stack([value for _, value in term.entries]) * term.scale
        found += np.einsum("ia,ab,ib->i", columns, covariance, columns)
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Residuals:
    """What is left of each row, shape (n,): without (`marginal`) and with (`conditional`) its clusters' predictions."""

    marginal: Array
    conditional: Array


def residuals(fit: LmmFit) -> Residuals:
    """Marginal and conditional residuals of every row, in the units of the outcome."""
    marginal = fit.outcome - fit.model.design @ fit.fixed_effects
    return Residuals(marginal=marginal, conditional=marginal - fit.model.effects @ _all_effects(fit)[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterResiduals:
    """Residuals of each cluster, shapes (clusters,).

    Attributes
    ----------
    labels, rows
        Of the clusters.
    mean
        Mean marginal residual, rows counting by their weights.
    distance
        Squared distance of the cluster's rows from their expectation, (y - Xb)'V^-1(y - Xb): near `rows` if they vary
        as the model says.
    p_value
        Chance of a larger distance, chi-square with `rows` degrees of freedom. Small for clusters that the model does
        not describe; with many clusters some are small by chance.
    """

    labels: npt.NDArray[Any]
    rows: npt.NDArray[np.intp]
    mean: Array
    distance: Array
    p_value: Array


def cluster_residuals(fit: LmmFit) -> ClusterResiduals | NotEstimable:
    """How far each cluster lies from what the model expects of it.

    Returns
    -------
    ClusterResiduals or NotEstimable
        Reason: `linked-clusters` where a random term has members in several clusters.
    """
    where = fit.model.where
    if where.blocks != fit.clusters:
        return linked()
    left = residuals(fit).marginal
    codes, weights = fit.model.clusters, fit.model.weights
    count = np.bincount(codes, minlength=fit.clusters)
    squares = np.bincount(codes, weights * left**2, fit.clusters)
    turn = np.append(-fit.solved.coefficients, 1.0)
    for batch, (_, _, half) in zip(fit.objective.sums.batches, fit.solved.halves, strict=True):
        squares[batch.blocks] -= ((half @ turn) ** 2).sum(axis=0)
    distance = squares / fit.residual_variance
    return ClusterResiduals(
        labels=fit.model.labels,
        rows=count,
        mean=np.bincount(codes, weights * left, fit.clusters) / np.bincount(codes, weights, fit.clusters),
        distance=distance,
        p_value=chdtrc(count, distance),
    )


def linked() -> NotEstimable:
    """The answer where clusters cannot be taken one by one."""
    return NotEstimable(
        reason="linked-clusters",
        detail="Some random term has members with rows in several clusters, so that clusters are not independent.",
    )
