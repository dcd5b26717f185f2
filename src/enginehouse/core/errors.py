"""What a user is told when something is wrong: where, what was received, and what to do.

Everything that derives from `UserError` is printed without a traceback and has an exit code of its own.
Any other exception is a defect in Enginehouse and shows its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar


class UserError(ValueError):
    """A problem that the person at the keyboard can mend."""

    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        body = " ".join(part for part in (self.what, self.remedy) if part)
        return f"{self.where}\n  {body}" if self.where else body

    def __reduce__(self) -> tuple[object, ...]:
        """Another process gets it whole, whatever its constructor asks for."""
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(kind: type[UserError], args: tuple[object, ...], attributes: dict[str, object]) -> UserError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error


class DataError(UserError):
    """A file of data cannot be used as it is."""

    exit_code = 3


class NotAllowed(UserError):
    """A person, a stage or a rule does not permit this act now."""

    exit_code = 4


class IntegrityError(UserError):
    """The record or a document does not match its hash."""

    exit_code = 5


class MachineError(UserError):
    """The machine cannot do it: a full disk, a missing program, a file that cannot be written."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place of a file."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        body = " ".join(part for part in (self.what, self.remedy) if part)
        return f"{self.where}\n  {body}"


class Problems(UserError):
    """Every problem found in a file or folder, reported together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s) found")
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def did_you_mean(received: str, allowed: Iterable[str]) -> str:
    """The sentence that lists what is allowed and, where one is near, the likely intention."""
    options = sorted(allowed)
    nearest = difflib.get_close_matches(received, options, n=1, cutoff=0.6)
    hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
    return f"Expected one of: {', '.join(options)}.{hint}"
