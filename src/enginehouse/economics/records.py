"""Results of this room as plain JSON values and back; each names its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

from enginehouse.stats.results import Estimate, NotEstimable, estimated_from_record

_ESTIMATED = ("estimate", "not-estimable")


def to_plain(value: Any) -> Any:
    """Dataclasses become mappings with a `kind`, tuples lists; enums their value."""
    if isinstance(value, Estimate | NotEstimable):
        return value.to_record()
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__} | {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, StrEnum):
        return {"kind": type(value).__name__, "value": value.value}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(value: Any, kinds: Mapping[str, type]) -> Any:
    """Read back what `to_plain` wrote; `kinds` are the types that may occur, by name."""
    if isinstance(value, list):
        return tuple(from_plain(item, kinds) for item in value)
    if not isinstance(value, dict):
        return value
    if value["kind"] in _ESTIMATED:
        return estimated_from_record(value)
    return kinds[value["kind"]](**{name: from_plain(item, kinds) for name, item in value.items() if name != "kind"})
