"""What is said of months that are written otherwise, and that all files of a source are looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from enginehouse.core.errors import DataError
from enginehouse.data.cleaning import Unfit, read_day
from enginehouse.data.loading import FaultyFiles
from enginehouse.data.quarantine import QuarantinedRow, read_quarantine, reason_kind
from enginehouse.data.snapshot import Snapshot

HEADER = "indicator,site,month,numerator,denominator\n"


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("01/2022", "2022-01"),
        ("1.2022", "2022-01"),
        ("2022-1", "2022-01"),
        ("2022/11", "2022-11"),
        ("Jan-22", "2022-01"),
        ("September 2022", "2022-09"),
        ("2022 Jan", "2022-01"),
        ("13/2022", "YYYY-MM"),  # no such month
        ("01-22", "YYYY-MM"),  # January 2022, or the 22nd
        ("soon", "YYYY-MM"),
    ],
)
def test_what_to_write(text: str, write: str) -> None:
    with pytest.raises(Unfit) as refused:
        read_day(text)
    assert str(refused.value) == f"'{text}' is not a month: write {write}"


def test_the_column_is_named_as_the_file_names_it(load: Callable[..., Snapshot]) -> None:
    text = "indicator,site,Period,numerator,denominator\nx,a,01/2022,1,2\nx,a,Feb-22,1,2\nx,a,2022-03,1,2\n"
    found = read_quarantine(load("totals", text, columns={"month": "Period"}))
    assert found == (
        QuarantinedRow(
            "source.csv", 2, "month (column Period): '01/2022' is not a month: write 2022-01", "x,a,01/2022,1,2"
        ),
        QuarantinedRow(
            "source.csv", 3, "month (column Period): 'Feb-22' is not a month: write 2022-02", "x,a,Feb-22,1,2"
        ),
    )


def test_a_clean_snapshot_has_no_quarantined_rows(load: Callable[..., Snapshot]) -> None:
    assert read_quarantine(load("totals", HEADER + "x,a,2022-03,1,2\n")) == ()


def test_every_faulty_file_is_told(load: Callable[..., Snapshot]) -> None:
    files: dict[str, Any] = {
        "one.csv": HEADER + "x,a,01/2022,1,2\n",
        "two.csv": HEADER + "x,a,2022-02,1,2\n",
        "three.csv": "indicator,site,month\nx,a,2022-03\n",
    }
    with pytest.raises(FaultyFiles) as refused:
        load("totals", files)
    assert [problem.where for problem in refused.value.problems] == ["one.csv", "three.csv"]
    assert isinstance(refused.value, DataError)
    assert refused.value.what.startswith("2 files cannot be used:\n  one.csv\n    not one of the 1 rows fits.")
    assert "write 2022-01" in str(refused.value)
    assert "lacks the column(s) numerator, denominator" in str(refused.value)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("month: '01/2022' is not a month: write 2022-01", "month is not a month"),
        ("month (column Period): 'it's' is not a month: write YYYY-MM", "month (column Period) is not a month"),
        ("numerator: '*' is not a number", "numerator is not a number"),
        ("numerator is missing", "numerator is missing"),
        ("the row has 3 columns instead of 5", "the row has too many or too few columns"),
    ],
)
def test_the_kind_of_a_reason(reason: str, kind: str) -> None:
    assert reason_kind(reason) == kind
