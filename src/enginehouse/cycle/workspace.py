"""What every step works on: a programme folder with its record, its warehouse and its people."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.cycle.record_of import STATE_FOLDER, open_record
from enginehouse.data.warehouse import Warehouse
from enginehouse.governance.state import CycleState, cycle_state
from enginehouse.ledger.record import Record
from enginehouse.programme.load import Programme, load_definitions, load_programme
from enginehouse.programme.people import Person, load_people
from enginehouse.programme.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, and the day on which the act takes effect."""

    person: Person
    on: date

    @property
    def actor(self) -> str:
        """How the record names the person; `asserted` says that nobody logged in."""
        return f"asserted:{self.person.id}"


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened programme folder."""

    programme: Programme
    people: Mapping[str, Person]
    record: Record
    warehouse: Warehouse
    index: str = ""

    @property
    def output(self) -> Path:
        """Where documents for people are written."""
        return self.programme.folder / "output"

    def protocol(self, cycle: str) -> Protocol:
        """The protocol as the file says it now (what was locked is in `registered`)."""
        protocols = self.programme.protocols
        if cycle not in protocols:
            raise _no_such_cycle(self, cycle)
        return protocols[cycle]

    @property
    def cycles(self) -> tuple[str, ...]:
        """Every cycle that has a folder, then those of which only the record is left."""
        recorded = (event.cycle for event in self.record.store.events() if event.cycle)
        return tuple(dict.fromkeys((*self.programme.protocols, *recorded)))

    def state(self, cycle: str) -> CycleState:
        """Where the cycle stands, by its events."""
        return cycle_state(self.record.store.events(cycle=cycle))


def _no_such_cycle(workspace: Workspace, cycle: str) -> UserError:
    """What is said of a cycle without a folder: it was removed, it is misspelt, or there is none at all."""
    folder = workspace.programme.folder / "cycles"
    if cycle in workspace.cycles:
        return UserError(
            f"the cycle '{cycle}' is in the record, but its folder is gone.",
            where=str(folder / cycle),
            remedy="Put the folder back as it was. What was recorded stays either way: "
            f"enginehouse ledger show --cycle {cycle}.",
        )
    protocols = workspace.programme.protocols
    remedy = did_you_mean(cycle, protocols) if protocols else f"There is no cycle yet: write {cycle}/protocol.yaml."
    return UserError(f"got cycle '{cycle}'.", where=str(folder), remedy=remedy)


def open_workspace(folder: Path, *, need_cycles: bool = True, index: str = "") -> Workspace:
    """Read the programme in `folder` and open (or begin) its record and warehouse.

    Without `need_cycles` a protocol that has problems is left out, so that an unfinished one stops no work on data.
    `index` is the address of a page that links all pages of this programme, as seen from its output folder.
    """
    programme = load_programme(folder) if need_cycles else load_definitions(folder)
    warehouse = Warehouse(folder / STATE_FOLDER / "warehouse")
    return Workspace(programme, load_people(folder), open_record(folder), warehouse, index)


def acting(
    workspace: Workspace,
    person: str | None = None,
    on: date | None = None,
    *,
    why: str = "nobody was named for this act.",
    instead: str = "",
) -> Acting:
    """The named person, or `ENGINEHOUSE_AS`, or the only one of `people.csv`; today unless a day is given.

    `why` and `instead` are for what asks for a name only at times: why it does now, and what goes without.
    """
    where = str(workspace.programme.folder / "people.csv")
    people = workspace.people
    person = person or os.environ.get("ENGINEHOUSE_AS")
    if person is None and len(people) == 1:
        person = next(iter(people))
    if person is None:
        raise UserError(
            why,
            where=where,
            remedy=f"Say who acts with --as or ENGINEHOUSE_AS: {', '.join(sorted(people))}. {instead}".rstrip(),
        )
    if person not in people:
        raise UserError(f"got person '{person}'.", where=where, remedy=did_you_mean(person, people))
    return Acting(people[person], on or date.today())


def person_name(workspace: Workspace, actor: str) -> str:
    """What a page calls who acted; the id where people.csv no longer has the person."""
    person = actor.removeprefix("asserted:")
    return workspace.people[person].name if person in workspace.people else person
