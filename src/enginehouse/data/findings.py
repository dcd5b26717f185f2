"""What a check of the data says: the fault, how much of it, examples, and what a data manager should do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters to what is built on the data."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class DataCheck(StrEnum):
    """What is looked at. `checks.CHECKS` has a function for each member."""

    NOT_LOADED = "not-loaded"
    QUARANTINED = "quarantined-rows"
    SET_ASIDE = "rows-set-aside"
    MISSING_MONTHS = "missing-months"
    LATE_MONTHS = "late-months"
    COVERAGE = "coverage"
    UNKNOWN_SITES = "unknown-sites"
    CLOSED_BUT_ACTIVE = "closed-but-active"
    ZERO_DENOMINATORS = "zero-denominators"
    NUMERATOR_ABOVE = "numerator-above-denominator"
    JUMPS = "jumps"
    LIST_SIZE_JUMPS = "list-size-jumps"
    ZERO_LISTS = "zero-lists"
    UNIDENTIFIED = "unidentified-prescribers"
    SUCCESSORS = "successors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault of one source. `count` is in the thing that `what` names; `examples` are a few of them."""

    check: DataCheck
    severity: Severity
    source: str
    what: str
    count: int
    examples: tuple[str, ...] = ()
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSource:
    """One source in a line: what of it was loaded."""

    source: str
    kind: str
    snapshot: str
    files: int
    rows: int
    quarantined: int
    set_aside: int
    first_month: str
    last_month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQuality:
    """All findings, gravest first, and what was looked at."""

    findings: tuple[Finding, ...]
    sources: tuple[LoadedSource, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def some(things: Sequence[str], most: int = 5) -> tuple[str, ...]:
    """The first few of many."""
    return tuple(things[:most])


def number(count: int, noun: str, nouns: str = "") -> str:
    """A count with its noun: `1 row`, `2,000 rows`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"
