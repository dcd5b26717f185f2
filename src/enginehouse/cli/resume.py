"""`enginehouse resume`: let a suspended cycle go on from where it stood."""

from __future__ import annotations

import argparse

from enginehouse.cli.output import Output
from enginehouse.cli.stopping import add_reason, stop

EXAMPLES = ('enginehouse resume first --reason "The codes are explained; none of ours changed."',)


def configure(parser: argparse.ArgumentParser) -> None:
    add_reason(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.stop import resume

    return stop(args, resume, "Resumed {cycle}, which is {stage}.")
