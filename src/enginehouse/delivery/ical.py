"""A calendar as iCalendar text (RFC 5545), for any calendar program. The same entries give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from enginehouse.delivery.calendar import Entry

_LONGEST_LINE = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def to_ical(entries: Sequence[Entry], *, calendar_id: str, title: str, stamped: date) -> str:
    """Whole-day events. `calendar_id` makes their ids stable, so that a later export moves them; `stamped` is the day
    from which the calendar holds.
    """
    stamp = datetime(stamped.year, stamped.month, stamped.day, tzinfo=UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Enginehouse//Calendar//EN", f"X-WR-CALNAME:{_text(title)}"]
    for entry in entries:
        lines += _event(entry, calendar_id, stamp)
    lines.append("END:VCALENDAR")
    return "".join(_fold(line) for line in lines)


def _event(entry: Entry, calendar_id: str, stamp: str) -> list[str]:
    note = [f"DESCRIPTION:{_text(entry.note)}"] if entry.note else []
    return [
        "BEGIN:VEVENT",
        f"UID:{entry.key}@{calendar_id}",
        f"DTSTAMP:{stamp}",
        f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{entry.on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(entry.title)}",
        *note,
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _fold(line: str) -> str:
    """Lines of at most 75 octets; what follows begins with a space (section 3.1)."""
    parts, rest, limit = [], line, _LONGEST_LINE
    while len(rest.encode()) > limit:
        cut = limit
        while len(rest[:cut].encode()) > limit:
            cut -= 1
        parts.append(rest[:cut])
        rest, limit = rest[cut:], _LONGEST_LINE - 1
    return "\r\n ".join([*parts, rest]) + "\r\n"
