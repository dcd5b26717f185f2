"""`enginehouse lists`: hand the list of a strategy's sites to those who deliver it, and import what they counted."""

from __future__ import annotations

import argparse
from pathlib import Path

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
from enginehouse.core.errors import UserError
from enginehouse.core.words import counted

EXAMPLES = (
    "enginehouse lists export prompts decision-support --as manager",
    "enginehouse lists import prompts decision-support shown.csv --as manager",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(ACTIONS), help="export the list of sites, or import exposure counts")
    add_cycle(parser)
    parser.add_argument("strategy", help="the strategy that others deliver")
    parser.add_argument("file", nargs="?", type=Path, help="import: CSV with site, count, from, to")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    refuse_unused(args, {"file": "import"})
    return ACTIONS[args.action](args)


def _export(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.lists import export_list

    workspace = open_for(args)
    done = export_list(workspace, args.cycle, args.strategy, by=acting_for(args, workspace), dry_run=args.dry_run)
    return Output(
        text=f"{counted(done.sites, 'site')}: {done.file}. For those who deliver it, and nobody else."
        + dry_run_note(args),
        record={"cycle": args.cycle, "strategy": args.strategy, "sites": done.sites, "file": str(done.file)},
    )


def _import(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.lists import import_exposure

    if args.file is None:
        raise UserError("no file was named.", where="lists import", remedy="Name a CSV with site, count, from, to.")
    workspace = open_for(args)
    event = import_exposure(
        workspace, args.cycle, args.strategy, args.file, by=acting_for(args, workspace), dry_run=args.dry_run
    )
    return Output(
        text=f"Exposure of {counted(event.sites, 'site')}." + dry_run_note(args),
        record={"cycle": args.cycle, "strategy": args.strategy, "sites": event.sites},
    )


ACTIONS = {"export": _export, "import": _import}
