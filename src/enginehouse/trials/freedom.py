"""How free a plan leaves chance: which schemes may be drawn, how often pairs go together, the smallest p of a test.

It finishes a plan, or refuses it where the permutation test could never reach alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from enginehouse.core.errors import UserError
from enginehouse.core.seeds import derive_seed
from enginehouse.core.words import agreeing, counted
from enginehouse.programme.enums import AllocationMethod
from enginehouse.trials.accepted import (
    accept,
    accepted_set,
    check_smallest_p,
    pairs_together,
    rules_of,
    smallest_p,
    together_counts,
)
from enginehouse.trials.blocks import log10_likeliest
from enginehouse.trials.compared import Effect
from enginehouse.trials.minimise import minimised_anew
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.schemes import Arms

RUNS = 5_000
"""How often minimisation is run to see how free it is: all its outcomes cannot be listed."""


def finished(plan: AllocationPlan, block_sizes: Sequence[int], effects: Sequence[Effect]) -> AllocationPlan:
    """The plan with what may be drawn from it, and how free that is.

    Parameters
    ----------
    plan
        Without it.
    block_sizes
        As registered; may be empty.
    effects
        The contrasts that the draw decides.

    Raises
    ------
    UserError
        The permutation test of a contrast could never reach alpha (a first draw only: a second one tells it in a note).
    """
    done = _METHODS[plan.method](plan, tuple(block_sizes))
    each = smallest_p_of(done, effects)
    if not each:
        return done
    done = replace(done, smallest_p=max(each))
    if plan.second is None:
        _REFUSALS[plan.method](done)
        return done
    short = done.smallest_p > float(plan.alpha)
    note = f"The second draw by itself allows no p below {done.smallest_p:.3g}."
    return replace(done, notes=(*done.notes, note)) if short else done


def smallest_p_of(plan: AllocationPlan, effects: Sequence[Effect]) -> tuple[float, ...]:
    """The smallest p that the two-sided permutation test of each contrast is sure to be able to give (0-1).

    Parameters
    ----------
    plan
        Finished.
    effects
        From `compared(protocol).effects`, or those of a second draw.

    Notes
    -----
    By counting in the accepted set; for blocks from the likeliest division; for minimisation the most frequent division
    in 5,000 runs.
    """
    if plan.method is AllocationMethod.STRATIFIED_BLOCKS:
        return tuple(min(1.0, (2 if effect.is_mirrored else 1) * 10 ** _likeliest(plan, effect)) for effect in effects)
    schemes = _drawable(plan)
    return tuple(max(smallest_p(schemes[:, _units(plan, effect)], [effect.gives])) for effect in effects)


def _units(plan: AllocationPlan, effect: Effect) -> list[int]:
    parts = plan.space.parts if effect.part is None else plan.space.parts[effect.part : effect.part + 1]
    return sorted(unit for part in parts for members in part.strata for unit in members)


def _likeliest(plan: AllocationPlan, effect: Effect) -> float:
    parts = plan.space.parts if effect.part is None else plan.space.parts[effect.part : effect.part + 1]
    found = 0.0
    for part in parts:
        own = Effect({place: effect.gives[arm] for place, arm in enumerate(part.arms) if arm in effect.gives})
        arms = len(part.arms)
        sizes = tuple(size // len(plan.arms) * arms for size in plan.block_sizes)
        found += log10_likeliest(tuple(len(members) for members in part.strata), sizes, own.groups(arms))
    return found


def _drawable(plan: AllocationPlan) -> Arms:
    """The accepted set, or many runs of minimisation."""
    if plan.method is AllocationMethod.COVARIATE_CONSTRAINED:
        return accepted_set(plan)
    rng = np.random.default_rng(derive_seed(0, "minimisation", plan.public_seed))
    return minimised_anew(plan, rng, RUNS).astype(np.int8)


def _constrained(plan: AllocationPlan, block_sizes: tuple[int, ...]) -> AllocationPlan:  # noqa: ARG001
    accepted, acceptance = accept(rules_of(plan))
    pairs = pairs_together(accepted, plan.units, len(plan.arms))
    return replace(
        plan,
        acceptance=acceptance,
        pairs=pairs,
        log10_possible=_log10(plan.space.possible),
        notes=(*plan.notes, *_pair_notes(pairs.always, "always in one arm"), *_pair_notes(pairs.never, "never so")),
    )


def _pair_notes(pairs: Sequence[Sequence[str]], how: str) -> tuple[str, ...]:
    return (f"{agreeing(len(pairs), 'pair')} {how}, or more: {' and '.join(pairs[0])} for one.",) if pairs else ()


def _blocked(plan: AllocationPlan, block_sizes: tuple[int, ...]) -> AllocationPlan:
    arms = len(plan.arms)
    sizes = block_sizes or (2 * arms,)
    wrong = [size for size in sizes if size < arms or size % arms]
    if wrong:
        raise UserError(
            f"got block sizes {', '.join(map(str, wrong))} for {arms} arms.",
            where="protocol.yaml  allocation.block_sizes",
            remedy="Each is a multiple of the number of arms.",
        )
    likeliest = _likeliest(replace(plan, block_sizes=sizes), Effect({arm: (arm,) for arm in range(arms)}))
    note = () if block_sizes else (f"No block size is registered; blocks of {sizes[0]} are used.",)
    return replace(plan, block_sizes=sizes, log10_possible=-likeliest, notes=(*plan.notes, *note))


def _minimised(plan: AllocationPlan, block_sizes: tuple[int, ...]) -> AllocationPlan:  # noqa: ARG001
    pairs = pairs_together(_drawable(plan), plan.units, len(plan.arms))
    note = f"How freely minimisation mixes units, and the smallest p, are counted in {RUNS:,} runs of it."
    possible = sum(len(members) * math.log10(len(part.arms)) for part in plan.space.parts for members in part.strata)
    return replace(plan, pairs=pairs, log10_possible=possible, notes=(*plan.notes, note))


_METHODS: Mapping[AllocationMethod, Callable[[AllocationPlan, tuple[int, ...]], AllocationPlan]] = {
    AllocationMethod.STRATIFIED_BLOCKS: _blocked,
    AllocationMethod.COVARIATE_CONSTRAINED: _constrained,
    AllocationMethod.MINIMISATION: _minimised,
}


def _check_accepted(plan: AllocationPlan) -> None:
    assert plan.acceptance is not None
    check_smallest_p(plan.smallest_p, float(plan.alpha), accepted=plan.acceptance.accepted)


def _check_blocks(plan: AllocationPlan) -> None:
    if plan.smallest_p > float(plan.alpha):
        raise UserError(
            f"the blocks allow no p below {plan.smallest_p:.3g}, and alpha is {float(plan.alpha):g}.",
            where="protocol.yaml  allocation",
            remedy="Use larger blocks or fewer strata, or allocate more units.",
        )


def _check_minimised(plan: AllocationPlan) -> None:
    if plan.smallest_p > float(plan.alpha):
        raise UserError(
            f"minimising over {counted(len(plan.units), 'unit')} allows no p below {plan.smallest_p:.3g}, and alpha is "
            f"{float(plan.alpha):g}.",
            where="protocol.yaml  allocation",
            remedy="Lower the probability, balance less, or allocate more units.",
        )


_REFUSALS: Mapping[AllocationMethod, Callable[[AllocationPlan], None]] = {
    AllocationMethod.STRATIFIED_BLOCKS: _check_blocks,
    AllocationMethod.COVARIATE_CONSTRAINED: _check_accepted,
    AllocationMethod.MINIMISATION: _check_minimised,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShare:
    """Two units, and the share (0-1) of the schemes in which they are in one arm."""

    one: str
    other: str
    together: float


def pair_table(plan: AllocationPlan) -> tuple[PairShare, ...]:
    """How often each pair of units is in one arm: the whole table that the plan sums up.

    Parameters
    ----------
    plan
        Covariate-constrained or minimised.

    Notes
    -----
    1 is always, 0 never: then a test that takes units as drawn independently is not valid.

    References
    ----------
    Bailey RA. Biometrika 1983;70:183-198.
    """
    schemes = _drawable(plan)
    together, _ = together_counts(schemes, len(plan.arms))
    rows, columns = np.triu_indices(len(plan.units), k=1)
    return tuple(
        PairShare(one=plan.units[i], other=plan.units[j], together=together[i, j] / len(schemes))
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
    )


def _log10(number: int) -> float:
    """Of whole numbers of any length."""
    digits = str(number)
    return float(np.log10(float(digits[:15]))) + max(len(digits) - 15, 0)
