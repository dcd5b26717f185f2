"""The studies of one strategy over one comparator, pooled on one scale, for people to look at.

What is expected of a new cycle here is in `predictive`; the method is in `stats.meta_analysis`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from enginehouse.core.errors import UserError
from enginehouse.evidence.results import LeftOutStudy, Pooled, PooledStep, PooledStudy
from enginehouse.evidence.studies import LibraryStudy, check_scale
from enginehouse.programme.enums import EvidenceScale, StudyDesign
from enginehouse.stats.meta_analysis import (
    MetaAnalysis,
    PredictionConvention,
    cumulative,
    heterogeneity_interval,
    leave_one_out,
    random_effects,
)
from enginehouse.stats.results import Interval, NotEstimable

CONVENTION = PredictionConvention.T_K_MINUS_2
NO_ALLOWANCE = "No allowance was made for weaknesses of study designs."
OTHER_SCALE = "on another scale ({scale}); studies are not pooled across scales"


def pool(
    studies: Sequence[LibraryStudy],
    *,
    scale: EvidenceScale,
    lower_is_better: bool,
    allowance: Mapping[StudyDesign, float] | None = None,
    left_out: Sequence[LibraryStudy] = (),
) -> Pooled | NotEstimable:
    """The mean effect of a strategy over its comparator, and how much it varies between places.

    Parameters
    ----------
    studies : sequence of LibraryStudy
        All of one strategy over one comparator.
    scale : EvidenceScale
        The scale of every one of them.
    lower_is_better : bool
        The direction in which the answer is given; effects of outcomes that count the other way change their sign.
    allowance : mapping of StudyDesign to float, optional
        For each design, the standard deviation (on `scale`) of the error that the design itself may have; its square
        is added to the square of the study's standard error. Left out, there is none, and the answer says so.
    left_out : sequence of LibraryStudy
        Studies that could not be used because of their scale, to be named in the answer.

    Returns
    -------
    Pooled or NotEstimable
        `no-studies` where there is none.

    Raises
    ------
    EvidenceOnAnotherScale
        A study is on another scale.
    UserError
        The studies are of several strategies or comparators, or an allowance is below 0.

    Notes
    -----
    REML; Knapp-Hartung, modified below ten studies; tau2's interval by the Q-profile; prediction interval by t with
    k - 2 degrees of freedom.
    """
    check_scale(studies, scale)
    _check_one_question(studies)
    ordered = sorted(studies, key=lambda study: (study.completed, study.id))
    effects = [directed(study, lower_is_better) for study in ordered]
    errors = [allowed(study, allowance) for study in ordered]
    fit = random_effects(effects, errors)
    if isinstance(fit, NotEstimable):
        return NotEstimable(reason="no-studies", detail="The library holds no study of it on this scale.")
    shown = tuple(
        _shown(study, effect, error, weight, turned=study.lower_is_better is not lower_is_better)
        for study, effect, error, weight in zip(ordered, effects, errors, fit.weights, strict=True)
    )
    return Pooled(
        strategy=ordered[0].strategy,
        over=ordered[0].over,
        scale=scale,
        lower_is_better=lower_is_better,
        studies=shown,
        mean=fit.mean,
        std_error=fit.std_error,
        df=None if math.isinf(fit.df) else fit.df,
        interval=fit.interval(),
        wald_std_error=fit.wald_std_error,
        adjustment=fit.adjustment.value,
        tau=fit.tau,
        tau_interval=_tau_interval(effects, errors),
        q=fit.q,
        q_df=fit.q_df,
        q_p=fit.q_p,
        i2=fit.i2,
        prediction=fit.prediction(convention=CONVENTION),
        prediction_convention=CONVENTION.value,
        leave_one_out=_steps(ordered, leave_one_out(effects, errors)),
        cumulative=_steps(ordered, cumulative(effects, errors)),
        left_out=tuple(_left_out(study) for study in left_out),
        notes=_notes(shown, allowance, scale),
    )


def on_another_scale(studies: Sequence[LibraryStudy], scale: EvidenceScale) -> NotEstimable:
    """The answer where a question has studies, and none on the scale that is asked for."""
    named = ", ".join(f"{study.id} ({study.scale.value})" for study in studies)
    return NotEstimable(
        reason="evidence-on-another-scale",
        detail=f"The evidence is on another scale than {scale.value}: {named}. Convert it at a stated baseline.",
    )


def directed(study: LibraryStudy, lower_is_better: bool) -> float:
    """The study's effect in the direction in which it is pooled."""
    return study.effect if study.lower_is_better is lower_is_better else -study.effect


