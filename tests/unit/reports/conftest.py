"""The campaign's records as stored for documents, and a small document with a block of every kind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from enginehouse.economics.appraise import Appraisal, appraisal_from_record
from enginehouse.evaluation.results import Evaluation, evaluation_from_record
from enginehouse.feedback.content import ReportContent, content_from_record
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.read import protocol_from_json
from enginehouse.reports.charts.spec import Series, SeriesChart
from enginehouse.reports.content import (
    Bullets,
    Callout,
    DataTable,
    Document,
    Figure,
    KeyNumber,
    KeyNumbers,
    Lineage,
    LineageEntry,
    Link,
    Links,
    Paragraph,
    Section,
)
from enginehouse.reports.facts import DossierFacts, FaultFact, SourceFact
from enginehouse.reports.sections.basis import Basis

CAMPAIGN = Path(__file__).parents[2] / "golden" / "reports" / "campaign"


@pytest.fixture(scope="session")
def protocol() -> Protocol:
    return protocol_from_json((CAMPAIGN / "protocol.json").read_bytes())


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    return evaluation_from_record(json.loads((CAMPAIGN / "evaluation.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def appraisal() -> Appraisal:
    return appraisal_from_record(json.loads((CAMPAIGN / "appraisal.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def facts() -> DossierFacts:
    return DossierFacts(
        programme="The campaign, asked again",
        cycle="west-yorkshire",
        registered_on="2026-03-02",
        registered_by="A. Statistician",
        retrospective=True,
        frozen_on="2026-03-03",
        last_month="2018-03",
        evaluated_on="2026-03-04",
        software="enginehouse 0.1.0",
        head_seq=7,
        head_hash="ab" * 32,
        protocol="01" * 32,
        definitions="02" * 32,
        panel="03" * 32,
        evaluation="04" * 32,
        appraisal="05" * 32,
        sources=(
            SourceFact(name="areas", snapshot="areas-1", files=1, rows=5049, quarantined=2, attribution="Open data."),
        ),
        faults=(FaultFact(severity="Caution", source="areas", what="List sizes are carried forward", count=24),),
    )


@pytest.fixture(scope="session")
def report_content() -> ReportContent:
    """One report to one site, with something in every part of the page."""
    return content_from_record(json.loads((CAMPAIGN.parent / "practice" / "content.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def basis(protocol: Protocol, evaluation: Evaluation, appraisal: Appraisal, facts: DossierFacts) -> Basis:
    return Basis(protocol=protocol, evaluation=evaluation, appraisal=appraisal, facts=facts)


@pytest.fixture(scope="session")
def chart() -> SeriesChart:
    values = (1.0, 2.0, None, 4.0)
    lines = (Series(name="treated", values=values, emphasis="main"),)
    return SeriesChart(months=("2016-01", "2016-02", "2016-03", "2016-04"), y_label="items", series=lines)


@pytest.fixture(scope="session")
def document(chart: SeriesChart) -> Document:
    """Every kind of block, and text that would break a page that did not escape it."""
    table = DataTable(
        caption="Two outcomes",
        header=("Outcome", "Change"),
        rows=(("Opioids", "−1.1%"), ("Items & <others>", "−3.1%")),
        numeric=frozenset({1}),
        note="A note.",
    )
    story = (
        Paragraph(text="It moved by **−1.1%** & <b>no more</b>."),
        Bullets(items=("first", "second **strong**")),
        Bullets(items=("one", "two"), numbered=True),
        Callout(title="Inconclusive", text="These data cannot tell.", tone="finding"),
        Callout(title="Careful", text="Units.", tone="caution"),
        KeyNumbers(
            items=(KeyNumber(label="Effect", value="−1.1%", note="95% interval"), KeyNumber(label="B", value="2"))
        ),
    )
    shown = (Figure(chart=chart, caption="What happened", alt="It rose from 1 to 4."), table)
    last = (
        Lineage(entries=(LineageEntry(label="Protocol", value="ab" * 32),)),
        Links(items=(Link(label="Timeline", href="timeline.html", note="what was done"),)),
    )
    return Document(
        title="Did it work?",
        subtitle="A subtitle.",
        kind="Dossier",
        sections=(
            Section(id="story", title="The story", blocks=story),
            Section(id="shown", title="What is shown", blocks=shown),
            Section(id="lineage", title="Lineage", blocks=last, aside=True),
        ),
        banner="All data are **synthetic**.",
        footer="Attribution.",
    )


@pytest.fixture(scope="session")
def plain_document(document: Document) -> Document:
    return replace(document, banner="", footer="", subtitle="", kind="")
