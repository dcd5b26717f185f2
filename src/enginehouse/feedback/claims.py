"""What the words of a text claim about a site, held against its numbers: signs, directions, noise, printed numbers.

Patterns are in `claims.yaml`. A sentence that does not speak of the site, or that wishes, doubts or denies, claims
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

import yaml

from enginehouse.feedback.content import Change, Value

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+")


class ClaimKind(StrEnum):
    """What a phrase says of the site."""

    ABOVE = "above"
    BELOW = "below"
    RISING = "rising"
    FALLING = "falling"
    BETTER = "better"
    WORSE = "worse"
    IMPROVING = "improving"
    WORSENING = "worsening"
    ACHIEVED = "achieved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The numbers that claims are held against, for display; `sign` is 1 where lower is better, else -1."""

    site_name: str
    sign: float
    own: Value | None
    typical: float | None
    target: float | None
    change: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim that was found. `holds`: the data say so; `certain`: by more than noise."""

    kind: ClaimKind
    phrase: str
    holds: bool
    certain: bool


@dataclass(frozen=True, slots=True)
class _Patterns:
    subject: re.Pattern[str]
    hedge: re.Pattern[str]
    average: re.Pattern[str]
    claims: Mapping[ClaimKind, re.Pattern[str]]


@cache
def _patterns() -> _Patterns:
    found = yaml.safe_load((files("enginehouse.feedback") / "claims.yaml").read_text(encoding="utf-8"))
    return _Patterns(
        subject=_any(found["subject"]),
        hedge=_any(found["hedge"]),
        average=_any(found["average"]),
        claims={kind: _any(found["claims"][kind.value]) for kind in ClaimKind},
    )


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def claims_in(text: str, standing: Standing) -> tuple[Claim, ...]:
    """Every claim that `text` makes about the site, judged."""
    patterns = _patterns()
    found: list[Claim] = []
    for sentence in sentences(text):
        if not _speaks_of_site(sentence, standing.site_name, patterns) or patterns.hedge.search(sentence):
            continue
        for kind, pattern in patterns.claims.items():
            for hit in pattern.finditer(sentence):
                holds, certain = JUDGE[kind](standing, _objects(sentence[hit.end() :], standing))
                found.append(Claim(kind=kind, phrase=hit[0], holds=holds, certain=certain))
    return tuple(found)


def says_average(text: str, standing: Standing) -> bool:
    """Whether a sentence about the site calls it average, or like most."""
    patterns = _patterns()
    return any(
        patterns.average.search(sentence) is not None
        for sentence in sentences(text)
        if _speaks_of_site(sentence, standing.site_name, patterns)
    )


def sentences(text: str) -> list[str]:
    """Parts of a text that end with a stop, a colon or a semicolon; the point of a decimal number ends none."""
    return [part for part in _SENTENCE.split(" ".join(text.split())) if part]


def numbers_in(text: str) -> list[str]:
    """The numbers in `text`, as printed."""
    return [found.rstrip(",") for found in NUMBER.findall(text)]


def agrees(printed: str, value: float) -> bool:
    """Whether `printed` is the size of `value`, rounded to the digits that are printed.

    Zeros at the end of a whole number may be rounding, as long as two digits are left: 12,000 may be 11,870.
    """
    plain = printed.replace(",", "")
    decimals = len(plain.partition(".")[2])
    zeros = min(len(plain) - len(plain.rstrip("0")), len(plain) - 2) if not decimals else 0
    unit = 10.0 ** (max(0, zeros) - decimals)
    return abs(float(plain) - abs(value)) <= unit / 2 * (1 + 1e-9) + 1e-12


def unexplained(text: str, known: Iterable[float], *, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Numbers in `text` that are none of the `known`; numbers inside `names` (of sites, units) are left alone."""
    for name in sorted((name for name in names if name), key=len, reverse=True):
        text = text.replace(name, " ")
    values = tuple(known)
    return tuple(printed for printed in numbers_in(text) if not any(agrees(printed, value) for value in values))


def _speaks_of_site(sentence: str, name: str, patterns: _Patterns) -> bool:
    return (bool(name) and name in sentence) or patterns.subject.search(sentence) is not None


def _objects(rest: str, standing: Standing) -> tuple[float, ...]:
    """What the site is compared with: the value whose number follows, or else any of the two."""
    both = tuple(value for value in (standing.typical, standing.target) if value is not None)
    printed = numbers_in(rest)[:1]
    named = tuple(value for value in both for number in printed if agrees(number, value))
    return named or both


type _Judged = tuple[bool, bool]


def _compared(standing: Standing, objects: tuple[float, ...], way: float) -> _Judged:
    """`way` 1: the own value is greater; -1: it is smaller. Of two possible objects one must fit."""
    own = standing.own
    if own is None or not objects:
        return False, False
    near = own.low if way > 0 else own.high
    return (
        any(way * (own.value - value) > 0 for value in objects),
        any(way * (near - value) > 0 for value in objects),
    )


def _changed(standing: Standing, way: float) -> _Judged:
    change = standing.change
    if change is None:
        return False, False
    return way * change.amount > 0, change.certain and way * change.amount > 0


def _achieved(standing: Standing) -> _Judged:
    own, target, typical = standing.own, standing.target, standing.typical
    if own is None or target is None or typical is None:
        return False, False
    worst = own.high if standing.sign > 0 else own.low
    holds = standing.sign * (own.value - target) <= 0
    return holds, holds and standing.sign * (worst - typical) < 0


JUDGE: Mapping[ClaimKind, Callable[[Standing, tuple[float, ...]], _Judged]] = {
    ClaimKind.ABOVE: lambda standing, objects: _compared(standing, objects, 1),
    ClaimKind.BELOW: lambda standing, objects: _compared(standing, objects, -1),
    ClaimKind.BETTER: lambda standing, objects: _compared(standing, objects, -standing.sign),
    ClaimKind.WORSE: lambda standing, objects: _compared(standing, objects, standing.sign),
    ClaimKind.RISING: lambda standing, _: _changed(standing, 1),
    ClaimKind.FALLING: lambda standing, _: _changed(standing, -1),
    ClaimKind.IMPROVING: lambda standing, _: _changed(standing, -standing.sign),
    ClaimKind.WORSENING: lambda standing, _: _changed(standing, standing.sign),
    ClaimKind.ACHIEVED: lambda standing, _: _achieved(standing),
}
