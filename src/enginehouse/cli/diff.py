"""`enginehouse diff`: changes that mean something; order, comments and spelling of numbers do not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from enginehouse.cli.arguments import add_programme, open_for
from enginehouse.cli.output import Output
from enginehouse.core.errors import UserError
from enginehouse.programme.diff import diff
from enginehouse.programme.load import Programme, load_programme
from enginehouse.programme.spec import Spec

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
    old, new = load_programme(args.other), load_programme(args.programme)
    yield from (f"programme, {change}" for change in diff(old.settings, new.settings))
    for kind in ("indicators", "strategies", "protocols"):
        yield from _definitions(kind.removesuffix("s"), _specs(old, kind), _specs(new, kind))


def _definitions(kind: str, old: Mapping[str, Spec], new: Mapping[str, Spec]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield f"{kind} {name}: removed"
        elif name not in old:
            yield f"{kind} {name}: added"
        else:
            yield from (f"{kind} {name}, {change}" for change in diff(old[name], new[name]))


def _specs(programme: Programme, kind: str) -> Mapping[str, Spec]:
    specs: Mapping[str, Spec] = getattr(programme, kind)
    return specs
