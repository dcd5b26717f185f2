"""`enginehouse dossier`: the whole record of a cycle as HTML and PDF."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse dossier first", "enginehouse dossier first -p campaign")


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser, dry_run=False)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.dossier import write_dossier

    workspace = open_for(args)
    written = write_dossier(workspace, args.cycle, by=acting_for(args, workspace))
    record = {"html": str(written.html), "pdf": str(written.pdf)}
    return Output(text=f"Wrote {written.html}\n  and {written.pdf}", record=record)
