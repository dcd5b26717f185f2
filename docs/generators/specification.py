"""The page of every key of the definition files, from the models that read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from enginehouse.governance.permissions import PERMISSIONS
from enginehouse.governance.stages import Act
from enginehouse.programme import people
from enginehouse.programme.enums import Role
from enginehouse.programme.schemas import FILES, json_schemas
from enginehouse.programme.spec import CURRENCY_PATTERN

INTRO = """# What the files may say

Every key of the definition files. Unknown keys are refused; every problem of a folder is reported at once, with file
and line, by `enginehouse check`. `enginehouse schema` prints the same as JSON Schema, which editors use to complete
and to underline. [Every key by example](keys-by-example.md) shows what may stand there and what is refused.

A *slug* is lower-case words joined by hyphens, such as `west-yorkshire`. Values of closed lists are explained in the
[glossary](../../GLOSSARY.md#values-that-files-may-hold).
"""

SCALARS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
    "ge": "at least",
    "gt": "above",
}
SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
MONTH = "^\\d{4}-\\d{2}$"
REF = "#/$defs/"
type Schema = Mapping[str, Any]


PEOPLE = f"""## `{people.FILE}`

Who may act: one line for each person, with the columns `{",".join(people.COLUMNS)}`. The id is a slug and is all that
the record keeps; the name is shown on pages. Several roles are separated by `{people.SEPARATOR}`. The file stays out of
git. Some acts take [a second person](stages.md#two-people), with an id of their own.

| role | may |
|---|---|
"""


def page() -> str:
    parts = [INTRO]
    for kind, schema in json_schemas().items():
        parts.append("\n".join(_file(FILES[kind], _with_lists(schema))))
    parts.append(PEOPLE + "".join(f"| `{role}` | {_acts(role)} |\n" for role in Role))
    return "\n".join(parts).rstrip("\n") + "\n"


def _acts(role: Role) -> str:
    """What a person with this role may do, in the order of the acts."""
    return ", ".join(act.words for act in Act if role in PERMISSIONS.get(act, ())) or "read"


def _with_lists(schema: Schema) -> Schema:
    """The schema with closed lists written out in place of references to them."""
    lists = {f"{REF}{name}": part for name, part in schema.get("$defs", {}).items() if "enum" in part}

    def written_out(part: Any) -> Any:
        if isinstance(part, list):
            return [written_out(entry) for entry in part]
        if not isinstance(part, dict):
            return part
        target = lists.get(str(part.get("$ref")))
        rest = {key: written_out(value) for key, value in part.items() if target is None or key != "$ref"}
        return rest if target is None else {"enum": target["enum"], **rest}

    found: Schema = written_out(schema)
    return found


def _file(name: str, schema: Schema) -> Iterator[str]:
    yield f"## `{name}`\n"
    yield from _table(schema)
    for part, inner in schema.get("$defs", {}).items():
        if "properties" in inner:
            yield f"### {part}\n"
            yield f"{_one_line(inner.get('description', ''))}\n"
            yield from _table(inner)


def _table(schema: Schema) -> Iterator[str]:
    yield "| key | meaning | value |"
    yield "|---|---|---|"
    required = schema.get("required", [])
    for key, part in schema["properties"].items():
        meaning, value = _one_line(part.get("description", "")), f"{_value(part)}; {_presence(key, part, required)}"
        yield f"| `{key}` | {meaning} | {value} |"
    yield ""


def _presence(key: str, part: Schema, required: Sequence[str]) -> str:
    if key in required:
        return "**required**"
    default = part.get("default")
    return "may be left out" if default in (None, [], {}, "") else f"`{_plain(default)}` unless given"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(part: Schema) -> str:
    if "$ref" in part:
        name = part["$ref"].removeprefix(REF)
        return f"[{name}](#{name.lower()})"
    if "const" in part:
        return f"`{_plain(part['const'])}`"
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in part:
            return _either([option for option in part[choice] if option.get("type") != "null"])
    return _by_type(part)


def _either(options: Sequence[Schema]) -> str:
    values = list(dict.fromkeys(_value(option) for option in options))
    if len(values) == 2 and values[1] == f"list of {values[0]}":
        return f"{values[0]} (one or a list)"
    return " or ".join(values)


def _by_type(part: Schema) -> str:
    kind = str(part.get("type"))
    if kind == "array":
        items = part.get("items")
        return (
            f"list of {_value(items)}" if items else " and ".join(_value(item) for item in part.get("prefixItems", ()))
        )
    if kind == "object":
        inner = next(iter(part.get("patternProperties", {}).values()), part.get("additionalProperties"))
        return f"names, each with: {_value(inner)}" if isinstance(inner, Mapping) and inner else "names with values"
    return _scalar(kind, part)


def _scalar(kind: str, part: Schema) -> str:
    named = {SLUG: "slug", MONTH: "month, as 2016-04", CURRENCY_PATTERN: "three capitals, as `EUR`"}.get(
        str(part.get("pattern"))
    )
    if named:
        return named
    if part.get("format") == "date":
        return "day, as 2026-01-15"
    found = [f"{words} {part[limit]:g}" for limit, words in LIMITS.items() if limit in part]
    return SCALARS[kind] + (f", {' and '.join(found)}" if found else "")


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
