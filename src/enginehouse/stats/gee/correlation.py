"""Working correlations: what a user asks for, and how rows are made uncorrelated under it without any inverse n x n.

Each structure R = C C' gives C^-1 times columns in closed form, as sums over clusters. How its parameters are estimated
is in `moments` and `second_equations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from enginehouse.stats.gee.layout import Array, Batch, Codes, Layout, layout_of

SMALLEST_PIVOT = 1e-10
"""A working correlation with a smaller eigenvalue (or variance of a row given the rows before it) is singular."""


class Bound(Protocol):
    """A structure that knows the rows: the parameters come as an array in the order of `parameters`."""

    def is_definite(self, parameters: Array, /) -> bool:
        """Whether every cluster's correlation matrix has an inverse."""

    def whiten(self, columns: Array, parameters: Array, /) -> Array:
        """C^-1 times sorted columns, shape (n, c)."""

    def pairs(self, values: Array, /) -> Array:
        """Sums of v_j v_k over the pairs of rows to which each parameter belongs, shape (q,)."""


@runtime_checkable
class PairedBound(Bound, Protocol):
    """A structure in which every pair of rows is of one of a few kinds."""

    def kinds(self, batch: Batch, /) -> Codes:
        """Which parameter is the correlation of each pair, shape (clusters, size, size)."""


class Structure(Protocol):
    """A working correlation as a user names it."""

    @property
    def name(self) -> str:
        """For results and records."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of its parameters."""

    @property
    def known(self) -> Array | None:
        """Their values where the user fixed them; None where they are to be estimated."""

    @property
    def key(self) -> Array | None:
        """By what rows are sorted inside a cluster, shape (n,)."""

    def bind(self, layout: Layout) -> Bound:
        """The structure on these rows."""


