"""Power curves: the chance of each answer over the size of the effect, and over how many sites are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from enginehouse.reports import format as fmt
from enginehouse.reports.charts.spec import CurveChart, CurveLine, CurveMark
from enginehouse.reports.content import Block, Figure, Paragraph
from enginehouse.reports.effects import margin_words, page_words
from enginehouse.reports.messages import say
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_report import DesignReport, PowerPoint

IN_WORDS = 5
"""How many points of a curve its text says."""


def curve_blocks(report: DesignReport, noun: str) -> tuple[Block, ...]:
    """Both figures, or why there are none."""
    curves = report.curves
    if isinstance(curves, NotEstimable):
        return (Paragraph(text=page_words(curves.detail)),)
    is_ratio = report.scale == "log-ratio"

    def effect_words(value: float) -> str:
        return margin_words(value, is_ratio=is_ratio)

    by_effect = _figure(
        sorted(curves.by_effect, key=lambda point: point.at),
        at=lambda value: 100 * (value - 1) if is_ratio else value,
        words=effect_words,
        x_label=_say("effect_axis"),
        x_format="{:+.0f}%" if is_ratio else "{:,.3g}",
        names=(_say("power_line"), _say("equivalent_line")),
        mark=(curves.effect, _say("effect_mark")),
        caption=_say("effect_caption"),
        keys=("curve_point", "curve_both"),
    )
    by_units = _figure(
        curves.by_units,
        at=float,
        words=lambda value: f"{fmt.count(round(value))} {noun}",
        x_label=_say("units_axis", noun=noun),
        x_format="{:,.0f}",
        names=(_say("units_power_line", effect=effect_words(curves.effect)), _say("units_equivalent_line")),
        mark=(float(curves.units), _say("units_mark")),
        caption=_say("units_caption", noun=noun),
        keys=("units_point", "units_both"),
    )
    return (by_effect, by_units)


def _figure(
    points: Sequence[PowerPoint],
    *,
    at: Callable[[float], float],
    words: Callable[[float], str],
    x_label: str,
    x_format: str,
    names: tuple[str, str],
    mark: tuple[float, str],
    caption: str,
    keys: tuple[str, str],
) -> Figure:
    equivalent = [point.equivalent for point in points if point.equivalent is not None]
    other = CurveLine(name=names[1], y=tuple(equivalent), emphasis="evaluation")
    chart = CurveChart(
        x_label=x_label,
        y_label=_say("chance_axis"),
        x=tuple(at(point.at) for point in points),
        y=tuple(point.power for point in points),
        marks=(CurveMark(x=at(mark[0]), label=mark[1]),),
        x_format=x_format,
        y_range=(0.0, 1.0),
        name=names[0],
        others=(other,) if len(equivalent) == len(points) else (),
    )
    said = " ".join(_point(point, words(point.at), keys) for point in _some(points))
    return Figure(chart=chart, caption=caption, alt=said)


def _some(points: Sequence[PowerPoint]) -> list[PowerPoint]:
    step = max((len(points) - 1) / (IN_WORDS - 1), 1e-9)
    return [points[place] for place in dict.fromkeys(min(round(i * step), len(points) - 1) for i in range(IN_WORDS))]


def _point(point: PowerPoint, at: str, keys: tuple[str, str]) -> str:
    power = fmt.probability(point.power)
    if point.equivalent is None:
        return _say(keys[0], at=at, power=power)
    return _say(keys[1], at=at, power=power, none=fmt.probability(point.equivalent))


def _say(key: str, **values: str | int) -> str:
    return say(f"design.{key}", **values)
