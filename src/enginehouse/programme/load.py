"""The programme folder to one frozen object, or every problem of every file at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from enginehouse.core.errors import Problem, Problems
from enginehouse.programme.crosschecks import check_indicator, check_strategy, known_names, located
from enginehouse.programme.folder import Folder, read_folder
from enginehouse.programme.programme import Programme
from enginehouse.programme.protocol_checks import check_protocol

__all__ = ["Programme", "load_programme"]


def load_programme(folder: Path) -> Programme:
    """Read the programme in `folder`.

    Raises
    ------
    Problems
        Something is wrong in some file; every problem of every file is listed, with file, line and key.
    """
    found = read_folder(folder)
    problems = list(_problems(found))
    settings = found.settings.value
    if problems or settings is None:
        raise Problems(problems)
    return Programme(
        folder=folder,
        settings=settings,
        indicators={name: part.value for name, part in found.indicators.items() if part.value},
        strategies={name: part.value for name, part in found.strategies.items() if part.value},
        protocols={name: part.value for name, part in found.protocols.items() if part.value},
    )


def _problems(found: Folder) -> Iterator[Problem]:
    """File by file: its own problems, then what does not fit with the others."""
    known = known_names(found)
    yield from found.settings.problems
    if not found.path.is_dir():
        return
    yield from found.problems
    for name, indicator in found.indicators.items():
        yield from indicator.problems
        if indicator.value is not None:
            yield from located(indicator, check_indicator(name, indicator.value, known))
    for name, strategy in found.strategies.items():
        yield from strategy.problems
        if strategy.value is not None:
            yield from located(strategy, check_strategy(name, strategy.value))
    for protocol in found.protocols.values():
        yield from protocol.problems
        if protocol.value is not None:
            yield from located(protocol, check_protocol(protocol.value, known))
