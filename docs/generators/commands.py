"""The page of commands, from the parsers themselves. Not argparse's own text: that differs between Python versions."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from enginehouse.cli.main import COMMANDS, build_parser, command_module

INTRO = """# Commands

What each command does and takes. `enginehouse COMMAND --help` prints the same. Results go to standard output, progress
to standard error. `--json` prints a result for machines. `--dry-run` does everything but record.
[Exit codes](exit-codes.md) say how it ended.
"""


def page() -> str:
    lines = [INTRO, "| command | what it does |", "|---|---|"]
    lines += [f"| [`{name}`](#{name}) | {summary} |" for name, summary in COMMANDS.items()]
    for name in COMMANDS:
        lines += ["", *_command(name)]
    return "\n".join(lines) + "\n"


def _command(name: str) -> Iterator[str]:
    module = command_module(name)
    parser = build_parser(name, module)
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    yield f"## {name}"
    yield f"\n{parser.description}\n"
    yield f"```\n{parser.prog} {' '.join(_usage(action) for action in actions)}\n```\n"
    yield "| argument | meaning |"
    yield "|---|---|"
    yield from (f"| {_names(action)} | {_meaning(action)} |" for action in actions)
    yield "\nExamples:\n"
    yield "```\n" + "\n".join(module.EXAMPLES) + "\n```"


def _value(action: argparse.Action) -> str:
    """What stands for the value: the choices, or the name that the help uses."""
    if action.choices is not None:
        return "{" + ",".join(str(choice) for choice in action.choices) + "}"
    metavar = action.metavar if isinstance(action.metavar, str) else None
    return metavar or (action.dest.upper().replace("_", "-") if action.option_strings else action.dest)


def _takes_value(action: argparse.Action) -> bool:
    return action.nargs != 0


def _usage(action: argparse.Action) -> str:
    if not action.option_strings:
        value = _value(action)
        return {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} [...]"}.get(str(action.nargs), value)
    name = action.option_strings[-1]
    words = f"{name} {_value(action)}" if _takes_value(action) else name
    return words if action.required else f"[{words}]"


def _names(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{_value(action)}`"
    value = f" {_value(action)}" if _takes_value(action) else ""
    return ", ".join(f"`{name}{value}`" for name in action.option_strings)


def _meaning(action: argparse.Action) -> str:
    words = (action.help or "").replace("|", "\\|") % vars(action) if action.help else ""
    if action.choices is not None and not words:
        return "one of " + ", ".join(f"`{choice}`" for choice in action.choices)
    return words
