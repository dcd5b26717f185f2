"""`enginehouse data`: load sources into snapshots; report on their quality."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import acting_for, add_acting, add_programme, open_for, refuse_unused
from enginehouse.cli.output import Output, columns
from enginehouse.cli.progress import TerminalProgress
from enginehouse.core.errors import DataError, UserError
from enginehouse.core.words import agreeing, counted

if TYPE_CHECKING:
    from enginehouse.cycle.load_data import LoadedSource
    from enginehouse.cycle.quarantined import SourceRow
    from enginehouse.data.findings import Finding

EXAMPLES = (
    "enginehouse data load",
    "enginehouse data load prescribing -p my-programme",
    "enginehouse data check",
    "enginehouse data quarantine measurements --csv set-aside.csv",
    "enginehouse data synthesise --practices 300 -p region   # only in a synthetic programme",
    "enginehouse data synthesise --until 2025-08             # what is known by the end of a month",
)

MOST_PRINTED = 50
RAW = "These are raw rows, neither rounded nor suppressed: for whoever supplied them, not for publication."


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=tuple(ACTIONS),
        help="load the sources, report on what was loaded, list the rows that did not fit, or make up a region",
    )
    parser.add_argument("sources", nargs="*", help="load, quarantine: names of sources (default: all)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="quarantine: write a CSV file instead")
    parser.add_argument("--practices", type=int, metavar="N", help="synthesise: how many practices")
    parser.add_argument("--seed", type=int, metavar="N", help="synthesise: another seed gives another region")
    parser.add_argument("--until", metavar="YYYY-MM", help="synthesise: no later month than this one")
    add_programme(parser)
    add_acting(parser, dry_run=False)


def run(args: argparse.Namespace) -> Output:
    refuse_unused(args, {"csv": "quarantine", "practices": "synthesise", "seed": "synthesise", "until": "synthesise"})
    if args.sources and args.action not in ("load", "quarantine"):
        raise UserError(f"got sources, which '{args.action}' does not use.", remedy="They go with 'load'.")
    return ACTIONS[args.action](args)


def _load(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.load_data import load_data

    workspace = open_for(args, need_cycles=False)
    by = acting_for(args, workspace)
    with TerminalProgress() as progress:
        loaded = load_data(workspace, by=by, sources=args.sources, progress=progress)
    rows = [("source", "rows", "set aside", "snapshot")]
    rows += [_row(each) for each in loaded]
    aside = sum(each.snapshot.quarantined for each in loaded)
    note = (
        f"\n{agreeing(aside, 'row', 'does', 'do')} not fit and {'is' if aside == 1 else 'are'} set aside. To see why: "
        "enginehouse data quarantine"
        if aside
        else ""
    )
    return Output(text=columns(rows) + note, record=[_record(each) for each in loaded])


def _row(loaded: LoadedSource) -> tuple[str, str, str, str]:
    snapshot = loaded.snapshot
    name = snapshot.id[:12] if loaded.is_new else f"{snapshot.id[:12]} (unchanged)"
    return snapshot.source, f"{snapshot.rows:,}", f"{snapshot.quarantined:,}", name


def _record(loaded: LoadedSource) -> dict[str, str | int | bool]:
    snapshot = loaded.snapshot
    return {
        "source": snapshot.source,
        "snapshot": snapshot.id,
        "rows": snapshot.rows,
        "quarantined": snapshot.quarantined,
        "new": loaded.is_new,
    }


def _check(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.check_data import check_loaded_data

    workspace = open_for(args, need_cycles=False)
    quality, page = check_loaded_data(workspace)
    lines = [line for finding in quality.findings for line in _finding_lines(finding)]
    text = "\n".join([*lines, f"{counted(len(quality.findings), 'finding')}. The report is {page}."])
    record = [
        {
            "check": f.check,
            "severity": f.severity,
            "source": f.source,
            "what": f.what,
            "count": f.count,
            "examples": list(f.examples),
            "remedy": f.remedy,
        }
        for f in quality.findings
    ]
    return Output(text=text, record=record, exit_code=DataError.exit_code if quality.errors else 0)


def _finding_lines(found: Finding) -> Iterator[str]:
    yield f"{found.severity:<8} {found.source}: {found.what}"
    if found.examples:
        yield f"         For example: {'; '.join(found.examples)}."
    yield f"         {found.remedy}"


def _quarantine(args: argparse.Namespace) -> Output:
    from enginehouse.core.files import write_whole
    from enginehouse.cycle.quarantined import quarantined_csv, quarantined_rows

    rows = quarantined_rows(open_for(args, need_cycles=False), sources=args.sources)
    record = [asdict(row) for row in rows]
    if not rows:
        return Output(text="No row was set aside.", record=record)
    if args.csv is not None:
        write_whole(args.csv, quarantined_csv(rows))
        return Output(text=f"Wrote {counted(len(rows), 'row')} to {args.csv}. {RAW}", record=record)
    lines = [line for row in rows[:MOST_PRINTED] for line in _quarantined_lines(row)]
    more = len(rows) - MOST_PRINTED
    rest = [f"and {more:,} more: --csv FILE writes all."] if more > 0 else []
    return Output(text="\n".join([*lines, *rest, f"{counted(len(rows), 'row')} set aside. {RAW}"]), record=record)


def _quarantined_lines(row: SourceRow) -> Iterator[str]:
    yield f"{row.source}: {row.file}, row {row.row:,}: {row.reason}"
    yield f"    {row.text}"


def _synthesise(args: argparse.Namespace) -> Output:
    from enginehouse.core.months import Month
    from enginehouse.cycle.synthesise import region_of, synthesise

    region = region_of(args.programme, practices=args.practices, seed=args.seed)
    until = None if args.until is None else Month.parse(args.until)
    with TerminalProgress() as progress:
        truth = synthesise(args.programme, region, until=until, progress=progress)
    raw, (first, last) = args.programme / "raw", (truth.months[0], truth.months[-1])
    broken = f"{truth.broken_rows} broken on purpose"
    text = f"Wrote {truth.rows:,} synthetic rows of {first} to {last}, and {broken}, to {raw}."
    return Output(
        text=text,
        record={
            "rows": truth.rows,
            "broken_rows": truth.broken_rows,
            "first_month": str(first),
            "last_month": str(last),
        },
    )


ACTIONS = {"load": _load, "check": _check, "quarantine": _quarantine, "synthesise": _synthesise}
