"""Attributes of sites as allocation names them: hyphens or underscores, whole or cut in halves, thirds or fifths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.programme.grouping import grouping, plain_name

NOT_KNOWN = "not known"
GROUPS_WITHOUT_A_WORD = 3
PARTS = {
    2: ("lower half", "upper half"),
    3: ("lowest third", "middle third", "highest third"),
    5: ("lowest fifth", "second fifth", "third fifth", "fourth fifth", "highest fifth"),
}


@dataclass(frozen=True, slots=True)
class NamedAttribute:
    """An attribute, and the names of the parts into which it is cut (none: it is taken as it is)."""

    attribute: str
    parts: tuple[str, ...] = ()


def same_name(one: str, other: str) -> bool:
    return plain_name(one) == plain_name(other)


def parse_attribute(name: str) -> NamedAttribute:
    """`list_size_half` is the list size in halves; `imd` is the attribute itself."""
    found = grouping(name)
    return NamedAttribute(found.attribute, () if found.groups is None else PARTS[found.groups])


def in_groups(name: str) -> NamedAttribute:
    """The same for groups of sites: thirds where the name does not say."""
    found = parse_attribute(name)
    return found if found.parts else NamedAttribute(found.attribute, PARTS[GROUPS_WITHOUT_A_WORD])


def cut(values: npt.NDArray[np.float64], parts: tuple[str, ...]) -> tuple[str, ...]:
    """The part of each value by quantiles of those that are known; `nan` is *not known*."""
    known = values[np.isfinite(values)]
    if not len(known):
        return (NOT_KNOWN,) * len(values)
    cuts = np.quantile(known, np.arange(1, len(parts)) / len(parts))
    places = np.searchsorted(cuts, values, side="left")
    return tuple(
        parts[int(place)] if np.isfinite(value) else NOT_KNOWN for place, value in zip(places, values, strict=True)
    )
