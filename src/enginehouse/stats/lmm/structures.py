"""How rows of one cluster hang together: the structures to choose from, and the covariance of one member's effects.

A structure becomes random terms; each term has members (a cluster, a cluster's period, a patient), the columns whose
coefficients vary between them, and a covariance relative to the residual variance. The search for the covariances is in
`search`, the sums over clusters in `sums`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import Array, Codes, codes_of


class Covariance(Protocol):
    """The covariance G of one member's effects as a smooth, unbounded function of a few parameters.

    G has an even expansion about every boundary (a variance of zero, a correlation of one), so that a search needs no
    bounds: it may cross to the mirror image.
    """

    @property
    def size(self) -> int: ...

    @property
    def parameters(self) -> int: ...

    def starts(self) -> Sequence[Array]:
        """Where searches begin."""
        ...

    def factor(self, theta: Array) -> Array:
        """A square root of G, lower triangular."""
        ...

    def slopes(self, theta: Array) -> Array:
        """First derivatives of G, shape (parameters, size, size)."""
        ...

    def curvatures(self, theta: Array) -> Array:
        """Second derivatives of G, shape (parameters, parameters, size, size)."""
        ...

    def directions(self, theta: Array) -> tuple[Array, Array]:
        """First and second derivatives of G by the natural variance parameters, in which G is as linear as may be."""
        ...

    def settled(self, theta: Array) -> Array:
        """The mirror image with variances not negative and exact zeros where a parameter is as good as zero."""
        ...


SETTLED = 1e-5
"""A parameter of a factor that ends below this is a zero approached from one side."""


@dataclass(frozen=True, slots=True)
class Unstructured:
    """Any covariance of `size` effects: G = L L', the parameters being the lower triangle of L."""

    size: int

    @property
    def places(self) -> tuple[Codes, Codes]:
        return _triangle(self.size)

    @property
    def parameters(self) -> int:
        return self.size * (self.size + 1) // 2

    def starts(self) -> Sequence[Array]:
        rows, columns = self.places
        return [np.where(rows == columns, level, 0.0) for level in (0.5, 2.0)]

    def factor(self, theta: Array) -> Array:
        found = np.zeros((self.size, self.size))
        found[self.places] = theta
        return found

    def slopes(self, theta: Array) -> Array:
        half = _units(self.size) @ self.factor(theta).T
        return half + np.swapaxes(half, 1, 2)

    def curvatures(self, theta: Array) -> Array:
        del theta
        return _bends(self.size)

    def directions(self, theta: Array) -> tuple[Array, Array]:
        del theta
        units = _units(self.size)
        mirrored = units + np.swapaxes(units, 1, 2)
        return np.minimum(mirrored, 1.0), np.zeros((self.parameters, self.parameters, self.size, self.size))

    def settled(self, theta: Array) -> Array:
        factor = self.factor(theta)
        signs = np.where(np.diag(factor) < 0, -1.0, 1.0)
        found: Array = (factor * signs)[self.places]
        return np.where(np.abs(found) < SETTLED, 0.0, found)


@cache
def _triangle(size: int) -> tuple[Codes, Codes]:
    rows, columns = np.tril_indices(size)
    return rows, columns


@cache
def _units(size: int) -> Array:
    """For each parameter of a lower triangle the matrix that has a one in its place, and zeros."""
    rows, columns = _triangle(size)
    found = np.zeros((len(rows), size, size))
    found[np.arange(len(rows)), rows, columns] = 1.0
    return found


