"""`enginehouse appraise`: costs and savings beside the effect."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse appraise first", "enginehouse appraise first --json")


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.appraise import appraise_cycle
    from enginehouse.reports import format as fmt
    from enginehouse.stats.results import NotEstimable

    workspace = open_for(args)
    found = appraise_cycle(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    if isinstance(found.saving, NotEstimable):
        lines = [found.saving.detail]
    else:
        limits = found.saving.headline.range
        low, high = (fmt.pounds(value, found.currency) for value in (limits.low, limits.high))
        lines = [
            f"Saving, {found.saving.label}: {fmt.pounds(limits.point, found.currency)} (95% interval {low} to {high})."
        ]
    for mark in found.marks:
        chance = "not known" if isinstance(mark.probability, NotEstimable) else fmt.probability(mark.probability)
        lines.append(f"Probability that it paid, {mark.label}: {chance}.")
    lines += found.notes
    return Output(text="\n".join(lines) + dry_run_note(args), record=found.to_record())
