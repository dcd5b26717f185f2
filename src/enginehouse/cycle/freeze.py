"""Step: fix the panel and the register of sites that the registered analysis will use."""

from __future__ import annotations

import json

from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.build_indicators import current_panel, last_panel_event
from enginehouse.cycle.definitions import indicators_from_document
from enginehouse.cycle.register import Locked, locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.data.register import build_register
from enginehouse.governance.stages import Act
from enginehouse.indicators.panel import Panel
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import DataFrozen
from enginehouse.programme.diff import diff


def freeze(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> DataFrozen:
    """Freeze the newest panel, cut to the locked protocol's indicators."""
    state = authorise(workspace, Act.FREEZE, cycle, by)
    registered = locked(workspace, cycle, state)
    _check_definitions(workspace, registered)
    panel = current_panel(workspace).only(tuple(registered.indicators))
    _check_span(panel, registered)
    content, sites = panel.to_bytes(), _sites_document(workspace, panel)
    event = DataFrozen(
        panel=sha256_hex(content),
        identity=panel.identity,
        sites=sha256_hex(sites),
        protocol_hash=registered.protocol_hash,
        last_month=str(panel.last_month),
    )
    if not dry_run:
        record_act(workspace, Act.FREEZE, event, cycle=cycle, by=by, documents=(content, sites))
    return event


def _sites_document(workspace: Workspace, panel: Panel) -> bytes:
    register = build_register(workspace.warehouse, workspace.programme.settings).only(panel.sites)
    return json.dumps(register.to_record(), sort_keys=True, ensure_ascii=False).encode()


def _check_definitions(workspace: Workspace, registered: Locked) -> None:
    """The panel must have been built by the definitions that were locked."""
    event = last_panel_event(workspace)
    if event is None:
        return  # current_panel says what to do
    built = indicators_from_document(workspace.record.documents.get(event.definitions))
    differing = [n for n, i in registered.indicators.items() if n not in built or diff(i, built[n])]
    if differing:
        raise NotAllowed(
            f"the panel was built with other definitions of {', '.join(differing)} than were registered.",
            where="panel",
            remedy="Run: enginehouse indicators, then freeze again.",
        )


def _check_span(panel: Panel, registered: Locked) -> None:
    for name in registered.indicators:
        arrays = panel.arrays(name)
        arrays.in_period(registered.protocol.design.follow_up)
