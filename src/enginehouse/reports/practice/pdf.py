"""The report to one site as a tagged PDF (PDF/UA-1) by its own Typst template, with the shipped font and no clock."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import typst

from enginehouse.reports.content import Figure
from enginehouse.reports.pdf import shipped_fonts
from enginehouse.reports.practice.html import two_columns
from enginehouse.reports.practice.page import Note, PracticePage
from enginehouse.reports.practice.runs import rich_runs
from enginehouse.reports.practice.style import COLOURS, Density

type Plain = dict[str, Any]
_PAGE_TREE = re.compile(rb"/Type\s*/Pages\s*/Count\s+(\d+)")


def render_practice_pdf(page: PracticePage, charts: Sequence[str], density: Density) -> bytes:
    """The PDF's bytes; the same page gives the same bytes."""
    return compile_page(page_inputs(page, charts, density))


def page_inputs(page: PracticePage, charts: Sequence[str], density: Density) -> str:
    """What the template reads, as JSON."""
    return json.dumps(_plain(page, charts, density), ensure_ascii=False)


def compile_page(inputs: str) -> bytes:
    """The PDF that Typst makes of `inputs`."""
    return typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"page": inputs},
        font_paths=shipped_fonts(),
        pdf_standards="ua-1",
        timestamp=0,
    )


def page_count(pdf: bytes) -> int:
    """How many pages the page tree of a PDF that Typst made has."""
    found = _PAGE_TREE.search(pdf)
    if found is None:
        raise AssertionError("no page tree was found in the PDF")
    return int(found[1])


def _plain(page: PracticePage, charts: Sequence[str], density: Density) -> Plain:
    language, _, region = page.language.partition("-")
    return {
        "colours": COLOURS,
        "text": density.text,
        "small": density.small,
        "headline": density.headline,
        "gap": density.gap,
        "language": language,
        "region": region or None,
        "title": page.title,
        "banner": page.banner,
        "kind": page.kind,
        "issue": page.issue,
        "site": page.site,
        "role": page.role,
        "heading": _runs(page.headline),
        "said": [_runs(text) for text in page.standing_words],
        "charts": [
            _chart(figure, svg, note=page.standing_line if figure is page.standing else "")
            for figure, svg in zip(page.figures, charts, strict=True)
        ],
        "gap_words": _runs(page.gap.text) if page.gap else [],
        "actions_title": page.actions_title,
        "actions": [
            {"text": _runs(step.text), "who": _runs(step.who), "search": _runs(step.search)} for step in page.actions
        ],
        "notes": [[_note(note) for note in column] for column in two_columns(page.notes)],
        "plan_title": page.plan.title,
        "plan": _runs(page.plan.text),
        "plan_slots": page.plan_slots,
        "foot": [_note(note) for note in page.foot],
    }


def _chart(figure: Figure, svg: str, *, note: str = "") -> Plain:
    return {"title": figure.caption, "svg": svg, "alt": figure.alt, "note": note}


def _note(note: Note) -> Plain:
    return {"title": note.title, "text": _runs(note.text)}


def _runs(text: str) -> list[Plain]:
    return [{"kind": run.kind, "text": run.text, "href": run.href} for run in rich_runs(text)]


@cache
def _template() -> bytes:
    return (files("enginehouse.reports") / "templates" / "practice.typ").read_bytes()
