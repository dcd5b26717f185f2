"""`enginehouse decide`: what will be done, and why; by someone other than who evaluated."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output
from enginehouse.programme.enums import DecisionWord

EXAMPLES = (
    'enginehouse decide first evaluate-further --as board --reason "The interval holds both a gain and none."',
    'enginehouse decide first do-not-pursue --as board --reason "..." --dissent "One member would have gone on."',
    "enginehouse decide facilitation evaluate-further --as board   # as the contract says for this verdict",
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    parser.add_argument("decision", choices=[word.value for word in DecisionWord], help="what will be done")
    parser.add_argument(
        "--reason", default="", help="why, in a sentence; may be left out only where it is what a signed contract says"
    )
    parser.add_argument("--dissent", default="", help="who saw it otherwise, and why")
    parser.add_argument("--close", action="store_true", help="end the cycle as well")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.decide import agreed, close, decide, registered_rule

    workspace = open_for(args)
    by = acting_for(args, workspace)
    event = decide(
        workspace,
        args.cycle,
        by=by,
        decision=DecisionWord(args.decision),
        reason=args.reason,
        dissent=args.dissent,
        dry_run=args.dry_run,
    )
    closed = args.close and not args.dry_run
    if closed:
        close(workspace, args.cycle, by=by)
    verdict, rule = workspace.state(args.cycle).verdict, registered_rule(workspace, args.cycle)
    found = agreed(workspace, args.cycle)
    lines = [
        f"Decided on {args.cycle}: {event.decision}.{' The cycle is closed.' if closed else ''}",
        f"Registered for the verdict '{verdict}': {rule}",
    ]
    record = {"cycle": args.cycle, "decision": event.decision, "closed": closed, "verdict": verdict, "rule": rule}
    if found is not None:
        is_kept = found.is_kept_by(DecisionWord(args.decision))
        under = found.undertaking
        lines.append(f"The contract for the verdict '{verdict}': {under.decision}. {under.action}")
        lines.append(
            "This is what was agreed." if is_kept else f"Decided otherwise than agreed. Reason: {event.reason}"
        )
        record |= {"agreed": {"decision": under.decision.value, "action": under.action}, "as_agreed": is_kept}
    return Output(text="\n".join(lines) + dry_run_note(args), record=record)
