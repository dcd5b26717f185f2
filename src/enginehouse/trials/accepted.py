"""The accepted set of covariate-constrained randomisation: the best balanced schemes, and whether a test can use them.

It is made again from the plan whenever it is needed; the plan keeps its hash.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import IntegrityError, UserError
from enginehouse.core.words import counted
from enginehouse.trials.plan_record import Acceptance, AllocationPlan, PairsTogether
from enginehouse.trials.schemes import Arms, SchemeSpace, all_schemes, sampled_schemes
from enginehouse.trials.scoring import PLAIN, Scoring, scored

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NAMED_PAIRS = 20


@dataclass(frozen=True, slots=True)
class SchemeRules:
    """What decides the accepted set, and nothing else."""

    space: SchemeSpace
    balance: tuple[tuple[int, ...], ...]
    public_seed: str
    schemes: int
    accepted_share: str
    scoring: Scoring = PLAIN
    pooled: tuple[tuple[int, ...], ...] = ()
    at_least: int = 1


def rules_of(plan: AllocationPlan) -> SchemeRules:
    """The part of a plan that decides its accepted set."""
    return SchemeRules(
        space=plan.space,
        balance=plan.balance,
        public_seed=plan.public_seed,
        schemes=plan.schemes,
        accepted_share=plan.accepted_share,
        scoring=plan.scoring or PLAIN,
        pooled=plan.pooled,
        at_least=plan.accepted_at_least,
    )


def accepted_set(plan: AllocationPlan) -> Arms:
    """The schemes that may be drawn: arms of the units as positions, shape (accepted, units), read only.

    Raises
    ------
    IntegrityError
        The set is not the one whose hash the plan keeps.
    """
    found, acceptance = accept(rules_of(plan))
    if plan.acceptance is not None and plan.acceptance.set_hash != acceptance.set_hash:
        raise IntegrityError(
            "the accepted schemes are not those whose hash the plan keeps.",
            where="allocation plan",
            remedy="Restore the plan from the record, or use the version of the software that made it.",
        )
    return found


@lru_cache(maxsize=8)
def accept(rules: SchemeRules) -> tuple[Arms, Acceptance]:
    """Make and score the schemes, and keep the best balanced share of them (ties with the last one too).

    Returns
    -------
    array, shape (accepted, units), and what is recorded of it
        In the order in which they were made.

    Raises
    ------
    UserError
        No scheme keeps to the bounds.

    Notes
    -----
    The share is of the schemes that keep to all bounds; `at_least` so many are kept, where there are so many.
    """
    enumerated = rules.space.possible <= rules.schemes
    made = all_schemes(rules.space) if enumerated else sampled_schemes(rules.space, rules.public_seed, rules.schemes)
    height, kept = scored(made, rules.balance, rules.space.arms, rules.scoring, rules.pooled)
    inside = height[kept]
    if not len(inside):
        raise UserError(
            f"none of {counted(len(made), 'scheme')} keeps to every bound.",
            where="protocol.yaml  allocation.bounds",
            remedy="Widen the bounds, or bound fewer attributes.",
        )
    keep = min(len(inside), max(1, math.ceil(Fraction(rules.accepted_share) * len(inside)), rules.at_least))
    cutoff = int(np.partition(inside, keep - 1)[keep - 1])
    found = np.ascontiguousarray(made[kept & (height <= cutoff)])
    found.setflags(write=False)
    middle = (len(made) - 1) // 2
    return found, Acceptance(
        enumerated=enumerated,
        made=len(made),
        keep=keep,
        accepted=len(found),
        cutoff=cutoff,
        best=int(height.min()),
        median=int(np.partition(height, middle)[middle]),
        worst=int(height.max()),
        set_hash=hashlib.sha256(set_bytes(found)).hexdigest(),
    )


def set_bytes(accepted: Arms) -> bytes:
    """The accepted set as a document: one line for each scheme, one character (0-9, a-z) for each unit's arm."""
    digits = np.frombuffer(DIGITS.encode(), dtype=np.uint8)[accepted]
    ends = np.full((len(accepted), 1), ord("\n"), dtype=np.uint8)
    return np.hstack([digits, ends]).tobytes()


