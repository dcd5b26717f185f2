"""`enginehouse register`: lock a protocol and the definitions it uses."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse register first", "enginehouse register first --as ana --on 2026-05-01 --dry-run")


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.register import register

    workspace = open_for(args)
    event = register(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    kind = "retrospective: outcomes could already be seen" if event.retrospective else "before its outcomes"
    text = f"Registered {args.cycle} ({kind}).\nLocked as {event.protocol_hash}.{dry_run_note(args)}"
    return Output(
        text=text,
        record={"cycle": args.cycle, "protocol_hash": event.protocol_hash, "retrospective": event.retrospective},
    )
