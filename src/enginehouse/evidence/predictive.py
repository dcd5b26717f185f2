"""What is expected of a strategy in a new cycle here: the prior of that cycle, which is the posterior of the last one.

How. First, studies from elsewhere (and own results on other indicators) give the distribution of the effect in a new
place, N(mean, SE^2 + tau^2): that is where this programme's effect comes from. Then every own result on the same
question (same strategy, comparator, scale and indicator) updates it in the order of posting, normal by normal. The
effect here is taken to be one and the same in each own cycle, so own results do not count again as other places. With
the studies from elsewhere unchanged, what was believed after one cycle is thus exactly what the next begins with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enginehouse.evidence.pooling import allowed, directed, on_another_scale, pool
from enginehouse.evidence.results import Heterogeneity, OwnUpdate, Pooled, Predictive, PriorBasis
from enginehouse.evidence.studies import Library, LibraryStudy
from enginehouse.programme.enums import EvidenceScale, StudyDesign
from enginehouse.stats.gaussian import Normal, surprise, updated
from enginehouse.stats.half_normal import half_normal_pooling
from enginehouse.stats.results import NotEstimable

FEW = 5
"""Below so many studies the variation between places is not left to them alone."""

TAU_SCALE: Mapping[EvidenceScale, float | None] = {
    EvidenceScale.LOG_RATIO: 0.05,
    EvidenceScale.LOG_ODDS_RATIO: 0.5,
    EvidenceScale.STANDARDISED_MEAN_DIFFERENCE: 0.5,
    EvidenceScale.DIFFERENCE: None,
}
"""With few studies, how far effects are expected to vary between places (scale of a half-normal distribution).

0.5 for odds is what is usual (Friede 2017). 0.05 for ratios of amounts is an assumption: feedback and facilitation move
prescribing by some per cent, and trials of it differ by some per cent. A difference has a unit, so none fits them all.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A strategy over a comparator, on a scale, in one direction, for one of the programme's indicators."""

    strategy: str
    over: str
    scale: EvidenceScale
    lower_is_better: bool
    indicator: str | None = None


