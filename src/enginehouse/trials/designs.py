"""The comparison of feasible designs: what each could show in these sites, and what it would withhold from whom.

The result is in `design_report.py`. It is computed before a protocol is locked, from history alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import HistoricalPanel, PanelArrays
from enginehouse.programme.enums import AllocationUnit, Summary
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.design_report import (
    DesignLine,
    DesignOption,
    DesignPrecision,
    DesignReport,
    PlaceboAreas,
    designs_from_record,
)
from enginehouse.trials.history import PseudoTrial, Question, moments, pseudo_trial, question_of
from enginehouse.trials.placebo_areas import placebo_areas
from enginehouse.trials.plan import ordered_arms, plan_allocation
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.power_formula import FEWEST_DF, in_whole_arm, precision, std_error
from enginehouse.trials.power_results import PowerResult
from enginehouse.trials.roster import Roster, random_parts
from enginehouse.trials.stepped import SteppedWedge, stepped_wedge

__all__ = ["DesignReport", "compare_designs", "designs_from_record"]

ENOUGH = 0.8
"""The power, and the P(equivalent | no difference), below which a design is warned about."""
FEWEST_NETWORKS_AN_ARM = 4


def compare_designs(
    protocol: Protocol,
    indicator: Indicator,
    history: HistoricalPanel,
    roster: Roster,
    sites: SiteRegister,
    power: PowerResult,
    *,
    plan: AllocationPlan | None = None,
) -> DesignReport:
    """Standard error, detectable effect, power and P(equivalent | none) of each design that could ask the question.

    Parameters
    ----------
    protocol, indicator
        What is asked, and the registered design.
    history
        A panel that ends before the start.
    roster, sites
        Who could take part, and the register.
    power
        The registered design's power in full, from `power_on_history`.
    plan
        The allocation plan, for the smallest p of the permutation test; made here if it is not given.

    Returns
    -------
    DesignReport
        The registered design first. A design that is not feasible, or cannot be judged from the history, says why.

    Notes
    -----
    All precisions are by formula from the same months, so that they can be compared; the registered design's
    simulated power stands beside them in `power`.
    """
    arrays = history.panel.arrays(protocol.indicator)
    question = question_of(protocol, indicator)
    trial = pseudo_trial(protocol, indicator, arrays, roster)
    case = _Case(protocol, question, arrays, roster, sites, trial)
    lines = sorted((_LINES[option](case) for option in DesignOption), key=lambda line: not line.registered)
    return DesignReport(
        cycle_title=protocol.title,
        indicator=protocol.indicator,
        scale="log-ratio" if question.summary is Summary.RATIO else "difference",
        effect=case.effect,
        worthwhile=protocol.analysis.worthwhile,
        equivalence=protocol.analysis.equivalence,
        lines=tuple(lines),
        power=power,
        smallest_p=(plan or plan_allocation(protocol, roster)).smallest_p,
        warnings=_warnings(power),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What every design is judged on."""

    protocol: Protocol
    question: Question
    arrays: PanelArrays
    roster: Roster
    sites: SiteRegister
    trial: PseudoTrial | NotEstimable

    @property
    def effect(self) -> float:
        """The registered effect over a whole arm."""
        if self.protocol.power is not None:
            return in_whole_arm(self.protocol.power, self.question.summary)
        return self.protocol.analysis.worthwhile

    @property
    def unit(self) -> AllocationUnit:
        return random_parts(self.protocol)[1].unit

    @property
    def arms(self) -> int:
        return len(self.protocol.arms)

    @property
    def months(self) -> int:
        return self.protocol.design.follow_up_months

    def precision(self, error: float, df: float, units: int) -> DesignPrecision:
        found = precision(error, df, self.effect, self.question)
        return DesignPrecision(
            units=units,
            std_error=error,
            df=df,
            power=found.power,
            detectable=found.detectable,
            equivalent_if_none=found.equivalent_if_none,
        )

    def parallel(self, data: TrialData, *, share: float = 1.0, adjusted: bool = True) -> DesignPrecision | NotEstimable:
        """A parallel design on these units, or on a share of them, adjusted for baseline and what is balanced."""
        found = moments(data, self.question)
        if isinstance(found, NotEstimable):
            return found
        per_arm = share * found.units / self.arms
        terms = len(data.covariate_names) + len(set(data.stratum.tolist())) - 1 if adjusted else 0
        df = 2 * per_arm - 3 - terms
        if df < FEWEST_DF:
            detail = f"{2 * per_arm:.0f} units in two arms are too few to adjust for {terms + 1} terms."
            return NotEstimable(reason="too-few-units", detail=detail)
        return self.precision(std_error(found, per_arm=per_arm), df, round(share * found.units))


def _by_site(case: _Case) -> DesignLine:
    registered = case.unit is AllocationUnit.SITE
    return DesignLine(
        option=DesignOption.PARALLEL_BY_SITE,
        registered=registered,
        feasible=True,
        why=f"{len(case.roster.sites)} sites could be allocated.",
        precision=_on_units(case, by_network=False),
        placebo=None,
        withheld=_withheld(case, "Half of the sites" if case.arms == 2 else "The sites of the other arms"),
        caution="" if registered else "Staff shared between sites would carry what one arm gets to the other.",
    )


