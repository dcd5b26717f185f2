"""Permutation tests within the allocations that a trial's scheme could have drawn, and their intervals.

The allocations are made elsewhere (`trials`); here they are compared. No distribution is assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from enginehouse.stats.results import Interval, NotEstimable

type Array = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.intp]

TIE = 1e-9
"""Statistics closer than this, relative to the observed one, are ties: rounding must not decide a p value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationTest:
    """The observed statistic among those of other allocations.

    Attributes
    ----------
    statistic
        Of the allocation that was drawn.
    p_value
        Two-sided: the share of allocations whose statistic is at least as far from zero.
    p_upper
        One-sided: the share whose statistic is at least as large.
    allocations
        How many were compared.
    exact
        Whether they are all that the scheme allows, each as likely as the others; otherwise the observed one was added
        to the draws.
    ties
        How many have the same distance from zero as the observed one, itself counted where it is among them.
    smallest_p
        The least that `p_value` could have been.
    """

    statistic: float
    p_value: float
    p_upper: float
    allocations: int
    exact: bool
    ties: int
    smallest_p: float

    @staticmethod
    def of(own: float, others: Array, *, exact: bool) -> PermutationTest:
        """From the observed statistic and those of the allocations."""
        slack = TIE * max(abs(own), float(np.abs(others).max()), 1e-300)
        far = np.abs(others) >= abs(own) - slack
        return PermutationTest(
            statistic=own,
            p_value=_share(far, exact=exact),
            p_upper=_share(others >= own - slack, exact=exact),
            allocations=len(others),
            exact=exact,
            ties=int(np.count_nonzero(np.abs(np.abs(others) - abs(own)) <= slack)),
            smallest_p=_smallest(others, slack) if exact else 1 / (len(others) + 1),
        )


type Statistic = Callable[[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], Array]
"""Arms of B allocations as two masks (B, K), those of the arm and those of its comparator, to B statistics."""


def permutation_test(
    statistic: Statistic, observed: Integers, allocations: Integers, *, arm: int = 1, over: int = 0, exact: bool
) -> PermutationTest | NotEstimable:
    """The p value of no effect on any cluster, from the allocations that could have been drawn.

    Parameters
    ----------
    statistic
        `difference_of_means`, `studentised_ratio` or another function of the two masks.
    observed
        Arm of each cluster as drawn, shape (K,).
    allocations
        Arms under the same scheme, shape (B, K).
    arm, over
        The two arms that are compared; others may be there and are left alone.
    exact
        Whether `allocations` is the whole scheme, each member as likely as the others.

    Returns
    -------
    PermutationTest or NotEstimable

    Notes
    -----
    Exact: p = #{|T_b| >= |T|} / B over the scheme, the observed allocation among it. Drawn: p = (b + 1) / (B + 1).
    Either way P(p <= a) <= a for every a, whatever the outcomes, as long as the scheme is the one that drew the
    allocation. It tests that no cluster's outcome depends on its arm; with a studentised statistic it also holds
    nearly, with many clusters, for the weaker claim that there is none on average.

    References
    ----------
    Edgington E, Onghena P. Randomization Tests, 4th ed. 2007. Phipson B, Smyth GK. Stat Appl Genet Mol Biol
    2010;9:39 (the added one). Wu J, Ding P. J Am Stat Assoc 2021;116:1898-1913 (studentised statistics). Li F, Turner
    EL, Heagerty PJ, Murray DM, Vollmer WM, DeLong ER. Stat Med 2017;36:3791-3806 (constrained schemes).

    Examples
    --------
    Six clusters, three in each arm, all 20 allocations.

    >>> import itertools
    >>> rows = [[int(k in chosen) for k in range(6)] for chosen in itertools.combinations(range(6), 3)]
    >>> found = permutation_test(difference_of_means([1, 2, 3, 5, 6, 7]), np.array([0, 0, 0, 1, 1, 1]),
    ...                          np.array(rows), exact=True)
    >>> found.p_value, found.allocations
    (0.1, 20)
    """
    if not np.any(observed == arm) or not np.any(observed == over):
        return NotEstimable(reason="one-arm", detail="One of the two arms has no cluster with data.")
    own = float(statistic((observed == arm)[None], (observed == over)[None])[0])
    others = statistic(allocations == arm, allocations == over)
    if not np.isfinite(own) or not np.all(np.isfinite(others)):
        return NotEstimable(
            reason="no-statistic", detail="For some allocations the two arms cannot be compared: one has too little."
        )
    return PermutationTest.of(own, others, exact=exact)


def _share(extreme: npt.NDArray[np.bool_], *, exact: bool) -> float:
    count = int(np.count_nonzero(extreme))
    return count / len(extreme) if exact else (count + 1) / (len(extreme) + 1)


