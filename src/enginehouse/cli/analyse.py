"""`enginehouse analyse`: a question that was not registered, on the frozen data, marked as such wherever it stands."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output
from enginehouse.core.errors import UserError
from enginehouse.programme.enums import Method, Summary, Window
from enginehouse.programme.trial import Contrast

EXAMPLES = (
    'enginehouse analyse facilitation "Each practice once" --method site-mixed-model --reason "The board asked."',
    'enginehouse analyse facilitation "The last month" --window last-month --reason "To see whether it lasts."',
    'enginehouse analyse facilitation "By list size" --subgroup list_size_third --reason "A reviewer asked."',
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    parser.add_argument("title", help="what is asked, in a few words")
    parser.add_argument("--reason", required=True, help="why it is asked now")
    parser.add_argument("--indicator", help="another outcome of the protocol")
    parser.add_argument("--method", choices=[method.value for method in Method], help="another method")
    parser.add_argument("--summary", choices=[summary.value for summary in Summary], help="ratio or difference")
    parser.add_argument("--window", choices=[window.value for window in Window], help="another window")
    parser.add_argument("--contrast", metavar="ARM:OVER", help="another comparison of two arms")
    parser.add_argument("--subgroup", action="append", default=[], help="an attribute of sites (may be repeated)")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.analyse import analyse
    from enginehouse.evaluation.parallel.unregistered import Question
    from enginehouse.reports.effects import table_cells

    workspace = open_for(args)
    by = acting_for(args, workspace)
    question = Question(
        title=args.title,
        asked_by=by.person.name,
        reason=args.reason,
        indicator=args.indicator,
        method=Method(args.method) if args.method else None,
        summary=Summary(args.summary) if args.summary else None,
        window=Window(args.window) if args.window else None,
        contrast=_contrast(args.contrast),
        subgroups=tuple(args.subgroup),
    )
    found = analyse(workspace, args.cycle, question, by=by, dry_run=args.dry_run)
    effect, limits = table_cells(found.effect)
    lines = [
        found.mark,
        f"{found.title}: {effect} (95% interval {limits})",
        *(group.finding for group in found.subgroups),
    ]
    return Output(text="\n".join(lines) + dry_run_note(args), record=found.to_record())


def _contrast(text: str | None) -> Contrast | None:
    if text is None:
        return None
    arm, colon, over = text.partition(":")
    if not colon:
        raise UserError(f"got '{text}'.", where="--contrast", remedy="Write arm:over, the arm that is judged first.")
    return Contrast(arm=arm, over=over)
