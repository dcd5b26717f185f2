"""The rows of a mixed model ordered by cluster, and sums over clusters of small matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import Array, Codes, as_rows, codes_of, name_columns
from enginehouse.stats.glmm.families import MAX_COUNT


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredRows:
    """Counts, design, offset and random columns, sorted by cluster.

    Attributes
    ----------
    random
        Shape (q, n), q = 1 or 2: ones, and the column whose slope varies between clusters, centred as given and
        divided by `slope_scale` so that both random effects have like size.
    starts, cluster, labels
        First row of each cluster, shape (C,), the cluster of each row, shape (n,), and the clusters' names in order.
    """

    counts: Array
    trials: Array | None
    design: Array
    offset: Array
    names: tuple[str, ...]
    random: Array
    slope_scale: float
    starts: Codes
    cluster: Codes
    labels: npt.NDArray[Any]

    @property
    def clusters(self) -> int:
        return len(self.starts)

    def by_cluster(self, values: Array) -> Array:
        """Sums over the rows of each cluster; the last axis is the rows."""
        return np.add.reduceat(values, self.starts, axis=-1)


def clustered_rows(
    counts: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    offset: npt.ArrayLike | None,
    slope: npt.ArrayLike | None,
    names: Sequence[str] | None,
    trials: npt.ArrayLike | None = None,
) -> ClusteredRows:
    """Check the arrays and order them by cluster."""
    values, columns, shift = as_rows(counts, design, offset)
    total = _trials(trials, values)
    if np.any(values != np.round(values)) or np.any(values > MAX_COUNT):
        raise ValueError(
            "a mixed model of counts needs whole numbers up to ten million: model quantities by quasi-Poisson"
        )
    codes, number = codes_of(clusters, len(values))
    random, scale = _random_columns(slope, len(values))
    order = np.argsort(codes, kind="stable")
    return ClusteredRows(
        counts=values[order],
        trials=None if total is None else total[order],
        design=columns[order],
        offset=shift[order],
        names=name_columns(names, columns.shape[1]),
        random=np.ascontiguousarray(random[:, order]),
        slope_scale=scale,
        starts=np.searchsorted(codes[order], np.arange(number)).astype(np.intp),
        cluster=codes[order],
        labels=np.unique(np.asarray(clusters)),
    )


def _trials(trials: npt.ArrayLike | None, events: Array) -> Array | None:
    if trials is None:
        return None
    total = np.asarray(trials, dtype=float)
    if total.shape != events.shape or np.any(total != np.round(total)) or np.any(events > total) or np.any(total < 1):
        raise ValueError("trials must be whole numbers of at least 1, one for each row, and no fewer than the events")
    return total


def _random_columns(slope: npt.ArrayLike | None, rows: int) -> tuple[Array, float]:
    if slope is None:
        return np.ones((1, rows)), 1.0
    column = np.asarray(slope, dtype=float)
    if column.shape != (rows,) or not np.all(np.isfinite(column)) or not np.any(column):
        raise ValueError("the column of the random slope must be finite, not all zero, one value for each row")
    scale = float(np.sqrt(np.mean(column**2)))
    return np.stack([np.ones(rows), column / scale]), scale
