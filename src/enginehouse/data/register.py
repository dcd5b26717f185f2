"""The register of sites put together from a programme's sources: who there is, where each belonged when, what is known.

Later sources win: where two give the same level of a site, or the same attribute, the one declared last is kept.
Sources that map names make sites; sources of attributes only describe sites that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.core.errors import DataError
from enginehouse.core.months import Month
from enginehouse.data.duck import read_rows
from enginehouse.data.hierarchy import Span, in_sequence, memberships
from enginehouse.data.list_sizes import read_list_sizes
from enginehouse.data.sites import Site, SiteRegister
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.sources.deprivation import DEFAULT_ATTRIBUTE
from enginehouse.data.sources.sites import ATTRIBUTE, GROUP_NAME, LEVEL
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.enums import SourceKind
from enginehouse.programme.programme import ProgrammeSettings

LIST_SIZE = "list_size"


@dataclass(slots=True)
class _Draft:
    """The register while its sources are read; `as_of` is the month that the source being read is said to hold for."""

    as_of: Month | None = None
    sites: dict[str, Site] = field(default_factory=dict)
    described: dict[str, Site] = field(default_factory=dict)
    spans: dict[tuple[str, str], list[Span]] = field(default_factory=dict)
    of_areas: dict[tuple[str, str, str], list[Span]] = field(default_factory=dict)
    attributes: dict[str, dict[str, float]] = field(default_factory=dict)
    group_names: dict[tuple[str, str], str] = field(default_factory=dict)
    successors: dict[str, tuple[str, Month | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Input:
    """One source as the register reads it. Snapshots of the same `content` have the same rows, wherever they are."""

    name: str
    kind: SourceKind
    as_of: Month | None
    content: tuple[str, ...]
    snapshot: Snapshot | None = field(compare=False)


def build_register(warehouse: Warehouse, settings: ProgrammeSettings) -> SiteRegister:
    """The register as the latest snapshots of the programme's sources describe it.

    Raises
    ------
    DataError
        A source that describes sites was not loaded, or successors run in a circle.
    """
    inputs = tuple(
        _Input(name, source.kind, source.as_of, _content(snapshot), snapshot)
        for name, source in settings.sources.items()
        for snapshot in (warehouse.latest(name),)
    )
    missing = [each.name for each in _in_order(inputs) if each.snapshot is None]
    if missing:
        raise DataError(
            f"the source(s) {', '.join(missing)} have not been loaded.",
            where="sites",
            remedy="Run: enginehouse data load.",
        )
    return _read(inputs)


def _content(snapshot: Snapshot | None) -> tuple[str, ...]:
    """Names made from all that decides the rows: definition, checksums, and the order of the files."""
    return () if snapshot is None else (snapshot.id, *(file.converted for file in snapshot.files))


@lru_cache(maxsize=4)  # every step asks; a register is not changed by who uses it
def _read(inputs: tuple[_Input, ...]) -> SiteRegister:
    draft = _Draft()
    for each in _in_order(inputs):
        assert each.snapshot is not None
        draft.as_of = each.as_of
        READS[each.kind](draft, each.snapshot)
    return _register(draft, inputs)


def _in_order(inputs: Iterable[_Input]) -> list[_Input]:
    """List sizes first, so that a register's own figures win over them; the rest as declared."""
    describing = [each for each in inputs if each.kind in READS]
    return sorted(describing, key=lambda each: each.kind is not SourceKind.LIST_SIZES)


def _register(draft: _Draft, inputs: Iterable[_Input]) -> SiteRegister:
    sites = draft.sites or draft.described or _sites_of_data(inputs)
    sites = _with_successors(sites, draft.successors)
    known = {name: {s: v for s, v in values.items() if s in sites} for name, values in draft.attributes.items()}
    return SiteRegister(
        sites=dict(sorted(sites.items())),
        memberships=memberships(draft.spans, draft.of_areas, sites),
        attributes=known,
        group_names=draft.group_names,
    )


def _sites_of_data(inputs: Iterable[_Input]) -> dict[str, Site]:
    """Without any register, the sites are those that the totals (or else the list sizes) speak of."""
    for kind in (SourceKind.TOTALS, SourceKind.LIST_SIZES):
        found: dict[str, Site] = {}
        for snapshot in (each.snapshot for each in inputs if each.kind is kind):
            if snapshot is not None:
                ids = read_rows(snapshot.paths, "SELECT DISTINCT site FROM rows").column("site").to_pylist()
                found |= {i: Site(i, i.partition(":")[2]) for i in ids}
        if found:
            return found
    return {}


def _with_successors(sites: Mapping[str, Site], successors: Mapping[str, tuple[str, Month | None]]) -> dict[str, Site]:
    """Sites with who took them over; a site that was taken over is closed from that month unless it says otherwise."""
    _refuse_circles({site: successor for site, (successor, _) in successors.items()})
    found = dict(sites)
    for site, (successor, start) in successors.items():
        if site in found:
            found[site] = replace(found[site], successor=successor, closed=found[site].closed or start)
    return found


