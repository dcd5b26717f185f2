"""The register of sites: names, openings and closures, the dated hierarchy, attributes, successors of merged sites.

Reading a register from files is in `sources/`; this is the object that every later room asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
