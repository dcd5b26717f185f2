"""Site and month effects concentrated out: Poisson (for counts and quantities, zeros kept) and log-linear regression.

No dummy column is ever built: weighted site and month means are swept out exactly, by a Schur complement with one row
for each month. Random site effects are in `glmm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.words import counted
from enginehouse.stats.fits import (
    Array,
    Codes,
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
from enginehouse.stats.results import NotEstimable

MAX_STEPS = 100
STEP_TOLERANCE = 1e-9
"""Root mean square of the relative change of fitted means, at which the next step would be its square."""
NO_VARIATION = 1e-8
"""Residuals of logs below this, or below this share of the largest log, are rounding."""
LARGEST_CHANGE = 10.0
"""No step may change a fitted mean by more than a factor of e^10."""


def poisson_fixed_effects(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    sites: npt.ArrayLike,
    months: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
    clusters: npt.ArrayLike | None = None,
    correction: SmallSample = SmallSample.CLUSTERS_AND_ROWS,
) -> RegressionFit | NotEstimable:
    """Log ratios of a quasi-Poisson regression with an effect for every site and every month, robust by cluster.

    Parameters
    ----------
    outcome
        Counts or quantities (mg, doses), shape (n,), zeros included, not negative.
    design
        Shape (n, k): the terms of interest; no intercept and nothing that only varies by site or only by month.
    sites, months
        Labels of the rows, shape (n,).
    offset
        Log of the denominator, shape (n,).
    clusters
        Labels, shape (n,); the sites by default.
    correction
        Small-sample factor of the cluster-robust covariance.

    Returns
    -------
    RegressionFit or NotEstimable
        `dispersion` is the Pearson one; intervals use t with G - 1 degrees of freedom. Sites and months without any
        event carry no information and are left out; a note says how many.

    Notes
    -----
    log E(y_it) = offset + a_i + m_t + x b. Only the mean must be right: neither Poisson variation nor independence
    within a cluster is assumed. The number of coefficients k in the factor counts the columns and the months but not
    site effects nested in the clusters, except the constant, as in the R package fixest.

    References
    ----------
    Hausman, Hall, Griliches. Econometrica 1984;52:909-938 (Poisson with fixed effects).
    Berge. Efficient estimation of maximum likelihood models with multiple fixed-effects: the R package FENmlm. 2018.
    """
    rows = _Rows.of(outcome, design, sites=sites, months=months, offset=offset, names=names, clusters=clusters)
    refusal = no_events(rows.outcome)
    if refusal is not None:
        return refusal
    kept, notes = rows.with_events()
    refusal = kept.refusal() or kept.separation()
    if refusal is not None:
        return refusal
    mean = _solve_poisson(kept)
    if isinstance(mean, NotEstimable):
        return mean
    working = np.log(mean) - kept.offset + kept.outcome / mean - 1
    return _robust_fit("quasi-poisson-fixed-effects", kept, working, mean, correction, notes)


def log_linear_fixed_effects(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    sites: npt.ArrayLike,
    months: npt.ArrayLike,
    offset: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
    clusters: npt.ArrayLike | None = None,
    correction: SmallSample = SmallSample.CLUSTERS_AND_ROWS,
) -> RegressionFit | NotEstimable:
    """Log ratios of a least-squares regression of log(outcome) - offset with site and month effects, robust by cluster.

    Parameters
    ----------
    outcome, design, sites, months, offset, names, clusters, correction
        As in `poisson_fixed_effects`.
    weights
        Positive, shape (n,); equal by default, so that every site-month counts the same.

    Returns
    -------
    RegressionFit or NotEstimable
        A zero has no logarithm: such rows are left out and a note says how many. `dispersion` is the residual variance.

    Notes
    -----
    log(y_it) - offset = a_i + m_t + x b + e. A sensitivity analysis: leaving out zeros bends the result where they are
    many, and the effect is on the geometric, not the arithmetic, mean.
    """
    rows = _Rows.of(outcome, design, sites=sites, months=months, offset=offset, names=names, clusters=clusters)
    positive = rows.outcome > 0
    weight = np.ones(len(positive)) if weights is None else np.asarray(weights, dtype=float)
    if weight.shape != positive.shape or not np.all(weight > 0):
        raise ValueError("weights must be positive, one for each row")
    refusal = no_events(rows.outcome)
    if refusal is not None:
        return refusal
    kept = rows.of_rows(positive)
    refusal = kept.refusal()
    if refusal is not None:
        return refusal
    dropped = int(np.sum(~positive))
    notes = (
        (f"{dropped} of {len(positive)} site-months are zero, have no logarithm and were left out.",) if dropped else ()
    )
    target = np.log(kept.outcome) - kept.offset
    return _robust_fit("log-linear-fixed-effects", kept, target, weight[positive], correction, notes)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The rows of one regression with their site, month and cluster as numbers from 0."""

    outcome: Array
    design: Array
    offset: Array
    names: tuple[str, ...]
    site: Codes
    month: Codes
    cluster: Codes

    @classmethod
    def of(
        cls,
        outcome: npt.ArrayLike,
        design: npt.ArrayLike,
        *,
        sites: npt.ArrayLike,
        months: npt.ArrayLike,
        offset: npt.ArrayLike | None,
        names: Sequence[str] | None,
        clusters: npt.ArrayLike | None,
    ) -> _Rows:
        values, columns, shift = as_rows(outcome, design, offset)
        site, _ = codes_of(sites, len(values))
        month, _ = codes_of(months, len(values))
        cluster = site if clusters is None else codes_of(clusters, len(values))[0]
        return cls(values, columns, shift, name_columns(names, columns.shape[1]), site, month, cluster)

    def of_rows(self, keep: npt.NDArray[np.bool_]) -> _Rows:
        site, month, cluster = (
            np.unique(codes[keep], return_inverse=True)[1].astype(np.intp)
            for codes in (self.site, self.month, self.cluster)
        )
        return _Rows(self.outcome[keep], self.design[keep], self.offset[keep], self.names, site, month, cluster)

    def with_events(self) -> tuple[_Rows, tuple[str, ...]]:
        """The rows of sites and months that have an event, and notes on what was left out."""
        kept, notes = self, list[str]()
        while True:
            by_site = np.bincount(kept.site, kept.outcome) > 0
            by_month = np.bincount(kept.month, kept.outcome) > 0
            if by_site.all() and by_month.all():
                return kept, tuple(notes)
            notes += [
                f"Left out, since without any event they tell nothing: {counted(int(np.sum(~seen)), what)}."
                for what, seen in (("site", by_site), ("month", by_month))
                if not seen.all()
            ]
            kept = kept.of_rows(by_site[kept.site] & by_month[kept.month])

    def effects_not_nested(self, sweep: _Sweep) -> int:
        """How many effects count as coefficients: of sites that lie inside one cluster, only the constant."""
        pairs = len(np.unique(self.site * (int(self.cluster.max()) + 1) + self.cluster))
        sites = len(sweep.by_site)
        return sweep.effects - sites + 1 if pairs == sites else sweep.effects

    def sweep(self, weights: Array) -> _Sweep:
        return _Sweep(self.site, self.month, weights)

    def refusal(self) -> NotEstimable | None:
        """Refuse columns that site and month effects explain, and too few clusters."""
        swept = self.sweep(np.ones(len(self.outcome))).residuals(self.design)
        size = np.linalg.norm(self.design, axis=0)
        clusters = int(self.cluster.max()) + 1
        return aliased(swept, self.names, size=size) or too_few_clusters(clusters, needed=len(self.names) + 1)

    def separation(self) -> NotEstimable | None:
        """Refuse columns that only rows without events identify: their coefficients may be infinite."""
        keep = self.outcome > 0
        if keep.all():
            return None
        seen = self.of_rows(keep)
        swept = seen.sweep(np.ones(len(seen.outcome))).residuals(seen.design)
        found = aliased(swept, self.names, size=np.linalg.norm(self.design, axis=0))
        if found is None:
            return None
        return NotEstimable(
            reason="separation", detail=f"{found.detail[:-1]} once site-months without events are set aside."
        )


