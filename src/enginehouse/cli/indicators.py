"""`enginehouse indicators`: compute the panel, show its rows, or import a definition."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import (
    acting_for,
    add_acting,
    add_programme,
    add_reading,
    dry_run_note,
    open_for,
    refuse_unused,
)
from enginehouse.cli.output import Output, columns
from enginehouse.cli.progress import TerminalProgress
from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.core.words import counted

if TYPE_CHECKING:
    from enginehouse.indicators.panel import PanelArrays

EXAMPLES = (
    "enginehouse indicators",
    "enginehouse indicators build opioids-ome-per-patient",
    "enginehouse indicators show opioids-ome-per-patient --month 2018-03",
    "enginehouse indicators show opioids-ome-per-patient --csv opioids.csv",
    "enginehouse indicators import opioidper1000.json   # a definition of OpenPrescribing",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=tuple(ACTIONS),
        default="build",
        help="compute (the default), show one by site and month, or import definitions",
    )
    parser.add_argument("names", nargs="*", help="indicators (default for build: all), or files to import")
    parser.add_argument("--month", metavar="YYYY-MM", help="show: only this month")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="show: write a CSV file instead")
    add_programme(parser)
    add_acting(parser)
    add_reading(parser, actor=True)


def run(args: argparse.Namespace) -> Output:
    refuse_unused(args, {"month": "show", "until": "show", "csv": "show", "dry_run": "build"})
    return ACTIONS[args.action](args)


def _build(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.build_indicators import build_indicators

    workspace = open_for(args, need_cycles=False)
    by = acting_for(args, workspace)
    with TerminalProgress() as progress:
        built = build_indicators(workspace, by=by, indicators=args.names, progress=progress, dry_run=args.dry_run)
    header = ("indicator", "sites", "months", "from", "to")
    rows = [_row(built.panel.arrays(name)) for name in built.panel.indicators]
    unchanged = "" if built.is_new else " (unchanged)"
    left_out = [f"Note: {entry}." for entry in built.event.left_out]
    record = {
        "panel": built.panel.identity,
        "new": built.is_new,
        "indicators": [dict(zip(header, row, strict=True)) for row in rows],
        "left_out": list(built.event.left_out),
    }
    text = "\n".join([columns([header, *rows]), *left_out, f"Panel {built.panel.identity}{unchanged}."])
    return Output(text=text + dry_run_note(args), record=record)


def _row(arrays: PanelArrays) -> tuple[str, ...]:
    first, last = str(arrays.months[0]), str(arrays.months[-1])
    return arrays.indicator, f"{len(arrays.sites):,}", str(len(arrays.months)), first, last


def _show(args: argparse.Namespace) -> Output:
    from enginehouse.core.files import write_whole
    from enginehouse.cycle.show_indicator import show_indicator
    from enginehouse.reports.released import render_csv

    if len(args.names) != 1:
        raise UserError(
            "name one indicator.", where="enginehouse indicators show", remedy="For example: " + EXAMPLES[2]
        )
    table = show_indicator(
        open_for(args, need_cycles=False),
        args.names[0],
        month=args.month,
        until=Month.parse(args.until) if args.until else None,
        reader=args.person,
    )
    record = {"header": table.header, "rows": table.rows, "rule": table.rule.value, "note": table.note}
    if args.csv is not None:
        write_whole(args.csv, render_csv(table))
        return Output(text=f"Wrote {counted(len(table.rows), 'row')} to {args.csv}. {table.note}", record=record)
    rows = [table.header, *(tuple(_cell(cell) for cell in row) for row in table.rows)]
    return Output(text=f"{columns(rows)}\n{table.note}", record=record)


def _cell(cell: str | float) -> str:
    """A number as people read it; a code, a month or `[c]` as it is."""
    if isinstance(cell, str):
        return cell
    return f"{cell:,.0f}" if float(cell).is_integer() else f"{cell:.6g}"


def _import(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.import_indicators import import_definitions

    if not args.names:
        raise UserError(
            "no file was named.", where="enginehouse indicators import", remedy="Name one or more JSON files."
        )
    found = import_definitions(args.programme, [Path(name) for name in args.names], on=args.on)
    rows = [("file", "indicator", "result")]
    rows += [(str(i.file), i.indicator or "-", "not imported" if i.reason else "imported as a draft") for i in found]
    reasons = [f"{item.file.name}: {item.reason}" for item in found if item.reason]
    record = [{"file": str(i.file), "indicator": i.indicator, "reason": i.reason} for i in found]
    return Output(
        text="\n".join([columns(rows), *reasons]),
        record=record,
        exit_code=0 if any(i.indicator for i in found) else UserError.exit_code,
    )


ACTIONS = {"build": _build, "show": _show, "import": _import}
