"""Step: compute the programme's indicators from its snapshots into a panel, and record which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.core.errors import DataError
from enginehouse.core.progress import Progress, silent
from enginehouse.cycle.definitions import definitions_document
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.permissions import check_permission
from enginehouse.governance.stages import Act
from enginehouse.indicators.build import build_panel
from enginehouse.indicators.panel import Panel
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import PanelBuilt


@dataclass(frozen=True, slots=True)
class BuiltPanel:
    """The panel and the event that names it; `is_new` when its content differs from the last one."""

    panel: Panel
    event: PanelBuilt
    is_new: bool


def build_indicators(
    workspace: Workspace, *, by: Acting, indicators: Sequence[str] = (), progress: Progress = silent
) -> BuiltPanel:
    """Build the panel of the named indicators, or of all."""
    check_permission(Act.BUILD_PANEL, by.person)
    names = tuple(indicators) or tuple(sorted(workspace.programme.indicators))
    panel = build_panel(workspace.programme, workspace.warehouse, indicators=names, progress=progress)
    content, definitions = panel.to_bytes(), definitions_document(workspace.programme, names)
    event = PanelBuilt(
        panel=sha256_hex(content),
        identity=panel.identity,
        indicators=names,
        definitions=sha256_hex(definitions),
        snapshots=_snapshot_ids(workspace),
        last_month=str(panel.last_month),
    )
    last = last_panel_event(workspace)
    is_new = last is None or (last.identity, last.definitions) != (event.identity, event.definitions)
    if is_new:
        workspace.record.record(event, actor=by.actor, effective_on=by.on, documents=(content, definitions))
    return BuiltPanel(panel, event if is_new or last is None else last, is_new)


def last_panel_event(workspace: Workspace) -> PanelBuilt | None:
    """The newest panel that was recorded."""
    found = None
    for event in workspace.record.store.events():
        if isinstance(event.payload, PanelBuilt):
            found = event.payload
    return found


def current_panel(workspace: Workspace) -> Panel:
    """The newest recorded panel, read back from its document."""
    event = last_panel_event(workspace)
    if event is None:
        raise DataError(
            "no panel has been built yet.",
            where=str(workspace.programme.folder),
            remedy="Run: enginehouse data load, then enginehouse indicators.",
        )
    return Panel.from_bytes(workspace.record.documents.get(event.panel))


def _snapshot_ids(workspace: Workspace) -> tuple[str, ...]:
    snapshots = (workspace.warehouse.latest(name) for name in workspace.programme.settings.sources)
    return tuple(sorted(snapshot.id for snapshot in snapshots if snapshot is not None))
