"""The figure of what happened, and the effect: in per cent, in its own unit with its denominator, for every outcome."""

from __future__ import annotations

from enginehouse.core.words import counted, plural
from enginehouse.evaluation.results import AbsoluteEffect, ComparisonSeries, OutcomeResult, TruthResult
from enginehouse.programme.enums import NumeratorKind
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, Callout, DataTable, Paragraph, Section
from enginehouse.reports.effects import effect_words, page_words, scaled_per, table_cells, value_format
from enginehouse.reports.figures import ControlledSeries, controlled_series_figure
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.stats.results import Estimate, Estimated, NotEstimable

_ENOUGH_AREAS = 20
"""With fewer placebo areas the smallest p by rank is above 0.05, and is said."""


def figure_section(basis: Basis) -> Section:
    series = basis.comparison.series
    title = say("dossier.figure.title")
    if series is None:
        text = say("dossier.figure.none", reason=_reason(basis.result.months_only))
        return Section(id="figure", title=title, blocks=(Paragraph(text=text),))
    shown = _controlled(basis, series)
    read = say(
        "dossier.figure.read",
        last_words=fmt.month_words(shown.months[-1]),
        treated=shown.treated_name,
        control=shown.control_name,
        observed=shown.value_format.format(shown.treated[-1]),
        expected=shown.value_format.format(shown.without[-1] or 0.0),
        window=basis.window,
    )
    return Section(id="figure", title=title, blocks=(controlled_series_figure(shown), Paragraph(text=read)))


def effect_section(basis: Basis) -> Section:
    blocks: list[Block] = []
    estimate = basis.result.with_drift
    if isinstance(estimate, Estimate):
        blocks.append(Paragraph(text=" ".join((_sentence(basis, estimate), *_beside(basis)))))
    else:
        blocks += [Paragraph(text=text) for text in _no_estimate(basis, estimate)]
    if basis.result.absolute is not None:
        blocks += _own_unit(basis, basis.result.absolute)
    if basis.evaluation.truth:
        blocks.append(_truths(basis))
    blocks.append(_table(basis))
    notes = _notes(basis)
    if notes:
        blocks.append(Bullets(items=notes))
    return Section(id="effect", title=say("dossier.effect.title"), blocks=tuple(blocks))


def series_values(values: tuple[float, ...], outcome: OutcomeResult, *, is_percent: bool) -> tuple[float, ...]:
    """A series in display units."""
    factor = 100.0 if is_percent else float(outcome.scale)
    return tuple(value * factor for value in values)


def _controlled(basis: Basis, series: ComparisonSeries) -> ControlledSeries:
    outcome, is_percent = basis.primary, basis.facts.primary_is_proportion
    treated = series_values(series.treated, outcome, is_percent=is_percent)
    without = series_values(series.treated_without, outcome, is_percent=is_percent)
    start = series.months.index(series.starts)
    key = "percent_label" if is_percent else "label"
    words = {} if is_percent else {"unit": outcome.unit, "per": scaled_per(outcome.per, outcome.scale)}
    return ControlledSeries(
        months=series.months,
        starts=series.starts,
        treated_name=basis.evaluation.exposed_title,
        control_name=basis.comparison.title,
        treated=treated,
        control=series_values(series.control, outcome, is_percent=is_percent),
        without=tuple(None if position < start else value for position, value in enumerate(without)),
        label=say(f"dossier.figure.{key}", title=outcome.short_title, **words),
        value_format=value_format(treated, is_percent=is_percent),
    )


def _sentence(basis: Basis, estimate: Estimate) -> str:
    return _say(
        "sentence",
        outcome=basis.primary.title,
        effect=effect_words(estimate, scale=basis.scale),
        window=basis.window,
        comparator=basis.comparison.title,
    )


def _beside(basis: Basis) -> list[str]:
    """The same effect against the comparators that are shown beside the registered one."""
    others = [comparison for comparison in basis.primary.comparisons if not comparison.registered]
    estimates = [(comparison.title, comparison.window(basis.result.window).with_drift) for comparison in others]
    return [
        _say(
            "beside",
            comparator=title,
            effect=effect_words(estimate, scale=basis.scale)
            if isinstance(estimate, Estimate)
            else say("page.cannot_be_estimated"),
        )
        for title, estimate in estimates
    ]


def _no_estimate(basis: Basis, estimate: Estimated) -> list[str]:
    said = [_say("not_estimable", outcome=basis.primary.title, reason=_reason(estimate))]
    alone = basis.result.months_only
    if isinstance(alone, Estimate):
        said.append(_say("descriptive", effect=effect_words(alone, scale=basis.scale)))
    return said


def _own_unit(basis: Basis, effect: AbsoluteEffect) -> list[Block]:
    text = own_unit_words(effect)
    if not isinstance(basis.result.with_drift, Estimate):
        text = f"{text} {_say('own_unit_basis')}"
    kind = basis.facts.primary_numerator_kind
    units = _say("units_patients") if kind is NumeratorKind.PATIENTS else _say("units", unit=effect.unit)
    return [Paragraph(text=text), Callout(title=_say("units_title"), text=units, tone="caution")]


