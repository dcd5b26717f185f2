"""`enginehouse evidence`: what the library holds, and posting a cycle's result to it."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import (
    acting_for,
    add_acting,
    add_programme,
    day_argument,
    dry_run_note,
    open_for,
    refuse_unused,
)
from enginehouse.cli.output import Output, columns
from enginehouse.core.errors import UserError

EXAMPLES = (
    "enginehouse evidence show",
    "enginehouse evidence show --as-of 2026-01-31",
    "enginehouse evidence post facilitation --as analyst",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(ACTIONS), help="list the studies, or post a cycle's result")
    parser.add_argument("cycle", nargs="?", help="post: the cycle whose result is posted")
    parser.add_argument("--as-of", type=day_argument, metavar="YYYY-MM-DD", help="show: as known on that day")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    refuse_unused(args, {"cycle": "post", "as_of": "show", "person": "post", "on": "post", "dry_run": "post"})
    return ACTIONS[args.action](args)


def _show(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.evidence import library_of

    library = library_of(open_for(args, need_cycles=False))
    studies = (library.as_of(args.as_of) if args.as_of else library).studies
    rows = [("study", "strategy", "over", "scale", "effect", "error", "completed")]
    rows += [
        (s.id, s.strategy, s.over, s.scale.value, f"{s.effect:+.3f}", f"{s.std_error:.3f}", str(s.completed))
        for s in studies
    ]
    return Output(text=columns(rows), record=[study.to_record() for study in studies])


def _post(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.evidence import post_evidence

    if args.cycle is None:
        raise UserError("no cycle was named.", where="evidence post", remedy="Name the cycle whose result is posted.")
    workspace = open_for(args)
    study = post_evidence(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run).study
    return Output(
        text=f"Posted {study.id}: {study.strategy} over {study.over}, {study.effect:+.3f} "
        f"(standard error {study.std_error:.3f}, {study.scale.value})." + dry_run_note(args),
        record=study.to_record(),
    )


ACTIONS = {"show": _show, "post": _post}