@dataclass(frozen=True, slots=True)
class Independence:
    """Rows are treated as unrelated; the sandwich makes up for it."""

    name: str = "independence"
    parameters: tuple[str, ...] = ()
    key: None = None

    @property
    def known(self) -> Array:
        return np.zeros(0)

    def bind(self, layout: Layout) -> Bound:
        return _Unrelated(layout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchangeable:
    """Any two rows of a cluster are correlated alike; `alpha` fixes how much."""

    alpha: float | None = None
    name: str = "exchangeable"
    parameters: tuple[str, ...] = ("alpha",)
    key: None = None

    @property
    def known(self) -> Array | None:
        return None if self.alpha is None else np.array([self.alpha])

    def bind(self, layout: Layout) -> Bound:
        return _Exchangeable(layout)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NestedExchangeable:
    """Rows of one period of a cluster are correlated by `within`, rows of two periods by `between`.

    `periods` labels the period of each row, shape (n,). Give both correlations to fix them, or neither.
    """

    periods: npt.ArrayLike
    within: float | None = None
    between: float | None = None
    name: str = "nested-exchangeable"
    parameters: tuple[str, ...] = ("within_period", "between_period")

    @property
    def known(self) -> Array | None:
        if (self.within is None) != (self.between is None):
            raise ValueError("give both correlations, within and between periods, or neither")
        return None if self.within is None or self.between is None else np.array([self.within, self.between])

    @property
    def key(self) -> Array:
        return np.unique(np.asarray(self.periods), return_inverse=True)[1].astype(float)

    def bind(self, layout: Layout) -> Bound:
        return _Nested(layout, self.key[layout.order])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Autoregressive:
    """Rows d units of time apart are correlated by alpha to the power d, also where months are missing.

    `times` is the time of each row, shape (n,). A negative alpha needs whole numbers.
    """

    times: npt.ArrayLike
    alpha: float | None = None
    name: str = "autoregressive"
    parameters: tuple[str, ...] = ("alpha",)

    @property
    def known(self) -> Array | None:
        return None if self.alpha is None else np.array([self.alpha])

    @property
    def key(self) -> Array:
        return np.asarray(self.times, dtype=float)

    def bind(self, layout: Layout) -> Bound:
        return AutoregressiveBound(layout, self.key[layout.order])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fixed:
    """A correlation matrix that the user gives, shape (T, T), and the place of each row in it, 0 to T - 1."""

    matrix: npt.ArrayLike
    positions: npt.ArrayLike
    name: str = "fixed"
    parameters: tuple[str, ...] = ()

    @property
    def known(self) -> Array:
        return np.zeros(0)

    @property
    def key(self) -> Array:
        return np.asarray(self.positions, dtype=float)

    def bind(self, layout: Layout) -> Bound:
        matrix = np.asarray(self.matrix, dtype=float)
        if matrix.ndim != 2 or not np.allclose(matrix, matrix.T) or not np.allclose(np.diag(matrix), 1):
            raise ValueError("a fixed working correlation is symmetric with ones on its diagonal")
        places = np.asarray(self.positions, dtype=np.intp)[layout.order]
        if places.min() < 0 or places.max() >= len(matrix):
            raise ValueError(f"positions run from 0 to {len(matrix) - 1}; got {places.min()} to {places.max()}")
        return _Fixed(layout, matrix, places)


@dataclass(frozen=True, slots=True, eq=False)
class _Unrelated:
    layout: Layout

    def is_definite(self, _parameters: Array) -> bool:
        return True

    def whiten(self, columns: Array, _parameters: Array) -> Array:
        return columns

    def pairs(self, _values: Array) -> Array:
        return np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class _Exchangeable:
    layout: Layout

    def is_definite(self, parameters: Array) -> bool:
        alpha = float(parameters[0])
        return min(1 - alpha, 1 + (int(self.layout.sizes.max()) - 1) * alpha) > SMALLEST_PIVOT

    def whiten(self, columns: Array, parameters: Array) -> Array:
        """R^-1/2 z = (z - k mean(z)) / sqrt(1 - alpha), k = 1 - sqrt((1 - alpha) / (1 + (n - 1) alpha))."""
        alpha, sizes = float(parameters[0]), self.layout.sizes
        shrunk = (1 - np.sqrt((1 - alpha) / (1 + (sizes - 1) * alpha))) / sizes
        found = self.layout.less(columns, shrunk[:, None] * self.layout.sums(columns))
        found /= np.sqrt(1 - alpha)
        return found

    def pairs(self, values: Array) -> Array:
        return np.array([_pairs(self.layout, values)])

    def kinds(self, batch: Batch) -> Codes:
        return np.zeros((len(batch.clusters), batch.size, batch.size), dtype=np.intp)


@dataclass(frozen=True, eq=False)
class _Nested:
    layout: Layout
    periods: Array

    @cached_property
    def cells(self) -> Layout:
        """Cluster-periods as clusters, in the same order of rows."""
        span = self.layout.codes * (self.periods.max() + 1) + self.periods
        codes = np.unique(span, return_inverse=True)[1].astype(np.intp)
        return layout_of(codes, int(codes.max()) + 1)

    @cached_property
    def cluster_of_cell(self) -> Codes:
        return self.layout.codes[self.cells.starts]

    def _shares(self, within: float, between: float) -> tuple[Array, Array]:
        """1 - within + m (within - between) of each cell, and sum_cells m / that of each cluster."""
        spread = np.asarray(1 - within + self.cells.sizes * (within - between), dtype=np.float64)
        return spread, np.bincount(self.cluster_of_cell, self.cells.sizes / spread, minlength=self.layout.clusters)

    def is_definite(self, parameters: Array) -> bool:
        within, between = parameters
        if min(1 - within, float(np.min(1 - within + self.cells.sizes * (within - between)))) <= SMALLEST_PIVOT:
            return False
        return bool(np.min(1 + between * self._shares(within, between)[1]) > SMALLEST_PIVOT)

    def whiten(self, columns: Array, parameters: Array) -> Array:
        """First inside cells, where R is exchangeable, then the one direction that cells of a cluster share."""
        within, between = (float(value) for value in parameters)
        spread, shares = self._shares(within, between)
        shrunk = (1 - np.sqrt((1 - within) / spread)) / self.cells.sizes
        inside = self.cells.less(columns, shrunk[:, None] * self.cells.sums(columns)) / np.sqrt(1 - within)
        common = self.cells.spread(1 / np.sqrt(spread))[:, None]
        factor = (1 - 1 / np.sqrt(1 + between * shares)) / shares
        return np.asarray(inside - common * self.layout.spread(factor[:, None] * self.layout.sums(common * inside)))

    def pairs(self, values: Array) -> Array:
        same = _pairs(self.cells, values)
        return np.array([same, _pairs(self.layout, values) - same])

    def kinds(self, batch: Batch) -> Codes:
        periods = batch.take(self.periods)
        return np.asarray(periods[:, :, None] != periods[:, None, :], dtype=np.intp)


@dataclass(frozen=True, eq=False)
class AutoregressiveBound:
    """Rows that know their times; moments ask for their neighbours or for all their pairs."""

    layout: Layout
    times: Array

    @cached_property
    def gaps(self) -> Array:
        """Time since the row before; infinite for the first of a cluster."""
        gaps = np.diff(self.times, prepend=-np.inf)
        gaps[self.layout.starts] = np.inf
        if np.any(gaps <= 0):
            raise ValueError("two rows of a cluster have the same time, where an autoregressive correlation would be 1")
        return gaps

    @cached_property
    def is_whole(self) -> bool:
        return bool(np.all(self.times == np.round(self.times)))

    def powers(self, alpha: float, gaps: Array) -> Array:
        """Alpha to the power of each gap; 0 for the first row."""
        with np.errstate(invalid="ignore", divide="ignore"):
            size = np.abs(alpha) ** gaps
        size[np.isinf(gaps)] = 0.0
        is_odd = np.isfinite(gaps) & (np.where(np.isfinite(gaps), gaps, 0.0) % 2 == 1)
        return np.asarray(np.where(is_odd & (alpha < 0), -size, size))

    def is_definite(self, parameters: Array) -> bool:
        alpha = float(parameters[0])
        return 1 - abs(alpha) > SMALLEST_PIVOT and (alpha >= 0 or self.is_whole)

    def whiten(self, columns: Array, parameters: Array) -> Array:
        """A row less what the row before says of it, over the root of what is left: R is Markov."""
        rho = self.powers(float(parameters[0]), self.gaps)[:, None]
        found = columns.copy()
        found[1:] -= rho[1:] * columns[:-1]
        found /= np.sqrt(1 - rho**2)
        return found

    def pairs(self, _values: Array) -> Array:
        raise NotImplementedError("pairs of an autoregressive structure go by their lag: see `lags`")

    def neighbours(self, values: Array) -> tuple[Array, Array]:
        """Products of each row with the one before it in its cluster, and their gaps in time."""
        inside = np.isfinite(self.gaps)
        return (values[1:] * values[:-1])[inside[1:]], self.gaps[inside]

    @cached_property
    def neighbour_weights(self) -> Array:
        """One over the number of neighbours in the cluster, for each of `neighbours`."""
        inside = np.isfinite(self.gaps)
        return np.asarray(1 / (self.layout.spread(self.layout.sizes.astype(float)) - 1)[inside])

    @cached_property
    def _later(self) -> tuple[Codes, Codes, Codes, Array]:
        """Both rows of every pair of a cluster, the number of its lag, and the lags."""
        first, second = [], []
        for step in range(1, int(self.layout.sizes.max())):
            inside = np.flatnonzero(self.layout.codes[step:] == self.layout.codes[:-step])
            first.append(inside)
            second.append(inside + step)
        one, other = np.concatenate(first), np.concatenate(second)
        lags, places = np.unique(self.times[other] - self.times[one], return_inverse=True)
        return one, other, places, lags

    def all_pairs(self, values: Array) -> tuple[Array, Array]:
        """Sums of products over all pairs of a cluster that are as far apart in time, and how far."""
        one, other, places, lags = self._later
        return np.bincount(places, values[one] * values[other]), lags


@dataclass(frozen=True, eq=False)
class _Fixed:
    layout: Layout
    matrix: Array
    places: Codes

    @cached_property
    def groups(self) -> list[tuple[Codes, Array]]:
        """Clusters that have rows at the same places: their rows, and the matrix of those places."""
        found: dict[bytes, list[int]] = {}
        for cluster, (start, size) in enumerate(zip(self.layout.starts, self.layout.sizes, strict=True)):
            found.setdefault(self.places[start : start + size].tobytes(), []).append(cluster)
        groups = []
        for pattern, clusters in found.items():
            here = np.frombuffer(pattern, dtype=np.intp)
            rows = self.layout.starts[clusters][:, None] + np.arange(len(here))
            groups.append((rows.astype(np.intp), self.matrix[np.ix_(here, here)]))
        return groups

    def is_definite(self, _parameters: Array) -> bool:
        return all(float(np.linalg.eigvalsh(matrix)[0]) > SMALLEST_PIVOT for _, matrix in self.groups)

    def whiten(self, columns: Array, _parameters: Array) -> Array:
        found = np.empty_like(columns)
        for rows, matrix in self.groups:
            found[rows] = np.linalg.inv(np.linalg.cholesky(matrix)) @ columns[rows]
        return found

    def pairs(self, _values: Array) -> Array:
        return np.zeros(0)


def _pairs(layout: Layout, values: Array) -> float:
    """The sum over clusters of the products of all pairs."""
    return float(np.sum(layout.sums(values) ** 2) - values @ values) / 2


def named(structure: Structure, parameters: Array) -> Mapping[str, float]:
    """The parameters by their names."""
    return dict(zip(structure.parameters, parameters.tolist(), strict=True))
