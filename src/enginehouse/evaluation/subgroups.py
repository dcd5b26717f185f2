"""The effect by an attribute of sites (deprivation, list size), and whether it differs between the ends.

Only the interaction answers that, and it too is one region's: its interval carries the drift that the same interaction
shows in the placebo areas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.words import counted
from enginehouse.evaluation.arms import Contributions
from enginehouse.evaluation.context import Context
from enginehouse.evaluation.controlled_its import NO_DRIFT, fit_arms
from enginehouse.evaluation.estimand import WINDOW_KINDS
from enginehouse.evaluation.results import SubgroupEffect, SubgroupResult
from enginehouse.stats.placebo import placebo_in_space
from enginehouse.stats.results import Estimate, Estimated, NotEstimable
from enginehouse.stats.segmented import arm_difference, fit_segmented
from enginehouse.trials.attributes import NOT_KNOWN, PARTS, in_groups, same_name

Array = npt.NDArray[np.float64]
FEWEST_SITES_A_CELL = 5


@dataclass(frozen=True, slots=True)
class Grouping:
    """Sites by part of the attribute's distribution; parts in order, *not known* last and outside the interaction."""

    sites_of: dict[str, frozenset[str]]

    @property
    def ends(self) -> tuple[str, str]:
        known = [name for name in self.sites_of if name != NOT_KNOWN]
        return known[0], known[-1]

    def within(self, sites: Sequence[str], group: str) -> list[str]:
        return [site for site in sites if site in self.sites_of[group]]


def subgroup_effects(context: Context) -> tuple[SubgroupResult, ...]:
    """Every registered subgroup analysis of the primary indicator."""
    if not context.protocol.analysis.subgroups:
        return ()
    data = context.data(context.protocol.indicator)
    return tuple(_subgroup(context, data, name) for name in context.protocol.analysis.subgroups)


def group_sites(values: Array, sites: Sequence[str], analysed: set[str], parts: int) -> Grouping | None:
    """Sites by quantile of `values` among the analysed ones that have a value; None when those cannot be cut."""
    reference = np.array([v for v, site in zip(values, sites, strict=True) if site in analysed and np.isfinite(v)])
    if len(reference) < parts:
        return None
    cuts = np.quantile(reference, np.arange(1, parts) / parts)
    if len(np.unique(cuts)) < parts - 1:
        return None
    groups: dict[str, set[str]] = {name: set() for name in (*PARTS[parts], NOT_KNOWN)}
    for value, site in zip(values, sites, strict=True):
        name = PARTS[parts][int(np.searchsorted(cuts, value, side="left"))] if np.isfinite(value) else NOT_KNOWN
        groups[name].add(site)
    return Grouping({name: frozenset(members) for name, members in groups.items()})


def _subgroup(context: Context, data: Contributions, name: str) -> SubgroupResult:
    named = in_groups(name)
    attribute, parts = named.attribute, len(named.parts)
    known = next((a for a in context.sites.attributes if same_name(a, attribute)), None)
    exposed, control = data.with_data(context.arms.exposed), data.with_data(context.registered_control)
    if known is None:
        detail = f"No site has a value for '{attribute}'."
        return _none(context, name, NotEstimable(reason="unknown-attribute", detail=detail))
    if any(context.members[site] > 1 for site in {*exposed, *control}):
        detail = "Subgroups need data of single sites, and these are totals of areas."
        return _none(context, name, NotEstimable(reason="totals-of-areas", detail=detail))
    fewest = parts * FEWEST_SITES_A_CELL
    if min(len(exposed), len(control)) < fewest:
        return _none(context, name, _too_few(len(exposed), len(control), parts, fewest))
    values = context.sites.attribute(known, data.sites)
    grouping = group_sites(values, data.sites, {*exposed, *control}, parts)
    if grouping is None:
        detail = f"'{attribute}' has too few distinct values to cut it into {parts} parts."
        return _none(context, name, NotEstimable(reason="cannot-be-cut", detail=detail))
    effects = tuple(
        _effect(context, data, group, grouping.within(exposed, group), grouping.within(control, group))
        for group, members in grouping.sites_of.items()
        if members & {*exposed, *control}
    )
    low, high = grouping.ends
    return SubgroupResult(
        indicator=context.protocol.indicator,
        attribute=name,
        groups=effects,
        interaction=_interaction(context, data, grouping),
        interaction_label=f"{high} compared with {low}",
        notes=("Groups are cut among the exposed and the registered comparator together.",),
    )


