"""The plan of a SMART's second draw: who is drawn again, among what, and what the first draw left unequal.

Who responded is worked out elsewhere, from data as they stood on the day of the decision. Drawing is in `draw.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from enginehouse.core.errors import UserError
from enginehouse.core.words import counted
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.schedule import SecondStage
from enginehouse.trials.balance import check_same_sites
from enginehouse.trials.compared import Effect
from enginehouse.trials.draw import Allocation
from enginehouse.trials.freedom import finished
from enginehouse.trials.minimise import order_of
from enginehouse.trials.plan import public_seed
from enginehouse.trials.plan_record import AllocationPlan, Minimisation, SecondDraw
from enginehouse.trials.roster import Roster, random_parts
from enginehouse.trials.scoring import PLAIN, Carried
from enginehouse.trials.units import strata_of, units_of


def second_plan(
    protocol: Protocol,
    first: AllocationPlan,
    allocation: Allocation,
    responders: Mapping[str, bool],
    roster: Roster,
) -> AllocationPlan:
    """Everything that decides the second draw of a SMART, apart from its seed.

    Parameters
    ----------
    protocol
        With a `second_stage`.
    first, allocation
        The plan of the first draw, and what was drawn.
    responders
        Whether each site responded. A network responded if at least half of its sites did.
    roster
        That of the first draw.

    Returns
    -------
    AllocationPlan
        Of the units that did not respond and whose first arm is one of those under `again`. All others stay as they
        are. Draw from it with a seed of its own.

    Raises
    ------
    UserError
        There is no second stage, response is not told for a site, the parts do not belong together, or nobody is drawn.

    Notes
    -----
    The first arm and the registered strata of the second stage are the strata; each first arm has its own arms to
    choose from. In covariate-constrained randomisation the score is of the groups that follow each regime, those who
    responded with them, beside all units: so what the first draw left unequal counts (`scoring.py`). In minimisation
    responders count alike for all arms, so that they can be left out.
    """
    stage = _stage(protocol)
    check_same_sites(roster, first, allocation)
    _check_responders(roster, responders)
    drawn = _drawn_again(stage, first, allocation, responders)
    strata, stratum_of_unit, choices = _strata(protocol, stage, first, roster, drawn)
    plan = replace(
        first,
        arms=drawn.arms,
        contrasts=(),
        sites=tuple(site for site, unit in zip(first.sites, first.unit_of_site, strict=True) if unit in drawn.place),
        unit_of_site=tuple(drawn.place[unit] for unit in first.unit_of_site if unit in drawn.place),
        units=tuple(first.units[unit] for unit in drawn.units),
        strata=strata,
        stratum_of_unit=stratum_of_unit,
        block_sizes=(),
        balance=tuple(tuple(values[unit] for unit in drawn.units) for values in first.balance),
        public_seed=public_seed(
            {
                "second_stage": stage.model_dump(mode="json"),
                "first": first.public_seed,
                "allocation": _hash_of(allocation),
                "again": [first.units[unit] for unit in drawn.units],
            }
        ),
        acceptance=None,
        pairs=None,
        log10_possible=0.0,
        smallest_p=1.0,
        notes=(),
        pooled=(),
        scoring=replace(first.scoring or PLAIN, places=(), carried=_carried(first, drawn)) if first.balance else None,
        choices=choices,
        second=SecondDraw(plan=first.identity, allocation=_hash_of(allocation)),
    )
    plan = replace(plan, minimisation=_minimisation(first.minimisation, drawn, plan.public_seed))
    sizes = tuple(size // len(first.arms) * len(drawn.arms) for size in first.block_sizes)
    return finished(replace(plan, contrasts=_contrasts(protocol, stage, drawn)), sizes, _effects(protocol, drawn, plan))


def second_arms(first: Allocation, second: Allocation) -> tuple[str | None, ...]:
    """The second arm of each site of the first allocation, in its order; None where it was not drawn again."""
    again = {site: second.arms[arm] for site, arm in zip(second.sites, second.arm_of_site, strict=True)}
    return tuple(again.get(site) for site in first.sites)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Units drawn again (positions in the first plan), the first arm of every unit, arms, and who may get which."""

    units: tuple[int, ...]
    first_arm: tuple[int, ...]
    arms: tuple[str, ...]
    again: tuple[tuple[int, ...], ...]

    @property
    def place(self) -> dict[int, int]:
        return {unit: place for place, unit in enumerate(self.units)}

    def chosen_after(self, unit: int) -> tuple[int, ...]:
        return self.again[self.first_arm[unit]]


def _stage(protocol: Protocol) -> SecondStage:
    if protocol.second_stage is None:
        raise UserError(
            "the protocol has no second stage, so nobody is drawn again.",
            where="protocol.yaml  second_stage",
            remedy="Only a SMART has one.",
        )
    return protocol.second_stage


