"""The snapshots of a programme as plain facts, for the pages that name them."""

from __future__ import annotations

from enginehouse.cycle.workspace import Workspace
from enginehouse.reports.facts import SourceFact


def source_facts(workspace: Workspace) -> tuple[SourceFact, ...]:
    """The latest snapshot of each source that was loaded."""
    facts = []
    for name, source in workspace.programme.settings.sources.items():
        snapshot = workspace.warehouse.latest(name)
        if snapshot is not None:
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
