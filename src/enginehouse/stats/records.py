"""Results of any room as plain JSON values and back, driven by the types of their fields.

Floats are allowed here: a result lives in a document, not in an event. Which fields a result has is its own business.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin, get_type_hints

import numpy as np

from enginehouse.core.months import Month, Period
from enginehouse.stats.results import Estimate, NotEstimable, estimated_from_record


def to_plain(value: Any) -> Any:
    """The JSON value of a result, a tuple, a mapping or a primitive.

    Raises
    ------
    ValueError
        A number is not finite: an answer that does not exist must be `NotEstimable` or None.
    """
    if isinstance(value, Estimate | NotEstimable):
        return value.to_record()
    if isinstance(value, Month | Period):
        return str(value)
    if isinstance(value, np.ndarray | np.generic):
        return to_plain(value.tolist())
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a result that is not finite cannot be recorded")
    return value


def from_plain(expected: Any, value: Any) -> Any:
    """Read back what `to_plain` wrote, as the type that is expected there."""
    if isinstance(expected, TypeAliasType):
        return from_plain(expected.__value__, value)
    origin, arguments = get_origin(expected), get_args(expected)
    if origin in (Union, types.UnionType):
        return _from_union(arguments, value)
    if origin is tuple:
        return tuple(from_plain(arguments[0], item) for item in value)
    if origin is Literal:
        return value
    if origin is not None and issubclass(origin, Mapping):
        return {key: from_plain(arguments[1], item) for key, item in value.items()}
    if expected is Month:
        return Month.parse(value)
    if expected in (Estimate, NotEstimable):
        return estimated_from_record(value)
    if is_dataclass(expected) and isinstance(expected, type):
        hints = _hints(expected)
        return expected(**{name: from_plain(hints[name], item) for name, item in value.items()})
    if isinstance(expected, type) and issubclass(expected, Enum):
        return expected(value)
    return float(value) if expected is float else value


def _from_union(options: tuple[Any, ...], value: Any) -> Any:
    """The one option that the value fits: none, an answer of the estimator's two kinds, or the type beside them."""
    if value is None:
        return None
    if isinstance(value, dict) and value.get("kind") in ("estimate", "not-estimable"):
        return estimated_from_record(value)
    beside = [option for option in options if option not in (types.NoneType, Estimate, NotEstimable)]
    return from_plain(beside[0], value)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)
