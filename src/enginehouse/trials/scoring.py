"""How badly a scheme balances what is known of the units, as a whole number, and whether it keeps to its bounds.

All values are standardised (in ten-millionths of a standard deviation, times what a covariate's weight asks for), so
that sums are whole numbers and the same on every machine. For one covariate, N units and T the sum over all of them:

*A group's deviation*: a group of k units with the sum S deviates by d, the whole part of |N S - k T| / (N k). The
groups are the arms; then those arms that are taken together (in a factorial the two sides of each factor: the margins
beside the cells). A group without units has none.

*The rise* (where arms are sequences in an order, as in a stepped wedge, each with a place x, a whole number): the whole
part of |N sum(x z) - sum(x) sum(z)| R / (N sum(x^2) - sum(x)^2), where R is the last place less the first, and none
where all x are alike. It is how far the straight line through the values rises from the first sequence to the last.

*A second draw* counts its groups with those who were not drawn again: a group is everybody who follows one regime,
which is the first arm's members that stay, and those of it that are drawn to one arm; N and T are of all units of the
first draw. So whatever the first draw left unequal counts, and can be made up for.

*The score* is the sum of the squares of all deviations and rises (l2), or of themselves (l1), over covariates. *A
bound* B is kept where any two arms (regimes) of k and l units and sums S and U have |S l - U k| <= B k l.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

Arms = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
RESOLUTION = 10_000_000
"""Standardised values are whole numbers of ten-millionths: sums of whole numbers are the same on every machine."""
_BATCH = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a second draw starts from.

    `before` is the first arm of each unit that is drawn again, `first_arms` the names it is a position in; `again`
    holds the arms that each first arm is drawn again among (none: nobody); `stay` counts those of each first arm that
    are not drawn again, `sums` holds their sums (by covariate, then first arm); `units` and `totals` are the number of
    all units and their sums by covariate.
    """

    first_arms: tuple[str, ...]
    before: tuple[int, ...]
    again: tuple[tuple[int, ...], ...]
    stay: tuple[int, ...]
    sums: tuple[tuple[int, ...], ...]
    units: int
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """What the score adds up, and what it must keep to.

    `score` is `l2` or `l1`; `places` the place of each arm in the order of sequences; `bounds` a largest difference
    between arms for each covariate, in the unit of the values (None: no bound). Empty is none of it.
    """

    score: str = "l2"
    places: tuple[int, ...] = ()
    bounds: tuple[int | None, ...] = ()
    carried: Carried | None = None


PLAIN = Scoring()


@dataclass(frozen=True, slots=True)
class _Group:
    """Sums of a group by covariate, shape (covariates, schemes), and its units, shape (schemes,)."""

    sums: Floats
    sizes: Floats


def scores(
    schemes: Arms,
    balance: Sequence[Sequence[int]],
    arms: int,
    scoring: Scoring = PLAIN,
    pooled: Sequence[Sequence[int]] = (),
) -> Integers:
    """The imbalance of each scheme, lower being better; whole numbers, shape (schemes,).

    Parameters
    ----------
    schemes
        Shape (schemes, units).
    balance
        For each covariate the standardised values of the units, in ten-millionths.
    arms
        How many arms there are.
    scoring, pooled
        What is added up, and which arms are also taken together.

    Notes
    -----
    l2 = sum over covariates c and groups g of (mean of z_c in g - mean of z_c)^2, l1 the same of absolute values, with
    means cut to ten-millionths. With two arms of one size, and nothing pooled, l2 ranks as Raab and Butcher's does.

    References
    ----------
    Raab GM, Butcher I. Stat Med 2001;20:351-365. Li F and others. Stat Med 2016;35:1565-1579. Lew RA and others. Clin
    Trials 2019;16:225-236 (stepped wedges).
    """
    return scored(schemes, balance, arms, scoring, pooled)[0]


