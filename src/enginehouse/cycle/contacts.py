"""Step: log visits, webinars and calls with their minutes, from a file that the facilitators keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.allocation import read_allocation
from enginehouse.cycle.recruit import site_scheme
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.delivery.contacts import Contact, contacts_document, contacts_from_document, read_contacts
from enginehouse.governance.policies import delivery_period
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import ContactsLogged


@dataclass(frozen=True, slots=True)
class LoggedContacts:
    """The event, how many contacts were new, and how many were there before."""

    event: ContactsLogged
    new: int
    known: int


def log_contacts(workspace: Workspace, cycle: str, file: Path, *, by: Acting, dry_run: bool = False) -> LoggedContacts:
    """Log the contacts in a file; those that were logged before are passed over, so a growing file can be given."""
    state = authorise(workspace, Act.LOG_CONTACTS, cycle, by)
    first, last = delivery_period(state, on=by.on)
    sites = read_allocation(workspace, state).sites
    found = read_contacts(file, sites=sites, first=first, last=last, scheme=site_scheme(workspace))
    known = set(contacts_of(workspace, cycle))
    new = tuple(contact for contact in dict.fromkeys(found) if contact not in known)
    content = contacts_document(new)
    event = ContactsLogged(contacts=sha256_hex(content), count=len(new))
    if new and not dry_run:
        record_act(workspace, Act.LOG_CONTACTS, event, cycle=cycle, by=by, documents=(content,))
    return LoggedContacts(event, len(new), len(found) - len(new))


def contacts_of(workspace: Workspace, cycle: str) -> tuple[Contact, ...]:
    """Every contact that was logged, in the order of the record."""
    return tuple(
        contact
        for event in workspace.record.store.events(cycle=cycle)
        if isinstance(event.payload, ContactsLogged)
        for contact in contacts_from_document(workspace.record.documents.get(event.payload.contacts))
    )