def _check_responders(roster: Roster, responders: Mapping[str, bool]) -> None:
    untold = [site for site in roster.sites if site not in responders]
    if untold:
        raise UserError(
            f"it is not told whether {counted(len(untold), 'site')} responded, {untold[0]} for one.",
            where="second stage",
            remedy="Judge every site of the roster; one that cannot be measured counts as response.unmeasured says.",
        )


def _drawn_again(
    stage: SecondStage, first: AllocationPlan, allocation: Allocation, responders: Mapping[str, bool]
) -> _Drawn:
    first_arm, answers = [0] * len(first.units), [[] for _ in first.units]  # type: tuple[list[int], list[list[bool]]]
    for site, unit, arm in zip(first.sites, first.unit_of_site, allocation.arm_of_site, strict=True):
        first_arm[unit] = arm
        answers[unit].append(responders[site])
    arms = tuple(dict.fromkeys(arm for name in first.arms for arm in stage.again.get(name, ())))
    again = tuple(tuple(arms.index(arm) for arm in stage.again.get(name, ())) for name in first.arms)
    units = tuple(unit for unit, told in enumerate(answers) if again[first_arm[unit]] and 2 * sum(told) < len(told))
    if not units:
        raise UserError(
            "nobody is drawn again: every unit responded, or stays with its first arm whatever its response.",
            where="second stage",
            remedy="Record that the second stage draws nobody; the regimes differ in nothing here.",
        )
    return _Drawn(units, tuple(first_arm), arms, again)


def _strata(
    protocol: Protocol, stage: SecondStage, first: AllocationPlan, roster: Roster, drawn: _Drawn
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Names, each unit's, and the choice of each: first arm by first arm, inside it the registered strata."""
    _, allocation = random_parts(protocol)
    names, column = strata_of(stage.strata, roster, units_of(allocation, roster))
    cells = [(drawn.first_arm[unit], column[unit]) for unit in drawn.units]
    ordered = sorted(set(cells))
    labels = [f"{first.arms[arm]} / {names[s]}" if stage.strata else first.arms[arm] for arm, s in ordered]
    return tuple(labels), tuple(ordered.index(cell) for cell in cells), tuple(drawn.again[arm] for arm, _ in ordered)


def _carried(first: AllocationPlan, drawn: _Drawn) -> Carried:
    arm = np.array(drawn.first_arm)
    stays = np.ones(len(arm), dtype=bool)
    stays[list(drawn.units)] = False
    groups = [stays & (arm == each) for each in range(len(first.arms))]
    values = np.array(first.balance, dtype=np.int64)
    return Carried(
        first_arms=first.arms,
        before=tuple(drawn.first_arm[unit] for unit in drawn.units),
        again=drawn.again,
        stay=tuple(int(group.sum()) for group in groups),
        sums=tuple(tuple(int(row[group].sum()) for group in groups) for row in values),
        units=len(arm),
        totals=tuple(int(total) for total in values.sum(axis=1)),
    )


def _minimisation(rules: Minimisation | None, drawn: _Drawn, seed: str) -> Minimisation | None:
    if rules is None:
        return None
    levels = tuple(tuple(column[unit] for unit in drawn.units) for column in rules.level_of_unit)
    return replace(rules, level_of_unit=levels, order=order_of(seed, len(drawn.units)))


def _decided(protocol: Protocol, stage: SecondStage) -> list[tuple[str, str, str]]:
    """First arm, then the two second arms, of each contrast of two regimes that begin alike."""
    regimes = [(stage.regimes[c.arm], stage.regimes[c.over]) for c in protocol.contrasts]
    return [(one.first, one.then, other.then) for one, other in regimes if one.first == other.first]


def _contrasts(protocol: Protocol, stage: SecondStage, drawn: _Drawn) -> tuple[tuple[int, ...], ...]:
    pairs = [(one, other) for _, one, other in _decided(protocol, stage) if {one, other} <= set(drawn.arms)]
    return tuple((drawn.arms.index(one), drawn.arms.index(other)) for one, other in pairs)


def _effects(protocol: Protocol, drawn: _Drawn, plan: AllocationPlan) -> tuple[Effect, ...]:
    """The contrasts of regimes that begin alike, each in the part of the draw that holds their first arm."""
    runs = [choice for choice, _ in groupby(plan.choices)]
    found = []
    for first, one, other in _decided(protocol, _stage(protocol)):
        options = _stage(protocol).again.get(first, ())
        choice = tuple(drawn.arms.index(arm) for arm in options)
        if one != other and {one, other} <= set(options) and choice in runs:
            gives = {drawn.arms.index(one): (1,), drawn.arms.index(other): (-1,)}
            found.append(Effect(gives, part=runs.index(choice)))
    return tuple(found)


def _hash_of(allocation: Allocation) -> str:
    text = json.dumps(allocation.to_record(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
