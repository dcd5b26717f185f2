"""`enginehouse calendar`: what is due, as iCalendar for any calendar program."""

from __future__ import annotations

import argparse
from datetime import date

from enginehouse.cli.arguments import add_programme, day_argument, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse calendar", "enginehouse calendar --on 2026-05-01 --json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--on", type=day_argument, metavar="YYYY-MM-DD", help="the day of the export (default: today)")
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.export_calendar import export_calendar

    done = export_calendar(open_for(args), on=args.on or date.today())
    lines = [f"{entry.on}  {entry.title}{f' ({entry.note})' if entry.note else ''}" for entry in done.entries]
    record = [{"on": str(e.on), "title": e.title, "note": e.note} for e in done.entries]
    return Output(text="\n".join([*(lines or ["Nothing is due."]), f"Wrote {done.file}."]), record=record)
