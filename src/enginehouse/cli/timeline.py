"""`enginehouse timeline`: what the programme has done, improvement in blue and evaluation in green."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import add_programme, day_argument, open_for
from enginehouse.cli.output import Output, columns

EXAMPLES = ("enginehouse timeline", "enginehouse timeline --as-of 2026-06-30", "enginehouse timeline --json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as-of", type=day_argument, metavar="YYYY-MM-DD", help="as it stood on that day (default: today)"
    )
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.timeline import write_timeline

    written = write_timeline(open_for(args), as_of_day=args.as_of)
    rows = [("from", "to", "cycle", "lane", "what")]
    told = sorted(written.entries, key=lambda entry: entry.start)
    if not told:
        return Output(text=f"Nothing was registered by then. The page is {written.html}", record=[])
    rows += [(entry.start, entry.end or "-", entry.lane, entry.kind, entry.label) for entry in told]
    record = [
        {"start": entry.start, "end": entry.end, "lane": entry.lane, "kind": entry.kind, "label": entry.label}
        for entry in told
    ]
    return Output(text=f"{columns(rows)}\nThe page is {written.html}", record=record)
