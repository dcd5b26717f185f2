"""`enginehouse design`: what a trial could show in these sites, by allocating their own history anew."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output
from enginehouse.cli.progress import TerminalProgress
from enginehouse.stats.results import NotEstimable

EXAMPLES = (
    "enginehouse design facilitation --as stat",
    "enginehouse design facilitation --replications 100   # a first look, not recorded",
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    parser.add_argument("--replications", type=int, metavar="N", help="fewer than registered: a look, not recorded")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one for each core)")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.compare_designs import compare_cycle_designs

    workspace = open_for(args)
    with TerminalProgress() as progress:
        done = compare_cycle_designs(
            workspace,
            args.cycle,
            by=acting_for(args, workspace),
            replications=args.replications,
            workers=args.workers,
            progress=progress,
            dry_run=args.dry_run,
        )
    report, lines = done.report, []
    for line in report.lines:
        found = line.precision
        if isinstance(found, NotEstimable):
            lines.append(f"{line.option.value}: cannot be estimated. {found.detail}")
        else:
            none = found.equivalent_if_none
            says = "" if none is None else f", says 'equivalent' with probability {none:.2f} if there is no difference"
            lines.append(
                f"{line.option.value}: power {found.power:.2f}, detectable {found.detectable:.3f}{says}. {line.why}"
            )
        if line.placebo is not None and not isinstance(line.placebo, NotEstimable):
            lines.append(
                f"  {line.placebo.false_positive:.0%} of {line.placebo.areas} areas in which nothing happened "
                "would have been called different."
            )
    lines += [f"Warning: {warning}" for warning in report.warnings]
    return Output(text="\n".join([*lines, f"The page is {done.page}."]) + dry_run_note(args), record=report.to_record())
