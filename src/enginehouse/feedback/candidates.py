"""Messages that could be said to a site, with a score; and those that could not, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enginehouse.feedback.arms import ArmSpec
from enginehouse.feedback.claims import claims_in, says_average
from enginehouse.feedback.figures import percent
from enginehouse.feedback.fill import Site, filled_action, filled_message, placeholders_of
from enginehouse.feedback.signals import Signal, signal_of
from enginehouse.feedback.texts import say
from enginehouse.programme.message import Action, Message
from enginehouse.stats.results import NotEstimable

SAID_LAST = 0.5
SAID_BEFORE_LAST = 0.75
"""What is left of a message's score when the wave before, or the one before that, said it: repetition dulls."""
LEAST_SCORED_ROOM = 0.05
"""So that of several messages about noise the largest is still the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that an earlier wave of the cycle said to a site (`ReportContent.chosen.message`)."""

    wave: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A message that may be said: its texts filled, its signal, and its score.

    score = size x room x weight x history: the signal's size, the part of it beyond noise, the message's own weight,
    and what is left after earlier waves said the same.
    """

    message: Message
    signal: Signal
    texts: dict[str, str]
    actions: tuple[Action, ...]
    history: float
    last_said: int | None
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A message that may not be said, and why."""

    message: Message
    reason: str


def candidates_for(
    site: Site, messages: Iterable[Message], arm: ArmSpec, *, wave: int, said: Sequence[Said]
) -> tuple[list[Candidate], list[PassedOver]]:
    """Every message, either as a candidate or passed over."""
    found: list[Candidate] = []
    passed: list[PassedOver] = []
    for message in messages:
        judged = _judge(site, message, arm, wave, said)
        if isinstance(judged, Candidate):
            found.append(judged)
        else:
            passed.append(PassedOver(message=message, reason=judged))
    return found, passed


def may_stand_in(message: Message, arm: ArmSpec, indicator: str) -> bool:
    """Whether the message's background (why, evidence, actions) may be used where its headline may not."""
    return message.indicator == indicator and arm.components >= set(message.components)


def _judge(site: Site, message: Message, arm: ArmSpec, wave: int, said: Sequence[Said]) -> Candidate | str:
    name = message.id
    if message.indicator != site.indicator.id:
        return say("reason.indicator", message=name)
    extra = set(message.components) - arm.components
    if extra:
        return say("reason.components", message=name, components=", ".join(sorted(extra)))
    signal = signal_of(message.signal, site.facts, message.when)
    if signal is None:
        return say("reason.no_signal", message=name, signal=message.signal)
    return _unmet(site, message, signal) or _as_candidate(site, message, signal, wave, said)


def _unmet(site: Site, message: Message, signal: Signal) -> str:
    """The first condition of the message that does not hold; empty when all do."""
    when, gap = message.when, site.facts.gap
    if when.certain is not None and when.certain != signal.certain:
        key = "reason.uncertain" if when.certain else "reason.certain"
        return say(key, message=message.id, signal=message.signal)
    if when.gap_at_least is not None:
        share = 0.0 if isinstance(gap, NotEstimable) else gap.share
        if share < when.gap_at_least:
            return say("reason.small_gap", message=message.id, size=percent(share), least=percent(when.gap_at_least))
    if when.change_at_least is not None and abs(signal.change) < when.change_at_least:
        least = percent(when.change_at_least)
        return say("reason.small_change", message=message.id, size=percent(signal.change), least=least)
    return ""


def _as_candidate(site: Site, message: Message, signal: Signal, wave: int, said: Sequence[Said]) -> Candidate | str:
    months = message.when.months_of_trend
    values = placeholders_of(site, months=months)
    texts = filled_message(message, values)
    actions = [filled_action(action, values) for action in message.actions]
    if texts is None or None in actions:
        return say("reason.figures", message=message.id)
    refusal = _untrue(site, message, f"{texts['headline']} {texts['comparison']}")
    if refusal:
        return refusal
    history, last = _history(message.id, wave, said)
    return Candidate(
        message=message,
        signal=signal,
        texts=texts,
        actions=tuple(action for action in actions if action is not None),
        history=history,
        last_said=last,
        score=signal.size * max(signal.room, LEAST_SCORED_ROOM) * message.weight * history,
    )


def _untrue(site: Site, message: Message, text: str) -> str:
    """Why the filled words may not be said: a claim that the data do not bear out, or comfort where there is a gap."""
    standing = site.standing(message.when.months_of_trend)
    for claim in claims_in(text, standing):
        if not claim.holds or not claim.certain:
            return say("reason.claim", message=message.id, phrase=claim.phrase)
    if falls_short(site) and says_average(text, standing):
        return say("reason.average", message=message.id)
    return ""


def falls_short(site: Site) -> bool:
    """Whether the site is short of the target, certainly or by its figure alone."""
    return not isinstance(site.facts.gap, NotEstimable) and not site.facts.gap.reached


def _history(message: str, wave: int, said: Sequence[Said]) -> tuple[float, int | None]:
    """What is left of the score, and the last wave that said it."""
    waves = [entry.wave for entry in said if entry.message == message and entry.wave < wave]
    left = 1.0
    for number in waves:
        left *= {1: SAID_LAST, 2: SAID_BEFORE_LAST}.get(wave - number, 1.0)
    return left, max(waves, default=None)
