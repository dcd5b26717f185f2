"""Stratified permuted blocks: one allocation from a stream of the sampler, and how predictable the scheme is.

The rule, in full: take the strata in order, and the units of each in the order of the plan. While units are left, draw
an integer below the number of block sizes, which picks the size; write down the arms 0, 1, 2, ... in turn until the
block is full, so that each is there size / arms times; permute that list; give its entries to the next units, and drop
those that are left over at the end of a stratum.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.sampler import Stream
from enginehouse.trials.schemes import SchemeSpace, multinomial

Integers = npt.NDArray[np.intp]


def drawn_blocks(plan: AllocationPlan, key: str) -> Integers:
    """The arm of each unit by permuted blocks from the stream of `key`, shape (units,)."""
    stream = Stream(key)
    arm_of_unit = np.empty(len(plan.units), dtype=np.intp)
    for members in SchemeSpace(len(plan.arms), plan.stratum_of_unit).strata:
        done = 0
        while done < len(members):
            size = plan.block_sizes[stream.below(len(plan.block_sizes))]
            block = stream.shuffle(list(range(len(plan.arms))) * (size // len(plan.arms)))
            taken = members[done : done + size]
            arm_of_unit[list(taken)] = block[: len(taken)]
            done += size
    return arm_of_unit


def log10_likeliest(stratum_sizes: tuple[int, ...], block_sizes: tuple[int, ...], arms: int) -> float:
    """The decimal logarithm of (at most) the probability of the likeliest division of units between two arms.

    Notes
    -----
    Arms outside the contrast count as one group. M(n), for n units left: the mean over block sizes of
    M(n - size) / ways, where ways is the number of orders of a block; a block that is cut short at the end has the
    probability of its likeliest beginning.
    """
    return sum(_log10_stratum(size, block_sizes, arms) for size in stratum_sizes)


def _log10_stratum(units: int, block_sizes: tuple[int, ...], arms: int) -> float:
    found = [0.0]  # logarithms of M(0), M(1), ...
    for left in range(1, units + 1):
        terms = [found[max(left - size, 0)] + _log10_beginning(min(left, size), size, arms) for size in block_sizes]
        top = max(terms)
        found.append(top + math.log10(sum(10 ** (term - top) for term in terms) / len(terms)))
    return found[units]


def _log10_beginning(taken: int, size: int, arms: int) -> float:
    """The likeliest first `taken` entries of a block: those that leave the rest as mixed as can be."""
    groups = (size // arms, size // arms, size - 2 * (size // arms))
    rest = size - taken
    likeliest = max(
        multinomial((one, other, rest - one - other))
        for one in range(min(groups[0], rest) + 1)
        for other in range(min(groups[1], rest - one) + 1)
        if rest - one - other <= groups[2]
    )
    return math.log10(likeliest) - math.log10(multinomial(groups))
