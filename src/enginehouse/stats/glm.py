"""Poisson and quasi-Poisson log-linear regression with an offset, and its covariances.

Models with site and month effects concentrated out are in `fixed_effects` (offered here too), models with random
effects in `glmm`. What a fit looks like is in `fits`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import linprog

from enginehouse.stats.fits import (
    RANK_TOLERANCE,
    Array,
    RegressionFit,
    SmallSample,
    aliased,
    as_rows,
    codes_of,
    name_columns,
    no_events,
    small_sample_factor,
    too_few_clusters,
)
from enginehouse.stats.fixed_effects import log_linear_fixed_effects, poisson_fixed_effects
from enginehouse.stats.results import NotEstimable

__all__ = [
    "NOT_CONVERGED",
    "RegressionFit",
    "SmallSample",
    "cluster_robust_poisson_regression",
    "log_linear_fixed_effects",
    "poisson_fixed_effects",
    "poisson_regression",
    "quasi_poisson_regression",
    "separated",
    "solve_poisson",
]

MAX_STEPS = 60
STEP_TOLERANCE = 1e-9
"""Newton stops when no linear predictor moves by more than this; the next step would be its square."""

NOT_CONVERGED = NotEstimable(
    reason="not-converged",
    detail="The search did not end, which happens when one value is many million times as large as the others.",
)


def poisson_regression(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    offset: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> RegressionFit | NotEstimable:
    """Log rate ratios of a Poisson log-linear regression, with the covariance that Poisson variation implies.

    Parameters
    ----------
    outcome
        Counts, shape (n,), not negative.
    design
        Shape (n, k); an intercept is a column of ones.
    offset
        Shape (n,), on the log scale: the log of the denominator.
    names
        Names of the columns.

    Returns
    -------
    RegressionFit or NotEstimable
        `no-events`, `aliased-columns`, `separation` (a coefficient would be infinite) or `not-converged` (values differ
        by so many orders of magnitude that rounding hides the maximum) instead of a number.

    Notes
    -----
    log E(y) = offset + X b, covariance (X'WX)^-1 with W = diag(mu). Assumes independent rows with variance equal to
    mean; the fit reports the Pearson dispersion, and where it is much above 1 the intervals are too narrow.

    References
    ----------
    McCullagh, Nelder. Generalized Linear Models, 2nd ed. 1989, sections 2.5 and 6.2.

    Examples
    --------
    30 events on 300 patients against 20 on 400: the ratio of two rates is exact.

    >>> fit = poisson_regression([20, 30], [[1, 0], [1, 1]], offset=np.log([400, 300]), names=["constant", "arm"])
    >>> round(fit.contrast({"arm": 1}).ratio, 6)
    2.0
    >>> round(fit.contrast({"arm": 1}).std_error ** 2, 6) == round(1 / 20 + 1 / 30, 6)
    True
    """
    fit = _fit(outcome, design, offset, names)
    if isinstance(fit, NotEstimable):
        return fit
    return fit.result("poisson-regression", fit.bread, df=np.inf)


def quasi_poisson_regression(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    offset: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> RegressionFit | NotEstimable:
    """Log rate ratios of a log-linear regression whose variance is a multiple of the mean.

    Parameters and refusals are those of `poisson_regression`; the outcome may be a quantity that is not a count.

    Notes
    -----
    Var(y) = phi mu with phi = sum((y - mu)^2 / mu) / (n - k); covariance phi (X'WX)^-1; intervals by t with n - k
    degrees of freedom, as in R's `summary.glm`. Assumes independent rows.

    References
    ----------
    McCullagh, Nelder. Generalized Linear Models, 2nd ed. 1989, section 6.2.
    Lopez Bernal, Cummins, Gasparrini. Int J Epidemiol 2017;46:348-355.
    """
    fit = _fit(outcome, design, offset, names)
    if isinstance(fit, NotEstimable):
        return fit
    if fit.df_residual < 1:
        return NotEstimable(reason="too-few-rows", detail="There is no row left to estimate the dispersion from.")
    return fit.result("quasi-poisson-regression", fit.dispersion * fit.bread, df=float(fit.df_residual))


def cluster_robust_poisson_regression(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
    correction: SmallSample = SmallSample.CLUSTERS,
) -> RegressionFit | NotEstimable:
    """Log rate ratios of a log-linear regression, with a covariance that lets rows of a cluster be related.

    Parameters
    ----------
    outcome, design, offset, names
        As in `poisson_regression`; the outcome may be a quantity.
    clusters
        Label of each row's cluster, shape (n,).
    correction
        The small-sample factor; it is kept in the result.

    Returns
    -------
    RegressionFit or NotEstimable
        Intervals use t with G - 1 degrees of freedom for G clusters. Not more clusters than coefficients:
        `too-few-clusters`.

    Notes
    -----
    B^-1 (sum_g s_g s_g') B^-1 x factor, with B = X'WX and s_g = sum over the cluster of x (y - mu): the estimating
    equations of Liang and Zeger (1986) with independence as working correlation. Assumes that clusters are
    independent of one another and that there are many of them.

    References
    ----------
    Liang, Zeger. Biometrika 1986;73:13-22.
    """
    fit = _fit(outcome, design, offset, names)
    if isinstance(fit, NotEstimable):
        return fit
    codes, count = codes_of(clusters, fit.rows)
    short = too_few_clusters(count, needed=len(fit.names) + 1)
    if short is not None:
        return short
    scores = np.zeros((count, len(fit.names)))
    np.add.at(scores, codes, fit.design * (fit.outcome - fit.mean)[:, None])
    factor = small_sample_factor(correction, clusters=count, rows=fit.rows, coefficients=len(fit.names))
    covariance = factor * fit.bread @ (scores.T @ scores) @ fit.bread
    return fit.result(
        "cluster-robust-poisson-regression", covariance, df=count - 1.0, clusters=count, correction=correction
    )


class _Fit:
    """A solved Poisson regression, before somebody chooses a covariance."""

    def __init__(
        self, outcome: Array, design: Array, offset: Array, names: tuple[str, ...], coefficients: Array
    ) -> None:
        self.outcome, self.design, self.names, self.coefficients = outcome, design, names, coefficients
        self.mean = np.exp(offset + design @ coefficients)
        self.bread = np.linalg.inv(design.T @ (design * self.mean[:, None]))
        self.rows = len(outcome)
        self.df_residual = self.rows - len(names)
        pearson = float(np.sum((outcome - self.mean) ** 2 / self.mean))
        self.dispersion = pearson / self.df_residual if self.df_residual > 0 else 1.0

    def result(
        self,
        method: str,
        covariance: Array,
        *,
        df: float,
        clusters: int | None = None,
        correction: SmallSample = SmallSample.NONE,
    ) -> RegressionFit:
        return RegressionFit(
            method=method,
            names=self.names,
            coefficients=self.coefficients,
            covariance=covariance,
            df=df,
            dispersion=self.dispersion,
            rows=self.rows,
            clusters=clusters,
            correction=correction,
        )


def _fit(
    outcome: npt.ArrayLike, design: npt.ArrayLike, offset: npt.ArrayLike | None, names: Sequence[str] | None
) -> _Fit | NotEstimable:
    values, columns, shift = as_rows(outcome, design, offset)
    labels = name_columns(names, columns.shape[1])
    refusal = no_events(values) or aliased(columns, labels) or separated(values, columns, labels)
    if refusal is not None:
        return refusal
    coefficients = solve_poisson(values, columns, shift)
    if isinstance(coefficients, NotEstimable):
        return coefficients
    return _Fit(values, columns, shift, labels, coefficients)


def separated(
    outcome: Array, design: Array, names: Sequence[str], *, ceiling: Array | None = None
) -> NotEstimable | None:
    """The answer *cannot be estimated* where a coefficient would be infinite.

    Parameters
    ----------
    outcome, design, names
        Counts (n,), columns (n, k) and their names.
    ceiling
        Of a binomial model, the trials (n,); a log-linear model has none.

    Notes
    -----
    The likelihood has no maximum exactly when some combination g of the coefficients leaves all rows off the edge alone
    (Xg = 0), lowers some row at its floor (no events) or raises some row at its ceiling (all events), and does the
    opposite to none. Rows off the edge of full rank rule it out; otherwise a small linear programme over their null
    space decides.

    References
    ----------
    Correia, Guimaraes, Zylkin. Verifying the existence of maximum likelihood estimates for generalized linear models.
    arXiv:1903.01633, proposition 1.
    """
    norms = np.linalg.norm(design, axis=0)
    scaled = design / np.where(norms > 0, norms, 1.0) * np.sqrt(len(outcome))
    at_ceiling = np.zeros(len(outcome), dtype=bool) if ceiling is None else outcome == ceiling
    edge = (outcome == 0) | at_ceiling
    _, sizes, directions = np.linalg.svd(scaled[~edge].T @ scaled[~edge], hermitian=True)
    # Squares of singular values are compared, so the tolerance is squared too.
    free = directions[sizes < max(RANK_TOLERANCE**2 * sizes[0], 1e-12) * len(outcome)]
    if not len(free):
        return None
    moves = np.where(at_ceiling, -1.0, 1.0)[edge, None] * (scaled[edge] @ free.T)
    moves = np.where(np.abs(moves) < RANK_TOLERANCE, 0.0, moves)
    found = linprog(
        moves.sum(axis=0), A_ub=np.vstack([moves, -moves]), b_ub=_one_sided(len(moves)), bounds=(None, None)
    )
    if found.fun > -RANK_TOLERANCE:
        return None
    infinite = [name for name, size in zip(names, np.abs(found.x @ free), strict=True) if size > RANK_TOLERANCE]
    return NotEstimable(
        reason="separation",
        detail=f"The events say only that the effect of {', '.join(infinite)} is without limit: "
        "the sites or months that it describes have none (or nothing else).",
    )


def _one_sided(rows: int) -> Array:
    """Bounds for: no row is raised, none is lowered by more than 1."""
    return np.concatenate([np.zeros(rows), np.ones(rows)])


def solve_poisson(outcome: Array, design: Array, offset: Array) -> Array | NotEstimable:
    """Maximum likelihood coefficients of a Poisson log-linear model, by Newton steps with halving.

    The caller must have ruled out aliased columns and separation; then the likelihood has one maximum, which rounding
    hides only where values differ by many orders of magnitude: `not-converged`.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            return _newton_steps(outcome, design, offset)
    except np.linalg.LinAlgError:
        return NOT_CONVERGED


def _newton_steps(outcome: Array, design: Array, offset: Array) -> Array | NotEstimable:
    eta = np.log(outcome + 0.1 * max(float(outcome.mean()), 1e-8))
    beta, loss = np.zeros(design.shape[1]), np.inf
    target = eta - offset
    for _ in range(MAX_STEPS):
        mean = np.exp(eta)
        information = cho_factor(design.T @ (design * mean[:, None]))
        wanted = cho_solve(information, design.T @ (mean * target + outcome - mean))
        beta, eta, loss_now = _improve(outcome, design, offset, beta, wanted, loss)
        moved = np.max(np.abs(eta - offset - target)) if np.isfinite(loss) else np.inf
        target, loss = eta - offset, loss_now
        if moved < STEP_TOLERANCE:
            return beta
    return NOT_CONVERGED


def _improve(
    outcome: Array, design: Array, offset: Array, beta: Array, wanted: Array, loss: float
) -> tuple[Array, Array, float]:
    """Go from `beta` towards `wanted` by the longest of 1, 1/2, 1/4, ... that does not make the likelihood smaller."""
    step = 1.0
    while True:
        trial = beta + step * (wanted - beta)
        eta = offset + design @ trial
        with np.errstate(over="ignore"):
            value = float(np.sum(np.exp(eta) - outcome * eta))
        if value <= loss + 1e-10 * abs(value) or step < 1e-6:
            return trial, eta, value
        step /= 2
