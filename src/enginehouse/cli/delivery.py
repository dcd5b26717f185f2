"""`enginehouse delivery`: say that delivery begins (where no reports are sent), or that it is over."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse delivery end facilitation --as manager", "enginehouse delivery start prompts --as manager")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(ACTIONS), help="what is said")
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    return ACTIONS[args.action](args)


def _start(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.follow_up import start_delivery

    workspace = open_for(args)
    start_delivery(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    return Output(
        text=f"Delivery of {args.cycle} has begun." + dry_run_note(args),
        record={"cycle": args.cycle, "stage": workspace.state(args.cycle).stage.value},
    )


def _end(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.follow_up import start_follow_up

    workspace = open_for(args)
    done = start_follow_up(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    lines = [f"Nothing more will be delivered in {args.cycle}; outcomes are still to come."]
    lines += [f"Feedback {number} was never sent." for number in done.never_sent]
    lines += [f"Feedback {number} stopped half-way." for number in done.halfway]
    record = {
        "cycle": args.cycle,
        "stage": workspace.state(args.cycle).stage.value,
        "never_sent": list(done.never_sent),
        "stopped_halfway": list(done.halfway),
    }
    return Output(text="\n".join(lines) + dry_run_note(args), record=record)


ACTIONS = {"start": _start, "end": _end}
