"""`enginehouse register`: lock a protocol and the definitions it uses; or change a locked one, openly."""

from __future__ import annotations

import argparse
import shlex

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = (
    "enginehouse register first",
    "enginehouse register first --as ana --on 2026-05-01 --dry-run",
    'enginehouse register first --amend "Two practices closed before the start."',
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    parser.add_argument(
        "--amend",
        metavar="REASON",
        help="lock the protocol again as its file stands now, before the data are frozen; by two people where "
        "registering takes two",
    )
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    return _register(args) if args.amend is None else _amend(args)


def _register(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.register import register

    workspace = open_for(args)
    done = register(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    event, advice = done.event, done.tried.advice
    if done.proposed:
        return _proposed(args, event.protocol_hash, advice)
    kind = "retrospective: outcomes could already be seen" if event.retrospective else "before its outcomes"
    lines = [f"Registered {args.cycle} ({kind}).", f"Locked as {event.protocol_hash}.", *(f"Note: {a}" for a in advice)]
    return Output(
        text="\n".join(lines) + dry_run_note(args),
        record={
            "cycle": args.cycle,
            "protocol_hash": event.protocol_hash,
            "retrospective": event.retrospective,
            "tested": done.tried.tested,
            "advice": list(advice),
        },
    )


def _proposed(args: argparse.Namespace, protocol_hash: str, advice: tuple[str, ...]) -> Output:
    lines = [
        f"Proposed {args.cycle} as it stands ({protocol_hash}). It takes two people: nothing is locked yet.",
        f"Next, by another person: enginehouse register {args.cycle}",
        *(f"Note: {a}" for a in advice),
    ]
    record = {"cycle": args.cycle, "protocol_hash": protocol_hash, "proposed": True, "advice": list(advice)}
    return Output(text="\n".join(lines) + dry_run_note(args), record=record)


def _amend(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.amend import amend

    workspace = open_for(args)
    by = acting_for(args, workspace)
    done = amend(workspace, args.cycle, by=by, reason=args.amend, dry_run=args.dry_run)
    event = done.event
    changes = [f"  {change}" for change in event.changes]
    if done.proposed:
        lines = [
            f"Proposed to amend {args.cycle}:",
            *changes,
            "It takes two people: until a second one agrees, the protocol stays locked as it was.",
            f"Next, by another person: enginehouse register {args.cycle} --amend {shlex.quote(event.reason)}",
        ]
    else:
        lines = [f"Amended {args.cycle}:", *changes, f"Locked as {event.protocol_hash}."]
    record = {"cycle": args.cycle, "protocol_hash": event.protocol_hash, "changes": list(event.changes)}
    return Output(
        text="\n".join(lines) + dry_run_note(args), record=record | ({"proposed": True} if done.proposed else {})
    )
