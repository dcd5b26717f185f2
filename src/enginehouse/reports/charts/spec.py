"""What a chart shows. A specification holds numbers and labels; how they look is the drawing's business.

Meaning never rests on colour alone: emphasis also changes shape, weight or pattern, and series carry their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Emphasis = Literal["main", "comparison", "counterfactual", "muted", "flagged", "improvement", "evaluation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line over the chart's months; `None` is a gap."""

    name: str
    values: tuple[float | None, ...]
    emphasis: Emphasis


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A shaded area between two limits over the chart's months."""

    name: str
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A vertical line at `month` (YYYY-MM) with words beside it."""

    month: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesChart:
    """Lines over months."""

    months: tuple[str, ...]
    y_label: str
    series: tuple[Series, ...]
    bands: tuple[Band, ...] = ()
    markers: tuple[Marker, ...] = ()
    y_from_zero: bool = False
    value_format: str = "{:,.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRow:
    """One estimate with its interval on the chart's scale; `words` stand beside it instead of its numbers.

    A `bracket` is a width and no result: ends with caps, and no point where `value` is not a number.
    """

    label: str
    value: float
    low: float
    high: float
    emphasis: Emphasis
    note: str = ""
    words: str = ""
    bracket: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalGroup:
    """Rows under one heading; `dense` rows are drawn close together without a label each.

    `callout` is a short text set large in the free column beside dense rows, for example `4 of 27`; `note` explains it.
    """

    title: str
    rows: tuple[IntervalRow, ...]
    dense: bool = False
    callout: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalChart:
    """Estimates with intervals under headings, around a line of no effect, with the registered margins shaded.

    `guide` is a value to follow through all groups with the eye; `value_text` joins an estimate and its limits;
    `low_label` and `high_label` say above the plot what its two sides mean.
    """

    x_label: str
    groups: tuple[IntervalGroup, ...]
    reference: float = 0.0
    reference_label: str = "no difference"
    margins: tuple[float, float] | None = None
    margins_label: str = ""
    value_format: str = "{:+.1f}%"
    guide: float | None = None
    value_text: str = "{value} ({low} to {high})"
    low_label: str = ""
    high_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveMark:
    """A vertical mark on a curve, for example a published cost."""

    x: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveLine:
    """A further curve over the same numbers."""

    name: str
    y: tuple[float, ...]
    emphasis: Emphasis


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveChart:
    """A curve over a number, for example the probability of a return over the cost of a campaign.

    With `others` beside it the curve carries its `name`. Marks say the height of the first curve.
    """

    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    marks: tuple[CurveMark, ...] = ()
    x_format: str = "{:,.0f}"
    y_format: str = "{:.0%}"
    y_range: tuple[float, float] | None = None
    name: str = ""
    others: tuple[CurveLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecileChart:
    """The nine deciles of sites in each month, lowest first, the median emphasised.

    `labels` name the lowest line, the median and the highest.
    """

    months: tuple[str, ...]
    y_label: str
    deciles: tuple[tuple[float | None, ...], ...]
    overlay: Series | None = None
    value_format: str = "{:,.1f}"
    labels: tuple[str, str, str] = ("10% of sites are lower", "median site", "90% of sites are lower")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineItem:
    """A bar (two dates) or a point (one date, `end` empty) on a lane. Dates are YYYY-MM-DD."""

    label: str
    start: str
    end: str
    kind: Literal["improvement", "evaluation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLane:
    title: str
    items: tuple[TimelineItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineChart:
    """Improvement in blue and evaluation in green (and in two shapes), one lane per cycle or activity."""

    lanes: tuple[TimelineLane, ...]
    today: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    value: float
    emphasis: Emphasis
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Horizontal bars with their values written beside them."""

    x_label: str
    bars: tuple[Bar, ...]
    value_format: str = "{:,.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingBar:
    """One value on the scale of a standing; with limits it carries its interval."""

    label: str
    value: float
    words: str
    emphasis: Emphasis
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChart:
    """One site beside similar ones and the target: bars from zero, half a page wide. `target` is a line through all."""

    x_label: str
    bars: tuple[StandingBar, ...]
    target: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendChart:
    """One site's own months and those of similar ones, half a page wide. `start` is a month, marked with its label."""

    y_label: str
    months: tuple[str, ...]
    own: tuple[float | None, ...]
    comparison: tuple[float | None, ...]
    own_name: str
    comparison_name: str
    start: str = ""
    start_label: str = ""
    value_format: str = "{:,.1f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBox:
    """A box of a flow diagram: what happened and how many, and the parts of that number."""

    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """A box of the trunk; `aside` says who left between it and the next."""

    box: FlowBox
    aside: FlowBox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowChart:
    """Who was there at the start, who left where and why, and who is left: a trunk that parts into arms.

    Every arm has as many boxes as the others, so that they stand in rows.
    """

    trunk: tuple[FlowStep, ...]
    arms: tuple[tuple[FlowBox, ...], ...]


type ChartSpec = (
    SeriesChart
    | IntervalChart
    | CurveChart
    | DecileChart
    | TimelineChart
    | BarChart
    | StandingChart
    | TrendChart
    | FlowChart
)
