"""`enginehouse withdraw`: end a cycle early, before it was evaluated; its record stays."""

from __future__ import annotations

import argparse

from enginehouse.cli.output import Output
from enginehouse.cli.stopping import add_reason, stop

EXAMPLES = ('enginehouse withdraw first --reason "The letters were never sent."',)


def configure(parser: argparse.ArgumentParser) -> None:
    add_reason(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.stop import withdraw

    return stop(args, withdraw, "Withdrew {cycle}: nothing follows, and its record stays.")
