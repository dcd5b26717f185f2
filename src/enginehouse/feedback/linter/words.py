"""The words that the linter looks for, read from `words.yaml` as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from enginehouse.programme.enums import Recipient


@cache
def _raw() -> Mapping[str, Any]:
    found = yaml.safe_load((files("enginehouse.feedback") / "linter" / "words.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@cache
def pattern(name: str) -> re.Pattern[str]:
    """The words of one list, as one pattern of whole words."""
    return whole_words(_raw()[name])


@cache
def recipient_pattern(recipient: Recipient) -> re.Pattern[str]:
    """How an action names these people."""
    return whole_words(_raw()["recipients"][recipient.value])


@cache
def heading_parts() -> frozenset[str]:
    """Names of parts of a page that belong to its heading."""
    return frozenset(_raw()["heading"])


@cache
def exactly(words: tuple[str, ...]) -> re.Pattern[str]:
    """These words as they stand, whole; an empty list matches nothing."""
    return whole_words(re.escape(word) for word in words)


def whole_words(patterns: Iterable[str]) -> re.Pattern[str]:
    options = "|".join(f"(?:{each})" for each in patterns)
    return re.compile(rf"(?<![\w-])(?:{options})(?![\w-])" if options else r"(?!)", re.IGNORECASE)
