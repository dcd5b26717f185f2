"""From a specification to one SVG, the same for HTML and PDF: the table of chart kinds, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from enginehouse.reports.charts.bars import draw_bars
from enginehouse.reports.charts.canvas import Canvas
from enginehouse.reports.charts.curve import draw_curve
from enginehouse.reports.charts.deciles import draw_deciles
from enginehouse.reports.charts.flow import draw_flow
from enginehouse.reports.charts.intervals import draw_intervals
from enginehouse.reports.charts.series import draw_series
from enginehouse.reports.charts.spec import (
    BarChart,
    ChartSpec,
    CurveChart,
    DecileChart,
    FlowChart,
    IntervalChart,
    SeriesChart,
    StandingChart,
    TimelineChart,
    TrendChart,
)
from enginehouse.reports.charts.standing import draw_standing
from enginehouse.reports.charts.timeline import draw_timeline
from enginehouse.reports.charts.trend import draw_trend

KINDS: dict[type, Callable[[Any], Canvas]] = {
    SeriesChart: draw_series,
    IntervalChart: draw_intervals,
    CurveChart: draw_curve,
    DecileChart: draw_deciles,
    TimelineChart: draw_timeline,
    BarChart: draw_bars,
    StandingChart: draw_standing,
    TrendChart: draw_trend,
    FlowChart: draw_flow,
}


def draw(spec: ChartSpec, *, title: str = "", description: str = "", name: str = "chart") -> str:
    """The chart as an SVG of 720 units' width; `title` and `description` are for readers who cannot see it.

    `name` must be unique among the charts of one page.
    """
    canvas = KINDS[type(spec)](spec)
    return canvas.svg(title=title or axis_words(spec), description=description, name=name)


def is_half_wide(spec: ChartSpec) -> bool:
    """Whether the chart is drawn half a page wide, with letters that a phone shows without scrolling."""
    return isinstance(spec, StandingChart | TrendChart)


def axis_words(spec: ChartSpec) -> str:
    """What the chart's axes are called: a title of last resort."""
    labels = [str(getattr(spec, name)) for name in ("y_label", "x_label") if hasattr(spec, name)]
    if isinstance(spec, TimelineChart):
        labels += [lane.title for lane in spec.lanes]
    if isinstance(spec, FlowChart):
        labels += [step.box.title for step in spec.trunk]
    return "; ".join(labels)
