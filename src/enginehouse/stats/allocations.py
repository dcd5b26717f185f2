"""Every way in which clusters could have been allocated, where they are few enough to be listed: for permutation tests.

Schemes with strata, balance or blocks are made in `trials`, which also draws where there are too many.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

type Integers = npt.NDArray[np.intp]

MOST_LISTED = 200_000
"""Above so many allocations they are drawn, not listed."""


def count_allocations(sizes: Sequence[int]) -> int:
    """How many allocations give arm 0 `sizes[0]` clusters, arm 1 `sizes[1]` clusters, and so on.

    Parameters
    ----------
    sizes : sequence of int
        Clusters in each arm (or sequence of a stepped wedge), 0 or more.

    Returns
    -------
    int
        sum(sizes)! / product of sizes!

    Raises
    ------
    ValueError
        A size is negative.

    Examples
    --------
    >>> count_allocations([10, 10]), count_allocations([2, 2, 2])
    (184756, 90)
    """
    if any(size < 0 for size in sizes):
        raise ValueError(f"got the sizes {list(sizes)}; expected 0 or more")
    return math.factorial(sum(sizes)) // math.prod(math.factorial(size) for size in sizes)


def every_allocation(sizes: Sequence[int]) -> Integers:
    """Every allocation of clusters to arms of given sizes, each once.

    Parameters
    ----------
    sizes : sequence of int
        As in `count_allocations`.

    Returns
    -------
    array, shape (B, K)
        Arm of each of the K = sum(sizes) clusters, counted from 0.

    Raises
    ------
    ValueError
        There are more than `MOST_LISTED`.

    Examples
    --------
    >>> every_allocation([1, 2]).tolist()
    [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    """
    count = count_allocations(sizes)
    if count > MOST_LISTED:
        raise ValueError(f"got {count:,} allocations, more than the {MOST_LISTED:,} that are listed: draw from them")
    found = np.full((1, sum(sizes)), len(sizes) - 1, dtype=np.intp)
    for arm, size in enumerate(sizes[:-1]):
        found = _give(found, arm, size, left=sum(sizes[arm:]), last=len(sizes) - 1)
    return found


def _give(partial: Integers, arm: int, size: int, *, left: int, last: int) -> Integers:
    """Each partial allocation with `size` of the `left` clusters that have no arm yet given to `arm`, in every way."""
    chosen = np.array(list(combinations(range(left), size)), dtype=np.intp).reshape(math.comb(left, size), size)
    free = np.nonzero(partial == last)[1].reshape(len(partial), left)
    places = free[:, chosen]
    grown = np.repeat(partial[:, None, :], len(chosen), axis=1)
    np.put_along_axis(grown, places, arm, axis=2)
    return grown.reshape(-1, partial.shape[1])