def own_unit_words(effect: AbsoluteEffect) -> str:
    """The effect in the indicator's own unit, with its denominator."""
    return _share_words(effect) if effect.is_proportion else _rate_words(effect)


def _rate_words(effect: AbsoluteEffect) -> str:
    """A rate of a standing population: over the window, for one of it."""
    limits = (effect.change_per_denominator_low, effect.change_per_denominator_high)
    rates = [fmt.significant(limit * effect.scale) for limit in limits]
    return _say(
        "own_unit",
        change=fmt.big_number(effect.change),
        unit=effect.unit,
        interval=fmt.interval_words(fmt.big_number(effect.change_low), fmt.big_number(effect.change_high)),
        months=counted(effect.months, "month"),
        denominator=fmt.big_number(effect.denominator),
        per=plural(effect.per),
        rate=fmt.significant(effect.change_per_denominator * effect.scale),
        rate_interval=f"{rates[0]} to {rates[1]}",
        scaled_per=scaled_per(effect.per, effect.scale),
    )


def _share_words(effect: AbsoluteEffect) -> str:
    """A share: each month has a denominator of its own, so the change is that of the ratio, in percentage points."""
    points, low, high = (
        fmt.number(100 * value, 2)
        for value in (effect.change_in_ratio, effect.change_in_ratio_low, effect.change_in_ratio_high)
    )
    return _say(
        "own_unit_share",
        points=points,
        points_interval=fmt.interval_words(low, high),
        change=fmt.big_number(effect.change),
        interval=f"{fmt.big_number(effect.change_low)} to {fmt.big_number(effect.change_high)}",
        unit=effect.unit,
        total=fmt.big_number(effect.denominator * effect.months),
        per=plural(effect.per),
        months=counted(effect.months, "month"),
    )


def _truths(basis: Basis) -> DataTable:
    """What was planted, beside what was found, outcome by outcome."""
    return DataTable(
        caption=_say("truth"),
        header=tuple(_say(f"{name}_header") for name in ("outcome", "planted", "estimated", "held", "held_alone")),
        rows=tuple(_truth_row(basis, truth) for truth in basis.evaluation.truth),
        numeric=frozenset({1, 2}),
        note=_say("truth_note"),
    )


def _truth_row(basis: Basis, truth: TruthResult) -> tuple[str, ...]:
    outcome, estimate = basis.evaluation.outcome(truth.indicator), truth.estimate
    words = effect_words(estimate) if isinstance(estimate, Estimate) else _reason(estimate)
    covered = (_covered(truth.covered), _covered(truth.covered_by_months_only))
    return (outcome.short_title, fmt.percent_change(truth.ratio), words, *covered)


def _covered(covered: bool | None) -> str:
    if covered is None:
        return _say("unknown")
    return _say("covers") if covered else _say("misses")


def _table(basis: Basis) -> DataTable:
    reasons = [
        say("dossier.effect.not_estimable", outcome=outcome.short_title, reason=outcome.headline.detail)
        for outcome in basis.evaluation.outcomes
        if isinstance(outcome.headline, NotEstimable)
    ]
    return DataTable(
        caption=_say("table"),
        header=tuple(_say(f"{name}_header") for name in ("outcome", "change", "interval", "months", "p")),
        rows=tuple(_row(outcome) for outcome in basis.evaluation.outcomes),
        numeric=frozenset({1, 2, 3, 4}),
        note=" ".join([_say("table_note"), *_smallest_p(basis), *reasons]),
    )


def _smallest_p(basis: Basis) -> list[str]:
    """With few areas even the farthest of all has no small p."""
    count = 0 if basis.placebo is None else len(basis.placebo.areas)
    if not 0 < count < _ENOUGH_AREAS:
        return []
    return [_say("smallest_p", count=counted(count, "area"), p=fmt.p_value(1 / (count + 1)))]


def _notes(basis: Basis) -> tuple[str, ...]:
    """What a reader must be told of how the numbers came about: of all of them, and of single outcomes."""
    by_outcome = [
        _say("note", outcome=outcome.short_title, note=page_words(note))
        for outcome in basis.evaluation.outcomes
        if isinstance(outcome.headline, Estimate)
        for note in outcome.headline.notes
    ]
    return (*(page_words(note) for note in basis.evaluation.notes), *by_outcome)


def _row(outcome: OutcomeResult) -> tuple[str, ...]:
    result = outcome.registered.registered_window
    change, interval = table_cells(result.with_drift, scale=outcome.scale)
    _, alone = table_cells(result.months_only, scale=outcome.scale)
    p = fmt.p_value(result.placebo.rank_p) if result.placebo else fmt.EN_DASH
    role = say(f"dossier.effect.role.{outcome.role.value}")
    return f"{outcome.short_title} ({role})", change, interval, alone, p


def _reason(estimate: Estimated) -> str:
    return "" if isinstance(estimate, Estimate) else estimate.detail


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.effect.{key}", **values)
