"""What each site and each arm got, from the record: reports sent, contacts logged, exposure that others counted.

It joins delivery with arms, not with outcomes; only steps that may know the arms ask for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from enginehouse.cycle.contacts import contacts_of
from enginehouse.cycle.workspace import Workspace
from enginehouse.delivery.contacts import Contact
from enginehouse.delivery.exposure import exposure_from_document
from enginehouse.economics.arm_costs import ContactTotals, LoggedActivity
from enginehouse.governance.state import CycleState
from enginehouse.ledger.events import ExposureImported
from enginehouse.programme.enums import ContactKind
from enginehouse.programme.strategy import Strategy
from enginehouse.trials.draw import Allocation


def activity_by_arm(
    workspace: Workspace, cycle: str, state: CycleState, allocation: Allocation
) -> tuple[LoggedActivity, ...]:
    """What was logged of each arm, in the order of the arms."""
    reports = reports_by_site(state)
    contacts = contacts_of(workspace, cycle)
    return tuple(_activity(arm, allocation, reports, contacts) for arm in allocation.arms)


def received(
    workspace: Workspace, cycle: str, state: CycleState, strategies: Mapping[str, Strategy]
) -> dict[str, dict[str, float]]:
    """How much each site received of each strategy: reports, contacts of its kind, or exposure counted by others."""
    reports, contacts = reports_by_site(state), contacts_of(workspace, cycle)
    found: dict[str, dict[str, float]] = {}
    for name, strategy in strategies.items():
        if strategy.sends_report:
            found[name] = {site: float(count) for site, count in reports.items()}
        elif strategy.contact is not None:
            found[name] = _contacts_by_site(contacts, strategy.contact)
        elif strategy.delivered_by is not None:
            found[name] = _exposure_by_site(workspace, cycle, name)
    return found


def reports_by_site(state: CycleState) -> Counter[str]:
    """How many reports each site was sent."""
    return Counter(site for wave in state.waves for site in wave.sent)


def _activity(
    arm: str, allocation: Allocation, reports: Mapping[str, int], contacts: tuple[Contact, ...]
) -> LoggedActivity:
    sites = set(allocation.sites_of(arm))
    of_arm = [contact for contact in contacts if contact.site in sites]
    kinds = sorted({contact.kind for contact in of_arm})
    return LoggedActivity(
        arm=arm,
        sites=len(sites),
        reports=sum(count for site, count in reports.items() if site in sites),
        contacts=tuple(_totals(kind, [c for c in of_arm if c.kind is kind]) for kind in kinds),
    )


def _totals(kind: ContactKind, contacts: list[Contact]) -> ContactTotals:
    return ContactTotals(
        kind=kind,
        contacts=len(contacts),
        programme_minutes=sum(contact.programme_minutes for contact in contacts),
        site_minutes=sum(contact.site_minutes for contact in contacts),
    )


def _contacts_by_site(contacts: tuple[Contact, ...], kind: ContactKind) -> dict[str, float]:
    return {site: float(count) for site, count in Counter(c.site for c in contacts if c.kind is kind).items()}


def _exposure_by_site(workspace: Workspace, cycle: str, strategy: str) -> dict[str, float]:
    counted: dict[str, float] = {}
    for event in workspace.record.store.events(cycle=cycle):
        if isinstance(event.payload, ExposureImported) and event.payload.strategy == strategy:
            for exposure in exposure_from_document(workspace.record.documents.get(event.payload.exposure)):
                counted[exposure.site] = counted.get(exposure.site, 0.0) + exposure.count
    return counted
