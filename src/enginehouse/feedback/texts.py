"""The words that are not in a programme's messages: read from `texts.yaml` by key and filled by name.

A missing key, a placeholder without a value or a value without a placeholder is a defect and raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

import yaml


def say(key: str, **values: str | int) -> str:
    """The text `key` with its placeholders filled."""
    text, wanted = texts()[key]
    if wanted != values.keys():
        raise KeyError(f"{key}: {sorted(wanted ^ values.keys())}")
    return text.format_map(values)


def has_text(key: str) -> bool:
    """Whether there is a text `key`."""
    return key in texts()


@cache
def texts() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Every text by its full key, with the names in its braces."""
    found: dict[str, str] = {}
    for name in ("texts.yaml", "linter/texts.yaml"):
        found |= _flatten("", yaml.safe_load((files("enginehouse.feedback") / name).read_text(encoding="utf-8")))
    return {key: (text, _names(text)) for key, text in found.items()}


def _names(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _flatten(prefix: str, node: Any) -> dict[str, str]:
    if isinstance(node, Mapping):
        parts = (_flatten(f"{prefix}.{name}" if prefix else str(name), value) for name, value in node.items())
        return {key: text for part in parts for key, text in part.items()}
    return {prefix: str(node)}
