"""Names of numbers that describe sites, and of groups of sites by them: `list_size`, `list_size_half`, `imd_quintile`.

What the groups are is worked out from data by the rooms above; here is only how a name is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

GROUPS: Final[Mapping[str, int]] = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "thirds": 3,
    "tertile": 3,
    "fifth": 5,
    "fifths": 5,
    "quintile": 5,
}
"""The last word of a name, and into how many groups of equal size it divides the sites."""
LIST_SIZE: Final = "list_size"
"""The primary indicator's denominator over the baseline, where no source gives an attribute of this name."""
BASELINE: Final = "baseline"
"""The primary indicator's own value over the baseline."""
COMPUTED: Final = (LIST_SIZE, BASELINE)
"""Attributes that every site of a trial has, from its panel."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """An attribute, and into how many groups it divides the sites; `None` where the name does not say."""

    attribute: str
    groups: int | None


def plain_name(name: str) -> str:
    """`list-size` and `list_size` are one name."""
    return name.replace("-", "_")


def grouping(name: str) -> Grouping:
    """`list_size_half` is the attribute `list_size` in 2 groups."""
    attribute, mark, word = plain_name(name).rpartition("_")
    return Grouping(attribute, GROUPS[word]) if mark and word in GROUPS else Grouping(plain_name(name), None)
