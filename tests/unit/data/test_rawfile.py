"""Raw files: what is refused at the door, encodings, and records by number."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from enginehouse.core.errors import DataError
from enginehouse.data.rawfile import lines, open_raw, records, texts_at


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("a,b\n1,2\n".encode("utf-16"), "text in UTF-16"),
        (b"P\0K\0", "text in UTF-16 or a binary file"),
        (b"PK\x03\x04rest", "a zip archive or an Excel workbook"),
        (b"<html><body>Not found", "a web page"),
    ],
)
def test_wrong_encoding_or_kind_of_file(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(DataError, match=rf"f.csv\n  the file is {what}, not CSV or Parquet. Save it as 'CSV UTF-8"):
        open_raw(write(tmp_path / "f.csv", content), label="f.csv")


@pytest.mark.parametrize("content", [b"", b" \n \n", gzip.compress(b"", mtime=0)])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match="the file is empty"):
        open_raw(write(tmp_path / "f.csv", content), label="f.csv")


def test_a_gz_file_cut_short(tmp_path: Path) -> None:
    cut = gzip.compress(b"a,b\n" + bytes(range(256)) * 400)[:30]
    with pytest.raises(DataError, match=r"cannot be read.*cut short"):
        open_raw(write(tmp_path / "f.csv.gz", cut), label="f.csv.gz")


def test_encoding_separator_and_header(tmp_path: Path) -> None:
    utf8 = open_raw(write(tmp_path / "a.csv", "\ufeffname; size \nCafé;1\n".encode()), label="a")
    assert (utf8.encoding, utf8.separator, utf8.header) == ("utf-8", ";", ("name", "size"))
    latin = open_raw(write(tmp_path / "b.csv", "name,size\nCafé,1\n".encode("latin-1")), label="b")
    assert latin.encoding == "latin-1"
    codes = open_raw(tmp_path / "b.csv", label="b", reads_names=False)
    assert codes.encoding == "utf-8"


def test_a_file_without_a_header_must_have_the_right_number_of_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"got 2 columns; this file has no header and must have 3.*a, b, c"):
        open_raw(write(tmp_path / "f.csv", b"1,2\n"), label="f", header=("a", "b", "c"))


def test_records_keep_a_quoted_line_break_and_lines_refuse_to_guess(tmp_path: Path) -> None:
    raw = open_raw(write(tmp_path / "f.csv", b'a,b\n"x\ny",1\nz,2'), label="f")
    assert list(records(raw)) == [(1, "a,b"), (2, '"x\ny",1'), (3, "z,2")]
    assert lines(raw, [3], expected=3) is None  # four line ends for three records


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"\r\n"])
def test_lines_by_number(tmp_path: Path, end: bytes, last: bytes) -> None:
    raw = open_raw(write(tmp_path / "f.csv", end.join([b"a,b", b"1,2", b"3,4"]) + last), label="f")
    assert lines(raw, [3, 2], expected=3) == {2: "1,2", 3: "3,4"}
    assert lines(raw, [4], expected=3) is None


def test_a_position_that_is_not_a_line_start_is_not_believed(tmp_path: Path) -> None:
    raw = open_raw(write(tmp_path / "f.csv", b"a,b\n1,2\n3,4\n"), label="f")
    assert texts_at(raw, {2: 5, 3: 9}) == {2: "1,2", 3: "3,4"}
    assert texts_at(raw, {2: 6}) is None
