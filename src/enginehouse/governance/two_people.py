"""Acts that take two people, and how they come together on the same thing.

Three ways lead there: one person **proposes** what another does (registering a trial, amending it); one **prepares**
what another draws or releases (the allocation, a wave); one **evaluates** what another decides on. People are told
apart by their ids, whichever way the record came to know them.
"""

from __future__ import annotations

from collections.abc import Mapping

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.commands import command
from enginehouse.governance.permissions import PERMISSIONS, HasRoles, check_permission, role_words
from enginehouse.governance.recorded import person_of
from enginehouse.governance.stages import RANDOMISED, Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger import events
from enginehouse.ledger.canonical import canonical_json, sha256_hex
from enginehouse.programme.enums import DesignType

TWO_PEOPLE: Mapping[Act, frozenset[DesignType]] = {
    Act.REGISTER: RANDOMISED,
    Act.AMEND: RANDOMISED,
    Act.ALLOCATE: RANDOMISED,
    Act.APPROVE_WAVE: RANDOMISED,
}
"""Acts that take two people, and in which designs."""

PROPOSABLE = frozenset({Act.REGISTER, Act.AMEND, Act.ALLOCATE})
"""Acts of two people that one of them may propose."""

SECOND_PERSON: Mapping[Act, Act] = {
    Act.DECIDE: Act.EVALUATE,
    Act.ALLOCATE: Act.PREPARE_ALLOCATION,
    Act.APPROVE_WAVE: Act.PREPARE_WAVE,
}
"""Acts that follow the act of another person: who did the act on the right may not do the one on the left alone."""

_SUBJECTS: Mapping[type[events.Payload], tuple[str, ...]] = {
    events.CycleRegistered: ("protocol_hash", "definitions"),
    events.ProtocolAmended: ("protocol_hash", "definitions"),
    events.SitesAllocated: ("plan", "seed_commitment"),
    events.WaveApproved: ("manifest",),
}
"""What two people agree on: these fields of the event."""


def subject_of(payload: events.Payload) -> str | None:
    """The SHA-256 of what two people have to agree on before this event; `None` where one person is enough."""
    names = _SUBJECTS.get(type(payload))
    return None if names is None else subject(*(getattr(payload, name) for name in names))


def subject(*parts: str) -> str:
    """One SHA-256 for all parts: of a protocol `protocol_hash, definitions`; of a draw `plan, seed_commitment`."""
    return parts[0] if len(parts) == 1 else sha256_hex(canonical_json(list(parts)))


def takes_two(act: Act, design: DesignType) -> bool:
    """Whether the act takes two people in this design."""
    return design in TWO_PEOPLE.get(act, frozenset())


def is_first_of_two(state: CycleState, act: Act, actor: str, subject: str, *, design: DesignType) -> bool:
    """Whether all that this person can do now is to propose the act, since nobody else stands by the subject yet."""
    if act not in PROPOSABLE or not takes_two(act, design):
        return False
    return not _others(state, act, actor, subject)


def check_proposal(state: CycleState, act: Act, person: HasRoles, subject: str, *, design: DesignType) -> None:
    """Refuse to propose an act that takes no proposal, is not the person's, or is proposed already as it stands."""
    if act not in PROPOSABLE or not takes_two(act, design):
        raise NotAllowed(
            f"to {act.words} in a {design} design takes no proposal.", where=Act.PROPOSE, remedy="Do it straight away."
        )
    check_permission(act, person)
    proposal = state.proposal(act)
    if proposal is None or proposal.subject != subject:
        return
    own = person_of(proposal.actor) == person.id
    raise NotAllowed(
        f"'{person_of(proposal.actor)}' proposed to {act.words} this already, on {proposal.effective_on}.",
        where=Act.PROPOSE,
        remedy=_second(act) if own else "Do not propose it again: do it, as the second person.",
    )


