"""What a panel was built from and what was left out of it (or kept doubtfully), with the reason: nothing in silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from enginehouse.indicators.panel import Panel

EXAMPLES = 5


class Reason(StrEnum):
    """Why something of the data is not in the panel, or is in it and may not be meant to be."""

    UNKNOWN_SITE = "unknown-site"
    NO_LIST_SIZE = "no-list-size"
    NO_PRESCRIBING = "no-prescribing"
    NO_VALUE = "no-value"
    ABOVE_DENOMINATOR = "above-denominator"
    MISSING_GROUP = "missing-group"
    NO_WEIGHT = "no-weight"
    UNUSED_PATTERN = "unused-pattern"
    NOT_IN_REGISTER = "not-in-register"


SENTENCES: dict[Reason, str] = {
    Reason.UNKNOWN_SITE: "{count} site-months of prescribers that the register of sites does not have",
    Reason.NO_LIST_SIZE: "{count} site-months with prescribing but without registered patients",
    Reason.NO_PRESCRIBING: "{count} site-months with registered patients but without a single prescribing row",
    Reason.NO_VALUE: "{count} rows without a numerator or a denominator",
    Reason.ABOVE_DENOMINATOR: "{count} rows whose numerator is above the denominator that should contain it",
    Reason.MISSING_GROUP: "{count} site-months without a row for a group of patients that the site has in other months",
    Reason.NO_WEIGHT: "{count} codes that the definition takes in but its weight table has no weight for",
    Reason.UNUSED_PATTERN: "{count} code patterns that match nothing in the data",
    Reason.NOT_IN_REGISTER: "{count} sites that the register does not have; they are kept, but are in no area or arm",
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many of one kind were left out; `indicator` is empty where it holds for all."""

    reason: Reason
    count: int
    indicator: str = ""
    examples: tuple[str, ...] = ()

    @classmethod
    def of(cls, reason: Reason, names: Iterable[str], *, count: int | None = None, indicator: str = "") -> LeftOut:
        """`count` defaults to the number of distinct names; the first few names are kept as examples."""
        distinct = sorted(set(names))
        return cls(reason, len(distinct) if count is None else count, indicator, tuple(distinct[:EXAMPLES]))

    def __str__(self) -> str:
        about = f"{self.indicator}: " if self.indicator else ""
        examples = f" (such as {', '.join(self.examples)})" if self.examples else ""
        return about + SENTENCES[self.reason].format(count=self.count) + examples


@dataclass(frozen=True, slots=True, eq=False)
class PanelBuild:
    """A panel, the snapshots that it was made from, and the account of what is not in it."""

    panel: Panel
    snapshots: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def worth_saying(entries: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """The entries that count anything."""
    return tuple(entry for entry in entries if entry.count > 0)
