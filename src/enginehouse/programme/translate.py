"""A definition's plain values to its frozen type, or every problem in plain words at its line.

The validation library says where and what kind of mistake; the words are made here, from what stands in the file and
from what the schema accepts. None of the library's own words are shown.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from enginehouse.core.errors import Problem
from enginehouse.programme.positions import Document, Path
from enginehouse.programme.schemas import Schema, resolve, structure
from enginehouse.programme.spec import SLUG_PATTERN, Spec
from enginehouse.programme.wording import did_you_mean, expected, hint, nearest, one_of, received


def parse[Model: Spec](document: Document, model: type[Model]) -> tuple[Model | None, tuple[Problem, ...]]:
    """The definition, or `None`; and the problems, in the order of the file's lines."""
    if document.value is None:
        return None, document.problems or (document.problem((), "the file is empty.", "Write the definition."),)
    try:
        return model.model_validate(document.value), document.problems
    except ValidationError as error:
        return None, (*document.problems, *problems_of(error, document, model))


def problems_of(error: ValidationError, document: Document, model: type[Spec]) -> list[Problem]:
    root = structure(model)
    details = error.errors(include_url=False, include_context=False)
    meant = {guess for detail in details if (guess := _meant(detail, root)) is not None}
    kept = [detail for detail in details if not (detail["type"] == "missing" and detail["loc"] in meant)]
    problems = [(_place(detail["loc"], root)[0], _problem(detail, document, root)) for detail in kept]
    return [problem for _, problem in sorted(problems, key=lambda pair: document.line(pair[0]))]


def _meant(detail: ErrorDetails, root: Schema) -> tuple[str | int, ...] | None:
    """The key that an unknown key was probably meant to be; its absence is then the same mistake."""
    if detail["type"] != "extra_forbidden":
        return None
    _, part = _place(detail["loc"][:-1], root)
    guess = nearest(str(detail["loc"][-1]), part.get("properties", ()))
    return (*detail["loc"][:-1], guess) if guess else None


def _problem(detail: ErrorDetails, document: Document, root: Schema) -> Problem:
    path, part = _place(detail["loc"], root)
    if detail["type"] == "extra_forbidden":
        return _unknown_key(detail["loc"], document, root)
    if detail["type"] == "missing":
        return document.problem(path, f"is missing; expected {expected(part, root)}.")
    if "[key]" in detail["loc"]:
        return _unknown_name(path, document, root)
    scalar = document.scalars.get(path)
    # A list that was turned into a tuple, or a text into a list of one, is shown as it was written.
    value = _value_at(document.value, path, detail["input"])
    got = received(value, scalar, wanted=part)
    return document.problem(path, f"{got}; expected {expected(part, root)}.", hint(value, scalar, wanted=part))


_SLUG: Schema = {"type": "string", "pattern": SLUG_PATTERN}


def _unknown_name(path: Path, document: Document, root: Schema) -> Problem:
    """A key of a mapping that is not a slug, or none of the names that the mapping takes."""
    _, mapping = _place(path[:-1], root)
    names = resolve(mapping.get("propertyNames", _SLUG), root)
    what = f"got the name '{path[-1]}'; expected {expected(names, root)}."
    return document.problem(path, what, did_you_mean(path[-1], names.get("enum", ())))


def _unknown_key(location: tuple[str | int, ...], document: Document, root: Schema) -> Problem:
    key = str(location[-1])
    above, part = _place(location[:-1], root)
    allowed = list(part.get("properties", ()))
    elsewhere = _sections_with(key, root, document) if nearest(key, allowed) is None else []
    remedy = f"It belongs under '{elsewhere[0]}'." if elsewhere else did_you_mean(key, allowed)
    return document.problem((*above, key), f"got the key '{key}'; expected {one_of(allowed)}.", remedy)


def _sections_with(key: str, root: Schema, document: Document) -> list[str]:
    """The top-level sections that have such a key, those of this document first."""
    sections = root.get("properties", {}).items()
    found = [name for name, part in sections if key in resolve(part, root).get("properties", ())]
    return sorted(found, key=lambda name: (name,) not in document.lines)


def _place(location: tuple[str | int, ...], root: Schema) -> tuple[Path, Schema]:
    """Where in the file, and what the schema accepts there. Names that only the library knows are passed over."""
    path: list[str | int] = []
    part = root
    for step in location:
        if step == "[key]":
            break
        if "oneOf" in part:
            part = resolve(part["oneOf"][_BRANCHES[str(step)]], root)
            continue
        path.append(step)
        part = _inside(part, step, root)
    return tuple(path), part


_BRANCHES = {"codes": 0, "list-size": 1}


def _inside(part: Schema, step: str | int, root: Schema) -> Schema:
    if isinstance(step, int):
        return resolve(_entry(part, step), root)
    if "properties" in part:
        return resolve(part["properties"].get(step, {}), root)
    patterned = next(iter(part.get("patternProperties", {}).values()), part.get("additionalProperties", {}))
    return resolve(patterned, root) if isinstance(patterned, dict) else {}


def _entry(part: Schema, number: int) -> Schema:
    if "anyOf" in part:
        part = next(option for option in part["anyOf"] if option.get("type") == "array")
    return dict(part["prefixItems"][number] if "prefixItems" in part else part["items"])


def _value_at(value: Any, path: Path, otherwise: Any) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):  # pragma: no cover (a kind of error that points at nothing)
            return otherwise
    return value
