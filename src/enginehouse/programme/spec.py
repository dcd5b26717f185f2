"""The base of every type that is read from a file: frozen, strict, and closed to keys it does not know."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from enginehouse.core.ids import check_slug
from enginehouse.core.months import Month

SPEC_VERSION = 1


class Spec(BaseModel):
    """A part of a definition file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


def _month(value: Any) -> Any:
    return Month.parse(value) if isinstance(value, str) else value


MonthField = Annotated[
    Month,
    BeforeValidator(_month),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$", "examples": ["2016-04"]}),
]
Slug = Annotated[
    str, AfterValidator(check_slug), WithJsonSchema({"type": "string", "pattern": r"^[a-z0-9]+(-[a-z0-9]+)*$"})
]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _scalar_as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _as_tuple(value)


type Many[T] = Annotated[tuple[T, ...], BeforeValidator(_as_tuple)]
"""A YAML list, held as a tuple."""

type OneOrMany[T] = Annotated[tuple[T, ...], BeforeValidator(_scalar_as_tuple)]
"""One text or a list of texts, held as a tuple."""
