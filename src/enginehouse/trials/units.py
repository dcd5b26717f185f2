"""What is allocated (sites, or whole networks), what is known of it, and in which stratum it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError
from enginehouse.programme.enums import AllocationUnit
from enginehouse.programme.grouping import LIST_SIZE
from enginehouse.programme.trial import Allocation
from enginehouse.trials.attributes import cut, in_groups, parse_attribute
from enginehouse.trials.roster import Roster

Array = npt.NDArray[np.float64]
ALL = "all"


@dataclass(frozen=True, slots=True)
class Units:
    """Names in order, the position of each site's unit, and the weight of each site."""

    names: tuple[str, ...]
    of_site: tuple[int, ...]
    weights: Array

    def mean(self, values: Array) -> Array:
        """The values of units: means over their sites, weighted by list size."""
        position = np.array(self.of_site)
        weight = np.bincount(position, weights=self.weights)
        return np.bincount(position, weights=self.weights * values) / weight

    def total(self, values: Array) -> Array:
        """Sums over the sites of each unit."""
        return np.bincount(np.array(self.of_site), weights=values)


def units_of(allocation: Allocation, roster: Roster) -> Units:
    """What is allocated; every site of a network must belong to one."""
    names = roster.networks if allocation.unit is AllocationUnit.NETWORK else roster.sites
    ordered = tuple(sorted(set(names)))
    if "" in ordered:
        raise UserError(
            "a site of the roster belongs to no network.",
            where="protocol.yaml  allocation.network_level",
            remedy="Name the level of the networks.",
        )
    sizes = np.maximum(roster.covariate(LIST_SIZE).filled(), 1e-9)
    return Units(ordered, tuple(ordered.index(name) for name in names), sizes)


def strata_of(names: Sequence[str], roster: Roster, units: Units) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names of the strata in order, and each unit's; combinations that no unit has are not listed."""
    columns = [stratum_column(name, roster, units) for name in names]
    labels = [" / ".join(parts) for parts in zip(*columns, strict=True)] if columns else [ALL] * len(units.names)
    return in_order(labels)


def in_order(labels: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Different labels in the order of the alphabet, and the position of each."""
    names = tuple(sorted(set(labels)))
    return names, tuple(names.index(label) for label in labels)


def stratum_column(name: str, roster: Roster, units: Units) -> tuple[str, ...]:
    """The group of each unit at a level, or the part of an attribute in which it stands."""
    if name in roster.groups:
        return _first_of_unit(roster.groups[name], units)
    wanted = parse_attribute(name)
    roster.covariate(wanted.attribute)
    if not wanted.parts:
        raise UserError(
            f"got stratum '{name}', an attribute that is not cut into parts.",
            where="protocol.yaml  allocation.strata",
            remedy=f"Write {name}_half or {name}_third.",
        )
    return factor_column(name, roster, units)


def factor_column(name: str, roster: Roster, units: Units) -> tuple[str, ...]:
    """The same, with an attribute in thirds where its name does not say."""
    if name in roster.groups:
        return _first_of_unit(roster.groups[name], units)
    wanted = in_groups(name)
    values = np.array([np.nan if v is None else v for v in roster.covariate(wanted.attribute).values])
    of_units = units.total(values) if wanted.attribute == LIST_SIZE else units.mean(values)
    return cut(of_units, wanted.parts)


def _first_of_unit(groups: Sequence[str], units: Units) -> tuple[str, ...]:
    """The group of most of a unit's sites; the first in the alphabet of equals."""
    members: list[list[str]] = [[] for _ in units.names]
    for unit, group in zip(units.of_site, groups, strict=True):
        members[unit].append(group)
    return tuple(min(set(found), key=lambda group: (-found.count(group), group)) for found in members)
