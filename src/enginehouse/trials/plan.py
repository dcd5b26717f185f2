"""Makes the allocation plan from a protocol and its roster: units, strata, what is balanced, what may be drawn.

What a plan holds is in `plan_record.py`; drawing from it is in `draw.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.core.words import agreeing, counted
from enginehouse.programme.enums import AllocationMethod, AllocationUnit
from enginehouse.programme.grouping import LIST_SIZE
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Allocation
from enginehouse.trials.accepted import accept, check_smallest_p, pairs_together, rules_of, smallest_p
from enginehouse.trials.attributes import cut, parse_attribute
from enginehouse.trials.blocks import log10_likeliest
from enginehouse.trials.plan_record import AllocationPlan, plan_from_record, plan_text
from enginehouse.trials.roster import Roster, random_parts
from enginehouse.trials.schemes import RESOLUTION, SchemeSpace

__all__ = ["AllocationPlan", "plan_allocation", "plan_from_record", "plan_text"]

Array = npt.NDArray[np.float64]
ALL = "all"
NOT_KNOWN_SUFFIX = " not known"
FEWEST_NOT_KNOWN = 5
"""From so many units without a value on, whether a value is known is balanced too."""
FEWEST_UNITS_AN_ARM = 2
MOST_ARMS = 36


def plan_allocation(protocol: Protocol, roster: Roster) -> AllocationPlan:
    """Everything that decides the allocation, apart from the seed.

    Parameters
    ----------
    protocol
        With `allocation` and `contrasts`.
    roster
        From `eligible_roster`.

    Returns
    -------
    AllocationPlan
        For covariate-constrained randomisation with the accepted set's hash and how freely it mixes units.

    Raises
    ------
    UserError
        Too few units for the arms, a stratum or a covariate of which nothing is known, block sizes that do not fit,
        or an accepted set that lets the permutation test never reach alpha.

    Notes
    -----
    Covariates are standardised over units: (value - mean) / sd, sd with n - 1. A network's list size is the sum, other
    values are means weighted by list size. A value that is not known counts as the median; where five units or more
    lack it, whether it is known is balanced too. A covariate that does not vary is left out with a note.
    """
    _, allocation = random_parts(protocol)
    units = _units(allocation, roster)
    arms, contrasts = ordered_arms(protocol)
    _check_units(len(units.names), arms)
    strata, stratum_of_unit = _strata(allocation, roster, units)
    names, balance, notes = _balance(allocation, roster, units)
    plan = AllocationPlan(
        method=allocation.method,
        unit=allocation.unit,
        arms=arms,
        contrasts=contrasts,
        sites=roster.sites,
        unit_of_site=units.of_site,
        units=units.names,
        strata=strata,
        stratum_of_unit=stratum_of_unit,
        block_sizes=(),
        covariates=names,
        balance=balance,
        public_seed=_public_seed(allocation, roster),
        schemes=allocation.schemes,
        accepted_share=str(allocation.accepted_share),
        alpha=str(allocation.alpha),
        acceptance=None,
        pairs=None,
        log10_possible=0.0,
        smallest_p=1.0,
        roster=roster.identity,
        notes=notes,
    )
    finish = _constrained if allocation.method is AllocationMethod.COVARIATE_CONSTRAINED else _blocked
    return finish(plan, allocation)


def ordered_arms(protocol: Protocol) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """The arms with the registered comparator first and the arm that is judged second, and the contrasts in them."""
    if len(protocol.arms) < 2 or not protocol.contrasts:
        raise UserError(
            f"got {counted(len(protocol.arms), 'arm')} and {counted(len(protocol.contrasts), 'contrast')}.",
            where="protocol.yaml  contrasts",
            remedy="Random allocation needs two arms or more, and a contrast that says which is judged over which.",
        )
    first = protocol.contrasts[0]
    arms = tuple(dict.fromkeys((first.over, first.arm, *protocol.arms)))
    unknown = {arm for c in protocol.contrasts for arm in (c.arm, c.over)} - set(protocol.arms)
    if unknown or len(arms) > MOST_ARMS:
        raise UserError(
            f"got {', '.join(sorted(unknown)) or len(arms)} for arms.",
            where="protocol.yaml  contrasts",
            remedy=f"The arms are: {', '.join(protocol.arms)}; at most {MOST_ARMS}.",
        )
    return arms, tuple((arms.index(c.arm), arms.index(c.over)) for c in protocol.contrasts)


@dataclass(frozen=True, slots=True)
class _Units:
    names: tuple[str, ...]
    of_site: tuple[int, ...]
    weights: Array

    def mean(self, values: Array) -> Array:
        """The values of units: means over their sites, weighted by list size."""
        position = np.array(self.of_site)
        weight = np.bincount(position, weights=self.weights)
        return np.bincount(position, weights=self.weights * values) / weight

    def total(self, values: Array) -> Array:
        return np.bincount(np.array(self.of_site), weights=values)


def _units(allocation: Allocation, roster: Roster) -> _Units:
    names = roster.networks if allocation.unit is AllocationUnit.NETWORK else roster.sites
    ordered = tuple(sorted(set(names)))
    if "" in ordered:
        raise UserError(
            "a site of the roster belongs to no network.",
            where="protocol.yaml  allocation.network_level",
            remedy="Name the level of the networks.",
        )
    sizes = np.maximum(roster.covariate(LIST_SIZE).filled(), 1e-9)
    return _Units(ordered, tuple(ordered.index(name) for name in names), sizes)


def _check_units(units: int, arms: Sequence[str]) -> None:
    least = FEWEST_UNITS_AN_ARM * len(arms)
    if units < least:
        raise UserError(
            f"got {counted(units, 'unit')} to allocate to {len(arms)} arms.",
            where="roster",
            remedy=f"At least {least} are needed: widen the eligibility, or allocate sites instead of networks.",
        )


def _strata(allocation: Allocation, roster: Roster, units: _Units) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names of the strata in order, and each unit's; combinations that no unit has are not listed."""
    columns = [_stratum_column(name, roster, units) for name in allocation.strata]
    labels = [" / ".join(parts) for parts in zip(*columns, strict=True)] if columns else [ALL] * len(units.names)
    names = tuple(sorted(set(labels)))
    return names, tuple(names.index(label) for label in labels)


