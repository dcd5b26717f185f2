"""`enginehouse diff`: changes that mean something; order, comments and spelling of numbers do not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from enginehouse.cli.arguments import add_programme, open_for
from enginehouse.cli.output import Output
from enginehouse.core.errors import UserError
from enginehouse.programme.diff import programme_changes
from enginehouse.programme.load import load_programme

EXAMPLES = ("enginehouse diff first   # against what was registered", "enginehouse diff --with ../other-version")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cycle", nargs="?", help="a registered cycle: what its files say now against what was locked")
    parser.add_argument(
        "--with", dest="other", type=Path, metavar="FOLDER", help="another version of this programme folder"
    )
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    if (args.cycle is None) == (args.other is None):
        raise UserError(
            "name a registered cycle, or another folder.",
            where="enginehouse diff",
            remedy="For example: enginehouse diff first",
        )
    changes = list(_against_record(args) if args.other is None else _against_folder(args))
    return Output(text="\n".join(changes) if changes else "No change of meaning.", record=changes)


def _against_record(args: argparse.Namespace) -> tuple[str, ...]:
    from enginehouse.cycle.register import changes_since_lock

    return changes_since_lock(open_for(args), args.cycle)


def _against_folder(args: argparse.Namespace) -> Iterator[str]:
    yield from programme_changes(load_programme(args.other), load_programme(args.programme))
