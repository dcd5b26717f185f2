"""The page of monitoring names no arm, and says how each thing stands in words and not by a colour."""

from __future__ import annotations

from dataclasses import replace

from enginehouse.reports.charts.spec import SeriesChart
from enginehouse.reports.content import DataTable, Document, Figure
from enginehouse.reports.html import render_html
from enginehouse.reports.messages import has_message
from enginehouse.reports.monitoring import ShownIndicator, monitoring_document
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.text import render_text
from enginehouse.trials.monitoring import Light, MonitoringReport, Watched


def document_of(report: MonitoringReport, *, rehearsal: bool = False) -> Document:
    indicators = {
        "opioids-ome-per-patient": ShownIndicator(title="Opioids", label="mg per patient", value_format="{:,.1f}")
    }
    return monitoring_document(
        report, cycle_title="A trial", programme="P", indicators=indicators, rehearsal=rehearsal, synthetic=True
    )


def text_of(document: Document) -> str:
    return " ".join(render_text(document).replace("\n| ", "\n").split())


def test_every_light_is_a_word() -> None:
    assert all(has_message(f"monitoring.light.{light.value}") for light in Light)


def test_each_thing_watched_has_its_line(monitoring_report: MonitoringReport) -> None:
    table = next(b for b in document_of(monitoring_report).sections[0].blocks if isinstance(b, DataTable))
    assert [row[0].lower() for row in table.rows] == [watched.value for watched in Watched]
    assert table.rows[0][1:] == (
        "**act now**",
        "57 of 169 reports due by now were sent. None is known to have been opened.",
        "Send what is due, or say why not.",
    )


def test_no_arm_is_named(monitoring_report: MonitoringReport) -> None:
    content = render_html(document_of(monitoring_report)).decode()
    assert "feedback-plus" not in content
    assert "feedback and facilitation" not in content.lower()


def test_the_outcome_is_of_all_sites_together(monitoring_report: MonitoringReport) -> None:
    (opioids,) = (each for each in monitoring_report.series if each.indicator == "opioids-ome-per-patient")
    gap = replace(opioids, values=(*opioids.values[:-1], None), sites=(*opioids.sites[:-1], 0))
    document = document_of(replace(monitoring_report, series=(gap,)))
    (figure,) = [b for s in document.sections for b in s.blocks if isinstance(b, Figure)]
    assert isinstance(figure.chart, SeriesChart)
    assert len(figure.chart.series) == 1
    assert figure.chart.series[0].values[-1] is None
    first, last = opioids.values[0], opioids.values[-2]
    assert f"from {first:.1f} to {last:.1f}" in figure.alt
    assert f"it is {100 * abs(opioids.relative_change):.1f}% lower than in the months before" in text_of(document)


def test_before_there_is_anything_that_is_said(monitoring_report: MonitoringReport) -> None:
    inputs = replace(monitoring_report.inputs, waves=(), contacts=())
    bare = replace(monitoring_report, series=(), inputs=inputs)
    document = document_of(bare)
    assert [section.id for section in document.sections] == ["findings", "outcome"]
    assert "There are no months to show yet." in text_of(document)


def test_a_rehearsal_is_called_that(monitoring_report: MonitoringReport) -> None:
    document = document_of(monitoring_report, rehearsal=True)
    assert document.kind == "Monitoring of a rehearsal"
    assert "rehearsal" in document.banner
    assert render_pdf(document)
