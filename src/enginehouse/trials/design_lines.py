"""Lines of the comparison: parallel designs and *all at once*. Designs in turn and in combination are in
`other_designs.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from enginehouse.data.sites import SiteRegister
from enginehouse.programme.enums import AllocationUnit, DesignType
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_case import Case, component, lasting, not_judged, withheld
from enginehouse.trials.design_report import DesignLine, DesignOption, DesignPrecision, PlaceboAreas
from enginehouse.trials.design_variance import design_basis
from enginehouse.trials.placebo_areas import placebo_areas
from enginehouse.trials.roster import Roster, random_parts

FEWEST_NETWORKS_AN_ARM = 4


def _is(case: Case, design: DesignType) -> bool:
    return case.protocol.design.type is design


def by_site(case: Case) -> DesignLine:
    registered = case.unit is AllocationUnit.SITE
    return DesignLine(
        months=case.months,
        cannot_answer=lasting(case),
        option=DesignOption.PARALLEL_BY_SITE,
        registered=registered and _is(case, DesignType.PARALLEL),
        feasible=True,
        why=f"{len(case.roster.sites)} sites could be allocated.",
        precision=_on_units(case, by_network=False),
        placebo=None,
        withheld=withheld(case, "Half of the sites" if case.arms == 2 else "The sites of the other arms"),
        caution="" if registered else "Staff shared between sites would carry what one arm gets to the other.",
    )


def by_network(case: Case) -> DesignLine:
    level = network_level(case.protocol, case.sites, case.roster)
    registered = case.unit is AllocationUnit.NETWORK
    networks = 0 if level is None else len(set(_networks(case, level)) - {""})
    feasible = level is not None and networks >= FEWEST_NETWORKS_AN_ARM * case.arms
    why = (
        "The register knows no level of networks."
        if level is None
        else f"{networks} groups at the level '{level}' could be allocated"
        + ("." if feasible else f"; at least {FEWEST_NETWORKS_AN_ARM} an arm are needed.")
    )
    return DesignLine(
        months=case.months,
        cannot_answer=lasting(case),
        option=DesignOption.PARALLEL_BY_NETWORK,
        registered=registered and _is(case, DesignType.PARALLEL),
        feasible=feasible,
        why=why,
        precision=_on_units(case, by_network=True) if feasible else NotEstimable(reason="not-feasible", detail=why),
        placebo=None,
        withheld=withheld(case, "Half of the networks" if case.arms == 2 else "The networks of the other arms"),
        caution="Fewer, larger units: less precise, but nothing spills over inside a network.",
    )


def fewer(case: Case) -> DesignLine:
    half = len(case.roster.sites) // 2
    data = None if isinstance(case.trial, NotEstimable) else case.trial.data
    units = 0 if data is None else data.n_units // 2
    feasible = units >= 2 * case.arms
    found = not_judged(case) if data is None else case.parallel(case.basis, share=0.5)
    return DesignLine(
        months=case.months,
        cannot_answer=lasting(case),
        option=DesignOption.FEWER_SITES,
        registered=False,
        feasible=feasible,
        why=f"{half} of the sites, drawn at random, would be allocated; the others go on as they are.",
        precision=found,
        placebo=None,
        withheld=withheld(case, f"All but about {half // case.arms} of the {len(case.roster.sites)} sites"),
        caution="Cheaper to deliver, and harder to learn from.",
    )


def at_once(case: Case) -> DesignLine:
    found = _placebo(case)
    if isinstance(found, PlaceboAreas) and found.std_error_with_drift is not None:
        shown: DesignPrecision | NotEstimable = case.precision(
            found.std_error_with_drift**2, float(found.areas), found.areas
        )
        why = f"One {found.level} could start as a whole and be compared with {found.areas - 1} others."
        caution = (
            f"Of {found.areas} {found.level}s in which nothing had happened, {found.false_positive:.0%} showed an "
            "effect by the interval from their own months, where 5% should. One area is one cluster, however many "
            "sites it has."
        )
    else:
        detail = found.detail if isinstance(found, NotEstimable) else "How far areas drift apart is not known."
        shown, why = NotEstimable(reason="too-few-placebo-areas", detail=detail), detail
        caution = "One area is one cluster, however many sites it has: its drift cannot be told from an effect."
    return DesignLine(
        months=case.months,
        cannot_answer="Whether something else that came to the whole area at that time was the reason.",
        option=DesignOption.ALL_AT_ONCE,
        registered=False,
        feasible=isinstance(found, PlaceboAreas),
        why=why,
        precision=shown,
        placebo=found,
        withheld=f"No site that takes part goes without {component(case)}.",
        caution=caution,
    )


def network_level(protocol: Protocol, sites: SiteRegister, roster: Roster) -> str | None:
    """The registered level of networks, or the finest level of the register that holds several sites in a group."""
    _, allocation = random_parts(protocol)
    if allocation.network_level is not None:
        return allocation.network_level
    counts = {}
    for level in sites.levels:
        groups = sites.groups(level, as_of=protocol.membership_as_of)
        found = {groups[site] for site in roster.sites if site in groups}
        if 2 <= len(found) <= len(roster.sites) / 2:
            counts[level] = len(found)
    return max(counts, key=lambda level: (counts[level], level)) if counts else None


def _networks(case: Case, level: str) -> list[str]:
    groups = case.sites.groups(level, as_of=case.protocol.membership_as_of)
    return [groups.get(site, "") for site in case.roster.sites]


def _on_units(case: Case, *, by_network: bool) -> DesignPrecision | NotEstimable:
    """A parallel design with sites, or networks, as its units."""
    if isinstance(case.trial, NotEstimable):
        return not_judged(case)
    data = case.trial.data
    if by_network:
        level = network_level(case.protocol, case.sites, case.roster)
        names = _networks(case, level) if level is not None else list(data.sites)
    else:
        names = list(data.sites)
    keep = np.array([bool(name) for name in names])
    _, unit = np.unique(np.array(names)[keep], return_inverse=True)
    part = replace(
        data,
        sites=tuple(np.array(data.sites)[keep].tolist()),
        arm=data.arm[keep],
        numerator=data.numerator[keep],
        denominator=data.denominator[keep],
        unit=unit.astype(np.intp),
        covariates=data.covariates[keep],
        stratum=data.stratum[keep],
    )
    if not by_network and case.unit is AllocationUnit.SITE:
        return case.parallel(case.basis)
    # So few networks are adjusted for their baseline alone.
    return case.parallel(design_basis(part, case.question), terms=None if not by_network else 0)


def _placebo(case: Case) -> PlaceboAreas | NotEstimable:
    if isinstance(case.trial, NotEstimable):
        return case.trial
    return placebo_areas(case.protocol, case.arrays, case.sites, case.trial.window, trial_sites=len(case.roster.sites))
