"""`enginehouse harms`: a registered look, by arm, at what must not get worse; for the governance officer alone."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = (
    "enginehouse harms facilitation --as governance",
    "enginehouse harms facilitation --as governance --month 2025-11",
    "enginehouse harms facilitation --as governance --dry-run   # could it be taken? Nothing is shown",
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    parser.add_argument(
        "--month", metavar="YYYY-MM", help="the look with the data up to this month (default: the next registered one)"
    )
    parser.add_argument("--reason", default="", help="what prompted it, if anything but the protocol did")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.core.months import Month
    from enginehouse.cycle.look_at_harms import look_at_harms_of

    workspace = open_for(args)
    done = look_at_harms_of(
        workspace,
        args.cycle,
        by=acting_for(args, workspace),
        month=Month.parse(args.month) if args.month else None,
        reason=args.reason,
        dry_run=args.dry_run,
    )
    if done.report is None:
        return Output(text=f"The look can be taken.{dry_run_note(args)}", record={"cycle": args.cycle, "taken": False})
    lines = [f"With the data up to {done.report.last_month}:", *(each.sentence for each in done.report.findings)]
    lines.append(f"The page is {done.page}: keep it closed until the result is known.")
    return Output(text="\n".join(lines), record=done.report.to_record())
