"""What became of each report: sent, bounced, opened, discussed, planned, acted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from enginehouse.programme.enums import DeliveryState
from enginehouse.programme.rows import Row, read_records
from enginehouse.stats.records import from_plain, to_plain

COLUMNS = ("site", "state", "on", "note")
OPTIONAL = ("note",)
LADDER = (
    DeliveryState.RENDERED,
    DeliveryState.APPROVED,
    DeliveryState.SENT,
    DeliveryState.OPENED,
    DeliveryState.DISCUSSED,
    DeliveryState.PLANNED,
    DeliveryState.ACTED,
)
"""In order: each implies those before it. A bounced report got no further than being sent."""

AFTER_SENDING = (DeliveryState.BOUNCED, *LADDER[LADDER.index(DeliveryState.SENT) + 1 :])
"""What can be noted by hand; the states before it follow from the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing that became of one site's report. `on` is YYYY-MM-DD."""

    site: str
    state: DeliveryState
    on: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How many reports of a wave got as far as each state (or further), and how many bounced."""

    wave: int
    counts: Mapping[str, int]
    bounced: int


def read_marks(path: Path, *, sent: Collection[str], scheme: str = "ods") -> tuple[Mark, ...]:
    """What a CSV file says became of the reports of one wave.

    Raises
    ------
    Problems
        A site got no report in this wave, a state is unknown or comes before sending: all are listed.
    """

    def read(row: Row) -> Mark:
        site = row.site("site", sent, scheme=scheme)
        state = row.one_of("state", AFTER_SENDING)
        on, note = row.day("on"), row.text("note", required=False)
        known = DeliveryState(state) if state in set(DeliveryState) else DeliveryState.BOUNCED
        return Mark(site=site, state=known, on=str(on), note=note)

    return read_records(path, COLUMNS, read, optional=OPTIONAL)


def furthest(sent: Iterable[str], marks: Iterable[Mark]) -> dict[str, DeliveryState]:
    """How far each sent report got; one that bounced and was not opened later stays bounced."""
    reached = dict.fromkeys(sent, DeliveryState.SENT)
    for mark in marks:
        now = reached.get(mark.site, DeliveryState.SENT)
        if mark.state is DeliveryState.BOUNCED:
            reached[mark.site] = DeliveryState.BOUNCED if now is DeliveryState.SENT else now
        elif now is DeliveryState.BOUNCED or LADDER.index(mark.state) > LADDER.index(now):
            reached[mark.site] = mark.state
    return reached


def reached(wave: int, sent: Iterable[str], marks: Iterable[Mark]) -> Reached:
    """Counts by state for one wave."""
    states = furthest(sent, marks)
    held = [state for state in states.values() if state is not DeliveryState.BOUNCED]
    start = LADDER.index(DeliveryState.SENT)
    counts = {str(s): sum(LADDER.index(state) >= n for state in held) for n, s in enumerate(LADDER) if n > start}
    return Reached(wave=wave, counts={"sent": len(states), **counts}, bounced=len(states) - len(held))


def marks_document(marks: Iterable[Mark]) -> bytes:
    """Marks as a document; `marks_from_document` is the inverse."""
    return json.dumps(to_plain(tuple(marks)), sort_keys=True, ensure_ascii=False).encode()


def marks_from_document(content: bytes) -> tuple[Mark, ...]:
    """Read back what `marks_document` wrote."""
    marks: tuple[Mark, ...] = from_plain(tuple[Mark, ...], json.loads(content))
    return marks
