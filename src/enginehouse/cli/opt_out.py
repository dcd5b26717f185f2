"""`enginehouse opt-out`: record that a site opted out of feedback, of being drawn by lot, or of the use of its data."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output
from enginehouse.core.ids import site_code
from enginehouse.programme.enums import OptOutScope

EXAMPLES = (
    "enginehouse opt-out facilitation B85010 --of randomisation",
    'enginehouse opt-out facilitation B85010 --of feedback --reason "A new partner starts in May."',
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    parser.add_argument("site", help="the site's code")
    parser.add_argument("--of", required=True, choices=[scope.value for scope in OptOutScope], help="of what")
    parser.add_argument("--reason", default="", help="why, if the site says so; it need not")
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.recruit import record_opt_out

    workspace = open_for(args)
    event = record_opt_out(
        workspace,
        args.cycle,
        args.site,
        by=acting_for(args, workspace),
        scope=OptOutScope(args.of),
        reason=args.reason,
        dry_run=args.dry_run,
    )
    return Output(
        text=f"Recorded: {site_code(event.site)} opted out of {event.scope.replace('-', ' ')}." + dry_run_note(args),
        record={"cycle": args.cycle, "site": event.site, "scope": event.scope, "reason": event.reason},
    )
