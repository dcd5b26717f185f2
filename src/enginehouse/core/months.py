"""Calendar months and half-open periods of them: `start` is in, `end` is not."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from enginehouse.core.errors import UserError

_MONTH = re.compile(r"(\d{4})[-_]?(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month. `Month.parse('2016-04') + 2` is June 2016; the difference of two is a number of months."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12 or not 1900 <= self.year <= 2200:
            raise UserError(
                f"got month {self.year}-{self.month:02d}.", remedy="Write a month as YYYY-MM, for example 2016-04."
            )

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2016-04`, `2016_04` or `201604`; a day, if one follows, must be given as `2016-04-01`."""
        match = re.fullmatch(_MONTH.pattern + r"(?:-01)?", text.strip())
        if match is None:
            raise UserError(f"got '{text}' for a month.", remedy="Write a month as YYYY-MM, for example 2016-04.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    @classmethod
    def from_index(cls, index: int) -> Month:
        """The inverse of `index`."""
        return cls(index // 12, index % 12 + 1)

    @property
    def index(self) -> int:
        """Months since January of year 0: consecutive months differ by one."""
        return self.year * 12 + self.month - 1

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    def __add__(self, months: int) -> Month:
        return Month.from_index(self.index + months)

    def __sub__(self, other: Month) -> int:
        return self.index - other.index

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True)
class Period:
    """The months from `start` (inclusive) to `end` (exclusive)."""

    start: Month
    end: Month

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise UserError(
                f"got a period from {self.start} to {self.end}.",
                remedy="The end is exclusive and must come after the start.",
            )

    @classmethod
    def from_months(cls, start: Month, months: int) -> Period:
        return cls(start, start + months)

    @property
    def last(self) -> Month:
        """The last month that is in the period."""
        return self.end + -1

    def __len__(self) -> int:
        return self.end - self.start

    def __contains__(self, month: object) -> bool:
        return isinstance(month, Month) and self.start <= month < self.end

    def __iter__(self) -> Iterator[Month]:
        return (self.start + offset for offset in range(len(self)))

    def __str__(self) -> str:
        return f"{self.start} to {self.last}"


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month."""
    month = Month.of(day) + months
    return date(month.year, month.month, min(day.day, calendar.monthrange(month.year, month.month)[1]))
