"""The snapshots of a programme as plain facts, for the pages that name them."""

from __future__ import annotations

from collections.abc import Container

from enginehouse.cycle.workspace import Workspace
from enginehouse.reports.facts import SourceFact


def source_facts(workspace: Workspace, only: Container[str] | None = None) -> tuple[SourceFact, ...]:
    """The latest snapshot of each source (of those whose id is in `only`, where that is given)."""
    facts = []
    for name, source in workspace.programme.settings.sources.items():
        snapshot = workspace.warehouse.latest(name)
        if snapshot is not None and (only is None or snapshot.id in only):
            facts.append(
                SourceFact(
                    name=name,
                    snapshot=snapshot.id,
                    files=len(snapshot.files),
                    rows=snapshot.rows,
                    quarantined=snapshot.quarantined,
                    attribution=source.attribution,
                )
            )
    return tuple(facts)
