"""How a command is read: argparse, with its complaints in the words of every other refusal."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Any, NoReturn

from enginehouse.core.errors import UserError, did_you_mean

_UNKNOWN = "unrecognized arguments: "
_MISSING = "the following arguments are required: "


class CommandParser(argparse.ArgumentParser):
    """The parser of one command; a word that it does not understand is a `UserError` with an example."""

    def __init__(self, name: str, summary: str, examples: Sequence[str]) -> None:
        super().__init__(
            prog=f"enginehouse {name}",
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.name = name
        self.example = examples[0].partition("  #")[0].rstrip()

    def error(self, message: str) -> NoReturn:
        """What was wrong, and how the command is written."""
        raise UserError(
            self._said(message), where=self.name, remedy=f"For example: {self.example} (more: {self.prog} --help)"
        )

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            nearest = did_you_mean(str(value), (str(choice) for choice in action.choices))
            raise argparse.ArgumentError(action, f"got '{value}'. {nearest}")

    def _said(self, message: str) -> str:
        if message.startswith(_MISSING):
            return f"{message.removeprefix(_MISSING)}: is missing."
        if message.startswith(_UNKNOWN):
            return self._unknown(message.removeprefix(_UNKNOWN))
        return message.removeprefix("argument ")

    def _unknown(self, words: str) -> str:
        said = f"got '{words}', which this command does not take."
        options = [option for action in self._actions for option in action.option_strings]
        near = difflib.get_close_matches(words.split()[0], options, n=1)
        return f"{said} Did you mean '{near[0]}'?" if near else said
