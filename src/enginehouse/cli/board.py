"""`enginehouse board`: one page in plain words for the board."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse board facilitation --as board",)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser, dry_run=False)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.board import write_board

    workspace = open_for(args)
    done = write_board(workspace, args.cycle, by=acting_for(args, workspace))
    return Output(text=f"Wrote {done.html} and {done.pdf}.", record={"html": str(done.html), "pdf": str(done.pdf)})
