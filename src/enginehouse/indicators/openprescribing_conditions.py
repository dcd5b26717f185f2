"""Conditions on codes in measure definitions, read into patterns that take codes in and out.

A condition is a tree of comparisons of `bnf_code` joined by AND and OR. It can be kept when it says no more than "any
of these, and none of those". Everything else (names, other columns, sub-queries) is refused with the part that was met.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONG_CODE, APPLIANCE_CODE = 15, 11
FIRST_APPLIANCE_CHAPTER = "20"

_TEXTS = r"\(\s*('[^']*'\s*,\s*)*'[^']*'\s*\)"
_COMPARISON = re.compile(
    rf"""(?P<field>(?:\w+\.)?bnf_code|SUBSTR\(\s*(?:\w+\.)?bnf_code\s*,\s*[01]\s*,\s*(?P<length>\d+)\s*\))\s*
    (?:(?P<not>NOT\s+)?(?P<like>LIKE)|(?P<notin>NOT\s+)?IN|(?P<equal>!=|<>|=))\s*
    (?P<values>'[^']*'|{_TEXTS})""",
    re.IGNORECASE | re.VERBOSE,
)
_WORD = re.compile(r"\s*(\(|\)|AND\b|OR\b|#\d+|\S+)", re.IGNORECASE)


class Refused(Exception):
    """The condition says more than patterns of codes can."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """Codes taken in (`None`: all) and codes taken out."""

    include: tuple[str, ...] | None
    exclude: tuple[str, ...] = ()


def patterns_of(condition: str) -> tuple[str, ...]:
    """The patterns of a condition without comments, in the order in which they stand, `~` for those taken out.

    Raises
    ------
    Refused
        With the first part of the condition that patterns cannot say.
    """
    atoms: list[_Taken] = []

    def keep(match: re.Match[str]) -> str:
        atoms.append(_atom(match))
        return f" #{len(atoms) - 1} "

    words = _WORD.findall(_COMPARISON.sub(keep, condition))
    taken, rest = _either(words, atoms)
    if rest:
        raise Refused(f"it goes on with '{rest[0]}'")
    if taken.include is None:
        raise Refused("it takes nothing in")
    return (*taken.include, *(f"~{pattern}" for pattern in taken.exclude))


def _atom(match: re.Match[str]) -> _Taken:
    values = re.findall(r"'([^']*)'", match["values"])
    if match["like"]:
        patterns = tuple(v if set(v) & {"%", "_"} else _whole(v) for v in values)
    elif match["length"]:
        patterns = tuple(_start(v, int(match["length"])) for v in values)
    else:
        patterns = tuple(_whole(v) for v in values)
    negative = match["not"] or match["notin"] or match["equal"] in ("!=", "<>")
    return _Taken(None, patterns) if negative else _Taken(patterns)


def _whole(value: str) -> str:
    # Equality names one code; a pattern without a wild card names all that begin so. Only for a whole code they agree.
    appliance = len(value) == APPLIANCE_CODE and value[:2] >= FIRST_APPLIANCE_CHAPTER
    if len(value) != LONG_CODE and not appliance:
        raise Refused(f"it compares with '{value}', which is not a whole code")
    return value


def _start(value: str, length: int) -> str:
    if len(value) != length:
        raise Refused(f"it compares {length} characters with '{value}'")
    return value


def _either(words: Sequence[str], atoms: Sequence[_Taken]) -> tuple[_Taken, Sequence[str]]:
    first, words = _both(words, atoms)
    parts = [first]
    while words and words[0].upper() == "OR":
        part, words = _both(words[1:], atoms)
        parts.append(part)
    if len(parts) == 1:
        return first, words
    include: list[str] = []
    for part in parts:
        if part.include is None or part.exclude:
            raise Refused("one of its alternatives takes codes out")
        include += part.include
    return _Taken(tuple(dict.fromkeys(include))), words


def _both(words: Sequence[str], atoms: Sequence[_Taken]) -> tuple[_Taken, Sequence[str]]:
    part, words = _single(words, atoms)
    parts = [part]
    while words and words[0].upper() == "AND":
        part, words = _single(words[1:], atoms)
        parts.append(part)
    positive = [p.include for p in parts if p.include is not None]
    if len(positive) > 1:
        raise Refused("it asks for two patterns at once")
    exclude = tuple(dict.fromkeys(pattern for p in parts for pattern in p.exclude))
    return _Taken(positive[0] if positive else None, exclude), words


def _single(words: Sequence[str], atoms: Sequence[_Taken]) -> tuple[_Taken, Sequence[str]]:
    if not words:
        raise Refused("it ends in the middle")
    word, rest = words[0], words[1:]
    if word == "(":
        taken, rest = _either(rest, atoms)
        if not rest or rest[0] != ")":
            raise Refused(f"it goes on with '{rest[0]}'" if rest else "a bracket is not closed")
        return taken, rest[1:]
    if word.startswith("#"):
        return atoms[int(word[1:])], rest
    raise Refused("it looks at the name" if "bnf_name" in word.lower() else f"it goes on with '{word}'")
