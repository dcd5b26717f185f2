"""The registered analysis of a parallel cluster trial, from the frozen panel and the allocation to one record."""

from __future__ import annotations

from collections.abc import Mapping

from enginehouse import __version__
from enginehouse.core.errors import UserError
from enginehouse.core.progress import Progress
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.estimand import trial_estimand_words
from enginehouse.evaluation.parallel.analysis import check_method
from enginehouse.evaluation.parallel.checks import trial_checks
from enginehouse.evaluation.parallel.context import TrialContext, gather_trial
from enginehouse.evaluation.parallel.delivery import trial_engaged, trial_fidelity, trial_flow
from enginehouse.evaluation.parallel.groups import trial_inequality, trial_subgroups
from enginehouse.evaluation.parallel.inputs import AllocatedTrial
from enginehouse.evaluation.parallel.outcomes import trial_outcome
from enginehouse.evaluation.parallel.rehearsal import rehearsal_place
from enginehouse.evaluation.parallel.results import TrialEvaluation, TrialOutcome
from enginehouse.evaluation.results import TruthResult, VerdictResult
from enginehouse.evaluation.roles import check_definitions, outcome_roles, unmeasured_truth
from enginehouse.evaluation.verdict import verdict_on
from enginehouse.indicators.panel import FrozenPanel
from enginehouse.ledger.canonical import canonical_json, sha256_hex
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol, Truth
from enginehouse.stats.results import Estimate

FEW_UNITS = 16
"""Below this many units in two arms together a page says that the permutation test is the safer answer."""


def evaluate_trial(
    protocol: Protocol,
    protocol_hash: str,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    trial: AllocatedTrial,
    progress: Progress,
) -> TrialEvaluation:
    """Every registered estimate, check, subgroup and the verdict of one trial.

    Raises
    ------
    UserError
        The method is not one for the estimand, definitions are missing, or the allocation is another protocol's.
    """
    context = trial_context(protocol, protocol_hash, panel, sites, indicators, trial)
    roles = outcome_roles(protocol)
    outcomes = {}
    for number, (name, role) in enumerate(roles.items()):
        progress(f"estimating {indicators[name].short_title}", number, len(roles))
        outcomes[name] = trial_outcome(context, name, role)
    primary = outcomes[protocol.indicator]
    checks = trial_checks(context, progress)
    progress("subgroups and inequality")
    return TrialEvaluation(
        rehearsed=protocol.rehearsal,
        title=protocol.title,
        question=protocol.question,
        protocol_hash=protocol_hash,
        panel_identity=panel.frozen_as,
        allocation_hash=sha256_hex(canonical_json(trial.allocation.to_record())),
        software=f"enginehouse {__version__}",
        method=protocol.analysis.primary.value,
        average=protocol.estimand.average,
        summary=protocol.estimand.summary,
        window=protocol.estimand.window,
        estimand=trial_estimand_words(
            protocol,
            indicators[protocol.indicator],
            context.arm_title(context.first.arm),
            context.arm_title(context.first.over),
        ),
        prior_knowledge=protocol.prior_knowledge,
        starts=str(protocol.design.starts),
        baseline_months=protocol.design.baseline_months,
        follow_up_months=protocol.design.follow_up_months,
        membership_as_of=str(protocol.membership_as_of),
        allocation_unit=trial.plan.unit.value,
        arms={arm: context.arm_title(arm) for arm in context.arms},
        outcomes=tuple(outcomes.values()),
        checks=checks,
        subgroups=trial_subgroups(context),
        inequality=trial_inequality(context, (protocol.indicator,)),
        flow=trial_flow(context),
        fidelity=trial_fidelity(context),
        engaged=trial_engaged(context),
        verdict=_verdict(context, primary),
        truth=tuple(_truth(truth, outcomes) for truth in protocol.truth),
        rehearsal=rehearsal_place(context, primary.headline, progress),
        notes=_notes(context, primary),
    )


def trial_context(
    protocol: Protocol,
    protocol_hash: str,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    trial: AllocatedTrial,
) -> TrialContext:
    """What the steps share, with protocol, definitions and allocation checked."""
    check_method(protocol)
    names = tuple(outcome_roles(protocol))
    check_definitions(names, indicators)
    if set(trial.allocation.arms) != set(protocol.arms):
        raise UserError(
            f"got an allocation to {', '.join(trial.allocation.arms)}; the protocol has {', '.join(protocol.arms)}.",
            where="allocation",
            remedy="Evaluate with the allocation that belongs to this protocol.",
        )
    return gather_trial(protocol, protocol_hash, panel, sites, indicators, trial, names)


def _verdict(context: TrialContext, primary: TrialOutcome) -> VerdictResult:
    return verdict_on(
        context.protocol,
        indicator=primary.indicator,
        direction=primary.direction,
        comparator=context.first.over,
        window=context.protocol.estimand.window,
        estimate=primary.headline,
        if_equivalent=added_component_words(context),
    )


def added_component_words(context: TrialContext) -> str:
    """What *equivalent* says where the arm is the comparator with something added, and what it does not say."""
    arm, over = (context.protocol.arms[name] for name in (context.first.arm, context.first.over))
    added = tuple(strategy for strategy in arm if strategy not in over)
    if context.protocol.rehearsal or not over or not added or not set(over) < set(arm):
        return ""
    extra, base = context.strategies_title(added), context.strategies_title(over)
    begins = f"{extra[:1].upper()}{extra[1:]} added nothing worthwhile to {base}"
    return f"{begins}; this trial cannot say whether {base} works."


def _truth(truth: Truth, outcomes: Mapping[str, TrialOutcome]) -> TruthResult:
    outcome = outcomes.get(truth.indicator)
    if outcome is None:
        raise unmeasured_truth(truth.indicator)
    estimate = outcome.registered.ratio
    return TruthResult(
        indicator=truth.indicator,
        ratio=truth.ratio,
        note=truth.note,
        estimate=estimate,
        covered=estimate.ratio_interval().contains(truth.ratio) if isinstance(estimate, Estimate) else None,
        covered_by_months_only=None,
    )


def _notes(context: TrialContext, primary: TrialOutcome) -> tuple[str, ...]:
    notes = []
    units = primary.registered.units
    if units < FEW_UNITS:
        notes.append(
            f"The two arms have {units} units of allocation together. With so few, the permutation test is the safer "
            "answer than any interval."
        )
    for name, data in context.data.items():
        if name != primary.indicator and data.account.left_out != context.primary.account.left_out:
            notes.append(f"Other sites are left out of {context.indicators[name].short_title} than of the primary.")
    return tuple(notes)
