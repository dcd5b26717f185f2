"""A document as plain text for terminals, e-mails and diffs; a figure is its words."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

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
    Section,
    annex_start,
)
from enginehouse.reports.inline import plain
from enginehouse.reports.messages import say

WIDTH = 88
_WIDEST_CELL = 34


def render_text(document: Document) -> str:
    """The document in lines of at most 88 characters; only a long hash or a wide table may go beyond."""
    head = [_boxed(document.banner), plain(document.title), "=" * min(len(plain(document.title)), WIDTH)]
    parts = ["\n".join(part for part in head if part), _wrapped(document.subtitle)]
    opening = annex_start(document)
    for section in document.sections:
        parts += [_annex(), _section(section)] if section.id == opening else [_section(section)]
    parts.append(_wrapped(document.footer))
    return "\n\n".join(part for part in parts if part) + "\n"


def _annex() -> str:
    title = say("page.annex")
    return f"{title}\n{'=' * len(title)}"


def _section(section: Section) -> str:
    title = f"{section.title}\n{'-' * min(len(section.title), WIDTH)}" if section.title else ""
    return "\n\n".join(part for part in (title, *(_block(block) for block in section.blocks)) if part)


def _block(block: Block) -> str:
    return WRITERS[type(block)](block)


def _wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    start = indent if first is None else first
    return textwrap.fill(
        plain(text),
        WIDTH,
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _boxed(text: str) -> str:
    return f"*** {plain(text)} ***\n" if text else ""


def _paragraph(block: Paragraph) -> str:
    return _wrapped(block.text)


def _bullets(block: Bullets) -> str:
    marks = [f"{number}. " if block.numbered else "- " for number in range(1, len(block.items) + 1)]
    return "\n".join(_wrapped(i, " " * len(m), m) for m, i in zip(marks, block.items, strict=True))


def _callout(block: Callout) -> str:
    lines = f"{_wrapped(block.title)}\n{_wrapped(block.text)}".splitlines()
    return "\n".join(f"| {line}" for line in lines)


def _key_numbers(block: KeyNumbers) -> str:
    return "\n".join(
        _wrapped(f"{item.label}: {item.value}{f' ({item.note})' if item.note else ''}", "  ", "")
        for item in block.items
    )


def _figure(block: Figure) -> str:
    caption = _wrapped(block.caption)
    words = _wrapped(f"{say('page.figure_in_words')}: {block.alt}", "  ")
    return f"{caption}\n{words}"


def _data_table(block: DataTable) -> str:
    rows = [[textwrap.wrap(plain(cell), _WIDEST_CELL) or [""] for cell in row] for row in (block.header, *block.rows)]
    widths = [max(len(line) for row in rows for line in row[column]) for column in range(len(block.header))]
    drawn = [_table_row(row, widths, block.numeric) for row in rows]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([_wrapped(block.caption), "", drawn[0], rule, *drawn[1:], *_note(block.note)])


def _table_row(cells: list[list[str]], widths: list[int], numeric: frozenset[int]) -> str:
    lines = []
    for line in range(max(len(cell) for cell in cells)):
        texts = [cell[line] if line < len(cell) else "" for cell in cells]
        aligned = [
            t.rjust(w) if i in numeric else t.ljust(w) for i, (t, w) in enumerate(zip(texts, widths, strict=True))
        ]
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def _note(note: str) -> list[str]:
    return ["", _wrapped(note)] if note else []


def _lineage(block: Lineage) -> str:
    return "\n".join(_wrapped(f"{entry.label}: {entry.value}", "  ", "") for entry in block.entries)


def _links(block: Links) -> str:
    return "\n".join(
        _wrapped(f"{i.label} ({i.href}){f': {i.note}' if i.note else ''}", "  ", "- ") for i in block.items
    )


WRITERS: dict[type, Callable[[Any], str]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    Callout: _callout,
    KeyNumbers: _key_numbers,
    Figure: _figure,
    DataTable: _data_table,
    Lineage: _lineage,
    Links: _links,
}
