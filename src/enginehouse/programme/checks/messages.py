"""What must hold in a message: its indicator, its actions, its placeholders, and the strategies that may carry it."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.checks.names import Fault, Known, add_indicator, same_id, unknown
from enginehouse.programme.message import Action, Message
from enginehouse.programme.message_fields import PLACEHOLDERS, placeholders_in
from enginehouse.programme.positions import Path
from enginehouse.programme.wording import did_you_mean, one_of

MOST_ACTIONS = 3
TEXTS = ("headline", "comparison", "why", "evidence", "guideline", "barriers", "balancing", "discussion")
"""The keys of a message whose texts may have placeholders, beside those of its actions."""


def check_message(name: str, message: Message, known: Known) -> Iterator[Fault]:
    yield from same_id(name, message.id)
    if message.indicator not in known.indicators:
        add = add_indicator(message.indicator)
        yield unknown(("indicator",), message.indicator, known.indicators, noun="indicator", add=add)
    if not 1 <= len(message.actions) <= MOST_ACTIONS:
        yield Fault(
            ("actions",),
            f"got {len(message.actions)}; expected 1 to {MOST_ACTIONS} actions.",
            "Keep those that matter most; nobody does ten things." if message.actions else "Say what can be done.",
        )
    for path, text in _texts(message):
        yield from _placeholders(path, text)
    yield from _components(message, known)


def _texts(message: Message) -> Iterator[tuple[Path, str]]:
    for key in TEXTS:
        yield (key,), getattr(message, key)
    for number, action in enumerate(message.actions):
        for key in Action.model_fields:
            yield ("actions", number, key), getattr(action, key)


def _placeholders(path: Path, text: str) -> Iterator[Fault]:
    try:
        names = list(placeholders_in(text))
    except ValueError:
        what = "a brace is not closed, or stands alone."
        yield Fault(path, what, "Write {value} for a placeholder, and {{ or }} for a brace itself.")
        return
    for name in names:
        if name not in PLACEHOLDERS:
            what = f"got the placeholder '{{{name}}}'; expected {one_of(PLACEHOLDERS)}."
            yield Fault(path, what, did_you_mean(name, PLACEHOLDERS))


def _components(message: Message, known: Known) -> Iterator[Fault]:
    """A component that no report has would keep the message out of every report."""
    if not message.components:
        what = "got none; without them nobody can say which arm may get this message."
        yield Fault(("components",), what, "Name the techniques, as the strategies do.")
    strategies = [known.strategy(name) for name in known.strategies]
    allowed = {component for s in strategies if s is not None and s.sends_report for component in s.components}
    if not allowed or any(strategy is None for strategy in strategies):
        return
    for number, name in enumerate(message.components):
        if name not in allowed:
            add = "Name it under components of the strategy that sends the report, or remove it."
            yield unknown(("components", number), name, allowed, noun="component", add=add)
