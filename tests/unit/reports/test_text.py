"""Plain text says the same, line by line."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from enginehouse.reports.content import Block, DataTable, Document, Section
from enginehouse.reports.text import WIDTH, WRITERS, render_text


def test_every_kind_of_block_is_written() -> None:
    assert set(WRITERS) == set(get_args(Block.__value__))


def test_a_figure_is_its_words(document: Document) -> None:
    assert "What happened\n  The figure in words: It rose from 1 to 4." in render_text(document)


def test_lines_are_short(document: Document) -> None:
    assert max(len(line) for line in render_text(document).splitlines()) <= WIDTH


def test_a_table_stands_in_columns(document: Document) -> None:
    table = DataTable(caption="T", header=("a", "b"), rows=(("long text", "1"), ("x", "22")), numeric=frozenset({1}))
    text = render_text(replace(document, sections=(Section(id="s", title="", blocks=(table,)),)))
    assert "a           b\n---------  --\nlong text   1\nx          22\n" in text


def test_marks_do_not_show(document: Document) -> None:
    assert "**" not in render_text(document).replace("***", "")
    assert "*** All data are synthetic. ***" in render_text(document)
