"""Running text of a report cut into strong parts, links and the rest, once for HTML and PDF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from enginehouse.reports.inline import runs as strong_runs

_LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:)]|[\w.+-]+@[\w-]+\.[\w.-]*\w")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text; `href` is where a link leads."""

    kind: Literal["text", "strong", "link"]
    text: str
    href: str = ""


def rich_runs(text: str) -> tuple[Run, ...]:
    """`text` cut at its marks of strength, web addresses and addresses of mail."""
    if "**" not in text and "://" not in text and "@" not in text:
        return (Run("text", text),) if text else ()
    return tuple(run for part in strong_runs(text) for run in _cut(part.text, strong=part.strong))


def _cut(text: str, *, strong: bool) -> Iterator[Run]:
    if strong:
        yield Run("strong", text)
        return
    start = 0
    for found in _LINK.finditer(text):
        if found.start() > start:
            yield Run("text", text[start : found.start()])
        address = found[0]
        yield Run("link", address, address if "://" in address else f"mailto:{address}")
        start = found.end()
    if start < len(text):
        yield Run("text", text[start:])
