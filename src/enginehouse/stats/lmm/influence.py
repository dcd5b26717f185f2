"""What an estimate would be without one cluster: cheap, because the sums of the others are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import Array
from enginehouse.stats.lmm.deviance import Deviance, Solved
from enginehouse.stats.lmm.fit import LmmFit
from enginehouse.stats.lmm.prediction import linked
from enginehouse.stats.lmm.search import search
from enginehouse.stats.results import NotEstimable

GONE = 1e-8
"""A pivot smaller than this share of what it was: the effect cannot be estimated without the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Influence:
    """A contrast without each cluster in turn.

    Attributes
    ----------
    labels
        Of the clusters that can be left out, shape (k,).
    values, std_errors
        The contrast and its plain standard error without that cluster, shape (k,).
    changes
        The whole estimate less that, in standard errors of the whole, shape (k,).
    needed
        Labels of clusters without which the model cannot be fitted, such as the only one with some column.
    """

    labels: npt.NDArray[Any]
    values: Array
    std_errors: Array
    changes: Array
    needed: tuple[Any, ...]


def influence(
    fit: LmmFit, weights: Sequence[float] | Array | Mapping[str, float], *, refit: bool = True
) -> Influence | NotEstimable:
    """A weighted sum of fixed effects as it would be without each cluster.

    Parameters
    ----------
    fit
        Any fit whose random terms lie within clusters.
    weights
        Shape (p,), or weights of named effects.
    refit
        Whether variances are estimated anew without the cluster; otherwise they are kept, which is faster.

    Returns
    -------
    Influence or NotEstimable
        Reason: `linked-clusters` where a random term has members in several clusters.

    Notes
    -----
    A cluster contributes sums that are taken off those of all clusters; no row is read again.
    """
    if fit.model.where.blocks != fit.clusters:
        return linked()
    vector = fit.weights(weights)
    turned = fit.model.turn.T @ vector
    whole = float(vector @ fit.fixed_effects)
    error = float(np.sqrt(vector @ fit.covariance @ vector))
    centre = whole - float(turned @ fit.solved.coefficients)
    found: list[tuple[int, float, float]] = []
    needed: list[int] = []
    for cluster, less in enumerate(_without_each(fit)):
        solved = _solved(less, fit, refit=refit)
        if solved is None:
            needed.append(cluster)
            continue
        half = solved.inverse @ turned
        variance = solved.residual_variance if refit else fit.residual_variance
        found.append((cluster, centre + float(turned @ solved.coefficients), float(np.sqrt(variance * half @ half))))
    values = np.array([value for _, value, _ in found])
    return Influence(
        labels=fit.model.labels[[cluster for cluster, _, _ in found]],
        values=values,
        std_errors=np.array([one for _, _, one in found]),
        changes=(whole - values) / error,
        needed=tuple(fit.model.labels[needed].tolist()),
    )


def _without_each(fit: LmmFit) -> list[Deviance]:
    """The deviance of all rows but those of one cluster, for each."""
    where, sums = fit.model.where, fit.objective.sums
    both = np.column_stack([fit.model.columns, _left(fit)])
    order = np.argsort(fit.model.clusters, kind="stable")
    ends = np.cumsum(np.bincount(fit.model.clusters, minlength=fit.clusters))
    rooted = (np.sqrt(fit.model.weights)[:, None] * both)[order]
    found = []
    for cluster in range(fit.clusters):
        mine = rooted[ends[cluster - 1] if cluster else 0 : ends[cluster]]
        which, place = where.batch[cluster], where.index[cluster]
        batches = list(sums.batches)
        batches[which] = batches[which].without(int(place))
        less = replace(
            sums,
            batches=tuple(one for one in batches if len(one.blocks)),
            whole=sums.whole - mine.T @ mine,
            rows=sums.rows - len(mine),
        )
        found.append(replace(fit.objective, sums=less))
    return found


def _left(fit: LmmFit) -> Array:
    """What least squares without random terms leaves of the outcome: the outcome of the sums."""
    return fit.model.least_squares(fit.outcome)[1]


def _solved(less: Deviance, fit: LmmFit, *, refit: bool) -> Solved | None:
    """Least squares without the cluster; None where a coefficient cannot be estimated then."""
    p = less.sums.columns
    if less.sums.rows <= p:
        return None
    try:
        pivots = np.diag(np.linalg.cholesky(less.sums.whole[:p, :p]))
        if pivots.min() ** 2 < GONE:
            return None
        return search(less, fit.solved.theta).solved if refit else less.at(fit.solved.theta)
    except np.linalg.LinAlgError:
        return None
