"""Allocations from the plan's own scheme, for the permutation test and for power. None of them is anybody's allocation.

They come from NumPy's generator (nobody audits them), except that a small scheme is enumerated whole.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from enginehouse.core.seeds import derive_seed
from enginehouse.programme.enums import AllocationMethod
from enginehouse.trials.accepted import accepted_set
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.schemes import SchemeSpace, multinomial, splits

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
    permuted blocks all are equally likely where there is one block size and it divides every stratum.
    """
    if is_exact(plan, count):
        return plan.of_sites(_whole(plan))
    return draws(plan, np.random.default_rng(derive_seed(seed, "rerandomise", plan.identity)), count)


def draws(plan: AllocationPlan, rng: np.random.Generator, count: int) -> Integers:
    """Arms of the sites under `count` independent draws from the plan's scheme, shape (count, sites)."""
    if plan.method is AllocationMethod.COVARIATE_CONSTRAINED:
        accepted = accepted_set(plan)
        return plan.of_sites(accepted[rng.integers(len(accepted), size=count)].astype(np.intp))
    return plan.of_sites(_block_draws(plan, rng, count))


def _whole(plan: AllocationPlan) -> Integers:
    if plan.method is AllocationMethod.COVARIATE_CONSTRAINED:
        return accepted_set(plan).astype(np.intp)
    return _all_blocks(plan)


def is_exact(plan: AllocationPlan, count: int) -> bool:
    """Whether `rerandomisations` gives the whole scheme: then p is a share of it, without the observed one added."""
    if plan.method is AllocationMethod.COVARIATE_CONSTRAINED:
        return len(accepted_set(plan)) <= count
    sizes = [len(members) for members in _strata(plan)]
    if len(plan.block_sizes) != 1 or any(size % plan.block_sizes[0] for size in sizes):
        return False
    return math.log10(_orders(plan)) * sum(sizes) / plan.block_sizes[0] <= math.log10(count) + 1e-9


def _strata(plan: AllocationPlan) -> tuple[tuple[int, ...], ...]:
    return SchemeSpace(len(plan.arms), plan.stratum_of_unit).strata


def _orders(plan: AllocationPlan) -> int:
    arms = len(plan.arms)
    return multinomial((plan.block_sizes[0] // arms,) * arms)


def _all_blocks(plan: AllocationPlan) -> Integers:
    size, arms = plan.block_sizes[0], len(plan.arms)
    orders = list(splits([size // arms] * arms))
    position = np.array([unit for members in _strata(plan) for unit in members])
    rows = np.array(list(itertools.product(orders, repeat=len(position) // size)), dtype=np.intp)
    found = np.empty((len(rows), len(position)), dtype=np.intp)
    found[:, position] = rows.reshape(len(rows), -1)
    return found


def _block_draws(plan: AllocationPlan, rng: np.random.Generator, count: int) -> Integers:
    found = np.empty((count, len(plan.units)), dtype=np.intp)
    for members in _strata(plan):
        found[:, list(members)] = _stratum_draws(plan, len(members), rng, count)
    return found


def _stratum_draws(plan: AllocationPlan, units: int, rng: np.random.Generator, count: int) -> Integers:
    """Blocks of drawn sizes laid end to end; inside each, the order of random numbers says which slot has which arm."""
    sizes = np.array(plan.block_sizes)
    slots = units + int(sizes.max())
    drawn = rng.choice(sizes, size=(count, -(-slots // int(sizes.min()))))
    ends = np.cumsum(drawn, axis=1)
    block = (np.arange(slots)[None, :, None] >= ends[:, None, :]).sum(axis=2)
    starts = np.hstack([np.zeros((count, 1), dtype=ends.dtype), ends])
    place = np.arange(slots)[None, :] - np.take_along_axis(starts, block, axis=1)
    order = np.argsort(block + rng.random((count, slots)), axis=1)
    arms = np.empty((count, slots), dtype=np.intp)
    np.put_along_axis(arms, order, place % len(plan.arms), axis=1)
    return arms[:, :units]
