"""`enginehouse new`: a programme folder to start from."""

from __future__ import annotations

import argparse
from pathlib import Path

from enginehouse.cli.arguments import add_json
from enginehouse.cli.output import Output
from enginehouse.programme.templates import TEMPLATES, new_programme

EXAMPLES = ("enginehouse new my-programme", "enginehouse new campaign --template opioid-campaign")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="a folder that does not exist yet, or is empty")
    parser.add_argument(
        "--template", choices=sorted(TEMPLATES), default="starter", help="what to start from (default: starter)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> Output:
    new_programme(args.folder, template=args.template)
    about = " Its README.md says what each file is." if (args.folder / "README.md").exists() else ""
    text = (
        f"Made {args.folder} from the template '{args.template}'.{about}\nNext:  cd {args.folder} && enginehouse check"
    )
    return Output(text=text, record={"folder": str(args.folder), "template": args.template})
