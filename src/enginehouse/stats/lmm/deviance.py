"""The (restricted) deviance of a linear mixed model and its exact first and second derivatives, from sums over blocks.

With V = I/W + Z G Z' relative to the residual variance, everything that is needed of a block is

    S = Z'V^-1 Z = A - A C A,   T = Z'V^-1 [X, y] = B - A C B,   C = L (I + L'AL)^-1 L',   G = L L',

where A and B are its sums; no matrix has more rows than a block has effects. The search for the best G is in `search`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dtrtri

from enginehouse.stats.fits import Array
from enginehouse.stats.lmm.structures import Covariance
from enginehouse.stats.lmm.sums import Batch, BlockSums

type Half = tuple[Array, Array, Array]

TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True, slots=True, eq=False)
class Inner:
    """S, T and C of the blocks of one batch; S and C of one block where all are the same."""

    batch: Batch
    s: Array
    t: Array
    c: Array


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Generalised least squares at given covariances, the residual variance being 1.

    Attributes
    ----------
    coefficients
        Shape (p,).
    root, inverse
        Lower triangle R with R R' = X'V^-1 X, shape (p, p), and R^-1.
    quadratic
        (y - Xb)'V^-1(y - Xb).
    log_determinant
        Of V W, and of X'V^-1 X under restricted likelihood.
    rows
        n - p under restricted likelihood, n otherwise: what the residual variance divides by.
    halves
        Of each batch (I + L'AL)^-1/2 L' times I, A and B: what S, T and C are made of.
    """

    theta: Array
    coefficients: Array
    root: Array
    inverse: Array
    quadratic: float
    log_determinant: float
    rows: int
    halves: tuple[Half, ...]

    @property
    def residual_variance(self) -> float:
        """The best one, given the covariances."""
        return self.quadratic / self.rows

    @property
    def value(self) -> float:
        """The deviance, the residual variance profiled out."""
        return self.log_determinant + self.rows * (1 + math.log(2 * math.pi * self.residual_variance))

    def value_at(self, sigma: float) -> float:
        """The deviance with a given residual standard deviation."""
        return self.log_determinant + self.rows * math.log(2 * math.pi * sigma**2) + self.quadratic / sigma**2


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """Of the deviance by the parameters of the covariances, at a residual variance.

    Attributes
    ----------
    gradient, hessian
        With the residual variance held.
    quadratic
        Derivatives of the quadratic form, divided by the residual variance, shape (r,).
    information
        R^-1 (dX'V^-1X) R^-T of each parameter, shape (r, p, p).
    moves
        R' db / s of each parameter, b being the coefficients and s the residual standard deviation, shape (r, p).
    by_covariance
        For each term the gradient by every element of its covariance, shape (size, size).
    """

    gradient: Array
    hessian: Array
    quadratic: Array
    information: Array
    moves: Array
    by_covariance: tuple[Array, ...]
    rows: int

    @property
    def profiled(self) -> Array:
        """The Hessian with the residual variance profiled out, if it is the best one."""
        return self.hessian - np.outer(self.quadratic, self.quadratic) / self.rows

    def joint(self, sigma: float) -> Array:
        """The Hessian by the parameters and the residual standard deviation, last, at the best one."""
        size = len(self.hessian)
        found = np.full((size + 1, size + 1), 4 * self.rows / sigma**2)
        found[:size, :size] = self.hessian
        found[size, :size] = found[:size, size] = -2 * self.quadratic / sigma
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Deviance:
    """Minus twice the (restricted) log-likelihood as a function of the covariances' parameters.

    `constant` holds what does not depend on them: the weights' and the change of columns' determinants.
    """

    sums: BlockSums
    covariances: tuple[Covariance, ...]
    reml: bool
    constant: float = 0.0

    def split(self, theta: Array) -> list[Array]:
        """The parameters of each term."""
        found, at = [], 0
        for covariance in self.covariances:
            found.append(theta[at : at + covariance.parameters])
            at += covariance.parameters
        return found

    def factors(self, theta: Array) -> list[Array]:
        """The square root of each term's covariance."""
        return [c.factor(part) for c, part in zip(self.covariances, self.split(theta), strict=True)]

    def at(self, theta: Array) -> Solved:
        """Least squares and deviance at parameters."""
        return self.with_factors(self.factors(theta), theta)

    def with_factors(self, factors: Sequence[Array], theta: Array) -> Solved:
        """The same, the square roots of the covariances being known."""
        products, log_determinant = self.sums.whole.copy(), 0.0
        halves: list[Half] = []
        for batch in self.sums.batches:
            lower = batch.spread(factors)
            turned = lower.T @ batch.inner
            root, inverse = _roots(turned @ lower + np.eye(batch.size))
            inverse = inverse @ lower.T
            left, right = inverse @ batch.inner, batch.times(inverse, batch.cross)
            flat = right.reshape(-1, right.shape[2])
            products -= flat.T @ flat
            log_determinant += 2 * batch.repeats * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
            halves.append((inverse, left, right))
        return self._least_squares(theta, products, log_determinant + self.constant, halves)

    def _least_squares(self, theta: Array, products: Array, log_determinant: float, halves: list[Half]) -> Solved:
        p = self.sums.columns
        root, inverse = lower_root(products[:p, :p])
        half = inverse @ products[:p, p]
        if self.reml:
            log_determinant += 2 * float(np.log(np.diag(root)).sum())
        return Solved(
            theta=theta,
            coefficients=half @ inverse,
            root=root,
            inverse=inverse,
            quadratic=max(float(products[p, p] - half @ half), TINY),
            log_determinant=log_determinant,
            rows=self.sums.rows - p if self.reml else self.sums.rows,
            halves=tuple(halves),
        )

    def inner(self, solved: Solved) -> list[Inner]:
        """S, T and C of every block."""
        found = []
        for batch, (inverse, left, right) in zip(self.sums.batches, solved.halves, strict=True):
            turned = np.swapaxes(left, 1, 2)
            found.append(
                Inner(
                    batch,
                    s=batch.inner - turned @ left,
                    t=batch.cross - batch.times(turned, right),
                    c=np.swapaxes(inverse, 1, 2) @ inverse,
                )
            )
        return found

    def whitener(self, solved: Solved, variance: float) -> Array:
        """Turns T into [T_x R^-T, T_r / sqrt(variance)], r being the residuals."""
        p = self.sums.columns
        found = np.zeros((p + 1, p + 1))
        found[:p, :p] = solved.inverse.T
        found[:p, p] = -solved.coefficients / math.sqrt(variance)
        found[p, p] = 1 / math.sqrt(variance)
        return found

    def derivatives(self, solved: Solved, *, variance: float | None = None) -> Derivatives:
        """First and second derivatives; at the best residual variance unless one is given."""
        parts = self.split(solved.theta)
        slopes = [c.slopes(part) for c, part in zip(self.covariances, parts, strict=True)]
        curvatures = [c.curvatures(part) for c, part in zip(self.covariances, parts, strict=True)]
        turn = self.whitener(solved, variance or solved.residual_variance)
        total = _Total(sum(len(part) for part in parts), self.sums.columns, self.reml)
        by_covariance = [np.zeros((c.size, c.size)) for c in self.covariances]
        for inner in self.inner(solved):
            white = inner.t @ turn
            for found, one in zip(by_covariance, _collapsed(inner, white, total.counted), strict=True):
                found += one
            total.add(inner, white, slopes)
        return total.result(slopes, curvatures, by_covariance, solved.rows)

    def gradient_by_covariance(self, solved: Solved, variance: float) -> list[Array]:
        """The gradient by every element of each term's covariance, at a residual variance."""
        turn = self.whitener(solved, variance)
        counted = slice(None) if self.reml else slice(-1, None)
        found = [np.zeros((c.size, c.size)) for c in self.covariances]
        for inner in self.inner(solved):
            for one, more in zip(found, _collapsed(inner, inner.t @ turn, counted), strict=True):
                one += more
        return found


