"""What would change the verdict, the most useful first: computed from the widths at hand, never a fixed advice."""

from __future__ import annotations

import math

from enginehouse.core.words import counted
from enginehouse.evaluation.results import ClaimMark
from enginehouse.programme.enums import Direction, Verdict
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Bullets, Section
from enginehouse.reports.effects import margin_words
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.trial import Trial, plus_minus, trial_of
from enginehouse.stats.results import Estimate

LONG_BASELINE = 12
LARGER_PART = 1.25
"""A standard error this many times the other is called the larger part of the doubt."""
MORE_SITES = 4


def change_section(basis: Basis) -> Section:
    items = [text for text in (*_sites(basis), *_months(basis), _size(basis), _records(basis), _cost(basis)) if text]
    return Section(id="what-would-change-it", title=_say("title"), blocks=(Bullets(items=tuple(items)),))


def _sites(basis: Basis) -> tuple[str, ...]:
    """The trial first only where it is clearly narrower; otherwise more sites, and other areas."""
    trial = trial_of(basis)
    areas = _say("more_areas") if basis.placebo is not None else ""
    if trial is None:
        return (areas,)
    words: dict[str, str | int] = {
        "noun": basis.facts.noun,
        "half": plus_minus(trial.half),
        "times": counted(MORE_SITES, "time"),
        "quarter": plus_minus(trial.half_with(MORE_SITES)),
    }
    if trial.present is None:
        return (_say("trial_alone", **words), areas)
    words["present"] = plus_minus(trial.present)
    key = "trial" if trial.is_clearly_narrower else "more_sites"
    return (f"{_say(key, **words)}{_needed_sites(basis, trial)}", areas)


def _needed_sites(basis: Basis, trial: Trial) -> str:
    """How many sites would make the interval as narrow as what would matter."""
    matters = abs(100 * (basis.evaluation.verdict.worthwhile - 1))
    if matters == 0 or trial.half <= matters:
        return ""
    many = fmt.big_number(trial.members_for(matters))
    return " " + _say("needed_sites", margin=plus_minus(matters), count=many, noun=basis.facts.noun)


def _months(basis: Basis) -> tuple[str, ...]:
    """Whether more months would help: not where the baseline is long and drift is the larger part of the doubt."""
    alone, placebo = basis.result.months_only, basis.placebo
    if placebo is None or not isinstance(alone, Estimate):
        return ()
    within, between = alone.std_error, placebo.tau
    words = {"within": _spread(basis, within), "between": _spread(basis, between)}
    if basis.evaluation.baseline_months < LONG_BASELINE:
        return (_say("short_baseline", months=counted(basis.evaluation.baseline_months, "month"), **words),)
    if between >= LARGER_PART * within:
        return (_say("not_months", **words),)
    return (_say("months_most" if within >= LARGER_PART * between else "months_half", **words),)


def _spread(basis: Basis, std_error: float) -> str:
    """A standard error on the scale of the display."""
    if basis.is_ratio:
        return f"{fmt.number(100 * std_error, 1)}%"
    return fmt.significant(std_error * basis.scale, 2)


def _size(basis: Basis) -> str:
    """The least effect that this interval would have let be called worthwhile."""
    estimate, verdict = basis.result.with_drift, basis.evaluation.verdict
    if not isinstance(estimate, Estimate):
        return _say("estimable", reason=estimate.detail)
    if verdict.word is Verdict.WORTHWHILE:
        return ""
    half = estimate.interval().high - estimate.value
    side = -1.0 if basis.primary.direction is Direction.LOWER_IS_BETTER else 1.0
    margin = math.log(verdict.worthwhile) if basis.is_ratio else verdict.worthwhile
    needed = margin + side * half
    return _say(
        "size",
        needed=margin_words(math.exp(needed) if basis.is_ratio else needed, is_ratio=basis.is_ratio, scale=basis.scale),
    )


def _records(basis: Basis) -> str:
    untested = sum(claim.mark is ClaimMark.CANNOT_BE_TESTED for claim in basis.evaluation.claims)
    return _say("records", count=untested, claims=len(basis.evaluation.claims)) if untested else ""


def _cost(basis: Basis) -> str:
    economics = basis.protocol.economics
    return _say("cost") if economics is not None and economics.campaign_cost is None else ""


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.change.{key}", **values)
