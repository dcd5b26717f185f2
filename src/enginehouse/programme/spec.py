"""The base of every type that is read from a file: frozen, strict, and closed to keys it does not know.

The small field types live here too (ids, months, days, numbers, lists). What each key means is the text under its
field in the model; `schemas.py` reads it there for editors and for the reference page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from enginehouse.core.errors import UserError
from enginehouse.core.ids import check_slug
from enginehouse.core.months import Month

SPEC_VERSION = 1
MONTH_PATTERN = r"^\d{4}-\d{2}$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"


class Spec(BaseModel):
    """A part of a definition file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


def _month(value: Any) -> Any:
    if isinstance(value, str):
        return Month.parse(value)
    if type(value) is date:
        if value.day != 1:
            raise UserError(f"got {value} for a month.", remedy=f"Write the month alone, {value:%Y-%m}.")
        return Month.of(value)
    return value


def _day(value: Any) -> Any:
    """A quoted date means what an unquoted one means."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _number(value: Any, info: ValidationInfo) -> Any:
    """Canonical JSON holds numbers as decimal text; a YAML file holds them as numbers, never in quotes."""
    if isinstance(value, bool):
        raise UserError(f"got {value} for a number.")
    return float(value) if isinstance(value, str) and info.mode == "json" else value


def _not_a_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise UserError(f"got {value} for a version.")
    return value


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise UserError(f"got {value} for true or false.")
    return value


MonthField = Annotated[
    Month,
    BeforeValidator(_month),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": MONTH_PATTERN, "examples": ["2016-04"]}),
]
Day = Annotated[date, BeforeValidator(_day)]
Number = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_number)]
# Bounds stand next to the type, inside the validator: outside it the schema would lose them.
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0), BeforeValidator(_number)]
NotNegative = Annotated[float, Field(allow_inf_nan=False, ge=0), BeforeValidator(_number)]
Share = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1), BeforeValidator(_number)]
PositiveShare = Annotated[float, Field(allow_inf_nan=False, gt=0, le=1), BeforeValidator(_number)]
Slug = Annotated[str, AfterValidator(check_slug), WithJsonSchema({"type": "string", "pattern": SLUG_PATTERN})]
# Python holds that True equals 1; a definition does not.
SchemaVersion = Annotated[Literal[1], BeforeValidator(_not_a_flag)]
AlwaysTrue = Annotated[Literal[True], BeforeValidator(_flag)]
Currency = Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _scalar_as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else as_tuple(value)


@dataclass(frozen=True, slots=True)
class _OneEntryWillDo:
    """Tells editors that a single entry may stand for a list of one."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        return {"anyOf": [schema["items"], schema]}


type Many[T] = Annotated[tuple[T, ...], BeforeValidator(as_tuple)]
"""A YAML list, held as a tuple."""

type OneOrMany[T] = Annotated[tuple[T, ...], BeforeValidator(_scalar_as_tuple), _OneEntryWillDo()]
"""One text or a list of texts, held as a tuple."""
