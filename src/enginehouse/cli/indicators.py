"""`enginehouse indicators`: compute the panel, or import a definition."""

from __future__ import annotations

import argparse
from pathlib import Path

from enginehouse.cli.arguments import acting_for, add_acting, add_programme, open_for
from enginehouse.cli.output import Output, columns
from enginehouse.cli.progress import TerminalProgress
from enginehouse.core.errors import UserError

EXAMPLES = (
    "enginehouse indicators",
    "enginehouse indicators build opioids-ome-per-patient",
    "enginehouse indicators import opioidper1000.json   # a definition of OpenPrescribing",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("build", "import"), default="build")
    parser.add_argument("names", nargs="*", help="indicators to build (default: all), or files to import")
    add_programme(parser)
    add_acting(parser, dry_run=False)


def run(args: argparse.Namespace) -> Output:
    return ACTIONS[args.action](args)


def _build(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.build_indicators import build_indicators

    workspace = open_for(args)
    progress = TerminalProgress()
    built = build_indicators(workspace, by=acting_for(args, workspace), indicators=args.names, progress=progress)
    progress.close()
    rows = [("indicator", "sites", "months", "from", "to")]
    for name in built.panel.indicators:
        arrays = built.panel.arrays(name)
        rows.append(
            (name, f"{len(arrays.sites):,}", str(len(arrays.months)), str(arrays.months[0]), str(arrays.months[-1]))
        )
    state = "" if built.is_new else " (unchanged)"
    record = {
        "panel": built.panel.identity,
        "new": built.is_new,
        "indicators": [dict(zip(rows[0], row, strict=True)) for row in rows[1:]],
    }
    return Output(text=f"{columns(rows)}\nPanel {built.panel.identity}{state}.", record=record)


def _import(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.import_indicators import import_definitions

    if not args.names:
        raise UserError(
            "no file was named.", where="enginehouse indicators import", remedy="Name one or more JSON files."
        )
    found = import_definitions(args.programme, [Path(name) for name in args.names], on=args.on)
    rows = [("file", "indicator", "result")]
    rows += [(str(item.file), item.indicator or "-", item.reason or "imported as a draft") for item in found]
    record = [{"file": str(i.file), "indicator": i.indicator, "reason": i.reason} for i in found]
    return Output(
        text=columns(rows), record=record, exit_code=0 if any(i.indicator for i in found) else UserError.exit_code
    )


ACTIONS = {"build": _build, "import": _import}