def predict(
    library: Library,
    question: Question,
    *,
    stated: Normal | None = None,
    tau_scale: float | None = None,
    allowance: Mapping[StudyDesign, float] | None = None,
) -> Predictive | NotEstimable:
    """The effect that is expected in a new cycle here, as a normal distribution.

    Parameters
    ----------
    library : Library
        As of the day of the question.
    question : Question
    stated : Normal, optional
        What the programme's file expects of a strategy without any study: below 0 means less of the outcome.
    tau_scale : float, optional
        How far effects vary between places, with few studies; left out, `TAU_SCALE` of the question's scale.
    allowance : mapping of StudyDesign to float, optional
        As in `pooling.pool`; for own results too.

    Returns
    -------
    Predictive or NotEstimable
        `no-evidence`: no study, and nothing stated. `evidence-on-another-scale`: all of it is.
        `variation-not-known`: few studies on a scale with a unit, and no `tau_scale`.

    Notes
    -----
    Five studies or more: mean and SE (Knapp-Hartung adjusted) and tau by REML. Fewer: the same model with
    tau ~ half-normal(tau_scale), exactly; mean and standard deviation of a new place's effect. No study: as stated. In
    each case the distribution is read as normal. Own results: precisions add.

    References
    ----------
    Higgins JPT, Thompson SG, Spiegelhalter DJ. J R Stat Soc A 2009;172:137-159. Friede T and others. Res Synth Methods
    2017;8:79-91.
    """
    found = library.about(strategy=question.strategy, over=question.over, scale=question.scale)
    own = [study for study in found.used if _is_own_answer(study, question)]
    elsewhere = [study for study in found.used if not _is_own_answer(study, question)]
    if not found.used and found.on_another_scale:
        return on_another_scale(found.on_another_scale, question.scale)
    pooled = pool(
        elsewhere,
        scale=question.scale,
        lower_is_better=question.lower_is_better,
        allowance=allowance,
        left_out=found.on_another_scale,
    )
    start = _start(pooled, question, stated, tau_scale, bool(own))
    if isinstance(start, NotEstimable):
        return start
    updates = _updates(start.normal, own, question, allowance)
    final = updates[-1].after if updates else start.normal
    assert final is not None, "without studies from elsewhere or a stated prior there is an own result"
    return Predictive(
        strategy=question.strategy,
        over=question.over,
        scale=question.scale,
        lower_is_better=question.lower_is_better,
        mean=final.mean,
        sd=final.sd,
        basis=start.basis,
        heterogeneity=start.heterogeneity,
        tau=start.tau,
        from_elsewhere=start.normal,
        own=updates,
        pooled=None if isinstance(pooled, NotEstimable) else pooled,
        notes=(*start.notes, *_about_surprises(updates)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """The expectation before own results on the same question."""

    normal: Normal | None
    basis: PriorBasis
    heterogeneity: Heterogeneity
    tau: float | None = None
    notes: tuple[str, ...] = ()


def _is_own_answer(study: LibraryStudy, question: Question) -> bool:
    return study.is_own and question.indicator is not None and study.indicator == question.indicator


def _start(
    pooled: Pooled | NotEstimable,
    question: Question,
    stated: Normal | None,
    tau_scale: float | None,
    has_own: bool,
) -> _Start | NotEstimable:
    if isinstance(pooled, Pooled):
        return _many(pooled) if len(pooled.studies) >= FEW else _few(pooled, question.scale, tau_scale)
    if stated is not None:
        note = "No study of it is in the library; the expectation is the one that the programme's file states."
        return _Start(normal=stated, basis=PriorBasis.STATED, heterogeneity=Heterogeneity.STATED, notes=(note,))
    if has_own:
        note = "No study from elsewhere is in the library; the programme's own results stand alone."
        return _Start(normal=None, basis=PriorBasis.OWN_ALONE, heterogeneity=Heterogeneity.NOT_NEEDED, notes=(note,))
    return NotEstimable(
        reason="no-evidence",
        detail=f"The library holds no study of {question.strategy} over {question.over}, and no expectation is stated.",
    )


def _many(pooled: Pooled) -> _Start | NotEstimable:
    if isinstance(pooled.tau, NotEstimable):  # pragma: no cover - five studies always have one
        return pooled.tau
    sd = (pooled.std_error**2 + pooled.tau**2) ** 0.5
    return _Start(
        normal=Normal(pooled.mean, sd),
        basis=PriorBasis.STUDIES,
        heterogeneity=Heterogeneity.ESTIMATED,
        tau=pooled.tau,
        notes=pooled.notes,
    )


def _few(pooled: Pooled, scale: EvidenceScale, tau_scale: float | None) -> _Start | NotEstimable:
    expected = tau_scale if tau_scale is not None else TAU_SCALE[scale]
    if expected is None:
        return NotEstimable(
            reason="variation-not-known",
            detail=f"From {_count(len(pooled.studies))} on the scale {scale.value} it cannot be said how much the "
            "effect varies between places, and no expectation of that is stated.",
        )
    fit = half_normal_pooling(
        [study.effect for study in pooled.studies], [study.std_error for study in pooled.studies], tau_scale=expected
    )
    note = (
        f"{_count(len(pooled.studies)).capitalize()} cannot tell how much the effect varies between places; that it "
        f"varies by about {expected:g} on the scale {scale.value} is an assumption."
    )
    return _Start(
        normal=fit.new_place,
        basis=PriorBasis.STUDIES,
        heterogeneity=Heterogeneity.HALF_NORMAL,
        tau=fit.tau.mean,
        notes=(*pooled.notes, note),
    )


def _updates(
    start: Normal | None,
    own: Sequence[LibraryStudy],
    question: Question,
    allowance: Mapping[StudyDesign, float] | None,
) -> tuple[OwnUpdate, ...]:
    """Each own result in the order of posting; what follows one is what goes before the next."""
    updates: list[OwnUpdate] = []
    belief = start
    for study in sorted(own, key=lambda study: (study.posted_on or "", study.id)):
        effect, error = directed(study, question.lower_is_better), allowed(study, allowance)
        after = Normal(effect, error) if belief is None else updated(belief, effect, error)
        updates.append(
            OwnUpdate(
                study=study.id,
                posted_on=study.posted_on or "",
                effect=effect,
                std_error=error,
                before=belief,
                after=after,
                surprise=None if belief is None else surprise(belief, effect, error),
            )
        )
        belief = after
    return tuple(updates)


def _about_surprises(updates: Sequence[OwnUpdate]) -> tuple[str, ...]:
    return tuple(
        f"The own result {update.study} lies {abs(update.surprise):.1f} standard deviations from what was expected; "
        "ask why before relying on both together."
        for update in updates
        if update.surprise is not None and abs(update.surprise) > 2
    )


def _count(studies: int) -> str:
    return {1: "one study", 2: "two studies", 3: "three studies", 4: "four studies"}.get(studies, f"{studies} studies")
