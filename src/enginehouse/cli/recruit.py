"""`enginehouse recruit`: tell eligible sites what will happen, and open the time in which they can opt out."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output
from enginehouse.core.words import agreeing

EXAMPLES = ("enginehouse recruit facilitation --as manager --on 2026-02-02",)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.recruit import open_recruitment

    workspace = open_for(args)
    done = open_recruitment(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    rehearsal = workspace.protocol(args.cycle).rehearsal
    text = (
        "This is a rehearsal: nobody is told, and nobody has to be."
        if rehearsal
        else f"{agreeing(done.event.sites, 'site')} eligible. They can opt out until the day before "
        f"{done.event.opt_out_by}.\n"
        f"Send them this notice: {done.notice}"
    )
    record = {
        "cycle": args.cycle,
        "sites": done.event.sites,
        "opt_out_by": done.event.opt_out_by,
        "notice": None if rehearsal else str(done.notice),
    }
    return Output(text=text + dry_run_note(args), record=record)
