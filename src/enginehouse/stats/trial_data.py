"""One outcome of a cluster trial as arrays: what every analysis of a parallel design takes, in a trial or in a trial of
the trial (power on history, permutation). No analysis lives here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
OutcomeKind = Literal["count", "quantity", "proportion"]
"""What is summed: events (Poisson-like), amounts (milligrams, money), or a part of the denominator."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrialData:
    """Sites in rows, months in columns; `nan` where a site has no value in a month.

    Attributes
    ----------
    sites
        Names of the n sites.
    arms, arm
        Names of the arms, and each site's arm as a position in it. Position 0 is the registered comparator.
    numerator, denominator
        Shape (n, months); denominators are positive or `nan`.
    n_before
        How many of the months belong to the baseline.
    kind
        What is summed in the numerator.
    unit
        Shape (n,): which unit of allocation each site belongs to, counted from 0 (the site itself, or its network).
    covariates, covariate_names
        Shape (n, k): what the registered analysis adjusts for beside the baseline of the outcome, without `nan`.
    stratum
        Shape (n,): the stratum of the allocation, counted from 0.
    conditions, schedule
        Where sites change what they have: names of what they may have, and for each of what was drawn (`arms`) and each
        month the position in it, shape (drawn, months); -1 in months that do not count. None where each site has one
        arm throughout.
    """

    sites: tuple[str, ...]
    arms: tuple[str, ...]
    arm: Integers
    numerator: Array
    denominator: Array
    n_before: int
    kind: OutcomeKind
    unit: Integers
    covariates: Array
    covariate_names: tuple[str, ...]
    stratum: Integers
    conditions: tuple[str, ...] = ()
    schedule: Integers | None = None

    def with_arm(self, arm: Integers) -> TrialData:
        """The same sites allocated otherwise."""
        return replace(self, arm=arm)

    def with_numerator(self, numerator: Array) -> TrialData:
        """The same sites with other outcomes."""
        return replace(self, numerator=numerator)

    @property
    def n_units(self) -> int:
        """How many units were allocated."""
        return int(self.unit.max()) + 1 if len(self.unit) else 0

    def totals(self, *, before: bool) -> tuple[Array, Array]:
        """Each site's numerator and denominator over the baseline (or the follow-up) months in which it has both."""
        columns = slice(None, self.n_before) if before else slice(self.n_before, None)
        numerator, denominator = self.numerator[:, columns], self.denominator[:, columns]
        present = np.isfinite(numerator) & np.isfinite(denominator)
        return np.where(present, numerator, 0.0).sum(axis=1), np.where(present, denominator, 0.0).sum(axis=1)
