"""Priorities as a document: each candidate with its answer and reason, and what changed since last time and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enginehouse.priorities.results import Priorities, PriorityChange
from enginehouse.reports.content import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideFact:
    """Someone decided otherwise than the rule. `on` is YYYY-MM-DD; `computed` and `chosen` are answers."""

    candidate: str
    computed: str
    chosen: str
    reason: str
    by: str
    on: str


def priorities_document(
    priorities: Priorities,
    *,
    programme: str,
    changes: Sequence[PriorityChange] = (),
    overrides: Sequence[OverrideFact] = (),
    synthetic: bool = False,
    pages: Mapping[str, str] | None = None,
) -> Document:
    """The page of one weighing; `changes` are those since the weighing before it."""
    raise NotImplementedError
