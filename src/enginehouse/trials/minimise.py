"""Minimisation: each unit in turn most likely gets the arm that keeps the arms alike, factor by factor.

The rule, in full. The units are taken in the order of the plan, which is a permutation of all units from the stream
with the key `public seed/order`. For each unit:

1. For each arm a that it may get, and each factor: count in every such arm the units allocated before that have the
   unit's level of the factor, and one more in a. With A arms, counts c, Q = A sum(c^2) - sum(c)^2, the distance is
   max(c) - min(c) (range), Q (variance), or the whole part of the square root of 10^18 Q (sd). In a second draw only
   units with the same first arm count.
2. The imbalance of a is the sum over factors of weight (in thousandths) times distance.
3. Let n / m be the probability in lowest terms. Draw an integer below m. If it is below n the unit gets one of the arms
   with the smallest imbalance, else one of the others; if there are no others, one of the arms with the smallest.
4. Draw an integer below the number of those arms (also where it is 1), which says which of them, in their order.

Integers come from one stream (`sampler.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from enginehouse.programme.enums import ImbalanceDistance
from enginehouse.trials.plan_record import AllocationPlan, Minimisation
from enginehouse.trials.sampler import Stream

Integers = npt.NDArray[np.intp]
WEIGHT_UNIT = 1000
_ROOT_UNIT = 10**9


def imbalance(
    counts: Sequence[Sequence[int]], weights: Sequence[int], distance: ImbalanceDistance, ratio: Sequence[int] = ()
) -> int:
    """How far apart the arms are: weighted distances added up over factors, as a whole number in units of `unit_of`.

    Parameters
    ----------
    counts
        For each factor, how many units of the level in question each arm has.
    weights
        Of the factors, whole numbers.
    distance
        Range, standard deviation or variance (with A - 1) of the counts.
    ratio
        How many units each arm is meant to have beside the others; alike where it is left out.

    References
    ----------
    Pocock SJ, Simon R. Biometrics 1975;31:103-115.
    """
    share = ratio or (1,) * len(counts[0])
    common = math.lcm(*share)
    scaled = [[count * (common // part) for count, part in zip(row, share, strict=True)] for row in counts]
    return sum(weight * _DISTANCES[distance](row) for weight, row in zip(weights, scaled, strict=True))


def unit_of(arms: int, distance: ImbalanceDistance, ratio: Sequence[int] = ()) -> float:
    """What `imbalance` is divided by to have it in numbers of units (for the variance, their squares)."""
    common = math.lcm(*ratio) if ratio else 1
    spread = arms * (arms - 1)
    return {
        ImbalanceDistance.RANGE: float(common),
        ImbalanceDistance.SD: common * _ROOT_UNIT * math.sqrt(spread),
        ImbalanceDistance.VARIANCE: float(common**2 * spread),
    }[distance]


def _spread(row: Sequence[int]) -> int:
    return len(row) * sum(count * count for count in row) - sum(row) ** 2


def _root(row: Sequence[int]) -> int:
    return math.isqrt(_ROOT_UNIT**2 * _spread(row))


_DISTANCES = {
    ImbalanceDistance.RANGE: lambda row: max(row) - min(row),
    ImbalanceDistance.SD: _root,
    ImbalanceDistance.VARIANCE: _spread,
}


def order_of(public_seed: str, units: int) -> tuple[int, ...]:
    """The units in the order in which they are allocated."""
    return tuple(Stream(f"{public_seed}/order").shuffle(list(range(units))))


def arms_to_choose(plan: AllocationPlan) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """For each unit: its part of the draw, and the arms that it may get."""
    found: list[tuple[int, tuple[int, ...]]] = [(0, ())] * len(plan.units)
    for number, part in enumerate(plan.space.parts):
        for unit in (u for members in part.strata for u in members):
            found[unit] = (number, part.arms)
    return tuple(found)


def minimised(plan: AllocationPlan, key: str) -> Integers:
    """The arm of each unit by minimisation from the stream of `key`, shape (units,)."""
    rules = rules_of_minimisation(plan)
    stream, choice = Stream(key), arms_to_choose(plan)
    share, distance = Fraction(rules.probability), ImbalanceDistance(rules.distance)
    counts: dict[tuple[int, int, int], list[int]] = {}
    arm_of_unit = np.empty(len(plan.units), dtype=np.intp)
    for unit in rules.order:
        part, arms = choice[unit]
        rows = [
            counts.setdefault((part, f, levels[unit]), [0] * len(arms)) for f, levels in enumerate(rules.level_of_unit)
        ]
        heights = [imbalance(list(_with_one_more(rows, place)), rules.weights, distance) for place in range(len(arms))]
        best = [place for place, height in enumerate(heights) if height == min(heights)]
        others = [place for place in range(len(arms)) if place not in best]
        group = best if stream.below(share.denominator) < share.numerator else others or best
        place = group[stream.below(len(group))]
        for row in rows:
            row[place] += 1
        arm_of_unit[unit] = arms[place]
    return arm_of_unit


def _with_one_more(rows: Sequence[Sequence[int]], place: int) -> Iterator[list[int]]:
    for row in rows:
        yield [count + (at == place) for at, count in enumerate(row)]


def minimised_anew(plan: AllocationPlan, rng: np.random.Generator, count: int) -> Integers:
    """Arms of the units in `count` independent runs of the same procedure, in the same order: shape (count, units)."""
    rules = rules_of_minimisation(plan)
    choice, share, distance = (
        arms_to_choose(plan),
        float(Fraction(rules.probability)),
        ImbalanceDistance(rules.distance),
    )
    levels = np.array(rules.level_of_unit)
    sizes = (len(plan.space.parts), len(rules.factors), int(levels.max()) + 1, len(plan.arms), count)
    counts = np.zeros(sizes, dtype=np.int64)
    factors, weights = np.arange(len(rules.factors)), np.array(rules.weights)[:, None]
    found = np.empty((count, len(plan.units)), dtype=np.intp)
    for unit in rules.order:
        part, arms = choice[unit]
        rows = counts[part, factors, levels[:, unit], : len(arms)]
        heights = np.array([(weights * _distances(rows, place, distance)).sum(axis=0) for place in range(len(arms))])
        best = heights == heights.min(axis=0)
        wanted = np.where(rng.random(count) < share, best, ~best)
        wanted = np.where(wanted.any(axis=0), wanted, best)
        place = np.argmax(wanted * rng.random(wanted.shape), axis=0)
        counts[part, factors[:, None], levels[:, unit][:, None], place, np.arange(count)] += 1
        found[:, unit] = np.array(arms)[place]
    return found


def _distances(rows: npt.NDArray[np.int64], place: int, distance: ImbalanceDistance) -> npt.NDArray[np.int64]:
    """As `imbalance` has them, with one more unit in the arm at `place`: shape (factors, runs)."""
    more = rows.copy()
    more[:, place] += 1
    if distance is ImbalanceDistance.RANGE:
        span: npt.NDArray[np.int64] = more.max(axis=1) - more.min(axis=1)
        return span
    spread: npt.NDArray[np.int64] = rows.shape[1] * (more**2).sum(axis=1) - more.sum(axis=1) ** 2
    if distance is ImbalanceDistance.VARIANCE:
        return spread
    values, where = np.unique(spread, return_inverse=True)
    roots = np.array([math.isqrt(_ROOT_UNIT**2 * value) for value in values.tolist()], dtype=np.int64)
    return roots[where].reshape(spread.shape)


def rules_of_minimisation(plan: AllocationPlan) -> Minimisation:
    """What the plan minimises by."""
    assert plan.minimisation is not None
    return plan.minimisation
