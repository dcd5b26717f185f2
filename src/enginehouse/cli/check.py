"""`enginehouse check`: every problem of every definition file, with file, line and key; then what is worth knowing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from enginehouse.cli.arguments import add_programme
from enginehouse.cli.output import Output
from enginehouse.core.errors import Problem, Problems
from enginehouse.programme.advice import advice
from enginehouse.programme.load import load_programme

EXAMPLES = ("enginehouse check", "enginehouse check -p my-programme --json")

_ALWAYS_TOLD = ("indicators", "strategies", "cycles", "sources")


def configure(parser: argparse.ArgumentParser) -> None:
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    try:
        programme = load_programme(args.programme)
    except Problems as found:
        problems = _records(found.problems)
        text = f"{found}\n{len(problems)} problem{'s' if len(problems) > 1 else ''} found."
        return Output(text=text, record={"problems": problems}, exit_code=found.exit_code)
    counts = {
        "indicators": len(programme.indicators),
        "strategies": len(programme.strategies),
        "cycles": len(programme.protocols),
        "sources": len(programme.settings.sources),
        "messages": len(programme.messages),
        "studies": len(programme.studies),
        "candidates": len(programme.candidates.candidates) if programme.candidates else 0,
    }
    parts = ", ".join(f"{name}: {number}" for name, number in counts.items() if number or name in _ALWAYS_TOLD)
    worth_knowing = advice(programme)
    lines = [f"{programme.settings.title}: no problems found ({parts}).", *_advice_lines(worth_knowing)]
    return Output(text="\n".join(lines), record={"problems": [], "advice": _records(worth_knowing), **counts})


def _advice_lines(found: Sequence[Problem]) -> Iterator[str]:
    if found:
        yield "Nothing is wrong; this is worth knowing:"
        yield from (str(each) for each in found)


def _records(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"where": p.where, "what": p.what, "remedy": p.remedy} for p in problems]
