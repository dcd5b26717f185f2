"""One report on one page: the same content in three formats, and the facts read off what was drawn."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import typst
from pypdf import PdfReader

from enginehouse.feedback.content import ReportContent, drawn_texts
from enginehouse.reports import practice_report
from enginehouse.reports.pdf import shipped_fonts
from enginehouse.reports.practice.facts import FIELDS, headline_numbers
from enginehouse.reports.practice.fit import HEIGHT, fit_of, longest_height, page_height, taller_chart
from enginehouse.reports.practice.html import two_columns
from enginehouse.reports.practice.page import PracticePage, practice_page
from enginehouse.reports.practice.pdf import page_count, page_inputs, render_practice_pdf
from enginehouse.reports.practice.runs import rich_runs
from enginehouse.reports.practice.style import COLOURS, DENSITIES, TEXT_ON, Density, contrast, least_contrast
from enginehouse.reports.practice.text import COLUMNS
from enginehouse.reports.practice_report import (
    RenderedReport,
    drawn_height,
    page_charts,
    processes_worth_starting,
    render_report,
    render_reports,
)

LEAVES_OUT: dict[str, dict[str, Any]] = {
    "": {},
    "synthetic": {"synthetic": False},
    "gap": {"gap": None},
    "comparator": {"comparator": None, "gap": None},
    "facilitation_words": {"facilitation_words": ""},
    "why": {"why": "", "barriers": ""},
}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def report(report_content: ReportContent) -> RenderedReport:
    return render_report(report_content)


def longer(content: ReportContent, times: int) -> ReportContent:
    """The same report with every long text said so many times."""

    def said(text: str) -> str:
        return " ".join([text] * times)

    actions = tuple(a.model_copy(update={"does": said(a.does), "search": said(a.search)}) for a in content.actions)
    texts = {name: said(getattr(content, name)) for name in ("why", "evidence", "barriers", "balancing", "discussion")}
    return replace(content, actions=actions, **texts)


def test_the_facts_are_those_of_the_page(report: RenderedReport, report_content: ReportContent) -> None:
    facts = report.facts
    assert facts.formats == ("html", "text", "pdf")
    assert (facts.pages, facts.charts) == (1, 2)
    assert (facts.chart_own, facts.chart_target) == (49.8, 36.2)
    assert facts.headline_numbers == ("49.8", "36.2", "20", "24", "3.3")
    assert facts.trend_points == sum(value is not None for value in report_content.trend.own)
    assert facts.campaign_start_marked
    assert facts.least_contrast == least_contrast() >= 4.5
    assert facts.told_apart_without_colour
    assert len(facts.chart_colours) == 4
    assert facts.words == len(facts.text.split()) > 400


def test_it_is_read_from_the_headline_to_the_next_issue(report: RenderedReport) -> None:
    order = report.facts.order
    assert order[:5] == ("headline", "own", "trend", "gap", "actions")
    assert order[-1] == "issue"
    assert set(order) == set(FIELDS.values())


@pytest.mark.parametrize("kind", ["html", "text", "pdf"])
def test_every_text_is_in_every_format(report: RenderedReport, report_content: ReportContent, kind: str) -> None:
    content = report.files[kind]  # type: ignore[index]
    if kind == "pdf":
        said = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    else:
        said = report.facts.text if kind == "html" else content.decode()
    squeezed = re.sub(r"\W+", "", said).lower()
    for name, text in drawn_texts(report_content).items():
        if name in ("indicator_title",) or (kind == "pdf" and name == "display_unit"):
            continue  # the short title stands on the page; a PDF's chart is a picture with its own words
        assert re.sub(r"\W+", "", text).lower() in squeezed, name


def test_the_arm_and_the_techniques_are_nowhere(report_content: ReportContent) -> None:
    marked = replace(report_content, arm="the-secret-arm", components=("a-secret-technique",))
    made = render_report(marked)
    assert made == render_report(report_content)
    assert not any(b"secret" in content for content in made.files.values())


def test_the_pdf_is_one_tagged_a4_page(report: RenderedReport) -> None:
    pdf = report.files["pdf"]
    reader = PdfReader(io.BytesIO(pdf))
    assert page_count(pdf) == len(reader.pages) == 1
    assert (round(reader.pages[0].mediabox.width), round(reader.pages[0].mediabox.height)) == (595, 842)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in reader.root_object["/Metadata"].get_object().get_data()
    assert reader.root_object["/Lang"] == "en-GB"
    assert pdf.count(b"/S/Figure") == 2
    assert pdf.count(b"/Alt") == 2


def test_the_page_count_of_a_longer_pdf_is_read(report_content: ReportContent) -> None:
    made = render_report(longer(report_content, 12))
    assert made.facts.pages == len(PdfReader(io.BytesIO(made.files["pdf"])).pages) > 1
    with pytest.raises(AssertionError, match="no page tree"):
        page_count(b"%PDF-1.7")


def test_the_html_is_small_and_stands_alone(report: RenderedReport) -> None:
    html = report.files["html"].decode()
    assert len(html) < 30_000
    assert "<script" not in html
    assert "@font-face" not in html
    assert not re.search(r"(?:src|url)\s*[=(]", html)


def test_the_html_is_whole_and_its_headings_go_down_by_one(report: RenderedReport) -> None:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.levels: list[int] = []
            self.ids: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.ids += [value for name, value in attrs if name == "id" and value]
            self.levels += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
            if tag not in ("meta", "br"):
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    reader = Reader()
    reader.feed(report.files["html"].decode())
    assert not reader.open
    assert reader.levels[0] == 1
    assert set(reader.levels[1:]) == {2}
    assert len(set(reader.ids)) == len(reader.ids)


def test_text_is_narrow_and_addresses_stay_whole(report: RenderedReport) -> None:
    text = report.files["text"].decode()
    assert max(len(line) for line in text.splitlines()) <= COLUMNS < 78
    assert "https://www.nice.org.uk/guidance/ng193" in text
    assert "You: 49.8 (47.9 to 51.7)." in " ".join(text.split())


def test_same_content_same_bytes_and_only_what_was_asked_for(report_content: ReportContent) -> None:
    assert render_report(report_content) == render_report(report_content)
    few = render_report(report_content, ("text",))
    assert list(few.files) == ["text"]
    assert few.facts.formats == ("text",)
    assert few.facts.pages == 1


def test_markup_in_names_is_text(report_content: ReportContent) -> None:
    made = render_report(replace(report_content, site_name="<b>Smith & Co</b>", headline="5 < 6 & **bold**"))
    html = made.files["html"].decode()
    assert "&lt;b&gt;Smith &amp; Co&lt;/b&gt;" in html
    assert "5 &lt; 6 &amp; <strong>bold</strong>" in html
    assert made.facts.headline_numbers[:2] == ("5", "6")


def test_what_cannot_be_said_is_left_out_and_why_is_said(report_content: ReportContent) -> None:
    silent = replace(
        report_content,
        own=None,
        comparator=None,
        gap=None,
        goal="",
        cannot_be_said="There are too few months to say how you stand.",
        trend=replace(report_content.trend, own=(None,) * 15),
    )
    made = render_report(silent)
    facts = made.facts
    assert (facts.charts, facts.chart_own, facts.chart_target, facts.trend_points) == (0, None, None, 0)
    assert not facts.campaign_start_marked
    assert "There are too few months to say how you stand." in facts.text
    assert "gap" not in facts.order
    assert facts.pages == 1


def test_a_gap_in_the_months_is_a_gap_in_the_line(report_content: ReportContent) -> None:
    own = tuple(None if i in (3, 5) else v for i, v in enumerate(report_content.trend.own))
    made = render_report(replace(report_content, trend=replace(report_content.trend, own=own)), ("html",))
    assert made.facts.trend_points == 13


def test_a_campaign_that_starts_after_the_newest_month_is_marked(report_content: ReportContent) -> None:
    trend = replace(report_content.trend, campaign_start="2026-07")
    assert render_report(replace(report_content, trend=trend), ("html",)).facts.campaign_start_marked
    far = replace(report_content.trend, campaign_start="2027-07")
    assert not render_report(replace(report_content, trend=far), ("html",)).facts.campaign_start_marked


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "119,000 mg of oral morphine equivalence less in a month"),
        ({"amount": 0.0}, "You have reached the best quarter of similar practices (36.2)"),
    ],
)
def test_the_gap_is_said_in_the_indicators_own_unit(
    report_content: ReportContent, changes: dict[str, float], said: str
) -> None:
    assert report_content.gap is not None
    made = render_report(replace(report_content, gap=replace(report_content.gap, **changes)), ("text",))
    assert said in made.facts.text


def test_patients_are_spoken_of_only_where_the_content_does(report_content: ReportContent) -> None:
    assert report_content.gap is not None
    figures = replace(report_content.figures, patients="17")
    counted = replace(report_content, figures=figures, gap=replace(report_content.gap, patients=17.0))
    about = replace(counted, gap=replace(report_content.gap, patients=17.0, about=True, conversion_source="a survey"))
    assert "That is 17 patients." in render_report(counted, ("text",)).facts.text
    assert "That is about 17 patients (a survey)." in render_report(about, ("text",)).facts.text
    assert "patients." not in " ".join(practice_page(report_content).gap.text.split())  # type: ignore[union-attr]


def test_synthetic_data_are_called_that(report_content: ReportContent) -> None:
    said = "All data here are synthetic"
    assert said in render_report(report_content, ("html",)).facts.text
    assert said not in render_report(replace(report_content, synthetic=False), ("html",)).facts.text


def test_the_last_issue_says_so(report_content: ReportContent) -> None:
    last = replace(report_content, issue=replace(report_content.issue, wave=6, next_on=""))
    assert "This is the last issue." in render_report(last, ("text",)).facts.text


@pytest.mark.parametrize("times", [1, 2])
def test_more_to_say_is_set_closer_and_stays_one_page(report_content: ReportContent, times: int) -> None:
    page = practice_page(longer(report_content, times))
    charts = page_charts(page)
    measured = fit_of(page, [drawn_height(chart) for chart in charts])
    made = render_report(longer(report_content, times))
    assert made.facts.pages == measured.pages == 1
    assert made.files["pdf"]
    assert page_inputs(page, charts, measured.density)


def test_the_measure_is_never_shorter_than_the_page(report_content: ReportContent) -> None:
    """What is measured to fit does fit when it is set: the density that was measured is the one that was used."""
    for times in (1, 2):
        page = practice_page(longer(report_content, times))
        charts = page_charts(page)
        tallest = max(drawn_height(chart) for chart in charts) * 246.15 / 360
        for density in DENSITIES:
            if page_height(page, tallest, density) <= HEIGHT:
                assert page_count(render_practice_pdf(page, charts, density)) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_the_html_prints_on_one_page(report_content: ReportContent, tmp_path: Path, times: int) -> None:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    page, printed = tmp_path / "report.html", tmp_path / "report.pdf"
    page.write_bytes(render_report(longer(report_content, times), ("html",)).files["html"])
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run(
        [*command, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={printed}", page.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert len(PdfReader(printed).pages) == 1


def set_height(page: PracticePage, charts: tuple[str, ...], density: Density) -> float:
    """The height that Typst gives the page, where it is one: where the next paragraph would begin."""
    template = (files("enginehouse.reports") / "templates" / "practice.typ").read_bytes()
    found = typst.query(
        template + b"\n#context [#metadata(here().position()) <end>]",
        "<end>",
        field="value",
        one=True,
        sys_inputs={"page": page_inputs(page, charts, density)},
        font_paths=shipped_fonts(),
    )
    position = json.loads(found)
    assert position["page"] == 1
    return float(position["y"].removesuffix("pt")) - 11 * 72 / 25.4


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("part", ["", "synthetic", "gap", "comparator", "facilitation_words", "why"])
def test_a_page_counted_as_one_by_its_words_leaves_room(report_content: ReportContent, times: int, part: str) -> None:
    """Word by word the measure is 16 points or more above what Typst sets, whatever the page leaves out."""
    without = replace(report_content, **LEAVES_OUT[part])
    page = practice_page(longer(without, times))
    charts = page_charts(page)
    tallest = taller_chart([drawn_height(chart) for chart in charts])
    for density in DENSITIES[-2:]:
        measured = longest_height(page, tallest, density)
        if measured <= HEIGHT + 16:
            assert measured - set_height(page, charts, density) >= 16


def test_what_is_counted_word_by_word_is_what_is_set(report_content: ReportContent) -> None:
    """The number of pages said without setting them is that of the PDF, from a short page to one that is too long."""
    for words in range(0, 400, 25):
        content = replace(longer(report_content, 2), why="A few words more. " * (words // 4))
        said = render_report(content, ("html",)).facts.pages
        assert said == render_report(content, ("html", "pdf")).facts.pages


def test_few_reports_start_no_process() -> None:
    assert processes_worth_starting(300, ("html", "text")) == 0
    assert processes_worth_starting(6_000, ("html", "text", "pdf")) > 8


def test_processes_change_no_byte_and_no_order(report_content: ReportContent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice_report, "processes_worth_starting", lambda _reports, _formats: 2)
    many = [replace(report_content, site_name=f"Practice {number}") for number in range(22)]
    shared = render_reports(many, ("html",), workers=2)
    assert shared == render_reports(many, ("html",))
    assert [f"Practice {n}".encode() in made.files["html"] for n, made in enumerate(shared)] == [True] * 22


def test_colours_of_text_have_contrast() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert all(contrast(COLOURS[text], COLOURS[ground]) >= 4.5 for text, ground in TEXT_ON)


def test_links_and_mail_addresses_are_links() -> None:
    runs = rich_runs("See https://a.example/b, or **write** to me@b.example.")
    assert [(run.kind, run.text) for run in runs] == [
        ("text", "See "),
        ("link", "https://a.example/b"),
        ("text", ", or "),
        ("strong", "write"),
        ("text", " to "),
        ("link", "me@b.example"),
        ("text", "."),
    ]
    assert runs[-2].href == "mailto:me@b.example"
    assert rich_runs("") == ()


def test_notes_are_split_in_their_order(report_content: ReportContent) -> None:
    page = practice_page(report_content)
    left, right = two_columns(page.notes)
    assert (*left, *right) == page.notes
    assert left
    assert right
    assert two_columns(()) == ((), ())


def test_numbers_of_the_headline_keep_their_signs_and_units() -> None:
    drawn = '<section id="headline"><h1>−1,234.5 and 12%</h1></section>'
    assert headline_numbers(drawn) == ("−1,234.5", "12%")
    assert headline_numbers("<p>5</p>") == ()
