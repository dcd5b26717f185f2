"""Step: compute the programme's indicators from its snapshots into a panel, and record which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from enginehouse.core.errors import DataError
from enginehouse.core.progress import Progress, silent
from enginehouse.cycle.act import authorise_for_programme
from enginehouse.cycle.definitions import definitions_document
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.stages import Act
from enginehouse.indicators.build import build
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
    workspace: Workspace,
    *,
    by: Acting,
    indicators: Sequence[str] = (),
    progress: Progress = silent,
    dry_run: bool = False,
) -> BuiltPanel:
    """Build the panel of the named indicators, or of all. What is left out of it is in the event."""
    authorise_for_programme(Act.BUILD_PANEL, by)
    names = tuple(dict.fromkeys(indicators)) or tuple(sorted(workspace.programme.indicators))
    built = build(workspace.programme, workspace.warehouse, indicators=names, progress=progress)
    content, definitions = built.panel.to_bytes(), definitions_document(workspace.programme, names)
    event = PanelBuilt(
        panel=sha256_hex(content),
        identity=built.panel.identity,
        indicators=names,
        definitions=sha256_hex(definitions),
        snapshots=built.snapshots,
        last_month=str(built.panel.last_month),
        left_out=tuple(str(entry) for entry in built.left_out),
    )
    is_new = event != last_panel_event(workspace)
    if is_new and not dry_run:
        workspace.record.record(event, actor=by.actor, effective_on=by.on, documents=(content, definitions))
    return BuiltPanel(built.panel, event, is_new)


def last_panel_event(workspace: Workspace) -> PanelBuilt | None:
    """The newest panel that was recorded."""
    found = None
    for event in workspace.record.store.events():
        if isinstance(event.payload, PanelBuilt):
            found = event.payload
    return found


def current_panel(workspace: Workspace) -> Panel:
    """The newest recorded panel, read back from its document."""
    return panel_of(workspace, newest_panel_event(workspace))


def newest_panel_event(workspace: Workspace) -> PanelBuilt:
    """The newest panel that was recorded; an error that says what to do while there is none."""
    event = last_panel_event(workspace)
    if event is None:
        raise DataError(
            "no panel has been built yet.",
            where=str(workspace.programme.folder),
            remedy="Run: enginehouse data load, then enginehouse indicators.",
        )
    return event


def panel_of(workspace: Workspace, event: PanelBuilt) -> Panel:
    """The panel that an event names."""
    return _read(workspace.record.documents.get(event.panel))


@lru_cache(maxsize=2)
def _read(content: bytes) -> Panel:
    """Read once in a process: step after step asks for the same panel, and none changes it."""
    return Panel.from_bytes(content)
