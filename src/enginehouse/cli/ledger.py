"""`enginehouse ledger`: the record itself."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from enginehouse.cli.arguments import add_programme, open_for
from enginehouse.cli.output import Output, columns
from enginehouse.core.errors import IntegrityError, UserError
from enginehouse.ledger.event import Head

EXAMPLES = (
    "enginehouse ledger show",
    "enginehouse ledger verify",
    "enginehouse ledger head --json > head.json   # keep it elsewhere",
    "enginehouse ledger verify --head head.json",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("show", "verify", "head"))
    parser.add_argument("--cycle", help="only this cycle's events")
    parser.add_argument(
        "--head",
        type=Path,
        metavar="FILE",
        help="a head kept elsewhere, to find a record that was cut short or replaced",
    )
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    return ACTIONS[args.action](args)


def _show(args: argparse.Namespace) -> Output:
    events = list(open_for(args).record.store.events(cycle=args.cycle))
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
            "payload": asdict(e.payload),
            "documents": list(e.documents),
            "hash": e.hash,
        }
        for e in events
    ]
    return Output(text=columns(rows) if events else "Nothing has been recorded yet.", record=record)


def _verify(args: argparse.Namespace) -> Output:
    from enginehouse.ledger.verify import verify

    head = None if args.head is None else _read_head(args.head)
    found = verify(open_for(args).record, head=head)
    record = {"ok": found.ok, "events": found.events, "documents": found.documents, "problems": list(found.problems)}
    if found.ok:
        return Output(
            text=f"The record is whole: {found.events:,} events and {found.documents:,} documents verified.",
            record=record,
        )
    text = "\n".join(["The record is not whole:", *(f"  {problem}" for problem in found.problems)])
    return Output(text=text, record=record, exit_code=IntegrityError.exit_code)


def _head(args: argparse.Namespace) -> Output:
    head = open_for(args).record.store.head()
    return Output(text=f"{head.seq} {head.hash}", record={"seq": head.seq, "hash": head.hash})


def _read_head(path: Path) -> Head:
    try:
        record = json.loads(path.read_text())
        return Head(seq=int(record["seq"]), hash=str(record["hash"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "Write one with: enginehouse ledger head --json > head.json"
        raise UserError(f"this file holds no head of a ledger ({error}).", where=str(path), remedy=remedy) from error


ACTIONS = {"show": _show, "verify": _verify, "head": _head}
