"""The rows of a mixed model ordered by cluster, what varies between clusters and inside them, and sums over both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import Array, Codes, as_rows, codes_of, name_columns
from enginehouse.stats.glmm.families import MAX_COUNT
from enginehouse.stats.lmm.structures import RandomIntercept, Structure, Term, Unstructured


@dataclass(frozen=True, slots=True, eq=False)
class Inner:
    """An effect of every member inside a cluster, such as a practice's month.

    Attributes
    ----------
    name
        What varies, in words.
    column
        What a member's effect is multiplied by, shape (n,), divided by `scale`.
    starts, member, cluster
        First row of each member, shape (J,), the member of each row, shape (n,), and the cluster of each member.
    """

    name: str
    column: Array
    scale: float
    starts: Codes
    member: Codes
    cluster: Codes

    def by_member(self, values: Array) -> Array:
        """Sums over the rows of each member; the last axis is the rows."""
        return np.add.reduceat(values, self.starts, axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredRows:
    """Counts, design, offset and random columns, sorted by cluster and member.

    Attributes
    ----------
    random
        Shape (q, n): columns whose coefficients vary between clusters, each divided by its `scale`, shape (q,), so that
        all random effects have like size.
    free
        Places of the covariance's factor that may differ from zero, shape (q, q): effects of one term are correlated,
        effects of different terms are not.
    inner
        What varies inside clusters, if anything.
    starts, cluster, labels
        First row of each cluster, shape (C,), the cluster of each row, shape (n,), and the clusters' names in order.
    order
        Where each row stood in the data as given.
    """

    counts: Array
    trials: Array | None
    weights: Array | None
    design: Array
    offset: Array
    names: tuple[str, ...]
    random: Array
    scale: Array
    free: npt.NDArray[np.bool_]
    effects: tuple[tuple[str, str], ...]
    inner: Inner | None
    starts: Codes
    cluster: Codes
    labels: npt.NDArray[Any]
    order: Codes

    @property
    def clusters(self) -> int:
        return len(self.starts)

    def by_cluster(self, values: Array) -> Array:
        """Sums over the rows of each cluster; the last axis is the rows."""
        return np.add.reduceat(values, self.starts, axis=-1)

    def with_counts(self, counts: Array) -> ClusteredRows:
        """The same design with other counts, in the order of the rows here."""
        return replace(self, counts=counts)

    def reordered(self, places: Sequence[int]) -> ClusteredRows:
        """The same with the random columns in another order."""
        at = list(places)
        linked = self.free | self.free.T
        return replace(
            self,
            random=self.random[at],
            scale=self.scale[at],
            free=np.tril(linked[np.ix_(at, at)]),
            effects=tuple(self.effects[place] for place in at),
        )


def clustered_rows(
    counts: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    structure: Structure | None = None,
    offset: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
    trials: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> ClusteredRows:
    """Check the arrays and order them by cluster."""
    values, columns, shift = as_rows(counts, design, offset)
    total, prior = _trials(trials, values), _weights(weights, values)
    if np.any(values != np.round(values)) or np.any(values > MAX_COUNT):
        raise ValueError(
            "a mixed model of counts needs whole numbers up to ten million: model quantities by quasi-Poisson"
        )
    codes, number = codes_of(clusters, len(values))
    outer, within = _split((structure or RandomIntercept()).terms(clusters, len(values)), codes)
    order = np.argsort(codes, kind="stable") if within is None else np.lexsort((within.codes, codes))
    return ClusteredRows(
        counts=values[order],
        trials=None if total is None else total[order],
        weights=None if prior is None else prior[order],
        design=np.ascontiguousarray(columns[order]),
        offset=shift[order],
        names=name_columns(names, columns.shape[1]),
        random=np.array([column[order] for term in outer for _, column in term.entries]),
        scale=np.concatenate([term.scale for term in outer]),
        free=_free([len(term.entries) for term in outer]),
        effects=tuple((term.name, effect) for term in outer for effect in term.effects),
        inner=None if within is None else _inner(within, codes[order], order),
        starts=np.searchsorted(codes[order], np.arange(number)).astype(np.intp),
        cluster=codes[order],
        labels=np.unique(np.asarray(clusters)),
        order=order.astype(np.intp),
    )


def _split(terms: Sequence[Term], codes: Codes) -> tuple[list[Term], Term | None]:
    """Terms of whole clusters, and the one term of members inside them."""
    if not all(isinstance(term.covariance, Unstructured) for term in terms):
        raise ValueError("a mixed model of counts has no decay structure: choose nested or random effects")
    outer = [term for term in terms if _same(term.codes, codes)]
    inside = [term for term in terms if not _same(term.codes, codes)]
    if not outer:
        raise ValueError("something must vary between clusters")
    if not all(np.any(column) for term in terms for _, column in term.entries):
        raise ValueError("a column whose effect varies must not be all zero")
    if len(inside) > 1 or any(len(term.entries) > 1 for term in inside):
        raise ValueError("inside clusters one effect may vary: that of one grouping, such as a cluster's period")
    if inside and np.any(_number_of_pairs(inside[0].codes, codes) > inside[0].levels):
        raise ValueError(f"{inside[0].name} is not nested in the clusters: each member must belong to one cluster")
    return outer, inside[0] if inside else None


def _same(one: Codes, other: Codes) -> bool:
    pairs = _number_of_pairs(one, other)
    return bool(pairs == len(np.unique(one)) == len(np.unique(other)))


def _number_of_pairs(one: Codes, other: Codes) -> int:
    return len(np.unique(one.astype(np.int64) * (int(other.max()) + 1) + other))


def _free(sizes: Sequence[int]) -> npt.NDArray[np.bool_]:
    term = np.repeat(np.arange(len(sizes)), sizes)
    return np.tril(term[:, None] == term)


def _inner(term: Term, codes: Codes, order: Codes) -> Inner:
    member = term.codes[order]
    new = np.concatenate([[True], (member[1:] != member[:-1]) | (codes[1:] != codes[:-1])])
    starts = np.flatnonzero(new)
    return Inner(
        name=term.name,
        column=term.entries[0][1][order],
        scale=float(term.scale[0]),
        starts=starts.astype(np.intp),
        member=(np.cumsum(new) - 1).astype(np.intp),
        cluster=codes[starts],
    )


def _trials(trials: npt.ArrayLike | None, events: Array) -> Array | None:
    if trials is None:
        return None
    total = np.asarray(trials, dtype=float)
    if total.shape != events.shape or np.any(total != np.round(total)) or np.any(events > total) or np.any(total < 1):
        raise ValueError("trials must be whole numbers of at least 1, one for each row, and no fewer than the events")
    return total


def _weights(weights: npt.ArrayLike | None, values: Array) -> Array | None:
    if weights is None:
        return None
    prior = np.asarray(weights, dtype=float)
    if prior.shape != values.shape or not np.all(np.isfinite(prior)) or np.any(prior <= 0):
        raise ValueError("weights must be finite and above zero, one for each row")
    return prior
