"""Options that several commands share, declared once, and what is opened from them."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from enginehouse.core.errors import UserError

if TYPE_CHECKING:
    from enginehouse.cycle.workspace import Acting, Workspace


def add_programme(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p",
        "--programme",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="the programme folder (default: this folder)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_acting(parser: argparse.ArgumentParser, *, dry_run: bool = True) -> None:
    parser.add_argument(
        "--as", dest="person", metavar="ID", help="who acts, an id from people.csv (not needed where it has one person)"
    )
    parser.add_argument(
        "--on", type=_day, metavar="YYYY-MM-DD", help="the day on which the act takes effect (default: today)"
    )
    if dry_run:
        parser.add_argument("--dry-run", action="store_true", help="do everything but record it")


def add_cycle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cycle", help="the name of a folder under cycles/")


def open_for(args: argparse.Namespace) -> Workspace:
    """The workspace of `--programme`."""
    from enginehouse.cycle.workspace import open_workspace

    return open_workspace(args.programme)


def acting_for(args: argparse.Namespace, workspace: Workspace) -> Acting:
    """Who acts, by `--as` and `--on`."""
    from enginehouse.cycle.workspace import acting

    return acting(workspace, args.person, args.on)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"got '{text}' for a day.", where="--on", remedy="Write it as YYYY-MM-DD, for example 2026-05-01."
        ) from None


def dry_run_note(args: argparse.Namespace) -> str:
    return "\nNothing was recorded (--dry-run)." if args.dry_run else ""
