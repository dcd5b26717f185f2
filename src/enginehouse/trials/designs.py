"""The comparison of feasible designs: what each could show in these sites, and what it would withhold from whom.

The result is in `design_report.py`, the lines in `design_lines.py` and `other_designs.py`. It is computed before a
protocol is locked, from history alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import HistoricalPanel, Panel
from enginehouse.programme.enums import Summary
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_case import Case
from enginehouse.trials.design_lines import at_once, by_network, by_site, fewer, network_level
from enginehouse.trials.design_report import DesignLine, DesignOption, DesignReport, designs_from_record
from enginehouse.trials.design_variance import design_basis, facts_of
from enginehouse.trials.history import long_history, pseudo_trial, question_of
from enginehouse.trials.other_designs import (
    crossover,
    factorial,
    incomplete_block,
    one_more_arm,
    smart,
    staircase,
    stepped_wedge,
)
from enginehouse.trials.plan import plan_allocation
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.power_curve import power_curves
from enginehouse.trials.power_results import PowerResult
from enginehouse.trials.response_rule import misclassified
from enginehouse.trials.roster import Roster

__all__ = ["DesignReport", "compare_designs", "designs_from_record", "network_level"]

ENOUGH = 0.8
"""The power, and the P(equivalent | no difference), below which a design is warned about."""


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
    question = question_of(protocol, indicator)
    case = _case(protocol, indicator, history.panel, roster, sites)
    lines = sorted((LINES[option](case) for option in DesignOption), key=lambda line: not line.registered)
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
        history=case.history,
        curves=power_curves(case, power),
        response=case.response,
    )


def _case(protocol: Protocol, indicator: Indicator, panel: Panel, roster: Roster, sites: SiteRegister) -> Case:
    question, arrays = question_of(protocol, indicator), panel.arrays(protocol.indicator)
    trial = pseudo_trial(protocol, indicator, arrays, roster)
    if isinstance(trial, NotEstimable):
        return Case(protocol, question, arrays, roster, sites, trial, trial, trial, trial)
    facts = facts_of(long_history(arrays, trial), question)
    basis = design_basis(trial.data, question, facts.components)
    judged = protocol.indicator if protocol.second_stage is None else protocol.second_stage.response.indicator
    response = misclassified(protocol, panel.arrays(judged), roster, question)
    return Case(protocol, question, arrays, roster, sites, trial, basis, facts, response)


LINES: dict[DesignOption, Callable[[Case], DesignLine]] = {
    DesignOption.PARALLEL_BY_SITE: by_site,
    DesignOption.PARALLEL_BY_NETWORK: by_network,
    DesignOption.FEWER_SITES: fewer,
    DesignOption.ONE_MORE_ARM: one_more_arm,
    DesignOption.FACTORIAL: factorial,
    DesignOption.INCOMPLETE_BLOCK: incomplete_block,
    DesignOption.STEPPED_WEDGE: stepped_wedge,
    DesignOption.STAIRCASE: staircase,
    DesignOption.CROSSOVER: crossover,
    DesignOption.SMART: smart,
    DesignOption.ALL_AT_ONCE: at_once,
}


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
