"""`enginehouse wave`: make a wave of feedback, have it approved, send it, and note what became of it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import (
    acting_for,
    add_acting,
    add_cycle,
    add_programme,
    dry_run_note,
    open_for,
    refuse_unused,
)
from enginehouse.cli.output import Output
from enginehouse.cli.progress import TerminalProgress
from enginehouse.core.errors import UserError
from enginehouse.core.words import agreeing, counted

if TYPE_CHECKING:
    from enginehouse.feedback.content import Format

EXAMPLES = (
    "enginehouse wave prepare facilitation 1 --as manager",
    "enginehouse wave prepare facilitation 2 --all   # PDF as well",
    "enginehouse wave approve facilitation 1 --as lead",
    "enginehouse wave send facilitation 1 --as manager",
    "enginehouse wave note facilitation 1 replies.csv --as manager",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=tuple(ACTIONS),
        help="make and lint the reports, release them (a second person), send them, or note what became of them",
    )
    add_cycle(parser)
    parser.add_argument("wave", type=int, help="the number of the wave, from 1")
    parser.add_argument("file", nargs="?", type=Path, help="note: a CSV file with site, state, on")
    parser.add_argument("--all", action="store_true", help="prepare: every format, in every wave")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    refuse_unused(args, {"file": "note", "all": "prepare"})
    return ACTIONS[args.action](args)


def _prepare(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.prepare_wave import prepare_wave

    formats: tuple[Format, ...] | None = ("html", "text", "pdf") if args.all else None
    workspace = open_for(args)
    with TerminalProgress() as progress:
        done = prepare_wave(
            workspace,
            args.cycle,
            args.wave,
            by=acting_for(args, workspace),
            formats=formats,
            workers=os.cpu_count() or 1,
            progress=progress,
            dry_run=args.dry_run,
        )
    manifest = done.manifest
    lines = [
        f"Wave {manifest.wave} of {manifest.of}: {counted(len(manifest.entries), 'report')} with data to "
        f"{manifest.data_to}; "
        f"{agreeing(len(manifest.withheld), 'site', 'gets', 'get')} none.",
        f"{counted(done.event.warnings, 'warning')} of the linter, none that blocks.",
        *(f"Look at: {path}" for path in done.proofs if path.suffix == ".html"),
        f"Next, by another person: enginehouse wave approve {args.cycle} {manifest.wave}",
    ]
    record = {
        "cycle": args.cycle,
        "wave": manifest.wave,
        "reports": len(manifest.entries),
        "withheld": len(manifest.withheld),
        "warnings": done.event.warnings,
        "manifest": done.event.manifest,
        "proofs": [str(path) for path in done.proofs],
    }
    return Output(text="\n".join(lines) + dry_run_note(args), record=record)


def _approve(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.send_wave import approve_wave

    workspace = open_for(args)
    event = approve_wave(workspace, args.cycle, args.wave, by=acting_for(args, workspace), dry_run=args.dry_run)
    return Output(
        text=f"Wave {event.wave} is released. Next: enginehouse wave send {args.cycle} {event.wave}"
        + dry_run_note(args),
        record={"cycle": args.cycle, "wave": event.wave, "manifest": event.manifest},
    )


def _send(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.send_wave import send_wave

    workspace = open_for(args)
    with TerminalProgress() as progress:
        done = send_wave(
            workspace,
            args.cycle,
            args.wave,
            by=acting_for(args, workspace),
            progress=progress,
            dry_run=args.dry_run,
        )
    word = "Would send" if args.dry_run else "Sent"
    before = f" {done.sent_before} had been sent before." if done.sent_before else ""
    held = f" {len(done.held_back)} opted out since the wave was prepared, and got none." if done.held_back else ""
    return Output(
        text=f"{word} {counted(done.sent_now, 'report')} to {done.outbox}.{before}{held}" + dry_run_note(args),
        record={
            "cycle": args.cycle,
            "wave": done.wave,
            "sent": done.sent_now,
            "sent_before": done.sent_before,
            "held_back": len(done.held_back),
            "outbox": str(done.outbox),
        },
    )


def _note(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.note_delivery import note_delivery

    if args.file is None:
        raise UserError("no file was named.", where="wave note", remedy="Name a CSV file with site, state, on.")
    workspace = open_for(args)
    done = note_delivery(
        workspace, args.cycle, args.wave, args.file, by=acting_for(args, workspace), dry_run=args.dry_run
    )
    reached = ", ".join(f"{count} {state}" for state, count in done.reached.counts.items())
    return Output(
        text=f"Noted {done.event.count}. Of wave {args.wave}: {reached}; {done.reached.bounced} bounced."
        + dry_run_note(args),
        record={
            "cycle": args.cycle,
            "wave": args.wave,
            "noted": done.event.count,
            "reached": dict(done.reached.counts),
            "bounced": done.reached.bounced,
        },
    )


ACTIONS = {"prepare": _prepare, "approve": _approve, "send": _send, "note": _note}
