"""`enginehouse priorities`: weigh the candidates, or record that people decide otherwise."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_programme, dry_run_note, open_for, refuse_unused
from enginehouse.cli.output import Output
from enginehouse.core.errors import UserError
from enginehouse.programme.enums import Priority

EXAMPLES = (
    "enginehouse priorities weigh --as analyst",
    'enginehouse priorities override facilitation-opioids evaluate-only --as board --reason "Facilitators are few."',
)
ANSWERS = {priority.value.replace(" ", "-"): priority for priority in Priority}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(ACTIONS), help="weigh all candidates, or decide otherwise on one")
    parser.add_argument("candidate", nargs="?", help="override: which candidate")
    parser.add_argument("answer", nargs="?", choices=tuple(ANSWERS), help="override: what is decided")
    parser.add_argument("--reason", default="", help="override: why, in a sentence")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    refuse_unused(args, {"candidate": "override", "answer": "override", "reason": "override"})
    return ACTIONS[args.action](args)


def _weigh(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.weigh_priorities import weigh_priorities

    workspace = open_for(args, need_cycles=False)
    done = weigh_priorities(workspace, by=acting_for(args, workspace), dry_run=args.dry_run)
    lines = [f"{each.title}: {each.priority.value}. {each.because}" for each in done.priorities.weighed]
    differing = [change.sentence for change in done.changes if change.before is not change.after]
    if differing:
        lines += ["Changed since last time:", *(f"  {sentence}" for sentence in differing)]
    return Output(
        text="\n".join([*lines, f"The page is {done.page}."]) + dry_run_note(args),
        record={
            "candidates": {each.candidate: each.priority.value for each in done.priorities.weighed},
            "changes": [change.sentence for change in done.changes],
            "page": str(done.page),
        },
    )


def _override(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.weigh_priorities import override_priority

    if args.candidate is None or args.answer is None:
        raise UserError("no candidate and answer were named.", where="priorities override", remedy="Name both.")
    workspace = open_for(args, need_cycles=False)
    event = override_priority(
        workspace,
        args.candidate,
        ANSWERS[args.answer],
        by=acting_for(args, workspace),
        reason=args.reason,
        dry_run=args.dry_run,
    )
    return Output(
        text=f"{event.candidate}: the rule says {event.computed}; decided is {event.chosen}." + dry_run_note(args),
        record={"candidate": event.candidate, "computed": event.computed, "chosen": event.chosen},
    )


ACTIONS = {"weigh": _weigh, "override": _override}
