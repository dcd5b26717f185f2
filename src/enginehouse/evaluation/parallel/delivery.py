"""What became of the allocated sites, what reached them, and the effect among those that it reached."""

from __future__ import annotations

import numpy as np

from enginehouse.core.words import counted
from enginehouse.evaluation.parallel.context import TrialContext, plain_words
from enginehouse.evaluation.parallel.inputs import ComponentReach
from enginehouse.evaluation.parallel.results import ArmFidelity, ArmFlow, EngagedEffect
from enginehouse.evaluation.wording import effect_words
from enginehouse.programme.trial import Contrast, Engaged
from enginehouse.stats.compliers import engaged_effect
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.trials.account import SiteChange

CLOSED = frozenset({SiteChange.CLOSED, SiteChange.CLOSED_EXCLUDED})
MERGED = frozenset({SiteChange.MERGED, SiteChange.FOLLOWED})
OPTED_OUT = frozenset({SiteChange.OPTED_OUT_KEPT, SiteChange.OPTED_OUT_EXCLUDED, SiteChange.DATA_WITHDRAWN})
WITHOUT_DATA = frozenset({SiteChange.NO_BASELINE, SiteChange.NO_FOLLOW_UP})
"""A site without data is counted from the data themselves; together the four sets hold every change."""


def trial_flow(context: TrialContext) -> tuple[ArmFlow, ...]:
    """The numbers of every arm, from allocation to the analysis of the primary outcome."""
    return tuple(_flow(context, place, arm) for place, arm in enumerate(context.arms))


def _flow(context: TrialContext, place: int, arm: str) -> ArmFlow:
    data, plan = context.primary, context.trial.plan
    allocated = set(context.trial.allocation.sites_of(arm))
    unit_of = dict(zip(plan.sites, plan.unit_of_site, strict=True))
    changed = {change.site: change.change for change in data.account.changed if change.site in allocated}
    excluded = len(allocated & set(data.account.left_out))
    analysed = len(data.analysed(place))

    def count(kinds: frozenset[SiteChange]) -> int:
        return sum(change in kinds for change in changed.values())

    return ArmFlow(
        arm=arm,
        title=context.arm_title(arm),
        units=len({unit_of[site] for site in allocated}),
        allocated=len(allocated),
        closed=count(CLOSED),
        merged=count(MERGED),
        opted_out=count(OPTED_OUT),
        excluded=excluded,
        without_data=len(allocated) - excluded - analysed,
        analysed=analysed,
    )


def trial_fidelity(context: TrialContext) -> tuple[ArmFidelity, ...]:
    """How far each component reached each arm: every component for every arm, also those that were to have none."""
    return tuple(_fidelity(context, reach, arm) for reach in context.trial.reach for arm in context.arms)


def _fidelity(context: TrialContext, reach: ComponentReach, arm: str) -> ArmFidelity:
    sites = context.trial.allocation.sites_of(arm)
    amounts = [reach.amounts.get(site, 0.0) for site in sites]
    return ArmFidelity(
        arm=arm,
        component=reach.component,
        title=reach.title,
        sites=len(sites),
        reached=sum(amount > 0 for amount in amounts),
        amount=float(sum(amounts)),
    )


def trial_engaged(context: TrialContext) -> EngagedEffect | None:
    """The effect among the engaged, where the protocol asks for it."""
    asked = context.protocol.analysis.engaged
    if asked is None:
        return None
    contrast = _contrast_of(context, asked)
    reach = next((each for each in context.trial.reach if each.component == asked.strategy), None)
    data = context.primary.window
    amounts = np.array([reach.amounts.get(site, 0.0) if reach else 0.0 for site in data.sites])
    engaged = amounts >= asked.at_least
    arm, over = context.positions(contrast)
    rows = context.primary.analysed(arm)
    effect = (
        NotEstimable(
            reason="no-log", detail=f"Nothing is on record about which sites received {plain_words(asked.strategy)}."
        )
        if reach is None
        else engaged_effect(
            data,
            engaged,
            comparator_could_not_receive=asked.comparator_could_not_receive,
            arm=arm,
            over=over,
            scale=context.scale,
        )
    )
    count, sites = int(np.count_nonzero(engaged[rows])), len(rows)
    return EngagedEffect(
        strategy=asked.strategy,
        at_least=asked.at_least,
        arm=contrast.arm,
        over=contrast.over,
        engaged_sites=count,
        sites=sites,
        engaged_share=count / sites if sites else 0.0,
        effect=effect,
        finding=_engaged_words(context, asked, count, sites, effect),
    )


def _contrast_of(context: TrialContext, asked: Engaged) -> Contrast:
    """The first contrast in which only the arm has the component; the first of all if there is none."""
    arms = context.protocol.arms
    fits = (
        c for c in context.protocol.contrasts if asked.strategy in arms[c.arm] and asked.strategy not in arms[c.over]
    )
    return next(fits, context.first)


def _engaged_words(
    context: TrialContext, asked: Engaged, count: int, sites: int, effect: Estimate | NotEstimable
) -> str:
    title = context.strategies_title((asked.strategy,))
    if isinstance(effect, NotEstimable):
        return f"Cannot be estimated: {effect.detail}"
    return (
        f"{count} of {counted(sites, 'site')} received {title}. Among them the effect is {effect_words(effect)}, if "
        "being in the arm did nothing to the others. The verdict is on all sites as allocated."
    )
