"""One region is one cluster: the product's argument, in one figure and five sentences."""

from __future__ import annotations

import math

from enginehouse.evaluation.results import EmbeddedTrialResult, PlaceboSet
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, Paragraph, Section
from enginehouse.reports.effects import display_effect, limits_words, point_words
from enginehouse.reports.figures import Effect, OneCluster, expected_by_chance, one_cluster_figure
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
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
    ]
    if basis.evaluation.embedded_trial is not None:
        blocks.append(Paragraph(text=_trial_source(basis, basis.evaluation.embedded_trial)))
    return Section(id="one-cluster", title=title, blocks=tuple(blocks))


def trial_half_width(basis: Basis) -> float | None:
    """Half of the trial's interval in per cent of the mean rate; it is not known in another unit."""
    trial = basis.evaluation.embedded_trial
    return 100 * trial.half_width if trial is not None and basis.is_ratio else None


def half_words(basis: Basis) -> str:
    """`2.0%`, or a dash where no trial was quoted or computed."""
    half = trial_half_width(basis)
    return fmt.EN_DASH if half is None else f"{fmt.number(half, 1)}%"


def farther_areas(placebo: PlaceboSet) -> int:
    """How many placebo areas moved at least as far as the treated one: rank p is (1 + that) / (1 + areas)."""
    return round(placebo.rank_p * (len(placebo.areas) + 1)) - 1


def _figure(basis: Basis, placebo: PlaceboSet, narrow: Estimate, wide: Estimate) -> OneCluster:
    analysis = basis.protocol.analysis
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
        trial_half_width=trial_half_width(basis),
        margins=margins,
        **({} if basis.is_ratio else {"value_format": "{:+.3g}"}),
    )


def _area(basis: Basis, *values: float) -> Effect:
    shown = [100 * math.expm1(value) if basis.is_ratio else value * basis.scale for value in values]
    return Effect(value=shown[0], low=shown[1], high=shown[2])


def _sentences(basis: Basis, placebo: PlaceboSet, narrow: Estimate, wide: Estimate) -> tuple[str, ...]:
    """The five sentences; four where no trial was quoted or computed."""
    count, treated = len(placebo.areas), basis.evaluation.exposed_title
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
            farther=farther_areas(placebo),
            count=count,
        ),
        _say(
            "interval",
            members=fmt.count(basis.primary.exposed_members),
            noun=basis.facts.noun,
            months=len(basis.protocol.design.span),
            wide=limits_words(wide, scale=basis.scale),
            narrow=limits_words(narrow, scale=basis.scale),
        ),
    ]
    if trial_half_width(basis) is not None:
        said.append(_say("trial", noun=basis.facts.noun, half=half_words(basis)))
    return tuple(said)


def _trial_source(basis: Basis, trial: EmbeddedTrialResult) -> str:
    """Where the width comes from, and how small an effect so wide an interval can still tell from none."""
    power = _say("trial_power", detectable=f"{fmt.number(100 * trial.detectable, 1)}%")
    if trial.computed:
        source = _say("trial_computed", sites=fmt.count(trial.sites), noun=basis.facts.noun, note=trial.note)
    else:
        source = _say("trial_quoted", source=trial.source)
    return f"{source} {power}"


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.cluster.{key}", **values)
