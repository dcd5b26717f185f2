"""Payloads to plain records and back, every field checked by name and by type, in both directions.

What kinds of event there are is in `events`. When the fields of a payload change, its class gets the next
`version`, and the reader of the old version is written here, beside `read_payload`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import get_type_hints

from enginehouse.core.errors import IntegrityError, UserError
from enginehouse.ledger.events import EVENTS, Payload


class NewerRecord(UserError):
    """The record holds something that only a later version of Enginehouse can read."""

    def __init__(self, what: str, *, where: str = "") -> None:
        super().__init__(
            what,
            where=where,
            remedy="It was probably written by a later version of Enginehouse: install that version and try again.",
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Kind:
    """A type that a field of a payload may have: its name, the test of a value, and how it is read back."""

    name: str
    accepts: Callable[[object], bool]
    read: Callable[[object], object] = lambda value: value


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


# `type(value) is int`: to Python, True is a whole number.
_KINDS: dict[object, _Kind] = {
    str: _Kind("text", lambda value: isinstance(value, str)),
    int: _Kind("a whole number", lambda value: type(value) is int),
    bool: _Kind("true or false", lambda value: isinstance(value, bool)),
    tuple[str, ...]: _Kind("a list of texts", _is_texts, tuple),  # type: ignore[arg-type]
}


@cache
def fields_of(type_: str) -> Mapping[str, _Kind]:
    """The fields of a kind of payload; a `KeyError` means that it declares a type which the record cannot hold."""
    payload = EVENTS[type_]
    hints = get_type_hints(payload)
    return {field.name: _KINDS[hints[field.name]] for field in dataclasses.fields(payload)}


def write_payload(payload: Payload) -> dict[str, object]:
    """The fields of `payload` as plain values. A wrong type here is a defect of the caller."""
    if EVENTS.get(payload.type) is not type(payload):
        raise TypeError(f"{type(payload).__name__} is not in the table EVENTS of ledger/events")
    record = {name: getattr(payload, name) for name in fields_of(payload.type)}
    faults = _faults(payload.type, record)
    if faults:
        raise TypeError(f"{type(payload).__name__}: {'; '.join(faults)}")
    return {name: list(value) if isinstance(value, tuple) else value for name, value in record.items()}


def read_payload(type_: str, version: int, record: Mapping[str, object]) -> Payload:
    """The payload that `write_payload` wrote. Unknown kinds are refused: what is not understood is not acted on."""
    payload = EVENTS.get(type_)
    if payload is None or version != payload.version:
        raise NewerRecord(f"this version of Enginehouse does not know the kind of event '{type_}' (version {version}).")
    faults = _faults(type_, record)
    if faults:
        raise IntegrityError(f"the content of '{type_}' is not as it should be: {'; '.join(faults)}.")
    return payload(**{name: kind.read(record[name]) for name, kind in fields_of(type_).items()})


def _faults(type_: str, record: Mapping[str, object]) -> list[str]:
    fields = fields_of(type_)
    return [
        *(f"unknown field '{name}'" for name in record if name not in fields),
        *(f"missing field '{name}'" for name in fields if name not in record),
        *(
            f"field '{name}' should be {kind.name}, got {record[name]!r}"
            for name, kind in fields.items()
            if name in record and not kind.accepts(record[name])
        ),
    ]