def _refuse_circles(successors: Mapping[str, str]) -> None:
    for start in successors:
        path = [start]
        while path[-1] in successors:
            path.append(successors[path[-1]])
            if path[-1] in path[:-1]:
                raise DataError(
                    f"successors run in a circle: {' > '.join(path)}.",
                    where="sites",
                    remedy="Correct the file of successors: a site cannot be taken over by one that it took over.",
                )


def _read_sites(draft: _Draft, snapshot: Snapshot) -> None:
    """A register of sites, or a table that only describes them when it has no names."""
    rows = read_rows(snapshot.paths)
    named = "name" in rows.column_names and rows.column("name").null_count < rows.num_rows
    into = draft.sites if named else draft.described
    spans: dict[tuple[str, str], list[Span]] = {}
    for row in rows.to_pylist():
        site = row["site"]
        old = into.get(site, Site(site, site.partition(":")[2]))
        into[site] = Site(
            site,
            row["name"] or old.name,
            _month(row["opened"]) or old.opened,
            _month(row["closed"]) or old.closed,
        )
        if row.get("successor"):
            draft.successors[site] = (row["successor"], into[site].closed)
        _add_levels(draft, spans, site, row, _month(row["valid_from"]), _month(row["valid_to"]))
        _add_attributes(draft, site, row)
    draft.spans |= {key: in_sequence(values) for key, values in spans.items()}


def _read_map(draft: _Draft, snapshot: Snapshot) -> None:
    """A map holds from its month until a later one; the first also for all months before."""
    rows = read_rows(snapshot.paths)
    spans: dict[tuple[str, str], list[Span]] = {}
    of_areas: dict[tuple[str, str, str], list[Span]] = {}
    for row in rows.to_pylist():
        start = _month(row.get("month")) or draft.as_of
        if row.get("member_level"):
            for level, group in _levels(draft, row):
                of_areas.setdefault((row["member_level"], row["member"], level), []).append(Span(group, start))
            continue
        if row["site"] not in draft.sites:
            draft.sites[row["site"]] = Site(row["site"], row.get("name") or row["site"].partition(":")[2])
        _add_levels(draft, spans, row["site"], row, start, None)
    draft.spans |= {key: in_sequence(values, always=True) for key, values in spans.items()}
    draft.of_areas |= {key: in_sequence(values, always=True) for key, values in of_areas.items()}


def _read_list_sizes(draft: _Draft, snapshot: Snapshot) -> None:
    """The latest list with patients on it, up to the source's `as_of`."""
    table = read_list_sizes(snapshot)
    counted = pc.greater(table.column("patients"), 0)
    if draft.as_of is not None:
        counted = pc.and_(counted, pc.less_equal(table.column("month"), pa.scalar(draft.as_of.first_day, pa.date32())))
    table = table.filter(counted)
    latest = dict(zip(table.column("site").to_pylist(), table.column("patients").to_pylist(), strict=True))
    draft.attributes.setdefault(LIST_SIZE, {}).update(latest)


def _read_deprivation(draft: _Draft, snapshot: Snapshot) -> None:
    """One score or several; of several periods the latest."""
    rows = read_rows(snapshot.paths, "SELECT * FROM rows ORDER BY period NULLS FIRST")
    for row in rows.to_pylist():
        _add_attributes(draft, row["site"], row)
        if row.get("score") is not None:
            draft.attributes.setdefault(row["attribute"] or DEFAULT_ATTRIBUTE, {})[row["site"]] = row["score"]


def _read_successors(draft: _Draft, snapshot: Snapshot) -> None:
    for row in read_rows(snapshot.paths).to_pylist():
        draft.successors[row["site"]] = (row["successor"], _month(row["from"]))


def _add_levels(
    draft: _Draft,
    spans: dict[tuple[str, str], list[Span]],
    site: str,
    row: Mapping[str, Any],
    start: Month | None,
    end: Month | None,
) -> None:
    for level, group in _levels(draft, row):
        spans.setdefault((site, level), []).append(Span(group, start, end))


def _levels(draft: _Draft, row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Level and group of each level column that is filled; the group's name is noted on the way."""
    for column, group in row.items():
        if column.startswith(LEVEL) and group:
            level = column.removeprefix(LEVEL)
            if name := row.get(f"{level}{GROUP_NAME}"):
                draft.group_names[level, group] = name
            yield level, group


def _add_attributes(draft: _Draft, site: str, row: Mapping[str, Any]) -> None:
    for column, value in row.items():
        if column.startswith(ATTRIBUTE) and value is not None:
            draft.attributes.setdefault(column.removeprefix(ATTRIBUTE), {})[site] = value


def _month(day: Any) -> Month | None:
    return Month.of(day) if day is not None else None


READS: Mapping[SourceKind, Callable[[_Draft, Snapshot], None]] = {
    SourceKind.SITES: _read_sites,
    SourceKind.EPRACCUR: _read_sites,
    SourceKind.PRACTICE_MAP: _read_map,
    SourceKind.LIST_SIZES: _read_list_sizes,
    SourceKind.DEPRIVATION: _read_deprivation,
    SourceKind.SUCCESSORS: _read_successors,
}
"""Kinds that say something about sites; the others (totals, prescribing) only mention them."""
