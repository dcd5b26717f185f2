"""Options that several commands share, declared once, and what is opened from them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
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
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_acting(parser: argparse.ArgumentParser, *, dry_run: bool = True) -> None:
    parser.add_argument(
        "--as",
        dest="person",
        metavar="ID",
        help="who acts, an id from people.csv (default: ENGINEHOUSE_AS, or the only person of people.csv)",
    )
    parser.add_argument(
        "--on", type=day_argument, metavar="YYYY-MM-DD", help="the day on which the act takes effect (default: today)"
    )
    if dry_run:
        parser.add_argument("--dry-run", action="store_true", help="do everything but record it")


def add_reading(parser: argparse.ArgumentParser, *, actor: bool = False) -> None:
    """Options of what shows outcomes by site; `actor` where `add_acting` has declared --as already."""
    if not actor:
        parser.add_argument(
            "--as", dest="person", metavar="ID", help="who reads; asked for only while a trial runs on these indicators"
        )
    parser.add_argument(
        "--until", metavar="YYYY-MM", help="show: only months up to this one" if actor else "only months up to this one"
    )


def add_cycle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cycle", help="the name of a folder under cycles/")


def open_for(args: argparse.Namespace, *, need_cycles: bool = True) -> Workspace:
    """The workspace of `--programme`; without `need_cycles` an unfinished protocol stops nothing."""
    from enginehouse.cycle.workspace import open_workspace

    return open_workspace(args.programme, need_cycles=need_cycles)


def acting_for(args: argparse.Namespace, workspace: Workspace) -> Acting:
    """Who acts, by `--as` and `--on`."""
    from enginehouse.cycle.workspace import acting

    return acting(workspace, args.person, args.on)


_OPTIONS = {"person": "--as", "on": "--on", "as_of": "--as-of", "as_known": "--as-known", "dry_run": "--dry-run"}


def refuse_unused(args: argparse.Namespace, only: Mapping[str, str]) -> None:
    """Refuse options that the chosen action would pass over in silence; `only` says which action each belongs to."""
    for name, action in only.items():
        if getattr(args, name) and args.action != action:
            raise UserError(
                f"got {_OPTIONS.get(name, name)}, which '{args.action}' does not use.",
                remedy=f"It goes with '{action}'.",
            )


def dry_run_note(args: argparse.Namespace) -> str:
    """The last line of what a trial run prints."""
    return "\nNothing was recorded (--dry-run)." if args.dry_run else ""


def day_argument(text: str) -> date:
    """A day as people type it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"got '{text}' for a day. Write it as YYYY-MM-DD, for example 2026-05-01."
        raise argparse.ArgumentTypeError(message) from None
