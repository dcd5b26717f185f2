"""`enginehouse check`: every problem of every definition file, with file, line and key."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import add_programme
from enginehouse.cli.output import Output
from enginehouse.core.errors import Problems
from enginehouse.programme.load import load_programme

EXAMPLES = ("enginehouse check", "enginehouse check -p my-programme --json")


def configure(parser: argparse.ArgumentParser) -> None:
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    try:
        programme = load_programme(args.programme)
    except Problems as found:
        problems = [{"where": p.where, "what": p.what, "remedy": p.remedy} for p in found.problems]
        text = f"{found}\n{len(problems)} problem{'s' if len(problems) > 1 else ''} found."
        return Output(text=text, record={"problems": problems}, exit_code=found.exit_code)
    counts = {
        "indicators": len(programme.indicators),
        "strategies": len(programme.strategies),
        "cycles": len(programme.protocols),
        "sources": len(programme.settings.sources),
    }
    parts = ", ".join(f"{name}: {number}" for name, number in counts.items())
    return Output(text=f"{programme.settings.title}: no problems found ({parts}).", record={"problems": [], **counts})
