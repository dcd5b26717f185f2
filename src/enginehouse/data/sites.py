"""The register of sites: names, openings and closures, the dated hierarchy, attributes, successors of merged sites.

Reading a register from files is in `sources/`; this is the object that every later room asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import DataError, did_you_mean
from enginehouse.core.months import Month


@dataclass(frozen=True, slots=True)
class Site:
    """One site. `closed` is the first month without it."""

    id: str
    name: str
    opened: Month | None = None
    closed: Month | None = None
    successor: str | None = None

    def is_open(self, month: Month) -> bool:
        return (self.opened is None or self.opened <= month) and (self.closed is None or month < self.closed)


@dataclass(frozen=True, slots=True)
class Membership:
    """A site belongs to `group` at `level` from `start` (inclusive) to `end` (exclusive); `None` is open-ended."""

    site: str
    level: str
    group: str
    start: Month | None = None
    end: Month | None = None

    def holds(self, month: Month) -> bool:
        return (self.start is None or self.start <= month) and (self.end is None or month < self.end)


@dataclass(frozen=True, slots=True)
class SiteRegister:
    """All sites of a programme.

    `attributes[name][site]` is a number (list size, deprivation score); a site without one is *not known*, never zero.
    `group_names[(level, group)]` is what a page calls a group.
    """

    sites: Mapping[str, Site]
    memberships: tuple[Membership, ...] = ()
    attributes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    group_names: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def levels(self) -> tuple[str, ...]:
        return tuple(sorted({m.level for m in self.memberships}))

    def groups(self, level: str, *, as_of: Month) -> dict[str, str]:
        """The group of each site at `level` in the month `as_of`; sites without one are absent."""
        if level not in self.levels:
            raise DataError(f"got level '{level}'.", where="sites", remedy=did_you_mean(level, self.levels))
        return {m.site: m.group for m in self.memberships if m.level == level and m.holds(as_of)}

    def select(
        self, within: Mapping[str, Sequence[str]], outside: Mapping[str, Sequence[str]], *, as_of: Month
    ) -> tuple[str, ...]:
        """Sites that are in a listed group at every level of `within` and in none of `outside`, sorted by id.

        Raises
        ------
        DataError
            A level or a group does not exist as of that month.
        """
        chosen = set(self.sites)
        for level, names in within.items():
            groups = self._checked_groups(level, names, as_of)
            chosen &= {site for site, group in groups.items() if group in set(names)}
        for level, names in outside.items():
            groups = self._checked_groups(level, names, as_of)
            chosen -= {site for site, group in groups.items() if group in set(names)}
        return tuple(sorted(chosen))

    def only(self, sites: Iterable[str]) -> SiteRegister:
        """The same register with no other sites in it."""
        keep = set(sites)
        return SiteRegister(
            sites={s: site for s, site in self.sites.items() if s in keep},
            memberships=tuple(m for m in self.memberships if m.site in keep),
            attributes={n: {s: v for s, v in values.items() if s in keep} for n, values in self.attributes.items()},
            group_names=self.group_names,
        )

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values, in a fixed order; `register_from_record` is the inverse."""
        return {
            "sites": [
                [s.id, s.name, _text(s.opened), _text(s.closed), s.successor] for _, s in sorted(self.sites.items())
            ],
            "memberships": sorted(
                [m.site, m.level, m.group, _text(m.start) or "", _text(m.end) or ""] for m in self.memberships
            ),
            "attributes": {n: dict(sorted(v.items())) for n, v in sorted(self.attributes.items())},
            "group_names": sorted([level, group, name] for (level, group), name in self.group_names.items()),
        }

    def name(self, site: str) -> str:
        return self.sites[site].name if site in self.sites else site

    def group_name(self, level: str, group: str) -> str:
        return self.group_names.get((level, group), group)

    def attribute(self, name: str, sites: Iterable[str]) -> npt.NDArray[np.float64]:
        """The attribute of each site in order; `nan` where it is not known."""
        values = self.attributes.get(name, {})
        return np.array([values.get(site, np.nan) for site in sites], dtype=np.float64)

    def _checked_groups(self, level: str, names: Sequence[str], as_of: Month) -> dict[str, str]:
        groups = self.groups(level, as_of=as_of)
        known = set(groups.values())
        for name in names:
            if name not in known:
                raise DataError(
                    f"got {level} '{name}', which no site belongs to in {as_of}.",
                    where="sites",
                    remedy=did_you_mean(name, known),
                )
        return groups


def register_from_record(record: Mapping[str, Any]) -> SiteRegister:
    """Read back what `SiteRegister.to_record` wrote."""
    return SiteRegister(
        sites={
            i: Site(i, name, _month(opened), _month(closed), next_)
            for i, name, opened, closed, next_ in record["sites"]
        },
        memberships=tuple(
            Membership(s, lv, g, _month(start), _month(end)) for s, lv, g, start, end in record["memberships"]
        ),
        attributes={name: dict(values) for name, values in record["attributes"].items()},
        group_names={(level, group): name for level, group, name in record["group_names"]},
    )


def _text(month: Month | None) -> str | None:
    return None if month is None else str(month)


def _month(text: str | None) -> Month | None:
    return Month.parse(text) if text else None
