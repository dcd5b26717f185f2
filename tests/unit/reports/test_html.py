"""Pages are whole, escaped, ordered and say everything that their figures show."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from typing import get_args

import pytest

from enginehouse.reports.content import Block, Document, Section
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.html import MACROS, render_html
from enginehouse.reports.sections.basis import Basis

VOID = {"meta", "br", "hr", "link", "img", "input"}


class Page(HTMLParser):
    """Tags in order with their attributes and text; unbalanced tags are an error."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(content.decode())
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "svg"} & set(self.open):
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(document: Document) -> Page:
    return Page(render_html(document))


@pytest.fixture(scope="module")
def dossier(basis: Basis) -> Page:
    return Page(
        render_html(
            dossier_document(
                protocol=basis.protocol, evaluation=basis.evaluation, appraisal=basis.appraisal, facts=basis.facts
            )
        )
    )


def test_every_kind_of_block_has_its_macro() -> None:
    assert set(MACROS) == set(get_args(Block.__value__))


def test_same_document_same_bytes(document: Document) -> None:
    assert render_html(document) == render_html(document)


def test_text_is_escaped_and_strong_is_marked(document: Document) -> None:
    text = render_html(document).decode()
    assert "<strong>−1.1%</strong> &amp; &lt;b&gt;no more&lt;/b&gt;" in text
    assert "Items &amp; &lt;others&gt;" in text


def test_the_page_stands_alone(document: Document) -> None:
    text = render_html(document).decode()
    assert "<script" not in text
    assert not re.search(r"""(?:src|href)\s*[=(]\s*["']?(?:https?:)?//""", text)
    assert not re.findall(r"url\((?!data:)", text)
    assert text.count("@font-face") == 2


def test_language_title_and_skip_link(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en-GB"
    assert page.all("a")[0]["href"] == "#main"
    assert page.all("main")[0]["id"] == "main"
    assert "Did it work? – Dossier" in page.text


def test_the_banner_stands_first_and_only_when_there_is_one(document: Document, plain_document: Document) -> None:
    assert 'class="banner" role="note">All data are <strong>synthetic</strong>.' in render_html(document).decode()
    assert 'class="banner"' not in render_html(plain_document).decode()


@pytest.mark.parametrize("name", ["page", "dossier"])
def test_headings_go_down_one_level_at_a_time(name: str, request: pytest.FixtureRequest) -> None:
    levels = [int(tag[1]) for tag, _ in request.getfixturevalue(name).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("name", ["page", "dossier"])
def test_ids_are_unique_and_references_resolve(name: str, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(name)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(set(ids)) == len(ids)
    wanted = [a[key] for _, a in page.tags for key in ("aria-labelledby", "aria-describedby") if key in a]
    wanted += [a["href"][1:] for a in page.all("a") if (a.get("href") or "").startswith("#")]
    assert set(wanted) <= set(ids)


@pytest.mark.parametrize("name", ["page", "dossier"])
def test_figures_have_words_and_tables_have_heads(name: str, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(name)
    count = len(page.all("figure"))
    assert count == len(page.all("figcaption")) == len(page.all("svg")) == len(page.all("details")) > 0
    assert all(svg["role"] == "img" for svg in page.all("svg"))
    assert len(page.all("caption")) == len(page.all("table")) == len(page.all("thead"))
    assert all(cell["scope"] in ("col", "row") for cell in page.all("th"))


def test_what_scrolls_can_be_reached_by_keyboard(page: Page) -> None:
    scrolling = [a for a in page.all("div") if "scroll" in (a.get("class") or "").split()]
    assert scrolling
    assert all(a["tabindex"] == "0" and a["aria-labelledby"] for a in scrolling)


def test_a_long_page_lists_its_sections(document: Document, dossier: Page) -> None:
    assert not Page(render_html(document)).all("nav")
    assert len(dossier.all("nav")) == 1


def test_a_section_without_title_has_no_heading(document: Document) -> None:
    bare = replace(document, sections=(Section(id="only", title="", blocks=document.sections[0].blocks),))
    assert not Page(render_html(bare)).all("h2")


def test_colours_of_text_in_the_style_sheet_have_contrast() -> None:
    style = (files("enginehouse.reports") / "templates/page.css").read_text()
    names = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", style))
    backgrounds = ["#ffffff", *re.findall(r"background: (#[0-9a-f]{6})", style)]
    for name in ("ink", "quiet", "blue", "blue-dark", "green", "rust"):
        assert contrast(names[name], "#ffffff") >= 4.5
    for background in backgrounds:
        assert contrast(names["ink"], background) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""

    def luminance(colour: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
