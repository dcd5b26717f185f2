"""What is known of the data on the day of a freeze: the panel's snapshots and every fault, kept as a document.

So that a dossier tells the faults of the data that it speaks of, whatever is loaded later.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from enginehouse.cycle.sources import source_facts
from enginehouse.cycle.workspace import Workspace
from enginehouse.data.checks import DataQuality, check_data
from enginehouse.ledger.events import PanelBuilt
from enginehouse.programme.enums import SourceKind
from enginehouse.reports.facts import FaultFact, SourceFact

MEASURED = frozenset({SourceKind.TOTALS, SourceKind.PRESCRIBING, SourceKind.LIST_SIZES})
"""Kinds of sources that numbers come from; the others describe sites."""


@dataclass(frozen=True, slots=True)
class DataAccount:
    """The snapshots that a panel was built from, the faults of the data, and what was left out of the panel."""

    sources: tuple[SourceFact, ...]
    faults: tuple[FaultFact, ...]
    left_out: tuple[str, ...]


def quality_of(workspace: Workspace) -> DataQuality:
    """The findings of every check on what is loaded now."""
    proportions = (i for i in workspace.programme.indicators.values() if i.is_proportion)
    names = {ready.name for i in proportions if (ready := i.measured_from.totals) is not None}
    return check_data(workspace.warehouse, workspace.programme.settings, cannot_exceed=names)


def account_document(workspace: Workspace, built: PanelBuilt, *, also: tuple[str, ...] = ()) -> bytes:
    """The account of the data behind the panel that `built` names; `also` was left out of it afterwards."""
    left_out = (*built.left_out, *also)
    account = DataAccount(sources=_sources(workspace, built), faults=_faults(workspace), left_out=left_out)
    return json.dumps(asdict(account), sort_keys=True, ensure_ascii=False).encode()


def account_from_document(document: bytes) -> DataAccount:
    record = json.loads(document)
    return DataAccount(
        sources=tuple(SourceFact(**source) for source in record["sources"]),
        faults=tuple(FaultFact(**fault) for fault in record["faults"]),
        left_out=tuple(record["left_out"]),
    )


def _sources(workspace: Workspace, built: PanelBuilt) -> tuple[SourceFact, ...]:
    """The panel's own snapshots, and those that the register of sites is put together from."""
    sources = workspace.programme.settings.sources
    describing = {name for name, source in sources.items() if source.kind not in MEASURED}
    return tuple(f for f in source_facts(workspace) if f.name in describing or f.snapshot in built.snapshots)


def _faults(workspace: Workspace) -> tuple[FaultFact, ...]:
    return tuple(
        FaultFact(
            severity=found.severity.value, source=found.source, what=found.what, count=found.count, remedy=found.remedy
        )
        for found in quality_of(workspace).findings
    )
