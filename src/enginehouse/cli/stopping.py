"""What `suspend`, `resume` and `withdraw` share: a cycle, a reason, and one sentence that says how the cycle stands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

if TYPE_CHECKING:
    from enginehouse.cycle.stop import Stopping


def add_reason(parser: argparse.ArgumentParser) -> None:
    """The arguments of all three."""
    add_cycle(parser)
    parser.add_argument("--reason", required=True, help="why, in a sentence; it stays in the record")
    add_programme(parser)
    add_acting(parser)


def stop(args: argparse.Namespace, step: Callable[..., Stopping], done: str) -> Output:
    """Take the step; `done` says what became of the cycle."""
    workspace = open_for(args)
    by = acting_for(args, workspace)
    event = step(workspace, args.cycle, by=by, reason=args.reason, dry_run=args.dry_run)
    stage = workspace.state(args.cycle).stage.words
    text = f"{done.format(cycle=args.cycle, stage=stage)}{dry_run_note(args)}"
    return Output(text=text, record={"cycle": args.cycle, "reason": event.reason, "stage": stage})
