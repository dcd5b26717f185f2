"""`enginehouse monitor`: how a running cycle stands, without a look at any arm."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse monitor facilitation --as analyst",)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.monitor import monitor

    workspace = open_for(args)
    done = monitor(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    lines = [
        f"{finding.light.value:<20} {finding.sentence}{f' {finding.remedy}' if finding.remedy else ''}"
        for finding in done.report.findings
    ]
    return Output(
        text="\n".join([*lines, f"The page is {done.page}."]) + dry_run_note(args), record=done.report.to_record()
    )
