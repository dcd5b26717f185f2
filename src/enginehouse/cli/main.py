"""Entry point: finds the command, imports only its file, and turns what goes wrong into words and an exit code."""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from enginehouse import __version__
from enginehouse.cli.parser import CommandParser
from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.core.files import machine_error

COMMANDS: dict[str, str] = {
    "new": "begin a programme folder from a template",
    "check": "report every problem in a programme's files",
    "explain": "say in plain words what a cycle or an indicator is",
    "diff": "what changed in a cycle since it was registered, or between two programmes",
    "schema": "JSON Schemas of the definition files, for editors",
    "data": "load routine data, and report on their quality",
    "indicators": "compute the indicators, or import a definition",
    "insight": "how much sites vary, and the room to improve",
    "priorities": "weigh what to do next, and decide otherwise with a reason",
    "draft": "a first protocol and contract of a weighed candidate, as files",
    "design": "what a trial could show in these sites, by their own history",
    "register": "lock a cycle's protocol",
    "approval": "record an approval that a cycle needs",
    "contract": "sign what follows from each verdict, with a forecast",
    "recruit": "tell eligible sites, and let them opt out",
    "opt-out": "record what a site opted out of",
    "allocate": "draw by lot who gets what, by two people",
    "lists": "lists of sites for others who deliver, and what they counted",
    "wave": "make, release and send a wave of feedback",
    "contacts": "log visits, webinars and calls",
    "monitor": "how a running cycle stands, without a look at any arm",
    "harms": "a registered look, by arm, at what must not get worse",
    "delivery": "say that delivery begins, or is over",
    "freeze": "fix the data that the registered analysis will use",
    "evaluate": "run the registered analysis",
    "analyse": "a question that was not registered, marked as such",
    "appraise": "set costs and savings beside the effect",
    "decide": "record what will be done, and why",
    "close": "end a cycle that was decided on",
    "forecasts": "hold what was expected against the result",
    "evidence": "the library of studies, and posting a result to it",
    "status": "where each cycle stands, what is due, and from whom",
    "calendar": "what is due, for a calendar program",
    "suspend": "make a cycle stand still",
    "resume": "let a suspended cycle go on",
    "withdraw": "end a cycle early; its record stays",
    "dossier": "write the whole record of a cycle as one document",
    "board": "one page in plain words for the board",
    "timeline": "what the programme has done, as a page",
    "ledger": "show the record, or verify that nothing in it was changed",
    "demo": "a whole retrospective cycle on real and synthetic data",
    "completion": "the script that lets your shell complete commands",
}

_MACHINE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except UserError as error:
        return _refuse(error)
    except KeyboardInterrupt:
        print(
            "enginehouse: stopped; what was recorded stays, and the same command goes on from there.", file=sys.stderr
        )
        return 130
    except BrokenPipeError:
        # The reader (for example `head`) has had enough; keep Python from complaining again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A folder that cannot be written, or a full disk, wherever it showed. Any other is a defect.
        if error.errno not in _MACHINE:
            raise
        return _refuse(machine_error(error, Path(error.filename or ".")))


def _refuse(error: UserError) -> int:
    print(f"enginehouse: {error}", file=sys.stderr)
    return error.exit_code


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if words[0] == "--version":
        print(f"enginehouse {__version__}")
        return 0
    name = words[0]
    if name not in COMMANDS:
        raise UserError(f"got command '{name}'.", remedy=did_you_mean(name, COMMANDS))
    module = command_module(name)
    args = build_parser(name, module).parse_args(words[1:])
    try:
        output = module.run(args)
    except UserError as error:
        error.remedy = _of_this_cycle(error.remedy, args)
        raise
    print(json.dumps(output.record, ensure_ascii=False, indent=2) if getattr(args, "json", False) else output.text)
    return int(output.exit_code)


def _of_this_cycle(remedy: str, args: argparse.Namespace) -> str:
    """What to type next, with the name of the cycle that was asked for."""
    from enginehouse.governance.commands import for_cycle

    return for_cycle(remedy, getattr(args, "cycle", None))


def overview() -> str:
    """What `enginehouse --help` prints."""
    width = max(len(name) for name in COMMANDS)
    lines = [f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(
        [
            "usage: enginehouse COMMAND [options]",
            "",
            "A learning health system you can run: routine data in; better care and sound evidence out.",
            "",
            *lines,
            "",
            "enginehouse COMMAND --help explains one command, with examples.",
        ]
    )


def command_module(name: str) -> ModuleType:
    return import_module(f"enginehouse.cli.{name.replace('-', '_')}")


def build_parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    """The parser of one command. Its module has `configure(parser)`, `run(args)` and `EXAMPLES`."""
    parser = CommandParser(name, COMMANDS[name], module.EXAMPLES)
    module.configure(parser)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
