"""Candidate schemes of covariate-constrained randomisation: how many there are, all of them or a sample, their scores.

A scheme gives every unit an arm. Units stand stratum after stratum, in the order of the plan inside each. The i-th of
them (from 0) gets the label i modulo the number of arms, and the labels are shuffled inside each stratum: arms differ
by at most one unit inside a stratum, and by at most one in all. Which arm a label means is itself shuffled, so that
every unit is as likely to be in one arm as in another.

*A sampled scheme*, number j (0, 1, 2, ...), takes its integers from the stream with the key `public seed/j`
(`sampler.py`): first it permutes the arms (label l means the l-th arm of the permuted list), then, stratum by stratum,
the arms that stand there. Schemes that came before are left out, until enough different ones are found.

*The score* of a scheme, lower being better balanced: for each covariate and arm, d is the whole part of
|n S - k T| / (n k), where n is the number of units, k of them in the arm, S the sum of the standardised values (in
ten-millionths) over the arm and T the sum over all. The score is the sum of d squared over covariates and arms.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.trials.sampler import integer_table, shuffled_rows

Arms = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int64]
RESOLUTION = 10_000_000
"""Standardised values are whole numbers of ten-millionths: sums of whole numbers are the same on every machine."""
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class SchemeSpace:
    """The schemes that could be: the number of arms, and each unit's stratum as a position."""

    arms: int
    stratum_of_unit: tuple[int, ...]

    @property
    def strata(self) -> tuple[tuple[int, ...], ...]:
        """The units of each stratum, in order."""
        units: list[list[int]] = [[] for _ in range(max(self.stratum_of_unit) + 1)]
        for unit, stratum in enumerate(self.stratum_of_unit):
            units[stratum].append(unit)
        return tuple(tuple(members) for members in units)

    @property
    def size_tables(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Every way in which the arms' numbers of units by stratum can come out, sorted."""
        starts = itertools.accumulate((len(members) for members in self.strata), initial=0)
        labels = [Counter((start + i) % self.arms for i in range(len(m))) for start, m in zip(starts, self.strata)]  # noqa: B905
        tables = {
            tuple(tuple(counts[label] for label in order) for counts in labels)
            for order in itertools.permutations(range(self.arms))
        }
        return tuple(sorted(tables))

    @property
    def possible(self) -> int:
        """How many different schemes there are."""
        return sum(math.prod(multinomial(sizes) for sizes in table) for table in self.size_tables)


def multinomial(sizes: Sequence[int]) -> int:
    """In how many ways units can be split into groups of these sizes."""
    return math.factorial(sum(sizes)) // math.prod(math.factorial(size) for size in sizes)


def all_schemes(space: SchemeSpace) -> Arms:
    """Every possible scheme, in lexicographic order; shape (schemes, units)."""
    rows = [row for table in space.size_tables for row in _of_table(space, table)]
    found = np.array(rows, dtype=np.int8)
    return found[np.lexsort(found.T[::-1])]


def sampled_schemes(space: SchemeSpace, public_seed: str, schemes: int) -> Arms:
    """The first `schemes` different schemes of the stream; shape (schemes, units)."""
    seen: set[bytes] = set()
    kept: list[Arms] = []
    number = 0
    while len(seen) < schemes:
        batch = _drawn(space, [f"{public_seed}/{j}" for j in range(number, number + min(_BATCH, schemes))])
        number += len(batch)
        for row in batch:
            name = row.tobytes()
            if name not in seen and len(seen) < schemes:
                seen.add(name)
                kept.append(row)
    return np.array(kept, dtype=np.int8)


def scores(schemes: Arms, balance: Sequence[Sequence[int]], arms: int) -> Integers:
    """The imbalance of each scheme, lower being better; whole numbers, shape (schemes,).

    Parameters
    ----------
    schemes
        Shape (schemes, units).
    balance
        For each covariate the standardised values of the units, in ten-millionths.
    arms
        How many arms there are.

    Notes
    -----
    l2 = sum over covariates c and arms a of (mean of z_c in a - mean of z_c)^2, with means cut to ten-millionths. With
    two arms of one size it ranks as Raab and Butcher's sum of squared differences does.

    References
    ----------
    Raab GM, Butcher I. Stat Med 2001;20:351-365. Li F and others. Stat Med 2016;35:1565-1579.
    """
    values = np.asarray(balance, dtype=np.int64).reshape(len(balance), schemes.shape[1])
    units = schemes.shape[1]
    totals = values.sum(axis=1)
    found = np.zeros(len(schemes), dtype=np.int64)
    for arm in range(arms):
        inside = schemes == arm
        sizes = inside.sum(axis=1)[:, None].astype(np.int64)
        # Sums stay far below 2^53, so that products of floats (which are fast) are exact.
        sums = np.rint(inside.astype(np.float64) @ values.T.astype(np.float64)).astype(np.int64)
        deviations = np.abs(units * sums - sizes * totals) // (units * np.maximum(sizes, 1))
        found += (deviations**2).sum(axis=1)
    return found


def _drawn(space: SchemeSpace, keys: Sequence[str]) -> Arms:
    bounds = [*range(space.arms, 1, -1)]
    for members in space.strata:
        bounds += range(len(members), 1, -1)
    integers = integer_table(keys, bounds)
    names = shuffled_rows(np.tile(np.arange(space.arms, dtype=np.int64), (len(keys), 1)), integers[:, : space.arms - 1])
    drawn = np.empty((len(keys), len(space.stratum_of_unit)), dtype=np.int8)
    start, used = 0, space.arms - 1
    for members in space.strata:
        labels = names[:, np.arange(start, start + len(members)) % space.arms]
        drawn[:, list(members)] = shuffled_rows(labels, integers[:, used : used + len(members) - 1])
        start, used = start + len(members), used + len(members) - 1
    return drawn


def _of_table(space: SchemeSpace, table: tuple[tuple[int, ...], ...]) -> Iterator[list[int]]:
    """Every scheme with these numbers of units by stratum and arm."""
    for parts in itertools.product(*(list(splits(list(sizes))) for sizes in table)):
        row = [0] * len(space.stratum_of_unit)
        for members, part in zip(space.strata, parts, strict=True):
            for unit, arm in zip(members, part, strict=True):
                row[unit] = arm
        yield row


def splits(left: list[int]) -> Iterator[tuple[int, ...]]:
    """Every order of the arms, each as often as `left` says."""
    if not any(left):
        yield ()
        return
    for arm, remaining in enumerate(left):
        if remaining:
            for rest in splits([*left[:arm], remaining - 1, *left[arm + 1 :]]):
                yield (arm, *rest)
