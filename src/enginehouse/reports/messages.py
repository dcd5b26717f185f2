"""The wording of documents, read from `messages/*.yaml` by key and filled by name.

A key is `file.section.name`. A missing key, a placeholder without a value, a value without a placeholder: each is a
defect and raises, so that no page ever shows a gap.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


class MessageDefect(KeyError):
    """A message is missing, or its placeholders and the values given differ."""

    def __str__(self) -> str:
        return str(self.args[0])


def say(key: str, **values: str | int) -> str:
    """The message `key` with its placeholders filled."""
    text = messages().get(key)
    if text is None:
        raise MessageDefect(f"there is no message '{key}'")
    wanted = placeholders(text)
    if wanted != set(values):
        differing = ", ".join(sorted(wanted ^ set(values)))
        raise MessageDefect(f"message '{key}' and the values given differ in: {differing}")
    return text.format(**values)


def has_message(key: str) -> bool:
    """Whether there is a message `key`."""
    return key in messages()


@cache
def messages() -> Mapping[str, str]:
    """Every message by its full key."""
    folder = files("enginehouse.reports") / "messages"
    found: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            found |= _flatten(file.name.removesuffix(".yaml"), yaml.safe_load(file.read_text(encoding="utf-8")))
    return found


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _flatten(prefix: str, node: Any) -> dict[str, str]:
    if isinstance(node, Mapping):
        parts = (_flatten(f"{prefix}.{name}", value) for name, value in node.items())
        return {key: text for part in parts for key, text in part.items()}
    if not isinstance(node, str):
        raise MessageDefect(f"message '{prefix}' is not text: {node!r}")
    return {prefix: " ".join(node.split())}
