"""`enginehouse close`: end a cycle that was decided on; its sites are free for another."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse close facilitation --as board",)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.decide import close

    workspace = open_for(args)
    close(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    stage = workspace.state(args.cycle).stage.words
    return Output(
        text=f"Closed {args.cycle}: its record stays, and its sites may be allocated in another cycle."
        + dry_run_note(args),
        record={"cycle": args.cycle, "stage": stage},
    )
