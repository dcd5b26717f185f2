"""What a cycle needs before it can send reports; and what a rehearsal, which sends nothing, cannot have."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.checks.names import Fault, Known
from enginehouse.programme.message import Message
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import FEWEST_WAVES

_IN_A_REHEARSAL: tuple[tuple[Path, str], ...] = (
    (("delivery",), "nothing is sent in a rehearsal"),
    (("approvals",), "a rehearsal asks nobody for leave, because nothing is done to any site"),
)


def check_reports(protocol: Protocol, known: Known) -> Iterator[Fault]:
    if not protocol.design.type.is_randomised:
        return
    if protocol.rehearsal:
        yield from _rehearsal(protocol)
        return
    senders = {arm: names for arm in protocol.arms if (names := _senders(arm, protocol, known))}
    if senders:
        yield from _settings(senders, protocol, known)
        for arm, names in senders.items():
            yield from _messages(arm, names, protocol, known)
    elif protocol.delivery is not None and not _is_unknown(protocol, known):
        what = "got a calendar of reports, but no arm has a strategy that sends one."
        yield Fault(("delivery",), what, "Write 'sends_report: true' in the strategy that does, or remove it.")


def _rehearsal(protocol: Protocol) -> Iterator[Fault]:
    for (key,), why in _IN_A_REHEARSAL:
        if getattr(protocol, str(key)):
            yield Fault((key,), f"got {key}, but {why}.", "Remove it, or remove rehearsal.")
    if protocol.analysis.engaged is not None:
        what = "got engaged, but in a rehearsal nobody receives anything: arms are made up and sites pseudonymous."
        yield Fault(("analysis", "engaged"), what, "Remove it, or remove rehearsal.")


def _senders(arm: str, protocol: Protocol, known: Known) -> list[str]:
    """The strategies of an arm that send reports."""
    found = {name: known.strategy(name) for name in protocol.arms[arm]}
    return [name for name, strategy in found.items() if strategy is not None and strategy.sends_report]


def _is_unknown(protocol: Protocol, known: Known) -> bool:
    """Whether a strategy is broken or missing, so that nobody knows whether it sends reports."""
    return any(known.strategy(name) is None for names in protocol.arms.values() for name in names)


def _settings(senders: dict[str, list[str]], protocol: Protocol, known: Known) -> Iterator[Fault]:
    arm, (name, *_) = next(iter(senders.items()))
    if protocol.delivery is None:
        what = f"is missing; the arm {arm} has the strategy '{name}', which sends reports."
        yield Fault(("delivery",), what, "Add how many waves, how far apart, and when the first is due.")
    elif protocol.delivery.waves < FEWEST_WAVES:
        what = f"got {protocol.delivery.waves}; feedback that is given once is soon forgotten, and the linter would "
        what += "let no report of it leave."
        yield Fault(("delivery", "waves"), what, f"Write {FEWEST_WAVES} or more, within the follow-up.")
    if known.settings is not None and known.settings.feedback is None:
        what = f"got '{name}', which sends reports, but programme.yaml has no section feedback."
        path = ("arms", arm, protocol.arms[arm].index(name))
        yield Fault(path, what, "Add it: who sends the reports, who signs them, and where to reply.")


def _messages(arm: str, names: list[str], protocol: Protocol, known: Known) -> Iterator[Fault]:
    """At least one message on the primary indicator that holds nothing which the arm may not get."""
    if known.messages is None or protocol.indicator not in known.indicators:
        return
    path = ("arms", arm, protocol.arms[arm].index(names[0]))
    about = [message for message in known.messages.values() if message.indicator == protocol.indicator]
    allowed = {component for name in names for component in _components(name, known)}
    if not about:
        what = f"got '{names[0]}', which sends reports, but no message is about '{protocol.indicator}'."
        yield Fault(path, what, "Write one in the folder messages.")
    elif not any(set(message.components) <= allowed for message in about):
        what = f"got '{names[0]}', but every message about '{protocol.indicator}' has components that it has not: "
        yield Fault(
            path, f"{what}{_beyond(about, allowed)}.", "Write a message without them, or add them to the strategy."
        )


def _components(name: str, known: Known) -> tuple[str, ...]:
    strategy = known.strategy(name)
    return () if strategy is None else strategy.components


def _beyond(messages: list[Message], allowed: set[str]) -> str:
    return ", ".join(sorted({part for message in messages for part in message.components if part not in allowed}))
