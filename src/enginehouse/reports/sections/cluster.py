"""One region is one cluster: the product's argument, in one figure and five sentences."""

from __future__ import annotations

import math

from enginehouse.core.words import counted
from enginehouse.evaluation.results import EmbeddedTrialResult, PlaceboSet
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, Paragraph, Section
from enginehouse.reports.effects import display_effect, limits_words, page_words, point_words
from enginehouse.reports.figures import Effect, OneCluster, expected_by_chance, one_cluster_figure
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.trial import (
    Trial,
    equivalent_within,
    plus_minus,
    trial_of,
    word_like_this,
    worthwhile_from,
)
from enginehouse.stats.results import Estimate


def cluster_section(basis: Basis) -> Section:
    title = _say("title")
    placebo, wide, narrow = basis.placebo, basis.result.with_drift, basis.result.months_only
    if placebo is None or not isinstance(wide, Estimate) or not isinstance(narrow, Estimate):
        reason = "" if isinstance(wide, Estimate) else wide.detail
        return Section(id="one-cluster", title=title, blocks=(Paragraph(text=_say("none", reason=reason)),))
    blocks: list[Block] = [
        one_cluster_figure(_figure(basis, placebo, narrow, wide)),
        Bullets(items=_sentences(basis, placebo, narrow, wide), numbered=True),
        *(Paragraph(text=text) for text in _about_the_trial(basis, wide)),
    ]
    return Section(id="one-cluster", title=title, blocks=tuple(blocks))


def farther_areas(placebo: PlaceboSet) -> int:
    """How many placebo areas moved at least as far as the treated one: rank p is (1 + that) / (1 + areas)."""
    return round(placebo.rank_p * (len(placebo.areas) + 1)) - 1


def _figure(basis: Basis, placebo: PlaceboSet, narrow: Estimate, wide: Estimate) -> OneCluster:
    analysis, trial = basis.protocol.analysis, trial_of(basis)
    margins = None
    if analysis.equivalence is not None:
        low, high = analysis.equivalence
        margins = (100 * (low - 1), 100 * (high - 1)) if basis.is_ratio else (low * basis.scale, high * basis.scale)
    return OneCluster(
        treated_name=basis.evaluation.exposed_title,
        window=basis.window,
        noun=basis.facts.noun,
        placebo_areas=tuple(_area(basis, a.estimate, a.low, a.high) for a in placebo.areas),
        months_only=display_effect(narrow, scale=basis.scale),
        with_drift=display_effect(wide, scale=basis.scale),
        trial_half_width=None if trial is None else trial.half,
        margins=margins,
        direction=basis.primary.direction,
        **({} if basis.is_ratio else {"value_format": "{:+.3g}"}),
    )


def _area(basis: Basis, *values: float) -> Effect:
    shown = [100 * math.expm1(value) if basis.is_ratio else value * basis.scale for value in values]
    return Effect(value=shown[0], low=shown[1], high=shown[2])


def _sentences(basis: Basis, placebo: PlaceboSet, narrow: Estimate, wide: Estimate) -> tuple[str, ...]:
    """The five sentences; four where no trial was quoted or computed."""
    count, treated, trial = len(placebo.areas), basis.evaluation.exposed_title, trial_of(basis)
    said = [
        _say("drift"),
        _say(
            "placebo",
            count=count,
            start=fmt.month_words(basis.evaluation.starts),
            significant=placebo.significant,
            expected=expected_by_chance(count),
        ),
        _say(
            "place",
            treated=treated,
            estimate=point_words(wide, scale=basis.scale),
            farther=farther_areas(placebo) or _say("none_of_them"),
            count=count,
        ),
        _say(
            "interval",
            members=counted(basis.primary.exposed_members, basis.facts.noun),
            months=counted(len(basis.protocol.design.span), "month"),
            wide=limits_words(wide, scale=basis.scale),
            narrow=limits_words(narrow, scale=basis.scale),
        ),
    ]
    return tuple(said) if trial is None else (*said, _trial_sentence(basis, trial))


def _trial_sentence(basis: Basis, trial: Trial) -> str:
    words = {"noun": basis.facts.noun, "half": plus_minus(trial.half)}
    if trial.is_clearly_narrower:
        return _say("trial", **words)
    return _say("trial_wide", present=plus_minus(trial.present or trial.half), **words)


def _about_the_trial(basis: Basis, wide: Estimate) -> tuple[str, ...]:
    """What the trial could and could not decide, and where its width comes from; or why there is none."""
    trial, found, missing = trial_of(basis), basis.evaluation.embedded_trial, basis.evaluation.no_embedded_trial
    if trial is None or found is None:
        return () if missing is None else (_say("no_trial", reason=missing.detail),)
    return (" ".join((*_decides(basis, trial, wide),)), _trial_source(basis, found))


def _decides(basis: Basis, trial: Trial, wide: Estimate) -> list[str]:
    said = [_say("detects", half=plus_minus(trial.half), detectable=f"{fmt.number(trial.detectable, 1)}%")]
    word = word_like_this(basis, trial)
    if word is not None:
        again = "like_this_still" if word is basis.evaluation.verdict.word else "like_this"
        said.append(
            _say(again, estimate=point_words(wide), word=say(f"dossier.verdict.word.{word.value}.headline").lower())
        )
        said.append(_say("decides_worthwhile", needed=f"{fmt.number(worthwhile_from(basis, trial), 1)}%"))
    if basis.protocol.analysis.equivalence is not None:
        within = equivalent_within(basis, trial)
        if within is None:
            said.append(_say("never_equivalent"))
        else:
            low, high = (f"{fmt.number(limit, 1)}%" for limit in within)
            said.append(_say("decides_equivalent", low=low, high=high))
    return said


def _trial_source(basis: Basis, trial: EmbeddedTrialResult) -> str:
    """Where the width comes from."""
    if trial.computed:
        note = page_words(trial.note)
        return _say("trial_computed", sites=counted(trial.sites, basis.facts.noun), note=note)
    return _say("trial_quoted", source=trial.source)


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.cluster.{key}", **values)
