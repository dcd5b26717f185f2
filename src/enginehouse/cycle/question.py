"""Whether a question can be put to the data that are loaded, asked before it is locked.

Problems are what could never be evaluated: groups that do not exist, arms without sites. Advice is what is still to
come, or what will read *cannot be estimated*. No outcome is looked at: only which sites and months there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from enginehouse.core.errors import DataError, Problem, Problems, did_you_mean
from enginehouse.core.months import Month, Period
from enginehouse.core.words import agreeing
from enginehouse.cycle.build_indicators import last_panel_event, panel_of
from enginehouse.cycle.definitions import indicators_of
from enginehouse.cycle.workspace import Workspace
from enginehouse.data.register import build_register
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.arms import Contributions, choose_arms, contributions, register_for
from enginehouse.evaluation.placebo_areas import plan_placebos
from enginehouse.governance.stages import RANDOMISED
from enginehouse.indicators.panel import Panel, PanelArrays
from enginehouse.programme.folder import PROTOCOL
from enginehouse.programme.grouping import COMPUTED
from enginehouse.programme.protocol import Protocol, Sites
from enginehouse.stats.placebo import FEWEST_PLACEBO_AREAS
from enginehouse.trials.attributes import in_groups, same_name

NOT_TESTED = (
    "The question could not be tested against data: none are loaded. Load them first (enginehouse data load, then "
    "enginehouse indicators) to hear of arms without sites and of months without data before the question is locked."
)
_MOST_MONTHS = 6


@dataclass(frozen=True, slots=True)
class TriedQuestion:
    """What came of holding a protocol against the data; `tested` is false while nothing is loaded."""

    tested: bool
    problems: tuple[Problem, ...] = ()
    advice: tuple[str, ...] = ()

    def refuse(self) -> None:
        """Raise every problem together."""
        if self.problems:
            raise Problems(self.problems)


def try_question(workspace: Workspace, cycle: str) -> TriedQuestion:
    """Hold the cycle's protocol, as its file stands now, against the newest data."""
    protocol = workspace.protocol(cycle)
    register = _register(workspace)
    if register is None:
        return TriedQuestion(tested=False, advice=(NOT_TESTED,))
    built = last_panel_event(workspace)
    panel = None if built is None else panel_of(workspace, built)
    where = str(workspace.programme.folder / "cycles" / cycle / PROTOCOL)
    problems = tuple(_problems(protocol, register, panel, where))
    advice = () if problems else tuple(_advice(protocol, register, panel))
    return TriedQuestion(tested=True, problems=problems, advice=advice)


def _register(workspace: Workspace) -> SiteRegister | None:
    """The register of sites, or none while a source that describes them is not loaded."""
    if not workspace.warehouse.snapshots():
        return None
    try:
        register = build_register(workspace.warehouse, workspace.programme.settings)
    except DataError:
        return None  # loading or building says what is wrong with it
    return register if register.sites else None


def _problems(protocol: Protocol, register: SiteRegister, panel: Panel | None, where: str) -> Iterator[Problem]:
    register = register_for(protocol, register)
    unknown = [*_unknown_groups(protocol, register, where), *_unknown_levels(protocol, register, where)]
    yield from unknown
    if not unknown:
        yield from _faulty_arms(protocol, register, panel, where)


def _arms(protocol: Protocol) -> Mapping[str, tuple[str, Sites]]:
    """Key in the file, and title and sites, of the exposed and of every comparator."""
    if protocol.exposure is None:
        return {}
    arms = {"exposure.sites": (protocol.exposure.title, protocol.exposure.sites)}
    for number, comparator in enumerate(protocol.exposure.comparators, start=1):
        arms[f"exposure.comparators[{number}].sites"] = (comparator.title, comparator.sites)
    return arms


def _unknown_groups(protocol: Protocol, register: SiteRegister, where: str) -> Iterator[Problem]:
    month = protocol.membership_as_of
    for key, (_, sites) in _arms(protocol).items():
        for side, levels in (("within", sites.within), ("outside", sites.outside)):
            for level, groups in levels.items():
                place = f"{where}  {key}.{side}.{level}"
                if level not in register.levels:
                    yield _no_level(place, level, register)
                    continue
                known = set(register.groups(level, as_of=month).values())
                for group in (group for group in groups if group not in known):
                    what = f"got {level} '{group}', which no site belongs to in {month}."
                    yield Problem(place, what, _expected(group, known))


def _unknown_levels(protocol: Protocol, register: SiteRegister, where: str) -> Iterator[Problem]:
    drift = protocol.analysis.drift
    for name in ("cluster", "within") if drift is not None else ():
        level = getattr(drift, name)
        if level not in register.levels:
            yield _no_level(f"{where}  analysis.drift.{name}", level, register)


def _no_level(place: str, level: str, register: SiteRegister) -> Problem:
    return Problem(place, f"got level '{level}', which the sites do not have.", _expected(level, register.levels))


