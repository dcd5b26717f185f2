"""`enginehouse draft`: a first protocol and contract of a weighed candidate, as YAML, for people to finish."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import add_programme, open_for
from enginehouse.cli.output import Output
from enginehouse.programme.enums import AllocationUnit

EXAMPLES = (
    "enginehouse draft visits --candidate facilitation-on-opioids --starts 2025-06",
    "enginehouse draft visits --candidate facilitation-on-opioids --starts 2025-06 --waves 6 --every 2 --stratum area",
    "enginehouse draft letters --candidate letter-on-trimethoprim --starts 2026-01 --unit network --worthwhile 0.03 "
    "--equivalence 0.03",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cycle", help="the name of the new folder under cycles/")
    parser.add_argument("--candidate", required=True, metavar="ID", help="which candidate of the last weighing")
    parser.add_argument("--starts", required=True, metavar="YYYY-MM", help="the first month of follow-up")
    parser.add_argument("--follow-up", type=int, default=12, metavar="N", help="months of follow-up (default: 12)")
    parser.add_argument("--baseline", type=int, default=12, metavar="N", help="months of baseline (default: 12)")
    parser.add_argument(
        "--unit",
        choices=[unit.value for unit in AllocationUnit],
        default="site",
        help="what is allocated (default: site)",
    )
    parser.add_argument(
        "--network-level", metavar="LEVEL", help="the level whose groups are networks (default: network)"
    )
    parser.add_argument(
        "--stratum", action="append", default=[], help="inside which arms are kept equal (may be repeated)"
    )
    parser.add_argument("--waves", type=int, metavar="N", help="issues of feedback (default: as many as fit)")
    parser.add_argument("--every", type=int, default=2, metavar="N", help="months from wave to wave (default: 2)")
    parser.add_argument(
        "--worthwhile", type=float, default=0.05, metavar="SIZE", help="the least change worth its cost (default: 0.05)"
    )
    parser.add_argument(
        "--equivalence", type=float, default=0.05, metavar="SIZE", help="a change as good as none (default: 0.05)"
    )
    parser.add_argument(
        "--balancing", action="append", default=[], metavar="ID", help="must not get worse (repeatable)"
    )
    parser.add_argument("--secondary", action="append", default=[], metavar="ID", help="also shown (repeatable)")
    parser.add_argument("--approval", action="append", metavar="NAME", help="an approval that is needed (repeatable)")
    parser.add_argument("--instead", action="store_true", help="in place of its comparator, not on top of it")
    parser.add_argument("--dry-run", action="store_true", help="do everything but write the files")
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.core.months import Month
    from enginehouse.cycle.draft_protocol import draft_protocol
    from enginehouse.cycle.drafting import APPROVALS, DraftOptions

    options = DraftOptions(
        starts=Month.parse(args.starts),
        follow_up_months=args.follow_up,
        baseline_months=args.baseline,
        unit=AllocationUnit(args.unit),
        network_level=args.network_level,
        strata=tuple(args.stratum),
        waves=args.waves,
        every_months=args.every,
        worthwhile=args.worthwhile,
        equivalence=args.equivalence,
        balancing=tuple(args.balancing),
        secondary=tuple(args.secondary),
        approvals=tuple(args.approval or APPROVALS),
        instead=args.instead,
    )
    done = draft_protocol(open_for(args, need_cycles=False), args.cycle, args.candidate, options, dry_run=args.dry_run)
    lines = [
        f"{'Would write' if args.dry_run else 'Wrote'} {done.protocol_file} and {done.contract_file.name} beside it.",
        "Comments in both say what a person must decide; the contract still lacks the forecasts of its signatories.",
        f"Next:  enginehouse check, then enginehouse explain {args.cycle}, then enginehouse design {args.cycle}",
    ]
    record = {"cycle": args.cycle, "protocol": str(done.protocol_file), "contract": str(done.contract_file)}
    return Output(text="\n".join(lines), record=record)
