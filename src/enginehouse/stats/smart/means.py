"""Means of an outcome under the embedded regimes of a cluster SMART: NeCamp's estimator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.gee.corrections import ClusterCorrection, ClusterScores
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.stats.smart.sums import ClusterSums

type Array = npt.NDArray[np.float64]

ITERATIONS = 3
"""Once with working independence, and twice with the variances and correlations that were then found."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegimeFit:
    """Means under the embedded regimes.

    Attributes
    ----------
    names, coefficients
        Shape (p,): of the regimes' design, then of the covariates.
    parts
        Scores and information by cluster, from which any small-sample correction follows.
    regime_design
        Shape (D, q).
    variances, correlations
        Of each regime: the working variance of a row, and of two rows of a cluster.
    """

    names: tuple[str, ...]
    coefficients: Array
    parts: ClusterScores
    regime_design: Array
    variances: Array
    correlations: Array

    @property
    def df(self) -> float:
        """Clusters less coefficients."""
        return float(self.parts.clusters - len(self.coefficients))

    def covariance(self, correction: ClusterCorrection = ClusterCorrection.KAUERMANN_CARROLL) -> Array:
        """Of the coefficients, shape (p, p)."""
        return np.asarray(np.mean(self.parts.covariances(correction), axis=0))

    @property
    def means(self) -> Array:
        """Of the outcome under each regime, where covariates are 0; shape (D,)."""
        return np.asarray(self._rows() @ self.coefficients)

    def means_covariance(self, correction: ClusterCorrection = ClusterCorrection.KAUERMANN_CARROLL) -> Array:
        """Of the regimes' means, shape (D, D)."""
        return np.asarray(self._rows() @ self.covariance(correction) @ self._rows().T)

    def contrast(
        self, one: int, other: int, *, correction: ClusterCorrection = ClusterCorrection.KAUERMANN_CARROLL
    ) -> Estimate | NotEstimable:
        """The mean under one regime less that under another; t with clusters less coefficients."""
        difference = self._rows()[one] - self._rows()[other]
        variance = float(difference @ self.covariance(correction) @ difference)
        if self.df < 1 or variance <= 0:
            return NotEstimable(
                reason="too-few-clusters", detail="There are too few clusters to compare these regimes."
            )
        return Estimate(
            value=float(difference @ self.coefficients),
            std_error=math.sqrt(variance),
            df=self.df,
            scale="difference",
            method="regime-means",
            numbers={"clusters": float(self.parts.clusters)},
        )

    def _rows(self) -> Array:
        covariates = len(self.coefficients) - self.regime_design.shape[1]
        return np.hstack([self.regime_design, np.zeros((len(self.regime_design), covariates))])


def regime_means(
    outcome: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    consistent: npt.ArrayLike,
    weights: npt.ArrayLike,
    regime_design: npt.ArrayLike | None = None,
    covariates: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> RegimeFit | NotEstimable:
    """Means of an outcome under the embedded regimes of a cluster SMART, with an exchangeable correlation for each.

    Parameters
    ----------
    outcome : array-like, shape (n,)
        Of individuals (or months).
    clusters : array-like, shape (n,)
        Labels; in their sorted order they are the rows of `consistent`.
    consistent : array-like, shape (K, D)
        Whether the cluster got what regime d would have given it.
    weights : array-like, shape (K,)
        From `regime_weights`.
    regime_design : array-like, shape (D, q), optional
        Of full column rank: codes of the stages, for example. One mean for each regime by default.
    covariates : array-like, shape (n, c), optional
        Of before the first draw. Means are those where they are 0: centre them.
    names : sequence of str, optional
        Of the q + c coefficients.

    Returns
    -------
    RegimeFit or NotEstimable
        `empty-regime` where no cluster is consistent with one of them, `aliased-columns`, `too-few-clusters`.

    Raises
    ------
    ValueError
        Shapes that do not fit, or weights that are not positive.

    Notes
    -----
    The estimating equations sum w_i I(i consistent with d) D_id' V_d^-1 (y_i - mu_id) over clusters and regimes, V_d
    exchangeable with its own variance and correlation. Both are found anew from weighted residuals: the variance is
    sum w r'r over sum w m less 2 (3 + c with covariates), the correlation sum w r_j r_k over the number of weighted
    pairs, over the variance. Errors are robust to V_d being wrong, by cluster.

    References
    ----------
    NeCamp T, Kilbourne A, Almirall D. Stat Methods Med Res 2017;26:1572-1589, section 5.
    """
    data = ClusterSums.of(outcome, clusters, consistent, weights, covariates)
    design = np.eye(data.regimes) if regime_design is None else np.asarray(regime_design, dtype=float)
    if design.shape[0] != data.regimes:
        raise ValueError(f"got a design of {design.shape[0]} regimes for {data.regimes}")
    refusal = data.refusal(design)
    if refusal is not None:
        return refusal
    variances, correlations = np.ones(data.regimes), np.zeros(data.regimes)
    for _ in range(ITERATIONS - 1):
        beta, _ = data.solve(design, variances, correlations)
        variances, correlations = data.moments(design, beta)
        if not np.all(variances > 0):
            return NotEstimable(reason="no-variation", detail="Under one of the regimes no outcome varies.")
    beta, products = data.solve(design, variances, correlations)
    labels = names or [*(f"regime {d + 1}" for d in range(design.shape[1])), *data.covariate_names]
    parts = ClusterScores(
        scores=data.scores(design, beta, variances, correlations),
        whitened=None,
        products=products,
        bread=np.linalg.inv(products.sum(axis=0)),
        rows=data.rows,
        nuisance=2 * data.regimes,
    )
    return RegimeFit(
        names=tuple(labels),
        coefficients=beta,
        parts=parts,
        regime_design=design,
        variances=variances,
        correlations=correlations,
    )
