"""Contacts with sites that are more than a report: visits, webinars, calls, with the minutes of both sides."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from enginehouse.programme.enums import ContactKind
from enginehouse.programme.rows import Row, read_records
from enginehouse.stats.records import from_plain, to_plain

COLUMNS = ("site", "kind", "on", "programme_minutes", "site_minutes", "people", "note")
OPTIONAL = ("people", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact. Minutes are staff minutes: two people for an hour are 120. `on` is YYYY-MM-DD."""

    site: str
    kind: ContactKind
    on: str
    programme_minutes: float
    site_minutes: float
    people: int = 0
    note: str = ""


def read_contacts(
    path: Path, *, sites: Collection[str], first: date, last: date, scheme: str = "ods"
) -> tuple[Contact, ...]:
    """The contacts in a CSV file, every one with a site of the cycle between `first` and `last` (both inclusive).

    Raises
    ------
    Problems
        Some row is faulty; all are listed and none is taken over.
    """

    def read(row: Row) -> Contact:
        site = row.site("site", sites, scheme=scheme)
        kind, on = row.one_of("kind", ContactKind), row.day("on")
        if on is not None and not first <= on <= last:
            row.fault(
                "on",
                f"got {on}, which is outside the cycle's delivery ({first} to {last}).",
                "Correct the day, or log the contact where it belongs.",
            )
        return Contact(
            site=site,
            kind=ContactKind(kind) if kind in set(ContactKind) else ContactKind.VISIT,
            on=str(on),
            programme_minutes=row.number("programme_minutes"),
            site_minutes=row.number("site_minutes"),
            people=row.whole("people", required=False),
            note=row.text("note", required=False),
        )

    return read_records(path, COLUMNS, read, optional=OPTIONAL)


def contacts_document(contacts: Iterable[Contact]) -> bytes:
    """Contacts as a document; `contacts_from_document` is the inverse."""
    return json.dumps(to_plain(tuple(contacts)), sort_keys=True, ensure_ascii=False).encode()


def contacts_from_document(content: bytes) -> tuple[Contact, ...]:
    """Read back what `contacts_document` wrote."""
    contacts: tuple[Contact, ...] = from_plain(tuple[Contact, ...], json.loads(content))
    return contacts
