"""`Lack`: one thing that stands in the way of an act, and what to do about it. All of them are told together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from enginehouse.core.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Lack:
    """What is missing or in the way, as a sentence, and the remedy, as another."""

    what: str
    remedy: str


def refuse_lacks(lacks: Iterable[Lack], *, where: str) -> None:
    """Raise `NotAllowed` with everything that is lacking; pass when nothing is."""
    found = tuple(dict.fromkeys(lacks))
    if found:
        raise NotAllowed(
            " ".join(lack.what for lack in found),
            where=where,
            remedy=" ".join(dict.fromkeys(lack.remedy for lack in found)),
        )
