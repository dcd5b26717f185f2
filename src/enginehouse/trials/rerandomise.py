"""Allocations from the plan's own scheme, for the permutation test and for power. None of them is anybody's allocation.

They come from NumPy's generator (nobody audits them), except that a small scheme is enumerated whole.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from enginehouse.core.seeds import derive_seed
from enginehouse.programme.enums import AllocationMethod
from enginehouse.trials.accepted import accepted_set
from enginehouse.trials.minimise import minimised_anew
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.schemes import multinomial, splits

Integers = npt.NDArray[np.intp]


def rerandomisations(plan: AllocationPlan, *, seed: int, count: int) -> Integers:
    """Arms of the sites under allocations that the plan's scheme could have drawn.

    Parameters
    ----------
    plan
        From `plan_allocation`.
    seed
        Of the draws; not used where the whole scheme is returned.
    count
        How many allocations are wanted.

    Returns
    -------
    integer array, shape (count, sites), or fewer rows
        Every allocation of the scheme, each once, where there are at most `count` and all are equally likely
        (`is_exact`); otherwise `count` independent draws.

    Notes
    -----
    For covariate-constrained randomisation the scheme is the accepted set, and every member is equally likely. For
    permuted blocks all are equally likely where there is one block size and it divides every stratum. Minimisation is
    run anew, with the units in the same order. The second draw of a SMART is told with the first in
    `draws`, one stage at a time.
    """
    if is_exact(plan, count):
        return plan.of_sites(_whole(plan))
    return draws(plan, np.random.default_rng(derive_seed(seed, "rerandomise", plan.identity)), count)


def draws(plan: AllocationPlan, rng: np.random.Generator, count: int) -> Integers:
    """Arms of the sites under `count` independent draws from the plan's scheme, shape (count, sites)."""
    return plan.of_sites(_METHODS[plan.method](plan, rng, count))


def _accepted_draws(plan: AllocationPlan, rng: np.random.Generator, count: int) -> Integers:
    accepted = accepted_set(plan)
    return accepted[rng.integers(len(accepted), size=count)].astype(np.intp)


def _whole(plan: AllocationPlan) -> Integers:
    if plan.method is AllocationMethod.COVARIATE_CONSTRAINED:
        return accepted_set(plan).astype(np.intp)
    return _all_blocks(plan)


def is_exact(plan: AllocationPlan, count: int) -> bool:
    """Whether `rerandomisations` gives the whole scheme: then p is a share of it, without the observed one added."""
    if plan.method is AllocationMethod.COVARIATE_CONSTRAINED:
        return len(accepted_set(plan)) <= count
    if plan.method is AllocationMethod.MINIMISATION or plan.choices or len(plan.block_sizes) != 1:
        return False
    sizes = [len(members) for members in plan.space.strata]
    if any(size % plan.block_sizes[0] for size in sizes):
        return False
    return math.log10(_orders(plan)) * sum(sizes) / plan.block_sizes[0] <= math.log10(count) + 1e-9


def _orders(plan: AllocationPlan) -> int:
    arms = len(plan.arms)
    return multinomial((plan.block_sizes[0] // arms,) * arms)


def _all_blocks(plan: AllocationPlan) -> Integers:
    size, arms = plan.block_sizes[0], len(plan.arms)
    orders = list(splits([size // arms] * arms))
    position = np.array([unit for members in plan.space.strata for unit in members])
    rows = np.array(list(itertools.product(orders, repeat=len(position) // size)), dtype=np.intp)
    found = np.empty((len(rows), len(position)), dtype=np.intp)
    found[:, position] = rows.reshape(len(rows), -1)
    return found


def _block_draws(plan: AllocationPlan, rng: np.random.Generator, count: int) -> Integers:
    found = np.empty((count, len(plan.units)), dtype=np.intp)
    for part in plan.space.parts:
        sizes = np.array(plan.block_sizes) // len(plan.arms) * len(part.arms)
        for members in part.strata:
            found[:, list(members)] = _stratum_draws(part.arms, sizes, len(members), rng, count)
    return found


def _stratum_draws(
    choice: Sequence[int], sizes: Integers, units: int, rng: np.random.Generator, count: int
) -> Integers:
    """Blocks of drawn sizes laid end to end; inside each, the order of random numbers says which slot has which arm."""
    slots = units + int(sizes.max())
    drawn = rng.choice(sizes, size=(count, -(-slots // int(sizes.min()))))
    ends = np.cumsum(drawn, axis=1)
    block = (np.arange(slots)[None, :, None] >= ends[:, None, :]).sum(axis=2)
    starts = np.hstack([np.zeros((count, 1), dtype=ends.dtype), ends])
    place = np.arange(slots)[None, :] - np.take_along_axis(starts, block, axis=1)
    order = np.argsort(block + rng.random((count, slots)), axis=1)
    arms = np.empty((count, slots), dtype=np.intp)
    np.put_along_axis(arms, order, np.array(choice, dtype=np.intp)[place % len(choice)], axis=1)
    return arms[:, :units]


_METHODS: Mapping[AllocationMethod, Callable[[AllocationPlan, np.random.Generator, int], Integers]] = {
    AllocationMethod.STRATIFIED_BLOCKS: _block_draws,
    AllocationMethod.COVARIATE_CONSTRAINED: _accepted_draws,
    AllocationMethod.MINIMISATION: minimised_anew,
}
