"""Results of insight as plain JSON values, for `--json` and for documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np

from enginehouse.core.months import Month, Period
from enginehouse.stats.results import NotEstimable


def to_record(value: Any) -> Any:
    """`value` and all that it holds as dictionaries, lists, texts and numbers; months as `YYYY-MM`."""
    if isinstance(value, NotEstimable):
        return value.to_record()
    if isinstance(value, Month | Period):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if is_dataclass(value):
        return {field.name: to_record(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_record(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [to_record(part) for part in value]
    return value
