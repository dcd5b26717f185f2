"""Where a rehearsal's result lies among re-randomisations of the same sites: what chance alone would have given."""

from __future__ import annotations

import math

import numpy as np

from enginehouse.core.errors import UserError
from enginehouse.core.progress import Progress
from enginehouse.evaluation.parallel.analysis import registered_analysis
from enginehouse.evaluation.parallel.context import TrialContext
from enginehouse.evaluation.parallel.results import RehearsalPlace
from enginehouse.evaluation.verdict import Rule, rule_for, word_for
from enginehouse.evaluation.wording import log_change
from enginehouse.programme.enums import Verdict
from enginehouse.stats.results import Estimate, Estimated
from enginehouse.trials.rerandomise import rerandomisations

EVERY = 100
"""Progress is told once in so many re-randomisations."""


def rehearsal_place(context: TrialContext, effect: Estimated, progress: Progress) -> RehearsalPlace | None:
    """The place of the estimate, and what the registered analysis says of arms that mean nothing; None if no rehearsal.

    Raises
    ------
    UserError
        No seed was fixed.
    """
    if not context.protocol.rehearsal or not isinstance(effect, Estimate):
        return None
    seed, count = _seed(context), context.trial.rehearsal_replications
    found = _estimates(context, seed, count, progress)
    estimates = [estimate for estimate in found if isinstance(estimate, Estimate)]
    if not estimates:
        return None
    indicator = context.indicators[context.protocol.indicator]
    return _place(effect, estimates, rule_for(context.protocol, indicator.direction), seed, len(found))


def _seed(context: TrialContext) -> int:
    if context.trial.rehearsal_seed is not None:
        return context.trial.rehearsal_seed
    if context.protocol.power is not None:
        return context.protocol.power.seed
    raise UserError(
        "a rehearsal is quoted among re-randomisations, and no seed was fixed for them.",
        where="protocol.yaml  power.seed",
        remedy="Add power with a seed.",
    )


def _estimates(context: TrialContext, seed: int, count: int, progress: Progress) -> list[Estimated]:
    protocol, data = context.protocol, context.primary.whole
    analyse = registered_analysis(protocol, context.indicators[protocol.indicator])
    allocations = context.columns(rerandomisations(context.trial.plan, seed=seed, count=count), data)
    found = []
    for number, arm in enumerate(allocations):
        if number % EVERY == 0:
            progress("re-randomising", number, len(allocations))
        found.append(analyse(data.with_arm(arm)))
    return found


def _place(effect: Estimate, estimates: list[Estimate], rule: Rule, seed: int, tried: int) -> RehearsalPlace:
    values = np.sort([estimate.value for estimate in estimates])
    n = len(values)
    significant = float(np.mean([not estimate.interval().contains(0.0) for estimate in estimates]))
    farther = int(np.count_nonzero(np.abs(values) >= abs(effect.value) * (1 - 1e-9)))
    low, middle, high = (float(v) for v in np.quantile(values, (0.025, 0.5, 0.975)))
    equivalent = (
        None
        if rule.equivalence is None
        else float(np.mean([word_for(estimate, rule) is Verdict.EQUIVALENT for estimate in estimates]))
    )
    p_value = (farther + 1) / (n + 1)
    return RehearsalPlace(
        replications=n,
        seed=seed,
        p_value=p_value,
        place=float(np.mean(values < effect.value)),
        middle=middle,
        low=low,
        high=high,
        share_significant=significant,
        share_equivalent=equivalent,
        monte_carlo_error=math.sqrt(significant * (1 - significant) / n),
        not_estimable=tried - n,
        estimates=tuple(float(value) for value in values),
        finding=_words(effect, low, high, p_value, significant, equivalent, n),
    )


def _words(
    effect: Estimate, low: float, high: float, p_value: float, significant: float, equivalent: float | None, n: int
) -> str:
    ratio = effect.scale == "log-ratio"
    spread = f"{log_change(low)} to {log_change(high)}" if ratio else f"{low:+.3g} to {high:+.3g}"
    told = (
        f"Among {n:,} re-randomisations of the same sites, in which no arm means anything, 95 in 100 estimates lie "
        f"between {spread}; {100 * p_value:.0f} in 100 are at least as far from none as this one. "
        f"{100 * significant:.1f} in 100 would have been called significant (5 are meant to be)"
    )
    if equivalent is None:
        return f"{told}."
    return f"{told}, and {100 * equivalent:.0f} in 100 would have read 'equivalent', which is the truth here."