@cache
def _bends(size: int) -> Array:
    units = _units(size)
    half = units[:, None] @ np.swapaxes(units, 1, 2)[None]
    return half + np.swapaxes(half, 2, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Decay:
    """Effects of a cluster's moments with G_st = a^2 r^|s - t|; the parameters are a and w, with r = cos w.

    Where gaps between moments are not whole numbers r cannot be negative, and r = cos^2 w.
    """

    times: Array

    @property
    def size(self) -> int:
        return len(self.times)

    @property
    def parameters(self) -> int:
        return 2

    @property
    def whole(self) -> bool:
        return bool(np.allclose(self.gaps, np.round(self.gaps)))

    @property
    def gaps(self) -> Array:
        return np.abs(self.times[:, None] - self.times)

    def starts(self) -> Sequence[Array]:
        return [np.array([0.7, self.angle(r)]) for r in (0.5, 0.9)]

    def angle(self, r: float) -> float:
        """The parameter w of a correlation r."""
        return math.acos(r) if self.whole else math.acos(math.sqrt(r))

    def correlation(self, theta: Array) -> float:
        """r, the correlation of effects one unit of time apart."""
        cosine = math.cos(theta[1])
        return cosine if self.whole else max(cosine**2, 1e-12)

    def _byangle(self, theta: Array) -> tuple[float, float]:
        """First and second derivative of r by w."""
        w = float(theta[1])
        return (-math.sin(w), -math.cos(w)) if self.whole else (-math.sin(2 * w), -2 * math.cos(2 * w))

    def powers(self, r: float) -> tuple[Array, Array, Array]:
        """r^gap and its first two derivatives by r."""
        gaps = np.round(self.gaps) if self.whole else self.gaps
        with np.errstate(divide="ignore", invalid="ignore"):
            once = np.where(gaps > 0, gaps * _power(r, gaps - 1), 0.0)
            twice = np.where(gaps * (gaps - 1) != 0, gaps * (gaps - 1) * _power(r, gaps - 2), 0.0)
        return _power(r, gaps), once, twice

    def factor(self, theta: Array) -> Array:
        """The first moment's share carried on, and each moment's own part: an autoregression's square root."""
        order = np.argsort(self.times)
        steps = np.diff(self.times[order])
        carried = _power(self.correlation(theta), np.round(steps) if self.whole else steps)
        fresh = np.concatenate([[1.0], np.sqrt(np.maximum(1 - carried**2, 0.0))])
        found = np.zeros((self.size, self.size))
        row = np.zeros(self.size)
        for place in range(self.size):
            row = row * carried[place - 1] if place else row
            row[place] = fresh[place]
            found[order[place], :] = row
        return float(theta[0]) * found

    def slopes(self, theta: Array) -> Array:
        a, (first, _) = float(theta[0]), self._byangle(theta)
        power, once, _ = self.powers(self.correlation(theta))
        return np.stack([2 * a * power, a * a * first * once])

    def curvatures(self, theta: Array) -> Array:
        a, (first, second) = float(theta[0]), self._byangle(theta)
        power, once, twice = self.powers(self.correlation(theta))
        mixed = 2 * a * first * once
        return np.stack([np.stack([2 * power, mixed]), np.stack([mixed, a * a * (first**2 * twice + second * once)])])

    def directions(self, theta: Array) -> tuple[Array, Array]:
        variance = float(theta[0]) ** 2
        power, once, twice = self.powers(self.correlation(theta))
        none = np.zeros_like(power)
        second = np.stack([np.stack([none, once]), np.stack([once, variance * twice])])
        return np.stack([power, variance * once]), second

    def settled(self, theta: Array) -> Array:
        angle = self.angle(self.correlation(theta))
        at = np.array([abs(float(theta[0])), angle])
        return np.where(at < SETTLED, 0.0, at)


def _power(base: float, exponent: Array) -> Array:
    return np.where(exponent == 0, 1.0, np.sign(base) ** exponent * np.abs(base) ** exponent)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term:
    """A random term as the sums need it.

    Attributes
    ----------
    name
        What varies, in words.
    codes, levels
        Each row's member, counted from 0, and how many members there are.
    labels
        Of the members, in order.
    entries
        Pairs of the place among the member's effects that a row touches, shape (n,), and its value there, shape (n,).
    scale
        By how much the columns were divided, shape (size,).
    effects
        Names of a member's effects.
    """

    name: str
    codes: Codes
    levels: int
    labels: npt.NDArray[Any]
    entries: tuple[tuple[Codes, Array], ...]
    scale: Array
    effects: tuple[str, ...]
    covariance: Covariance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomTerm:
    """Effects that vary between the members of a grouping.

    Attributes
    ----------
    groups
        Label of each row's member, shape (n,); cluster labels by default.
    columns
        Shape (n, q), the columns whose coefficients vary; a random intercept by default.
    name, effects
        Words for the grouping and for the columns.
    """

    groups: npt.ArrayLike | None = None
    columns: npt.ArrayLike | None = None
    name: str = "cluster"
    effects: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomIntercept:
    """Every cluster has a level of its own."""

    def terms(self, clusters: npt.ArrayLike, rows: int) -> tuple[Term, ...]:
        return (_term(RandomTerm(), clusters, rows),)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InterceptAndSlope:
    """Every cluster has a level and a slope of its own on `column`, shape (n,), correlated or not."""

    column: npt.ArrayLike
    correlated: bool = True

    def terms(self, clusters: npt.ArrayLike, rows: int) -> tuple[Term, ...]:
        slope = np.asarray(self.column, dtype=float)
        if self.correlated:
            both = np.column_stack([np.ones(len(slope)), slope])
            return (_term(RandomTerm(columns=both, effects=("intercept", "slope")), clusters, rows),)
        alone = RandomTerm(columns=slope[:, None], effects=("slope",))
        return (_term(RandomTerm(), clusters, rows), _term(alone, clusters, rows))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NestedExchangeable:
    """A level of each cluster, and one of each cluster in each of its `periods`, shape (n,)."""

    periods: npt.ArrayLike

    def terms(self, clusters: npt.ArrayLike, rows: int) -> tuple[Term, ...]:
        within = RandomTerm(groups=crossed(clusters, self.periods, rows), name="cluster and period")
        return (_term(RandomTerm(), clusters, rows), _term(within, clusters, rows))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiscreteTimeDecay:
    """A level of each cluster in each period, less alike by r to the power of the gap in `times`, shape (n,)."""

    times: npt.ArrayLike

    def terms(self, clusters: npt.ArrayLike, rows: int) -> tuple[Term, ...]:
        codes, levels, labels = _members(clusters, rows)
        seen, places = np.unique(np.asarray(self.times, dtype=float), return_inverse=True)
        if places.shape != (rows,):
            raise ValueError(f"got {places.size} times for {rows} rows")
        return (
            Term(
                name="cluster",
                codes=codes,
                levels=levels,
                labels=labels,
                entries=((places.astype(np.intp), np.ones(rows)),),
                scale=np.ones(len(seen)),
                effects=tuple(f"time {time:g}" for time in seen),
                covariance=Decay(seen),
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class RandomTerms:
    """A sum of random terms, nested in clusters or crossed within them."""

    parts: tuple[RandomTerm, ...]

    def terms(self, clusters: npt.ArrayLike, rows: int) -> tuple[Term, ...]:
        return tuple(_term(part, clusters, rows) for part in self.parts)


type Structure = RandomIntercept | InterceptAndSlope | NestedExchangeable | DiscreteTimeDecay | RandomTerms


def crossed(one: npt.ArrayLike, other: npt.ArrayLike, rows: int) -> Codes:
    """A number for each combination of two labels, such as the cluster and the period of each row."""
    first, _ = codes_of(one, rows)
    second, count = codes_of(other, rows)
    return first * count + second


def _members(groups: npt.ArrayLike, rows: int) -> tuple[Codes, int, npt.NDArray[Any]]:
    labels, codes = np.unique(np.asarray(groups), return_inverse=True)
    if codes.shape != (rows,):
        raise ValueError(f"got {codes.size} labels of members for {rows} rows")
    return codes.astype(np.intp), len(labels), labels


def _term(part: RandomTerm, clusters: npt.ArrayLike, rows: int) -> Term:
    codes, levels, labels = _members(clusters if part.groups is None else part.groups, rows)
    columns = np.ones((rows, 1)) if part.columns is None else np.asarray(part.columns, dtype=float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.shape[:1] != (rows,) or not np.all(np.isfinite(columns)):
        raise ValueError(f"columns that vary need {rows} finite rows, got {columns.shape}")
    size = columns.shape[1]
    scale = np.sqrt((columns**2).mean(axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    default = ("intercept",) if part.columns is None else tuple(f"effect {place + 1}" for place in range(size))
    return Term(
        name=part.name,
        codes=codes,
        levels=levels,
        labels=labels,
        entries=tuple((np.full(rows, place), columns[:, place] / scale[place]) for place in range(size)),
        scale=scale,
        effects=part.effects or default,
        covariance=Unstructured(size),
    )
