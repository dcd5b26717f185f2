"""What analyses of one trial adjust for: the outcome's own baseline, registered covariates, strata of the allocation.

Sites in rows. Nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.comparison import ArmWeights
from enginehouse.stats.fits import RANK_TOLERANCE
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]
type Rows = npt.NDArray[np.intp]

UNITS_A_STRATUM = 10
"""Strata are adjusted for where there are at least this many units of allocation for each of them."""
BASELINE = "logarithm of the outcome's own baseline value"


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Columns (n, p) with their names, and what a reader must be told of how they were made."""

    values: Array
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def analysed_sites(data: TrialData) -> Rows:
    """Rows of the sites that have at least one month with a value in the baseline and one in the follow-up."""
    _, before = data.totals(before=True)
    _, after = data.totals(before=False)
    present = after > 0
    return np.flatnonzero(present & (before > 0) if data.n_before else present)


def check_arms(data: TrialData, rows: Rows, arms: Iterable[int]) -> NotEstimable | None:
    """The answer *cannot be estimated* where an arm has fewer than two units with data."""
    for arm in arms:
        units = len(np.unique(data.unit[rows[data.arm[rows] == arm]]))
        if units < 2:
            return NotEstimable(
                reason="too-few-units",
                detail=f"Units of allocation with data before and after in the arm '{data.arms[arm]}': {units}; at "
                "least 2 are needed.",
            )
    return None


def arm_columns(data: TrialData, rows: Rows) -> Columns:
    """An intercept, and one column for every arm after the first that has sites; the first is the one of reference."""
    present = [arm for arm in range(len(data.arms)) if np.any(data.arm[rows] == arm)]
    dummies = [(data.arm[rows] == arm).astype(np.float64) for arm in present[1:]]
    names = ("intercept", *(arm_name(data, arm) for arm in present[1:]))
    return Columns(np.column_stack([np.ones(len(rows)), *dummies]), names)


def arm_name(data: TrialData, arm: int) -> str:
    """What the column of an arm is called."""
    return f"arm {data.arms[arm]}"


def contrast_weights(data: TrialData, names: tuple[str, ...], compared: ArmWeights) -> Array:
    """Weights of columns from those of arms; the arm of reference has no column."""
    weights = np.zeros(len(names))
    for which, weight in compared.items():
        if arm_name(data, which) in names:
            weights[names.index(arm_name(data, which))] = weight
    return weights


def adjustment(data: TrialData, rows: Rows) -> Columns:
    """Baseline of the outcome (logarithm), registered covariates, strata; each centred and scaled, dependent ones out.

    Notes
    -----
    A site without events in the baseline has no logarithm: half of the smallest rate above zero stands in for zero.
    Since everything here was known before the allocation, how it is made bears on precision only, not on bias. Strata
    are left out where there are fewer than ten units of allocation for each: they would cost more than they give.
    """
    base, notes = _baseline(data, rows)
    columns = [*base, *data.covariates[rows].T]
    names = [*(BASELINE for _ in base), *data.covariate_names]
    strata = np.unique(data.stratum[rows])
    if len(np.unique(data.unit[rows])) >= UNITS_A_STRATUM * len(strata):
        columns += [(data.stratum[rows] == stratum).astype(np.float64) for stratum in strata[1:]]
        names += [f"stratum {stratum}" for stratum in strata[1:]]
    elif len(strata) > 1:
        notes = (*notes, f"The {len(strata)} strata are not adjusted for: there are too few units for each.")
    return _independent(columns, names, rows, notes)


def _baseline(data: TrialData, rows: Rows) -> tuple[list[Array], tuple[str, ...]]:
    if not data.n_before:
        return [], ("There are no baseline months.",)
    numerator, denominator = (values[rows] for values in data.totals(before=True))
    rate = numerator / denominator
    positive = rate[rate > 0]
    if not len(positive):
        return [], ("No site has any event in the baseline, so it is not adjusted for.",)
    zeros = int(np.count_nonzero(rate <= 0))
    told = f"Sites with a baseline of zero, for which half of the smallest other value was used: {zeros}."
    notes = (told,) if zeros else ()
    return [np.log(np.where(rate > 0, rate, positive.min() / 2))], notes


def _independent(columns: list[Array], names: list[str], rows: Rows, notes: tuple[str, ...]) -> Columns:
    """Centred and scaled columns, without those that are constant or repeat the columns before them."""
    if not columns:
        return Columns(np.zeros((len(rows), 0)), (), notes)
    matrix = np.column_stack(columns)
    centred = matrix - matrix.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    size = np.abs(matrix).max(axis=0)
    scaled = centred / np.where(spread > 1e-12 * np.maximum(size, 1e-300), spread, np.inf)
    norms = np.linalg.norm(scaled, axis=0)
    remainders = np.zeros(matrix.shape[1])
    triangle = np.linalg.qr(scaled, mode="r")
    remainders[: min(scaled.shape)] = np.abs(np.diag(triangle))
    keep = (norms > 0) & (remainders > RANK_TOLERANCE * np.where(norms > 0, norms, 1.0))
    return Columns(scaled[:, keep], tuple(name for name, kept in zip(names, keep, strict=True) if kept), notes)
