"""What is looked at beside a trial's effect before it is believed: one function for each `Check`, in one table.

None of them changes the verdict. Checks of designs without random allocation say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from enginehouse.core.progress import Progress
from enginehouse.evaluation.checks import TITLES
from enginehouse.evaluation.parallel.analysis import AVERAGES, RegisteredAnalysis, other_average, registered_analysis
from enginehouse.evaluation.parallel.context import TrialContext
from enginehouse.evaluation.parallel.results import TrialCheck
from enginehouse.evaluation.wording import effect_words
from enginehouse.programme.enums import Average, Check
from enginehouse.programme.trial import Contrast
from enginehouse.stats.cluster_level import trial_cluster_level
from enginehouse.stats.permutation import PermutationTest
from enginehouse.stats.results import Estimated, NotEstimable
from enginehouse.stats.trial_permutation import trial_permutation
from enginehouse.trials.rerandomise import is_exact, rerandomisations

type Run = Callable[[TrialContext, Contrast], TrialCheck]


def trial_checks(context: TrialContext, progress: Progress) -> tuple[TrialCheck, ...]:
    """The registered checks of the primary outcome, for every contrast, in the order of the protocol."""
    found = []
    for check in context.protocol.analysis.checks:
        progress(f"checking: {TITLES[check].lower()}")
        found += [TRIAL_CHECKS[check](context, contrast) for contrast in context.protocol.contrasts]
    return tuple(found)


def check_other_average(context: TrialContext, contrast: Contrast) -> TrialCheck:
    """Sites instead of patients, or patients instead of sites."""
    analysis = other_average(_registered(context, contrast))
    estimate = analysis(context.primary.whole)
    over = AVERAGES[analysis.method]
    words = f"Averaged over {over} the effect is {effect_words(estimate)}."
    if over is Average.SITES:
        words += " Where it differs from the patients' average, large and small sites were affected differently."
    return _estimated(context, Check.OTHER_AVERAGE, contrast, estimate, words)


def check_cluster_level(context: TrialContext, contrast: Contrast) -> TrialCheck:
    """One value for each unit, adjusted for its baseline."""
    arm, over = context.positions(contrast)
    estimate = trial_cluster_level(context.primary.window, arm=arm, over=over, scale=context.scale)
    words = f"With one value for each unit of allocation, each counting the same, it is {effect_words(estimate)}."
    return _estimated(context, Check.CLUSTER_LEVEL, contrast, estimate, words)


def check_unadjusted(context: TrialContext, contrast: Contrast) -> TrialCheck:
    """The registered method without covariates."""
    estimate = replace(_registered(context, contrast), adjust=False)(context.primary.whole)
    kept = "the baseline only" if context.protocol.estimand.average is Average.SITES else "nothing"
    words = f"Adjusted for {kept}, it is {effect_words(estimate)}."
    return _estimated(context, Check.UNADJUSTED, contrast, estimate, words)


def check_permutation(context: TrialContext, contrast: Contrast) -> TrialCheck:
    """The p value among the allocations that the recorded scheme could have drawn."""
    trial, data = context.trial, context.primary.window
    arm, over = context.positions(contrast)
    allocations = rerandomisations(trial.plan, seed=trial.permutation_seed, count=trial.permutations)
    found = trial_permutation(
        data,
        context.columns(allocations, data),
        arm=arm,
        over=over,
        exact=is_exact(trial.plan, trial.permutations),
        average=context.protocol.estimand.average.value,
        scale=context.scale,
    )
    if isinstance(found, NotEstimable):
        return _not_done(context, Check.PERMUTATION, contrast, found)
    return replace(
        _plain(context, Check.PERMUTATION, contrast, _permutation_words(found)),
        p_value=found.p_value,
        allocations=found.allocations,
        exact=found.exact,
        smallest_p=found.smallest_p,
    )


def not_for_trials(check: Check) -> Run:
    """A check that belongs to designs without random allocation."""
    answer = NotEstimable(
        reason="allocated-at-random", detail="It asks what random allocation has answered: whether arms were alike."
    )
    return lambda context, contrast: _not_done(context, check, contrast, answer)


TRIAL_CHECKS: Mapping[Check, Run] = {
    Check.OTHER_AVERAGE: check_other_average,
    Check.CLUSTER_LEVEL: check_cluster_level,
    Check.PERMUTATION: check_permutation,
    Check.UNADJUSTED: check_unadjusted,
    **{
        check: not_for_trials(check)
        for check in (
            Check.PLACEBO_DATES,
            Check.PRE_TREND,
            Check.LEAVE_ONE_AREA_OUT,
            Check.UNTARGETED_OUTCOME,
            Check.ALTERNATIVE_SPAN,
        )
    },
}


def _registered(context: TrialContext, contrast: Contrast) -> RegisteredAnalysis:
    protocol = context.protocol
    return registered_analysis(protocol, context.indicators[protocol.indicator], contrast=contrast)


def _permutation_words(found: PermutationTest) -> str:
    which = "all that the scheme could have drawn" if found.exact else "drawn from the same scheme, the own one added"
    return (
        f"Among {found.allocations:,} allocations, {which}, a difference at least as large comes about with p = "
        f"{found.p_value:.3g} when no site's outcome depends on its arm. It assumes no distribution."
    )


def _plain(context: TrialContext, check: Check, contrast: Contrast, finding: str) -> TrialCheck:
    return TrialCheck(
        check=check,
        indicator=context.protocol.indicator,
        arm=contrast.arm,
        over=contrast.over,
        title=TITLES[check],
        finding=finding,
    )


def _estimated(
    context: TrialContext, check: Check, contrast: Contrast, estimate: Estimated, finding: str
) -> TrialCheck:
    if isinstance(estimate, NotEstimable):
        return _not_done(context, check, contrast, estimate)
    return replace(_plain(context, check, contrast, finding), estimate=estimate)


def _not_done(context: TrialContext, check: Check, contrast: Contrast, answer: NotEstimable) -> TrialCheck:
    plain = _plain(context, check, contrast, f"Cannot be estimated: {answer.detail}")
    return replace(plain, reason=answer.reason)
