"""`enginehouse data`: load sources into snapshots; report on their quality."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import acting_for, add_acting, add_programme, open_for, refuse_unused
from enginehouse.cli.output import Output, columns
from enginehouse.cli.progress import TerminalProgress

if TYPE_CHECKING:
    from enginehouse.cycle.load_data import LoadedSource
    from enginehouse.data.findings import Finding

EXAMPLES = (
    "enginehouse data load",
    "enginehouse data load prescribing -p my-programme",
    "enginehouse data check",
    "enginehouse data synthesise --practices 300 -p region   # only in a synthetic programme",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=tuple(ACTIONS), help="load the sources, report on what was loaded, or make up a region"
    )
    parser.add_argument("sources", nargs="*", help="names of sources to load (default: all)")
    parser.add_argument("--practices", type=int, metavar="N", help="synthesise: how many practices (default: 120)")
    parser.add_argument("--seed", type=int, metavar="N", help="synthesise: another seed gives another region")
    add_programme(parser)
    add_acting(parser, dry_run=False)


def run(args: argparse.Namespace) -> Output:
    refuse_unused(args, {"sources": "load", "practices": "synthesise", "seed": "synthesise"})
    return ACTIONS[args.action](args)


def _load(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.load_data import load_data

    workspace = open_for(args)
    by = acting_for(args, workspace)
    with TerminalProgress() as progress:
        loaded = load_data(workspace, by=by, sources=args.sources, progress=progress)
    rows = [("source", "rows", "set aside", "snapshot")]
    rows += [_row(each) for each in loaded]
    aside = sum(each.snapshot.quarantined for each in loaded)
    note = (
        f"\n{aside:,} row(s) did not fit and were set aside with their reason: enginehouse data check" if aside else ""
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

    workspace = open_for(args)
    quality, page = check_loaded_data(workspace)
    lines = [line for finding in quality.findings for line in _finding_lines(finding)]
    text = "\n".join([*lines, f"{len(quality.findings)} finding(s). The report is {page}."])
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
    return Output(text=text, record=record)


def _finding_lines(found: Finding) -> Iterator[str]:
    yield f"{found.severity:<8} {found.source}: {found.what}"
    if found.examples:
        yield f"         For example: {'; '.join(found.examples)}."
    yield f"         {found.remedy}"


def _synthesise(args: argparse.Namespace) -> Output:
    from dataclasses import replace

    from enginehouse.cycle.synthesise import synthesise
    from enginehouse.data.synthetic.parameters import RegionParameters

    given = {name: value for name in ("practices", "seed") if (value := getattr(args, name)) is not None}
    with TerminalProgress() as progress:
        truth = synthesise(args.programme, replace(RegionParameters(), **given), progress=progress)
    text = (
        f"Wrote {truth.rows:,} synthetic rows, and {truth.broken_rows} broken on purpose, to {args.programme / 'raw'}."
    )
    return Output(text=text, record={"rows": truth.rows, "broken_rows": truth.broken_rows})


ACTIONS = {"load": _load, "check": _check, "synthesise": _synthesise}
