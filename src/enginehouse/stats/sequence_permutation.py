"""The permutation test of a stepped wedge, or of any design in which a cluster's arm changes by period: clusters are
compared inside each period, with the sequences exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.permutation import TIE, PermutationTest, first_rejected
from enginehouse.stats.results import Interval, NotEstimable

type Array = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.intp]


def within_period_permutation(
    values: npt.ArrayLike,
    sizes: npt.ArrayLike | None,
    treated: npt.ArrayLike,
    observed: Integers,
    allocations: Integers,
    *,
    exact: bool,
) -> PermutationTest | NotEstimable:
    """The p value of no effect in any cluster and period, by comparing clusters inside periods.

    Parameters
    ----------
    values : array-like, shape (K, J)
        Means of cluster-periods; `nan` where there are none.
    sizes : array-like, shape (K, J), optional
        Individuals behind each; one each by default.
    treated : array-like, shape (S, J)
        For each sequence, in which periods its clusters are treated.
    observed : array, shape (K,)
        Sequence of each cluster as drawn.
    allocations : array, shape (B, K)
        Sequences under the same scheme.
    exact : bool
        Whether these are the whole scheme, each as likely as the others.

    Returns
    -------
    PermutationTest or NotEstimable
        `one-arm` where in no period clusters of both kinds have data.

    Notes
    -----
    In period j, with n1 and n0 individuals, d_j is the mean over individuals of the treated less that of the others.
    The statistic is sum w_j d_j / sum w_j, w_j = n1 n0 / (n1 + n0). Comparisons inside periods need
    no model of time, and use nothing of what a cluster was before: robust, at some cost in power.

    References
    ----------
    Thompson JA et al. Stat Med 2018;37:2487-2500. Wang R, De Gruttola V. Stat Med 2017;36:2831-2843.
    """
    panel = _Periods.of(values, sizes, treated)
    own = float(panel.statistics(observed[None])[0])
    others = panel.statistics(allocations)
    if not np.isfinite(own) or not np.all(np.isfinite(others)):
        return NotEstimable(
            reason="one-arm", detail="There is an allocation with no period in which both kinds have data."
        )
    return PermutationTest.of(own, others, exact=exact)


def within_period_interval(
    values: npt.ArrayLike,
    sizes: npt.ArrayLike | None,
    treated: npt.ArrayLike,
    observed: Integers,
    allocations: Integers,
    *,
    exact: bool,
    confidence_level: float = 0.95,
) -> Interval | NotEstimable:
    """The shifts of treated cluster-periods that the test does not reject, for a shift that is the same everywhere.

    Parameters
    ----------
    values, sizes, treated, observed, allocations, exact
        As in `within_period_permutation`.
    confidence_level : float
        In (0, 1).

    Returns
    -------
    Interval or NotEstimable
        `too-few-allocations` where no p as small as 1 - confidence_level can come out; `no-limit` where no shift is
        rejected.
    """
    panel = _Periods.of(values, sizes, treated)
    first = within_period_permutation(values, sizes, treated, observed, allocations, exact=exact)
    if isinstance(first, NotEstimable):
        return first
    alpha = 1 - confidence_level
    if first.smallest_p > alpha:
        return NotEstimable(
            reason="too-few-allocations",
            detail=f"The least p that these allocations can give is {first.smallest_p:.3g}, above {alpha:.3g}.",
        )
    # The statistic is linear in the values, so a shift changes it by a fixed amount for each allocation.
    shift = panel.with_values(panel.treated_at(observed).astype(float))
    base, slope = panel.statistics(allocations), shift.statistics(allocations)

    def excess(size: float) -> float:
        return PermutationTest.of(first.statistic - size, base - size * slope, exact=exact).p_value - alpha

    limits = [
        first_rejected(excess, first.statistic, sign * max(float(np.abs(base).max()), TIE)) for sign in (-1.0, 1.0)
    ]
    if any(limit is None for limit in limits):
        return NotEstimable(reason="no-limit", detail="No shift, however large, is rejected by these allocations.")
    low, high = (limit for limit in limits if limit is not None)
    return Interval(low=low, high=high, confidence_level=confidence_level, method="permutation")


@dataclass(frozen=True, slots=True, eq=False)
class _Periods:
    """Sums of cluster-periods (0 where there are no data), their sizes, and who is treated when."""

    sums: Array
    sizes: Array
    treated: npt.NDArray[np.bool_]

    @staticmethod
    def of(values: npt.ArrayLike, sizes: npt.ArrayLike | None, treated: npt.ArrayLike) -> _Periods:
        means, when = np.asarray(values, dtype=float), np.asarray(treated).astype(bool)
        if means.ndim != 2 or when.ndim != 2 or means.shape[1] != when.shape[1]:
            raise ValueError("values are clusters by periods, and treated sequences by the same periods")
        behind = np.ones_like(means) if sizes is None else np.asarray(sizes, dtype=float)
        seen = np.isfinite(means) & (behind > 0)
        return _Periods(np.where(seen, means, 0.0) * np.where(seen, behind, 0.0), np.where(seen, behind, 0.0), when)

    def treated_at(self, sequences: Integers) -> npt.NDArray[np.bool_]:
        return self.treated[sequences]

    def with_values(self, values: Array) -> _Periods:
        return _Periods(values * self.sizes, self.sizes, self.treated)

    def statistics(self, sequences: Integers) -> Array:
        """Of B allocations, shape (B,); `nan` where no period has clusters of both kinds."""
        one = self.treated[sequences].astype(float)
        n1, s1 = (np.einsum("bkj,kj->bj", one, part) for part in (self.sizes, self.sums))
        n0, s0 = self.sizes.sum(axis=0) - n1, self.sums.sum(axis=0) - s1
        both = (n1 > 0) & (n0 > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            weights = np.where(both, n1 * n0 / (n1 + n0), 0.0)
            differences = np.where(both, s1 / n1 - s0 / n0, 0.0)
            return np.asarray((weights * differences).sum(axis=1) / weights.sum(axis=1))