def scored(
    schemes: Arms,
    balance: Sequence[Sequence[int]],
    arms: int,
    scoring: Scoring = PLAIN,
    pooled: Sequence[Sequence[int]] = (),
) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """The imbalance of each scheme and whether it keeps to all bounds, both of shape (schemes,)."""
    values = np.asarray(balance, dtype=np.float64).reshape(len(balance), schemes.shape[1])
    height = np.zeros(len(schemes), dtype=np.int64)
    kept = np.ones(len(schemes), dtype=np.bool_)
    for start in range(0, len(schemes), _BATCH):
        here = slice(start, start + _BATCH)
        groups = list(_groups(schemes[here], values, arms, scoring.carried))
        height[here] = _height(groups, values, scoring, pooled)
        if scoring.places:
            rise = _rise(schemes[here], values, scoring.places)
            height[here] += _added(rise, scoring.score)
        for covariate, bound in enumerate(scoring.bounds):
            if bound is not None:
                kept[here] &= _within(groups, covariate, bound)
    return height, kept


def _groups(schemes: Arms, values: Floats, arms: int, carried: Carried | None) -> Iterator[_Group]:
    """Arms, or the regimes of a second draw, with their sums: whole numbers far below 2^53, so floats are exact."""
    if carried is not None:
        yield from _regimes(schemes, values, carried)
        return
    columns = np.vstack([values, np.ones(schemes.shape[1])])
    left = np.repeat(columns.sum(axis=1)[:, None], len(schemes), axis=1)
    for arm in range(arms - 1):
        sums = columns @ (schemes == arm).astype(np.float64).T
        left -= sums
        yield _Group(sums[:-1], sums[-1])
    yield _Group(left[:-1], left[-1])


def _regimes(schemes: Arms, values: Floats, carried: Carried) -> Iterator[_Group]:
    before = np.array(carried.before)
    columns = np.vstack([values, np.ones(schemes.shape[1])])
    for first, again in enumerate(carried.again):
        mine = columns * (before == first)
        stay = np.array([*(sums[first] for sums in carried.sums), carried.stay[first]], dtype=np.float64)
        for arm in again:
            sums = mine @ (schemes == arm).astype(np.float64).T + stay[:, None]
            yield _Group(sums[:-1], sums[-1])


def _height(groups: Sequence[_Group], values: Floats, scoring: Scoring, pooled: Sequence[Sequence[int]]) -> Integers:
    if scoring.carried is None:
        units, totals = values.shape[1], values.sum(axis=1)
    else:
        units, totals = scoring.carried.units, np.array(scoring.carried.totals, dtype=np.float64)
    twins = len(groups) == 2 and np.array_equal(groups[0].sizes, groups[1].sizes) and scoring.carried is None
    found = np.zeros(len(groups[0].sizes), dtype=np.int64)
    for group in groups[:1] if twins else groups:  # two arms of one size deviate alike
        found += _added(_deviations(group, units, totals), scoring.score) * (2 if twins else 1)
    for together in pooled:
        parts = [groups[arm] for arm in together]
        group = _Group(np.sum([part.sums for part in parts], axis=0), np.sum([part.sizes for part in parts], axis=0))
        found += _added(_deviations(group, units, totals), scoring.score)
    return found


def _deviations(group: _Group, units: int, totals: Floats) -> Integers:
    """|N S - k T| / (N k) without its fraction: all of it is below 2^52, so that a float is cut at the right place."""
    sizes = group.sizes
    apart = units * group.sums
    apart -= totals[:, None] * sizes
    np.abs(apart, out=apart)
    apart /= units * np.maximum(sizes, 1)
    return apart.astype(np.int64)


def _rise(schemes: Arms, values: Floats, places: Sequence[int]) -> Integers:
    units = schemes.shape[1]
    x = np.array(places, dtype=np.float64)[schemes]
    products = (values @ x.T).astype(np.int64)
    total, squares = x.sum(axis=1).astype(np.int64), (x**2).sum(axis=1).astype(np.int64)
    spread = units * squares - total**2
    slope = np.abs(units * products - total * values.sum(axis=1).astype(np.int64)[:, None])
    rise = slope * (max(places) - min(places)) // np.maximum(spread, 1)
    return np.where(spread > 0, rise, 0)


def _added(deviations: Integers, score: str) -> Integers:
    found = np.zeros(deviations.shape[1], dtype=np.int64)
    for row in deviations:
        found += row * row if score == "l2" else row
    return found


def _within(groups: Sequence[_Group], covariate: int, bound: int) -> npt.NDArray[np.bool_]:
    kept = np.ones(len(groups[0].sizes), dtype=np.bool_)
    for one, other in combinations(groups, 2):
        apart = np.abs(one.sums[covariate] * other.sizes - other.sums[covariate] * one.sizes)
        kept &= apart <= bound * one.sizes * other.sizes
    return kept
