"""`enginehouse forecasts`: hold what the signatories expected against the result."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse forecasts facilitation --as analyst",)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.score_forecasts import score_cycle

    workspace = open_for(args)
    done = score_cycle(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    lines = [f"The verdict was '{done.scores.verdict}'."]
    for score in done.scores.scores:
        given = score.probability_of_verdict
        gave = "" if given is None else f", gave this verdict {given:.0%}"
        held = {True: "it holds", False: "it does not hold", None: "not scored"}[score.covered]
        lines.append(f"{score.person}: {score.effect:g} ({score.low:g} to {score.high:g}; {held}){gave}")
    return Output(
        text="\n".join([*lines, done.calibration.finding]) + dry_run_note(args), record=done.scores.to_record()
    )
