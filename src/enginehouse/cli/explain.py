"""`enginehouse explain`: a cycle or an indicator in plain words."""

from __future__ import annotations

import argparse

from enginehouse.cli.arguments import add_programme
from enginehouse.cli.output import Output
from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.programme.explain import explain_indicator, explain_protocol
from enginehouse.programme.load import load_programme

EXAMPLES = ("enginehouse explain first", "enginehouse explain opioids-ome-per-patient -p campaign")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the name of a cycle or an indicator")
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    programme = load_programme(args.programme)
    if args.name in programme.protocols:
        text = explain_protocol(programme, args.name)
    elif args.name in programme.indicators:
        text = explain_indicator(programme, args.name)
    else:
        remedy = did_you_mean(args.name, (*programme.protocols, *programme.indicators))
        raise UserError(
            f"got '{args.name}', which is no cycle and no indicator here.", where=str(args.programme), remedy=remedy
        )
    return Output(text=text, record={"name": args.name, "text": text})
