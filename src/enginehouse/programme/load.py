"""The programme folder to one frozen object, or every problem of every file at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from enginehouse.core.errors import Problem, Problems
from enginehouse.programme.crosschecks import Known, check_indicator, check_strategy, known_names, located
from enginehouse.programme.folder import CYCLES, Folder, Part, read_folder
from enginehouse.programme.programme import Programme
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.protocol_checks import check_protocol

__all__ = ["Programme", "load_definitions", "load_programme"]


def load_programme(folder: Path) -> Programme:
    """Read the programme in `folder`.

    Raises
    ------
    Problems
        Something is wrong in some file; every problem of every file is listed, with file, line and key.
    """
    found = read_folder(folder)
    known = known_names(found)
    problems = [*_definition_problems(found, known), *_cycle_problems(found, known)]
    return _programme(found, problems, found.protocols)


def load_definitions(folder: Path) -> Programme:
    """Read settings, indicators and strategies; a protocol that has problems is left out and not reported.

    For what needs no protocol (loading data, building indicators, looking at variation), so that an unfinished one
    stops nothing.

    Raises
    ------
    Problems
        Something is wrong in the settings, an indicator or a strategy.
    """
    found = read_folder(folder)
    known = known_names(found)
    sound = {name: part for name, part in found.protocols.items() if not list(_protocol_problems(part, known))}
    return _programme(found, list(_definition_problems(found, known)), sound)


def _programme(found: Folder, problems: list[Problem], protocols: Mapping[str, Part[Protocol]]) -> Programme:
    settings = found.settings.value
    if problems or settings is None:
        raise Problems(problems)
    return Programme(
        folder=found.path,
        settings=settings,
        indicators={name: part.value for name, part in found.indicators.items() if part.value},
        strategies={name: part.value for name, part in found.strategies.items() if part.value},
        protocols={name: part.value for name, part in protocols.items() if part.value},
    )


def _definition_problems(found: Folder, known: Known) -> Iterator[Problem]:
    """File by file: its own problems, then what does not fit with the others."""
    yield from found.settings.problems
    if not found.path.is_dir():
        return
    yield from (problem for problem in found.problems if not _is_of_cycles(problem, found))
    for name, indicator in found.indicators.items():
        yield from indicator.problems
        if indicator.value is not None:
            yield from located(indicator, check_indicator(name, indicator.value, known))
    for name, strategy in found.strategies.items():
        yield from strategy.problems
        if strategy.value is not None:
            yield from located(strategy, check_strategy(name, strategy.value))


def _cycle_problems(found: Folder, known: Known) -> Iterator[Problem]:
    yield from (problem for problem in found.problems if _is_of_cycles(problem, found))
    for protocol in found.protocols.values():
        yield from _protocol_problems(protocol, known)


def _protocol_problems(part: Part[Protocol], known: Known) -> Iterator[Problem]:
    yield from part.problems
    if part.value is not None:
        yield from located(part, check_protocol(part.value, known))


def _is_of_cycles(problem: Problem, found: Folder) -> bool:
    return Path(problem.where).parent == found.path / CYCLES
