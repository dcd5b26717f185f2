"""The figures of a trial: the arms month by month, the effect beside its margins, and a rehearsal among its draws."""

from __future__ import annotations

import math
from collections.abc import Sequence

from enginehouse.core.words import first_upper
from enginehouse.evaluation.parallel.results import ArmSummary, RehearsalPlace
from enginehouse.reports import format as fmt
from enginehouse.reports.charts.scales import number_label
from enginehouse.reports.charts.spec import (
    Bar,
    BarChart,
    Emphasis,
    IntervalChart,
    IntervalGroup,
    IntervalRow,
    Marker,
    Series,
    SeriesChart,
)
from enginehouse.reports.content import Figure
from enginehouse.reports.effects import display_effect, effect_words, scaled_per, value_format
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import margin
from enginehouse.stats.results import Estimate, Estimated

_OTHERS: tuple[Emphasis, ...] = ("counterfactual", "evaluation", "flagged", "improvement")
_BINS = 15


def series_figure(basis: TrialBasis) -> Figure:
    """The arms' own values by month, the judged arm emphasised."""
    outcome = basis.primary
    factor = 100.0 if outcome.is_proportion else float(outcome.scale)
    shown = [[None if v is None else v * factor for v in arm.series] for arm in outcome.arms]
    form = value_format((v for line in shown for v in line), is_percent=outcome.is_proportion)
    starts = basis.evaluation.starts
    chart = SeriesChart(
        months=outcome.arms[0].months,
        y_label=_label(basis),
        series=tuple(
            Series(name=first_upper(arm.title), values=tuple(line), emphasis=emphasis)
            for arm, line, emphasis in zip(outcome.arms, shown, _emphases(basis), strict=True)
        ),
        markers=(Marker(month=starts, label=_say("start", start=fmt.month_words(starts))),),
        value_format=form,
    )
    arms = [_arm_words(arm, line, starts, form) for arm, line in zip(outcome.arms, shown, strict=True)]
    alt = _say(
        "series_alt",
        first=fmt.month_words(chart.months[0]),
        last=fmt.month_words(chart.months[-1]),
        start=fmt.month_words(starts),
        arms=" ".join(arms),
    )
    return Figure(chart=chart, caption=_say("series_caption", title=outcome.short_title), alt=alt)


def interval_figure(basis: TrialBasis) -> Figure | None:
    """The registered effect, other arms and other ways of asking, beside what would have mattered; None without any."""
    groups = [group for group in _groups(basis) if group.rows]
    if not groups or not isinstance(basis.contrast.effect, Estimate):
        return None
    analysis, form = basis.protocol.analysis, _effect_format(basis)
    margins = analysis.equivalence
    worthwhile = margin(basis, analysis.worthwhile)
    label = ""
    if margins is not None:
        low, high = (margin(basis, limit) for limit in margins)
        label = _say("margins", low=low, high=high)
    better, worse = _say("better"), _say("worse")
    sides = (better, worse) if basis.lower_is_better else (worse, better)
    chart = IntervalChart(
        x_label=_say("interval_axis", arm=first_upper(basis.arm_title), over=basis.over_title, window=basis.window),
        groups=tuple(groups),
        reference_label=_say("no_difference"),
        margins=None if margins is None else (_shown_margin(basis, margins[0]), _shown_margin(basis, margins[1])),
        margins_label=label,
        value_format=form,
        guide=_shown_margin(basis, analysis.worthwhile),
        low_label=f"\N{LEFTWARDS ARROW} {sides[0]}",
        high_label=f"{sides[1]} \N{RIGHTWARDS ARROW}",
    )
    caption = _say("interval_caption" if margins is not None else "interval_caption_plain", worthwhile=worthwhile)
    return Figure(chart=chart, caption=caption, alt=_say("interval_alt", rows=_rows_words(basis)))


def rehearsal_figure(basis: TrialBasis, place: RehearsalPlace) -> Figure:
    """How the draws of a rehearsal fell, as counts in bars of equal width."""
    shown = [_displayed(basis, value) for value in place.estimates]
    own = basis.contrast.effect
    here = _displayed(basis, own.value) if isinstance(own, Estimate) else math.nan
    form = _effect_format(basis)
    bars = tuple(
        Bar(
            label=_rehearse("bar", low=number_label(low, form), high=number_label(high, form)),
            value=count,
            emphasis="main" if low <= here < high else "comparison",
            note=_rehearse("here") if low <= here < high else "",
        )
        for low, high, count in _counted(shown)
    )
    said = [_rehearse("bar_alt", label=bar.label, count=fmt.count(round(bar.value))) for bar in bars]
    caption = _rehearse("caption", count=fmt.count(len(shown)), noun=basis.noun)
    chart = BarChart(x_label=_rehearse("axis"), bars=bars, value_format="{:,.0f}")
    return Figure(chart=chart, caption=caption, alt=_rehearse("alt", bars="; ".join(said)))


