"""The effect of a trial by group of sites, and on inequality: both from interactions, for every registered contrast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enginehouse.evaluation.parallel.analysis import CORRECTION
from enginehouse.evaluation.parallel.context import OutcomeData, TrialContext
from enginehouse.evaluation.parallel.results import ArmGradient, InequalityResult, TrialSubgroup, TrialSubgroupEffect
from enginehouse.evaluation.wording import effect_words
from enginehouse.programme.trial import Contrast
from enginehouse.stats.results import Estimate, Estimated, NotEstimable
from enginehouse.stats.trial_interactions import GroupEffects, gradient_change, group_effects
from enginehouse.trials.attributes import NOT_KNOWN, cut, in_groups

type Array = npt.NDArray[np.float64]

NOTES = (
    "Groups are cut among the analysed sites of both arms. Whether groups differ is read from the interaction only.",
)
SIGNIFICANT = 0.05
FORMULA = (
    "log of the expected total of a site and period = log of its denominator + (1 + rank) x (1 + arm) x (1 + after), "
    "rank from 0 (least) to 1 (most) by the share of patients in sites with less; the answer is the coefficient of "
    "rank x arm x after."
)


def trial_subgroups(
    context: TrialContext, names: tuple[str, ...] | None = None, contrast: Contrast | None = None
) -> tuple[TrialSubgroup, ...]:
    """The registered subgroup analyses of the primary outcome (or those named), for every contrast (or the one named).

    Each answer knows how many such tests were made in all.
    """
    chosen = context.protocol.analysis.subgroups if names is None else names
    contrasts = context.protocol.contrasts if contrast is None else (contrast,)
    tests = len(chosen) * len(contrasts)
    return tuple(_subgroup(context, name, compared, tests) for compared in contrasts for name in chosen)


def _subgroup(context: TrialContext, name: str, contrast: Contrast, tests: int) -> TrialSubgroup:
    data = context.primary
    named = in_groups(name)
    values, parts = context.attribute(named.attribute, data.window.sites), named.parts
    if values is None:
        detail = f"No site has a value for '{named.attribute}'."
        return _none(context, name, contrast, tests, NotEstimable(reason="unknown-attribute", detail=detail))
    rows = _rows(context, data, contrast)
    labels = cut(values[rows], parts)
    present = [part for part in (*parts, NOT_KNOWN) if part in labels]
    if len([part for part in present if part != NOT_KNOWN]) < len(parts):
        detail = f"'{named.attribute}' has too few distinct values to cut it into {len(parts)} parts."
        return _none(context, name, contrast, tests, NotEstimable(reason="cannot-be-cut", detail=detail))
    group = np.zeros(len(data.window.sites), dtype=np.intp)
    group[rows] = [present.index(label) for label in labels]
    arm, over = context.positions(contrast)
    found = group_effects(
        data.window,
        group,
        groups=len(present),
        compared=range(len(parts)),
        arm=arm,
        over=over,
        scale=context.scale,
        correction=CORRECTION,
    )
    if isinstance(found, NotEstimable):
        return _none(context, name, contrast, tests, found)
    counts = [_counts(context, data, contrast, group, which) for which in range(len(present))]
    label = f"{parts[-1]} compared with {parts[0]}"
    return _result(context, name, contrast, tests, tuple(present), counts, found, label)


def _rows(context: TrialContext, data: OutcomeData, contrast: Contrast) -> npt.NDArray[np.intp]:
    """Analysed sites of the two arms."""
    return np.sort(np.concatenate([data.analysed(place) for place in context.positions(contrast)]))


def _counts(
    context: TrialContext, data: OutcomeData, contrast: Contrast, group: npt.NDArray[np.intp], which: int
) -> tuple[int, int]:
    arm, over = (int(np.count_nonzero(group[data.analysed(p)] == which)) for p in context.positions(contrast))
    return arm, over


def _result(
    context: TrialContext,
    name: str,
    contrast: Contrast,
    tests: int,
    groups: tuple[str, ...],
    counts: list[tuple[int, int]],
    found: GroupEffects,
    label: str,
) -> TrialSubgroup:
    joint = found.joint
    return TrialSubgroup(
        indicator=context.protocol.indicator,
        attribute=name,
        arm=contrast.arm,
        over=contrast.over,
        groups=tuple(
            TrialSubgroupEffect(group=group, sites=sites, over_sites=over, effect=effect)
            for group, (sites, over), effect in zip(groups, counts, found.effects, strict=True)
        ),
        interaction=found.interaction,
        interaction_label=label,
        p_value=joint.p_value if joint else None,
        tests=tests,
        df=(joint.df_numerator, joint.df_denominator) if joint else (),
        finding=_finding(found, tests),
        notes=NOTES,
    )


def _finding(found: GroupEffects, tests: int) -> str:
    """What the joint test says, once it allows for the number of such tests (Bonferroni)."""
    if found.joint is None:
        return "There are too few sites to compare groups."
    p_value = found.joint.p_value
    told = f"The test that the effect is the same in every group gives p = {p_value:.2g}"
    if tests > 1:
        told = f"{told}; allowing for the {tests} such tests of this trial, p = {min(1.0, tests * p_value):.2g}"
    if tests * p_value < SIGNIFICANT:
        return f"{told}. One such {'set of tests' if tests > 1 else 'test'} in twenty does so by chance alone."
    return f"{told}. The data do not show that the effect differs between groups, nor that it does not."


def _none(context: TrialContext, name: str, contrast: Contrast, tests: int, answer: NotEstimable) -> TrialSubgroup:
    return TrialSubgroup(
        indicator=context.protocol.indicator,
        attribute=name,
        arm=contrast.arm,
        over=contrast.over,
        groups=(),
        interaction=answer,
        interaction_label="highest compared with lowest",
        p_value=None,
        tests=tests,
        df=(),
        finding=f"Cannot be estimated: {answer.detail}",
    )


def trial_inequality(context: TrialContext, outcomes: tuple[str, ...]) -> tuple[InequalityResult, ...]:
    """The change in inequality across the registered attribute, for each outcome named and every contrast."""
    attribute = context.protocol.analysis.inequality
    if attribute is None:
        return ()
    contrasts = context.protocol.contrasts
    return tuple(_inequality(context, name, attribute, contrast) for name in outcomes for contrast in contrasts)


def _inequality(context: TrialContext, outcome: str, attribute: str, contrast: Contrast) -> InequalityResult:
    data = context.data[outcome].window
    values = context.attribute(attribute, data.sites)
    arm, over = context.positions(contrast)
    if values is None:
        detail = f"No site has a value for '{attribute}'."
        return _inequality_result(
            outcome, attribute, contrast, (), NotEstimable(reason="unknown-attribute", detail=detail)
        )
    found = gradient_change(data, values, arm=arm, over=over, correction=CORRECTION)
    if isinstance(found, NotEstimable):
        return _inequality_result(outcome, attribute, contrast, (), found)
    before, after, over_before, over_after = found.indices
    gradients = (
        ArmGradient(arm=contrast.arm, sites=found.sites[0], before=before, after=after),
        ArmGradient(arm=contrast.over, sites=found.sites[1], before=over_before, after=over_after),
    )
    return _inequality_result(outcome, attribute, contrast, gradients, found.change)


def _inequality_result(
    outcome: str, attribute: str, contrast: Contrast, gradients: tuple[ArmGradient, ...], change: Estimated
) -> InequalityResult:
    return InequalityResult(
        indicator=outcome,
        attribute=attribute,
        arm=contrast.arm,
        over=contrast.over,
        gradients=gradients,
        change=change,
        formula=FORMULA,
        finding=_inequality_words(attribute, change),
    )


def _inequality_words(attribute: str, change: Estimated) -> str:
    if not isinstance(change, Estimate):
        return f"Cannot be estimated: {change.detail}"
    told = (
        f"The gap between the sites with the most and the least {attribute.replace('_', ' ')}, as a ratio of values, "
        f"changed by {effect_words(change)} in this arm against the other."
    )
    if change.ratio_interval().contains(1.0):
        return f"{told} The data show neither that it widened more in one of them nor that it did not."
    return told
