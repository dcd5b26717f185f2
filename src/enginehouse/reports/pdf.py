"""A document as a tagged PDF (PDF/UA-1) by Typst, with the shipped font and no clock: same document, same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import typst

from enginehouse.reports.charts.draw import draw, is_half_wide
from enginehouse.reports.charts.metrics import text_width
from enginehouse.reports.content import (
    Block,
    Bullets,
    Callout,
    DataTable,
    Document,
    Figure,
    KeyNumbers,
    Lineage,
    Links,
    Paragraph,
    annex_start,
)
from enginehouse.reports.inline import plain, runs
from enginehouse.reports.messages import messages, say

type Plain = dict[str, Any]
HALF_WIDE = 50
"""Per cent of the width of the page that a chart of half its width takes: its letters are then as large as others'."""
_LEAST_COLUMN, _WIDEST_COLUMN = 40.0, 230.0


def render_pdf(document: Document) -> bytes:
    """The PDF's bytes. Typst refuses a figure without alternative text, so `Figure.alt` must not be empty."""
    inputs = {"document": json.dumps(_plain_document(document), ensure_ascii=False)}
    return typst.compile(
        _template(), format="pdf", sys_inputs=inputs, font_paths=shipped_fonts(), pdf_standards="ua-1", timestamp=0
    )


@cache
def shipped_fonts() -> typst.Fonts:
    """The shipped fonts and no others, whatever the machine has."""
    with as_file(files("enginehouse.reports") / "fonts") as folder:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


@cache
def _template() -> bytes:
    return (files("enginehouse.reports") / "templates" / "document.typ").read_bytes()


def _plain_document(document: Document) -> Plain:
    language, _, region = document.language.partition("-")
    opening = annex_start(document)
    return {
        "title": plain(document.title),
        "heading": _runs(document.title),
        "subtitle": _runs(document.subtitle),
        "kind": document.kind,
        "banner": plain(document.banner),
        "footer": _runs(document.footer),
        "running": f"{document.kind}: {plain(document.title)}" if document.kind else plain(document.title),
        "annex": say("page.annex"),
        "page_number": messages()["page.page_number"],
        "compact": document.compact,
        "language": language,
        "region": region or None,
        "sections": [
            {
                "title": section.title,
                "aside": section.aside,
                "opens_annex": section.id == opening,
                "blocks": [_plain_block(b, f"{section.id}-{i}") for i, b in enumerate(section.blocks)],
            }
            for section in document.sections
        ],
    }


def _plain_block(block: Block, name: str) -> Plain:
    kind, convert = CONVERTERS[type(block)]
    return {"kind": kind, **convert(block, name)}


def _runs(text: str) -> list[Plain]:
    return [{"text": run.text, "strong": run.strong} for run in runs(text)]


def _paragraph(block: Paragraph, _name: str) -> Plain:
    return {"text": _runs(block.text)}


def _bullets(block: Bullets, _name: str) -> Plain:
    return {"items": [_runs(item) for item in block.items], "numbered": block.numbered}


def _callout(block: Callout, _name: str) -> Plain:
    return {"title": _runs(block.title), "text": _runs(block.text), "tone": block.tone}


def _key_numbers(block: KeyNumbers, _name: str) -> Plain:
    return {
        "items": [{"label": _runs(i.label), "value": i.value, "note": _runs(i.note)} for i in block.items],
    }


def _figure(block: Figure, name: str) -> Plain:
    svg = draw(block.chart, title=plain(block.caption), description=block.alt, name=name)
    width = HALF_WIDE if is_half_wide(block.chart) else 100
    return {"svg": svg, "alt": block.alt, "caption": _runs(block.caption), "width": width}


def _data_table(block: DataTable, _name: str) -> Plain:
    return {
        "caption": _runs(block.caption),
        "header": [_runs(cell) for cell in block.header],
        "rows": [[_runs(cell) for cell in row] for row in block.rows],
        "numeric": sorted(block.numeric),
        "note": _runs(block.note),
        "widths": _column_widths(block),
    }


def _column_widths(block: DataTable) -> list[float]:
    """Shares of the page's width: as wide as the widest cell, within limits."""
    columns = zip(block.header, *block.rows, strict=True)
    widest = (max(text_width(plain(cell), 10) for cell in column) for column in columns)
    return [min(max(width, _LEAST_COLUMN), _WIDEST_COLUMN) for width in widest]


def _lineage(block: Lineage, _name: str) -> Plain:
    return {"entries": [{"label": entry.label, "value": entry.value} for entry in block.entries]}


def _links(block: Links, _name: str) -> Plain:
    return {"items": [{"label": item.label, "note": _runs(item.note)} for item in block.items]}


CONVERTERS: dict[type, tuple[str, Callable[[Any, str], Plain]]] = {
    Paragraph: ("paragraph", _paragraph),
    Bullets: ("bullets", _bullets),
    Callout: ("callout", _callout),
    KeyNumbers: ("key_numbers", _key_numbers),
    Figure: ("figure", _figure),
    DataTable: ("data_table", _data_table),
    Lineage: ("lineage", _lineage),
    Links: ("links", _links),
}
