"""The permutation test of one trial: residuals of a model without arms over allocations of the same scheme."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enginehouse.stats.cluster_level import unit_summaries
from enginehouse.stats.comparison import Side, arms_of, members
from enginehouse.stats.gee import gee
from enginehouse.stats.permutation import PermutationTest, Statistic, permutation_test, studentised_ratio
from enginehouse.stats.results import NotEstimable, Scale
from enginehouse.stats.trial_columns import Rows, adjustment, analysed_sites, check_arms
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.intp]


def trial_permutation(
    data: TrialData,
    allocations: Integers,
    *,
    arm: Side = 1,
    over: Side = 0,
    exact: bool,
    average: str = "patients",
    scale: Scale = "log-ratio",
    adjust: bool = True,
) -> PermutationTest | NotEstimable:
    """The permutation p value of no effect of one arm over another, within the trial's own scheme.

    Parameters
    ----------
    data
        As it was allocated.
    allocations
        Arm of each site of `data` under other allocations of the same scheme, shape (B, n).
    arm, over
        Positions in `data.arms`: one, or several arms that are taken together.
    exact
        Whether `allocations` is the whole scheme.
    average
        `patients`: units weigh by what is expected of them. `sites`: each unit the same.
    scale
        With `sites`: logarithms, or values as they are.
    adjust
        Whether the model without arms has the covariates of the registered analysis.

    Returns
    -------
    PermutationTest or NotEstimable

    Notes
    -----
    Residuals u = observed - expected of each unit under a model of baseline and covariates without arms, the same for
    every allocation; the statistic is that of `studentised_ratio`, with weights = expected (patients) or 1 (sites). So
    the test is exact within the scheme, whether or not the model is right. Of arms taken together it tests
    that none of them matters; where those of one side differ from each other it holds nearly, as it is studentised.

    References
    ----------
    Gail MH, Mark SD, Carroll RJ, Green SB, Pee D. Stat Med 1996;15:1069-1092.
    """
    rows = analysed_sites(data)
    refusal = check_arms(data, rows, arms_of(arm, over))
    if refusal is not None:
        return refusal
    units, first = np.unique(data.unit[rows], return_index=True)
    found = (
        _patients(data, rows, len(units), adjust=adjust)
        if average == "patients"
        else _sites(data, rows, scale, adjust=adjust)
    )
    if isinstance(found, NotEstimable):
        return found
    return permutation_test(
        found,
        _side_of(data.arm[rows[first]], arm, over),
        _side_of(allocations[:, rows[first]], arm, over),
        exact=exact,
    )


def _side_of(arms: Integers, arm: Side, over: Side) -> Integers:
    """1 on the side that is judged, 0 on the other, -1 elsewhere."""
    judged = np.isin(arms, members(arm)).astype(np.intp)
    return np.where(np.isin(arms, members(over)), 0, np.where(judged == 1, 1, -1))


def _patients(data: TrialData, rows: Rows, units: int, *, adjust: bool) -> Statistic | NotEstimable:
    numerator, denominator = (values[rows] for values in data.totals(before=False))
    extra = adjustment(data, rows).values if adjust else np.zeros((len(rows), 0))
    design = np.column_stack([np.ones(len(rows)), extra])
    fit = gee(numerator, design, clusters=data.unit[rows], offset=np.log(denominator))
    if isinstance(fit, NotEstimable):
        return fit
    expected = denominator * np.exp(design @ fit.coefficients)
    _, codes = np.unique(data.unit[rows], return_inverse=True)
    return studentised_ratio(
        np.bincount(codes, weights=numerator - expected, minlength=units),
        np.bincount(codes, weights=expected, minlength=units),
    )


def _sites(data: TrialData, rows: Rows, scale: Scale, *, adjust: bool) -> Statistic:
    """Residuals of the units' values after their covariates, by least squares."""
    found = unit_summaries(data, rows, scale=scale, adjust=adjust)
    design = np.column_stack([np.ones(len(found.values)), found.covariates])
    residuals = found.values - design @ np.linalg.lstsq(design, found.values, rcond=None)[0]
    return studentised_ratio(residuals, np.ones_like(residuals))
