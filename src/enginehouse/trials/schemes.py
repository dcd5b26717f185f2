"""Candidate schemes of covariate-constrained randomisation: how many there are, all of them, or a sample.

A scheme gives every unit an arm. Units stand stratum after stratum, in the order of the plan inside each. The i-th of
them (from 0) gets the label i modulo the number of arms, and the labels are shuffled inside each stratum: arms differ
by at most one unit inside a stratum, and by at most one in all. Which arm a label means is itself shuffled, so that
every unit is as likely to be in one arm as in another.

Where strata have arms of their own to choose from (a second draw), strata that follow one another with the same choice
are one part; each part counts its units and shuffles its labels by itself, one part after another.

*A sampled scheme*, number j (0, 1, 2, ...), takes its integers from the stream with the key `public seed/j`
(`sampler.py`): first it permutes the arms (label l means the l-th arm of the permuted list), then, stratum by stratum,
the arms that stand there. Where more than 20,000 schemes are wanted the stream is a long one. Schemes that came before
are left out, until enough different ones are found.

Scores are in `scoring.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from enginehouse.trials.sampler import integer_table, shuffle_columns

Arms = npt.NDArray[np.int8]
Members = tuple[int, ...]
MANY = 20_000
"""From more schemes than these on, their words come from long streams."""
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Part:
    """Strata with one choice of arms: the arms, and the units of each stratum in order."""

    arms: tuple[int, ...]
    strata: tuple[Members, ...]

    @property
    def labels(self) -> tuple[tuple[int, ...], ...]:
        """How many units of each stratum stand under each label."""
        found, start = [], 0
        for members in self.strata:
            counts = Counter((start + i) % len(self.arms) for i in range(len(members)))
            found.append(tuple(counts[label] for label in range(len(self.arms))))
            start += len(members)
        return tuple(found)

    @property
    def tables(self) -> int:
        """In how many different ways the numbers of units by stratum and arm can come out."""
        return multinomial(tuple(Counter(zip(*self.labels, strict=True)).values()))

    @property
    def possible(self) -> int:
        """How many different schemes the part has."""
        return self.tables * math.prod(multinomial(sizes) for sizes in self.labels)

    def size_tables(self) -> Iterator[tuple[tuple[int, ...], ...]]:
        """Every way in which the numbers of units by stratum and place in `arms` can come out, each once."""
        columns = Counter(zip(*self.labels, strict=True))
        kinds = list(columns)
        for order in splits([columns[kind] for kind in kinds]):
            yield tuple(zip(*(kinds[kind] for kind in order), strict=True))


@dataclass(frozen=True, slots=True)
class SchemeSpace:
    """The schemes that could be: the number of arms, each unit's stratum as a position, and the choice of each stratum.

    No choices: every stratum has all arms.
    """

    arms: int
    stratum_of_unit: tuple[int, ...]
    choices: tuple[tuple[int, ...], ...] = ()

    @property
    def strata(self) -> tuple[Members, ...]:
        """The units of each stratum, in order."""
        units: list[list[int]] = [[] for _ in range(max(self.stratum_of_unit) + 1)]
        for unit, stratum in enumerate(self.stratum_of_unit):
            units[stratum].append(unit)
        return tuple(tuple(members) for members in units)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Strata that follow one another with the same choice, taken together."""
        choices = self.choices or (tuple(range(self.arms)),) * len(self.strata)
        runs = groupby(zip(choices, self.strata, strict=True), key=lambda pair: pair[0])
        return tuple(Part(arms, tuple(members for _, members in run)) for arms, run in runs)

    @property
    def possible(self) -> int:
        """How many different schemes there are."""
        return math.prod(part.possible for part in self.parts)


def multinomial(sizes: Sequence[int]) -> int:
    """In how many ways units can be split into groups of these sizes."""
    return math.factorial(sum(sizes)) // math.prod(math.factorial(size) for size in sizes)


def all_schemes(space: SchemeSpace) -> Arms:
    """Every possible scheme, in lexicographic order; shape (schemes, units)."""
    units = [unit for part in space.parts for members in part.strata for unit in members]
    found = _across([_of_part(part) for part in space.parts])
    if len(space.strata) > 1:
        found = found[:, np.argsort(units)]
        return np.ascontiguousarray(found[np.lexsort(found.T[::-1])])
    return found


def _of_part(part: Part) -> Arms:
    """Every scheme of a part, units in the order of its strata."""
    tables = [_across([orders(sizes) for sizes in table]) for table in part.size_tables()]
    found = np.concatenate(tables) if len(tables) > 1 else tables[0]
    if part.arms != tuple(range(len(part.arms))):
        found = np.array(part.arms, dtype=np.int8)[found]
    return found[np.lexsort(found.T[::-1])] if len(tables) > 1 else found


