"""Two arms compared by one number for each cluster: t test, adjusted comparison, two-stage residuals.

Every cluster counts the same unless weights say otherwise. Models of rows within clusters live elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from enginehouse.stats.comparison import Side, comparison, members, signs
from enginehouse.stats.fits import RANK_TOLERANCE, aliased
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, Scale
from enginehouse.stats.trial_columns import adjustment, analysed_sites, check_arms
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]
Variance = Literal["equal", "welch"]


def cluster_t_test(
    values: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    variance: Variance = "equal",
    scale: Scale = "difference",
) -> Estimated:
    """The difference of the means of cluster summaries, treated minus not.

    Parameters
    ----------
    values
        One summary for each cluster, shape (K,): a mean, a proportion, the log of a rate.
    treated
        Shape (K,), true in the arm that is judged.
    variance
        `equal`: pooled, K - 2 degrees of freedom. `welch`: each arm its own, degrees of freedom after Welch.
    scale
        `log-ratio` where the summaries are logarithms.

    Returns
    -------
    Estimate or NotEstimable

    Notes
    -----
    Robust to unequal cluster sizes when arms have equally many clusters. Assumes independent clusters, and means that
    are nearly normal.

    References
    ----------
    Hayes RJ, Moulton LH. Cluster Randomised Trials, 2nd ed. 2017, sections 10.3 and 10.4.

    Examples
    --------
    >>> found = cluster_t_test([1.0, 2.0, 3.0, 5.0, 6.0, 7.0], [0, 0, 0, 1, 1, 1])
    >>> found.value, found.df, round(found.std_error, 6)
    (4.0, 4.0, 0.816497)
    """
    summaries, arm = _clusters(values, treated)
    groups = summaries[arm], summaries[~arm]
    if min(len(group) for group in groups) < 2:
        return NotEstimable(reason="too-few-clusters", detail="Each arm needs at least two clusters.")
    variances = [float(group.var(ddof=1)) for group in groups]
    sizes = [len(group) for group in groups]
    if variance == "equal":
        df = float(sum(sizes) - 2)
        pooled = sum(v * (n - 1) for v, n in zip(variances, sizes, strict=True)) / df
        squared = pooled * sum(1 / n for n in sizes)
    else:
        shares = [v / n for v, n in zip(variances, sizes, strict=True)]
        squared = sum(shares)
        weights = sum(s**2 / (n - 1) for s, n in zip(shares, sizes, strict=True))
        df = squared**2 / weights if weights > 0 else 1.0
    if squared <= 0:
        return NotEstimable(reason="no-variation", detail="Clusters of an arm do not differ at all.")
    return Estimate(
        value=float(groups[0].mean() - groups[1].mean()),
        std_error=math.sqrt(squared),
        df=df,
        scale=scale,
        method=f"cluster-t-test-{variance}",
        numbers={"clusters": float(sum(sizes))},
    )


def cluster_rank_sum(values: npt.ArrayLike, treated: npt.ArrayLike) -> float | NotEstimable:
    """The two-sided p value of the rank sum (Wilcoxon, Mann-Whitney) of cluster summaries, exact unless there are ties.

    Parameters
    ----------
    values, treated
        As in `cluster_t_test`.

    Returns
    -------
    float or NotEstimable
    """
    summaries, arm = _clusters(values, treated)
    if not arm.any() or arm.all():
        return NotEstimable(reason="one-arm", detail="One of the two arms has no cluster with data.")
    from scipy.stats import mannwhitneyu  # slow to load, and asked for here alone

    ties = len(np.unique(summaries)) < len(summaries)
    found = mannwhitneyu(summaries[arm], summaries[~arm], method="asymptotic" if ties else "exact")
    return float(found.pvalue)


def cluster_ancova(
    values: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    scale: Scale = "difference",
) -> Estimated:
    """The adjusted difference of cluster summaries, treated minus not, by (weighted) least squares.

    Parameters
    ----------
    values, treated, scale
        As in `cluster_t_test`.
    covariates
        Shape (K, c): the cluster's baseline, its size, and so on.
    weights
        Shape (K,), positive: 1 / (between-cluster variance + within-cluster variance / size) is the efficient choice.

    Returns
    -------
    Estimate or NotEstimable
        With K - 2 - c degrees of freedom.

    Notes
    -----
    Without covariates and weights it is the pooled t test.
    """
    summaries, arm = _clusters(values, treated)
    cells = np.column_stack([~arm, arm])
    return compared_cells(summaries, cells, (-1.0, 1.0), covariates=covariates, weights=weights, scale=scale)


def compared_cells(
    values: npt.ArrayLike,
    cells: npt.NDArray[np.bool_],
    compared: Sequence[float],
    *,
    covariates: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    scale: Scale = "difference",
) -> Estimated:
    """A weighted sum of the adjusted means of several arms, by (weighted) least squares of cluster summaries.

    Parameters
    ----------
    values, covariates, weights, scale
        As in `cluster_ancova`.
    cells
        Shape (K, a): in which arm each cluster is.
    compared
        Weights of the arms, shape (a,), which add up to zero: (-1/2, -1/2, 1/2, 1/2) is a main effect at the margins.

    Returns
    -------
    Estimate or NotEstimable
        With K - a - c degrees of freedom.
    """
    summaries = np.asarray(values, dtype=float)
    extra = np.zeros((len(summaries), 0)) if covariates is None else np.asarray(covariates, dtype=float)
    extra = extra[:, None] if extra.ndim == 1 else extra
    root = np.sqrt(np.ones(len(summaries)) if weights is None else np.asarray(weights, dtype=float))
    design = np.column_stack([np.ones(len(summaries)), cells[:, 1:].astype(float), extra])
    df = len(summaries) - design.shape[1]
    if df < 1:
        return NotEstimable(
            reason="too-few-clusters", detail=f"{len(summaries)} clusters for {design.shape[1]} coefficients."
        )
    refusal = aliased(design * root[:, None], _cell_names(cells.shape[1], extra.shape[1]))
    if refusal is not None:
        return refusal
    gradient = np.array([0.0, *compared[1:], *np.zeros(extra.shape[1])])
    scaled = design * root[:, None]
    bread = np.linalg.inv(scaled.T @ scaled)
    coefficients = bread @ scaled.T @ (summaries * root)
    residuals = (summaries - design @ coefficients) * root
    variance = float(residuals @ residuals) / df * float(gradient @ bread @ gradient)
    if variance <= 0:
        return NotEstimable(reason="no-variation", detail="The model fits every cluster exactly.")
    return Estimate(
        value=float(gradient @ coefficients),
        std_error=math.sqrt(variance),
        df=float(df),
        scale=scale,
        method="cluster-level",
        numbers={"clusters": float(len(summaries))},
    )


def _cell_names(cells: int, covariates: int) -> tuple[str, ...]:
    arms = ("arm",) if cells == 2 else tuple(f"arm {place}" for place in range(2, cells + 1))
    return ("intercept", *arms, *(f"covariate {place + 1}" for place in range(covariates)))


def residual_summaries(
    observed: npt.ArrayLike, expected: npt.ArrayLike, totals: npt.ArrayLike, *, scale: Scale
) -> Array:
    """Each cluster's residual of the first stage: (O - E) / n, or log(O / E) for ratios; shape (K,).

    Parameters
    ----------
    observed, expected
        Sums over the cluster of the outcome and of what a model without the arm expects.
    totals
        Number of rows (or the denominator) of each cluster.

    Notes
    -----
    The second stage is `cluster_t_test` of these. A ratio needs every cluster to have an event.

    References
    ----------
    Hayes RJ, Moulton LH. Cluster Randomised Trials, 2nd ed. 2017, section 11.3. Gail MH et al. Stat Med 1996;15:1069.
    """
    seen, model = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)
    if scale == "difference":
        return np.asarray((seen - model) / np.asarray(totals, dtype=float))
    if np.any(seen <= 0) or np.any(model <= 0):
        raise ValueError("a log ratio of observed to expected needs an event in every cluster")
    return np.asarray(np.log(seen / model))


@dataclass(frozen=True, slots=True, eq=False)
class UnitSummaries:
    """One number for each unit of allocation, the position of its arm, and what is adjusted for."""

    values: Array
    arm: npt.NDArray[np.intp]
    covariates: Array
    units: npt.NDArray[np.intp]
    notes: tuple[str, ...]


def trial_cluster_level(
    data: TrialData, *, arm: Side = 1, over: Side = 0, scale: Scale = "log-ratio", adjust: bool = True
) -> Estimated:
    """The cluster-level effect of one side over another: follow-up values of units, adjusted for their baseline.

    Parameters
    ----------
    data, arm, over, scale
        As in `patient_average.patient_average`.
    adjust
        Whether to adjust for baseline, registered covariates and strata.

    Returns
    -------
    Estimate or NotEstimable

    Notes
    -----
    Each unit counts the same. Logarithms of values for a ratio; a unit without events gets half of the smallest value
    above zero, and a note says how many. A network's value is that of its sites together, its covariates their mean.
    """
    weights = comparison(arm, over)
    rows = analysed_sites(data)
    rows = rows[np.isin(data.arm[rows], list(weights))]
    refusal = check_arms(data, rows, weights)
    if refusal is not None:
        return refusal
    found = unit_summaries(data, rows, scale=scale, adjust=adjust)
    order = (*members(over), *members(arm))
    cells = found.arm[:, None] == np.array(order)[None, :]
    answer = compared_cells(found.values, cells, signs(weights, order), covariates=found.covariates, scale=scale)
    if isinstance(answer, NotEstimable):
        return answer
    return Estimate(
        value=answer.value,
        std_error=answer.std_error,
        df=answer.df,
        scale=scale,
        method=answer.method,
        notes=found.notes,
        numbers=answer.numbers,
    )


def unit_summaries(data: TrialData, rows: npt.NDArray[np.intp], *, scale: Scale, adjust: bool) -> UnitSummaries:
    """Follow-up values of the units of the given sites."""
    units, first, codes = np.unique(data.unit[rows], return_index=True, return_inverse=True)
    numerator, denominator = (
        np.bincount(codes, weights=values[rows], minlength=len(units)) for values in data.totals(before=False)
    )
    values: Array = numerator / denominator
    notes: tuple[str, ...] = ()
    if scale == "log-ratio":
        values, notes = _logs(values)
    covariates = np.zeros((len(units), 0))
    if adjust:
        columns = adjustment(data, rows)
        notes = (*notes, *columns.notes)
        sizes = np.bincount(codes, minlength=len(units))
        sums = np.zeros((len(units), columns.values.shape[1]))
        np.add.at(sums, codes, columns.values)
        covariates = _full_rank(sums / sizes[:, None])
    return UnitSummaries(values, data.arm[rows[first]], covariates, units, notes)


def _logs(values: Array) -> tuple[Array, tuple[str, ...]]:
    zeros = values <= 0
    if not zeros.any():
        return np.log(values), ()
    smallest = float(values[~zeros].min()) if not zeros.all() else 1.0
    told = f"Units without an event, for which half of the smallest other value was used: {np.count_nonzero(zeros)}."
    return np.log(np.where(zeros, smallest / 2, values)), (told,)


def _full_rank(columns: Array) -> Array:
    centred = columns - columns.mean(axis=0) if columns.size else columns
    if not columns.shape[1]:
        return columns
    remainders = np.abs(np.diag(np.linalg.qr(centred, mode="r")))
    return columns[:, : len(remainders)][:, remainders > RANK_TOLERANCE * np.linalg.norm(centred, axis=0).max()]


def _clusters(values: npt.ArrayLike, treated: npt.ArrayLike) -> tuple[Array, npt.NDArray[np.bool_]]:
    summaries, arm = np.asarray(values, dtype=float), np.asarray(treated).astype(bool)
    if summaries.shape != arm.shape or summaries.ndim != 1 or not np.all(np.isfinite(summaries)):
        raise ValueError("one finite summary and one arm for each cluster")
    return summaries, arm
