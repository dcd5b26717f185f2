"""What was found: the arms month by month, the effect beside its margins, and every registered outcome."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import first_upper
from enginehouse.evaluation.parallel.results import ArmSummary, ContrastResult, TrialOutcome
from enginehouse.evaluation.results import TruthResult
from enginehouse.programme.enums import NumeratorKind
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, Callout, DataTable, Paragraph, Section
from enginehouse.reports.effects import effect_words, page_words, table_cells
from enginehouse.reports.messages import say
from enginehouse.reports.sections.effect import own_unit_words
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.figures import interval_figure, series_figure
from enginehouse.reports.trial_sections.words import estimated_words, joined, named_words
from enginehouse.stats.results import Estimate


def effect_section(basis: TrialBasis) -> Section:
    blocks: list[Block] = [series_figure(basis), Paragraph(text=_sentence(basis))]
    figure = interval_figure(basis)
    blocks += [figure] if figure is not None else []
    blocks += _own_unit(basis)
    if basis.evaluation.truth:
        blocks.append(_truths(basis))
    if len(basis.primary.contrasts) > 1:
        blocks.append(_contrasts(basis))
    blocks.append(_outcomes(basis))
    notes = tuple(_notes(basis))
    blocks += [Bullets(items=notes)] if notes else []
    return Section(id="effect", title=_say("title"), blocks=tuple(blocks))


def _sentence(basis: TrialBasis) -> str:
    contrast = basis.contrast
    if not isinstance(contrast.effect, Estimate):
        return _say("not_estimable", outcome=basis.primary.title, reason=page_words(contrast.effect.detail))
    said = _say(
        "sentence",
        outcome=basis.primary.title,
        effect=effect_words(contrast.effect, scale=basis.scale),
        arm=basis.arm_title,
        over=basis.over_title,
        window=basis.window,
    )
    other = contrast.difference if contrast.effect.scale == "log-ratio" else contrast.ratio
    if isinstance(other, Estimate):
        said = f"{said} {_say('other_scale', effect=effect_words(other, scale=basis.scale))}"
    return said


def _own_unit(basis: TrialBasis) -> list[Block]:
    absolute = basis.contrast.absolute
    if absolute is None:
        return []
    kind = basis.record.primary_numerator_kind
    key = "units_patients" if kind is NumeratorKind.PATIENTS else "units"
    words = {} if kind is NumeratorKind.PATIENTS else {"unit": absolute.unit}
    units = say(f"dossier.effect.{key}", **words)
    return [
        Paragraph(text=own_unit_words(absolute)),
        Callout(title=say("dossier.effect.units_title"), text=units, tone="caution"),
    ]


def _outcomes(basis: TrialBasis) -> DataTable:
    arms = basis.primary.arms
    return DataTable(
        caption=_say("table"),
        header=(
            _say("outcome_header"),
            *(first_upper(arm.title) for arm in arms),
            _say("change_header"),
            _say("interval_header"),
        ),
        rows=tuple(_outcome_row(outcome) for outcome in basis.evaluation.outcomes),
        numeric=frozenset(range(1, len(arms) + 3)),
        note=_say("table_note"),
    )


def _outcome_row(outcome: TrialOutcome) -> tuple[str, ...]:
    role = say(f"dossier.effect.role.{outcome.role.value}")
    cells = table_cells(outcome.headline, scale=outcome.scale)
    return (f"{outcome.short_title} ({role})", *(_follow_up(outcome, arm) for arm in outcome.arms), *cells)


def _follow_up(outcome: TrialOutcome, arm: ArmSummary) -> str:
    if arm.follow_up_value is None:
        return fmt.EN_DASH
    if outcome.is_proportion:
        return fmt.percent(arm.follow_up_value)
    return fmt.significant(arm.follow_up_value * outcome.scale)


def _contrasts(basis: TrialBasis) -> DataTable:
    return DataTable(
        caption=f"{basis.primary.short_title}. {_say('contrasts')}",
        header=(_say("contrast_header"), _say("change_header"), _say("interval_header")),
        rows=tuple(_contrast_row(basis, contrast) for contrast in basis.primary.contrasts),
        numeric=frozenset({1, 2}),
    )


def _contrast_row(basis: TrialBasis, contrast: ContrastResult) -> tuple[str, ...]:
    name = say("trial.arm_of", arm=first_upper(basis.title(contrast.arm)), over=basis.title(contrast.over))
    return (name, *table_cells(contrast.effect, scale=basis.scale))


def _truths(basis: TrialBasis) -> DataTable:
    return DataTable(
        caption=_say("truth"),
        header=tuple(_say(f"{name}_header") for name in ("outcome", "planted", "estimated", "held")),
        rows=tuple(_truth_row(basis, truth) for truth in basis.evaluation.truth),
        numeric=frozenset({1, 2}),
        note=_say("truth_note"),
    )


def _truth_row(basis: TrialBasis, truth: TruthResult) -> tuple[str, ...]:
    outcome = basis.evaluation.outcome(truth.indicator)
    held = _say({True: "covers", False: "misses", None: "unknown"}[truth.covered])
    estimate = estimated_words(truth.estimate, scale=outcome.scale)
    return (outcome.short_title, fmt.percent_change(truth.ratio), estimate, held)


def _notes(basis: TrialBasis) -> Iterator[str]:
    contrast, variation = basis.contrast, basis.primary.variation
    if isinstance(contrast.effect, Estimate):
        kind = page_words(contrast.std_error_kind)
        covariates = joined(named_words(basis, name) for name in contrast.covariates)
        yield (
            _say("method", kind=first_upper(kind), covariates=covariates)
            if covariates
            else _say("method_plain", kind=first_upper(kind))
        )
        yield from (page_words(note) for note in contrast.effect.notes)
    if variation.icc is not None and variation.size_cv is not None:
        yield _say(
            "variation", noun=basis.noun, icc=fmt.percent(variation.icc, 0), size_cv=fmt.percent(variation.size_cv, 0)
        )
    elif variation.reason:
        yield page_words(variation.reason)
    for outcome in basis.evaluation.outcomes:
        if outcome is not basis.primary and not isinstance(outcome.headline, Estimate):
            yield _say("not_estimable", outcome=outcome.short_title, reason=page_words(outcome.headline.detail))
        yield from (say("dossier.effect.note", outcome=outcome.short_title, note=page_words(n)) for n in outcome.notes)
    yield from (page_words(note) for note in basis.evaluation.notes)


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.effect.{key}", **values)
