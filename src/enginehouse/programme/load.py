"""The programme folder to one frozen object, or every problem of every file at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from enginehouse.core.errors import Problem, Problems
from enginehouse.programme.checks.candidates import check_candidates
from enginehouse.programme.checks.contract import check_contract
from enginehouse.programme.checks.definitions import check_indicator, check_settings, check_strategy
from enginehouse.programme.checks.messages import check_message
from enginehouse.programme.checks.names import Known, known_names, located
from enginehouse.programme.checks.protocol import check_protocol
from enginehouse.programme.checks.studies import check_evidence
from enginehouse.programme.folder import Folder, read_folder
from enginehouse.programme.misplaced import misplaced, misplaced_in_cycles
from enginehouse.programme.programme import Programme

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
    return _programme(found, problems, found.protocols, found.contracts)


def load_definitions(folder: Path) -> Programme:
    """Read everything but the cycles; a protocol or contract that has problems is left out and not reported.

    For what needs no protocol (loading data, building indicators, looking at variation, weighing candidates), so that
    an unfinished one stops nothing.

    Raises
    ------
    Problems
        Something is wrong in a definition that belongs to no cycle.
    """
    found = read_folder(folder)
    known = known_names(found)
    protocols = [name for name in found.protocols if not any(_protocol_problems(name, known))]
    contracts = [name for name in found.contracts if name in protocols and not any(_contract_problems(name, known))]
    return _programme(found, list(_definition_problems(found, known)), protocols, contracts)


def _programme(
    found: Folder, problems: list[Problem], protocols: Collection[str], contracts: Collection[str]
) -> Programme:
    settings = found.settings.value
    if problems or settings is None:
        raise Problems(problems)
    return Programme(
        folder=found.path,
        settings=settings,
        indicators={name: part.value for name, part in found.indicators.items() if part.value},
        strategies={name: part.value for name, part in found.strategies.items() if part.value},
        protocols={name: part.value for name, part in found.protocols.items() if part.value and name in protocols},
        messages={name: part.value for name, part in found.messages.items() if part.value},
        studies=tuple(row.value for table in found.evidence.values() for row in table.rows if row.value),
        candidates=found.candidates.value if found.candidates else None,
        contracts={name: part.value for name, part in found.contracts.items() if part.value and name in contracts},
    )


def _definition_problems(found: Folder, known: Known) -> Iterator[Problem]:
    """File by file: its own problems, then what does not fit with the others."""
    yield from found.settings.problems
    if not found.path.is_dir():
        return
    yield from misplaced(found.path)
    if found.settings.value is not None:
        yield from located(found.settings.document, check_settings(found.settings.value, known))
    for name, indicator in found.indicators.items():
        yield from indicator.problems
        if indicator.value is not None:
            yield from located(indicator.document, check_indicator(name, indicator.value, known))
    for name, strategy in found.strategies.items():
        yield from strategy.problems
        if strategy.value is not None:
            yield from located(strategy.document, check_strategy(name, strategy.value))
    yield from _library_problems(found, known)


def _library_problems(found: Folder, known: Known) -> Iterator[Problem]:
    """What may be said, what has been studied, and what might be done."""
    for name, message in found.messages.items():
        yield from message.problems
        if message.value is not None:
            yield from located(message.document, check_message(name, message.value, known))
    yield from check_evidence(known)
    if found.candidates is not None:
        yield from found.candidates.problems
        if found.candidates.value is not None:
            yield from located(found.candidates.document, check_candidates(found.candidates.value, known))


def _cycle_problems(found: Folder, known: Known) -> Iterator[Problem]:
    yield from misplaced_in_cycles(found.path)
    for name in found.protocols:
        yield from _protocol_problems(name, known)
        yield from _contract_problems(name, known)


def _protocol_problems(name: str, known: Known) -> Iterator[Problem]:
    part = known.folder.protocols[name]
    yield from part.problems
    if part.value is not None:
        yield from located(part.document, check_protocol(name, part.value, known))


def _contract_problems(name: str, known: Known) -> Iterator[Problem]:
    part = known.folder.contracts.get(name)
    if part is None:
        return
    yield from part.problems
    if part.value is not None:
        protocol = known.folder.protocols[name].value
        yield from located(part.document, check_contract(part.value, protocol, known))
