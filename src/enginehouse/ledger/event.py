"""`Event`, what happened and who said so; `Entry`, the same as it lies in a store; `Head`, where the chain ends.

The hash of an entry is the SHA-256 of the canonical JSON of everything else in it, the hash of the entry before
included: change one and every later one no longer fits. Nothing here reads or writes a file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import UnionType
from typing import Any

from enginehouse.core.errors import IntegrityError, UserError
from enginehouse.core.ids import check_slug, new_event_id
from enginehouse.ledger.canonical import canonical_json, is_sha256_hex, parse_canonical, sha256_hex
from enginehouse.ledger.events import Payload
from enginehouse.ledger.payloads import NewerRecord, read_payload, write_payload

GENESIS_HASH = "0" * 64

_HEAD = re.compile(r"(?P<seq>\d+)\s+(?P<hash>[0-9a-f]{64})")
_HEAD_AS_JSON = re.compile(r'\{\s*"seq":\s*(?P<seq>\d+),\s*"hash":\s*"(?P<hash>[0-9a-f]{64})"\s*\}')


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a record. Kept elsewhere, it shows later that nothing before it was changed or removed."""

    seq: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read a head as a dossier prints it (`40 9f86d0...`) or as JSON (`{"seq": 40, "hash": "9f86d0..."}`)."""
        match = _HEAD.fullmatch(text.strip()) or _HEAD_AS_JSON.fullmatch(text.strip())
        if match is None:
            raise UserError(
                f"got '{text.strip()[:80]}' for the head of a record.",
                remedy="A head is the number of an entry and its hash of 64 digits, as `ledger head` prints it.",
            )
        return cls(int(match["seq"]), match["hash"])

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"


GENESIS = Head(0, GENESIS_HASH)
"""The head of a record in which nothing has happened yet."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a store: `body` is the canonical JSON that `hash` is the hash of, the rest repeats it for look-ups."""

    seq: int
    prev_hash: str
    hash: str
    cycle: str | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One recorded act.

    `effective_on` is the day from which it holds, `recorded_at` (UTC) the clock when it was written, `seq` the order.
    """

    seq: int
    event_id: str
    type: str
    version: int
    cycle: str | None
    actor: str
    effective_on: date
    recorded_at: datetime
    payload: Payload
    documents: tuple[str, ...]
    prev_hash: str
    hash: str

    @property
    def head(self) -> Head:
        """The head of the record as it stood when this event was the last."""
        return Head(self.seq, self.hash)


def next_entry(
    payload: Payload,
    *,
    head: Head,
    actor: str,
    effective_on: date,
    recorded_at: datetime,
    cycle: str | None = None,
    documents: Sequence[str] = (),
) -> Entry:
    """The entry that records `payload` after `head`."""
    _check_envelope(actor=actor, cycle=cycle, effective_on=effective_on, documents=documents)
    body = canonical_json(
        {
            "seq": head.seq + 1,
            "event_id": new_event_id(),
            "type": payload.type,
            "version": payload.version,
            "cycle": cycle,
            "actor": actor,
            "effective_on": effective_on.isoformat(),
            "recorded_at": _write_instant(recorded_at),
            "payload": write_payload(payload),
            "documents": list(dict.fromkeys(documents)),
            "prev_hash": head.hash,
        }
    )
    return Entry(head.seq + 1, head.hash, sha256_hex(body), cycle, body)


def read_entry(entry: Entry) -> Event:
    """The event in `entry`, having checked that the entry is what its hash says and agrees with itself."""
    where = f"entry {entry.seq}"
    if sha256_hex(entry.body) != entry.hash:
        raise IntegrityError("was edited: its content does not match its hash.", where=where, remedy=_VERIFY)
    try:
        return _read_body(entry, parse_canonical(entry.body))
    except NewerRecord as error:
        raise NewerRecord(error.what, where=where) from error
    except (IntegrityError, KeyError, TypeError, ValueError) as error:
        what = error.what if isinstance(error, IntegrityError) else f"its content is not that of an event ({error!r})."
        raise IntegrityError(what, where=where, remedy=_VERIFY) from error


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


_VERIFY = "Run `enginehouse ledger verify` to see everything that is wrong."
_BODY: dict[str, type | UnionType] = {
    "seq": int,
    "event_id": str,
    "type": str,
    "version": int,
    "cycle": str | None,
    "actor": str,
    "effective_on": str,
    "recorded_at": str,
    "payload": dict,
    "documents": list,
    "prev_hash": str,
}


def _read_body(entry: Entry, body: dict[str, Any]) -> Event:
    if body.keys() != _BODY.keys():
        raise _odd_keys(body)
    if not (
        all(map(isinstance, body.values(), map(_BODY.__getitem__, body))) and all(map(is_sha256_hex, body["documents"]))
    ):
        raise IntegrityError("its content is not that of an event.")
    if (body["seq"], body["prev_hash"], body["cycle"]) != (entry.seq, entry.prev_hash, entry.cycle):
        raise IntegrityError("its number, cycle or link to the entry before was edited: its content says otherwise.")
    return Event(
        seq=body["seq"],
        event_id=body["event_id"],
        type=body["type"],
        version=body["version"],
        cycle=body["cycle"],
        actor=body["actor"],
        effective_on=date.fromisoformat(body["effective_on"]),
        recorded_at=datetime.fromisoformat(body["recorded_at"]),
        payload=read_payload(body["type"], body["version"], body["payload"]),
        documents=tuple(body["documents"]),
        prev_hash=body["prev_hash"],
        hash=entry.hash,
    )


def _odd_keys(body: dict[str, Any]) -> UserError:
    unknown, missing = sorted(body.keys() - _BODY.keys()), sorted(_BODY.keys() - body.keys())
    if missing:
        return IntegrityError(f"its content lacks {', '.join(missing)}.")
    return NewerRecord(f"this version of Enginehouse does not know its field(s) {', '.join(unknown)}.")


def _write_instant(instant: datetime) -> str:
    if instant.tzinfo is None:
        raise TypeError("recorded_at must carry its time zone")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _check_envelope(*, actor: str, cycle: str | None, effective_on: date, documents: Sequence[str]) -> None:
    # `ann`, or with the way in which she is known: `asserted:ann`. Never a name or an address.
    for part in actor.split(":", maxsplit=1):
        check_slug(part, where="who acts")
    if cycle is not None:
        check_slug(cycle, where="the cycle")
    if isinstance(effective_on, datetime):
        raise TypeError("effective_on is a day, not an instant")
    strangers = [document for document in documents if not is_sha256_hex(document)]
    if strangers:
        raise TypeError(f"documents are named by their SHA-256 in hex, got {strangers}")
