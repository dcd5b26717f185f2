"""Makes the allocation plan from a protocol and its roster: what is drawn, strata, what is balanced, what may be drawn.

What a plan holds is in `plan_record.py`; how free it leaves chance is worked out in `freedom.py`; drawing from it is in
`draw.py`. The second draw of a SMART has its plan from `second_plan.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.core.words import counted
from enginehouse.programme.enums import AllocationMethod, BalanceScore, DesignType
from enginehouse.programme.grouping import LIST_SIZE, plain_name
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Allocation
from enginehouse.trials.attributes import parse_attribute
from enginehouse.trials.compared import compared, places_in_order
from enginehouse.trials.freedom import finished
from enginehouse.trials.minimise import WEIGHT_UNIT, order_of
from enginehouse.trials.plan_record import AllocationPlan, Minimisation, plan_from_record, plan_text
from enginehouse.trials.roster import Roster, random_parts
from enginehouse.trials.scoring import PLAIN, RESOLUTION, Scoring
from enginehouse.trials.units import Units, factor_column, in_order, strata_of, units_of

__all__ = ["AllocationPlan", "plan_allocation", "plan_from_record", "plan_text"]

Array = npt.NDArray[np.float64]
NOT_KNOWN_SUFFIX = " not known"
FEWEST_NOT_KNOWN = 5
"""From so many units without a value on, whether a value is known is balanced too."""
FEWEST_UNITS_AN_ARM = 2
_FIRST_KEYS = (
    "unit",
    "network_level",
    "method",
    "strata",
    "balance",
    "block_sizes",
    "schemes",
    "accepted_share",
    "alpha",
)
"""Keys that always enter the public seed; others do where they are not left as they are."""


def plan_allocation(protocol: Protocol, roster: Roster) -> AllocationPlan:
    """Everything that decides the (first) allocation, apart from the seed.

    Parameters
    ----------
    protocol
        With `allocation` and `contrasts`, of any randomised design: what is drawn is an arm, a sequence, or the arm
        of a first stage (`programme.in_turn.drawn_names`).
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
        bounds that no scheme keeps to, or a scheme that lets the permutation test never reach alpha.

    Notes
    -----
    Covariates are standardised over units: (value - mean) / sd, sd with n - 1. A network's list size is the sum, other
    values are means weighted by list size. A value that is not known counts as the median; where five units or more
    lack it, whether it is known is balanced too. A covariate that does not vary is left out with a note. A weight w
    (beside the largest) multiplies the standardised values by its square root, or by itself where the score is l1.
    """
    _, allocation = random_parts(protocol)
    units = units_of(allocation, roster)
    drawn = compared(protocol)
    check_units(len(units.names), drawn.arms)
    strata, stratum_of_unit = strata_of(allocation.strata, roster, units)
    balanced = _balanced(allocation, roster, units)
    seed = public_seed({"allocation": _settings(allocation), "roster": roster.identity})
    plan = AllocationPlan(
        method=allocation.method,
        unit=allocation.unit,
        arms=drawn.arms,
        contrasts=drawn.contrasts,
        sites=roster.sites,
        unit_of_site=units.of_site,
        units=units.names,
        strata=strata,
        stratum_of_unit=stratum_of_unit,
        block_sizes=(),
        covariates=balanced.names,
        balance=balanced.values,
        public_seed=seed,
        schemes=allocation.schemes,
        accepted_share=str(allocation.accepted_share),
        alpha=str(allocation.alpha),
        acceptance=None,
        pairs=None,
        log10_possible=0.0,
        smallest_p=1.0,
        roster=roster.identity,
        notes=balanced.notes,
        pooled=drawn.pooled,
        scoring=_scoring(protocol, allocation, balanced, drawn.arms),
        accepted_at_least=allocation.accepted_at_least,
        minimisation=_minimisation(allocation, roster, units, seed),
    )
    return finished(plan, allocation.block_sizes, drawn.effects)


def check_units(units: int, arms: Sequence[str]) -> None:
    """Refuse to draw so few units that an arm could have hardly any."""
    least = FEWEST_UNITS_AN_ARM * len(arms)
    if units < least:
        raise UserError(
            f"got {counted(units, 'unit')} to allocate to {len(arms)} arms.",
            where="roster",
            remedy=f"At least {least} are needed: widen the eligibility, or allocate sites instead of networks.",
        )


@dataclass(frozen=True, slots=True)
class _Balanced:
    """What is balanced: names, standardised values times what weights ask for, bounds in their unit, and notes."""

    names: tuple[str, ...] = ()
    values: tuple[tuple[int, ...], ...] = ()
    bounds: tuple[int | None, ...] = ()
    notes: tuple[str, ...] = ()


def _balanced(allocation: Allocation, roster: Roster, units: Units) -> _Balanced:
    if allocation.method is AllocationMethod.STRATIFIED_BLOCKS:
        return _Balanced()
    if allocation.method is AllocationMethod.MINIMISATION:
        attributes = [parse_attribute(name).attribute for name in allocation.balance if name not in roster.groups]
        return _Balanced(names=tuple(dict.fromkeys(roster.covariate(name).name for name in attributes)))
    columns, notes, of = _columns(allocation, roster, units)
    varying = {name: values for name, values in columns.items() if np.ptp(values) > 0}
    notes += [f"{name} does not vary, so there is nothing to balance." for name in columns if name not in varying]
    if not varying:
        raise UserError(
            "nothing that varies is listed to balance.",
            where="protocol.yaml  allocation.balance",
            remedy="List attributes, or use stratified-blocks.",
        )
    factors = {name: _factor(allocation, of[name]) for name in varying}
    limits = {plain_name(name): bound for name, bound in allocation.bounds.items()}
    bounds = [limits.get(plain_name(name)) for name in varying]
    return _Balanced(
        names=tuple(varying),
        values=tuple(_standardised(values, factors[name]) for name, values in varying.items()),
        bounds=tuple(
            None if bound is None else round(bound * RESOLUTION * factors[name])
            for name, bound in zip(varying, bounds, strict=True)
        ),
        notes=tuple(notes),
    )


def _columns(
    allocation: Allocation, roster: Roster, units: Units
) -> tuple[dict[str, Array], list[str], dict[str, str]]:
    """Values of units by name, what is to be told of them, and the registered name behind each."""
    columns: dict[str, Array] = {}
    notes: list[str] = []
    of: dict[str, str] = {}
    for name in allocation.balance:
        covariate = roster.covariate(name)
        filled = covariate.filled()
        columns[covariate.name] = units.total(filled) if covariate.name == LIST_SIZE else units.mean(filled)
        of[covariate.name] = of[covariate.name + NOT_KNOWN_SUFFIX] = name
        unknown = units.mean(np.array([value is None for value in covariate.values], dtype=np.float64))
        if covariate.missing:
            notes.append(f"{covariate.name} is not known for {covariate.missing} sites, which count with the median.")
        if np.count_nonzero(unknown) >= FEWEST_NOT_KNOWN:
            columns[covariate.name + NOT_KNOWN_SUFFIX] = unknown
    return columns, notes, of


def _factor(allocation: Allocation, name: str) -> float:
    """By what standardised values are multiplied so that a covariate counts for its weight beside the largest."""
    weights = {plain_name(each): weight for each, weight in allocation.weights.items()}
    largest = max(weights.get(plain_name(each), 1.0) for each in allocation.balance)
    share = weights.get(plain_name(name), 1.0) / largest
    return share if allocation.score is BalanceScore.L1 else share**0.5


def _standardised(values: Array, factor: float) -> tuple[int, ...]:
    z = (values - values.mean()) / values.std(ddof=1)
    return tuple(int(v) for v in np.rint(z * RESOLUTION * factor))


def _scoring(protocol: Protocol, allocation: Allocation, balanced: _Balanced, arms: tuple[str, ...]) -> Scoring | None:
    """What the score adds up beside the arms; None where it is no more than that."""
    if allocation.method is not AllocationMethod.COVARIATE_CONSTRAINED:
        return None
    stepped = protocol.design.type is DesignType.STEPPED_WEDGE
    scoring = Scoring(
        score=str(allocation.score),
        places=places_in_order(protocol, arms) if stepped else (),
        bounds=balanced.bounds if any(bound is not None for bound in balanced.bounds) else (),
    )
    return None if scoring == PLAIN else scoring


def _minimisation(allocation: Allocation, roster: Roster, units: Units, seed: str) -> Minimisation | None:
    if allocation.method is not AllocationMethod.MINIMISATION:
        return None
    if not allocation.balance:
        raise UserError(
            "nothing is listed to balance.",
            where="protocol.yaml  allocation.balance",
            remedy="List levels, or attributes in groups, or use stratified-blocks.",
        )
    given = {plain_name(name): weight for name, weight in allocation.weights.items()}
    weights = [round(given.get(plain_name(name), 1.0) * WEIGHT_UNIT) for name in allocation.balance]
    if 0 in weights:
        raise UserError(
            f"got the weight {min(given.values()):g}; weights are counted in thousandths.",
            where="protocol.yaml  allocation.weights",
            remedy="Write 0.001 or more, or multiply all weights by the same number.",
        )
    return Minimisation(
        factors=tuple(allocation.balance),
        level_of_unit=tuple(in_order(factor_column(name, roster, units))[1] for name in allocation.balance),
        weights=tuple(weights),
        distance=str(allocation.distance),
        probability=str(allocation.probability),
        order=order_of(seed, len(units.names)),
    )


def _settings(allocation: Allocation) -> dict[str, Any]:
    settings = allocation.model_dump(mode="json")
    plain = {name: field.default for name, field in Allocation.model_fields.items() if name not in _FIRST_KEYS}
    return {key: value for key, value in settings.items() if key not in plain or value != plain[key]}


def public_seed(settings: Mapping[str, Any]) -> str:
    """The SHA-256 of the settings as JSON."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