def check_second_person(
    state: CycleState, act: Act, actor: str, subject: str | None = None, *, design: DesignType | None = None
) -> None:
    """Refuse one person the act of two. Without a `design` the act is taken to be one of two people.

    Raises
    ------
    NotAllowed
        The same person did the first part, nobody did, or what was proposed has changed since.
    """
    if act in TWO_PEOPLE:
        if design is None or takes_two(act, design):
            _check_agreed(state, act, actor, subject)
        return
    first = SECOND_PERSON.get(act)
    done = state.last(first) if first else None
    if done is not None and person_of(done.actor) == person_of(actor):
        raise NotAllowed(
            f"'{person_of(actor)}' did {done.act.words} this cycle and so may not {act.words} it.",
            where=act,
            remedy="This act takes a second person, with an id of their own.",
        )


def _check_agreed(state: CycleState, act: Act, actor: str, subject: str | None) -> None:
    if subject is None:
        raise ValueError(f"{act} takes two people: say on what they agree")
    if _others(state, act, actor, subject):
        return
    person, preparer, proposal = person_of(actor), _preparer(state, act, subject), state.proposal(act)
    if preparer == person:
        what = f"'{person}' did {SECOND_PERSON[act].words} and so may not {act.words} as well."
        raise NotAllowed(what, where=act, remedy=_second(act))
    if proposal is None:
        what = f"to {act.words} takes two people, and nobody has {_FIRST[act]} this."
        raise NotAllowed(what, where=act, remedy=_FIRST_REMEDY[act])
    who = f"'{person_of(proposal.actor)}'"
    if proposal.subject != subject:
        raise NotAllowed(
            f"the proposal of {who} of {proposal.effective_on} is void: it was for {proposal.subject[:12]}, and it "
            f"would be {subject[:12]} now. It changed since.",
            where=act,
            remedy=_FIRST_REMEDY[act],
        )
    raise NotAllowed(
        f"{who} proposed to {act.words} this on {proposal.effective_on} and so may not do it as well.",
        where=act,
        remedy=_second(act),
    )


_FIRST = {
    Act.REGISTER: "proposed",
    Act.AMEND: "proposed",
    Act.ALLOCATE: "prepared or proposed",
    Act.APPROVE_WAVE: "prepared",
}
_FIRST_REMEDY = {
    Act.REGISTER: f"One person proposes it as it stands now, then a second person registers it: both type "
    f"{command(Act.REGISTER)}.",
    Act.AMEND: f"One person proposes it as it stands now, then a second person agrees: both type {command(Act.AMEND)}.",
    Act.ALLOCATE: f"One person prepares it as it stands now ({command(Act.PREPARE_ALLOCATION)}), then a second person "
    "draws.",
    Act.APPROVE_WAVE: f"One person prepares the wave as it stands now ({command(Act.PREPARE_WAVE)}), then a second "
    "person approves it.",
}


def _others(state: CycleState, act: Act, actor: str, subject: str) -> frozenset[str]:
    """Who else stands by this subject: who prepared it, or proposed it.

    An approval of what one prepared oneself is none, whoever proposes it: waves take no proposal.
    """
    proposal = state.proposal(act) if act in PROPOSABLE else None
    stand = {person_of(proposal.actor)} if proposal is not None and proposal.subject == subject else set()
    preparer = _preparer(state, act, subject)
    return frozenset(stand | ({preparer} if preparer else set())) - {person_of(actor)}


def _preparer(state: CycleState, act: Act, wanted: str) -> str | None:
    """Who prepared exactly this, if the act is one that follows a preparation."""
    prepared = state.prepared
    if act is Act.ALLOCATE and prepared is not None and subject(prepared.plan, prepared.seed_commitment) == wanted:
        return person_of(prepared.actor)
    if act is Act.APPROVE_WAVE:
        return next((person_of(wave.prepared_by) for wave in state.waves if wave.manifest == wanted), None)
    return None


def _second(act: Act) -> str:
    return f"It takes a second person ({role_words(PERMISSIONS[act])}), with an id of their own: {command(act)}."
