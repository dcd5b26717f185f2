"""Step: write a first protocol and contract of a weighed candidate, with comments where a person must decide.

Nothing is recorded: a draft is a file like any other until it is registered. What is in it is made in `drafting`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from enginehouse.core.errors import Problems, UserError, did_you_mean
from enginehouse.core.files import write_whole
from enginehouse.core.ids import check_slug
from enginehouse.cycle.drafting import (
    Draft,
    DraftOptions,
    check_options,
    contract_comments,
    drafted_contract,
    drafted_protocol,
    protocol_comments,
)
from enginehouse.cycle.weigh_priorities import candidates_of, last_priorities
from enginehouse.cycle.workspace import Workspace
from enginehouse.priorities.results import Priorities
from enginehouse.programme.checks.names import known_names, located
from enginehouse.programme.checks.protocol import check_protocol
from enginehouse.programme.folder import CONTRACT, CYCLES, PROTOCOL, Part, read_folder
from enginehouse.programme.positions import Path as Key
from enginehouse.programme.positions import read_yaml
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.read import to_yaml
from enginehouse.programme.spec import Spec

HEAD = "Drafted from the candidate '{candidate}', as weighed on {day}. Read every line; comments say what to decide."
CONTRACT_HEAD = "Agreed before anyone knows who gets what. The decision is held against it; the forecasts are scored."


@dataclass(frozen=True, slots=True)
class DraftedCycle:
    """The files that were written, and what is in the protocol."""

    protocol: Protocol
    protocol_file: Path
    contract_file: Path


def draft_protocol(
    workspace: Workspace, cycle: str, candidate: str, options: DraftOptions, *, dry_run: bool = False
) -> DraftedCycle:
    """Write `cycles/CYCLE/protocol.yaml` and `contract.yaml` from a weighed candidate; nothing is ever overwritten.

    Raises
    ------
    UserError
        The cycle is there already, the candidate was not weighed, or an option makes no sense.
    Problems
        The protocol would not fit the programme; every problem is listed, and nothing is written.
    """
    check_slug(cycle, where="cycle")
    check_options(options)
    files = tuple(workspace.programme.folder / CYCLES / cycle / name for name in (PROTOCOL, CONTRACT))
    _refuse_overwriting(workspace, cycle, files)
    draft = _draft(workspace, candidate, options)
    protocol, contract = drafted_protocol(draft), drafted_contract(draft)
    priorities = last_priorities(workspace)
    assert priorities is not None, "a candidate that was weighed is in a weighing"
    head = HEAD.format(candidate=candidate, day=priorities.as_of)
    text = with_comments(protocol, head, protocol_comments(draft))
    _check(workspace, cycle, text, protocol, files[0])
    if not dry_run:
        write_whole(files[0], text)
        write_whole(files[1], with_comments(contract, CONTRACT_HEAD, contract_comments()))
    return DraftedCycle(protocol, *files)


def with_comments(spec: Spec, head: str, comments: Iterable[tuple[Key, str]]) -> bytes:
    """The definition as a YAML file with a comment on top, and one above each of these keys."""
    lines = to_yaml(spec).splitlines()
    document = read_yaml("\n".join(lines).encode(), path="draft")
    above: dict[int, list[str]] = {}
    for key, comment in comments:
        number = document.line(key) - 1
        indent = " " * (len(lines[number]) - len(lines[number].lstrip()))
        above.setdefault(number, []).extend(f"{indent}# {line}" for line in comment.splitlines())
    told = [text for number, line in enumerate(lines) for text in (*above.get(number, ()), line)]
    return "\n".join([f"# {head}", *told, ""]).encode()


def _refuse_overwriting(workspace: Workspace, cycle: str, files: tuple[Path, ...]) -> None:
    there = [file for file in files if file.exists()]
    if there or cycle in workspace.cycles:
        where = str(there[0]) if there else cycle
        raise UserError(
            f"there is a cycle '{cycle}' already, and nothing is overwritten.",
            where=where,
            remedy="Choose another name, or remove the file yourself if it was never registered.",
        )


def _draft(workspace: Workspace, name: str, options: DraftOptions) -> Draft:
    candidates = candidates_of(workspace)
    known = {candidate.id: candidate for candidate in candidates.candidates}
    if name not in known:
        raise UserError(f"got candidate '{name}'.", where="--candidate", remedy=did_you_mean(name, known))
    priorities = last_priorities(workspace)
    if priorities is None or name not in _weighed(priorities):
        raise UserError(
            f"the candidate '{name}' was not weighed yet.",
            where="--candidate",
            remedy="Run: enginehouse priorities weigh.",
        )
    weighed = priorities.candidate(name)
    if weighed.worth is None:
        raise UserError(
            f"the candidate '{name}' cannot be weighed yet: {' '.join(weighed.missing) or weighed.sentence}",
            where="--candidate",
            remedy="Fill in what is missing and weigh it again: enginehouse priorities weigh.",
        )
    return Draft(workspace.programme, candidates, known[name], weighed, weighed.worth, options)


def _weighed(priorities: Priorities) -> set[str]:
    return {weighed.candidate for weighed in priorities.weighed}


def _check(workspace: Workspace, cycle: str, text: bytes, protocol: Protocol, file: Path) -> None:
    """Whether the programme would accept the file, found out before it is there."""
    document, found = read_yaml(text, path=str(file)), read_folder(workspace.programme.folder)
    folder = replace(found, protocols={**found.protocols, cycle: Part(document, protocol)})
    problems = tuple(located(document, check_protocol(cycle, protocol, known_names(folder))))
    if problems:
        raise Problems(problems)
