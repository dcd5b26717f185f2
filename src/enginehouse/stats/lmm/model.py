"""A linear mixed model made ready: design, clusters and structure as sums over blocks, for any number of outcomes.

What is found in an outcome is in `fit`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from enginehouse.stats.fits import Array, Codes, aliased, name_columns
from enginehouse.stats.lmm.deviance import Deviance
from enginehouse.stats.lmm.structures import RandomIntercept, Structure, Term
from enginehouse.stats.lmm.sums import BlockSums, Layout, block_sums, by_batch, layout
from enginehouse.stats.results import NotEstimable

WELL_APART = 1e-3
"""Columns whose scaled cross-products have no smaller pivot than this need no closer look."""
NOTHING_LEFT = 1e-10
"""The share of a random term's columns outside the fixed effects below which it cannot be told from them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LmmModel:
    """A design ready to be fitted: `fit` takes its outcomes.

    Attributes
    ----------
    names
        Of the fixed effects, shape (p,).
    design, weights
        As given, shapes (n, p) and (n,).
    turn
        Columns of the design times this are orthonormal, shape (p, p).
    columns
        The orthonormal columns, shape (n, p).
    effects, log_turn
        Z of all batches, shape (n, all effects), and the log determinant of `turn`.
    clusters, labels
        Each row's cluster counted from 0, and the clusters' labels.
    """

    names: tuple[str, ...]
    design: Array
    weights: Array
    weighted: bool
    turn: Array
    columns: Array
    clusters: Codes
    labels: npt.NDArray[Any]
    terms: tuple[Term, ...]
    structure: Structure
    where: Layout
    sums: BlockSums
    effects: csr_array
    log_turn: float

    @property
    def rows(self) -> int:
        return len(self.design)

    def least_squares(self, outcome: Array) -> tuple[Array, Array]:
        """Coefficients of the orthonormal columns without random terms, shape (p,), and what they leave, shape (n,)."""
        coefficients = self.columns.T @ (self.weights * outcome if self.weighted else outcome)
        return coefficients, outcome - self.columns @ coefficients

    def deviance(self, left: Array, *, reml: bool) -> Deviance:
        """The deviance of what least squares left of an outcome."""
        weighted = self.weights * left if self.weighted else left
        cross = by_batch(self.where, (self.effects.T @ weighted)[:, None])
        products = np.append(self.columns.T @ weighted, left @ weighted)
        constant = -float(np.log(self.weights).sum()) if self.weighted else 0.0
        if reml:
            constant -= 2 * self.log_turn
        sums = self.sums.with_outcome(cross, products)
        return Deviance(sums, tuple(term.covariance for term in self.terms), reml, constant)


def prepare_lmm(
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    structure: Structure | None = None,
    names: Sequence[str] | None = None,
    weights: npt.ArrayLike | None = None,
) -> LmmModel | NotEstimable:
    """A linear mixed model ready for many outcomes of one design, as power by simulation needs it.

    Parameters and reasons are those of `fit_lmm`; `LmmModel` goes to `fit_outcome`.
    """
    columns = np.asarray(design, dtype=float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    share = np.ones(len(columns)) if weights is None else np.asarray(weights, dtype=float)
    if share.shape != (len(columns),) or not np.all(np.isfinite(columns)):
        raise ValueError(f"design {columns.shape} and weights {share.shape} do not match, or are not finite")
    if not np.all(share > 0) or not np.all(np.isfinite(share)):
        raise ValueError("weights must be finite and above zero: leave out the rows without weight")
    labels, codes = np.unique(np.asarray(clusters), return_inverse=True)
    if codes.shape != (len(columns),):
        raise ValueError(f"got {codes.size} cluster labels for {len(columns)} rows")
    titles = name_columns(names, columns.shape[1])
    chosen = structure or RandomIntercept()
    terms = chosen.terms(codes, len(columns))
    refusal = _too_small(columns, terms)
    turn = refusal or _turn(columns, share, titles)
    if isinstance(turn, NotEstimable):
        return turn
    apart = columns @ turn
    where = layout(terms, codes.astype(np.intp))
    effects = where.matrix()
    model = LmmModel(
        names=titles,
        design=columns,
        weights=share,
        weighted=weights is not None,
        turn=turn,
        columns=apart,
        clusters=codes.astype(np.intp),
        labels=labels,
        terms=terms,
        structure=chosen,
        where=where,
        sums=block_sums(where, effects, apart, share),
        effects=effects,
        log_turn=float(np.linalg.slogdet(turn)[1]),
    )
    return _no_freedom(model) or model


def _turn(design: Array, weights: Array, names: Sequence[str]) -> Array | NotEstimable:
    """The inverse triangle that makes the columns orthonormal, unless one is a combination of those before it."""
    rooted = np.sqrt(weights)[:, None] * design
    norms = np.linalg.norm(rooted, axis=0)
    if np.all(norms > 0) and len(design) >= design.shape[1]:
        products = rooted.T @ rooted / np.outer(norms, norms)
        try:
            root = np.linalg.cholesky(products)
        except np.linalg.LinAlgError:
            root = np.zeros((1, 1))
        if np.diag(root).min() > WELL_APART:
            return np.linalg.inv(root.T * norms)
    refusal = aliased(rooted, names)
    return refusal or np.linalg.inv(np.linalg.qr(rooted, mode="r"))


def _too_small(design: Array, terms: Sequence[Term]) -> NotEstimable | None:
    rows, columns = design.shape
    if rows <= columns:
        return NotEstimable(reason="too-few-rows", detail="There is no row left to estimate the variation from.")
    for term in terms:
        if term.levels < 2:
            return NotEstimable(
                reason="too-few-clusters",
                detail=f"Variation between members of {term.name} needs at least 2 of them; there is {term.levels}.",
            )
        if term.levels * len(term.entries) >= rows:
            return NotEstimable(
                reason="no-residual-freedom",
                detail=f"{term.name} has as many effects ({term.levels * len(term.entries)}) as there are rows "
                f"({rows}): they cannot be told from the residual variation.",
            )
    return None


def _no_freedom(model: LmmModel) -> NotEstimable | None:
    """The answer *cannot be estimated* where fixed effects leave nothing of a random term: one cluster an arm."""
    for number, term in enumerate(model.terms):
        whole = left = 0.0
        for batch in model.sums.batches:
            places = batch.places[number].ravel()
            here = batch.repeats * float(np.einsum("iaa->", batch.inner[:, places[:, None], places]))
            whole += here
            left += here
        seen = _explained(model, number)
        left -= seen
        if left < NOTHING_LEFT * max(whole, 1e-300) or not math.isfinite(left):
            return NotEstimable(
                reason="no-freedom-between-clusters",
                detail=f"The fixed effects leave nothing of the differences between members of {term.name}: "
                "there are as many coefficients as members, one cluster in each arm for example.",
            )
    return None


def _explained(model: LmmModel, number: int) -> float:
    return sum(float((batch.cross[batch.places[number].ravel(), :, :-1] ** 2).sum()) for batch in model.sums.batches)
