"""With random allocation: days and months in the order in which they must come."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.months import Month
from enginehouse.core.words import counted
from enginehouse.programme.checks.names import Fault, Known
from enginehouse.programme.protocol import Design, Protocol
from enginehouse.programme.trial import Delivery, Eligibility


def check_calendar(protocol: Protocol, known: Known) -> Iterator[Fault]:  # noqa: ARG001  (called like its neighbours)
    if not protocol.design.type.is_randomised:
        return
    if protocol.membership_as_of > protocol.design.starts:
        what = f"got {protocol.membership_as_of}, which is after the start ({protocol.design.starts})."
        yield Fault(("membership_as_of",), what, "Sites are allocated by where they belong before the start.")
    if protocol.eligibility is not None:
        yield from _opt_out(protocol.eligibility, protocol.design)
    if protocol.delivery is not None:
        yield from _first_wave(protocol.delivery, protocol)
        yield from _last_wave(protocol.delivery, protocol.design)


def _opt_out(eligibility: Eligibility, design: Design) -> Iterator[Fault]:
    if eligibility.opt_out_by >= design.starts.first_day:
        what = f"got {eligibility.opt_out_by}, which is not before the start ({design.starts})."
        yield Fault(
            ("eligibility", "opt_out_by"), what, "Sites opt out first, then they are allocated, then it starts."
        )


def _first_wave(delivery: Delivery, protocol: Protocol) -> Iterator[Fault]:
    path, starts = ("delivery", "first"), protocol.design.starts
    opt_out_by = protocol.eligibility.opt_out_by if protocol.eligibility is not None else None
    if opt_out_by is not None and delivery.first < opt_out_by:
        what = f"got {delivery.first}, which is before sites can no longer opt out ({opt_out_by})."
        yield Fault(path, what, "Send the first reports after the allocation.")
    if Month.of(delivery.first) < starts + -1:
        what = f"got {delivery.first}, more than a month before the start ({starts})."
        yield Fault(path, what, "What is sent in the baseline blurs it: send later, or start earlier.")


def _last_wave(delivery: Delivery, design: Design) -> Iterator[Fault]:
    last = Month.of(delivery.first) + (delivery.waves - 1) * delivery.every_months
    if last >= design.follow_up.end:
        what = (
            f"got {counted(delivery.waves, 'wave')}, {counted(delivery.every_months, 'month')} apart, from "
            f"{delivery.first}: the last is due "
        )
        what += f"in {last}, after the follow-up has ended ({design.follow_up.last})."
        yield Fault(("delivery", "waves"), what, "Send fewer waves, or follow up for longer.")
