"""Chooses one message for a site among the candidates, with its reason, and why each of the others was passed over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enginehouse.feedback.arms import ArmSpec
from enginehouse.feedback.candidates import Candidate, Said, candidates_for
from enginehouse.feedback.content import Chosen
from enginehouse.feedback.figures import number, percent
from enginehouse.feedback.fill import Site
from enginehouse.feedback.texts import say
from enginehouse.programme.message import Message
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The chosen candidate (absent where no message may be said), and the record of the choice."""

    candidate: Candidate | None
    record: Chosen


def choose(site: Site, messages: Iterable[Message], arm: ArmSpec, *, wave: int, said: Sequence[Said]) -> Choice:
    """The candidate with the highest score; of equal ones the first by name."""
    found, passed = candidates_for(site, sorted(messages, key=lambda m: m.id), arm, wave=wave, said=said)
    ranked = sorted(found, key=lambda candidate: (-candidate.score, candidate.message.id))
    others = (*(_lost(candidate) for candidate in ranked[1:]), *(entry.reason for entry in passed))
    if not ranked:
        reason = say("reason.cannot" if isinstance(site.facts.now, NotEstimable) else "reason.plain")
        return Choice(candidate=None, record=Chosen(message="", signal=None, reason=reason, others=others))
    first = ranked[0]
    record = Chosen(message=first.message.id, signal=first.signal.kind, reason=_won(first), others=others)
    return Choice(candidate=first, record=record)


def _won(chosen: Candidate) -> str:
    history = say("reason.history_none")
    if chosen.last_said is not None:
        history = say("reason.history", wave=chosen.last_said)
    return say(
        "reason.chosen",
        signal=chosen.signal.kind.value.capitalize(),
        size=percent(chosen.signal.size),
        room=percent(chosen.signal.room),
        weight=f"{chosen.message.weight:g}",
        history=history,
        score=number(chosen.score, 4),
    )


def _lost(candidate: Candidate) -> str:
    return say(
        "reason.passed",
        message=candidate.message.id,
        score=number(candidate.score, 4),
        signal=candidate.signal.kind,
        size=percent(candidate.signal.size),
    )
