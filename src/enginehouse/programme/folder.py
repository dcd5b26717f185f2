"""A programme folder as it is found: each file parsed by itself, with its problems. What must fit together is not
looked at here (see `crosschecks.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from enginehouse.core.errors import Problem
from enginehouse.core.ids import is_slug
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.positions import Document, read_yaml
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.spec import Spec
from enginehouse.programme.strategy import Strategy
from enginehouse.programme.translate import parse
from enginehouse.programme.wording import SLUG, nearest

SETTINGS = "programme.yaml"
PROTOCOL = "protocol.yaml"
INDICATORS = "indicators"
STRATEGIES = "strategies"
CYCLES = "cycles"
FOLDERS = (INDICATORS, STRATEGIES, CYCLES)


@dataclass(frozen=True, slots=True)
class Part[Model: Spec]:
    """One definition file. `value` is `None` when the file has problems of its own."""

    document: Document
    value: Model | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """Every definition file of a programme, by the name that its file or folder gives it."""

    path: Path
    settings: Part[ProgrammeSettings]
    indicators: Mapping[str, Part[Indicator]] = field(default_factory=dict)
    strategies: Mapping[str, Part[Strategy]] = field(default_factory=dict)
    protocols: Mapping[str, Part[Protocol]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_folder(path: Path) -> Folder:
    """Read every definition file; nothing is raised for what is in them."""
    return Folder(
        path=path,
        settings=_part(path / SETTINGS, ProgrammeSettings),
        indicators={file.stem: _part(file, Indicator) for file in _definitions(path / INDICATORS)},
        strategies={file.stem: _part(file, Strategy) for file in _definitions(path / STRATEGIES)},
        protocols={cycle.name: _part(cycle / PROTOCOL, Protocol) for cycle in _cycles(path)},
        problems=tuple(_misplaced(path)),
    )


def _part[Model: Spec](file: Path, model: type[Model]) -> Part[Model]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return _unreadable(file, "there is no such file.", _instead(file))
    except OSError as error:
        return _unreadable(file, f"the file cannot be read: {error.strerror}.", "Check its permissions.")
    document = read_yaml(content, path=str(file))
    value, problems = parse(document, model)
    return Part(document, value, problems)


def _unreadable[Model: Spec](file: Path, what: str, remedy: str) -> Part[Model]:
    return Part(Document(str(file), None), None, (Problem(str(file), what, remedy),))


def _instead(file: Path) -> str:
    """What probably happened to a file that is not there."""
    folder = file.parent
    if not folder.is_dir():
        return f"There is no folder {folder}; make a programme with: enginehouse new {folder}."
    names = [entry.name for entry in folder.iterdir() if entry.suffix in (".yaml", ".yml")]
    close = nearest(file.name, names)
    return f"Rename {close} to {file.name}." if close else f"Write it, or run this in the folder that has {SETTINGS}."


def _definitions(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.yaml"))) if folder.is_dir() else iter(())


def _cycles(path: Path) -> Iterator[Path]:
    folder = path / CYCLES
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return (entry for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _misplaced(path: Path) -> Iterator[Problem]:
    """Files and folders that would be passed over in silence because of their names."""
    if not path.is_dir():
        return
    for entry in sorted(path.iterdir()):
        meant = nearest(entry.name, FOLDERS) if entry.is_dir() and entry.name not in FOLDERS else None
        if meant and any(entry.rglob("*.y*ml")):
            yield Problem(str(entry), "definitions in this folder are not read.", f"Rename it to {meant}.")
    for name in (INDICATORS, STRATEGIES):
        for file in sorted((path / name).glob("*.yml")):
            yield Problem(str(file), "this file is not read.", f"Rename it to {file.stem}.yaml.")
    for cycle in _cycles(path):
        if not is_slug(cycle.name):
            yield Problem(
                str(cycle), f"got the name '{cycle.name}' for a cycle; expected {SLUG}.", "Rename the folder."
            )
