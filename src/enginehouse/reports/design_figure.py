"""How far from the truth each design's estimate may lie: its 95% interval around no difference, as brackets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from enginehouse.reports import format as fmt
from enginehouse.reports.charts.spec import Emphasis, IntervalChart, IntervalGroup, IntervalRow
from enginehouse.reports.content import Figure
from enginehouse.reports.messages import say
from enginehouse.stats.results import NotEstimable, t_quantile
from enginehouse.trials.design_report import DesignLine, DesignOption, DesignReport

_MOST_DF = 1e9


def precision_figure(report: DesignReport, names: Mapping[DesignOption, str]) -> Figure | None:
    """One bracket for each design that has a standard error; None when none has."""
    rows = tuple(row for line in report.lines for row in _rows(report, line, names[line.option]))
    if not rows:
        return None
    margins = report.equivalence
    is_ratio = report.scale == "log-ratio"
    shown = tuple(100 * (m - 1) if is_ratio else m for m in margins) if margins is not None else None
    words = tuple(fmt.percent_change(m) if is_ratio else fmt.significant(m) for m in margins or ())
    chart = IntervalChart(
        x_label=_say("figure_axis"),
        groups=(IntervalGroup(title=_say("figure_group"), rows=rows),),
        reference_label=_say("no_difference"),
        margins=None if shown is None else (shown[0], shown[1]),
        margins_label=_say("margins", low=words[0], high=words[1]) if words else "",
        value_format="{:.0f}%" if is_ratio else "{:,.3g}",
    )
    said = " ".join(_say("figure_row", design=row.label, half=row.words.removeprefix("±")) for row in rows)
    caption = _say("figure_caption" if margins is not None else "figure_caption_plain")
    return Figure(chart=chart, caption=caption, alt=_say("figure_alt", rows=said))


def half_width(std_error: float, scale: str, *, df: float | None, level: float | None = 0.95) -> float:
    """Half of an interval's width on the scale of display; the standard error itself where no level is meant."""
    factor = 1.0 if level is None else t_quantile(0.5 + level / 2, _MOST_DF if df is None else df)
    half = factor * std_error
    return 100 * math.expm1(half) if scale == "log-ratio" else half


def half_width_words(std_error: float, scale: str, *, df: float | None, level: float | None = 0.95) -> str:
    """`3.6%`."""
    half = half_width(std_error, scale, df=df, level=level)
    return f"{fmt.number(half, 1)}%" if scale == "log-ratio" else fmt.significant(half, 2)


def half_words(half: float, scale: str) -> str:
    """Half of an interval on the scale of the estimates, as it is displayed."""
    return f"{fmt.number(100 * math.expm1(half), 1)}%" if scale == "log-ratio" else fmt.significant(half, 2)


def _rows(report: DesignReport, line: DesignLine, name: str) -> Iterator[IntervalRow]:
    if not isinstance(line.precision, NotEstimable):
        emphasis: Emphasis = "main" if line.registered else "comparison"
        if line.precision.df > 0:
            yield _row(report, name, line.precision.std_error, line.precision.df, emphasis)
    placebo = line.placebo
    if placebo is not None and not isinstance(placebo, NotEstimable):
        yield _row(report, _say("drift", design=name), placebo.naive_std_error, None, "muted")


def _row(report: DesignReport, label: str, std_error: float, df: float | None, emphasis: Emphasis) -> IntervalRow:
    half = half_width(std_error, report.scale, df=df)
    words = half_width_words(std_error, report.scale, df=df)
    return IntervalRow(
        label=label,
        value=math.nan,
        low=-half,
        high=half,
        emphasis=emphasis,
        words=_say("figure_words", half=words),
        bracket=True,
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"design.{key}", **values)
