"""Step: fix the panel and the register of sites that the registered analysis will use, and what is known of the data.

What could not be evaluated is not frozen: data are frozen once. Nor are the data of sites that opted out of their use.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.core.errors import DataError, NotAllowed
from enginehouse.core.ids import site_codes
from enginehouse.core.months import Month
from enginehouse.core.words import agreeing
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.build_indicators import newest_panel_event, panel_of
from enginehouse.cycle.data_account import account_document
from enginehouse.cycle.definitions import indicators_from_document
from enginehouse.cycle.register import Locked, locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.data.register import build_register
from enginehouse.data.sites import SiteRegister
from enginehouse.evaluation.arms import choose_arms, register_for
from enginehouse.governance.opt_outs import may_use_data
from enginehouse.governance.stages import Act
from enginehouse.indicators.panel import Panel
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import DataFrozen, PanelBuilt
from enginehouse.programme.diff import diff
from enginehouse.programme.protocol import Protocol


def freeze(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> DataFrozen:
    """Freeze the newest panel, cut to the locked protocol's indicators."""
    state = authorise(workspace, Act.FREEZE, cycle, by)
    registered = locked(workspace, cycle, state)
    built = newest_panel_event(workspace)
    check_built_as_registered(workspace, registered, built, then="freeze again")
    whole = panel_of(workspace, built).only(tuple(registered.indicators))
    withdrawn = tuple(site for site in whole.sites if not may_use_data(state, site))
    panel = _without(whole, withdrawn)
    rows = whole.table.num_rows - panel.table.num_rows
    register = _describing(build_register(workspace.warehouse, workspace.programme.settings).only(whole.sites), panel)
    _check_months(panel, registered)
    _check_arms(register, registered.protocol)
    content, sites = panel.to_bytes(), _sites_document(register)
    account = account_document(workspace, built, also=_cut_out(withdrawn, rows))
    event = DataFrozen(
        panel=sha256_hex(content),
        identity=panel.identity,
        sites=sha256_hex(sites),
        account=sha256_hex(account),
        protocol_hash=registered.protocol_hash,
        last_month=str(panel.last_month),
        withdrawn=withdrawn,
        withdrawn_rows=rows,
    )
    if not dry_run:
        record_act(workspace, Act.FREEZE, event, cycle=cycle, by=by, documents=(content, sites, account))
    return event


def _without(panel: Panel, sites: Sequence[str]) -> Panel:
    """The panel with no row of these sites."""
    theirs = pc.is_in(panel.table.column("site"), pa.array(sites, pa.string()))
    return Panel.from_table(panel.table.filter(pc.invert(theirs))) if sites else panel


def _describing(register: SiteRegister, panel: Panel) -> SiteRegister:
    """The register with every site in it, so that each can be accounted for, and attributes of the panel's only."""
    return replace(register, attributes=register.only(panel.sites).attributes)


def _cut_out(sites: Sequence[str], rows: int) -> tuple[str, ...]:
    """What the account of the data says of sites that opted out of the use of theirs."""
    if not sites:
        return ()
    return (
        f"{agreeing(rows, 'row', 'was', 'were')} cut out, of {site_codes(sites)}: opted out of the use of their data",
    )


def _sites_document(register: SiteRegister) -> bytes:
    return json.dumps(register.to_record(), sort_keys=True, ensure_ascii=False).encode()


def check_built_as_registered(workspace: Workspace, registered: Locked, built: PanelBuilt, *, then: str) -> None:
    """The panel must have been built by the definitions that were locked."""
    definitions = indicators_from_document(workspace.record.documents.get(built.definitions))
    differing = [n for n, i in registered.indicators.items() if n not in definitions or diff(i, definitions[n])]
    if differing:
        raise NotAllowed(
            f"the panel was not built by the registered definitions of {', '.join(differing)}.",
            where="panel",
            remedy=f"Run: enginehouse indicators, then {then}.",
        )


def _check_months(panel: Panel, registered: Locked) -> None:
    """Every indicator must have data in every month from the first of the baseline to the last of the follow-up.

    In a trial, outcomes other than the primary may have a shorter baseline: arms are compared in the follow-up, and the
    dossier says how many months there were.
    """
    span, design = registered.protocol.design.span, registered.protocol.design
    for name in registered.indicators:
        arrays = panel.arrays(name)
        seen = dict(zip(arrays.months, arrays.totals()[1] > 0, strict=True))
        missing = [str(month) for month in span if not seen.get(month, False)]
        if registered.protocol.allocation is not None and name != registered.protocol.indicator:
            has_baseline = any(seen.get(month, False) for month in design.baseline)
            missing = [month for month in missing if Month.parse(month) in design.follow_up or not has_baseline]
        if missing:
            raise DataError(
                f"{name} has no data for {len(missing)} of the {len(span)} registered months: {', '.join(missing)}.",
                where="panel",
                remedy="Load them and run: enginehouse indicators. "
                "If they do not exist, amend the protocol to a shorter baseline or follow-up.",
            )


def _check_arms(register: SiteRegister, protocol: Protocol) -> None:
    """Every registered arm must have sites with data."""
    if protocol.exposure is not None:
        choose_arms(protocol, register_for(protocol, register))
