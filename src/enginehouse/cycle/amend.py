"""Step: change a locked protocol openly, before the freeze: what changed and why stay in the record and the dossier.

Where sites are allocated at random it takes two people, as registering does: the first one's call proposes, the second
one's amends.
"""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.core.errors import NotAllowed, UserError
from enginehouse.cycle.act import authorise, is_first, propose, record_act
from enginehouse.cycle.question import try_question
from enginehouse.cycle.register import changes_from, lockable, read_locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import ProtocolAmended
from enginehouse.programme.hashing import definition_hash
from enginehouse.programme.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Amended:
    """The event that locks the protocol again; `proposed` when this was the first of two people and nothing is yet."""

    event: ProtocolAmended
    proposed: bool = False


def amend(workspace: Workspace, cycle: str, *, by: Acting, reason: str, dry_run: bool = False) -> Amended:
    """Lock the cycle's protocol again, as its file stands now; of two people, the first one proposes it."""
    state = authorise(workspace, Act.AMEND, cycle, by)
    found = read_locked(workspace, cycle, state)
    changes = changes_from(workspace, cycle, found)
    if not changes:
        raise UserError("the files say what was registered.", where=cycle, remedy="There is nothing to amend.")
    if not reason.strip():
        raise UserError("no reason was given.", where="--amend", remedy="Say in a sentence why it is changed.")
    if state.is_allocated:
        _refuse_other_arms(found.protocol, workspace.protocol(cycle))
    try_question(workspace, cycle).refuse()
    content, definitions = lockable(workspace, cycle)
    event = ProtocolAmended(
        protocol=sha256_hex(content),
        protocol_hash=definition_hash(workspace.protocol(cycle)),
        definitions=sha256_hex(definitions),
        previous_hash=found.protocol_hash,
        changes=changes,
        reason=reason.strip(),
    )
    if is_first(workspace, Act.AMEND, event, state, cycle, by):
        propose(workspace, Act.AMEND, event, state, cycle, by=by, reason=event.reason, dry_run=dry_run)
        return Amended(event, proposed=True)
    if not dry_run:
        record_act(workspace, Act.AMEND, event, cycle=cycle, by=by, documents=(content, definitions))
    return Amended(event)


def _refuse_other_arms(locked: Protocol, now: Protocol) -> None:
    """What was drawn stays drawn: an amendment may change what an arm gets, and not which arms there are or how sites
    came into them.
    """
    same = {
        "arms": set(locked.arms) == set(now.arms),
        "design.type": locked.design.type is now.design.type,
        "allocation": locked.allocation == now.allocation,
    }
    differing = [name for name, unchanged in same.items() if not unchanged]
    if differing:
        raise NotAllowed(
            f"got other {', '.join(differing)} than those by which sites were allocated.",
            where=Act.AMEND,
            remedy="Put them back: the allocation is done once. Another comparison is a new cycle.",
        )
