"""`enginehouse suspend`: make a cycle stand still until it is resumed."""

from __future__ import annotations

import argparse

from enginehouse.cli.output import Output
from enginehouse.cli.stopping import add_reason, stop

EXAMPLES = ('enginehouse suspend first --reason "The supplier changed the codes; we are asking what they mean."',)


def configure(parser: argparse.ArgumentParser) -> None:
    add_reason(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.stop import suspend

    return stop(args, suspend, "Suspended {cycle}. It stands still until: enginehouse resume {cycle} --reason '...'")
