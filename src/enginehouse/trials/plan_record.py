"""What an allocation plan holds and how it is written down. It is made in `plan.py`; no seed is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.programme.enums import AllocationMethod, AllocationUnit
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.trials.schemes import SchemeSpace
from enginehouse.trials.scoring import Scoring

Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Which schemes may be drawn in covariate-constrained randomisation.

    Attributes
    ----------
    enumerated
        Whether all possible schemes were scored (else `made` different ones, drawn from the public seed).
    made
        How many schemes were scored.
    keep
        How many were to be accepted; those that score as the last of them does are accepted too.
    accepted
        How many are accepted.
    cutoff, best, median, worst
        Scores: the accepted set's highest, and the lowest, the middle and the highest of all that were made.
    set_hash
        SHA-256 of the accepted set's bytes.
    """

    enumerated: bool
    made: int
    keep: int
    accepted: int
    cutoff: int
    best: int
    median: int
    worst: int
    set_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsTogether:
    """How freely the accepted schemes mix units (Bailey's validity).

    `highest`, `lowest` and `mean` are shares (0-1) of the accepted schemes in which a pair of units is in one arm;
    `always` and `never` name the pairs that are so in all or in none. `arm_share_lowest` and `arm_share_highest` are
    the extreme shares of the schemes in which one unit is in one arm.
    """

    pairs: int
    highest: float
    lowest: float
    mean: float
    always: tuple[tuple[str, ...], ...]
    never: tuple[tuple[str, ...], ...]
    arm_share_lowest: float
    arm_share_highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimisation:
    """What minimisation goes by.

    Attributes
    ----------
    factors, level_of_unit
        What is balanced, and for each the level of each unit, counted from 0.
    weights
        Of the factors, in thousandths.
    distance
        `range`, `sd` or `variance` of the numbers in the arms.
    probability
        With which the arm that balances best is drawn, as decimal text.
    order
        The units in the order in which they are allocated: a permutation from the public seed.
    """

    factors: tuple[str, ...]
    level_of_unit: tuple[tuple[int, ...], ...]
    weights: tuple[int, ...]
    distance: str
    probability: str
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondDraw:
    """Which first draw a plan follows: the identity of its plan, and the SHA-256 of its allocation's record."""

    plan: str
    allocation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationPlan:
    """Everything that decides the allocation, apart from the seed.

    Attributes
    ----------
    arms
        What is drawn: arms (position 0 is the registered comparator, position 1 the arm that is judged, then the
        others), or sequences.
    contrasts
        The registered contrasts as positions: arm, then the arm that it is over. From the number of arms on they are
        positions in `pooled`. Contrasts that this draw alone does not decide are left out.
    sites, unit_of_site
        Sites in order, and the position of each one's unit.
    units
        What is allocated: sites themselves, or networks.
    strata, stratum_of_unit
        Names of the strata, and each unit's as a position. One stratum called `all` where none are registered.
    block_sizes
        For permuted blocks; empty otherwise.
    covariates, balance
        What is balanced, and for each the standardised values of the units in ten-millionths (whole numbers, so that
        every machine gives a scheme the same score). Empty for permuted blocks.
    public_seed
        From which candidate schemes are drawn: a hash of the protocol's allocation and the roster.
    schemes, accepted_share, alpha
        As registered, the last two as decimal text.
    acceptance, pairs
        None for permuted blocks.
    log10_possible
        The decimal logarithm of how many allocations the scheme allows.
    smallest_p
        The smallest p that the two-sided permutation test can give, whichever scheme is drawn.
    roster
        The identity of the roster.
    notes
        What a reader must be told.
    pooled
        Arms that are taken together, as positions: in a factorial the two sides of each factor.
    scoring, accepted_at_least
        What the score of a scheme adds up and keeps to, where that is more than its arms; the fewest to accept.
    minimisation
        None for the other methods.
    choices
        In a second draw: the arms that each stratum is drawn among, as positions.
    second
        In a second draw: which first one it follows.

    Notes
    -----
    The record leaves out what is empty of the last six, so that a plan that has none of it keeps its identity.
    """

    format: int = 1
    method: AllocationMethod
    unit: AllocationUnit
    arms: tuple[str, ...]
    contrasts: tuple[tuple[int, ...], ...]
    sites: tuple[str, ...]
    unit_of_site: tuple[int, ...]
    units: tuple[str, ...]
    strata: tuple[str, ...]
    stratum_of_unit: tuple[int, ...]
    block_sizes: tuple[int, ...]
    covariates: tuple[str, ...]
    balance: tuple[tuple[int, ...], ...]
    public_seed: str
    schemes: int
    accepted_share: str
    alpha: str
    acceptance: Acceptance | None
    pairs: PairsTogether | None
    log10_possible: float
    smallest_p: float
    roster: str
    notes: tuple[str, ...]
    pooled: tuple[tuple[int, ...], ...] = ()
    scoring: Scoring | None = None
    accepted_at_least: int = 1
    minimisation: Minimisation | None = None
    choices: tuple[tuple[int, ...], ...] = ()
    second: SecondDraw | None = None

    @property
    def space(self) -> SchemeSpace:
        """The schemes that could be."""
        return SchemeSpace(len(self.arms), self.stratum_of_unit, self.choices)

    @property
    def identity(self) -> str:
        """SHA-256 of the plan's record as JSON with sorted keys and no spaces, in ASCII."""
        return hashlib.sha256(plan_text(self).encode("ascii")).hexdigest()

    def of_sites(self, arm_of_unit: Integers) -> Integers:
        """The arm of each site, from the arm of each unit (last axis)."""
        return np.asarray(arm_of_unit, dtype=np.intp)[..., list(self.unit_of_site)]

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `plan_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        left_out = [name for name, empty in _LEFT_OUT.items() if getattr(self, name) == empty]
        return {key: value for key, value in record.items() if key not in left_out}


_LEFT_OUT = {f.name: f.default for f in fields(AllocationPlan) if f.default is not MISSING and f.name != "format"}


def plan_from_record(record: Mapping[str, Any]) -> AllocationPlan:
    """Read back what `AllocationPlan.to_record` wrote."""
    found: AllocationPlan = from_plain(AllocationPlan, record)
    return found


def plan_text(plan: AllocationPlan) -> str:
    """The plan as the JSON text whose hash is its identity."""
    return json.dumps(plan.to_record(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
