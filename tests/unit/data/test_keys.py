"""Books of integer keys."""

from __future__ import annotations

from pathlib import Path

from enginehouse.data.keys import KeyBook


def test_keys_count_up_and_stay(tmp_path: Path) -> None:
    book = KeyBook()
    assert [book.key(text) for text in ("B", "A", "B")] == [0, 1, 0]
    book.write(tmp_path / "book.txt")
    again = KeyBook.read(tmp_path / "book.txt")
    assert again.texts == ["B", "A"]
    assert again.key("C") == 2
    assert len(again) == 3


def test_a_seal_holds_while_the_book_only_grows() -> None:
    book = KeyBook(["B", "A"])
    seal = book.seal(2)
    book.key("C")
    assert book.seal(2) == seal
    assert KeyBook(["A", "B"]).seal(2) != seal


def test_an_absent_book_is_empty(tmp_path: Path) -> None:
    assert KeyBook.read(tmp_path / "none.txt").texts == []
