"""What the evaluation of a trial needs beside the frozen panel: who was allocated to what, and what reached whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from enginehouse.programme.enums import OptOutScope
from enginehouse.trials.draw import Allocation
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentReach:
    """How often a component (a strategy, reports, visits) reached each site: `amounts[site]`, absent means never.

    `component` is a strategy's id, or another short name; `title` what pages call it, in the middle of a sentence.
    """

    component: str
    title: str
    amounts: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedTrial:
    """The trial as the record holds it.

    Attributes
    ----------
    roster, plan, allocation
        As they were when sites were allocated.
    opt_outs
        Site, and what it opted out of after it was allocated.
    reach
        Contacts or exposures by component and site, for fidelity and for the effect among the engaged.
    strategy_titles
        Strategy's id, and what pages call it in the middle of a sentence.
    rehearsal_seed
        Of a rehearsal: the seed of the re-randomisations, fixed before the allocation. None otherwise.
    rehearsal_replications
        How many re-randomisations a rehearsal's result is quoted among.
    permutation_seed, permutations
        Of the draws of the permutation test, where the scheme is too large to be enumerated.
    """

    roster: Roster
    plan: AllocationPlan
    allocation: Allocation
    opt_outs: Mapping[str, Collection[OptOutScope]] = field(default_factory=dict)
    reach: tuple[ComponentReach, ...] = ()
    strategy_titles: Mapping[str, str] = field(default_factory=dict)
    rehearsal_seed: int | None = None
    rehearsal_replications: int = 1000
    permutation_seed: int = 20_260_501
    permutations: int = 9_999
