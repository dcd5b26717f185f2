"""`enginehouse contract`: sign what follows from each verdict, before anything is drawn."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

EXAMPLES = ("enginehouse contract facilitation --as board", "enginehouse contract facilitation --as stat --dry-run")


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.contract import contract_file, sign_contract

    workspace = open_for(args)
    by = acting_for(args, workspace)
    event = sign_contract(workspace, args.cycle, by=by, dry_run=args.dry_run)
    contract = contract_file(workspace, args.cycle)
    lines = [f"{word}: {each.decision}. {each.action}" for word, each in contract.under.items()]
    signed = workspace.state(args.cycle).signatories
    missing = [each.person for each in contract.forecasts if each.person not in signed]
    rest = f"Still to sign: {', '.join(missing)}." if missing else "Everybody has signed."
    text = f"Signed by {by.person.id}:\n  " + "\n  ".join(lines) + f"\n{rest}"
    record = {"cycle": args.cycle, "contract": event.contract, "signed_by": by.person.id, "still_to_sign": missing}
    return Output(text=text + dry_run_note(args), record=record)