class _Sweep:
    """Removes weighted site and month effects from columns: exact, whatever cells are missing."""

    def __init__(self, site: Codes, month: Codes, weights: Array) -> None:
        self.site, self.month, self.weights = site, month, weights
        sites, self.months = int(site.max()) + 1, int(month.max()) + 1
        self.cells = np.bincount(site * self.months + month, weights, sites * self.months).reshape(sites, self.months)
        self.by_site = self.cells.sum(axis=1)
        schur = np.diag(self.cells.sum(axis=0)) - self.cells.T @ (self.cells / self.by_site[:, None])
        scale = float(np.max(np.abs(np.diag(schur)))) or 1.0
        self.inverse = np.linalg.pinv(schur / scale, rcond=1e-11, hermitian=True) / scale
        free = np.linalg.matrix_rank(schur / scale, tol=1e-11, hermitian=True)
        self.effects = sites + int(free)

    def residuals(self, columns: Array) -> Array:
        """What site and month effects leave of each column, shape (n, k)."""
        return np.column_stack([self._residual(column) for column in columns.T])

    def _residual(self, column: Array) -> Array:
        weighted = self.weights * column
        site_sum = np.bincount(self.site, weighted, len(self.by_site))
        month_sum = np.bincount(self.month, weighted, self.months)
        month_effect = self.inverse @ (month_sum - self.cells.T @ (site_sum / self.by_site))
        site_effect = (site_sum - self.cells @ month_effect) / self.by_site
        return np.asarray(column - site_effect[self.site] - month_effect[self.month])


