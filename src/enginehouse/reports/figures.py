"""Figures from plain numbers: each function returns the chart, its caption and the words that stand for it.

Effects come in display units (per cent, or the indicator's own unit); nothing is estimated here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.programme.enums import Direction
from enginehouse.reports import format as fmt
from enginehouse.reports.charts.scales import number_label
from enginehouse.reports.charts.spec import (
    CurveChart,
    CurveMark,
    DecileChart,
    Emphasis,
    IntervalChart,
    IntervalGroup,
    IntervalRow,
    Marker,
    Series,
    SeriesChart,
    TimelineChart,
    TimelineItem,
    TimelineLane,
)
from enginehouse.reports.content import Figure
from enginehouse.reports.messages import say

PERCENT = "{:.1f}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """An estimate with its interval, in display units."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledSeries:
    """What the interrupted time series shows, in display units; `without` is `None` before the start."""

    months: tuple[str, ...]
    starts: str
    treated_name: str
    control_name: str
    treated: tuple[float, ...]
    control: tuple[float, ...]
    without: tuple[float | None, ...]
    label: str
    value_format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCluster:
    """What the figure of placebo areas shows.

    `noun` is what a trial would have allocated, in the plural; `trial_half_width` is that of its 95% interval.
    `direction` says which way is better.
    """

    treated_name: str
    window: str
    noun: str
    placebo_areas: tuple[Effect, ...]
    months_only: Effect
    with_drift: Effect
    trial_half_width: float | None = None
    margins: tuple[float, float] | None = None
    direction: Direction = Direction.NONE
    value_format: str = PERCENT


def controlled_series_figure(data: ControlledSeries) -> Figure:
    """Treated, control and what the treated would have been without the campaign, month by month."""
    names = {"treated": data.treated_name, "control": data.control_name}
    chart = SeriesChart(
        months=data.months,
        y_label=data.label,
        series=(
            Series(
                name=say("figures.series.control", control=data.control_name),
                values=data.control,
                emphasis="comparison",
            ),
            Series(
                name=say("figures.series.without", treated=data.treated_name),
                values=data.without,
                emphasis="counterfactual",
            ),
            Series(name=data.treated_name, values=data.treated, emphasis="main"),
        ),
        markers=(Marker(month=data.starts, label=say("figures.series.start", start=fmt.month_words(data.starts))),),
        value_format=data.value_format,
    )
    caption = say("figures.series.caption", **names)
    return Figure(chart=chart, caption=caption, alt=_series_alt(data, names))


def one_cluster_figure(data: OneCluster) -> Figure:
    """Why one region is one cluster: areas where nothing happened, then the treated area in three lights."""
    chart = IntervalChart(
        x_label=say("figures.cluster.axis", window=data.window),
        groups=(_crowd(data), _treated_rows(data), *_trial_rows(data)),
        reference_label=say("figures.cluster.no_difference"),
        margins=data.margins,
        margins_label=_margins_label(data),
        value_format=data.value_format,
        guide=data.with_drift.value,
        low_label=_side_labels(data)[0],
        high_label=_side_labels(data)[1],
    )
    caption = say("figures.cluster.caption", treated=data.treated_name)
    if data.trial_half_width is not None:
        caption = f"{caption} {say('figures.cluster.caption_trial')}"
    return Figure(chart=chart, caption=caption, alt=_cluster_alt(data))


