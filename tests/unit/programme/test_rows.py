"""The one reader of CSV files that people write: every message, each at its line and column."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from enginehouse.core.errors import Problems
from enginehouse.programme.rows import Row, Rows, read_file, read_records, read_rows

COLUMNS = ("site", "count", "on", "note")


def read(content: str | bytes) -> Rows:
    raw = content if isinstance(content, bytes) else content.encode()
    return read_rows(raw, COLUMNS, path="handed-in.csv", optional=("note",))


def cells(content: str | bytes) -> list[dict[str, str]]:
    found = read(content)
    assert (found.problems, [row.problems for row in found.rows]) == ((), [[]] * len(found.rows))
    return [dict(row.cells) for row in found.rows]


ONE = {"site": "Z1", "count": "3", "on": "2026-05-01"}


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("site,count,on\nZ1,3,2026-05-01\n", [ONE]),
        ("site,count,on\nZ1,3,2026-05-01", [ONE]),
        ("\ufeffSite, COUNT ,on\r\n Z1 ,3,2026-05-01\r\n", [ONE]),
        ("site,count,on\rZ1,3,2026-05-01\r", [ONE]),
        ("\n,,\nsite,count,on\n\n , ,\nZ1,3,2026-05-01,,\n", [ONE]),
        ("on,site,count\n2026-05-01,Z1,3\n", [ONE]),
        ("site,count,on,note\nZ1,3,2026-05-01\n", [ONE]),
        ('site,count,on,note\nZ1,3,2026-05-01,"a, ""b""\nc"\n', [{**ONE, "note": 'a, "b"\nc'}]),
        ("site,count,on\n", []),
    ],
    ids=["plain", "no last line end", "a spreadsheet's mark and capitals", "old line ends", "empty rows and cells",
         "another order", "a short row", "quotes, commas and line breaks", "a header alone"],
)  # fmt: skip
def test_what_is_read(content: str, rows: list[dict[str, str]]):
    assert cells(content) == rows


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ["1\n  the file is empty. Begin with the columns: site,count,on,note."]),
        ("\n , \n", ["1\n  the file is empty. Begin with the columns: site,count,on,note."]),
        ("site,count,on\nZo\xeb,3,x\n".encode("latin-1"), ["2\n  the file is not UTF-8 text. Save it as 'CSV UTF-8'."]),
        ("site,count,on\n".encode("utf-16"), ["1\n  the file is not UTF-8 text. Save it as 'CSV UTF-8'."]),
        ('site,count,on\nZ1,3,x\n"Z2,3,x\n', ["3\n  a quotation mark is not closed, or stands inside a cell. Put a cell that holds a quotation mark in quotes, with each mark doubled."]),
        ('site,count,on\n"Z"1,3,x\n', ["2\n  a quotation mark is not closed, or stands inside a cell. Put a cell that holds a quotation mark in quotes, with each mark doubled."]),
        ("site;count;on\n", ["1\n  got one column, 'site;count;on…'. Separate columns with commas, not with ';'."]),
        ("site\tcount\ton\n", ["1\n  got one column, 'site\tcount\ton…'. Separate columns with commas, not with tabs."]),
        ("site,,on,count\n", ["1\n  column 2 has no name. Name it, or remove it."]),
        ("site,count,on,site\n", ["1\n  got the column 'site' twice. Remove one."]),
        ("\nsite,on\n", ["2\n  the column 'count' is missing. Every row needs it."]),
        ("site,on,cuont\n", ["1\n  got the column 'cuont'; expected one of: site, count, on, note. Did you mean 'count'?"]),
        ("place,count,on,on\n", [
            "1\n  got the column 'place'; expected one of: site, count, on, note.",
            "1\n  got the column 'on' twice. Remove one.",
            "1\n  the column 'site' is missing. Every row needs it.",
        ]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file(content: str | bytes, said: list[str]):
    found = read(content)
    assert [str(problem) for problem in found.problems] == [f"handed-in.csv:{line}" for line in said]
    assert found.rows == ()


def test_a_stray_comma_is_told_where_its_row_begins():
    [_, row] = read('site,count,on,note\nZ1,3,2026-05-01,"a\nb"\nZ2,3,2026-05-01,c,d\n').rows
    assert [str(problem) for problem in row.problems] == [
        "handed-in.csv:4\n  got 5 cells for 4 columns. Put a cell that holds a comma in quotes."
    ]


def the(line: str) -> Row:
    return read(f"site,count,on,note\n{line}\n").rows[0]


def test_cells_by_their_kind():
    row = the("Z1,2.5e1,2026-05-01,ods:Z2")
    assert (row.number("count"), row.day("on")) == (25.0, date(2026, 5, 1))
    assert row.site("site", ["ods:Z1"], scheme="ods") == "ods:Z1"
    assert row.site("note", ["ods:Z2"], scheme="ods") == "ods:Z2"
    assert row.one_of("site", ["Z1"]) == "Z1"
    assert the("Z1,25,x,").whole("count") == 25
    assert (the("Z1,,x,").number("count", required=False), the("Z1,,x,").whole("count", required=False)) == (0, 0)
    assert row.problems == []


@pytest.mark.parametrize(
    ("line", "ask", "said"),
    [
        (",1,x,", lambda row: row.text("site"), "site\n  got nothing. Fill it in."),
        ("tea,1,x,", lambda row: row.one_of("site", ["call", "visit"]), "site\n  got 'tea'; expected one of: call, visit."),
        ("vist,1,x,", lambda row: row.one_of("site", ["call", "visit"]), "site\n  got 'vist'; expected one of: call, visit. Did you mean 'visit'?"),
        ("Z9,1,x,", lambda row: row.site("site", ["ods:Z1"], scheme="ods"), "site\n  got 'Z9', which is not a site of this cycle. Take the row out, or correct it."),
        ("Z/9,1,x,", lambda row: row.site("site", ["ods:Z1"], scheme="ods"), "site\n  got 'Z/9' for a site. A site is written scheme:code, for example ods:B85010."),
        *[
            (f"Z1,{text},x,", lambda row: row.number("count"), f"count\n  got '{text}'; expected a number of at least 0. Write digits alone.")
            for text in ("-5", "nan", "inf", "1_000", "1e12", "£5", "5 min")
        ],
        ("Z1,2.5,x,", lambda row: row.whole("count"), "count\n  got '2.5'; expected a whole number of at least 0. Write digits alone."),
        *[
            (f"Z1,1,{text},", lambda row: row.day("on"), f"on\n  got '{text}'; expected a day written YYYY-MM-DD, for example 2026-03-31.")
            for text in ("3 June", "01/05/2026", "20260501", "2026-W01-1", "2026-02-30")
        ],
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_cell(line: str, ask, said: str):
    row = the(line)
    ask(row)
    assert [str(problem) for problem in row.problems] == [f"handed-in.csv:2  {said}"]


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path):
    path = tmp_path / "handed-in.csv"
    path.write_text("site,count,on\nZ1,x,y\nZ2,1,2026-05-01,z\n", "utf-8")
    with pytest.raises(Problems) as found:
        read_records(path, COLUMNS, lambda row: (row.number("count"), row.day("on")), optional=("note",))
    assert [problem.where.removeprefix(str(path)) for problem in found.value.problems] == [":2  count", ":2  on", ":3"]
    path.write_text("site,count,on\nZ1,2,2026-05-01\n", "utf-8")
    assert read_records(path, COLUMNS, lambda row: row.number("count"), optional=("note",)) == (2.0,)


def test_a_file_that_cannot_be_opened(tmp_path: Path):
    none, folder = tmp_path / "none.csv", tmp_path / "folder.csv"
    folder.mkdir()
    assert [str(p) for path in (none, folder) for p in read_file(path, COLUMNS).problems] == [
        f"{none}\n  there is no such file. Check its name.",
        f"{folder}\n  the file cannot be read: Is a directory. Check its permissions.",
    ]
