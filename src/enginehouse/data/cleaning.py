"""From a column as read to a column of the right type, with the rows that do not fit and why.

A text that repeats is read once: every function here works on the distinct texts of a batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.core.errors import UserError
from enginehouse.core.ids import site_id
from enginehouse.core.months import Month
from enginehouse.data.keys import KeyBook
from enginehouse.data.layouts import Bound, Field, Mask, Reads

ARROW: Mapping[Reads, pa.DataType] = {
    Reads.TEXT: pa.string(),
    Reads.SITE: pa.string(),
    Reads.MONTH: pa.date32(),
    Reads.CLOSING: pa.date32(),
    Reads.NUMBER: pa.float64(),
    Reads.COUNT: pa.int64(),
    Reads.KEY: pa.int32(),
    Reads.FLAG: pa.bool_(),
}
NUMERIC = frozenset({Reads.NUMBER, Reads.COUNT})

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NUMBERS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_YEAR_LAST = re.compile(r"(\d{1,2}|[A-Za-z]{3,9})[-/. ](\d{4}|(?<=[A-Za-z][-/. ])\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2}|[A-Za-z]{3,9})")
_NAMED_DAY = re.compile(r"(\d{1,2})[- ]?([A-Za-z]{3})[A-Za-z]*[- ]?(\d{4}|\d{2})")
_BRITISH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_CODE = re.compile(r"[!-~]{1,32}")
_PLAIN_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")


class Unfit(ValueError):
    """A text that cannot be read as its field."""


def read_day(text: str) -> tuple[Month, bool]:
    """The month of a date or month text, and whether it was a day after the first of that month.

    Reads 2017-09, 2017_09, 201709, 2017-09-01, 20170901, 01JAN2021, 01-Apr-17 and 01/09/2017 (day first).
    """
    for pattern, order in ((_ISO_DAY, (0, 1, 2)), (_PLAIN_DAY, (0, 1, 2)), (_BRITISH_DAY, (2, 1, 0))):
        if match := pattern.fullmatch(text):
            year, month, day = (int(match.groups()[place]) for place in order)
            return _on_day(text, year, month, day)
    if match := _NAMED_DAY.fullmatch(text):
        name = match[2].lower()
        if name not in _MONTH_NAMES:
            raise _not_a_month(text)
        year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
        return _on_day(text, year, _MONTH_NAMES.index(name) + 1, int(match[1]))
    try:
        return Month.parse(text), False
    except UserError as error:
        raise _not_a_month(text) from error


def _not_a_month(text: str) -> Unfit:
    """Says what to write: the month that was probably meant, where only one can be."""
    return Unfit(f"'{text}' is not a month: write {_meant(text) or 'YYYY-MM'}")


def _meant(text: str) -> Month | None:
    """The month of `01/2022`, `2022-1`, `Jan-22` or `January 2022`."""
    if match := _YEAR_LAST.fullmatch(text):
        month, year = match.groups()
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month = match.groups()
    else:
        return None
    number = int(month) if month.isdigit() else _MONTH_NUMBERS.get(month[:3].lower(), 0)
    full = int(year) + (2000 if len(year) == 2 else 0)
    return Month(full, number) if 1 <= number <= 12 and 1900 <= full <= 2200 else None


def _on_day(text: str, year: int, month: int, day: int) -> tuple[Month, bool]:
    try:
        return Month.of(date(year, month, day)), day > 1
    except (ValueError, UserError) as error:
        raise Unfit(f"'{text}' is not a date") from error


def _month(text: str) -> date:
    return read_day(text)[0].first_day


def _closing(text: str) -> date:
    """The first month without the site: a day inside a month leaves that month to it."""
    month, inside = read_day(text)
    return (month + inside).first_day


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Unfit(f"'{text}' is not a number") from error


def _flag(text: str) -> bool:
    answers = {"y": True, "yes": True, "true": True, "1": True, "n": False, "no": False, "false": False, "0": False}
    if text.casefold() not in answers:
        raise Unfit(f"'{text}' is not yes or no")
    return answers[text.casefold()]


def _as_site(scheme: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            return site_id(text, scheme=scheme)
        except UserError as error:
            raise Unfit(f"'{text}' is not a site") from error

    return read


def _as_key(book: KeyBook) -> Callable[[str], int]:
    def read(text: str) -> int:
        if _CODE.fullmatch(text) is None:
            raise Unfit(f"'{text}' is not a code")
        return book.key(text)

    return read


@dataclass(slots=True)
class Column:
    """One field of one file while its batches pass: what was read before is remembered.

    `as_text`: numbers are read here, not by the CSV reader, because rows that are set aside may hold none. `heading` is
    what the file calls the column.
    """

    bound: Bound
    scheme: str
    book: KeyBook
    as_text: bool = False
    heading: str = ""
    known: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def field(self) -> Field:
        return self.bound.field

    @property
    def place(self) -> str:
        """What a reason calls the column: our name, and the file's where that is another."""
        own, name = self.field.name, self.heading
        is_plain = not name or name.replace("_", " ").casefold() == own.replace("_", " ").casefold()
        return own if is_plain else f"{own} (column {name})"

    def read(self, batch: pa.Array | None, rows: int) -> tuple[pa.Array, dict[str, Mask]]:
        """The typed column, and for each reason the rows that do not fit."""
        reads = self.field.reads
        if batch is None:
            fixed = pa.array([self.bound.fixed], pa.string())
            batch = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), fixed)
        if reads in NUMERIC:
            values, wrong = self._numbers(batch)
        else:
            values, wrong = self._texts(batch, ARROW[reads])
        if self.field.required and values.null_count:
            absent = _to_mask(values.is_null())
            for mask in wrong.values():
                absent &= ~mask
            wrong[f"{self.field.name} is missing"] = absent
        return values, {reason: mask for reason, mask in wrong.items() if mask.any()}

    def _texts(self, batch: pa.Array, kind: pa.DataType) -> tuple[pa.Array, dict[str, Mask]]:
        encoded = batch if isinstance(batch, pa.DictionaryArray) else batch.dictionary_encode()
        texts, known = encoded.dictionary.to_pylist(), self.known
        for text in texts:
            if text not in known:
                self._learn(text)
        column = pa.array([known[text] for text in texts], kind).take(encoded.indices)
        reasons = {place: self.refused[t] for place, t in enumerate(texts) if t in self.refused} if self.refused else {}
        if not reasons:
            return column, {}
        places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return column, {f"{self.place}: {reason}": places == place for place, reason in reasons.items()}

    def _learn(self, text: str) -> None:
        """Read one text: its value is `None` when it is blank or refused."""
        stripped = text.strip()
        try:
            self.known[text] = _READERS[self.field.reads](self)(stripped) if stripped else None
        except Unfit as error:
            self.known[text], self.refused[text] = None, str(error)

    def _numbers(self, batch: pa.Array) -> tuple[pa.Array, dict[str, Mask]]:
        wrong: dict[str, Mask] = {}
        if not pa.types.is_floating(batch.type):
            batch, wrong = self._texts(batch, pa.float64())
        numbers = batch.to_numpy(zero_copy_only=False)
        valid = _to_mask(batch.is_valid()) if batch.null_count else np.ones(len(batch), dtype=np.bool_)
        name = self.field.name
        _note(wrong, f"{name} is not a finite number", valid & ~np.isfinite(numbers))
        if self.field.minimum is not None:
            below = f"{name} is negative" if self.field.minimum == 0 else f"{name} is below {self.field.minimum:g}"
            _note(wrong, below, valid & (numbers < self.field.minimum))
        if self.field.reads is Reads.COUNT:
            whole = np.isfinite(numbers)
            _note(wrong, f"{name} is not a whole number", whole & (numbers != np.floor(numbers)))
            safe = np.where(whole & (np.abs(numbers) < 2**53), numbers, 0).astype(np.int64)
            batch = pa.array(safe, mask=~valid)
        return batch, wrong


def _note(wrong: dict[str, Mask], reason: str, mask: npt.NDArray[np.bool_]) -> None:
    if mask.any():
        wrong[reason] = mask


def _to_mask(column: pa.Array) -> Mask:
    mask: Mask = column.to_numpy(zero_copy_only=False)
    return mask.copy()


_READERS: Mapping[Reads, Callable[[Column], Callable[[str], Any]]] = {
    Reads.TEXT: lambda _: str,
    Reads.SITE: lambda column: _as_site(column.scheme),
    Reads.MONTH: lambda _: _month,
    Reads.CLOSING: lambda _: _closing,
    Reads.NUMBER: lambda _: _number,
    Reads.COUNT: lambda _: _number,
    Reads.KEY: lambda column: _as_key(column.book),
    Reads.FLAG: lambda _: _flag,
}


def rows_by_month(column: pa.Array) -> dict[str, int]:
    """How many rows each month has, by YYYY-MM."""
    counts = pc.value_counts(column.drop_null())
    return {f"{entry['values']:%Y-%m}": entry["counts"] for entry in counts.to_pylist()}
