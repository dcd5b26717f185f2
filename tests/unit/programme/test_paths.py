"""Paths of sources: variables, patterns, and what is said when nothing is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from enginehouse.core.errors import DataError
from enginehouse.programme.paths import expand_variables, find_files


def test_a_variable_is_replaced() -> None:
    assert expand_variables("${NHS}/epd/*.csv", environment={"NHS": "/data"}) == "/data/epd/*.csv"


def test_a_variable_that_is_not_set() -> None:
    with pytest.raises(DataError, match=r"needs the environment variable NHS, which is not set.*export NHS="):
        expand_variables("${NHS}/a.csv", environment={"NHS": ""})


def test_the_shared_folder_stands_in_for_the_data_folder() -> None:
    shared = {"ENGINEHOUSE_SHARED": "/shared"}
    assert expand_variables("${ENGINEHOUSE_DATA}/a.csv", environment=shared) == "/shared/data/a.csv"
    both = shared | {"ENGINEHOUSE_DATA": "/data"}
    assert expand_variables("${ENGINEHOUSE_DATA}/a.csv", environment=both) == "/data/a.csv"


def test_files_come_sorted_and_once(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).write_text("x")
    assert find_files(["*.csv", "a.*"], base=tmp_path) == (tmp_path / "a.csv", tmp_path / "b.csv")


def test_a_missing_file_names_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "EPD_201709.csv").write_text("x")
    with pytest.raises(DataError, match=r"source epd\n.*no file found for 'raw/EDP_\*.csv'.*holds: EPD_201709.csv"):
        find_files(["raw/EDP_*.csv"], base=tmp_path, where="source epd")
    with pytest.raises(DataError, match="no file found"):
        find_files(["nowhere/at/all.csv"], base=tmp_path)
