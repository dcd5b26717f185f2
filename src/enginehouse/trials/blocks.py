"""Stratified permuted blocks: one allocation from a stream of the sampler, and how predictable the scheme is.

The rule, in full: take the strata in order, and the units of each in the order of the plan. While units are left, draw
an integer below the number of block sizes, which picks the size; write down the arms 0, 1, 2, ... in turn until the
block is full, so that each is there size / arms times; permute that list; give its entries to the next units, and drop
those that are left over at the end of a stratum. Where a stratum has m arms of its own to choose from (a second draw),
its blocks hold those arms, each size / arms times, and are m size / arms long.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.sampler import Stream
from enginehouse.trials.schemes import multinomial

Integers = npt.NDArray[np.intp]


def drawn_blocks(plan: AllocationPlan, key: str) -> Integers:
    """The arm of each unit by permuted blocks from the stream of `key`, shape (units,)."""
    stream = Stream(key)
    arm_of_unit = np.empty(len(plan.units), dtype=np.intp)
    for part in plan.space.parts:
        for members in part.strata:
            done = 0
            while done < len(members):
                times = plan.block_sizes[stream.below(len(plan.block_sizes))] // len(plan.arms)
                block = stream.shuffle(list(part.arms) * times)
                taken = members[done : done + len(block)]
                arm_of_unit[list(taken)] = block[: len(taken)]
                done += len(block)
    return arm_of_unit


def log10_likeliest(stratum_sizes: tuple[int, ...], block_sizes: tuple[int, ...], groups: tuple[int, ...]) -> float:
    """The decimal logarithm of (at most) the probability of the likeliest division of units between groups of arms.

    Parameters
    ----------
    stratum_sizes
        Units of each stratum.
    block_sizes
        As registered; multiples of the number of arms.
    groups
        How many arms each group holds: (1, 1, 2) for one arm against another of four.

    Notes
    -----
    M(n), for n units left: the mean over block sizes of M(n - size) / ways, where ways is the number of orders of a
    block; a block that is cut short at the end has the probability of its likeliest beginning.
    """
    return sum(_log10_stratum(size, block_sizes, groups) for size in stratum_sizes)


def _log10_stratum(units: int, block_sizes: tuple[int, ...], groups: tuple[int, ...]) -> float:
    found = [0.0]  # logarithms of M(0), M(1), ...
    for left in range(1, units + 1):
        terms = [found[max(left - size, 0)] + _log10_beginning(min(left, size), size, groups) for size in block_sizes]
        top = max(terms)
        found.append(top + math.log10(sum(10 ** (term - top) for term in terms) / len(terms)))
    return found[units]


def _log10_beginning(taken: int, size: int, groups: tuple[int, ...]) -> float:
    """The likeliest first `taken` entries of a block: those that leave the rest as mixed as can be."""
    full = [size // sum(groups) * group for group in groups]
    rest = [0] * len(full)
    for _ in range(size - taken):
        open_ = [place for place, room in enumerate(full) if rest[place] < room]
        rest[min(open_, key=lambda place: rest[place])] += 1
    return math.log10(multinomial(rest)) - math.log10(multinomial(full))
