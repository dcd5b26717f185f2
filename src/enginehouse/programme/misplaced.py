"""Files and folders of a programme that would be passed over in silence because of their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from enginehouse.core.errors import Problem
from enginehouse.core.ids import is_slug
from enginehouse.programme.folder import (
    CANDIDATES,
    CONTRACT,
    EVIDENCE,
    FOLDERS,
    INDICATORS,
    MESSAGES,
    PROTOCOL,
    SETTINGS,
    STRATEGIES,
    cycle_folders,
)
from enginehouse.programme.wording import SLUG, nearest

_YAML = (".yaml", ".yml")
_DEFINITIONS = (*_YAML, ".csv")
_TABLES = (".csv", ".tsv", ".txt", ".xls", ".xlsx", ".ods", *_YAML)


def misplaced(path: Path) -> Iterator[Problem]:
    """What stands beside the definitions and would not be read: apart from cycles."""
    if not path.is_dir():
        return
    for entry in sorted(path.iterdir()):
        yield from _beside_settings(entry)
    for name in (INDICATORS, STRATEGIES, MESSAGES):
        for file in sorted((path / name).glob("*.yml")):
            yield Problem(str(file), "this file is not read.", f"Rename it to {file.stem}.yaml.")
    for file in sorted((path / EVIDENCE).glob("*")):
        if file.suffix.lower() in _TABLES and file.suffix != ".csv":
            yield Problem(str(file), "this file is not read.", f"Save its rows as {file.stem}.csv.")


def misplaced_in_cycles(path: Path) -> Iterator[Problem]:
    """What would not be read in the folder `cycles`."""
    for cycle in cycle_folders(path):
        if not is_slug(cycle.name):
            what = f"got the name '{cycle.name}' for a cycle; expected {SLUG}."
            yield Problem(str(cycle), what, "Rename the folder.")
        if (cycle / CONTRACT).exists():
            continue
        for file in sorted(cycle.iterdir()):
            if _is_meant(file, CONTRACT, PROTOCOL):
                yield Problem(str(file), "this file is not read.", f"Rename it to {CONTRACT}.")


def _beside_settings(entry: Path) -> Iterator[Problem]:
    meant = nearest(entry.name, FOLDERS) if entry.is_dir() and entry.name not in FOLDERS else None
    if meant and any(file.suffix in _DEFINITIONS for file in entry.rglob("*")):
        yield Problem(str(entry), "definitions in this folder are not read.", f"Rename it to {meant}.")
    if _is_meant(entry, CANDIDATES, SETTINGS) and not (entry.parent / CANDIDATES).exists():
        yield Problem(str(entry), "this file is not read.", f"Rename it to {CANDIDATES}.")


def _is_meant(file: Path, name: str, other: str) -> bool:
    """Whether the file's name is a slip of `name`: nearer to it than to its neighbour, and neither of them."""
    is_yaml = file.suffix in _YAML and file.is_file()
    return is_yaml and file.name not in (name, other) and nearest(file.name, (name, other)) == name
