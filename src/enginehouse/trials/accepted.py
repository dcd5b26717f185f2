"""The accepted set of covariate-constrained randomisation: the best balanced schemes, and whether a test can use them.

It is made again from the plan whenever it is needed; the plan keeps its hash.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import IntegrityError, UserError
from enginehouse.core.words import counted
from enginehouse.trials.plan_record import Acceptance, AllocationPlan, PairsTogether
from enginehouse.trials.schemes import Arms, SchemeSpace, all_schemes, sampled_schemes, scores

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


def rules_of(plan: AllocationPlan) -> SchemeRules:
    """The part of a plan that decides its accepted set."""
    space = SchemeSpace(len(plan.arms), plan.stratum_of_unit)
    return SchemeRules(space, plan.balance, plan.public_seed, plan.schemes, plan.accepted_share)


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
    """
    enumerated = rules.space.possible <= rules.schemes
    made = all_schemes(rules.space) if enumerated else sampled_schemes(rules.space, rules.public_seed, rules.schemes)
    height = scores(made, rules.balance, rules.space.arms)
    keep = max(1, math.ceil(Fraction(rules.accepted_share) * len(made)))
    ranked = np.sort(height)
    cutoff = int(ranked[keep - 1])
    found = np.ascontiguousarray(made[height <= cutoff])
    found.setflags(write=False)
    return found, Acceptance(
        enumerated=enumerated,
        made=len(made),
        keep=keep,
        accepted=len(found),
        cutoff=cutoff,
        best=int(ranked[0]),
        median=int(ranked[(len(ranked) - 1) // 2]),
        worst=int(ranked[-1]),
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
    together = np.zeros((len(units), len(units)))
    shares = []
    for arm in range(arms):
        inside = (accepted == arm).astype(np.float32)
        together += inside.T @ inside
        shares.append(inside.mean(axis=0))
    upper = np.triu_indices(len(units), k=1)
    counts = np.rint(together[upper]).astype(np.int64)
    rows, columns = upper

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


def smallest_p(accepted: Arms, contrasts: Sequence[Sequence[int]]) -> float:
    """The smallest p that the two-sided permutation test is sure to be able to give, whichever scheme is drawn (0-1).

    Parameters
    ----------
    accepted
        Shape (accepted, units).
    contrasts
        Pairs of positions of arms.

    Notes
    -----
    Schemes that divide the units between the two arms in the same way, or the other way round, give the same absolute
    contrast. p is at least the number of schemes that share the drawn one's over the number of schemes; the largest
    such number counts.
    """
    worst = 0
    for one, other in contrasts:
        sides = (accepted == one).astype(np.int8) - (accepted == other).astype(np.int8)
        first = np.take_along_axis(sides, np.argmax(sides != 0, axis=1)[:, None], axis=1)
        alike = Counter(row.tobytes() for row in np.ascontiguousarray(sides * first))
        worst = max(worst, *alike.values())
    return worst / len(accepted)


def check_smallest_p(smallest: float, alpha: float, *, accepted: int) -> None:
    """Refuse a set that leaves the permutation test no way to reach alpha."""
    if smallest > alpha:
        raise UserError(
            f"the accepted set of {counted(accepted, 'scheme')} allows no p below {smallest:.3g}, and alpha is "
            f"{alpha:g}.",
            where="protocol.yaml  allocation.accepted_share",
            remedy="Widen accepted_share, balance less, or allocate more units.",
        )
