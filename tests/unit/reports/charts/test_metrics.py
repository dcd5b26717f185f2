"""Widths agree with the shipped font files; lines break where they must."""

from __future__ import annotations

import struct
from importlib.resources import files

import pytest

from enginehouse.reports.charts.metrics import CHARACTERS, Box, shorten, text_box, text_width, wrap


def widths_in_font(name: str) -> dict[str, int]:
    """Advance widths of `CHARACTERS` read from the TrueType tables, as the OpenType specification lays them out."""
    font = (files("enginehouse.reports") / "fonts" / name).read_bytes()
    count = struct.unpack(">H", font[4:6])[0]
    records = [struct.unpack(">4sIII", font[12 + 16 * i : 28 + 16 * i]) for i in range(count)]
    tables = {tag.decode(): font[offset : offset + length] for tag, _, offset, length in records}
    assert struct.unpack(">H", tables["head"][18:20])[0] == 1000  # units per em
    metrics = struct.unpack(">H", tables["hhea"][34:36])[0]
    glyphs = glyph_numbers(tables["cmap"])
    last = metrics - 1
    return {c: struct.unpack(">H", tables["hmtx"][4 * min(glyphs[ord(c)], last) :][:2])[0] for c in CHARACTERS}


def glyph_numbers(cmap: bytes) -> dict[int, int]:
    """The Unicode mapping of format 4."""
    count = struct.unpack(">H", cmap[2:4])[0]
    offsets = [struct.unpack(">HHI", cmap[4 + 8 * i : 12 + 8 * i])[2] for i in range(count)]
    table = next(cmap[o:] for o in offsets if struct.unpack(">H", cmap[o : o + 2])[0] == 4)
    segments = struct.unpack(">H", table[6:8])[0] // 2

    def column(start: int, kind: str = "H") -> tuple[int, ...]:
        return struct.unpack(f">{segments}{kind}", table[start : start + 2 * segments])

    ends, starts = column(14), column(16 + 2 * segments)
    deltas, ranges = column(16 + 4 * segments, "h"), column(16 + 6 * segments)
    found = {}
    for i, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for code in range(start, end + 1 if end < 0xFFFF else end):
            if offset == 0:
                found[code] = (code + delta) % 65536
            else:
                place = 16 + 6 * segments + 2 * i + offset + 2 * (code - start)
                found[code] = struct.unpack(">H", table[place : place + 2])[0]
    return found


@pytest.mark.parametrize(("font", "bold"), [("SourceSansPro-Regular.ttf", False), ("SourceSansPro-Semibold.ttf", True)])
def test_the_table_of_widths_is_the_fonts_own(font: str, bold: bool) -> None:
    expected = widths_in_font(font)
    assert {c: text_width(c, 1000, bold=bold) for c in CHARACTERS} == expected


def test_digits_are_equally_wide_so_that_columns_of_numbers_stand_straight() -> None:
    assert len({text_width(d, 14) for d in "0123456789"}) == 1


def test_an_accented_letter_is_as_wide_as_its_base_and_an_unknown_one_is_wide() -> None:
    assert text_width("é", 10) == text_width("e", 10)
    assert text_width("\N{CJK UNIFIED IDEOGRAPH-4E00}", 10) == 10


def test_a_box_stands_where_its_anchor_says() -> None:
    width = text_width("abc", 10)
    start, end = text_box("abc", 100, 50, 10), text_box("abc", 100, 50, 10, anchor="end")
    assert (start.left, start.right) == (100, 100 + width)
    assert (end.left, end.right) == (100 - width, 100)
    assert start.top < 50 < start.bottom


def test_boxes_that_touch_do_not_overlap() -> None:
    assert not Box(0, 0, 10, 10).overlaps(Box(10, 0, 20, 10))
    assert Box(0, 0, 10, 10).overlaps(Box(8, 8, 20, 20))


def test_text_breaks_at_words_and_ends_in_an_ellipsis() -> None:
    lines = wrap("the rest of the North East and Yorkshire", 14, 90, lines=2)
    assert len(lines) == 2
    assert lines[0] == "the rest of the"
    assert lines[1].endswith("…")
    assert all(text_width(line, 14) <= 90 for line in lines)
    assert wrap("", 14, 100) == ()


def test_a_word_that_is_too_long_is_shortened() -> None:
    assert shorten("short", 14, 100) == "short"
    assert text_width(shorten("x" * 90, 14, 100), 14) <= 100