def _stratum_column(name: str, roster: Roster, units: _Units) -> tuple[str, ...]:
    if name in roster.groups:
        return _first_of_unit(roster.groups[name], units)
    wanted = parse_attribute(name)
    covariate = roster.covariate(wanted.attribute)
    if not wanted.parts:
        raise UserError(
            f"got stratum '{name}', an attribute that is not cut into parts.",
            where="protocol.yaml  allocation.strata",
            remedy=f"Write {name}_half or {name}_third.",
        )
    values = np.array([np.nan if v is None else v for v in covariate.values])
    of_units = units.total(values) if wanted.attribute == LIST_SIZE else units.mean(values)
    return cut(of_units, wanted.parts)


def _first_of_unit(groups: Sequence[str], units: _Units) -> tuple[str, ...]:
    """The group of most of a unit's sites; the first in the alphabet of equals."""
    members: list[list[str]] = [[] for _ in units.names]
    for unit, group in zip(units.of_site, groups, strict=True):
        members[unit].append(group)
    return tuple(min(set(found), key=lambda group: (-found.count(group), group)) for found in members)


def _balance(
    allocation: Allocation, roster: Roster, units: _Units
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """Names, standardised values in ten-millionths, and notes, of what is balanced; nothing for permuted blocks."""
    if allocation.method is not AllocationMethod.COVARIATE_CONSTRAINED:
        return (), (), ()
    columns: dict[str, Array] = {}
    notes = []
    for name in allocation.balance:
        covariate = roster.covariate(name)
        filled = covariate.filled()
        columns[covariate.name] = units.total(filled) if covariate.name == LIST_SIZE else units.mean(filled)
        unknown = units.mean(np.array([value is None for value in covariate.values], dtype=np.float64))
        if covariate.missing:
            notes.append(f"{covariate.name} is not known for {covariate.missing} sites, which count with the median.")
        if np.count_nonzero(unknown) >= FEWEST_NOT_KNOWN:
            columns[covariate.name + NOT_KNOWN_SUFFIX] = unknown
    varying = {name: values for name, values in columns.items() if np.ptp(values) > 0}
    notes += [f"{name} does not vary, so there is nothing to balance." for name in columns if name not in varying]
    if not varying:
        raise UserError(
            "nothing that varies is listed to balance.",
            where="protocol.yaml  allocation.balance",
            remedy="List attributes, or use stratified-blocks.",
        )
    return tuple(varying), tuple(_standardised(values) for values in varying.values()), tuple(notes)


def _standardised(values: Array) -> tuple[int, ...]:
    z = (values - values.mean()) / values.std(ddof=1)
    return tuple(int(v) for v in np.rint(z * RESOLUTION))


def _public_seed(allocation: Allocation, roster: Roster) -> str:
    settings = {"allocation": allocation.model_dump(mode="json"), "roster": roster.identity}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _constrained(plan: AllocationPlan, allocation: Allocation) -> AllocationPlan:
    rules = rules_of(plan)
    accepted, acceptance = accept(rules)
    smallest = smallest_p(accepted, plan.contrasts)
    check_smallest_p(smallest, allocation.alpha, accepted=len(accepted))
    pairs = pairs_together(accepted, plan.units, len(plan.arms))
    return replace(
        plan,
        acceptance=acceptance,
        pairs=pairs,
        log10_possible=_log10(rules.space.possible),
        smallest_p=smallest,
        notes=(*plan.notes, *_pair_notes(pairs.always, "always in one arm"), *_pair_notes(pairs.never, "never so")),
    )


def _pair_notes(pairs: Sequence[Sequence[str]], how: str) -> tuple[str, ...]:
    return (f"{agreeing(len(pairs), 'pair')} {how}, or more: {' and '.join(pairs[0])} for one.",) if pairs else ()


def _blocked(plan: AllocationPlan, allocation: Allocation) -> AllocationPlan:
    arms = len(plan.arms)
    sizes = allocation.block_sizes or (2 * arms,)
    wrong = [size for size in sizes if size < arms or size % arms]
    if wrong:
        raise UserError(
            f"got block sizes {', '.join(map(str, wrong))} for {arms} arms.",
            where="protocol.yaml  allocation.block_sizes",
            remedy="Each is a multiple of the number of arms.",
        )
    strata = tuple(len(members) for members in SchemeSpace(arms, plan.stratum_of_unit).strata)
    likeliest = log10_likeliest(strata, sizes, arms)
    smallest = min(1.0, 2 * 10**likeliest)
    check_smallest_p_of_blocks(smallest, allocation.alpha)
    note = () if allocation.block_sizes else (f"No block size is registered; blocks of {sizes[0]} are used.",)
    return replace(plan, block_sizes=sizes, log10_possible=-likeliest, smallest_p=smallest, notes=(*plan.notes, *note))


def check_smallest_p_of_blocks(smallest: float, alpha: float) -> None:
    """Refuse blocks so few that the permutation test could never reach alpha."""
    if smallest > alpha:
        raise UserError(
            f"the blocks allow no p below {smallest:.3g}, and alpha is {alpha:g}.",
            where="protocol.yaml  allocation",
            remedy="Use larger blocks or fewer strata, or allocate more units.",
        )


def _log10(number: int) -> float:
    """Of whole numbers of any length."""
    digits = str(number)
    return float(np.log10(float(digits[:15]))) + max(len(digits) - 15, 0)
