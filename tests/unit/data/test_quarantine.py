"""Rows that do not fit: the right number, reason and text, in every shape of file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from enginehouse.core.errors import DataError
from enginehouse.data.snapshot import Snapshot

HEADER = "YEAR_MONTH,PRACTICE_NAME,PRACTICE_CODE,BNF_CODE,QUANTITY,ITEMS,TOTAL_QUANTITY,ADQUSAGE,NIC,ACTUAL_COST,UNIDENTIFIED"
LINES = [
    HEADER,
    "201709,Café Surgery,A81001,0407010H0AAAMAM,10,1,10,0,1.5,1.4,N",
    "201709,Café Surgery,A81001,0407010H0AAAMAM,10,one,10,0,1.5,1.4,N",
    "201713,Surgery,A81001,0407010H0AAAMAM,10,1,10,0,1.5,1.4,N",
    '"201709","Surgery","A81001","0407010H0AAAMAM","28.",2,"56.","0.","3.","2.8","N"',
    "201709,Surgery,A81001,0407010H0AAAMAM,10,1.5,15,0,1.5,1.4,N",
    "201709,Surgery,,0407010H0AAAMAM,10,1,10,0,1.5,1.4,N",
    "201709,Surgery,A81001,0407010H0AAAMAM,10,1",
    "201709,Surgery,A81001,0407010H0AAAMAM,10,-2,-20,0,1.5,1.4,N",
    "201709,Surgery,A81001,0407010H0AAAMAM,10,1,inf,0,1.5,1.4,maybe",
    "201709,Surgery,A81001,0407010H0AAAMAM,10,3,30,0,4.5,4.4,Y",
    "201709,Café Surgery,A81001,0407010H0AAAMAM,10,1,10,0,1.5,1.4,N,extra",
]
EXPECTED = {
    3: "ITEMS: 'one' is not a number",
    4: "month (column YEAR_MONTH): '201713' is not a month: write YYYY-MM",
    6: "items is not a whole number",
    7: "practice is missing",
    8: "the row has 6 columns instead of 11",
    9: "items is negative; quantity is negative",
    10: "quantity is not a finite number; unidentified: 'maybe' is not yes or no",
    12: "the row has 12 columns instead of 11",
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("zipped", [False, True])
def test_number_reason_and_text_of_every_row(
    load: Callable[..., Snapshot],
    rows: Callable[[Snapshot], list[dict[str, Any]]],
    quarantine: Callable[[Snapshot], list[tuple[str, int, str, str]]],
    end: str,
    zipped: bool,
) -> None:
    content = end.join([*LINES, ""]).encode("latin-1")
    name = "month.csv.gz" if zipped else "month.csv"
    snapshot = load("prescribing", {name: gzip.compress(content) if zipped else content}, site_scheme="ods")
    found = quarantine(snapshot)
    assert {row: reason for _, row, reason, _ in found} == EXPECTED
    assert {row: text for _, row, _, text in found} == {row: LINES[row - 1] for row in EXPECTED}
    assert {file for file, *_ in found} == {name}
    kept = rows(snapshot)
    assert [row["items"] for row in kept] == [1, 2, 3]
    assert [row["unidentified"] for row in kept] == [False, False, True]
    assert (snapshot.rows, snapshot.quarantined) == (3, 8)
    # Every line is the header, a row, or in the quarantine.
    assert 1 + snapshot.rows + snapshot.quarantined == len(LINES)


def test_numbers_stay_right_after_blank_lines_and_quoted_line_breaks(
    load: Callable[..., Snapshot], quarantine: Callable[[Snapshot], list[tuple[str, int, str, str]]]
) -> None:
    lines = [
        "practice,note,month,list_size",
        'A81001,"two\nlines",2017-09,10',
        "",
        "A81002,,2017-19,10",
        "A81003,,2017-09,-4",
        "A81004,,2017-09,x",
    ]
    snapshot = load("list-sizes", "\n".join(lines))
    assert [(row, text) for _, row, _, text in quarantine(snapshot)] == [(4, lines[3]), (5, lines[4]), (6, lines[5])]


def test_a_quotation_mark_that_is_never_closed(load: Callable[..., Snapshot]) -> None:
    with pytest.raises(DataError, match="row 3\n  row 3 opens a quotation mark that is not closed"):
        load("list-sizes", 'practice,month,patients\nA1,2017-09,1\n"A2,2017-09,1\nA3,2017-09,1\n')


def test_a_quotation_mark_inside_a_cell(
    load: Callable[..., Snapshot], quarantine: Callable[[Snapshot], list[tuple[str, int, str, str]]]
) -> None:
    snapshot = load("list-sizes", 'practice,month,patients\nA1,2017-09,1\n"A"2,2017-09,1\nA3,2017-09,1\n')
    assert [entry[1:] for entry in quarantine(snapshot)] == [
        (3, "practice has a quotation mark in the wrong place", '"A"2,2017-09,1')
    ]
    assert snapshot.rows == 2


def test_no_row_that_fits_is_a_mistake_about_the_file(load: Callable[..., Snapshot]) -> None:
    with pytest.raises(
        DataError, match=r"not one of the 2 rows fits.*month: 'soon' is not a month: write YYYY-MM \(2\)"
    ):
        load("list-sizes", "practice,month,patients\nA1,soon,1\nA2,soon,1\n")
    with pytest.raises(DataError, match="the file has no rows"):
        load("list-sizes", "practice,month,patients\n")


def test_latin_1_in_a_column_that_must_be_a_code(
    load: Callable[..., Snapshot], quarantine: Callable[[Snapshot], list[tuple[str, int, str, str]]]
) -> None:
    lines = [LINES[0], LINES[1], LINES[1].replace("A81001", "Æ81001")]
    snapshot = load("prescribing", "\n".join(lines).encode("latin-1"), site_scheme="ods")
    assert [entry[1:] for entry in quarantine(snapshot)] == [
        (3, "PRACTICE_CODE has characters that are not UTF-8", lines[2])
    ]
