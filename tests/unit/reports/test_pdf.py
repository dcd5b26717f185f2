"""The PDF is tagged, named, described and the same for the same document."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import pypdfium2
import pytest
import typst
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from enginehouse.reports.charts.spec import SeriesChart
from enginehouse.reports.content import Block, Document, Figure, Section
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.pdf import CONVERTERS, render_pdf
from enginehouse.reports.sections.basis import Basis

A4_POINTS = (595, 842)


@pytest.fixture(scope="module")
def pdf(document: Document) -> bytes:
    return render_pdf(document)


@pytest.fixture(scope="module")
def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def structure(node: Any) -> Iterator[DictionaryObject]:
    """Every element of the structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from structure(child)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from structure(node["/K"])


def tags(reader: PdfReader) -> list[DictionaryObject]:
    return list(structure(reader.root_object["/StructTreeRoot"]))


def pages_text(content: bytes) -> list[str]:
    opened = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_range() for page in opened]
    finally:
        opened.close()


def test_every_kind_of_block_is_converted() -> None:
    assert set(CONVERTERS) == set(get_args(Block.__value__))


def test_same_document_same_bytes(document: Document, pdf: bytes) -> None:
    assert render_pdf(document) == pdf


def test_it_says_that_it_is_pdf_ua_1(reader: PdfReader) -> None:
    assert reader.xmp_metadata is not None
    assert b"<pdfuaid:part>1</pdfuaid:part>" in reader.root_object["/Metadata"].get_object().get_data()
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"]


def test_language_and_title(reader: PdfReader) -> None:
    assert reader.root_object["/Lang"] == "en-GB"
    assert reader.metadata is not None
    assert reader.metadata.title == "Did it work?"


def test_headings_tables_and_figures_are_tagged(reader: PdfReader) -> None:
    kinds = [tag["/S"] for tag in tags(reader)]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 3
    assert kinds.count("/Table") == 1
    assert kinds.count("/TH") == 2
    assert kinds.count("/Figure") == 1
    assert "/L" in kinds


def test_figures_have_alternative_text(reader: PdfReader) -> None:
    assert [tag["/Alt"] for tag in tags(reader) if tag["/S"] == "/Figure"] == ["It rose from 1 to 4."]


def test_pages_are_a4_numbered_and_carry_the_banner(basis: Basis) -> None:
    facts = replace(basis.facts, synthetic=True)
    long = render_pdf(
        dossier_document(protocol=basis.protocol, evaluation=basis.evaluation, appraisal=basis.appraisal, facts=facts)
    )
    texts = pages_text(long)
    assert len(texts) > 3
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(texts)}" in text
        assert "All data here are synthetic" in text
    box = PdfReader(io.BytesIO(long)).pages[0].mediabox
    assert (round(box.width), round(box.height)) == A4_POINTS


def test_only_the_shipped_fonts_are_used(reader: PdfReader) -> None:
    names = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            names.add(str(font.get_object()["/BaseFont"]).split("+")[-1])
    assert names
    assert all(name.startswith("SourceSansPro") for name in names)


def test_text_is_text_and_no_markup(pdf: bytes) -> None:
    text = " ".join(pages_text(pdf))
    assert "<b>no more</b>" in text
    assert "Items & <others>" in text


def test_a_figure_without_words_is_refused(document: Document, chart: SeriesChart) -> None:
    mute = Section(id="s", title="S", blocks=(Figure(chart=chart, caption="c", alt=""),))
    with pytest.raises(typst.TypstError, match="alt"):
        render_pdf(replace(document, sections=(mute,)))
