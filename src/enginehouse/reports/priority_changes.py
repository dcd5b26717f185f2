"""What became of each candidate between two weighings, and which inputs differ."""

from __future__ import annotations

from collections.abc import Sequence

from enginehouse.priorities.results import PriorityChange
from enginehouse.programme.enums import Priority
from enginehouse.reports.content import Block, DataTable, Paragraph, Section
from enginehouse.reports.effects import page_words
from enginehouse.reports.messages import say


def changes_section(changes: Sequence[PriorityChange]) -> Section:
    """Answers before and now with the reason; then the inputs that differ, candidate by candidate."""
    blocks: list[Block] = []
    if not any(change.changed for change in changes):
        blocks.append(Paragraph(text=_say("changes_none")))
    blocks.append(
        DataTable(
            caption=_say("changed_table"),
            header=tuple(_say(f"{name}_header") for name in ("candidate", "before", "after", "why")),
            rows=tuple(_row(change) for change in sorted(changes, key=lambda change: not change.changed)),
        )
    )
    blocks += [_inputs(change) for change in changes if change.inputs]
    return Section(id="changes", title=_say("changes"), blocks=tuple(blocks))


def _row(change: PriorityChange) -> tuple[str, ...]:
    after = _answer(change.after)
    return (
        change.title,
        _answer(change.before),
        f"**{after}**" if change.changed else after,
        page_words(change.sentence),
    )


def _answer(answer: Priority | None) -> str:
    return _say("absent") if answer is None else _say(f"answer.{answer.value}")


def _inputs(change: PriorityChange) -> DataTable:
    return DataTable(
        caption=_say("inputs_table", candidate=change.title),
        header=tuple(_say(f"{name}_header") for name in ("kind", "what", "was", "is")),
        rows=tuple(
            (_say(f"input_kind.{i.kind.value}"), page_words(i.what), page_words(i.before), page_words(i.after))
            for i in change.inputs
        ),
        numeric=frozenset({2, 3}),
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"priorities.{key}", **values)
