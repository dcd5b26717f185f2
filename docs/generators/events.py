"""The page of events: what the record holds for each act, from the payloads themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from inspect import getdoc

from enginehouse.ledger.events import EVENTS, Payload
from enginehouse.ledger.events.cycle import CYCLE_EVENTS
from enginehouse.ledger.events.data import DATA_EVENTS
from enginehouse.ledger.events.delivery import DELIVERY_EVENTS
from enginehouse.ledger.events.evidence import EVIDENCE_EVENTS
from enginehouse.ledger.events.trial import TRIAL_EVENTS

INTRO = """# Events

What the [record](../explanation/record-and-lineage.md) says of each act. Every event also has its number, the cycle,
who acted (`asserted:` and an id), the day from which it holds, when it was written, and the hash of the event before.

An event holds small facts in plain words; whatever is large, or would tell the arm of a site, is a **document** that
the event names by its SHA-256. So the list of events can be shown to anybody, and who may open a document is a
[table](stages.md#who-may-read-what). No event holds a number with a decimal point; names of people are in none.
"""
GROUPS = {
    "Data": DATA_EVENTS,
    "Every cycle": CYCLE_EVENTS,
    "Trials": TRIAL_EVENTS,
    "Delivery": DELIVERY_EVENTS,
    "Evidence and priorities": EVIDENCE_EVENTS,
}
KINDS = {"bool": "yes or no", "int": "whole number", "str": "text", "tuple[str, ...]": "list of texts"}


def page() -> str:
    return INTRO + "\n" + "\n".join(line for title, group in GROUPS.items() for line in _group(title, group))


def _group(title: str, group: tuple[type[Payload], ...]) -> Iterator[str]:
    yield f"## {title}\n"
    for payload in group:
        assert EVENTS[payload.type] is payload
        yield f"### {payload.type}\n"
        yield f"{' '.join((getdoc(payload) or '').split())}\n"
        yield from _fields(payload)
        yield ""


def _fields(payload: type[Payload]) -> Iterator[str]:
    held = fields(payload)
    if not held:
        yield "Nothing more is held."
        return
    yield "| holds | as |"
    yield "|---|---|"
    for each in held:
        yield f"| `{each.name}` | {_kind(str(each.type))} |"


def _kind(annotation: str) -> str:
    return "SHA-256" if annotation == "Sha256" else KINDS[annotation]
