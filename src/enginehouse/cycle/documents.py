"""The documents of a cycle, by the names that its state holds."""

from __future__ import annotations

from enginehouse.core.errors import IntegrityError


def named(document: str | None) -> str:
    """A document's name from the state, where the stage says that there must be one."""
    if document is None:
        raise IntegrityError(
            "the record names no such document for this cycle.", remedy="Run: enginehouse ledger verify."
        )
    return document
