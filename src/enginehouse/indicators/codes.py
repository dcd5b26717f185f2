"""Which codes a list of patterns takes: prefixes, wild cards in the middle, and codes taken out again.

It knows the shape of a pattern and nothing about the codes' meaning. Renaming codes that changed over the years is
here too, because it must happen before any pattern is tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.core.errors import DataError

Mask = npt.NDArray[np.bool_]

_SHAPE = re.compile(r"~?[0-9A-Z%_]+")


@dataclass(frozen=True, slots=True)
class CodePatterns:
    """Patterns split into those that take codes in and those that take them out. Order never matters."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()

    @classmethod
    def parse(cls, patterns: Sequence[str], *, where: str = "bnf_codes") -> CodePatterns:
        """Read patterns as a definition writes them.

        Parameters
        ----------
        patterns
            `0407020` takes every code that begins so; `0407020A0%AF` has `%` for any run of characters and `_` for
            exactly one, and must match the code from end to end; `~` in front takes codes out, whatever the order.
        where
            The place that an error names.

        Raises
        ------
        DataError
            A pattern has a character that no code has, or nothing takes a code in.
        """
        for pattern in patterns:
            if _SHAPE.fullmatch(pattern) is None:
                raise DataError(
                    f"got the code pattern '{pattern}'.",
                    where=where,
                    remedy="Use digits, capital letters, % for any run of characters, _ for one, and ~ in front "
                    "to take codes out; for example 0407020A0%AF.",
                )
        include = tuple(p for p in patterns if not p.startswith("~"))
        if not include:
            raise DataError(
                "the code patterns take nothing in.",
                where=where,
                remedy="Add at least one pattern without ~ in front.",
            )
        return cls(include, tuple(p[1:] for p in patterns if p.startswith("~")))

    def matches(self, codes: pa.Array) -> Mask:
        """Whether each code is taken in by some pattern and taken out by none.

        Parameters
        ----------
        codes
            Arrow array of strings, no nulls.

        Returns
        -------
        Boolean array, one for each code.
        """
        return _any(self.include, codes) & ~_any(self.exclude, codes)

    def without_match(self, codes: pa.Array) -> tuple[str, ...]:
        """The patterns that match no code at all: often a slip of the pen, or codes that the data do not hold."""
        named = [(p, p) for p in self.include] + [(f"~{p}", p) for p in self.exclude]
        return tuple(name for name, pattern in named if not _one(pattern, codes).any())


def _any(patterns: Sequence[str], codes: pa.Array) -> Mask:
    taken = np.zeros(len(codes), dtype=bool)
    for pattern in patterns:
        taken |= _one(pattern, codes)
    return taken


def _one(pattern: str, codes: pa.Array) -> Mask:
    wild = "%" in pattern or "_" in pattern
    found = pc.match_like(codes, pattern) if wild else pc.starts_with(codes, pattern)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def apply_code_changes(codes: Sequence[str], changes: Mapping[str, str]) -> list[str]:
    """Each code under its present name.

    Parameters
    ----------
    codes
        Codes as a data file has them.
    changes
        Old to new, whole codes or prefixes, of one year. The longest old prefix wins and the rest of the code stays.

    Notes
    -----
    Changes of several years are applied one year after the other, oldest first: a code may have moved twice.
    """
    lengths = sorted({len(old) for old in changes}, reverse=True)

    def present(code: str) -> str:
        for length in lengths:
            new = changes.get(code[:length]) if len(code) >= length else None
            if new is not None:
                return new + code[length:]
        return code

    return [present(code) for code in codes]
