"""Placebo in space: how far untreated areas drift apart by themselves, and what that does to one treated area.

Arrays in, results out: which areas are placebos, and against whom, is decided in `evaluation`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.words import agreeing
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, t_quantile
from enginehouse.stats.search import grid_maximum

Array = npt.NDArray[np.float64]
FEWEST_PLACEBO_AREAS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboInSpace:
    """The drift between untreated areas, and the treated area among them.

    Attributes
    ----------
    significant
        For each placebo area, whether its own interval excludes no effect.
    share_significant
        Their share (0-1): about 0.05 if the interval carried every source of doubt.
    tau
        Standard deviation of the drift, by maximum likelihood with mean zero: what the headline uses.
    tau_reml, mu_reml
        The same with an estimated mean, by restricted likelihood: a check.
    rank_p, rank_p_studentised
        Share of areas (the treated one included) whose estimate, or estimate over standard error, is at least as far
        from zero as the treated one's.
    total
        The treated area's estimate with the drift in its standard error, or why it cannot be estimated.
    """

    significant: tuple[bool, ...]
    share_significant: float
    tau: float
    tau_reml: float
    mu_reml: float
    rank_p: float
    rank_p_studentised: float
    total: Estimated


def placebo_in_space(
    treated: Estimate,
    estimates: Array,
    std_errors: Array,
    *,
    df: Array | float,
    confidence_level: float = 0.95,
    fewest: int = FEWEST_PLACEBO_AREAS,
) -> PlaceboInSpace | NotEstimable:
    """The effect in one treated area with the drift between areas in its interval.

    Parameters
    ----------
    treated : Estimate
        The treated area's estimate with the standard error from its own months.
    estimates, std_errors : array, shape (J,)
        The same model for each of J untreated areas, treated in name only, on the scale of `treated`.
    df : array, shape (J,), or float
        Degrees of freedom of the placebo areas' own intervals.
    confidence_level : float
        Level at which a placebo area counts as significant.
    fewest : int
        With fewer placebo areas the total is `NotEstimable`; what can be shown of them is still returned.

    Returns
    -------
    PlaceboInSpace or NotEstimable
        Not estimable when there is no placebo area at all.

    Notes
    -----
    e_j ~ N(0, se_j^2 + tau^2), tau by maximum likelihood. total se^2 = se_treated^2 + tau^2, intervals with t(J), or
    with the months' degrees of freedom where t(J) would be narrower than months alone (no drift found, more
    areas than months). Assumes that the treated area would have drifted as the placebo areas did: of like size, over
    the same months.

    References
    ----------
    Abadie A, Diamond A, Hainmueller J. J Am Stat Assoc 2010;105:493-505 (placebos in space).

    Examples
    --------
    >>> import numpy as np
    >>> treated = Estimate(value=-0.03, std_error=0.01, df=20, scale="log-ratio", method="ar1-reml")
    >>> drift = np.array([0.02, -0.03, 0.01, -0.02, 0.03, -0.01, 0.02, -0.02])
    >>> found = placebo_in_space(treated, drift, np.full(8, 0.01), df=20.0)
    >>> round(found.rank_p, 3), round(found.tau, 4)
    (0.333, 0.0187)
    """
    areas = len(estimates)
    if areas == 0:
        return NotEstimable(
            reason="no-placebo-areas", detail="There is no untreated area of like size to learn drift from."
        )
    tau = drift_ml(estimates, std_errors)
    tau_reml, mu_reml = drift_reml(estimates, std_errors) if areas > 1 else (tau, float(estimates[0]))
    significant = _significant(estimates, std_errors, df, confidence_level)
    return PlaceboInSpace(
        significant=tuple(bool(s) for s in significant),
        share_significant=float(np.mean(significant)),
        tau=tau,
        tau_reml=tau_reml,
        mu_reml=mu_reml,
        rank_p=rank_p(treated.value, estimates),
        rank_p_studentised=rank_p(treated.value / treated.std_error, estimates / std_errors),
        total=with_drift(treated, tau, areas) if areas >= fewest else too_few_placebo_areas(areas, fewest),
    )


def drift_ml(estimates: Array, std_errors: Array) -> float:
    """The standard deviation of drift with mean zero, by maximum likelihood; 0 where noise explains it all."""
    squares, variances = (estimates**2)[None, :], (std_errors**2)[None, :]

    def heights(tau: Array) -> Array:
        total = variances + tau[:, None] ** 2
        return np.asarray(-0.5 * (np.log(total) + squares / total).sum(axis=1))

    return grid_maximum(heights, 0.0, _largest(estimates))


def drift_reml(estimates: Array, std_errors: Array) -> tuple[float, float]:
    """The standard deviation of drift around an estimated mean, and that mean, by restricted likelihood."""
    variances = (std_errors**2)[None, :]

    def heights(tau: Array) -> Array:
        total = variances + tau[:, None] ** 2
        weights = 1 / total
        means = (weights * estimates).sum(axis=1) / weights.sum(axis=1)
        squares = weights * (estimates[None, :] - means[:, None]) ** 2
        return np.asarray(-0.5 * ((np.log(total) + squares).sum(axis=1) + np.log(weights.sum(axis=1))))

    tau = grid_maximum(heights, 0.0, _largest(estimates))
    weights = 1 / (std_errors**2 + tau**2)
    return tau, float(weights @ estimates / weights.sum())


def rank_p(treated: float, placebos: Array) -> float:
    """(1 + number of placebos at least as far from zero) / (J + 1)."""
    return (1 + int(np.count_nonzero(np.abs(placebos) >= abs(treated)))) / (len(placebos) + 1)


def with_drift(treated: Estimate, tau: float, areas: int) -> Estimate:
    """The treated estimate with total se^2 = se^2 + tau^2 and t(J); at 95% never narrower than from months alone."""
    total = math.hypot(treated.std_error, tau)
    narrower = t_quantile(0.975, areas) * total < t_quantile(0.975, treated.df) * treated.std_error
    return Estimate(
        value=treated.value,
        std_error=total,
        df=treated.df if narrower else float(areas),
        scale=treated.scale,
        method=f"{treated.method} with drift between areas",
        notes=treated.notes,
        numbers={**treated.numbers, "tau": tau, "placebo areas": float(areas), "within se": treated.std_error},
    )


def too_few_placebo_areas(areas: int, fewest: int = FEWEST_PLACEBO_AREAS) -> NotEstimable:
    """The answer where drift cannot be learnt."""
    return NotEstimable(
        reason="too-few-placebo-areas",
        detail=f"One treated area is one cluster, and only {agreeing(areas, 'untreated area', 'shows', 'show')} how "
        f"far "
        f"areas of like size drift apart by themselves; at least {fewest} are needed.",
    )


def _significant(
    estimates: Array, std_errors: Array, df: Array | float, confidence_level: float
) -> npt.NDArray[np.bool_]:
    degrees = np.broadcast_to(np.asarray(df, dtype=np.float64), estimates.shape)
    critical = np.array([t_quantile(0.5 + confidence_level / 2, float(d)) for d in degrees])
    return np.asarray(np.abs(estimates) > critical * std_errors)


def _largest(estimates: Array) -> float:
    """No likelihood of drift has its top above twice the largest distance between the estimates and zero."""
    return max(2 * float(np.max(np.abs(estimates))), 1e-12)