def lower_root(matrix: Array) -> tuple[Array, Array]:
    """The lower triangle whose square a positive definite matrix is, and its inverse; LAPACK's own, for the speed.

    Raises
    ------
    LinAlgError
        The matrix is not positive definite.
    """
    if not len(matrix):
        return matrix, matrix
    root, failed = dpotrf(matrix, lower=1)
    if failed:
        raise np.linalg.LinAlgError("the matrix is not positive definite")
    return root, dtrtri(root, lower=1)[0]


def _roots(matrices: Array) -> tuple[Array, Array]:
    """The same of each of several matrices, shape (blocks, q, q)."""
    if len(matrices) == 1:
        root, inverse = lower_root(matrices[0])
        return root[None], inverse[None]
    roots = np.linalg.cholesky(matrices)
    return roots, np.linalg.inv(roots)


def _collapsed(inner: Inner, white: Array, counted: slice) -> list[Array]:
    """The gradient by each term's covariance, summed over members: of S - T T', T being white."""
    flat = white[:, :, counted].reshape(inner.batch.size, -1)
    whole = inner.batch.repeats * inner.s.sum(axis=0) - flat @ flat.T
    if len(inner.batch.places) == 1 and len(inner.batch.places[0]) == 1:
        return [whole]
    return [whole[places[:, :, None], places[:, None, :]].sum(axis=0) for places in inner.batch.places]


