"""`enginehouse evaluate`: run the registered analysis on the frozen panel."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output, columns
from enginehouse.cli.progress import TerminalProgress

EXAMPLES = ("enginehouse evaluate first", "enginehouse evaluate first --json", "enginehouse evaluate first --dry-run")


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.evaluate import evaluate_cycle
    from enginehouse.reports.effects import cell_words

    workspace = open_for(args)
    progress = TerminalProgress()
    found = evaluate_cycle(
        workspace, args.cycle, by=acting_for(args, workspace), progress=progress, dry_run=args.dry_run
    )
    progress.close()
    rows = [("indicator", "against", "effect", "95% interval", "months only")]
    for outcome in found.outcomes:
        for comparison in outcome.comparisons:
            window = comparison.registered_window
            effect, limits = cell_words(window.with_drift)
            rows.append((outcome.short_title, comparison.title, effect, limits, cell_words(window.months_only)[1]))
    verdict = found.verdict
    lines = [
        f"{found.exposed_title}: {found.title}",
        columns(rows),
        f"Verdict: {verdict.word}. {verdict.sentence} {verdict.addition}".rstrip(),
        f"Next: enginehouse dossier {args.cycle}{dry_run_note(args)}",
    ]
    return Output(text="\n".join(lines), record=found.to_record())