def _smallest(others: Array, slack: float) -> float:
    largest = np.abs(others).max()
    return float(np.count_nonzero(np.abs(others) >= largest - slack) / len(others))


def difference_of_means(values: npt.ArrayLike, *, studentised: bool = False) -> Statistic:
    """The difference of the means of cluster values (or residuals), divided by its Welch error where studentised.

    Parameters
    ----------
    values
        One for each cluster, shape (K,).
    """
    outcome = np.asarray(values, dtype=float)
    return studentised_ratio(outcome, np.ones_like(outcome)) if studentised else _Means(outcome)


def studentised_ratio(residuals: npt.ArrayLike, weights: npt.ArrayLike) -> Statistic:
    """The difference of two ratios of sums, residual over weight, divided by its standard error.

    Parameters
    ----------
    residuals
        Observed minus expected of each cluster under a model without the arm, shape (K,).
    weights
        What was expected (so that each patient counts the same), or ones (each cluster the same), shape (K,).

    Notes
    -----
    R_a = sum_a u / sum_a w; variance of R_a: n_a / (n_a - 1) sum_a (u - R_a w)^2 / (sum_a w)^2; T is R_1 - R_0 over the
    root of the sum of the two. With unit weights that is Welch's t.
    """
    return _Ratios(np.asarray(residuals, dtype=float), np.asarray(weights, dtype=float))


@dataclass(frozen=True, slots=True, eq=False)
class _Means:
    values: Array

    def __call__(self, arm: npt.NDArray[np.bool_], over: npt.NDArray[np.bool_]) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((arm @ self.values) / arm.sum(axis=1) - (over @ self.values) / over.sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class _Ratios:
    residuals: Array
    weights: Array

    def __call__(self, arm: npt.NDArray[np.bool_], over: npt.NDArray[np.bool_]) -> Array:
        first, second = self._ratio(arm), self._ratio(over)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((first[0] - second[0]) / np.sqrt(first[1] + second[1]))

    def _ratio(self, mask: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
        u, w = self.residuals, self.weights
        columns = np.column_stack([u, w, u * u, u * w, w * w, np.ones_like(u)])
        sums = mask.astype(float) @ columns
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = sums[:, 0] / sums[:, 1]
            squares = sums[:, 2] - 2 * ratio * sums[:, 3] + ratio**2 * sums[:, 4]
            size = sums[:, 5]
            return ratio, np.maximum(squares, 0.0) * size / (size - 1) / sums[:, 1] ** 2


def permutation_interval(
    values: npt.ArrayLike,
    observed: Integers,
    allocations: Integers,
    *,
    arm: int = 1,
    over: int = 0,
    exact: bool,
    studentised: bool = False,
    confidence_level: float = 0.95,
) -> Interval | NotEstimable:
    """The shifts of cluster values that the permutation test does not reject, for a shift that is the same everywhere.

    Parameters
    ----------
    values
        One for each cluster, shape (K,): values for a difference, logarithms for a ratio.
    observed, allocations, arm, over, exact
        As in `permutation_test`.

    Notes
    -----
    A shift d is inside when the test of values - d x (cluster in `arm`) gives p > 1 - level. Limits by bisection of a
    step function, to a thousandth of the distance between the estimate and the first shift that is rejected.
    """
    outcome = np.asarray(values, dtype=float)
    treated = observed == arm
    alpha = 1 - confidence_level

    def excess(shift: float) -> float:
        found = permutation_test(
            difference_of_means(outcome - shift * treated, studentised=studentised),
            observed,
            allocations,
            arm=arm,
            over=over,
            exact=exact,
        )
        return (found.p_value if isinstance(found, PermutationTest) else 1.0) - alpha

    if isinstance(
        first := permutation_test(difference_of_means(outcome), observed, allocations, arm=arm, over=over, exact=exact),
        NotEstimable,
    ):
        return first
    if first.smallest_p > alpha:
        return NotEstimable(
            reason="too-few-allocations",
            detail=f"The least p that these allocations can give is {first.smallest_p:.3g}, above {alpha:.3g}.",
        )
    limits = [
        first_rejected(excess, first.statistic, sign * max(float(np.ptp(outcome)), 1e-12)) for sign in (-1.0, 1.0)
    ]
    if any(limit is None for limit in limits):
        return NotEstimable(reason="no-limit", detail="No shift, however large, is rejected by these allocations.")
    low, high = (limit for limit in limits if limit is not None)
    return Interval(low=low, high=high, confidence_level=confidence_level, method="permutation")


def first_rejected(excess: Callable[[float], float], middle: float, reach: float) -> float | None:
    """Where the test begins to reject, going from the estimate in the direction of `reach`."""
    far = reach
    for _ in range(8):
        if excess(middle + far) <= 0:
            return float(brentq(lambda shift: 1.0 if excess(shift) > 0 else -1.0, middle, middle + far, rtol=1e-4))
        far *= 2
    return None
