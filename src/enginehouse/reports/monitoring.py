"""Monitoring as a document: fidelity, missing months, balance kept, the outcome of all sites together. No arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.core.words import lower_first
from enginehouse.reports import format as fmt
from enginehouse.reports.charts.scales import number_label
from enginehouse.reports.charts.spec import Marker, Series, SeriesChart
from enginehouse.reports.content import Block, Callout, DataTable, Document, Figure, Paragraph, Section
from enginehouse.reports.effects import page_words, title_name
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say
from enginehouse.trials.monitoring import MonitoringFinding, MonitoringReport, PooledSeries


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownIndicator:
    """How an indicator's values are shown: its title, the words of its axis, the factor and the format."""

    title: str
    label: str
    factor: float = 1.0
    value_format: str = "{:,.1f}"


def monitoring_document(
    report: MonitoringReport,
    *,
    cycle_title: str,
    programme: str,
    indicators: Mapping[str, ShownIndicator],
    rehearsal: bool = False,
    synthetic: bool = False,
    pages: Mapping[str, str] | None = None,
) -> Document:
    """The page of one look at a running cycle."""
    banner = [_say("banner.rehearsal")] if rehearsal else []
    banner += [_say("banner.synthetic")] if synthetic else []
    return Document(
        title=_say("title", cycle=cycle_title),
        subtitle=_say("subtitle", programme=programme, date=fmt.date_words(report.on)),
        kind=_say("kind_rehearsal" if rehearsal else "kind"),
        sections=(_findings(report, indicators), *_done(report), _outcome(report, indicators)),
        banner=" ".join(banner),
        pages=page_links(pages),
    )


def _findings(report: MonitoringReport, indicators: Mapping[str, ShownIndicator]) -> Section:
    table = DataTable(
        caption=_say("table", date=fmt.date_words(report.on)),
        header=tuple(_say(f"{name}_header") for name in ("what", "light", "finding", "remedy")),
        rows=tuple(_row(finding, indicators) for finding in report.findings),
    )
    blind = Callout(title=_say("blind_title"), text=_say("blind"), tone="note")
    return Section(id="findings", title=_say("findings"), blocks=(blind, table))


def _row(finding: MonitoringFinding, indicators: Mapping[str, ShownIndicator]) -> tuple[str, ...]:
    sentence = finding.sentence
    for name, shown in indicators.items():
        sentence = sentence.replace(name, lower_first(shown.title))
    return (
        title_name(finding.watched.value),
        _say(f"light.{finding.light.value}"),
        page_words(sentence),
        page_words(finding.remedy),
    )


def _done(report: MonitoringReport) -> tuple[Section, ...]:
    blocks = [table for table in (_waves(report), _contacts(report)) if table is not None]
    return (Section(id="done", title=_say("done"), blocks=tuple(blocks)),) if blocks else ()


def _waves(report: MonitoringReport) -> DataTable | None:
    if not report.inputs.waves:
        return None
    names = ("wave", "due_on", "due", "sent", "bounced", "opened", "opted_out")
    return DataTable(
        caption=_say("waves"),
        header=tuple(_say(f"{name}_header") for name in names),
        rows=tuple(
            (
                str(wave.wave),
                fmt.date_words(wave.due_on),
                *(fmt.count(n) for n in (wave.due, wave.sent, wave.bounced, wave.opened, wave.opted_out)),
            )
            for wave in report.inputs.waves
        ),
        numeric=frozenset({0, 2, 3, 4, 5, 6}),
    )


def _contacts(report: MonitoringReport) -> DataTable | None:
    if not report.inputs.contacts:
        return None
    return DataTable(
        caption=_say("contacts"),
        header=tuple(_say(f"{name}_header") for name in ("strategy", "planned", "held", "minutes")),
        rows=tuple(
            (title_name(c.strategy), fmt.count(c.planned), fmt.count(c.held), fmt.number(c.minutes))
            for c in report.inputs.contacts
        ),
        numeric=frozenset({1, 2, 3}),
    )


def _outcome(report: MonitoringReport, indicators: Mapping[str, ShownIndicator]) -> Section:
    blocks: list[Block] = []
    for series in report.series:
        shown = indicators.get(series.indicator, ShownIndicator(title=title_name(series.indicator), label=""))
        if any(value is not None for value in series.values):
            blocks.append(_figure(series, shown, report.inputs.starts))
        if series.relative_change is not None:
            size = fmt.percent(abs(series.relative_change))
            change = _say("lower" if series.relative_change < 0 else "higher", size=size)
            blocks.append(Paragraph(text=f"**{shown.title}.** {_say('change', change=change)}"))
    if not blocks:
        blocks.append(Paragraph(text=_say("no_data")))
    return Section(id="outcome", title=_say("outcome"), blocks=tuple(blocks))


def _figure(series: PooledSeries, shown: ShownIndicator, starts: str) -> Figure:
    """All sites together; `starts` is the month in which the arms start."""
    values = tuple(None if value is None else value * shown.factor for value in series.values)
    start = starts[:7]
    known = [value for value in values if value is not None]
    chart = SeriesChart(
        months=series.months,
        y_label=shown.label or shown.title,
        series=(Series(name=_say("all"), values=values, emphasis="main"),),
        markers=(Marker(month=start, label=_say("start", start=fmt.month_words(start))),),
        value_format=shown.value_format,
    )
    alt = _say(
        "alt",
        first=fmt.month_words(series.months[0]),
        last=fmt.month_words(series.months[-1]),
        first_value=number_label(known[0], shown.value_format),
        last_value=number_label(known[-1], shown.value_format),
        start=fmt.month_words(start),
    )
    return Figure(chart=chart, caption=_say("series_caption", title=shown.title), alt=alt)


def _say(key: str, **values: str | int) -> str:
    return say(f"monitoring.{key}", **values)