def decile_figure(
    months: tuple[str, ...],
    deciles: Sequence[Sequence[float | None]],
    *,
    label: str,
    count: int,
    sites: str,
    value_format: str,
    overlay: Series | None = None,
) -> Figure:
    """The deciles of sites in each month, lowest first."""
    chart = DecileChart(
        months=months,
        y_label=label,
        deciles=tuple(tuple(line) for line in deciles),
        overlay=overlay,
        value_format=value_format,
        labels=(say("figures.deciles.low"), say("figures.deciles.median"), say("figures.deciles.high")),
    )
    middle = deciles[len(deciles) // 2]
    alt = say(
        "figures.deciles.alt",
        count=fmt.count(count),
        sites=sites,
        first=fmt.month_words(months[0]),
        last=fmt.month_words(months[-1]),
        median_first=_shown(middle[0], value_format),
        median_last=_shown(middle[-1], value_format),
        low_last=_shown(deciles[0][-1], value_format),
        high_last=_shown(deciles[-1][-1], value_format),
    )
    caption = say("figures.deciles.caption", count=fmt.count(count), sites=sites)
    return Figure(chart=chart, caption=caption, alt=alt)


def cost_curve_figure(
    costs: tuple[float, ...],
    probabilities: tuple[float, ...],
    marks: Sequence[tuple[float, str, float]],
    *,
    period: str,
    saving: str,
    currency: str = "GBP",
) -> Figure:
    """The probability that the saving exceeds the cost, over cost; a mark is a cost, its label and the probability."""
    named = [(cost, cost_label(cost, label, currency), probability) for cost, label, probability in marks]
    chart = CurveChart(
        x_label=say("figures.cost_curve.x"),
        y_label=say("figures.cost_curve.y"),
        x=costs,
        y=probabilities,
        marks=tuple(CurveMark(x=cost, label=label) for cost, label, _ in named),
        x_format=f"{fmt.currency_symbol(currency)}{{:,.0f}}",
        y_range=(0.0, 1.0),
    )
    falls = say(
        "figures.cost_curve.alt",
        first=fmt.probability(probabilities[0]),
        first_cost=fmt.pounds(costs[0], currency),
        last=fmt.probability(probabilities[-1]),
        last_cost=fmt.pounds(costs[-1], currency),
    )
    said = [say("figures.cost_curve.alt_mark", label=label, value=fmt.probability(p)) for _, label, p in named]
    caption = say("figures.cost_curve.caption", period=period, saving=saving)
    return Figure(chart=chart, caption=caption, alt=" ".join([falls, *said]))


def cost_label(cost: float, label: str, currency: str) -> str:
    """A mark's label with its amount in front, unless the label begins with an amount itself."""
    return label if label.startswith(fmt.currency_symbol(currency)) else f"{fmt.pounds(cost, currency)}: {label}"


def timeline_figure(lanes: tuple[TimelineLane, ...], *, today: str = "") -> Figure:
    """Improvement and evaluation, lane by lane."""
    entries = [_entry_words(lane, item) for lane in lanes for item in lane.items]
    alt = say("figures.timeline.alt", count=len(entries), entries=" ".join(entries))
    return Figure(chart=TimelineChart(lanes=lanes, today=today), caption=say("figures.timeline.caption"), alt=alt)


def expected_by_chance(count: int, level: float = 0.95) -> str:
    """How many of `count` null results a sound interval would exclude zero for, in words: `about one`."""
    return fmt.about(count * (1 - level))


def _series_alt(data: ControlledSeries, names: dict[str, str]) -> str:
    before = data.months.index(data.starts) - 1
    return say(
        "figures.series.alt",
        first=fmt.month_words(data.months[0]),
        last=fmt.month_words(data.months[-1]),
        start=fmt.month_words(data.starts),
        treated_first=_shown(data.treated[0], data.value_format),
        treated_before=_shown(data.treated[before], data.value_format),
        treated_last=_shown(data.treated[-1], data.value_format),
        control_first=_shown(data.control[0], data.value_format),
        control_before=_shown(data.control[before], data.value_format),
        without_last=_shown(data.without[-1], data.value_format),
        **names,
    )


def _crowd(data: OneCluster) -> IntervalGroup:
    areas = sorted(data.placebo_areas, key=lambda area: area.value)
    significant = sum(area.excludes_zero for area in areas)
    note = "figures.cluster.note" if significant else "figures.cluster.note_none"
    return IntervalGroup(
        title=say("figures.cluster.crowd", count=len(areas)),
        rows=tuple(_row("", area, "flagged" if area.excludes_zero else "muted") for area in areas),
        dense=True,
        callout=say("figures.cluster.callout", significant=significant, count=len(areas)),
        note=say(note, expected=expected_by_chance(len(areas))),
    )


def _treated_rows(data: OneCluster) -> IntervalGroup:
    return IntervalGroup(
        title=say("figures.cluster.treated", treated=data.treated_name),
        rows=(
            _row(
                say("figures.cluster.months_only"),
                data.months_only,
                "comparison",
                say("figures.cluster.months_only_note"),
            ),
            _row(say("figures.cluster.with_drift"), data.with_drift, "main", say("figures.cluster.with_drift_note")),
        ),
    )


def _trial_rows(data: OneCluster) -> tuple[IntervalGroup, ...]:
    """The width alone, around no difference: nobody knows where the estimate would have fallen."""
    if data.trial_half_width is None:
        return ()
    row = IntervalRow(
        label=say("figures.cluster.trial", noun=data.noun),
        value=math.nan,
        low=-data.trial_half_width,
        high=data.trial_half_width,
        emphasis="counterfactual",
        note=say("figures.cluster.trial_note"),
        words=say("figures.cluster.trial_words", half=_shown(data.trial_half_width, data.value_format)),
        bracket=True,
    )
    return (IntervalGroup(title=say("figures.cluster.trial_group"), rows=(row,)),)


def _side_labels(data: OneCluster) -> tuple[str, str]:
    """Which way is better, at the two sides of the plot."""
    better, worse = say("figures.cluster.better"), say("figures.cluster.worse")
    return {
        Direction.LOWER_IS_BETTER: (f"\N{LEFTWARDS ARROW} {better}", f"{worse} \N{RIGHTWARDS ARROW}"),
        Direction.HIGHER_IS_BETTER: (f"\N{LEFTWARDS ARROW} {worse}", f"{better} \N{RIGHTWARDS ARROW}"),
        Direction.NONE: ("", ""),
    }[data.direction]


def _row(label: str, effect: Effect, emphasis: Emphasis, note: str = "") -> IntervalRow:
    return IntervalRow(label=label, value=effect.value, low=effect.low, high=effect.high, emphasis=emphasis, note=note)


def _margins_label(data: OneCluster) -> str:
    if data.margins is None:
        return ""
    low, high = (_shown(limit, data.value_format) for limit in data.margins)
    return say("figures.cluster.margins", low=low, high=high)


def _cluster_alt(data: OneCluster) -> str:
    values = [area.value for area in data.placebo_areas]
    words: dict[str, str | int] = {
        "count": len(values),
        "lowest": _shown(min(values), data.value_format),
        "highest": _shown(max(values), data.value_format),
        "significant": sum(area.excludes_zero for area in data.placebo_areas),
        "expected": expected_by_chance(len(values)),
        "treated": data.treated_name,
        "estimate": _shown(data.with_drift.value, data.value_format),
        "place": say(f"figures.cluster.{_place(data.with_drift.value, values)}"),
        "narrow": _limits(data.months_only, data.value_format),
        "wide": _limits(data.with_drift, data.value_format),
    }
    if data.trial_half_width is None:
        return say("figures.cluster.alt", **words)
    half = _shown(data.trial_half_width, data.value_format)
    return " ".join((say("figures.cluster.alt", **words), say("figures.cluster.alt_trial", half=half)))


def _place(value: float, among: Sequence[float]) -> str:
    return "inside" if min(among) <= value <= max(among) else "outside"


def _limits(effect: Effect, value_format: str) -> str:
    return f"{_shown(effect.low, value_format)} to {_shown(effect.high, value_format)}"


def _entry_words(lane: TimelineLane, item: TimelineItem) -> str:
    words = {"lane": lane.title, "label": item.label, "kind": item.kind, "start": fmt.date_words(item.start)}
    if item.end:
        return say("figures.timeline.entry_span", end=fmt.date_words(item.end), **words)
    return say("figures.timeline.entry_day", **words)


def _shown(value: float | None, value_format: str) -> str:
    return fmt.EN_DASH if value is None else number_label(value, value_format)
