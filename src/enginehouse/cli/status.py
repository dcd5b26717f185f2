"""`enginehouse status`: where each cycle stands, what is due, and from whom; today or on any past day."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from enginehouse.cli.arguments import add_programme, day_argument, open_for
from enginehouse.cli.output import Output
from enginehouse.core.words import counted

if TYPE_CHECKING:
    from enginehouse.cycle.status import Standing
    from enginehouse.cycle.workspace import Workspace

EXAMPLES = ("enginehouse status", "enginehouse status --as-of 2026-06-30", "enginehouse status --json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as-of", type=day_argument, metavar="YYYY-MM-DD", help="as it stood on that day (default: today)"
    )
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.status import status

    workspace = open_for(args)
    on = args.as_of or date.today()
    standings = status(workspace, on=on, as_of_day=args.as_of)
    lines = [line for standing in standings for line in _lines(workspace, standing, on)]
    return Output(
        text="\n".join(lines or ["There is no cycle yet."]),
        record={"on": str(on), "cycles": [_record(workspace, standing, on) for standing in standings]},
    )


def _lines(workspace: Workspace, standing: Standing, on: date) -> Iterator[str]:
    from enginehouse.cycle.status import people_for
    from enginehouse.governance.commands import command, for_cycle

    since = f" since {standing.since}" if standing.since else ""
    verdict = f", verdict '{standing.verdict}'" if standing.verdict else ""
    amended = f", amended {counted(standing.amendments, 'time')}" if standing.amendments else ""
    yield f"{standing.cycle}: {standing.stage.words}{since}{verdict}{amended}"
    yield f"  {standing.title}"
    for item in standing.due:
        when = f"{item.by}{' (overdue)' if item.is_overdue(on) else ''}  " if item.by else ""
        who = f"  [{', '.join(people_for(workspace, item, standing.stage)) or 'nobody has the role'}]"
        yield f"  {when}{item.what}{who}"
        if item.act is not None:
            yield f"      {command(item.act, standing.cycle, wave=item.wave)}"
    if not standing.due:
        yield f"  {for_cycle(standing.next_step, standing.cycle)}"


def _record(workspace: Workspace, standing: Standing, on: date) -> dict[str, Any]:
    from enginehouse.cycle.status import people_for
    from enginehouse.governance.commands import command, for_cycle

    return {
        "cycle": standing.cycle,
        "stage": standing.stage.value,
        "since": str(standing.since) if standing.since else None,
        "next_step": for_cycle(standing.next_step, standing.cycle),
        "verdict": standing.verdict or None,
        "amendments": standing.amendments,
        "due": [
            {
                "what": item.what,
                "command": command(item.act, standing.cycle, wave=item.wave) if item.act is not None else None,
                "by": str(item.by) if item.by else None,
                "overdue": item.is_overdue(on),
                "people": list(people_for(workspace, item, standing.stage)),
            }
            for item in standing.due
        ],
    }
