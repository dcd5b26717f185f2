"""`enginehouse insight`: variation between sites, its stability, and the room to improve."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import add_programme, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse insight", "enginehouse insight opioids-ome-per-patient --benchmark best-quarter")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("indicators", nargs="*", help="which indicators (default: all)")
    parser.add_argument(
        "--benchmark", default="best-quarter", help="what sites are held against (default: best-quarter)"
    )
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.insight import write_insight
    from enginehouse.reports.text import render_text

    written = write_insight(open_for(args), indicators=args.indicators, benchmark=args.benchmark)
    return Output(text=f"{render_text(written.document)}\nThe page is {written.html}", record=written.record)
