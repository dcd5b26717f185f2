"""`enginehouse contacts`: log visits, webinars and calls with the minutes of both sides."""

from __future__ import annotations

import argparse
from pathlib import Path

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output
from enginehouse.core.words import counted

EXAMPLES = ("enginehouse contacts facilitation visits.csv --as manager",)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    parser.add_argument(
        "file", type=Path, help="CSV: site, kind, on, programme_minutes, site_minutes, and if you like people, note"
    )
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.contacts import log_contacts

    workspace = open_for(args)
    done = log_contacts(workspace, args.cycle, args.file, by=acting_for(args, workspace), dry_run=args.dry_run)
    known = f" {done.known} were logged before." if done.known else ""
    return Output(
        text=f"Logged {counted(done.new, 'contact')}.{known}" + dry_run_note(args),
        record={"cycle": args.cycle, "logged": done.new, "known": done.known},
    )
