"""What the checks look at: the snapshots, the register, and each source's activity by site and month, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from enginehouse.data.duck import engine, parquet, quoted
from enginehouse.data.list_sizes import read_extracts
from enginehouse.data.register import READS, build_register
from enginehouse.data.sites import SiteRegister
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.sources.prescribing import PRACTICES
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.enums import SourceKind
from enginehouse.programme.programme import ProgrammeSettings

_TOTALS = """
    SELECT indicator AS series, site, month, sum(numerator) AS value, sum(denominator) AS base FROM {rows}
    GROUP BY ALL ORDER BY series, site, month
"""
_PRESCRIBING = """
    SELECT '' AS series, coalesce(site, practice) AS site, month, sum(items)::DOUBLE AS value, 0.0 AS base
    FROM {rows} JOIN {practices} USING (practice_key) GROUP BY ALL ORDER BY site, month
"""


@dataclass(slots=True)
class Checked:
    """The input of every check.

    `activity[source]` has columns series, site, month, value and base: for totals the indicator, numerator and
    denominator; for prescribing items. `lists[source]` has the list sizes as extracted.
    """

    settings: ProgrammeSettings
    snapshots: Mapping[str, Snapshot]
    register: SiteRegister | None
    cannot_exceed: frozenset[str] = frozenset()
    activity: dict[str, pa.Table] = field(default_factory=dict)
    lists: dict[str, pa.Table] = field(default_factory=dict)

    def of_kind(self, *kinds: SourceKind) -> dict[str, Snapshot]:
        """The loaded snapshots of some kinds."""
        return {name: snapshot for name, snapshot in self.snapshots.items() if snapshot.kind in kinds}


def gather(warehouse: Warehouse, settings: ProgrammeSettings, cannot_exceed: frozenset[str]) -> Checked:
    """Read what the checks need. The register is absent until all sources that describe sites are loaded."""
    found = {name: warehouse.latest(name) for name in settings.sources}
    snapshots = {name: snapshot for name, snapshot in found.items() if snapshot is not None}
    describing = [name for name, source in settings.sources.items() if source.kind in READS]
    complete = all(name in snapshots for name in describing)
    checked = Checked(settings, snapshots, build_register(warehouse, settings) if complete else None, cannot_exceed)
    for name, snapshot in checked.of_kind(SourceKind.TOTALS).items():
        checked.activity[name] = _read(_TOTALS.format(rows=parquet(snapshot.paths)))
    for name, snapshot in checked.of_kind(SourceKind.PRESCRIBING).items():
        practices = f"read_parquet({quoted(snapshot.folder / f'{PRACTICES}.parquet')})"
        checked.activity[name] = _read(_PRESCRIBING.format(rows=parquet(snapshot.paths), practices=practices))
    for name, snapshot in checked.of_kind(SourceKind.LIST_SIZES).items():
        checked.lists[name] = read_extracts(snapshot)
    return checked


def _read(query: str) -> pa.Table:
    with engine() as duck:
        return duck.sql(query).to_arrow_table()


def ask(activity: pa.Table, query: str) -> list[dict[str, Any]]:
    """The rows of a query to one table, which it calls `activity`."""
    with engine() as duck:
        duck.register("activity", activity)
        rows: list[dict[str, Any]] = duck.sql(query).to_arrow_table().to_pylist()
    return rows
