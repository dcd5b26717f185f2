"""Names of groups of sites by a number that describes them: `list_size_half`, `imd_quintile`.

What the groups are is worked out from data by the rooms above; here is only how a name is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

GROUPS: Final[Mapping[str, int]] = {"half": 2, "third": 3, "quarter": 4, "quartile": 4, "fifth": 5, "quintile": 5}
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


def grouping(name: str, attributes: Collection[str] = ()) -> Grouping:
    """`list_size_half` is the attribute `list_size` in 2 groups; a name that is itself an attribute is that attribute."""
    if name in attributes:
        return Grouping(name, None)
    for word, groups in GROUPS.items():
        for mark in ("_", "-"):
            if name.endswith(f"{mark}{word}"):
                return Grouping(name.removesuffix(f"{mark}{word}"), groups)
    return Grouping(name, None)