def _solve_poisson(rows: _Rows) -> Array | NotEstimable:
    """Fitted means, by weighted least-squares steps with all effects swept out and site totals met exactly.

    The change that counts is weighted by the means: a cell whose fitted mean goes to zero may go on for ever.
    """
    eta = _meet_site_totals(rows, rows.offset)
    loss = _loss(rows, eta)
    for _ in range(MAX_STEPS):
        mean = np.exp(eta)
        working = rows.outcome / mean - 1
        swept = rows.sweep(mean).residuals(np.column_stack([working, rows.design]))
        left, columns = swept[:, 0], swept[:, 1:]
        beta = np.linalg.solve(columns.T @ (columns * mean[:, None]), columns.T @ (mean * left))
        change = working - (left - columns @ beta)
        eta, loss = _improve(rows, eta, change, loss)
        if np.sqrt(mean @ change**2 / rows.outcome.sum()) < STEP_TOLERANCE:
            return np.exp(eta)
    return NotEstimable(
        reason="not-converged", detail=f"The fixed-effects regression did not settle in {MAX_STEPS} steps."
    )


def _improve(rows: _Rows, eta: Array, change: Array, loss: float) -> tuple[Array, float]:
    """The longest step, halved as often as needed, that does not make the likelihood smaller.

    A step is shortened as a whole, never row by row: a change must stay a sum of site, month and column effects.
    """
    step = min(1.0, LARGEST_CHANGE / max(float(np.max(np.abs(change))), 1e-300))
    while True:
        trial = _meet_site_totals(rows, eta + step * change)
        value = _loss(rows, trial)
        if value <= loss + 1e-10 * abs(loss) or step < 1e-6:
            return trial, value
        step /= 2


def _meet_site_totals(rows: _Rows, eta: Array) -> Array:
    """The best site effects for given other terms: fitted and observed totals of a site agree."""
    effect = np.log(np.bincount(rows.site, rows.outcome) / np.bincount(rows.site, np.exp(eta)))
    return np.asarray(eta + effect[rows.site])


def _loss(rows: _Rows, eta: Array) -> float:
    return float(np.sum(np.exp(eta) - rows.outcome * eta))


def _robust_fit(
    method: str, rows: _Rows, target: Array, weights: Array, correction: SmallSample, notes: tuple[str, ...]
) -> RegressionFit | NotEstimable:
    """Weighted least squares of `target` with all effects swept out, and its cluster-robust covariance."""
    sweep = rows.sweep(weights)
    swept = sweep.residuals(np.column_stack([target, rows.design]))
    columns = swept[:, 1:]
    bread = np.linalg.inv(columns.T @ (columns * weights[:, None]))
    beta = bread @ (columns.T @ (weights * swept[:, 0]))
    residual = swept[:, 0] - columns @ beta
    if np.max(np.abs(residual)) <= NO_VARIATION * max(1.0, float(np.max(np.abs(target)))):
        return NotEstimable(
            reason="no-variation",
            detail="The data follow the model without any deviation, so there is no standard error.",
        )
    clusters = int(rows.cluster.max()) + 1
    scores = np.zeros((clusters, len(beta)))
    np.add.at(scores, rows.cluster, columns * (weights * residual)[:, None])
    n, df_residual = len(residual), len(residual) - len(beta) - sweep.effects
    factor = small_sample_factor(
        correction, clusters=clusters, rows=n, coefficients=len(beta) + rows.effects_not_nested(sweep)
    )
    return RegressionFit(
        method=method,
        names=rows.names,
        coefficients=beta,
        covariance=factor * bread @ (scores.T @ scores) @ bread,
        df=clusters - 1.0,
        dispersion=float(np.sum(weights * residual**2)) / df_residual if df_residual > 0 else 1.0,
        rows=n,
        clusters=clusters,
        correction=correction,
        notes=notes,
    )