def allowed(study: LibraryStudy, allowance: Mapping[StudyDesign, float] | None) -> float:
    """The study's standard error with the allowance for its design."""
    extra = (allowance or {}).get(study.design, 0.0)
    if extra < 0:
        raise UserError(
            f"got an allowance of {extra:g} for {study.design.value}.",
            where="evidence",
            remedy="An allowance is a standard deviation, 0 or more.",
        )
    return math.hypot(study.std_error, extra)


def _check_one_question(studies: Sequence[LibraryStudy]) -> None:
    questions = sorted({f"{study.strategy} over {study.over}" for study in studies})
    if len(questions) > 1:
        raise UserError(
            f"got studies of several questions: {', '.join(questions)}.",
            where="evidence",
            remedy="Pool the studies of one strategy over one comparator.",
        )


def _shown(study: LibraryStudy, effect: float, error: float, weight: float, *, turned: bool) -> PooledStudy:
    return PooledStudy(
        id=study.id,
        target=study.target,
        setting=study.setting,
        completed=study.completed,
        design=study.design,
        is_own=study.is_own,
        effect=effect,
        std_error=error,
        weight=weight,
        turned_round=turned,
        source=study.source,
    )


def _tau_interval(effects: Sequence[float], errors: Sequence[float]) -> Interval | NotEstimable:
    squared = heterogeneity_interval(effects, errors)
    if isinstance(squared, NotEstimable):
        return squared
    return replace(squared, low=math.sqrt(squared.low), high=math.sqrt(squared.high))


def _steps(ordered: Sequence[LibraryStudy], fits: Sequence[MetaAnalysis]) -> tuple[PooledStep, ...]:
    """One line for each study: without it, or up to it."""
    return tuple(
        PooledStep(
            study=study.id,
            completed=study.completed,
            studies=fit.k,
            mean=fit.mean,
            std_error=fit.std_error,
            tau=fit.tau,
        )
        for study, fit in zip(ordered, fits, strict=False)
    )


def _left_out(study: LibraryStudy) -> LeftOutStudy:
    return LeftOutStudy(id=study.id, reason=OTHER_SCALE.format(scale=study.scale.value))


def _notes(
    shown: Sequence[PooledStudy], allowance: Mapping[StudyDesign, float] | None, scale: EvidenceScale
) -> tuple[str, ...]:
    return tuple(
        note for note in (_about_allowance(allowance), _about_turning(shown, scale), _about_means(shown)) if note
    )


def _about_allowance(allowance: Mapping[StudyDesign, float] | None) -> str:
    if not allowance or not any(allowance.values()):
        return NO_ALLOWANCE
    named = ", ".join(f"{design.value} {sd:g}" for design, sd in sorted(allowance.items()) if sd)
    return f"Standard errors allow for what designs may get wrong by themselves (standard deviation): {named}."


def _about_turning(shown: Sequence[PooledStudy], scale: EvidenceScale) -> str:
    turned = [study.id for study in shown if study.turned_round]
    if not turned:
        return ""
    exact = scale in (EvidenceScale.LOG_ODDS_RATIO, EvidenceScale.DIFFERENCE)
    caution = "" if exact else " That an improvement is of the same size in either direction is an assumption."
    return f"Outcomes that count the other way had the sign of their effect changed: {', '.join(turned)}.{caution}"


def _about_means(shown: Sequence[PooledStudy]) -> str:
    means = [study.id for study in shown if study.design is StudyDesign.META_ANALYSIS]
    if not means:
        return ""
    return (
        f"A pooled result itself, whose standard error is that of a mean over places: {', '.join(means)}. The effect "
        "in one place varies more than that says."
    )
