"""`enginehouse dossier`: the whole record of a cycle as HTML and PDF."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse dossier first", "enginehouse dossier first -p campaign")


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.dossier import write_dossier

    workspace = open_for(args)
    by = acting_for(args, workspace)
    written = write_dossier(workspace, args.cycle, by=by, dry_run=args.dry_run)
    wrote = "Would write" if args.dry_run else "Wrote"
    unchanged = "" if written.is_new else "\nIt is the same as the one that the record names."
    return Output(
        text=f"{wrote} {written.html}\n  and {written.pdf}{unchanged}{dry_run_note(args)}",
        record={"html": str(written.html), "pdf": str(written.pdf), "new": written.is_new},
    )
