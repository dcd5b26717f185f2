"""Waves and days of a cycle, and what a calendar program reads."""

from __future__ import annotations

from datetime import date

from enginehouse.delivery.calendar import Entry, add_months, waves_of
from enginehouse.delivery.ical import to_ical
from enginehouse.programme.trial import Delivery


def test_six_waves_every_two_months_cover_a_year():
    waves = waves_of(Delivery(waves=6, every_months=2, first=date(2026, 5, 4)))
    assert [wave.due_on for wave in waves] == [
        date(2026, 5, 4), date(2026, 7, 4), date(2026, 9, 4), date(2026, 11, 4), date(2027, 1, 4), date(2027, 3, 4),
    ]  # fmt: skip
    assert [wave.next_on for wave in waves][-2:] == [date(2027, 3, 4), None]


def test_a_short_month_ends_earlier():
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2027, 8, 31), 6) == date(2028, 2, 29)


def test_nothing_is_sent_without_a_calendar():
    assert waves_of(None) == ()


def test_an_entry_is_a_whole_day_event():
    text = to_ical(
        [Entry(key="wave-1", on=date(2026, 5, 31), title="First, and more", note="a;b")],
        calendar_id="cycle.programme",
        title="P",
        stamped=date(2026, 4, 1),
    )
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == ""
    assert "DTSTART;VALUE=DATE:20260531" in lines
    assert "DTEND;VALUE=DATE:20260601" in lines
    assert r"SUMMARY:First\, and more" in lines
    assert r"DESCRIPTION:a\;b" in lines
    assert "UID:wave-1@cycle.programme" in lines


def test_long_lines_are_folded_at_75_octets_and_unfold_to_what_they_were():
    title = "Rückmeldung " * 20
    text = to_ical([Entry(key="k", on=date(2026, 5, 1), title=title)], calendar_id="c", title="t", stamped=date.min)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert f"SUMMARY:{title}" in text.replace("\r\n ", "")
