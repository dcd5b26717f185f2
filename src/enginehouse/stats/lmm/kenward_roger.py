"""Kenward and Roger's small-sample covariance, degrees of freedom and F test, from sums over blocks.

Written in columns whose covariance is the identity (at residual variance 1), so that P and Q of the paper are plain
cross-products. One of the directions in which V may move is V itself; the others are those of each term's variances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enginehouse.stats.fits import Array
from enginehouse.stats.lmm.deviance import Deviance, Solved, all_directions
from enginehouse.stats.lmm.sums import Batch

SINGULAR = 1e-10
"""Eigenvalues of the scaled information smaller than this share of the largest count as none."""


@dataclass(frozen=True, slots=True, eq=False)
class KenwardRoger:
    """The adjustment of one fit.

    Attributes
    ----------
    covariance
        The adjusted covariance of the white coefficients at residual variance 1, shape (p, p); without an adjustment it
        would be the identity.
    changes
        X'V^-1 (dV) V^-1 X of each direction, white, shape (r, p, p).
    spread
        Covariance of the estimated directions, shape (r, r).
    """

    covariance: Array
    changes: Array
    spread: Array

    def df(self, contrasts: Array) -> tuple[float, float]:
        """Denominator degrees of freedom and the factor of F, for white contrasts of shape (k, p) and rank k."""
        basis = np.linalg.qr(contrasts.T)[0]
        inside = basis.T @ self.changes @ basis
        traces = np.trace(inside, axis1=1, axis2=2)
        first = float(traces @ self.spread @ traces)
        flat = inside.reshape(len(inside), -1)
        second = float(np.sum(self.spread * (flat @ flat.T)))
        return _matched(first, second, len(contrasts))


def _matched(first: float, second: float, k: int) -> tuple[float, float]:
    """Moments of F matched to those of an F distribution: Kenward and Roger 1997, section 3 (A1, A2, B, g, c)."""
    if second <= 0:
        return float("inf"), 1.0
    b = (first + 6 * second) / (2 * k)
    g = ((k + 1) * first - (k + 4) * second) / ((k + 2) * second)
    divisor = 3 * k + 2 * (1 - g)
    c1, c2, c3 = g / divisor, (k - g) / divisor, (k + 2 - g) / divisor
    mean = 1 - second / k
    ratio = mean / (1 - c2 * b) if abs(1 - c2 * b) > SINGULAR else 1.0
    rho = ratio**2 * (1 + c1 * b) / (1 - c3 * b)
    df = 4 + (k + 2) / (rho - 1)
    factor = 1.0 if abs(df - 2) < 0.01 else df * mean / (df - 2)
    return df, factor


def kenward_roger(deviance: Deviance, solved: Solved) -> KenwardRoger:
    """The adjustment at the restricted likelihood's estimates."""
    parts = deviance.split(solved.theta)
    moves = [c.directions(part) for c, part in zip(deviance.covariances, parts, strict=True)]
    sums = _DirectionSums.of(deviance, solved, [first for first, _ in moves])
    bends = _bends(deviance, solved, moves)
    spread = 2 * _inverse(sums.traces - 2 * np.trace(sums.products, axis1=2, axis2=3) + _inner(sums.changes))
    outer = np.einsum("jab,kbc->jkac", sums.changes, sums.changes)
    shift = np.einsum("jk,jkab->ab", spread, sums.products - outer - bends / 4)
    p = deviance.sums.columns
    return KenwardRoger(np.eye(p) + shift + shift.T, sums.changes, spread)


def _inner(changes: Array) -> Array:
    flat = changes.reshape(len(changes), -1)
    found: Array = flat @ flat.T
    return found


def _inverse(information: Array) -> Array:
    scale = 1 / np.sqrt(np.maximum(np.diag(information), SINGULAR))
    return np.linalg.pinv(information * np.outer(scale, scale), rcond=SINGULAR, hermitian=True) * np.outer(scale, scale)


@dataclass(frozen=True, slots=True, eq=False)
class _DirectionSums:
    """Over blocks, with D_0 = V: tr(V^-1 D_j V^-1 D_k), X'V^-1 D_j V^-1 X and X'V^-1 D_j V^-1 D_k V^-1 X, white."""

    traces: Array
    changes: Array
    products: Array

    @classmethod
    def of(cls, deviance: Deviance, solved: Solved, directions: Sequence[Array]) -> _DirectionSums:
        p, count = deviance.sums.columns, 1 + sum(map(len, directions))
        white = solved.inverse.T
        traces, changes = np.zeros((count, count)), np.zeros((count, p, p))
        products = np.zeros((count, count, p, p))
        for inner in deviance.inner(solved):
            moves = all_directions(inner.batch, directions)
            t = inner.t[:, :, :p] @ white
            q = len(t)
            repeats, total = inner.batch.repeats, inner.batch.repeats * inner.s.sum(axis=0)
            pairs = (inner.s @ np.concatenate(moves, axis=1)).reshape(len(inner.s), q, -1, q).transpose(2, 0, 1, 3)
            traces[1:, 1:] += (
                repeats * pairs.reshape(len(moves), -1) @ pairs.transpose(0, 1, 3, 2).reshape(len(moves), -1).T
            )
            moved = [inner.batch.times(move[None], t) for move in moves]
            for j, one in enumerate(moved, start=1):
                traces[0, j] += float(np.sum(total * moves[j - 1]))
                changes[j] += _cross(t, one)
                weighed = inner.batch.times(inner.s, one)
                for k, other in enumerate(moved[:j], start=1):
                    products[k, j] += _cross(other, weighed)
        traces[0, 0], changes[0], products[0, 0] = deviance.sums.rows, np.eye(p), np.eye(p)
        products[0, 1:] = changes[1:]
        for j in range(count):
            traces[j, 0] = traces[0, j]
            for k in range(j):
                products[j, k] = products[k, j].T
        return cls(traces, changes, products)


def _cross(one: Array, other: Array) -> Array:
    found: Array = one.reshape(-1, one.shape[2]).T @ other.reshape(-1, other.shape[2])
    return found


def _bends(deviance: Deviance, solved: Solved, moves: Sequence[tuple[Array, Array]]) -> Array:
    """X'V^-1 (d2V) V^-1 X, white, for covariances that are not linear in their variances; zero for the others."""
    p, count = deviance.sums.columns, 1 + sum(len(first) for first, _ in moves)
    found = np.zeros((count, count, p, p))
    if not any(second.any() for _, second in moves):
        return found
    white = solved.inverse.T
    factors = deviance.factors(solved.theta)
    for inner in deviance.inner(solved):
        t = inner.t[:, :, :p] @ white
        at = 1
        for place, ((first, second), factor) in enumerate(zip(moves, factors, strict=True)):
            size = len(first)
            share = np.linalg.lstsq(first.reshape(size, -1).T, (factor @ factor.T).ravel(), rcond=None)[0]
            for k in range(size):
                for j in range(size):
                    found[at + j, at + k] += _form(inner.batch, t, moves, place, second[j, k])
                bent = _form(inner.batch, t, moves, place, np.tensordot(share, second[:, k], axes=1))
                found[0, at + k] += bent
                found[at + k, 0] += bent
            at += size
    return found


def _form(batch: Batch, t: Array, moves: Sequence[tuple[Array, Array]], place: int, matrix: Array) -> Array:
    matrices = [np.zeros(first.shape[1:]) for first, _ in moves]
    matrices[place] = matrix
    return _cross(t, batch.times(batch.spread(matrices)[None], t))
