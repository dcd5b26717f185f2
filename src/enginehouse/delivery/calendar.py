"""When things are due in a cycle: waves, deadlines, the last follow-up month. Time comes in as dates; no clock here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from enginehouse.core.months import add_months
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveDue:
    """One issue of feedback: `number` of `of`, the day on which it is due, and that of the next if there is one."""

    number: int
    of: int
    due_on: date
    next_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One day of a cycle's calendar."""

    key: str
    on: date
    title: str
    note: str = ""


def waves_of(delivery: Delivery | None) -> tuple[WaveDue, ...]:
    """Every wave of the calendar, in order; none where the cycle sends nothing."""
    if delivery is None:
        return ()
    days = [add_months(delivery.first, number * delivery.every_months) for number in range(delivery.waves)]
    return tuple(
        WaveDue(number=n, of=delivery.waves, due_on=day, next_on=days[n] if n < delivery.waves else None)
        for n, day in enumerate(days, start=1)
    )


def cycle_calendar(protocol: Protocol, *, name: str, opt_out_by: date | None = None) -> tuple[Entry, ...]:
    """Every day that the protocol fixes, in order of time; `opt_out_by` where sites were told of another deadline."""
    design = protocol.design
    entries = [
        Entry(key="starts", on=design.starts.first_day, title=f"{name}: follow-up starts"),
        Entry(
            key="follow-up-ends",
            on=design.follow_up.end.first_day,
            title=f"{name}: follow-up has ended",
            note=f"Freeze the data when {design.follow_up.last} is in.",
        ),
    ]
    if protocol.eligibility is not None:
        entries.append(
            Entry(
                key="opt-out-deadline",
                on=opt_out_by or protocol.eligibility.opt_out_by,
                title=f"{name}: opt-out closes",
                note="From this day on sites can be allocated.",
            )
        )
    entries += [
        Entry(key=f"wave-{wave.number}", on=wave.due_on, title=f"{name}: feedback {wave.number} of {wave.of} is due")
        for wave in waves_of(protocol.delivery)
    ]
    entries += [
        Entry(
            key=f"harms-{month}",
            on=(month + 1).first_day,
            title=f"{name}: registered look at harms",
            note=f"With the data up to {month}.",
        )
        for month in protocol.analysis.harm_looks
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.on, entry.key)))
