"""`enginehouse ledger`: the record itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from enginehouse.cli.arguments import add_programme, day_argument, refuse_unused
from enginehouse.cli.output import Output, columns
from enginehouse.core.errors import IntegrityError, UserError, did_you_mean
from enginehouse.core.words import agreeing, counted
from enginehouse.cycle.record_of import open_record
from enginehouse.governance.state import as_known, as_of
from enginehouse.ledger.event import Event, Head
from enginehouse.ledger.events import DataFrozen, ReportsSent, SitesAllocated, WavePrepared

EXAMPLES = (
    "enginehouse ledger show",
    "enginehouse ledger show --cycle facilitation --as-of 2026-06-30",
    "enginehouse ledger verify",
    "enginehouse ledger head > head.txt   # keep it elsewhere",
    "enginehouse ledger verify --head head.txt",
)


SEALED = "(not shown before the freeze)"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(ACTIONS), help="sweep removes documents that no event names")
    parser.add_argument("--cycle", help="show: only this cycle's events")
    parser.add_argument(
        "--as-of", type=day_argument, metavar="YYYY-MM-DD", help="show: what held on that day, whenever written down"
    )
    parser.add_argument(
        "--as-known", type=day_argument, metavar="YYYY-MM-DD", help="show: what was written down by the end of that day"
    )
    parser.add_argument(
        "--head",
        type=Path,
        metavar="FILE",
        help="a head kept elsewhere, to find a record that was cut short or replaced",
    )
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    refuse_unused(args, {"cycle": "show", "as_of": "show", "as_known": "show", "head": "verify"})
    return ACTIONS[args.action](args)


def _show(args: argparse.Namespace) -> Output:
    store = open_record(args.programme).store
    if args.cycle is not None:
        _check_cycle(args.cycle, {event.cycle for event in store.events() if event.cycle})
    events = _at(store.events(cycle=args.cycle), args.as_of, args.as_known)
    frozen = _frozen(store.events())
    rows = [("seq", "effective", "cycle", "event", "by", "hash")]
    rows += [(str(e.seq), str(e.effective_on), e.cycle or "-", e.type, e.actor, e.hash[:12]) for e in events]
    record = [
        {
            "seq": e.seq,
            "effective_on": str(e.effective_on),
            "recorded_at": e.recorded_at.isoformat(),
            "cycle": e.cycle,
            "type": e.type,
            "actor": e.actor,
            "payload": _payload(e, frozen),
            "documents": list(e.documents),
            "hash": e.hash,
        }
        for e in events
    ]
    return Output(text=columns(rows) if events else "Nothing has been recorded yet.", record=record)


def _at(events: Iterable[Event], day: date | None, known: date | None) -> list[Event]:
    """Those that held on a day, and those that were written down by the end of one (in UTC)."""
    if day is not None:
        events = as_of(events, day)
    if known is not None:
        events = as_known(events, datetime.combine(known + timedelta(days=1), time(), UTC))
    return list(events)


def _frozen(events: Iterable[Event]) -> set[str | None]:
    return {event.cycle for event in events if isinstance(event.payload, DataFrozen)}


def _payload(event: Event, frozen: set[str | None]) -> dict[str, Any]:
    """What the event says, but for what tells an arm before the freeze: the seeds, which with the plan tell every
    site's, and for whom a report was made and to whom it was sent, since an arm may get none.
    """
    payload = asdict(event.payload)
    if event.cycle in frozen:
        return payload
    if isinstance(event.payload, SitesAllocated):
        payload["seed"] = payload["second_seed"] = SEALED
    if isinstance(event.payload, WavePrepared | ReportsSent):
        payload["sites"] = f"{len(event.payload.sites)} {SEALED}"
    return payload


def _check_cycle(cycle: str, recorded: set[str]) -> None:
    if cycle not in recorded:
        remedy = did_you_mean(cycle, recorded) if recorded else "No cycle has been registered yet."
        raise UserError(f"got cycle '{cycle}', of which nothing is recorded.", where="--cycle", remedy=remedy)


def _verify(args: argparse.Namespace) -> Output:
    from enginehouse.ledger.verify import verify

    head = None if args.head is None else _read_head(args.head)
    kept = open_record(args.programme)
    found = verify(kept, head=head)
    if found.ok and not kept.store.exists():
        return _no_record(kept.folder)
    record = {
        "ok": found.ok,
        "events": found.events,
        "documents": found.documents,
        "problems": list(found.problems),
        "unnamed_documents": found.unnamed_documents,
        "head": str(found.head),
    }
    if found.ok:
        text = (
            f"The record is whole: {counted(found.events, 'event')} and {counted(found.documents, 'document')} "
            f"verified."
        )
        return Output(text=text + _unnamed(found.unnamed_documents), record=record)
    text = "\n".join(["The record is not whole:", *(f"  {problem}" for problem in found.problems)])
    return Output(text=text, record=record, exit_code=IntegrityError.exit_code)


def _no_record(folder: Path) -> Output:
    """Nothing is no whole record: who verifies one must not be told that all is well because it is gone."""
    text = f"There is no record here ({folder}): nothing was recorded yet, or it was removed."
    record = {"ok": False, "events": 0, "documents": 0, "problems": [text], "unnamed_documents": 0, "head": None}
    return Output(text=text, record=record, exit_code=IntegrityError.exit_code)


def _unnamed(documents: int) -> str:
    """Without a head kept elsewhere, documents that no event names are the only hint that entries were cut off."""
    if not documents:
        return ""
    return (
        f"\n{agreeing(documents, 'document')} named by no event: a write was interrupted (enginehouse ledger sweep), "
        "or the record was cut short (verify it with --head)."
    )


def _head(args: argparse.Namespace) -> Output:
    head = open_record(args.programme).store.head()
    return Output(text=str(head), record={"seq": head.seq, "hash": head.hash})


def _sweep(args: argparse.Namespace) -> Output:
    swept = list(open_record(args.programme).sweep())
    text = (
        f"Removed {counted(len(swept), 'document')} that no event names."
        if swept
        else "Every document is named by an event."
    )
    return Output(text=text, record={"swept": swept})


def _read_head(path: Path) -> Head:
    try:
        return Head.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = "Write one with: enginehouse ledger head > head.txt"
        raise UserError(f"this file cannot be read ({error.strerror}).", where=str(path), remedy=remedy) from error


ACTIONS = {"show": _show, "verify": _verify, "head": _head, "sweep": _sweep}
