"""What must hold between the definitions of a programme: names that exist, and settings, indicators and strategies
that can be used as they are. What must hold inside a protocol is in `protocol_checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from enginehouse.core.errors import Problem
from enginehouse.programme.enums import SourceKind
from enginehouse.programme.folder import Folder, Part
from enginehouse.programme.indicator import Codes, Indicator, Prescribing
from enginehouse.programme.positions import Path
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.sources import Source
from enginehouse.programme.strategy import Strategy
from enginehouse.programme.wording import did_you_mean, one_of

# The levels that a kind of file has by itself, where the programme names none (a test compares them with `data`).
OWN_LEVELS = {SourceKind.EPRACCUR: ("commissioner",), SourceKind.PRACTICE_MAP: ("ccg", "stp", "region")}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not fit, at a key of a file."""

    path: Path
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The names that definitions may use. `None` where a broken file leaves them unknown."""

    folder: Folder
    settings: ProgrammeSettings | None

    @property
    def indicators(self) -> Iterable[str]:
        """Broken files count: whoever names one should not be told that it does not exist."""
        return self.folder.indicators

    @property
    def strategies(self) -> Iterable[str]:
        return self.folder.strategies

    @property
    def levels(self) -> frozenset[str] | None:
        if self.settings is None:
            return None
        sources = self.settings.sources.values()
        return frozenset(level for source in sources for level in source.levels or OWN_LEVELS.get(source.kind, ()))

    @property
    def attributes(self) -> frozenset[str] | None:
        """Lists of patients by age make attributes that nobody names: then any name may be right."""
        if self.settings is None or self.sources(SourceKind.LIST_SIZES):
            return None
        return frozenset(name for source in self.settings.sources.values() for name in _attributes(source))

    def sources(self, kind: SourceKind) -> list[str] | None:
        if self.settings is None:
            return None
        return [name for name, source in self.settings.sources.items() if source.kind is kind]

    def indicator(self, name: str) -> Indicator | None:
        part = self.folder.indicators.get(name)
        return part.value if part else None


def _attributes(source: Source) -> Iterable[str]:
    if source.kind is SourceKind.DEPRIVATION and not source.attributes:
        return (source.values.get("attribute", "imd"),)
    return source.attributes


def known_names(folder: Folder) -> Known:
    return Known(folder, folder.settings.value)


def unknown(path: Path, name: str, allowed: Iterable[str], *, noun: str, add: str) -> Fault:
    """The fault of a name that nothing has."""
    names = sorted(allowed)
    if not names:
        return Fault(path, f"got the {noun} '{name}', but this programme has none.", add)
    return Fault(path, f"got the {noun} '{name}'; expected {one_of(names)}.", did_you_mean(name, names) or add)


def located(part: Part[Any], faults: Iterable[Fault]) -> Iterator[Problem]:
    """The faults at their lines, in the order of the file."""
    for fault in sorted(faults, key=lambda f: part.document.line(f.path)):
        yield part.document.problem(fault.path, fault.what, fault.remedy)


def check_strategy(name: str, strategy: Strategy) -> Iterator[Fault]:
    yield from _same_id(name, strategy.id)


def _same_id(name: str, own: str) -> Iterator[Fault]:
    if own != name:
        yield Fault(
            ("id",), f"got '{own}' in the file {name}.yaml.", f"Write '{name}', or rename the file to {own}.yaml."
        )


def check_indicator(name: str, indicator: Indicator, known: Known) -> Iterator[Fault]:
    yield from _same_id(name, indicator.id)
    yield from _one_way(indicator, known)
    for number, other in enumerate(indicator.balancing):
        path = ("balancing", number)
        if other == indicator.id:
            yield Fault(path, "an indicator cannot balance itself.", "Name another, or remove it.")
        elif other not in known.indicators:
            yield unknown(path, other, known.indicators, noun="indicator", add=add_indicator(other))
    if indicator.next_review <= indicator.date_reviewed:
        yield Fault(
            ("next_review",), f"got {indicator.next_review}, which is not after date_reviewed.", "Write a later day."
        )


def add_indicator(name: str) -> str:
    return f"Write indicators/{name}.yaml, or use another name."


def _one_way(indicator: Indicator, known: Known) -> Iterator[Fault]:
    totals, prescribing = indicator.measured_from.totals, indicator.measured_from.prescribing
    if (totals is None) == (prescribing is None):
        got = "neither of them" if totals is None else "both"
        yield Fault(("from",), f"got {got}; expected either totals or prescribing.", "Give exactly one.")
    if totals is not None:
        yield from _totals_source(totals.source, known)
    if prescribing is not None:
        yield from _prescribing(prescribing, known)


def _totals_source(name: str, known: Known) -> Iterator[Fault]:
    path = ("from", "totals", "source")
    allowed = known.sources(SourceKind.TOTALS)
    if allowed is None or name in allowed:
        return
    assert known.settings is not None
    if name in known.settings.sources:
        kind = known.settings.sources[name].kind
        yield Fault(path, f"got '{name}', a source of kind {kind}; expected a source of kind totals.", "Name another.")
    else:
        add = f"Declare it under sources in programme.yaml: {name}: {{kind: totals, path: ...}}."
        yield unknown(path, name, allowed, noun="source", add=add)


def _prescribing(prescribing: Prescribing, known: Known) -> Iterator[Fault]:
    path = ("from", "prescribing")
    yield from _needs(SourceKind.PRESCRIBING, path, known)
    yield from _patterns(prescribing.numerator, (*path, "numerator"))
    if isinstance(prescribing.denominator, Codes):
        yield from _patterns(prescribing.denominator, (*path, "denominator"))
    else:
        yield from _needs(SourceKind.LIST_SIZES, (*path, "denominator"), known)


def _needs(kind: SourceKind, path: Path, known: Known) -> Iterator[Fault]:
    if known.sources(kind) == []:
        yield Fault(path, f"programme.yaml has no source of kind {kind}.", "Declare one under sources.")


def _patterns(codes: Codes, path: Path) -> Iterator[Fault]:
    """`~` alone takes codes out of nothing."""
    if not any(not pattern.startswith("~") for pattern in codes.bnf_codes):
        yield Fault((*path, "bnf_codes"), "got no pattern that takes codes in.", "Write at least one without '~'.")
