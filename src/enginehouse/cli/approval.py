"""`enginehouse approval`: record an approval without which nothing is allocated or sent."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import (
    acting_for,
    add_acting,
    add_cycle,
    add_programme,
    day_argument,
    dry_run_note,
    open_for,
)
from enginehouse.cli.output import Output

EXAMPLES = (
    "enginehouse approval facilitation data-protection --reference DPIA-12 --given-on 2026-02-01",
    "enginehouse approval facilitation research-ethics --reference 26/YH/0001 --given-on 2026-02-01 "
    "--expires-on 2028-02-01",
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    parser.add_argument("approval", help="which approval, as the protocol names it")
    parser.add_argument("--reference", required=True, help="the number under which it was given")
    parser.add_argument("--given-on", type=day_argument, required=True, metavar="YYYY-MM-DD", help="when it was given")
    parser.add_argument(
        "--expires-on", type=day_argument, metavar="YYYY-MM-DD", help="the first day on which it no longer holds"
    )
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.approvals import record_approval

    workspace = open_for(args)
    event = record_approval(
        workspace,
        args.cycle,
        args.approval,
        by=acting_for(args, workspace),
        reference=args.reference,
        given_on=args.given_on,
        expires_on=args.expires_on,
        dry_run=args.dry_run,
    )
    until = f", until the day before {event.expires_on}" if event.expires_on else ""
    return Output(
        text=f"Recorded for {args.cycle}: {event.approval}, {event.reference}, from {event.given_on}{until}."
        + dry_run_note(args),
        record={
            "cycle": args.cycle,
            "approval": event.approval,
            "reference": event.reference,
            "given_on": event.given_on,
            "expires_on": event.expires_on or None,
        },
    )
