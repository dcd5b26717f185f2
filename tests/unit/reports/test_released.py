"""Numbers as files: only a released table can be written, suppressed cells stay marked, the same table is the same bytes."""

from __future__ import annotations

import csv

from enginehouse.governance.disclosure import count, label, release, release_published
from enginehouse.programme.enums import Disclosure
from enginehouse.reports.released import render_csv


def test_a_table_as_csv():
    rows = [{"site": "ods:A, the first", "items": 3}, {"site": "ods:B", "items": 12}]
    table = release([label("site"), count("items")], rows, rule=Disclosure.ROUND_AND_SUPPRESS)
    assert render_csv(table).decode() == 'site,items\n"ods:A, the first",[c]\nods:B,10\n'


def test_whole_numbers_are_written_whole_and_others_lose_nothing():
    table = release_published(("a", "b"), [(12.0, 1 / 3)])
    (header, row) = csv.reader(render_csv(table).decode().splitlines())
    assert header == ["a", "b"]
    assert (row[0], float(row[1])) == ("12", 1 / 3)
