"""The report to one site as plain text for an e-mail: under 78 columns, its charts in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from functools import lru_cache

from enginehouse.reports.content import Figure
from enginehouse.reports.inline import plain
from enginehouse.reports.practice.page import Note, PracticePage, Step

COLUMNS = 76


def render_practice_text(page: PracticePage) -> bytes:
    """The page as UTF-8 bytes."""
    parts = [
        *([f"*** {page.banner} ***"] if page.banner else []),
        f"{page.site} – {page.role}\n{page.kind}. {page.issue}.",
        *_headline(page),
        *(_figure(figure) for figure in page.figures),
        *([_wrapped(page.gap.text)] if page.gap else []),
        page.actions_title.upper(),
        *(_step(number, step) for number, step in enumerate(page.actions, 1)),
        *(_note(note) for note in page.notes),
        _note(page.plan),
        "\n".join(f"{slot}: {'_' * (COLUMNS - len(slot) - 4)}" for slot in page.plan_slots),
        "-" * COLUMNS,
        *(_wrapped(f"{note.title} {note.text}") for note in page.foot),
    ]
    text = "\n\n".join("\n".join(_fitted(part)) for part in parts)
    return f"{text}\n".encode()


def _headline(page: PracticePage) -> list[str]:
    headline = _wrapped(page.headline)
    widest = max(len(line) for line in headline.splitlines())
    return [f"{headline}\n{'=' * widest}", *(_wrapped(text) for text in page.standing_words)]


def _figure(figure: Figure) -> str:
    return f"{figure.caption.upper()}\n{_wrapped(figure.alt)}"


def _note(note: Note) -> str:
    return f"{note.title.upper()}\n{_wrapped(note.text)}"


def _step(number: int, step: Step) -> str:
    mark = f"{number}. "
    return "\n".join(
        [
            _wrapped(step.text, first=mark, rest="   "),
            *(_wrapped(t, first="   ", rest="   ") for t in (step.who, step.search)),
        ]
    )


@lru_cache(maxsize=2048)  # much of it is said to every site
def _wrapped(text: str, *, first: str = "", rest: str = "") -> str:
    """Long addresses stay whole, since a broken one leads nowhere."""
    return textwrap.fill(
        plain(text),
        COLUMNS,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _fitted(part: str) -> Iterable[str]:
    """Lines of a part; one that is still too long (a site's name, a title) is broken at words."""
    for line in part.splitlines():
        if len(line) <= COLUMNS:
            yield line
        else:
            yield from textwrap.wrap(line, COLUMNS, break_long_words=False, break_on_hyphens=False)
