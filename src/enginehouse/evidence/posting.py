"""The result of a cycle as a study of the library: whatever it was, a null result with no more effort than another.

Rehearsals, results that cannot be estimated and analyses that nobody registered are refused. What was studied comes
from the protocol: the strategies in which the two arms of the registered contrast differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from enginehouse.core.errors import UserError
from enginehouse.evaluation.parallel.results import TrialEvaluation, TrialOutcome
from enginehouse.evaluation.results import Evaluation, OutcomeResult
from enginehouse.evidence.studies import LibraryStudy
from enginehouse.programme.enums import Direction, EvidenceScale, StudyDesign
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import Estimate

USUAL_CARE = "usual-care"

_SCALES: Mapping[str, EvidenceScale] = {
    "log-ratio": EvidenceScale.LOG_RATIO,
    "difference": EvidenceScale.DIFFERENCE,
}


class NotEvidence(UserError):
    """A result that may not enter the library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What the cycle knows beside its evaluation.

    Attributes
    ----------
    cycle, posted_on, evaluation
        The cycle's name, the day of posting, and the hash of the evaluation's document.
    strategy, over
        What was studied, and over what (`studied` reads them from a protocol).
    setting
        Where, in words.
    last_month
        The last month of follow-up, `2027-04`: its year is that of completion.
    components
        What the strategy consisted of.
    moderators
        Numbers by name that may explain why its effect differs: deprivation of the sites, fidelity.
    """

    cycle: str
    posted_on: date
    evaluation: str
    strategy: str
    over: str
    setting: str
    last_month: str
    components: tuple[str, ...] = ()
    moderators: Mapping[str, float] | None = None


def study_from_evaluation(evaluation: Evaluation | TrialEvaluation, posting: Posting) -> LibraryStudy:
    """The registered result of one cycle as a study of the library.

    Parameters
    ----------
    evaluation : Evaluation or TrialEvaluation
    posting : Posting

    Returns
    -------
    LibraryStudy
        Effect and standard error as registered (for whole areas: with drift), the baseline of the comparator, and
        moderators: those given, the baseline value, each component's reach, and the estimate's degrees of freedom.

    Raises
    ------
    NotEvidence
        It is a rehearsal, or cannot be estimated, or was not registered.
    """
    _refuse(evaluation, posting)
    outcome = evaluation.primary
    estimate = outcome.headline
    assert isinstance(estimate, Estimate), "what cannot be estimated was refused"
    return LibraryStudy(
        id=f"own-{posting.cycle}",
        strategy=posting.strategy,
        over=posting.over,
        target=outcome.title,
        scale=_SCALES[estimate.scale],
        effect=estimate.value,
        std_error=estimate.std_error,
        lower_is_better=outcome.direction is Direction.LOWER_IS_BETTER,
        design=StudyDesign.CLUSTER_TRIAL if isinstance(evaluation, TrialEvaluation) else StudyDesign.CONTROLLED_ITS,
        setting=posting.setting,
        completed=int(posting.last_month[:4]),
        source=_source(evaluation, posting),
        sites=_sites(outcome),
        baseline=_baseline(outcome),
        indicator=outcome.indicator,
        cycle=posting.cycle,
        posted_on=posting.posted_on.isoformat(),
        evaluation=posting.evaluation,
        follow_up_months=evaluation.follow_up_months,
        components=posting.components,
        moderators={**_moderators(evaluation, estimate), **(posting.moderators or {})},
    )


def studied(protocol: Protocol) -> tuple[str, str]:
    """The strategy that a protocol's registered comparison studies, and over what.

    Parameters
    ----------
    protocol : Protocol

    Returns
    -------
    (str, str)
        The one strategy that the arm has and its comparator lacks; and the one strategy that is in both (it was added
        to it) or in the comparator alone (it was put in its place), or `usual-care`.

    Raises
    ------
    NotEvidence
        The arms differ in more than one strategy, or in none, or share several: no single strategy was studied.
    """
    arm, over = _compared(protocol)
    added = _in_order(arm, without=over)
    others = _in_order(over, without=()) or (USUAL_CARE,)
    if len(added) != 1 or len(others) != 1:
        raise NotEvidence(
            f"got arms with the strategies {', '.join(arm) or 'none'} and {', '.join(over) or 'none'}.",
            where="protocol.yaml  arms",
            remedy="The library holds the effect of one strategy over one comparator. Say which two are meant.",
        )
    return added[0], others[0]


def _compared(protocol: Protocol) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The strategies of the arm that is judged, and of what it is compared with."""
    if protocol.contrasts:
        first = protocol.contrasts[0]
        return protocol.arms[first.arm], protocol.arms[first.over]
    if protocol.exposure is None:
        raise NotEvidence("the protocol compares nothing.", where="protocol.yaml", remedy="Register a contrast.")
    return protocol.arms[protocol.exposure.arm], ()


def _in_order(strategies: Iterable[str], *, without: Iterable[str]) -> tuple[str, ...]:
    left_out = set(without)
    return tuple(strategy for strategy in strategies if strategy not in left_out)


def _refuse(evaluation: Evaluation | TrialEvaluation, posting: Posting) -> None:
    where = f"cycle {posting.cycle}"
    if isinstance(evaluation, TrialEvaluation) and evaluation.rehearsed:
        raise NotEvidence(
            "a rehearsal's arms were made up, so its result is no evidence.",
            where=where,
            remedy="Nothing needs to be posted; the next step is to close the cycle.",
        )
    if isinstance(evaluation, TrialEvaluation) and not evaluation.registered:
        raise NotEvidence(
            "this analysis was not registered.", where=where, remedy="Post the result of the registered analysis."
        )
    headline = evaluation.headline
    if not isinstance(headline, Estimate):
        raise NotEvidence(
            f"the effect cannot be estimated: {headline.detail}",
            where=where,
            remedy="There is no number to post. The record keeps that it was tried.",
        )


def _sites(outcome: OutcomeResult | TrialOutcome) -> int:
    if isinstance(outcome, TrialOutcome):
        return outcome.registered.sites + outcome.registered.over_sites
    return outcome.exposed_sites


def _baseline(outcome: OutcomeResult | TrialOutcome) -> float | None:
    """The comparator's value before the start; series of whole areas carry none."""
    if isinstance(outcome, TrialOutcome):
        return outcome.arm(outcome.registered.over).baseline_value
    return None


def _moderators(evaluation: Evaluation | TrialEvaluation, estimate: Estimate) -> dict[str, float]:
    found: dict[str, float] = {}
    if estimate.df != float("inf"):
        found["degrees_of_freedom"] = estimate.df
    if isinstance(evaluation, TrialEvaluation):
        arm = evaluation.primary.registered.arm
        found |= {f"reach:{part.component}": part.share for part in evaluation.fidelity if part.arm == arm}
        baseline = _baseline(evaluation.primary)
        found |= {} if baseline is None else {"baseline": baseline}
    return found


def _source(evaluation: Evaluation | TrialEvaluation, posting: Posting) -> str:
    made_up = " Data made by a computer." if evaluation.is_synthetic else ""
    return f"Cycle {posting.cycle} of this programme, evaluation {posting.evaluation[:12]}.{made_up}"
