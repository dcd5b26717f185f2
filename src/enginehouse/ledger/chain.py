"""Walking the chain: does every entry follow the one before, and is each what its hash says?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from enginehouse.core.errors import IntegrityError
from enginehouse.ledger.event import GENESIS, Entry, Event, read_entry
from enginehouse.ledger.payloads import NewerRecord

Report = Callable[[str], None]


def walk(entries: Iterable[Entry], report: Report) -> Iterator[tuple[Entry, Event | None]]:
    """Each entry with its event (None where it cannot be read), one at a time, reporting every fault on the way."""
    seq, hash_ = GENESIS.seq, GENESIS.hash
    for entry in entries:
        if entry.seq != seq + 1:
            report(_gap(seq, entry.seq))
        elif entry.prev_hash != hash_:
            report(f"entry {entry.seq}: does not follow {_name(seq)}: one of the two was replaced, moved or edited.")
        seq, hash_ = entry.seq, entry.hash
        yield entry, _read(entry, report)


def refuse(problem: str) -> None:
    """A report that stops at the first fault."""
    raise IntegrityError(problem, remedy="Run `enginehouse ledger verify` to see everything that is wrong.")


def _gap(before: int, found: int) -> str:
    if found <= before:
        return f"entry {found}: stands after entry {before}; the order was changed."
    missing = f"entry {before + 1} is" if found == before + 2 else f"entries {before + 1} to {found - 1} are"
    return f"{missing} missing: the next entry found is {found}."


def _name(seq: int) -> str:
    return f"entry {seq}" if seq else "the beginning of the record"


def _read(entry: Entry, report: Report) -> Event | None:
    try:
        return read_entry(entry)
    except IntegrityError as error:
        report(f"{error.where}: {error.what}")
    except NewerRecord as error:
        report(f"{error.where}: {error.what} {error.remedy}")
    return None
