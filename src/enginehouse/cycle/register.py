"""Step: lock a protocol with the definitions it uses, before its analysis can be run."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.core.errors import NotAllowed
from enginehouse.core.months import Month
from enginehouse.cycle.act import authorise, is_first, propose, record_act
from enginehouse.cycle.definitions import (
    definitions_document,
    indicators_from_document,
    indicators_of,
    strategies_from_document,
    strategies_of,
)
from enginehouse.cycle.question import TriedQuestion, try_question
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.policies import next_acts
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import CycleRegistered
from enginehouse.programme.diff import diff
from enginehouse.programme.hashing import definition_bytes, definition_hash
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.read import protocol_from_json
from enginehouse.programme.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Locked:
    """What was registered, read back from the record."""

    protocol: Protocol
    protocol_hash: str
    indicators: dict[str, Indicator]
    strategies: dict[str, Strategy]


@dataclass(frozen=True, slots=True)
class Registered:
    """The event that locks the protocol, and what came of holding its question against the data.

    `proposed` when two people are needed and this was the first: nothing is locked until a second one registers it.
    """

    event: CycleRegistered
    tried: TriedQuestion
    proposed: bool = False


def register(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> Registered:
    """Lock the cycle's protocol as its file stands now; refuse one that the loaded data could never answer.

    Where sites are allocated at random it takes two people: the first one's call proposes, the second one's locks.
    """
    state = authorise(workspace, Act.REGISTER, cycle, by)
    protocol = workspace.protocol(cycle)
    tried = try_question(workspace, cycle)
    tried.refuse()
    content, definitions = lockable(workspace, cycle)
    event = CycleRegistered(
        protocol=sha256_hex(content),
        protocol_hash=definition_hash(protocol),
        definitions=sha256_hex(definitions),
        retrospective=Month.of(by.on) >= protocol.design.starts,
        prior_knowledge=protocol.prior_knowledge,
    )
    if is_first(workspace, Act.REGISTER, event, state, cycle, by):
        propose(workspace, Act.REGISTER, event, state, cycle, by=by, dry_run=dry_run)
        return Registered(event, tried, proposed=True)
    if not dry_run:
        record_act(workspace, Act.REGISTER, event, cycle=cycle, by=by, documents=(content, definitions))
    return Registered(event, tried)


def lockable(workspace: Workspace, cycle: str) -> tuple[bytes, bytes]:
    """The protocol as its file stands now, and the definitions that it uses, as documents."""
    protocol = workspace.protocol(cycle)
    definitions = definitions_document(workspace.programme, indicators_of(protocol), strategies_of(protocol))
    return definition_bytes(protocol), definitions


def locked(workspace: Workspace, cycle: str, state: CycleState) -> Locked:
    """The locked protocol and definitions; refuses when the files no longer say the same.

    Raises
    ------
    NotAllowed
        Nothing is locked, or a file was changed afterwards; the changes are listed.
    """
    found = read_locked(workspace, cycle, state)
    changes = changes_from(workspace, cycle, found)
    if changes:
        raise NotAllowed(
            "the files no longer say what was registered:\n    " + "\n    ".join(changes),
            where=f"{workspace.programme.folder}/cycles/{cycle}/protocol.yaml",
            remedy="\n  Put back what was registered; " + _way_out(workspace, cycle, state),
        )
    return found


def _way_out(workspace: Workspace, cycle: str, state: CycleState) -> str:
    if Act.AMEND in next_acts(state, design=workspace.protocol(cycle).design.type):
        return f"or change it openly: enginehouse register {cycle} --amend 'the reason'."
    return "a different question is a new cycle."


def read_locked(workspace: Workspace, cycle: str, state: CycleState) -> Locked:
    """What the record says was locked, whatever the files say now."""
    if state.protocol is None or state.protocol_hash is None or state.definitions is None:
        raise NotAllowed("no protocol is locked.", where=cycle, remedy=f"Run: enginehouse register {cycle}.")
    documents = workspace.record.documents
    definitions = documents.get(state.definitions)
    return Locked(
        protocol=protocol_from_json(documents.get(state.protocol)),
        protocol_hash=state.protocol_hash,
        indicators=dict(indicators_from_document(definitions)),
        strategies=dict(strategies_from_document(definitions)),
    )


def changes_since_lock(workspace: Workspace, cycle: str) -> tuple[str, ...]:
    """What the files say now that differs from what was locked, a line each."""
    workspace.protocol(cycle)
    return changes_from(workspace, cycle, read_locked(workspace, cycle, workspace.state(cycle)))


def changes_from(workspace: Workspace, cycle: str, found: Locked) -> tuple[str, ...]:
    """The same, against what was read from the record before."""
    changes = [str(change) for change in diff(found.protocol, workspace.protocol(cycle))]
    for kind, then, now in (
        ("indicator", found.indicators, workspace.programme.indicators),
        ("strategy", found.strategies, workspace.programme.strategies),
    ):
        for name, spec in then.items():
            if name not in now:
                changes.append(f"{kind} {name}: removed")
            else:
                changes += [f"{kind} {name}, {change}" for change in diff(spec, now[name])]
    return tuple(changes)
