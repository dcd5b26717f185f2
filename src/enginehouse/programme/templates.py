"""A programme folder to start from: a copy of one of the shipped programmes, with people.csv and .gitignore."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from enginehouse.core.errors import UserError
from enginehouse.core.files import machine_error, write_whole
from enginehouse.core.ids import is_slug
from enginehouse.programme.people import FILE, first_people_file
from enginehouse.programme.variants import VARIANTS, exchanged
from enginehouse.programme.wording import did_you_mean, one_of

EXAMPLE_PEOPLE = "people.example.csv"
"""The people of a template that names its own; in a new programme they stand in people.csv."""
TEMPLATES = {
    "starter": "an indicator, a strategy and a cycle on two small CSV files, to be replaced by your own",
    "opioid-campaign": "the West Yorkshire opioid campaign in public totals by area and month",
    "opioid-campaign-practices": "the same campaign by practice, on data that you have (ENGINEHOUSE_DATA)",
    "synthetic-region": "a region that never existed, in files as they are published",
    "head-to-head": "a trial inside a roll-out in a region that never existed: feedback with and without facilitation",
    "head-to-head-null": "the same trial where facilitation does nothing",
    "rehearsal": "a trial that was never run, on the real history of practices that you have (ENGINEHOUSE_DATA)",
}
IGNORED = f"""\
# Who may act: names stay on this machine.
{FILE}
# The record and the loaded data. Back this folder up; it does not belong in git.
.enginehouse/
# Documents for people: written anew from the record.
output/
"""


def new_programme(folder: Path, template: str = "starter") -> Path:
    """Write a new programme into `folder`, which must be empty or absent; returns the folder.

    Raises
    ------
    UserError
        There is no such template, or the folder is not empty.
    """
    if template not in TEMPLATES:
        remedy = did_you_mean(template, TEMPLATES)
        raise UserError(f"got the template '{template}'; expected {one_of(TEMPLATES)}.", remedy=remedy)
    _make_empty(folder)
    for name, content in _contents(template, folder):
        write_whole(folder / name, content)
    return folder


def _make_empty(folder: Path) -> None:
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(
                "this is not an empty folder; nothing was written.",
                where=str(folder),
                remedy="Name a folder that does not exist yet.",
            )
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise machine_error(error, folder) from error


def _contents(template: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Relative path and bytes of every file; programme.yaml comes last, so that a half-written folder is not one."""
    copied = _copied(template)
    settings, people = copied.pop("programme.yaml"), copied.pop(EXAMPLE_PEOPLE, first_people_file().encode())
    yield from copied.items()
    yield ".gitignore", IGNORED.encode()
    yield FILE, people
    yield "programme.yaml", _named(settings, folder) if template == "starter" else settings


def _copied(template: str) -> dict[str, bytes]:
    """The files of a template; a variant has some lines of another's exchanged."""
    source = VARIANTS[template].of if template in VARIANTS else template
    copied = dict(_files(files("enginehouse") / "programmes" / source))
    return exchanged(template, copied) if template in VARIANTS else copied


def _files(folder: Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _files(entry, f"{above}{entry.name}/")
        elif not entry.name.startswith("."):
            yield f"{above}{entry.name}", entry.read_bytes()


def _named(settings: bytes, folder: Path) -> bytes:
    """The settings with the folder's name for the programme's, where it can be one."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return re.sub(rb"(?m)^name: .*$", f"name: {name}".encode(), settings, count=1) if is_slug(name) else settings
