"""`verify`: reads the whole record and says everything that is wrong with it, by entry and by document.

It finds any entry that was edited, removed, moved or replaced, and any document that is missing or altered. Entries
removed from the end, or a record rewritten as a whole, show only against a head that was kept elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enginehouse.core.errors import IntegrityError
from enginehouse.ledger.chain import walk
from enginehouse.ledger.event import GENESIS, Entry, Head

if TYPE_CHECKING:
    from enginehouse.ledger.documents import DocumentStore
    from enginehouse.ledger.record import Record

MOST_PROBLEMS_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read, and what is wrong with it. Unnamed documents are no fault: an interrupted command leaves them.

    `exists` is whether there is any record: none has no fault in it, and is not whole either.
    """

    events: int
    documents: int
    problems: tuple[str, ...]
    unnamed_documents: int = 0
    head: Head = GENESIS
    exists: bool = True

    @property
    def ok(self) -> bool:
        return not self.problems


def verify(record: Record, *, head: Head | None = None) -> Verification:
    """Read everything; with `head`, also check that the record still contains that entry."""
    findings = _Findings()
    documents = _DocumentCheck(record.documents, findings)
    anchor = _AnchorCheck(head, findings)
    events, last = 0, GENESIS
    for fault in record.faults():
        findings.report(fault)
    try:
        for entry, event in walk(record.store.entries(), findings.report):
            events, last = events + 1, Head(entry.seq, entry.hash)
            anchor.see(entry)
            if event is not None:
                documents.see(event.seq, event.documents)
    except IntegrityError as error:
        findings.report(f"after {events} entries the record cannot be read: {error.what}")
    anchor.finish(last)
    return Verification(
        events=events,
        documents=len(documents.seen),
        problems=findings.listed(),
        unnamed_documents=documents.unnamed(),
        head=last,
        exists=record.store.exists(),
    )


class _Findings:
    """The problems, the first thousand in words and the rest as a number: a ruined record must not fill the memory."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.unlisted = 0

    def report(self, problem: str) -> None:
        if len(self.problems) < MOST_PROBLEMS_LISTED:
            self.problems.append(problem)
        else:
            self.unlisted += 1

    def listed(self) -> tuple[str, ...]:
        more = (f"and {self.unlisted} more problems, not listed.",) if self.unlisted else ()
        return (*self.problems, *more)


class _DocumentCheck:
    """Reads each document once, when the first event names it."""

    def __init__(self, documents: DocumentStore, findings: _Findings) -> None:
        self.documents = documents
        self.findings = findings
        self.seen: set[bytes] = set()

    def see(self, seq: int, names: tuple[str, ...]) -> None:
        for name in names:
            digest = bytes.fromhex(name)
            if digest in self.seen:
                continue
            self.seen.add(digest)
            fault = self.documents.fault(name)
            if fault is not None:
                self.findings.report(f"entry {seq}: its document {name} is {fault}.")

    def unnamed(self) -> int:
        return sum(bytes.fromhex(name) not in self.seen for name in self.documents.names())


class _AnchorCheck:
    """Looks for the entry that a head kept elsewhere names."""

    def __init__(self, head: Head | None, findings: _Findings) -> None:
        self.head = head
        self.findings = findings
        self.is_met = head in (None, GENESIS)

    def see(self, entry: Entry) -> None:
        if self.head is not None and entry.seq == self.head.seq:
            self.is_met = True
            if entry.hash != self.head.hash:
                self.findings.report(
                    f"entry {entry.seq}: is not the entry whose head was kept elsewhere: the record was rewritten."
                )

    def finish(self, last: Head) -> None:
        if self.head is not None and not self.is_met:
            self.findings.report(
                f"entry {self.head.seq}: is gone. Its head was kept elsewhere, but the record ends with entry"
                f" {last.seq}: the last entries were removed."
            )
