"""`enginehouse completion`: a script for bash, zsh or tcsh, made from the commands' own parsers."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import add_json
from enginehouse.cli.output import Output

EXAMPLES = (
    'eval "$(enginehouse completion bash)"',
    "enginehouse completion zsh > ~/.zfunc/_enginehouse",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell that you use")
    add_json(parser)


def run(args: argparse.Namespace) -> Output:
    import shtab

    from enginehouse.cli.main import COMMANDS, command_module

    parser = argparse.ArgumentParser(prog="enginehouse")
    commands = parser.add_subparsers(dest="command")
    for name, summary in COMMANDS.items():
        command_module(name).configure(commands.add_parser(name, help=summary, description=summary))
    script = shtab.complete(parser, shell=args.shell)
    return Output(text=script, record={"shell": args.shell, "script": script})
