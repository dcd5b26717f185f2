"""Steps: hand the list of sites of a strategy to whoever delivers it, and import what they counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.core.files import write_whole
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.allocation import read_allocation, sites_with
from enginehouse.cycle.recruit import site_scheme
from enginehouse.cycle.register import locked
from enginehouse.cycle.roster import register_of_sites
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.delivery.exposure import exposure_document, read_exposure, site_list
from enginehouse.governance.stages import Act
from enginehouse.governance.visibility import DocumentKind, check_may_read
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import ExposureImported, ListsExported
from enginehouse.programme.protocol import Protocol


@dataclass(frozen=True, slots=True)
class ExportedList:
    """The event, and where the list is."""

    event: ListsExported
    file: Path
    sites: int


def export_list(workspace: Workspace, cycle: str, strategy: str, *, by: Acting, dry_run: bool = False) -> ExportedList:
    """Write the sites whose arm has the strategy; it goes to those who deliver it and to nobody else."""
    state = authorise(workspace, Act.EXPORT_LISTS, cycle, by)
    check_may_read(DocumentKind.ALLOCATION, state=state, person=by.person)
    registered = locked(workspace, cycle, state)
    _check_strategy(registered.protocol, strategy)
    chosen = sites_with(registered.protocol, read_allocation(workspace, state), strategy)
    register = register_of_sites(workspace)
    content = site_list({site: register.name(site) for site in chosen})
    event = ListsExported(strategy=strategy, list=sha256_hex(content))
    file = workspace.output / "lists" / f"{cycle}-{strategy}.csv"
    if not dry_run:
        record_act(workspace, Act.EXPORT_LISTS, event, cycle=cycle, by=by, documents=(content,))
        write_whole(file, content)
    return ExportedList(event, file, len(chosen))


def import_exposure(
    workspace: Workspace, cycle: str, strategy: str, file: Path, *, by: Acting, dry_run: bool = False
) -> ExposureImported:
    """Take over the counts, by site, of what others delivered."""
    state = authorise(workspace, Act.IMPORT_EXPOSURE, cycle, by)
    registered = locked(workspace, cycle, state)
    _check_strategy(registered.protocol, strategy)
    allocated = read_allocation(workspace, state).sites
    found = read_exposure(file, sites=allocated, scheme=site_scheme(workspace))
    content = exposure_document(found)
    event = ExposureImported(strategy=strategy, exposure=sha256_hex(content), sites=len({e.site for e in found}))
    if not dry_run:
        record_act(workspace, Act.IMPORT_EXPOSURE, event, cycle=cycle, by=by, documents=(content,))
    return event


def _check_strategy(protocol: Protocol, strategy: str) -> None:
    known = {name for strategies in protocol.arms.values() for name in strategies}
    if strategy not in known:
        raise UserError(
            f"got strategy '{strategy}', which no arm of this cycle has.",
            where="strategy",
            remedy=did_you_mean(strategy, known),
        )