class _Total:
    """Sums over batches of what first and second derivatives are made of."""

    def __init__(self, parameters: int, columns: int, reml: bool) -> None:
        self.p = columns
        self.reml = reml
        self.counted = slice(None) if reml else slice(-1, None)
        self.traces = np.zeros((parameters, parameters))
        self.crossed = np.zeros((parameters, parameters))
        self.forms = np.zeros((parameters, columns + 1, columns + 1))

    def add(self, inner: Inner, white: Array, slopes: Sequence[Array]) -> None:
        """One batch: tr(S D S D), T'D S D T and T'D T of each pair and each parameter, D being a derivative of G."""
        changes = all_directions(inner.batch, slopes)
        count, (q, blocks, k) = len(changes), white.shape
        left = inner.s @ np.concatenate(changes, axis=1)
        pairs = left.reshape(len(left), q, count, q).transpose(2, 0, 1, 3)
        self.traces += inner.batch.repeats * pairs.reshape(count, -1) @ pairs.transpose(0, 1, 3, 2).reshape(count, -1).T
        moved = (np.concatenate(changes) @ white.reshape(q, -1)).reshape(count, q, blocks, k)
        self.forms += white.reshape(-1, k).T @ moved.reshape(count, -1, k)
        seen = moved[..., self.counted]
        weighed = inner.batch.times(inner.s, seen)
        self.crossed += seen.reshape(count, -1) @ weighed.reshape(count, -1).T

    def result(
        self, slopes: Sequence[Array], curvatures: Sequence[Array], by_covariance: list[Array], rows: int
    ) -> Derivatives:
        p = self.p
        hessian = 2 * self.crossed - self.traces
        sides = self.forms[:, :p, p]
        hessian -= 2 * sides @ sides.T
        if self.reml:
            flat = self.forms[:, :p, :p].reshape(len(self.forms), -1)
            hessian -= flat @ flat.T
        at = 0
        for change, bend, found in zip(slopes, curvatures, by_covariance, strict=True):
            mine = slice(at, at + len(change))
            hessian[mine, mine] += bend.reshape(*bend.shape[:2], -1) @ found.ravel()
            at += len(change)
        gradient = [
            change.reshape(len(change), -1) @ found.ravel() for change, found in zip(slopes, by_covariance, strict=True)
        ]
        return Derivatives(
            gradient=np.concatenate(gradient),
            hessian=(hessian + hessian.T) / 2,
            quadratic=-self.forms[:, p, p],
            information=-self.forms[:, :p, :p],
            moves=-sides,
            by_covariance=tuple(by_covariance),
            rows=rows,
        )


def all_directions(batch: Batch, changes: Sequence[Array]) -> list[Array]:
    """Derivatives of the covariance of a block's effects, one (q, q) matrix for each parameter of each term."""
    if len(changes) == 1:
        return list(batch.spread(changes))
    found = []
    for place, change in enumerate(changes):
        for one in change:
            matrices = [np.zeros(other.shape[1:]) for other in changes]
            matrices[place] = one
            found.append(batch.spread(matrices))
    return found
