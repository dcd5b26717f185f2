"""The page of designs says what each could show, and what *everyone at once* finds where nothing happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enginehouse.reports.charts.spec import CurveChart, IntervalChart
from enginehouse.reports.content import DataTable, Document, Figure, KeyNumbers
from enginehouse.reports.design import design_document
from enginehouse.reports.design_figure import half_width, precision_figure
from enginehouse.reports.html import render_html
from enginehouse.reports.messages import has_message
from enginehouse.reports.pdf import render_pdf
from enginehouse.reports.text import render_text
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_report import DesignOption, DesignReport, PowerCurves

CANNOT = NotEstimable(reason="short", detail="The history has only 8 months.")


def document_of(report: DesignReport, *, synthetic: bool = True) -> Document:
    return design_document(report, programme="P", indicator_title="Opioids", synthetic=synthetic)


def text_of(report: DesignReport) -> str:
    return " ".join(render_text(document_of(report)).replace("\n| ", "\n").split())


def blocks[T](document: Document, kind: type[T]) -> list[T]:
    return [b for section in document.sections for b in section.blocks if isinstance(b, kind)]


def test_every_design_has_its_words() -> None:
    assert all(has_message(f"design.option.{option.value}") for option in DesignOption)


def test_the_four_numbers_to_take_away(design_report: DesignReport) -> None:
    (numbers,) = blocks(document_of(design_report), KeyNumbers)
    assert [item.value for item in numbers.items] == ["53%", "below 1%", "−11.0%", "8%"]
    assert "of 12; one in twenty would be right" in numbers.items[3].note


def test_all_at_once_stands_beside_the_others_with_its_false_alarms(design_report: DesignReport) -> None:
    first, second, *others = design_report.lines
    without = replace(design_report, lines=(first, replace(second, feasible=False, precision=CANNOT), *others))
    assert "8% of them an effect, where 5% would be right" in text_of(without)
    table = blocks(document_of(without), DataTable)[0]
    assert len(table.rows) == len(design_report.lines)
    assert table.rows[0][0].endswith("(registered)")
    # The headline is of the past drawn anew, the table by formula: a reader must know which to believe.
    assert "that answer, at the top and in the annex, is the better one" in table.note
    assert [row[1] for row in table.rows].count("not possible here") == 1


def test_each_answer_under_no_difference_and_under_the_effect(design_report: DesignReport) -> None:
    answers = blocks(document_of(design_report), DataTable)[1]
    assert ("Worthwhile", "0%", "16.0% (±2.6%)") in answers.rows
    assert ("Better", "3.0% (±1.2%)", "37.0% (±3.4%)") in answers.rows


def test_the_figure_holds_widths_and_no_results(design_report: DesignReport) -> None:
    names = {line.option: line.option.value for line in design_report.lines}
    figure = precision_figure(design_report, names)
    assert figure is not None
    assert isinstance(figure.chart, IntervalChart)
    rows = figure.chart.groups[0].rows
    assert all(row.bracket and row.low == -row.high for row in rows)
    assert [row.emphasis for row in rows].count("main") == 1
    assert all(row.words.removeprefix("±") in figure.alt for row in rows)


def test_half_widths() -> None:
    assert half_width(0.02, "difference", df=None) == pytest.approx(1.96 * 0.02, rel=1e-4)
    assert half_width(0.02, "log-ratio", df=None) == pytest.approx(
        100 * (2.718281828 ** (1.959964 * 0.02) - 1), rel=1e-4
    )
    assert half_width(0.02, "difference", df=10, level=None) == 0.02


def test_what_could_not_be_tried_is_said(design_report: DesignReport) -> None:
    power = replace(design_report.power, none=CANNOT, effect=CANNOT, formula=CANNOT, window=None)
    lines = tuple(replace(line, precision=CANNOT, placebo=CANNOT) for line in design_report.lines)
    bare = replace(
        design_report, power=power, lines=lines, equivalence=None, warnings=(), curves=CANNOT, history=CANNOT
    )
    document = document_of(bare)
    assert not blocks(document, Figure)
    assert text_of(bare).count(CANNOT.detail) >= 4
    assert render_pdf(document)


def test_it_is_a_page_and_a_pdf(design_report: DesignReport) -> None:
    document = document_of(design_report)
    assert b"synthetic" in render_html(document)
    assert render_pdf(document)
    assert document_of(design_report, synthetic=False).banner == ""


def test_both_curves_are_said_in_words_and_stand_where_the_design_stands(design_report: DesignReport) -> None:
    by_effect, by_units = (
        figure for figure in blocks(document_of(design_report), Figure) if isinstance(figure.chart, CurveChart)
    )
    assert isinstance(by_units.chart, CurveChart)
    assert by_units.chart.marks[0].x == 59
    assert len(by_units.chart.others[0].y) == len(by_units.chart.x)
    assert by_effect.alt.count("the chance to tell it from none") == 5
    assert by_units.alt.endswith("called equivalent if there is no difference 8%.")
    plain = replace(design_report, curves=without_equivalence(design_report.curves))
    figures = [figure for figure in blocks(document_of(plain), Figure) if isinstance(figure.chart, CurveChart)]
    assert all(not figure.chart.others for figure in figures if isinstance(figure.chart, CurveChart))
    assert "equivalent" not in figures[0].alt


def without_equivalence(curves: PowerCurves | NotEstimable) -> PowerCurves:
    assert isinstance(curves, PowerCurves)
    by_effect, by_units = (
        tuple(replace(point, equivalent=None) for point in points) for points in (curves.by_effect, curves.by_units)
    )
    return replace(curves, by_effect=by_effect, by_units=by_units)


def test_the_past_is_said_in_words(design_report: DesignReport) -> None:
    text = text_of(design_report)
    assert "What the past says" in text
    assert "go together with a correlation of" in text
    assert "two years are needed to see seasons" in text or "Seasons:" in text
    facts = design_report.history
    assert not isinstance(facts, NotEstimable)
    assert not isinstance(facts.components, NotEstimable)
    other = replace(facts.components, form="nested", decay_deviance=None)
    assert "only one of the two models" in text_of(replace(design_report, history=replace(facts, components=other)))
    none = replace(facts, components=CANNOT)
    assert CANNOT.detail in text_of(replace(design_report, history=none))


def test_every_design_says_what_it_cannot_tell(design_report: DesignReport) -> None:
    assert text_of(design_report).count("It cannot tell:") == len(design_report.lines) == len(DesignOption)
