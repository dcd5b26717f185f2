"""Which of several regimes (or arms) may be the best: multiple comparisons with the best."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

type Mask = npt.NDArray[np.bool_]


def best_regimes(
    means: npt.ArrayLike,
    covariance: npt.ArrayLike,
    *,
    high_is_good: bool,
    df: float = math.inf,
    confidence_level: float = 0.95,
    draws: int = 100_000,
    seed: int = 0,
) -> Mask:
    """Which regimes may be the best: with at least the given probability the best one is among them.

    Parameters
    ----------
    means : array-like, shape (D,)
        Estimates of the regimes' means (or of their logarithms).
    covariance : array-like, shape (D, D)
        Theirs.
    high_is_good : bool
        Which end is best.
    df : float
        Degrees of freedom of the covariance.
    confidence_level : float
        In (0, 1).
    draws, seed : int
        Of the Monte Carlo quantiles.

    Returns
    -------
    array of bool, shape (D,)

    Raises
    ------
    ValueError
        Shapes that do not fit, or a covariance that is not positive semi-definite.

    Notes
    -----
    Multiple comparisons with the best: regime i stays where its estimate is at least max over j of (estimate_j - c_i
    s_ij), s_ij the standard error of their difference and c_i the quantile of max_j (Z_j - Z_i) / s_ij for Z normal
    with this covariance, divided by a common chi for t. The set shrinks to one where the evidence allows it.

    References
    ----------
    Hsu JC. Ann Stat 1981;9:1026-1034. Ertefaie A et al. J Am Stat Assoc 2016;111:1195-1205. Artman WJ et al.
    Biostatistics 2020;21:432-448.
    """
    values, matrix = np.asarray(means, dtype=float), np.asarray(covariance, dtype=float)
    if matrix.shape != (len(values), len(values)):
        raise ValueError(f"got {len(values)} means and a covariance of shape {matrix.shape}")
    spread = np.diag(matrix)[:, None] + np.diag(matrix)[None, :] - 2 * matrix
    if np.any(spread < -1e-9 * max(float(np.abs(matrix).max()), 1e-300)):
        raise ValueError("got a covariance under which a difference has a negative variance")
    errors = np.sqrt(np.maximum(spread, 0.0))
    oriented = values if high_is_good else -values
    rng = np.random.default_rng(seed)
    normal = rng.multivariate_normal(np.zeros(len(values)), matrix, size=draws, method="eigh")
    chi = 1.0 if math.isinf(df) else np.sqrt(rng.chisquare(df, size=draws) / df)
    stays = np.ones(len(values), dtype=bool)
    for place in range(len(values)):
        others = np.flatnonzero((np.arange(len(values)) != place) & (errors[place] > 0))
        if not len(others):
            continue
        gaps = (normal[:, others] - normal[:, [place]]) / errors[place, others]
        limit = float(np.quantile(gaps.max(axis=1) / chi, confidence_level))
        stays[place] = oriented[place] >= (oriented[others] - limit * errors[place, others]).max()
    return stays
