"""The register of sites, put together from every source of a programme that describes sites.

Sites come from `sites` and `epraccur` sources (from a `practice-map` where there is neither); the others add places in
the hierarchy, attributes and successors. Where two sources say different things of one site, the later one in
`programme.yaml` fills what the earlier left open and does not contradict it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow.parquet as pq

from enginehouse.core.errors import DataError
from enginehouse.core.months import Month
from enginehouse.data.sites import Membership, Site, SiteRegister
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.sources.deprivation import DEFAULT_ATTRIBUTE
from enginehouse.data.sources.sites import ATTRIBUTE, GROUP_NAME, LEVEL
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.enums import SourceKind
from enginehouse.programme.programme import ProgrammeSettings

Row = Mapping[str, Any]
NAMES_SITES = (SourceKind.SITES, SourceKind.EPRACCUR)
DESCRIBES_SITES = (*NAMES_SITES, SourceKind.PRACTICE_MAP, SourceKind.DEPRIVATION, SourceKind.SUCCESSORS)


def build_register(warehouse: Warehouse, settings: ProgrammeSettings) -> SiteRegister:
    """The register as the latest snapshots give it.

    Raises
    ------
    DataError
        No source that names sites has been loaded.
    """
    rows = {
        name: _rows(snapshot)
        for name, source in settings.sources.items()
        if source.kind in DESCRIBES_SITES and (snapshot := warehouse.latest(name)) is not None
    }
    kinds = {name: settings.sources[name].kind for name in rows}
    naming = [n for n in rows if kinds[n] in NAMES_SITES] or [n for n in rows if kinds[n] is SourceKind.PRACTICE_MAP]
    if not naming:
        raise DataError(
            "no source that names sites has been loaded.",
            where="programme.yaml  sources",
            remedy="Declare one of kind sites or epraccur, and run: enginehouse data load.",
        )
    successors = {r["site"]: r["successor"] for n in rows if kinds[n] is SourceKind.SUCCESSORS for r in rows[n]}
    sites = _sites((row for name in naming for row in rows[name]), successors)
    placing = _placing(rows, kinds)
    memberships = tuple(dict.fromkeys(m for name in placing for m in _memberships(rows[name], sites, placing[name])))
    through = [r for n in rows if kinds[n] is SourceKind.PRACTICE_MAP for r in rows[n] if r.get("member")]
    return SiteRegister(
        sites=sites,
        memberships=memberships + tuple(_through_areas(through, memberships)),
        attributes=_attributes(row for name in rows for row in rows[name]),
        group_names=dict(pair for name in rows for row in rows[name] for pair in _group_names(row)),
    )


def _rows(snapshot: Snapshot) -> list[Row]:
    return [row for path in snapshot.paths for row in pq.read_table(path).to_pylist()]


def _sites(rows: Iterable[Row], successors: Mapping[str, str]) -> dict[str, Site]:
    sites: dict[str, Site] = {}
    for row in rows:
        known = sites.get(row["site"])
        sites[row["site"]] = Site(
            id=row["site"],
            name=(known and known.name) or row.get("name") or row["site"],
            opened=(known and known.opened) or _month(row.get("opened")),
            closed=(known and known.closed) or _month(row.get("closed")),
            successor=successors.get(row["site"]) or (known and known.successor) or row.get("successor"),
        )
    return dict(sorted(sites.items()))


def _placing(rows: Mapping[str, Sequence[Row]], kinds: Mapping[str, SourceKind]) -> dict[str, frozenset[str]]:
    """The levels that each source may speak of: what a programme maps itself goes before the register's own columns."""
    levels = {name: frozenset(_levels(found)) for name, found in rows.items()}
    mapped = frozenset(level for name in rows if kinds[name] is not SourceKind.EPRACCUR for level in levels[name])
    return {
        name: levels[name] - mapped if kinds[name] is SourceKind.EPRACCUR else levels[name]
        for name in rows
        if levels[name]
    }


def _levels(rows: Sequence[Row]) -> Iterator[str]:
    yield from {key.removeprefix(LEVEL) for row in rows[:1] for key in row if key.startswith(LEVEL)}


def _memberships(rows: Sequence[Row], sites: Mapping[str, Site], levels: Iterable[str]) -> Iterator[Membership]:
    for row in rows:
        if row.get("site") not in sites:
            continue
        start, end = _month(row.get("valid_from") or row.get("month")), _month(row.get("valid_to"))
        for level in sorted(levels):
            group = row.get(f"{LEVEL}{level}")
            if group:
                yield Membership(row["site"], level, group, start, end)


def _through_areas(rows: Iterable[Row], memberships: Sequence[Membership]) -> Iterator[Membership]:
    """Larger areas of a site, through the area that a practice map places in them."""
    larger = {(r["member_level"], r["member"]): r for r in rows}
    for m in memberships:
        row = larger.get((m.level, m.group), {})
        for key, group in row.items():
            if key.startswith(LEVEL) and group:
                yield Membership(m.site, key.removeprefix(LEVEL), group, m.start, m.end)


def _attributes(rows: Iterable[Row]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        for name, value in _row_attributes(row):
            if value is not None:
                found.setdefault(name, {}).setdefault(row["site"], value)
    return found


def _row_attributes(row: Row) -> Iterator[tuple[str, float | None]]:
    yield from ((key.removeprefix(ATTRIBUTE), row[key]) for key in row if key.startswith(ATTRIBUTE))
    if "score" in row:
        yield row.get("attribute") or DEFAULT_ATTRIBUTE, row["score"]


def _group_names(row: Row) -> Iterator[tuple[tuple[str, str], str]]:
    """A group's name beside its code; a site's own name where the site is the group (areas as sites)."""
    for key, group in row.items():
        if key.startswith(LEVEL) and group:
            level = key.removeprefix(LEVEL)
            own = row.get("name") if str(row.get("site", "")).endswith(f":{group}") else None
            name = row.get(f"{level}{GROUP_NAME}") or own
            if name:
                yield (level, group), name


def _month(day: date | None) -> Month | None:
    return None if day is None else Month.of(day)
