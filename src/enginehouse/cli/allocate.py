"""`enginehouse allocate`: fix who can be drawn and how; then, by a second person, draw."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import (
    acting_for,
    add_acting,
    add_cycle,
    add_programme,
    dry_run_note,
    open_for,
)
from enginehouse.cli.output import Output
from enginehouse.core.errors import UserError
from enginehouse.core.words import agreeing, counted

EXAMPLES = (
    "enginehouse allocate prepare facilitation --as stat",
    "enginehouse allocate draw facilitation --as gov",
    "enginehouse allocate audit facilitation --as auditor   # after the freeze: what an auditor needs to draw again",
)

AGAIN = "It is prepared {counted} now in this cycle: the dossier will say so."


def _of_how_many(accepted: int) -> str:
    """Only covariate-constrained randomisation has a list to draw from."""
    return f" one of {counted(accepted, 'accepted scheme')}" if accepted else ""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=tuple(ACTIONS),
        help="prepare: fix roster, plan and a first seed; draw: by a second person, with a seed of their own; audit: "
        "files and script to draw again",
    )
    add_cycle(parser)
    parser.add_argument(
        "--seed",
        help="prepare, draw: a seed of your own, 16 characters or more (default: random bits); the dossier tells which",
    )
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    if args.action == "audit" and (args.dry_run or args.on or args.seed):
        raise UserError("got --seed, --dry-run or --on, which 'audit' does not use.", remedy="It only writes files.")
    return ACTIONS[args.action](args)


def _prepare(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.allocate import prepare_allocation

    workspace = open_for(args)
    done = prepare_allocation(
        workspace, args.cycle, by=acting_for(args, workspace), seed=args.seed, dry_run=args.dry_run
    )
    event, consort = done.event, done.roster.consort
    lines = [
        f"{counted(consort.assessed, 'site')} assessed, {consort.excluded} not eligible, {consort.opted_out} opted "
        f"out: "
        f"{consort.on_roster} can be drawn.",
        f"A second person draws{_of_how_many(event.accepted)}; the smallest p that this allows is {event.smallest_p}.",
        f"Committed to a seed: {event.seed_commitment}.",
        *([AGAIN.format(counted=counted(done.times, "time"))] if done.times > 1 else []),
        f"Next, by another person, who adds a seed of their own: enginehouse allocate draw {args.cycle}",
    ]
    record = {
        "cycle": args.cycle,
        "sites": consort.on_roster,
        "accepted": event.accepted,
        "smallest_p": event.smallest_p,
        "seed_commitment": event.seed_commitment,
        "prepared_times": done.times,
        "roster": event.roster,
        "plan": event.plan,
    }
    return Output(text="\n".join(lines) + dry_run_note(args), record=record)


def _draw(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.allocate import allocate

    workspace = open_for(args)
    done = allocate(workspace, args.cycle, by=acting_for(args, workspace), seed=args.seed, dry_run=args.dry_run)
    before = f"They were allocated already, on {done.on}: this is the same allocation. " if done.again else ""
    text = (
        f"{before}{agreeing(done.sites, 'site')} in {counted(done.arms, 'arm')}. Who is in which arm is in a "
        f"document that only those who "
        "deliver can open."
    )
    record = {"cycle": args.cycle, "sites": done.sites, "arms": done.arms, "on": done.on, "again": done.again}
    return Output(text=text + dry_run_note(args), record=record)


def _audit(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.audit import write_audit

    workspace = open_for(args)
    folder = write_audit(workspace, args.cycle, by=acting_for(args, workspace))
    return Output(
        text=f"Wrote {folder}. Run there: python3 audit_allocation.py plan.json seeds.txt allocation.json",
        record={"cycle": args.cycle, "folder": str(folder)},
    )


ACTIONS = {"prepare": _prepare, "draw": _draw, "audit": _audit}