def _by_network(case: _Case) -> DesignLine:
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
        option=DesignOption.PARALLEL_BY_NETWORK,
        registered=registered,
        feasible=feasible,
        why=why,
        precision=_on_units(case, by_network=True) if feasible else NotEstimable(reason="not-feasible", detail=why),
        placebo=None,
        withheld=_withheld(case, "Half of the networks" if case.arms == 2 else "The networks of the other arms"),
        caution="Fewer, larger units: less precise, but nothing spills over inside a network.",
    )


def _fewer(case: _Case) -> DesignLine:
    half = len(case.roster.sites) // 2
    data = None if isinstance(case.trial, NotEstimable) else case.trial.data
    units = 0 if data is None else data.n_units // 2
    feasible = units >= 2 * case.arms
    found = _not_judged(case) if data is None else case.parallel(data, share=0.5)
    return DesignLine(
        option=DesignOption.FEWER_SITES,
        registered=False,
        feasible=feasible,
        why=f"{half} of the sites, drawn at random, would be allocated; the others go on as they are.",
        precision=found,
        placebo=None,
        withheld=_withheld(case, f"All but about {half // case.arms} of the {len(case.roster.sites)} sites"),
        caution="Cheaper to deliver, and harder to learn from.",
    )


def _stepped(case: _Case) -> DesignLine:
    found = _not_judged(case) if isinstance(case.trial, NotEstimable) else stepped_wedge(case.trial.data, case.question)
    if isinstance(found, SteppedWedge):
        why = (
            f"{found.sequences} groups of sites would start {_months(found.period_months)} after one another, in "
            "random order; everyone has it at the end."
        )
        shown: DesignPrecision | NotEstimable = case.precision(found.std_error, found.df, found.units)
        withheld = (
            f"Nobody goes without {_component(case)} for good; the last group waits "
            f"{_months(found.period_months * (found.sequences - 1))} longer than the first."
        )
    else:
        why, shown, withheld = found.detail, found, f"Nobody goes without {_component(case)} for good."
    return DesignLine(
        option=DesignOption.STEPPED_WEDGE,
        registered=False,
        feasible=isinstance(found, SteppedWedge),
        why=why,
        precision=shown,
        placebo=None,
        withheld=withheld,
        caution="Time and treatment go together, so the answer leans on the model and on an effect that comes at once.",
    )


def _at_once(case: _Case) -> DesignLine:
    found = _placebo(case)
    if isinstance(found, PlaceboAreas) and found.std_error_with_drift is not None:
        shown: DesignPrecision | NotEstimable = case.precision(
            found.std_error_with_drift, float(found.areas), found.areas
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
        option=DesignOption.ALL_AT_ONCE,
        registered=False,
        feasible=isinstance(found, PlaceboAreas),
        why=why,
        precision=shown,
        placebo=found,
        withheld=f"No site that takes part goes without {_component(case)}.",
        caution=caution,
    )


_LINES: dict[DesignOption, Callable[[_Case], DesignLine]] = {
    DesignOption.PARALLEL_BY_SITE: _by_site,
    DesignOption.PARALLEL_BY_NETWORK: _by_network,
    DesignOption.FEWER_SITES: _fewer,
    DesignOption.STEPPED_WEDGE: _stepped,
    DesignOption.ALL_AT_ONCE: _at_once,
}


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


def _networks(case: _Case, level: str) -> list[str]:
    groups = case.sites.groups(level, as_of=case.protocol.membership_as_of)
    return [groups.get(site, "") for site in case.roster.sites]


def _on_units(case: _Case, *, by_network: bool) -> DesignPrecision | NotEstimable:
    """A parallel design with sites, or networks, as its units."""
    if isinstance(case.trial, NotEstimable):
        return _not_judged(case)
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
    # So few networks are adjusted for their baseline alone.
    return case.parallel(part, adjusted=not by_network)


def _not_judged(case: _Case) -> NotEstimable:
    assert isinstance(case.trial, NotEstimable)
    return case.trial


def _placebo(case: _Case) -> PlaceboAreas | NotEstimable:
    if isinstance(case.trial, NotEstimable):
        return case.trial
    return placebo_areas(case.protocol, case.arrays, case.sites, case.trial.window, trial_sites=len(case.roster.sites))


def _component(case: _Case) -> str:
    """What the arm that is judged has and its comparator lacks."""
    arms, _ = ordered_arms(case.protocol)
    extra = [s for s in case.protocol.arms[arms[1]] if s not in case.protocol.arms[arms[0]]]
    return " and ".join(name.replace("-", " ") for name in extra) or arms[1].replace("-", " ")


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


def _withheld(case: _Case, whom: str) -> str:
    arms, _ = ordered_arms(case.protocol)
    still = [name.replace("-", " ") for name in case.protocol.arms[arms[0]]]
    kept = f"they get {' and '.join(still)}" if still else "they have usual care"
    return f"{whom} go without {_component(case)} for {case.months} months; {kept}."


def _warnings(power: PowerResult) -> tuple[str, ...]:
    warnings = []
    if power.power is None:
        warnings.append("What this trial could show cannot be told from the history.")
    elif power.power < ENOUGH:
        warnings.append(f"An effect as large as registered would be told from none with probability {power.power:.2f}.")
    equivalent = power.equivalent_if_none
    if equivalent is not None and math.isfinite(equivalent) and equivalent < ENOUGH:
        warnings.append(
            f"This trial cannot show equivalence: if there is no difference, it would say so with probability "
            f"{equivalent:.2f}."
        )
    return tuple(warnings)
