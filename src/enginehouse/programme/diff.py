"""What changed between two versions of a definition or of a whole folder, by meaning: comments, key order and spelling
are no change.

Two versions without a change have the same hash, and two with one have not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from enginehouse.programme.hashing import decimal_text
from enginehouse.programme.positions import Path, dotted_key
from enginehouse.programme.programme import Programme
from enginehouse.programme.spec import Spec

# Entries of a list are known by the first of these keys that they have, so that inserting one is one change.
_NAMES = ("name", "id", "person", "text", "label", "indicator")


@dataclass(frozen=True, slots=True)
class Change:
    """One key whose meaning changed. `before` or `after` is `None` where the key was not there."""

    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.path}: added {self.after}"
        if self.after is None:
            return f"{self.path}: removed (it was {self.before})"
        return f"{self.path}: was {self.before}, is now {self.after}"


def diff(old: Spec, new: Spec) -> tuple[Change, ...]:
    """Every change of meaning from `old` to `new`, in the order of the model's keys."""
    return tuple(_changes(_values(old), _values(new), ()))


def programme_changes(old: Programme, new: Programme) -> Iterator[str]:
    """Every change between two versions of a folder, each with the kind and name of its definition in front."""
    for kind, before, after in zip(_KINDS, _definitions(old), _definitions(new), strict=True):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _definition_changes(f"{kind} {name}".strip(), before.get(name), after.get(name))


_KINDS = ("programme", "indicator", "strategy", "message", "study", "candidates", "protocol", "contract")


def _definitions(programme: Programme) -> tuple[Mapping[str, Spec], ...]:
    """The definitions of each kind by name, in the order of `_KINDS`; what there is only one of has no name."""
    return (
        {"": programme.settings},
        programme.indicators,
        programme.strategies,
        programme.messages,
        {study.id: study for study in programme.studies},
        {"": programme.candidates} if programme.candidates is not None else {},
        programme.protocols,
        programme.contracts,
    )


def _definition_changes(title: str, before: Spec | None, after: Spec | None) -> Iterator[str]:
    if before is None or after is None:
        yield f"{title}: {'added' if before is None else 'removed'}"
        return
    yield from (f"{title}, {change}" for change in diff(before, after))


def _values(spec: Spec) -> dict[str, Any]:
    return spec.model_dump(mode="json", by_alias=True)


_ABSENT = object()


def _changes(before: Any, after: Any, path: Path) -> Iterator[Change]:
    if before == after and before is not _ABSENT:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _changes(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, key))
    elif _names(before) and _names(after):
        yield from _list_changes(before, after, path)
    else:
        yield Change(dotted_key(path), _words(before), _words(after))


def _names(value: Any) -> list[str] | None:
    """What the entries of a list of parts are called, if each has a name of its own."""
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        return None
    key = next((key for key in _NAMES if all(entry.get(key) is not None for entry in value)), None)
    names = [str(entry[key]) for entry in value] if key else []
    return names if len(set(names)) == len(value) else None


def _list_changes(before: list[Any], after: list[Any], path: Path) -> Iterator[Change]:
    old, new = _names(before) or [], _names(after) or []
    was, now = dict(zip(old, before, strict=True)), dict(zip(new, after, strict=True))
    for name in [*old, *(name for name in new if name not in was)]:
        inside = f"{dotted_key(path)} '{_short(name)}'"
        yield from _changes(was.get(name, _ABSENT), now.get(name, _ABSENT), (inside,))
    kept = [name for name in old if name in now]
    if kept != [name for name in new if name in was]:
        yield Change(f"{dotted_key(path)} (order)", _listed(old), _listed(new))


def _words(value: Any) -> str | None:
    """A value as a reader of the file would write it."""
    if value is _ABSENT:
        return None
    if value is None or value in ([], {}, ""):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return decimal_text(value)
    if isinstance(value, list):
        return _listed([_words(entry) or "nothing" for entry in value])
    if isinstance(value, dict):
        return "; ".join(f"{key} {_words(entry)}" for key, entry in value.items() if entry not in (None, [], {}, ""))
    return f"'{value}'" if " " in str(value) else str(value)


def _listed(names: list[str]) -> str:
    return ", ".join(names)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
