"""Canonical JSON and payloads: whatever can be written is read back, in one way only, and has one hash."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enginehouse.core.errors import UserError
from enginehouse.ledger.canonical import canonical_json, parse_canonical
from enginehouse.ledger.event import GENESIS, next_entry, read_entry
from enginehouse.ledger.events import EVENTS, Payload
from enginehouse.ledger.payloads import read_payload, write_payload

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
WHOLE_NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
# Keys are ASCII, as the names of fields are: that is the condition under which our fast reader may judge.
KEYS = st.text(st.characters(codec="ascii"))
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE_NUMBERS | TEXTS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(KEYS, children, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)

FIELD_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: WHOLE_NUMBERS,
    bool: st.booleans(),
    tuple[str, ...]: st.lists(TEXTS, max_size=4).map(tuple),
}


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    payload = EVENTS[draw(st.sampled_from(sorted(EVENTS)))]
    hints = get_type_hints(payload)
    return payload(**{field.name: draw(FIELD_VALUES[hints[field.name]]) for field in dataclasses.fields(payload)})


@given(OBJECTS)
def test_what_is_written_by_the_reference_is_read_back_by_ours(value: dict[str, object]) -> None:
    assert parse_canonical(canonical_json(value)) == value


@given(OBJECTS, st.randoms(use_true_random=False))
def test_the_order_of_keys_never_matters(value: dict[str, object], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical_json(dict(items)) == canonical_json(value)


@given(OBJECTS, st.floats())
def test_a_float_at_any_depth_is_refused(value: dict[str, object], number: float) -> None:
    with pytest.raises(UserError, match="got the decimal number"):
        canonical_json({"deep": [value, {"deeper": (number,)}]})


@given(payloads())
def test_every_payload_survives_the_record(payload: Payload) -> None:
    assert read_payload(payload.type, payload.version, write_payload(payload)) == payload


@given(payloads(), st.dates(min_value=date(1900, 1, 1)), st.datetimes(timezones=st.just(UTC)))
def test_every_event_survives_the_record(payload: Payload, effective_on: date, recorded_at: datetime) -> None:
    entry = next_entry(payload, head=GENESIS, actor="ann", effective_on=effective_on, recorded_at=recorded_at)
    event = read_entry(entry)
    assert (event.payload, event.effective_on, event.recorded_at) == (payload, effective_on, recorded_at)
