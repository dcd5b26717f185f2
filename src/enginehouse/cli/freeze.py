"""`enginehouse freeze`: fix the panel that the registered analysis will use."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output
from enginehouse.core.ids import site_codes
from enginehouse.core.words import counted

EXAMPLES = ("enginehouse freeze first", "enginehouse freeze first --dry-run")


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.freeze import freeze

    workspace = open_for(args)
    event = freeze(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    lines = [f"Froze the data of {args.cycle}, up to {event.last_month}."]
    if event.withdrawn:
        lines.append(
            f"Left out: {counted(event.withdrawn_rows, 'row')} of {site_codes(event.withdrawn)}, which opted out of "
            f"the use of "
            "their data."
        )
    lines.append(f"Panel {event.identity}.")
    record = {
        "cycle": args.cycle,
        "panel": event.identity,
        "last_month": event.last_month,
        "withdrawn": list(event.withdrawn),
        "withdrawn_rows": event.withdrawn_rows,
    }
    return Output(text="\n".join(lines) + dry_run_note(args), record=record)
