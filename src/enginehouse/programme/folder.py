"""A programme folder as it is found: each file parsed by itself, with its problems. What must fit together is not
looked at here (see `checks`), and names that would be passed over are found in `misplaced.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from enginehouse.core.errors import Problem
from enginehouse.programme.candidates import Candidates
from enginehouse.programme.contract import Contract
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.positions import Document, read_yaml
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.rows import unreadable
from enginehouse.programme.spec import Spec
from enginehouse.programme.strategy import Strategy
from enginehouse.programme.study import Study
from enginehouse.programme.table import Table, read_table
from enginehouse.programme.translate import parse
from enginehouse.programme.wording import nearest

SETTINGS = "programme.yaml"
CANDIDATES = "candidates.yaml"
PROTOCOL = "protocol.yaml"
CONTRACT = "contract.yaml"
INDICATORS = "indicators"
STRATEGIES = "strategies"
MESSAGES = "messages"
EVIDENCE = "evidence"
CYCLES = "cycles"
FOLDERS = (INDICATORS, STRATEGIES, MESSAGES, EVIDENCE, CYCLES)


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
    messages: Mapping[str, Part[Message]] = field(default_factory=dict)
    evidence: Mapping[str, Table[Study]] = field(default_factory=dict)
    candidates: Part[Candidates] | None = None
    protocols: Mapping[str, Part[Protocol]] = field(default_factory=dict)
    contracts: Mapping[str, Part[Contract]] = field(default_factory=dict)


def read_folder(path: Path) -> Folder:
    """Read every definition file; nothing is raised for what is in them."""
    return Folder(
        path=path,
        settings=_part(path / SETTINGS, ProgrammeSettings),
        indicators={file.stem: _part(file, Indicator) for file in _definitions(path / INDICATORS)},
        strategies={file.stem: _part(file, Strategy) for file in _definitions(path / STRATEGIES)},
        messages={file.stem: _part(file, Message) for file in _definitions(path / MESSAGES)},
        evidence={file.stem: _table(file, Study) for file in _definitions(path / EVIDENCE, "csv")},
        candidates=_part(path / CANDIDATES, Candidates) if (path / CANDIDATES).exists() else None,
        protocols={cycle.name: _part(cycle / PROTOCOL, Protocol) for cycle in cycle_folders(path)},
        contracts={
            cycle.name: _part(cycle / CONTRACT, Contract)
            for cycle in cycle_folders(path)
            if (cycle / CONTRACT).exists()
        },
    )


def _part[Model: Spec](file: Path, model: type[Model]) -> Part[Model]:
    try:
        content = file.read_bytes()
    except OSError as error:
        return Part(Document(str(file), None), None, (unreadable(file, error, _instead(file)),))
    return _read(content, str(file), model)


@lru_cache(maxsize=256)
def _read[Model: Spec](content: bytes, path: str, model: type[Model]) -> Part[Model]:
    """The same bytes in the same place are read once in a process: what comes of them cannot be changed."""
    document = read_yaml(content, path=path)
    value, problems = parse(document, model)
    return Part(document, value, problems)


def _table[Model: Spec](file: Path, model: type[Model]) -> Table[Model]:
    try:
        content = file.read_bytes()
    except OSError as error:
        return Table(str(file), problems=(unreadable(file, error, "Check its name."),))
    return read_table(content, model, path=str(file))


def _instead(file: Path) -> str:
    """What probably happened to a file that is not there."""
    folder = file.parent
    if not folder.is_dir():
        return f"There is no folder {folder}; make a programme with: enginehouse new {folder}."
    others = (SETTINGS, CANDIDATES, PROTOCOL, CONTRACT)
    found = (entry.name for entry in folder.iterdir() if entry.suffix in (".yaml", ".yml"))
    names = [name for name in found if name not in others]
    close = nearest(file.name, names)
    return f"Rename {close} to {file.name}." if close else f"Write it, or run this in the folder that has {SETTINGS}."


def _definitions(folder: Path, ending: str = "yaml") -> Iterator[Path]:
    return iter(sorted(folder.glob(f"*.{ending}"))) if folder.is_dir() else iter(())


def cycle_folders(path: Path) -> Iterator[Path]:
    """The folder of every cycle, whatever its name."""
    folder = path / CYCLES
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return (entry for entry in entries if entry.is_dir() and not entry.name.startswith("."))
