"""Faults, and the names that definitions may use: what every check is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from enginehouse.core.errors import Problem, Problems
from enginehouse.programme.enums import SourceKind
from enginehouse.programme.folder import Folder
from enginehouse.programme.grouping import LIST_SIZE, plain_name
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.people import load_people
from enginehouse.programme.positions import Document, Path
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.sources import Source
from enginehouse.programme.strategy import Strategy
from enginehouse.programme.wording import did_you_mean, one_of

# The levels that a kind of file has by itself, where the programme names none (a test compares them with `data`).
OWN_LEVELS = {SourceKind.EPRACCUR: ("commissioner",), SourceKind.PRACTICE_MAP: ("ccg", "stp", "region")}
USUAL_CARE = "usual-care"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not fit, at a key of a file."""

    path: Path
    what: str
    remedy: str = ""


@dataclass(frozen=True)
class Known:
    """The names that definitions may use. `None` where a broken file leaves them unknown."""

    folder: Folder
    settings: ProgrammeSettings | None

    @property
    def indicators(self) -> Collection[str]:
        """Broken files count: whoever names one should not be told that it does not exist."""
        return self.folder.indicators

    @property
    def strategies(self) -> Collection[str]:
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

    def strategy(self, name: str) -> Strategy | None:
        part = self.folder.strategies.get(name)
        return part.value if part else None

    @property
    def messages(self) -> Mapping[str, Message] | None:
        """Every message; `None` where one of them is broken, for it may be the one that is looked for."""
        if any(part.value is None for part in self.folder.messages.values()):
            return None
        return {name: part.value for name, part in self.folder.messages.items() if part.value is not None}

    @cached_property
    def people(self) -> Collection[str] | None:
        """The ids of people.csv, which stays out of git: `None` where it is missing or broken."""
        try:
            return frozenset(load_people(self.folder.path))
        except Problems:
            return None


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


def add_indicator(name: str) -> str:
    return f"Write indicators/{name}.yaml, or use another name."


def add_strategy(name: str) -> str:
    return f"Write strategies/{name}.yaml, or use another name."


ADD_ATTRIBUTE = "Declare it under attributes of a source of kind sites in programme.yaml."
ADD_LEVEL = "Declare it under levels of a source of kind sites in programme.yaml."


def unknown_level(path: Path, name: str, known: Known) -> Iterator[Fault]:
    if known.levels is not None and name not in known.levels:
        yield unknown(path, name, known.levels, noun="level", add=ADD_LEVEL)


def unknown_attribute(
    path: Path, name: str, known: Known, *, computed: Iterable[str] = (LIST_SIZE,)
) -> Iterator[Fault]:
    """`computed` are attributes that sites have from their panel. Hyphens and underscores are one."""
    if known.attributes is None:
        return
    allowed = {*known.attributes, *computed}
    if plain_name(name) not in {plain_name(attribute) for attribute in allowed}:
        yield unknown(path, name, allowed, noun="attribute", add=ADD_ATTRIBUTE)


def unknown_strategy(path: Path, name: str, known: Known, *, or_usual_care: bool = False) -> Iterator[Fault]:
    allowed = (*known.strategies, USUAL_CARE) if or_usual_care else known.strategies
    if name not in allowed:
        yield unknown(path, name, allowed, noun="strategy", add=add_strategy(name))


def repeated(path: Path, names: Iterable[str], *, noun: str, remedy: str = "Name each once.") -> Iterator[Fault]:
    """Entries of a list that stand there before."""
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            yield Fault((*path, number), f"got the {noun} '{name}' a second time.", remedy)
        seen.add(name)


def same_id(name: str, own: str) -> Iterator[Fault]:
    """A definition has the name of its file."""
    if own != name:
        what = f"got '{own}' in the file {name}.yaml."
        yield Fault(("id",), what, f"Write '{name}', or rename the file to {own}.yaml.")


def located(document: Document, faults: Iterable[Fault]) -> Iterator[Problem]:
    """The faults at their lines, in the order of the file."""
    for fault in sorted(faults, key=lambda f: document.line(f.path)):
        yield document.problem(fault.path, fault.what, fault.remedy)
