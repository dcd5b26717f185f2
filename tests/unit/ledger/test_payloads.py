"""Payloads to records and back: every field by name and type, nothing unknown, nothing missing."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import pytest

from enginehouse.core.errors import IntegrityError
from enginehouse.ledger import events
from enginehouse.ledger.events import EVENTS, CycleClosed, DataLoaded, Payload, ProtocolAmended
from enginehouse.ledger.payloads import NewerRecord, fields_of, read_payload, write_payload

LOADED = DataLoaded(source="epd", snapshot="s1", file_sha256="a" * 64, rows=3, quarantined=0)
TABLES = (
    events.data.DATA_EVENTS,
    events.cycle.CYCLE_EVENTS,
    events.trial.TRIAL_EVENTS,
    events.delivery.DELIVERY_EVENTS,
    events.evidence.EVIDENCE_EVENTS,
)
EXAMPLES: dict[str, Any] = {"str": "text", "Sha256": "a" * 64, "int": 3, "bool": True, "tuple[str, ...]": ("b", "a")}
RECORD = {"source": "epd", "snapshot": "s1", "file_sha256": "a" * 64, "rows": 3, "quarantined": 0}


@pytest.mark.parametrize("type_", sorted(EVENTS))
def test_every_payload_has_only_fields_that_the_record_can_hold(type_: str) -> None:
    assert {kind.name for kind in fields_of(type_).values()} <= {
        "text",
        "a whole number",
        "true or false",
        "a list of texts",
    }


def test_the_table_of_events_names_each_payload_once() -> None:
    declared = {
        payload.type
        for payload in Payload.__subclasses__()
        if payload.__module__.startswith("enginehouse.ledger.events.")
    }
    assert declared == set(EVENTS)
    assert len(EVENTS) == sum(len(table) for table in TABLES)
    assert all(payload.version >= 1 and payload.__doc__ for payload in EVENTS.values())


def test_every_payload_can_be_imported_from_one_place() -> None:
    assert set(events.__all__) == {payload.__name__ for payload in EVENTS.values()} | {"EVENTS", "Payload", "Sha256"}
    assert all(getattr(events, payload.__name__) is payload for payload in EVENTS.values())


@pytest.mark.parametrize("type_", sorted(EVENTS))
def test_every_payload_comes_back_as_it_was_written(type_: str) -> None:
    kind = EVENTS[type_]
    payload = kind(**{field.name: EXAMPLES[str(field.type)] for field in fields(kind)})
    record = write_payload(payload)
    assert list(record) == [field.name for field in fields(kind)]
    assert read_payload(type_, kind.version, record) == payload


def test_a_payload_is_written_by_field_name() -> None:
    assert write_payload(LOADED) == RECORD


def test_a_tuple_is_a_list_in_the_record_and_a_tuple_again() -> None:
    payload = ProtocolAmended(
        protocol="a" * 64,
        protocol_hash="b" * 64,
        definitions="d" * 64,
        previous_hash="c" * 64,
        changes=("margins", "waves"),
        reason="error",
    )
    record = write_payload(payload)
    assert record["changes"] == ["margins", "waves"]
    assert read_payload("protocol-amended", 1, record) == payload


def test_a_payload_without_fields() -> None:
    assert read_payload("cycle-closed", 1, write_payload(CycleClosed())) == CycleClosed()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": True}, "field 'rows' should be a whole number, got True"),
        ({"rows": "3"}, "field 'rows' should be a whole number, got '3'"),
        ({"source": None}, "field 'source' should be text, got None"),
        ({"arm": "control"}, "unknown field 'arm'"),
        ({"source": ...}, "missing field 'source'"),
    ],
)
def test_reading_checks_every_field(change: dict[str, Any], message: str) -> None:
    record = {name: value for name, value in {**RECORD, **change}.items() if value is not ...}
    with pytest.raises(IntegrityError, match=message):
        read_payload("data-loaded", 1, record)


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(
        IntegrityError, match=r"unknown field 'arm'; missing field 'rows'; field 'source' should be text"
    ):
        read_payload("data-loaded", 1, {"arm": "a", "source": 1, "snapshot": "", "file_sha256": "", "quarantined": 0})


@pytest.mark.parametrize(("type_", "version"), [("site-merged", 1), ("data-loaded", 2), ("data-loaded", 0)])
def test_what_this_version_does_not_know_is_refused(type_: str, version: int) -> None:
    message = rf"does not know the kind of event '{type_}' \(version {version}\)\. It was probably written by a later"
    with pytest.raises(NewerRecord, match=message):
        read_payload(type_, version, RECORD)


def test_a_wrong_type_from_a_caller_is_a_defect() -> None:
    with pytest.raises(TypeError, match=r"DataLoaded: field 'rows' should be a whole number, got 3\.5"):
        write_payload(replace(LOADED, rows=3.5))  # type: ignore[arg-type]


def test_a_payload_that_is_not_in_the_table_is_a_defect() -> None:
    @dataclass(frozen=True)
    class Invented:
        type: ClassVar[str] = "invented"

    with pytest.raises(TypeError, match="Invented is not in the table EVENTS"):
        write_payload(Invented())  # type: ignore[arg-type]