def _across(blocks: Sequence[Arms]) -> Arms:
    """Every combination of a row of each, side by side; the first changes slowest."""
    found = blocks[0]
    for block in blocks[1:]:
        found = np.hstack([np.repeat(found, len(block), axis=0), np.tile(block, (len(found), 1))])
    return found


def orders(sizes: Sequence[int]) -> Arms:
    """Every order of the arms 0, 1, 2, ..., each as often as `sizes` says, lexicographic; shape (orders, units)."""
    made: dict[tuple[int, ...], Arms] = {}

    def rows(left: tuple[int, ...]) -> Arms:
        if left not in made:
            found = np.empty((multinomial(left), sum(left)), dtype=np.int8)
            start = 0
            for arm, remaining in enumerate(left):
                if remaining:
                    rest = rows((*left[:arm], remaining - 1, *left[arm + 1 :]))
                    found[start : start + len(rest), 0] = arm
                    found[start : start + len(rest), 1:] = rest
                    start += len(rest)
            made[left] = found
        return made[left]

    return rows(tuple(sizes))


def splits(left: list[int]) -> Iterator[tuple[int, ...]]:
    """Every order of the arms, each as often as `left` says."""
    if not any(left):
        yield ()
        return
    for arm, remaining in enumerate(left):
        if remaining:
            for rest in splits([*left[:arm], remaining - 1, *left[arm + 1 :]]):
                yield (arm, *rest)


def sampled_schemes(space: SchemeSpace, public_seed: str, schemes: int) -> Arms:
    """The first `schemes` different schemes of the stream; shape (schemes, units)."""
    found = np.empty((0, len(space.stratum_of_unit)), dtype=np.int8)
    number, long = 0, schemes > MANY
    while len(found) < schemes:
        more = schemes if not number else max(schemes - len(found), schemes // 4, 64)
        fresh = _drawn_in_batches(space, public_seed, range(number, number + more), long=long)
        found = _different(np.concatenate([found, fresh]))[:schemes]
        number += more
    return found


def _drawn_in_batches(space: SchemeSpace, public_seed: str, numbers: range, *, long: bool) -> Arms:
    batches = [
        drawn(space, [f"{public_seed}/{j}" for j in numbers[start : start + _BATCH]], long=long)
        for start in range(0, len(numbers), _BATCH)
    ]
    return np.concatenate(batches)


def _different(rows: Arms) -> Arms:
    """The rows without those that came before."""
    names = _row_numbers(rows)
    if len(np.unique(names)) == len(rows):  # different numbers are of different rows
        return rows
    whole = np.ascontiguousarray(rows).view([("", f"V{rows.shape[1]}")]).ravel()
    _, first = np.unique(whole, return_index=True)
    return rows[np.sort(first)]


def _row_numbers(rows: Arms) -> npt.NDArray[np.uint64]:
    """One number for each row, the same for the same rows, and hardly ever for others."""
    wide = -(-rows.shape[1] // 8) * 8
    padded = np.zeros((len(rows), wide), dtype=np.int8)
    padded[:, : rows.shape[1]] = rows
    words = padded.view(np.uint64)
    odd = np.random.default_rng(0).integers(2**63, size=words.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    found: npt.NDArray[np.uint64] = (words * odd).sum(axis=1, dtype=np.uint64)
    return found


def drawn(space: SchemeSpace, keys: Sequence[str], *, long: bool = False) -> Arms:
    """The scheme of each key's stream, shape (keys, units)."""
    parts = space.parts
    bounds: list[int] = []
    for part in parts:
        bounds += [*range(len(part.arms), 1, -1), *(n for members in part.strata for n in range(len(members), 1, -1))]
    integers = integer_table(keys, bounds, long=long)
    found = np.empty((len(space.stratum_of_unit), len(keys)), dtype=np.int8)
    used = 0
    for part in parts:
        choice = len(part.arms)
        names = np.repeat(np.array(part.arms, dtype=np.int8)[:, None], len(keys), axis=1)
        shuffle_columns(names, integers[used : used + choice - 1])
        start, used = 0, used + choice - 1
        for members in part.strata:
            inside = names[np.arange(start, start + len(members)) % choice]
            shuffle_columns(inside, integers[used : used + len(members) - 1])
            found[list(members)] = inside
            start, used = start + len(members), used + len(members) - 1
    return np.ascontiguousarray(found.T)
