"""Data quality, insight, the timeline and the page of links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from enginehouse.core.months import Month, Period
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.deciles import deciles
from enginehouse.insight.groups import by_group, release_groups
from enginehouse.insight.headroom import Benchmark, headroom
from enginehouse.insight.variation import variation
from enginehouse.programme.enums import Direction, Disclosure, NumeratorKind
from enginehouse.programme.indicator import From, Indicator, ReadyMade, Status
from enginehouse.reports.content import DataTable, Figure, Link
from enginehouse.reports.facts import SourceFact
from enginehouse.reports.html import render_html
from enginehouse.reports.index import LinkGroup, index_document
from enginehouse.reports.insight import COUNT_ATTRIBUTES, IndicatorInsight, _group_label, insight_document, shown_value
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.quality import by_severity, quality_document
from enginehouse.reports.text import render_text
from enginehouse.reports.timeline import TimelineEntry, lanes_of, timeline_document
from enginehouse.stats.results import NotEstimable

MONTHS = tuple(Month(2016, 1) + i for i in range(24))


@dataclass(frozen=True)
class Finding:
    check: str
    severity: str
    source: str
    what: str
    count: int
    examples: tuple[str, ...]
    remedy: str


def finding(severity: str, examples: tuple[str, ...] = ()) -> Finding:
    return Finding("duplicates", severity, "areas", f"Something of kind {severity}.", 1234, examples, "Load it again.")


@pytest.fixture(scope="module")
def arrays() -> PanelArrays:
    rng = np.random.default_rng(1)
    level = rng.uniform(0.02, 0.06, size=40)
    denominator = np.full((40, 24), 5000.0)
    numerator = rng.poisson(level[:, None] * denominator).astype(float)
    sites = tuple(f"ods:A{i:05d}" for i in range(40))
    return PanelArrays("items", sites, MONTHS, numerator, denominator)


@pytest.fixture(scope="module")
def indicator() -> Indicator:
    return Indicator(
        schema=1,
        id="items",
        version=1,
        title="Items per 1,000 patients",
        short_title="Items",
        status=Status.PUBLISHED,
        why_it_matters="Fewer is better.",
        direction=Direction.LOWER_IS_BETTER,
        numerator_kind=NumeratorKind.COUNT,
        unit="items",
        per="registered patient",
        scale=1000,
        gap_unit="items",
        **{"from": From(totals=ReadyMade(source="areas", name="items"))},
        authored_by="A",
        checked_by="B",
        date_reviewed=date(2026, 1, 1),
        next_review=date(2028, 1, 1),
    )


def test_findings_are_listed_gravest_first() -> None:
    grouped = by_severity([finding("note"), finding("warning"), finding("error"), finding("odd")])
    assert list(grouped) == ["error", "warning", "note", "odd"]


def test_a_finding_says_how_many_which_and_what_to_do() -> None:
    sources = (SourceFact(name="areas", snapshot="areas-1", files=1, rows=5049, quarantined=3, attribution="Open."),)
    text = render_text(quality_document([finding("error", ("a", "b", "c", "d"))], sources=sources, programme="P"))
    flat = " ".join(text.split())
    assert "1,234" in flat
    assert "d" not in flat.split()
    assert "Load it again." in flat
    assert "5,049" in flat


def test_no_finding_is_no_proof() -> None:
    text = render_text(quality_document([], sources=(), programme="P", synthetic=True))
    assert "That is not proof that the data are right." in " ".join(text.split())
    assert text.startswith("*** These data are synthetic")


def test_insight_says_spread_headroom_groups_and_stability(arrays: PanelArrays, indicator: Indicator) -> None:
    period = Period(MONTHS[12], MONTHS[-1] + 1)
    room = headroom(
        arrays,
        direction=Direction.LOWER_IS_BETTER,
        benchmark=Benchmark.BEST_QUARTER,
        is_proportion=False,
        period=period,
    )
    assert not isinstance(room, NotEstimable)
    attribute = np.arange(40.0)
    attribute[0] = np.nan
    table = by_group(arrays, attribute, name="imd_score", period=period, headroom=room)
    found = IndicatorInsight(
        indicator=indicator,
        variation=variation(arrays, is_proportion=False),
        deciles=deciles(arrays),
        headroom=room,
        groups=(
            release_groups(table, kind=indicator.numerator_kind, rule=Disclosure.NONE),
            NotEstimable(reason="few", detail="Too few."),
        ),
    )
    document = insight_document([found], programme="P", setting="Here", site_noun="practice")
    assert render_html(document)
    assert render_pdf(document)
    text = " ".join(render_text(document).split())
    assert "one in ten of 40 practices was below" in text
    assert "If every practice above the best quarter" in text
    assert "the total would have been lower by" in text
    tables = [block for section in document.sections for block in section.blocks if isinstance(block, DataTable)]
    names = [row[0] for table in tables for row in table.rows]
    assert "Correlation between months of the same practice, 1 month apart" in names
    assert "Correlation between months of the same practice, 12 months apart" in names
    assert "By imd score" in text
    assert "not known" in text
    assert "Cannot be estimated: Too few." in text
    assert "40 of 40 practices have a value in every month from January 2016 to December 2017" in text


def test_a_month_that_every_site_lacks_is_said_and_drawn_as_a_gap(arrays: PanelArrays, indicator: Indicator) -> None:
    numerator, denominator = arrays.numerator.copy(), arrays.denominator.copy()
    numerator[:, 7], denominator[:, 7] = np.nan, np.nan
    gapped = PanelArrays(arrays.indicator, arrays.sites, arrays.months, numerator, denominator)
    found = IndicatorInsight(
        indicator=indicator,
        variation=variation(gapped, is_proportion=False),
        deciles=deciles(gapped),
        headroom=NotEstimable(reason="few", detail="Too few."),
    )
    document = insight_document([found], programme="P", setting="Here", site_noun="practice")
    assert "No practice has a value in August 2016." in " ".join(render_text(document).split())
    charts = [b.chart for s in document.sections for b in s.blocks if isinstance(b, Figure)]
    assert charts[0].months[7] == "2016-08"
    assert [line[7] for line in charts[0].deciles] == [None] * 9


@pytest.mark.parametrize(
    ("name", "low", "expected"),
    [
        ("list_size", 7.25, "1 of 5 (7 to 4,130)"),
        ("practices", 17.0, "1 of 5 (17 to 4,130)"),
    ],
)
def test_counts_are_whole_in_the_ranges_of_groups(name: str, low: float, expected: str) -> None:
    assert _group_label("1 of 5", low, 4130.2, is_count=name in COUNT_ATTRIBUTES) == expected


def test_scores_keep_three_digits_in_the_ranges_of_groups() -> None:
    assert _group_label("1 of 5", 3.231, 12.04, is_count=False) == "1 of 5 (3.23 to 12.0)"


def test_insight_that_cannot_be_had_is_said(arrays: PanelArrays, indicator: Indicator) -> None:
    few = arrays.of_sites(arrays.sites[:3])
    found = IndicatorInsight(
        indicator=indicator,
        variation=variation(few, is_proportion=False),
        deciles=deciles(few),
        headroom=headroom(few, direction=Direction.NONE, benchmark=Benchmark.MEDIAN, is_proportion=False),
    )
    text = render_text(insight_document([found], programme="P", setting="Here", site_noun="practice", synthetic=True))
    assert text.count("Cannot be estimated") >= 2


def test_values_are_shown_as_the_indicator_says(indicator: Indicator) -> None:
    assert shown_value(0.0123, indicator) == "12.3"
    assert shown_value(0.0123, indicator.model_copy(update={"is_proportion": True})) == "1.2%"


def test_the_timeline_shows_and_tells_every_entry() -> None:
    entries = [
        TimelineEntry(lane="Opioids", kind="evaluation", label="locked", start="2026-03-02"),
        TimelineEntry(lane="Opioids", kind="improvement", label="feedback", start="2016-04-01", end="2017-03-31"),
        TimelineEntry(lane="Asthma", kind="improvement", label="webinar", start="2018-01-01", end="2018-06-30"),
    ]
    document = timeline_document(
        entries, programme="P", today="2026-11-24", synthetic=True, links=(Link(label="Dossier", href="d.html"),)
    )
    text = " ".join(render_text(document).split())
    assert "P, April 2016 to March 2026." in text
    assert "Opioids: feedback, improvement, 1 April 2016 to 31 March 2017." in text
    assert [lane.title for lane in lanes_of(entries)] == ["Opioids", "Asthma"]
    assert render_html(document)
    assert render_pdf(document)


def test_an_empty_timeline_says_so() -> None:
    assert "Nothing is recorded yet." in render_text(timeline_document([], programme="P"))


def test_the_page_of_links() -> None:
    group = LinkGroup(id="a", title="A", text="What is there.", links=(Link(label="L", href="l.html", note="n"),))
    page = render_html(index_document([group], title="T", subtitle="S", synthetic=True)).decode()
    assert '<a href="l.html">L</a>' in page
    assert "Each says so." in page
