"""The evaluation of a controlled interrupted time series: everything gathered, each outcome, truth and notes.

The comparison of two arms' series is in `controlled_its`; which evaluation a protocol gets is decided in `run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from enginehouse import __version__
from enginehouse.core.errors import UserError
from enginehouse.core.progress import Progress
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.arms import Contributions, choose_arms, contributions, member_counts, register_for
from enginehouse.evaluation.checks import run_checks
from enginehouse.evaluation.claims import mark_claims
from enginehouse.evaluation.context import Context
from enginehouse.evaluation.controlled_its import PlaceboFits, compare
from enginehouse.evaluation.embedded_trial import embedded_trial
from enginehouse.evaluation.estimand import estimand_words
from enginehouse.evaluation.parallel.inputs import AllocatedTrial
from enginehouse.evaluation.placebo_areas import plan_placebos
from enginehouse.evaluation.practice_level import practice_models
from enginehouse.evaluation.results import EmbeddedTrialResult, Evaluation, OutcomeResult, OutcomeRole, TruthResult
from enginehouse.evaluation.roles import check_definitions, outcome_roles, unmeasured_truth
from enginehouse.evaluation.subgroups import subgroup_effects
from enginehouse.evaluation.verdict import give_verdict
from enginehouse.indicators.panel import FrozenPanel
from enginehouse.programme.enums import Average
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol, Truth
from enginehouse.stats.results import Estimate, Estimated, NotEstimable

MUCH_LARGER = 2
"""A middle placebo area of more than this many times the exposed practices is said to show too little drift."""


def evaluate_controlled_its(
    protocol: Protocol,
    protocol_hash: str,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
    _trial: AllocatedTrial | None,
    progress: Progress,
) -> Evaluation:
    """Arm-difference series with AR(1) errors, the drift between areas in the interval."""
    context = gather(protocol, protocol_hash, panel, sites, indicators)
    outcomes = {}
    for number, (name, role) in enumerate(outcome_roles(protocol).items()):
        progress(f"estimating {indicators[name].short_title}", number, len(outcome_roles(protocol)))
        outcomes[name] = _outcome(context, name, role)
    primary = outcomes[protocol.indicator]
    progress("checking")
    arrays = context.arrays[protocol.indicator]
    trial = embedded_trial(protocol, arrays, context.arms.exposed, protocol_hash=protocol_hash)
    return Evaluation(
        title=protocol.title,
        question=protocol.question,
        protocol_hash=protocol_hash,
        panel_identity=panel.frozen_as,
        software=f"enginehouse {__version__}",
        method=protocol.analysis.primary.value,
        summary=protocol.estimand.summary,
        estimand=estimand_words(protocol, indicators[protocol.indicator]),
        prior_knowledge=protocol.prior_knowledge,
        exposed_title=protocol.exposure.title if protocol.exposure else "",
        starts=str(protocol.design.starts),
        baseline_months=protocol.design.baseline_months,
        follow_up_months=protocol.design.follow_up_months,
        membership_as_of=str(protocol.membership_as_of),
        outcomes=tuple(outcomes.values()),
        checks=run_checks(context, outcomes),
        practice_models=practice_models(context, progress),
        subgroups=subgroup_effects(context),
        verdict=give_verdict(protocol, primary),
        claims=mark_claims(protocol, outcomes),
        embedded_trial=trial if isinstance(trial, EmbeddedTrialResult) else None,
        no_embedded_trial=trial if isinstance(trial, NotEstimable) else None,
        truth=tuple(_truth(truth, outcomes) for truth in protocol.truth),
        left_out_areas=context.plan.left_out,
        notes=_notes(context),
    )


def gather(
    protocol: Protocol,
    protocol_hash: str,
    panel: FrozenPanel,
    sites: SiteRegister,
    indicators: Mapping[str, Indicator],
) -> Context:
    """Everything that the steps share, with the design and the definitions checked."""
    _check_definitions(protocol, indicators)
    sites = register_for(protocol, sites)
    arms = choose_arms(protocol, sites)
    arrays = {name: panel.panel.arrays(name) for name in outcome_roles(protocol)}
    primary = contributions(arrays[protocol.indicator], protocol, protocol.design.span)
    _check_arms_have_data(protocol, primary, arms.exposed)
    return Context(
        protocol=protocol,
        protocol_hash=protocol_hash,
        sites=sites,
        arms=arms,
        plan=plan_placebos(protocol, sites, arms, primary),
        indicators=indicators,
        arrays=arrays,
        members=member_counts(sites, {site for each in arrays.values() for site in each.sites}),
    )


def _outcome(context: Context, name: str, role: OutcomeRole) -> OutcomeResult:
    indicator = context.indicators[name]
    data = context.data(name)
    placebos = context.placebos(data)
    exposed = data.with_data(context.arms.exposed)
    return OutcomeResult(
        indicator=name,
        indicator_version=indicator.version,
        title=indicator.title,
        short_title=indicator.short_title,
        role=role,
        direction=indicator.direction,
        unit=indicator.unit,
        per=indicator.per,
        scale=indicator.scale,
        exposed_sites=len(exposed),
        exposed_members=sum(context.members[site] for site in exposed),
        exposed_sites_first_month=len(data.with_data(exposed, month=0)),
        exposed_sites_last_month=len(data.with_data(exposed, month=-1)),
        comparisons=tuple(
            compare(
                data,
                context.protocol,
                indicator,
                exposed,
                comparator,
                context.arms.comparators[comparator.name],
                placebos,
                members=context.members,
            )
            for comparator in context.comparators
        ),
        notes=_outcome_notes(data, exposed, placebos),
    )


def _outcome_notes(data: Contributions, exposed: Sequence[str], placebos: PlaceboFits | None) -> tuple[str, ...]:
    notes = []
    first, last = (len(data.with_data(exposed, month=month)) for month in (0, -1))
    if first != last:
        notes.append(f"{first} exposed sites have data in {data.months[0]} and {last} in {data.months[-1]}.")
    for name, reason in (placebos.not_fitted if placebos else {}).items():
        notes.append(f"{name} is no placebo area for this outcome. {reason}")
    return tuple(notes)


def _truth(truth: Truth, outcomes: Mapping[str, OutcomeResult]) -> TruthResult:
    outcome = outcomes.get(truth.indicator)
    if outcome is None:
        raise unmeasured_truth(truth.indicator)
    window = outcome.registered.registered_window
    return TruthResult(
        indicator=truth.indicator,
        ratio=truth.ratio,
        note=truth.note,
        estimate=window.with_drift,
        covered=_covers(window.with_drift, truth.ratio),
        covered_by_months_only=_covers(window.months_only, truth.ratio),
    )


def _covers(estimate: Estimated, ratio: float) -> bool | None:
    if not isinstance(estimate, Estimate) or estimate.scale != "log-ratio":
        return None
    return estimate.ratio_interval().contains(ratio)


def _notes(context: Context) -> tuple[str, ...]:
    protocol, notes = context.protocol, []
    if protocol.estimand.average is Average.PATIENTS and protocol.analysis.practice_models:
        notes.append(
            "The headline counts every patient the same; the models of single sites count every site the same within "
            "its own variation. Where they differ, both are shown."
        )
    if protocol.estimand.average is Average.SITES:
        notes.append(
            "Amounts in the indicator's own unit apply the average site's effect to what all sites together used: they "
            "hold where large and small sites changed alike."
        )
    if (sizes := _much_larger_placebo_areas(context)) is not None:
        exposed, middle = sizes
        notes.append(
            f"The exposed practices are {exposed}, and half of the areas that show drift have {middle} or more. "
            "Smaller groups drift more, so the interval is likely to be too narrow."
        )
    if (areas := _exposed_areas(context)) > 1:
        notes.append(
            f"The exposed sites belong to {areas} areas; the interval treats them as one, which errs on the wide side."
        )
    return tuple(notes)


def _much_larger_placebo_areas(context: Context) -> tuple[int, int] | None:
    """The practices of the exposed and of the middle placebo area, where that is more than twice as large."""
    data = context.data(context.protocol.indicator)
    exposed = sum(context.members[site] for site in data.with_data(context.arms.exposed))
    sizes = sorted(area.members for area in context.plan.areas)
    middle = sizes[len(sizes) // 2] if sizes else 0
    return (exposed, middle) if middle > MUCH_LARGER * exposed else None


def _exposed_areas(context: Context) -> int:
    drift = context.protocol.analysis.drift
    if drift is None:
        return 0
    groups = context.sites.groups(drift.cluster, as_of=context.protocol.membership_as_of)
    return len({groups[site] for site in context.arms.exposed if site in groups})


def _check_definitions(protocol: Protocol, indicators: Mapping[str, Indicator]) -> None:
    strangers = [name for name in protocol.analysis.practice_models if name not in outcome_roles(protocol)]
    if strangers:
        raise UserError(
            f"got a model of single sites for {', '.join(strangers)}, which the protocol does not evaluate.",
            where="protocol.yaml  analysis.practice_models",
            remedy="Name the primary, a secondary, an untargeted or a balancing indicator.",
        )
    check_definitions(outcome_roles(protocol), indicators)


def _check_arms_have_data(protocol: Protocol, primary: Contributions, exposed: Sequence[str]) -> None:
    if not primary.with_data(exposed):
        raise UserError(
            f"no exposed site has data for {protocol.indicator} between {protocol.design.span.start} and "
            f"{protocol.design.span.last}.",
            where="panel",
            remedy="Check that the panel's sites are written as in the register of sites (scheme:code).",
        )
