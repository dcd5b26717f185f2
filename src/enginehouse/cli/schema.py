"""`enginehouse schema`: JSON Schemas, so that an editor completes and checks definition files."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from enginehouse.cli.arguments import add_json
from enginehouse.cli.output import Output
from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.core.files import write_whole
from enginehouse.programme.schemas import DEFINITIONS, json_schemas

EXAMPLES = (
    "enginehouse schema   # which kinds of file there are",
    "enginehouse schema protocol",
    "enginehouse schema --all schemas/",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help=f"the kind of file ({', '.join(DEFINITIONS)})")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="write every schema into a folder")
    add_json(parser)


def run(args: argparse.Namespace) -> Output:
    schemas = json_schemas()
    if args.all is not None:
        for name, schema in schemas.items():
            write_whole(args.all / f"{name}.schema.json", _text(schema).encode())
        return Output(text=f"Wrote {len(schemas)} schemas to {args.all}.", record=sorted(schemas))
    if args.name is None:
        return Output(text="\n".join(sorted(schemas)), record=sorted(schemas))
    if args.name not in schemas:
        raise UserError(f"got '{args.name}' for a kind of file.", remedy=did_you_mean(args.name, schemas))
    return Output(text=_text(schemas[args.name]), record=schemas[args.name])


def _text(schema: object) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
