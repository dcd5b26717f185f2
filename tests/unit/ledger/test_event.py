"""Entries, events and heads: what is hashed, what is refused, and a second computation of the hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from enginehouse.core.errors import IntegrityError, UserError
from enginehouse.ledger.canonical import canonical_json, sha256_hex
from enginehouse.ledger.event import GENESIS, Entry, Head, next_entry, read_entry
from enginehouse.ledger.events import CycleSuspended
from enginehouse.ledger.payloads import NewerRecord

NOON = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
DOCUMENT = "d" * 64


def an_entry(**changes: Any) -> Entry:
    settings = {
        "head": GENESIS,
        "actor": "ann",
        "effective_on": date(2026, 3, 1),
        "recorded_at": NOON,
        "cycle": "first",
        "documents": [DOCUMENT],
    }
    return next_entry(CycleSuspended(reason="snow"), **{**settings, **changes})


def forged(**changes: Any) -> Entry:
    """The entry with another body and the hash that belongs to it; `...` leaves a key out."""
    body = {**json.loads(an_entry().body), **changes}
    content = canonical_json({key: value for key, value in body.items() if value is not ...})
    return replace(an_entry(), body=content, hash=sha256_hex(content))


def test_the_hash_is_that_of_everything_else_by_a_second_computation() -> None:
    """What an auditor would write with the standard library alone."""
    event = read_entry(an_entry())
    rest = {
        "actor": "ann",
        "cycle": "first",
        "documents": [DOCUMENT],
        "effective_on": "2026-03-01",
        "event_id": event.event_id,
        "payload": {"reason": "snow"},
        "prev_hash": "0" * 64,
        "recorded_at": "2026-03-01T12:00:00.000005Z",
        "seq": 1,
        "type": "cycle-suspended",
        "version": 1,
    }
    assert event.hash == hashlib.sha256(json.dumps(rest, separators=(",", ":")).encode()).hexdigest()


def test_an_event_says_what_was_recorded() -> None:
    event = read_entry(an_entry())
    assert (event.seq, event.prev_hash, event.head) == (1, "0" * 64, Head(1, event.hash))
    assert (event.type, event.version, event.payload) == ("cycle-suspended", 1, CycleSuspended(reason="snow"))
    assert (event.actor, event.cycle) == ("ann", "first")
    assert (event.effective_on, event.recorded_at, event.documents) == (date(2026, 3, 1), NOON, (DOCUMENT,))


def test_the_next_entry_links_to_the_head() -> None:
    first = read_entry(an_entry())
    second = read_entry(an_entry(head=first.head))
    assert (second.seq, second.prev_hash) == (2, first.hash)


def test_a_document_named_twice_is_recorded_once() -> None:
    assert read_entry(an_entry(documents=[DOCUMENT, DOCUMENT])).documents == (DOCUMENT,)


@pytest.mark.parametrize("actor", ["ann", "asserted:ann"])
def test_a_person_is_an_id_with_or_without_how_it_is_known(actor: str) -> None:
    assert read_entry(an_entry(actor=actor)).actor == actor


def test_instants_are_kept_in_utc() -> None:
    summer = NOON.astimezone(timezone(timedelta(hours=1)))
    assert read_entry(an_entry(recorded_at=summer)).recorded_at == NOON
    assert b'"recorded_at":"2026-03-01T12:00:00.000005Z"' in an_entry(recorded_at=summer).body


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"actor": "ann@example.org"}, UserError, "who acts\n  got 'ann@example.org' for an id"),
        ({"actor": ""}, UserError, "got '' for an id"),
        ({"actor": "asserted:Ann Lee"}, UserError, "got 'Ann Lee' for an id"),
        ({"actor": "a:b:c"}, UserError, "got 'b:c' for an id"),
        ({"cycle": "First cycle"}, UserError, "the cycle\n  got 'First cycle' for an id"),
        ({"documents": ["dossier.html"]}, TypeError, "documents are named by their SHA-256 in hex"),
        ({"effective_on": NOON}, TypeError, "a day, not an instant"),
        ({"recorded_at": datetime(2026, 3, 1)}, TypeError, "must carry its time zone"),
    ],
)
def test_what_an_entry_refuses(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        an_entry(**changes)


def test_an_edited_body_does_not_match_its_hash() -> None:
    entry = an_entry()
    with pytest.raises(
        IntegrityError, match=r"entry 1\n  was edited: its content does not match its hash\. Run `enginehouse"
    ):
        read_entry(replace(entry, body=entry.body.replace(b"snow", b"rain")))


@pytest.mark.parametrize("change", [{"seq": 2}, {"prev_hash": "f" * 64}, {"cycle": "second"}, {"cycle": None}])
def test_an_edited_column_does_not_match_the_body(change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="its number, cycle or link to the entry before was edited"):
        read_entry(replace(an_entry(), **change))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"actor": ...}, "its content lacks actor"),
        ({"actor": 7}, "its content is not that of an event"),
        ({"documents": ["x"]}, "its content is not that of an event"),
        ({"effective_on": "spring"}, "its content is not that of an event"),
        ({"recorded_at": "noon"}, "its content is not that of an event"),
        ({"payload": {}}, "missing field 'reason'"),
    ],
)
def test_a_forged_body_with_the_right_hash_is_still_read_strictly(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(IntegrityError, match=f"entry 1\n  .*{message}"):
        read_entry(forged(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "site-merged"}, r"kind of event 'site-merged' \(version 1\)"),
        ({"version": 2}, r"kind of event 'cycle-suspended' \(version 2\)"),
        ({"signature": "abc"}, r"does not know its field\(s\) signature"),
    ],
)
def test_an_entry_from_a_later_version_says_so(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(
        NewerRecord, match=f"entry 1\n  .*{message}.*later version of Enginehouse: install that version"
    ):
        read_entry(forged(**changes))


def test_a_head_survives_being_written_on_paper() -> None:
    head = Head(40, "ab" * 32)
    assert str(head) == "40 " + "ab" * 32
    assert Head.parse(f"  {head}\n") == head


def test_a_head_is_also_read_as_json() -> None:
    assert Head.parse(json.dumps({"seq": 40, "hash": "ab" * 32}, indent=2) + "\n") == Head(40, "ab" * 32)


@pytest.mark.parametrize("text", ["", "40", "x " + "a" * 64, "40 abc", "40 " + "a" * 64 + " more"])
def test_what_is_not_a_head(text: str) -> None:
    with pytest.raises(UserError, match="for the head of a record"):
        Head.parse(text)