def pairs_together(accepted: Arms, units: Sequence[str], arms: int) -> PairsTogether:
    """How often pairs of units are in one arm over the accepted schemes; no pair should be so always or never.

    References
    ----------
    Bailey RA. Restricted randomization. Biometrika 1983;70:183-198. Moulton LH. Clin Trials 2004;1:297-305.
    """
    together, shares = together_counts(accepted, arms)
    rows, columns = np.triu_indices(len(units), k=1)
    counts = together[rows, columns]

    def named(chosen: npt.NDArray[np.bool_]) -> tuple[tuple[str, ...], ...]:
        return tuple((units[rows[i]], units[columns[i]]) for i in np.flatnonzero(chosen)[:_NAMED_PAIRS])

    n = len(accepted)
    return PairsTogether(
        pairs=len(counts),
        highest=float(counts.max() / n),
        lowest=float(counts.min() / n),
        mean=float(counts.mean() / n),
        always=named(counts == n),
        never=named(counts == 0),
        arm_share_lowest=float(np.min(shares)),
        arm_share_highest=float(np.max(shares)),
    )


def together_counts(accepted: Arms, arms: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The whole table behind `pairs_together`.

    Returns
    -------
    array, shape (units, units)
        In how many schemes two units are in one arm.
    array, shape (arms, units)
        The share of the schemes in which a unit is in an arm.
    """
    units = accepted.shape[1]
    together = np.zeros((units, units))
    shares = []
    for arm in range(arms):
        inside = (accepted == arm).astype(np.float32)
        together += inside.T @ inside
        shares.append(inside.mean(axis=0))
    return np.rint(together).astype(np.int64), np.array(shares, dtype=np.float64)


def smallest_p(schemes: Arms, contrasts: Sequence[Mapping[int, tuple[int, ...]]]) -> tuple[float, ...]:
    """The smallest p that a two-sided permutation test is sure to be able to give, whichever scheme is drawn (0-1).

    Parameters
    ----------
    schemes
        Shape (schemes, units).
    contrasts
        For each contrast, what an arm (by its position) gives to it: one number (1 for the arm that is judged, -1 for
        what it is over), or one for each period where the arms are sequences. An arm that is left out gives nothing.

    Returns
    -------
    tuple of float
        One for each contrast.

    Notes
    -----
    Schemes that give the units the same parts in the contrast, or all of them the opposite, give the same absolute
    contrast. p is at least the number of schemes that share the drawn one's over the number of schemes; the largest
    such number counts.
    """
    return tuple(_most_alike(schemes, contrast) / len(schemes) for contrast in contrasts)


def _most_alike(schemes: Arms, contrast: Mapping[int, tuple[int, ...]]) -> int:
    arms = int(schemes.max()) + 1
    nothing = (0,) * max((len(part) for part in contrast.values()), default=1)
    parts = [contrast.get(arm, nothing) for arm in range(arms)]
    kinds = sorted({*parts, *(tuple(-v for v in part) for part in parts)})  # a part and its opposite mirror each other
    code = np.array([kinds.index(part) for part in parts], dtype=np.uint8)[schemes]
    mirrored = (len(kinds) - 1 - code).astype(np.uint8)
    first = np.argmax(code != mirrored, axis=1)[:, None]
    swap = np.take_along_axis(mirrored, first, axis=1) < np.take_along_axis(code, first, axis=1)
    alike = Counter(row.tobytes() for row in np.ascontiguousarray(np.where(swap, mirrored, code)))
    return max(alike.values())


def check_smallest_p(smallest: float, alpha: float, *, accepted: int) -> None:
    """Refuse a set that leaves the permutation test no way to reach alpha."""
    if smallest > alpha:
        raise UserError(
            f"the accepted set of {counted(accepted, 'scheme')} allows no p below {smallest:.3g}, and alpha is "
            f"{alpha:g}.",
            where="protocol.yaml  allocation.accepted_share",
            remedy="Widen accepted_share, balance less, or allocate more units.",
        )
