"""A document as one self-contained HTML page: style, fonts and charts are inside it, and nothing is scripted."""

from __future__ import annotations

import base64
from functools import cache
from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup, escape

from enginehouse.reports.charts.draw import draw
from enginehouse.reports.content import (
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
from enginehouse.reports.jinja import template_environment
from enginehouse.reports.messages import say

MACROS: dict[type, str] = {
    Paragraph: "paragraph",
    Bullets: "bullets",
    Callout: "callout",
    KeyNumbers: "key_numbers",
    Figure: "figure",
    DataTable: "data_table",
    Lineage: "lineage",
    Links: "links",
}
_WEIGHTS = {400: "SourceSansPro-Regular.woff2", 600: "SourceSansPro-Semibold.woff2"}
_SECTIONS_THAT_NEED_A_LIST = 4


def render_html(document: Document) -> bytes:
    """The page as UTF-8 bytes; the same document gives the same bytes."""
    page = _environment().get_template("page.html.j2")
    contents = [section for section in document.sections if section.title]
    text = page.render(
        document=document,
        contents=contents if len(contents) >= _SECTIONS_THAT_NEED_A_LIST else [],
        first_aside=annex_start(document),
        style=Markup(_style()),
    )
    return text.encode("utf-8")


def inline(text: str) -> Markup:
    """Running text with its strong parts marked."""
    parts = (Markup("<strong>{}</strong>").format(r.text) if r.strong else escape(r.text) for r in runs(text))
    return Markup("").join(parts)


def chart(figure: Figure, name: str) -> Markup:
    """The SVG of a figure; `name` is unique on the page."""
    return Markup(draw(figure.chart, title=plain(figure.caption), description=figure.alt, name=name))


@cache
def _environment() -> Environment:
    environment = template_environment()
    environment.filters["inline"] = inline
    environment.globals.update(chart=chart, say=say, macro_of=lambda block: MACROS[type(block)])
    return environment


@cache
def _style() -> str:
    """The style sheet with the fonts in it, so that charts have the letters their labels were placed for."""
    folder = files("enginehouse.reports")
    faces = [
        "@font-face{font-family:'Source Sans Pro';font-style:normal;font-display:swap;"
        f"font-weight:{weight};src:url(data:font/woff2;base64,{_base64(file)}) format('woff2')}}"
        for weight, file in _WEIGHTS.items()
    ]
    return (folder / "templates" / "page.css").read_text(encoding="utf-8") + "\n".join(faces)


def _base64(file: str) -> str:
    content = (files("enginehouse.reports") / "fonts" / file).read_bytes()
    return base64.b64encode(content).decode("ascii")