def _expected(received: str, known: Sequence[str] | set[str]) -> str:
    if not known:
        return "No source gives the sites any: map one under 'levels' in programme.yaml."
    return did_you_mean(received, known)


def _faulty_arms(protocol: Protocol, register: SiteRegister, panel: Panel | None, where: str) -> Iterator[Problem]:
    measured = _measured(protocol, panel)
    exposed: set[str] = set()
    for key, (title, sites) in _arms(protocol).items():
        chosen = set(register.select(sites.within, sites.outside, as_of=protocol.membership_as_of))
        remedy = "Check 'within' and 'outside' against the hierarchy of sites in that month."
        if not chosen:
            yield Problem(f"{where}  {key}", f"no site belongs to '{title}' in {protocol.membership_as_of}.", remedy)
        elif measured and not chosen & measured:
            remedy = "Check that both files write the sites in the same way, with the same site_scheme."
            yield Problem(f"{where}  {key}", f"no site of '{title}' has data for {protocol.indicator}.", remedy)
        if both := chosen & exposed:
            remedy = "Take the exposed sites out of the comparator with 'outside'."
            yield Problem(f"{where}  {key}", f"{agreeing(len(both), 'site')} exposed too, {min(both)} first.", remedy)
        exposed = exposed or chosen


def _measured(protocol: Protocol, panel: Panel | None) -> set[str]:
    has_it = panel is not None and protocol.indicator in panel.indicators
    return set(panel.arrays(protocol.indicator).sites) if panel is not None and has_it else set()


def _advice(protocol: Protocol, register: SiteRegister, panel: Panel | None) -> Iterator[str]:
    if panel is None:
        yield "Months could not be tested: no panel has been built (enginehouse indicators)."
    else:
        for name in indicators_of(protocol):
            yield from _months_without_data(protocol, panel, name)
    yield from _too_few_placebo_areas(protocol, register, panel)
    for subgroup in protocol.analysis.subgroups:
        attribute = in_groups(subgroup).attribute
        # What a panel gives by itself every site of a trial has.
        computed = COMPUTED if protocol.allocation is not None else ()
        if not any(same_name(attribute, has) for has in (*register.attributes, *computed)):
            known = ", ".join(sorted(register.attributes)) or "none"
            yield f"The subgroup '{subgroup}' cannot be estimated: the sites have no such number (they have: {known})."


def _months_without_data(protocol: Protocol, panel: Panel, name: str) -> Iterator[str]:
    if name not in panel.indicators:
        yield f"{name} is not in the panel: build it before the freeze (enginehouse indicators)."
        return
    arrays = panel.arrays(name)
    seen = {month for month, total in zip(arrays.months, arrays.totals()[1], strict=True) if total > 0}
    # A trial is registered before its data exist: of it only months that others follow are missing.
    ahead = protocol.design.type in RANDOMISED
    for title, period in (("baseline", protocol.design.baseline), ("follow-up", protocol.design.follow_up)):
        missing = [month for month in period if month not in seen and not (ahead and month > panel.last_month)]
        if missing:
            yield (
                f"{name} has no data for {len(missing)} of the {len(period)} months of the {title} "
                f"({_listed(missing)}): the data cannot be frozen before they are loaded."
            )


def _listed(months: Sequence[Month]) -> str:
    if len(months) <= _MOST_MONTHS:
        return ", ".join(str(month) for month in months)
    return f"from {months[0]} to {months[-1]}"


def _too_few_placebo_areas(protocol: Protocol, register: SiteRegister, panel: Panel | None) -> Iterator[str]:
    if protocol.analysis.drift is None or protocol.exposure is None:
        return
    register = register_for(protocol, register)
    arms = choose_arms(protocol, register)
    plan = plan_placebos(protocol, register, arms, _present(protocol, register, panel))
    if len(plan.areas) < FEWEST_PLACEBO_AREAS:
        left_out = "; ".join(f"{area.name}: {area.reason}" for area in plan.left_out)
        yield (
            f"The effect will read 'cannot be estimated': only "
            f"{agreeing(len(plan.areas), 'untreated area', 'shows', 'show')} how far areas of like size drift apart, "
            f"and at least {FEWEST_PLACEBO_AREAS} are needed" + (f" (left out: {left_out})." if left_out else ".")
        )


def _present(protocol: Protocol, register: SiteRegister, panel: Panel | None) -> Contributions:
    """Which sites have the primary indicator; while that cannot be known, every site of the register."""
    span = protocol.design.span
    if panel is not None and protocol.indicator in panel.indicators:
        arrays = panel.arrays(protocol.indicator)
        months = set(arrays.months)
        if all(month in months for month in span):
            return contributions(arrays, protocol, span)
    return contributions(_everyone(register, span), protocol, span)


def _everyone(register: SiteRegister, span: Period) -> PanelArrays:
    sites = tuple(sorted(register.sites))
    ones = np.ones((len(sites), len(span)))
    return PanelArrays("everyone", sites, tuple(span), ones, ones)
