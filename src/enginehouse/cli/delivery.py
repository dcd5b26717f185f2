"""`enginehouse delivery`: say that delivery begins (where no reports are sent), or that it is over."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse delivery end facilitation --as manager", "enginehouse delivery start prompts --as manager")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("start", "end"), help="what is said")
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser, dry_run=False)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.follow_up import start_delivery, start_follow_up

    workspace = open_for(args)
    by = acting_for(args, workspace)
    if args.action == "start":
        start_delivery(workspace, args.cycle, by=by)
        text = f"Delivery of {args.cycle} has begun."
    else:
        start_follow_up(workspace, args.cycle, by=by)
        text = f"Nothing more will be delivered in {args.cycle}; outcomes are still to come."
    return Output(text=text, record={"cycle": args.cycle, "stage": workspace.state(args.cycle).stage.value})