def _too_few(exposed: int, control: int, parts: int, fewest: int) -> NotEstimable:
    detail = (
        f"{parts} groups need at least {counted(fewest, 'site')} in each arm; there {'is' if exposed == 1 else 'are'} "
        f"{counted(exposed, 'exposed site')} and {control} to compare with."
    )
    return NotEstimable(reason="too-few-sites", detail=detail)


def _effect(
    context: Context, data: Contributions, group: str, exposed: list[str], control: list[str]
) -> SubgroupEffect:
    return SubgroupEffect(
        group=group,
        exposed_sites=len(exposed),
        control_sites=len(control),
        months_only=_months_only(context, data, exposed, control),
    )


def _months_only(context: Context, data: Contributions, exposed: list[str], control: list[str]) -> Estimated:
    if min(len(exposed), len(control)) < FEWEST_SITES_A_CELL:
        return NotEstimable(
            reason="too-few-sites", detail=f"Fewer than {FEWEST_SITES_A_CELL} sites of an arm are in this group."
        )
    n_before = data.months.index(context.protocol.design.starts)
    fitted = fit_arms(data, exposed, control, n_before=n_before, scale=context.scale)
    if isinstance(fitted, NotEstimable):
        return fitted
    kind = WINDOW_KINDS[context.protocol.estimand.window]
    return fitted.fit.window(kind, months=context.protocol.design.follow_up_months)


def _interaction(context: Context, data: Contributions, grouping: Grouping) -> Estimated:
    """High minus low, with the spread of the same difference in the placebo areas."""
    treated = _difference_of_ends(context, data, grouping, context.arms.exposed, context.registered_control)
    if isinstance(treated, NotEstimable):
        return treated
    if context.protocol.analysis.drift is None:
        return NO_DRIFT
    found = [_difference_of_ends(context, data, grouping, area.sites, area.controls) for area in context.plan.areas]
    placebos = [estimate for estimate in found if isinstance(estimate, Estimate)]
    answer = placebo_in_space(
        treated,
        np.array([estimate.value for estimate in placebos]),
        np.array([estimate.std_error for estimate in placebos]),
        df=np.array([estimate.df for estimate in placebos]),
    )
    return answer if isinstance(answer, NotEstimable) else answer.total


def _difference_of_ends(
    context: Context, data: Contributions, grouping: Grouping, treated: Sequence[str], control: Sequence[str]
) -> Estimated:
    series = []
    for end in grouping.ends:
        arms = grouping.within(treated, end), grouping.within(control, end)
        if min(len(arm) for arm in arms) < FEWEST_SITES_A_CELL:
            return NotEstimable(reason="too-few-sites", detail="An end of the attribute has too few sites in an arm.")
        contrast = arm_difference(data.arm(arms[0]), data.arm(arms[1]), scale=context.scale)
        if isinstance(contrast, NotEstimable):
            return contrast
        series.append(contrast)
    n_before = data.months.index(context.protocol.design.starts)
    fit = fit_segmented(series[1] - series[0], n_before, scale=context.scale)
    if isinstance(fit, NotEstimable):
        return fit
    kind = WINDOW_KINDS[context.protocol.estimand.window]
    return fit.window(kind, months=context.protocol.design.follow_up_months)


def _none(context: Context, name: str, answer: NotEstimable) -> SubgroupResult:
    return SubgroupResult(
        indicator=context.protocol.indicator,
        attribute=name,
        groups=(),
        interaction=answer,
        interaction_label="highest compared with lowest",
    )
