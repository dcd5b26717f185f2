"""What was received and what was expected, in the words of a person who has never heard of a validation library."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from enginehouse.programme.positions import Scalar, Surprise
from enginehouse.programme.schemas import Schema, resolve
from enginehouse.programme.spec import CURRENCY_PATTERN, MONTH_PATTERN, SLUG_PATTERN

MONTH = "a month written YYYY-MM, for example 2016-04"
SLUG = "lower-case words joined by hyphens, for example west-yorkshire"
CURRENCY = "a currency's code of three capitals (ISO 4217), for example GBP or EUR"
DAY = "a day written YYYY-MM-DD, for example 2026-03-31"
_LONGEST = 60


def nearest(received: str, allowed: Iterable[str]) -> str | None:
    """The allowed word that was probably meant: one spelt like it, or the only one of which it is a part."""
    options = list(allowed)
    found = difflib.get_close_matches(received.lower(), options, n=1, cutoff=0.6)
    holding = [option for option in options if received.lower() in re.split("[-_]", option)]
    return holding[0] if len(holding) == 1 else found[0] if found else None


def did_you_mean(received: object, allowed: Iterable[str]) -> str:
    found = nearest(str(received), allowed)
    return f"Did you mean '{found}'?" if found else ""


def one_of(allowed: Iterable[str]) -> str:
    names = list(allowed)
    return f"one of: {', '.join(names)}" if len(names) != 1 else f"'{names[0]}'"


def expected(part: Schema, root: Schema) -> str:
    """What a part of a schema accepts."""
    part = resolve(part, root)
    if "enum" in part:
        return one_of(part["enum"])
    if "const" in part:
        return str(part["const"]).lower()
    if "anyOf" in part:
        return " or ".join(expected(option, root) for option in part["anyOf"] if option.get("type") != "null")
    if "oneOf" in part:
        return " or ".join(expected(option, root) for option in part["oneOf"])
    if part.get("type") == "array":
        return _array(part, root)
    return _BY_TYPE[part.get("type", "object")](part)


def _string(part: Schema) -> str:
    if part.get("format") == "date":
        return DAY
    return {MONTH_PATTERN: MONTH, SLUG_PATTERN: SLUG, CURRENCY_PATTERN: CURRENCY}.get(part.get("pattern", ""), "text")


def _number(part: Schema) -> str:
    noun = "a whole number" if part["type"] == "integer" else "a number"
    bounds = [f"{words} {part[key]:g}" for key, words in _BOUNDS if key in part]
    return " ".join([noun, " and ".join(bounds)]).strip()


_BOUNDS = (
    ("minimum", "of at least"),
    ("exclusiveMinimum", "above"),
    ("maximum", "at most"),
    ("exclusiveMaximum", "below"),
)


def _array(part: Schema, root: Schema) -> str:
    if "prefixItems" in part:
        return f"a list of {len(part['prefixItems'])} entries, each {expected(part['prefixItems'][0], root)}"
    entry = resolve(part["items"], root)
    return f"a list, each entry {expected(entry, root)}"


def _object(part: Schema) -> str:
    if "properties" in part:
        return f"the keys {', '.join(part['properties'])}"
    if "propertyNames" in part:
        return f"names, each with a value (name: value), the names being {one_of(part['propertyNames']['enum'])}"
    return "names, each with a value (name: value)"


def _boolean(_: Schema) -> str:
    return "true or false"


_BY_TYPE: dict[str, Callable[[Schema], str]] = {
    "string": _string,
    "number": _number,
    "integer": _number,
    "object": _object,
    "boolean": _boolean,
}


def received(value: Any, scalar: Scalar | None, *, wanted: Schema) -> str:
    """`got ...`, as it is written in the file, with what YAML makes of it where that surprises."""
    wanted = _single(wanted)
    if isinstance(value, Surprise):
        return f"got {value.raw}, which YAML reads as {value.reads_as}"
    if value is None:
        return "got nothing"
    if isinstance(value, str):
        return f"got '{_short(value)}'"
    if isinstance(value, dict):
        return f"got the keys {', '.join(map(str, value))}" if value else "got no keys"
    if isinstance(value, list | tuple):
        return f"got a list of {len(value)}"
    return _plain(value, scalar.raw if scalar else str(value), wanted)


def _single(wanted: Schema) -> Schema:
    """Where one entry may stand for a list, the entry."""
    return next((option for option in wanted.get("anyOf", ()) if option.get("type") != "array"), wanted)


def _plain(value: object, raw: str, wanted: Schema) -> str:
    noun = "a date" if isinstance(value, date) else str(value).lower() if isinstance(value, bool) else "a number"
    surprises = wanted.get("type") == "string" or (isinstance(value, bool) and raw.lower() not in ("true", "false"))
    return f"got {raw}, which YAML reads as {noun}" if surprises else f"got {raw}"


def hint(value: Any, scalar: Scalar | None, *, wanted: Schema) -> str:
    """What to do, where the mistake is a common one."""
    wanted = _single(wanted)
    kind = wanted.get("type")
    if "enum" in wanted:
        return did_you_mean(scalar.raw if scalar else value, wanted["enum"])
    raw = scalar.raw if scalar else str(value)
    if kind == "string" and _is_unquoted_value(value) and _takes(raw, wanted):
        return f"Put it in quotes: '{raw}'."
    if kind in ("number", "integer"):
        return _number_hint(value, scalar, whole=kind == "integer")
    if kind == "array" and isinstance(value, str):
        return f"Write it as a list: [{_short(value)}]."
    return ""


def _takes(raw: str, wanted: Schema) -> bool:
    """Whether quotes alone would mend it."""
    return "format" not in wanted and re.search(wanted.get("pattern", ""), raw) is not None


def _is_unquoted_value(value: object) -> bool:
    return isinstance(value, bool | int | float | date | Surprise)


def _number_hint(value: object, scalar: Scalar | None, *, whole: bool) -> str:
    if isinstance(value, float) and whole and value.is_integer():
        return f"Write {value:.0f}."
    if isinstance(value, Surprise):
        return _written_out(value.raw.replace("_", ""))
    if not isinstance(value, str) or scalar is None:
        return ""
    number = _as_number(value)
    if number is None:
        return _written_out(value.strip("£$€% "))
    return f"Take off the quotes: {value}." if scalar.quoted else f"Write it in full: {number:.10g}."


def _written_out(text: str) -> str:
    number = _as_number(_plain_digits(text))
    return "" if number is None else f"Write digits and a point alone: {number:.10g}."


def _plain_digits(text: str) -> str:
    """Without marks of thousands, with a point for a decimal comma and a hyphen for a typographic minus."""
    text = text.replace("\N{MINUS SIGN}", "-")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return text.replace(",", "")
    return text.replace(",", ".") if text.count(",") == 1 else text


def _as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