def _counted(values: Sequence[float]) -> list[tuple[float, float, int]]:
    """Bars of equal width with their counts."""
    low, high = min(values), max(values)
    step = (high - low) / _BINS or 1.0
    counts = [0] * _BINS
    for value in values:
        counts[min(int((value - low) / step), _BINS - 1)] += 1
    return [(low + n * step, low + (n + 1) * step, count) for n, count in enumerate(counts)]


def _emphases(basis: TrialBasis) -> list[Emphasis]:
    """The judged arm as the main line, its comparator beside it, others by pattern."""
    found: list[Emphasis] = []
    others = iter(_OTHERS * 8)
    for arm in basis.primary.arms:
        known: dict[str, Emphasis] = {basis.contrast.arm: "main", basis.contrast.over: "comparison"}
        found.append(known[arm.arm] if arm.arm in known else next(others))
    return found


def _label(basis: TrialBasis) -> str:
    outcome = basis.primary
    if outcome.is_proportion:
        return _say("percent_label", title=outcome.short_title)
    per = scaled_per(outcome.per, outcome.scale)
    return _say("series_label", title=outcome.short_title, unit=outcome.unit, per=per)


def _arm_words(arm: ArmSummary, line: Sequence[float | None], starts: str, form: str) -> str:
    before = max(arm.months.index(starts) - 1, 0) if starts in arm.months else 0
    words = {
        name: fmt.EN_DASH if line[at] is None else number_label(line[at] or 0.0, form)
        for name, at in {"first": 0, "before": before, "last": -1}.items()
    }
    return _say("series_arm", arm=first_upper(arm.title), **words)


def _groups(basis: TrialBasis) -> list[IntervalGroup]:
    contrasts = basis.primary.contrasts
    registered = [_row(basis, _name(basis, c.arm, c.over), c.effect, "main") for c in contrasts if c.registered]
    others = [_row(basis, _name(basis, c.arm, c.over), c.effect, "comparison") for c in contrasts if not c.registered]
    own = (basis.primary.indicator, basis.contrast.arm, basis.contrast.over)
    checks = [
        _row(basis, check.title, check.estimate, "comparison")
        for check in basis.evaluation.checks
        if check.estimate is not None and (check.indicator, check.arm, check.over) == own
    ]
    titles = (("group_registered", registered), ("group_others", others), ("group_checks", checks))
    return [IntervalGroup(title=_say(key), rows=tuple(row for row in rows if row is not None)) for key, rows in titles]


def _name(basis: TrialBasis, arm: str, over: str) -> str:
    return say("trial.arm_of", arm=first_upper(basis.title(arm)), over=basis.title(over))


def _row(basis: TrialBasis, label: str, estimate: Estimated, emphasis: Emphasis) -> IntervalRow | None:
    """A row on the registered scale; an estimate on the other scale has no place here."""
    expected = "log-ratio" if basis.is_ratio else "difference"
    if not isinstance(estimate, Estimate) or estimate.scale != expected:
        return None
    shown = display_effect(estimate, scale=basis.scale)
    return IntervalRow(label=label, value=shown.value, low=shown.low, high=shown.high, emphasis=emphasis)


def _rows_words(basis: TrialBasis) -> str:
    rows = [(_name(basis, c.arm, c.over), c.effect) for c in basis.primary.contrasts]
    rows += [(check.title, check.estimate) for check in basis.evaluation.checks if check.estimate is not None]
    return " ".join(
        _say("interval_row", label=label, effect=effect_words(estimate, scale=basis.scale))
        for label, estimate in rows
        if isinstance(estimate, Estimate)
    )


def _shown_margin(basis: TrialBasis, margin: float) -> float:
    return 100 * (margin - 1) if basis.is_ratio else margin * basis.scale


def _displayed(basis: TrialBasis, value: float) -> float:
    return 100 * math.expm1(value) if basis.is_ratio else value * basis.scale


def _effect_format(basis: TrialBasis) -> str:
    return "{:.1f}%" if basis.is_ratio else "{:,.3g}"


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.effect.{key}", **values)


def _rehearse(key: str, **values: str | int) -> str:
    return say(f"trial.rehearsal.{key}", **values)
