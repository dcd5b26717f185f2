"""`enginehouse evaluate`: run the registered analysis on the frozen panel."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output, columns
from enginehouse.cli.progress import TerminalProgress

if TYPE_CHECKING:
    from enginehouse.evaluation.parallel.results import TrialEvaluation
    from enginehouse.evaluation.records import AnyEvaluation
    from enginehouse.evaluation.results import Evaluation

EXAMPLES = (
    "enginehouse evaluate first",
    "enginehouse evaluate first --json",
    "enginehouse evaluate first --dry-run   # what can be estimated, without any effect",
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    return _check(args) if args.dry_run else _evaluate(args)


def _evaluate(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.evaluate import evaluate_cycle
    from enginehouse.reports.effects import page_words

    workspace = open_for(args)
    by = acting_for(args, workspace)
    with TerminalProgress() as progress:
        found = evaluate_cycle(workspace, args.cycle, by=by, progress=progress)
    verdict = found.verdict
    lines = [
        *_table(found),
        f"Verdict: {verdict.word}.",
        page_words(f"{verdict.sentence} {verdict.addition}".rstrip()),
        f"Next: enginehouse dossier {args.cycle}",
    ]
    return Output(text="\n".join(lines), record=found.to_record())


def _table(found: AnyEvaluation) -> Iterator[str]:
    from enginehouse.evaluation.parallel.results import TrialEvaluation

    if isinstance(found, TrialEvaluation):
        yield found.title
        yield columns([("indicator", "comparison", "effect", "95% interval"), *_trial_rows(found)])
    else:
        yield f"{found.exposed_title}: {found.title}"
        yield columns([("indicator", "against", "effect", "95% interval", "months only"), *_rows(found)])


def _trial_rows(found: TrialEvaluation) -> Iterator[tuple[str, ...]]:
    from enginehouse.reports.effects import table_cells

    for outcome in found.outcomes:
        for contrast in outcome.contrasts:
            yield outcome.short_title, contrast.title, *table_cells(contrast.effect)


def _rows(found: Evaluation) -> Iterator[tuple[str, ...]]:
    from enginehouse.reports.effects import table_cells

    for outcome in found.outcomes:
        for comparison in outcome.comparisons:
            window = comparison.registered_window
            effect, limits = table_cells(window.with_drift)
            yield outcome.short_title, comparison.title, effect, limits, table_cells(window.months_only)[1]


def _check(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.evaluate import check_evaluation
    from enginehouse.reports.effects import page_words

    workspace = open_for(args)
    by = acting_for(args, workspace)
    with TerminalProgress() as progress:
        found = check_evaluation(workspace, args.cycle, by=by, progress=progress)
    rows = [("indicator", "against", "can be estimated")]
    rows += [(each.indicator, each.comparator, "no" if each.why_not else "yes") for each in found]
    reasons = dict.fromkeys(page_words(each.why_not) for each in found if each.why_not)
    text = "\n".join([columns(rows), *reasons]) + dry_run_note(args)
    return Output(text=text, record=[asdict(each) for each in found])
