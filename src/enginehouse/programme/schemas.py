"""JSON Schemas (draft 2020-12) of the definition files, for editors, and the tree that error messages read.

What a key means is the text under its field in the model, read from the source when a schema is asked for, so that
starting up costs nothing.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from typing import Any

from enginehouse.programme.candidates import Candidates
from enginehouse.programme.contract import Contract
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.spec import Spec
from enginehouse.programme.strategy import Strategy
from enginehouse.programme.study import Study

type Schema = dict[str, Any]

DEFINITIONS: dict[str, type[Spec]] = {
    "programme": ProgrammeSettings,
    "indicator": Indicator,
    "strategy": Strategy,
    "message": Message,
    "study": Study,
    "candidates": Candidates,
    "protocol": Protocol,
    "contract": Contract,
}
FILES = {
    "programme": "programme.yaml",
    "indicator": "indicators/<id>.yaml",
    "strategy": "strategies/<id>.yaml",
    "message": "messages/<id>.yaml",
    "study": "evidence/<name>.csv",
    "candidates": "candidates.yaml",
    "protocol": "cycles/<name>/protocol.yaml",
    "contract": "cycles/<name>/contract.yaml",
}
_GENERIC = ("Many_", "OneOrMany_")
_REF = "#/$defs/"


def json_schemas() -> dict[str, Schema]:
    """One schema for each kind of definition file, by its kind; for a CSV file it describes one row."""
    return {kind: _published(kind, model) for kind, model in DEFINITIONS.items()}


def _published(kind: str, model: type[Spec]) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Enginehouse: {FILES[kind]}",
        **_described(structure(model), model),
    }


@cache
def structure(model: type[Spec]) -> Schema:
    """The model's schema by the names that files use, with lists written out in place."""
    raw = model.model_json_schema(by_alias=True)
    definitions = raw.get("$defs", {})
    tree = _tidy({key: value for key, value in raw.items() if key != "$defs"}, definitions)
    kept = {name: _tidy(part, definitions) for name, part in definitions.items() if not name.startswith(_GENERIC)}
    return {**tree, "$defs": kept} if kept else tree


def _tidy(part: Any, definitions: Schema) -> Any:
    """Without made-up titles; generic lists and closed lists of names in place; mappings closed to other keys."""
    if isinstance(part, list):
        return [_tidy(entry, definitions) for entry in part]
    if not isinstance(part, dict):
        return part
    name = str(part.get("$ref", "")).removeprefix(_REF)
    if name.startswith(_GENERIC):
        rest = {key: value for key, value in part.items() if key != "$ref"}
        return {**_tidy(definitions[name], definitions), **rest}
    tidy = {key: _tidy(value, definitions) for key, value in part.items() if not _is_made_up(key, value)}
    if "$ref" in (names := tidy.get("propertyNames", {})):
        tidy["propertyNames"] = {"enum": definitions[names["$ref"].removeprefix(_REF)]["enum"]}
    return {**tidy, "additionalProperties": False} if "patternProperties" in tidy else tidy


def _is_made_up(key: str, value: object) -> bool:
    """`title` as pydantic adds it is a text; a property that is called *title* is a schema."""
    return key == "title" and isinstance(value, str)


def _described(tree: Schema, model: type[Spec]) -> Schema:
    parts = {name: _describe(part, _model_named(name)) for name, part in tree.get("$defs", {}).items()}
    top = _describe({key: value for key, value in tree.items() if key != "$defs"}, model)
    return {**top, "$defs": parts} if parts else top


def _describe(part: Schema, model: type[Spec] | None) -> Schema:
    if model is None:
        return part
    texts = meanings(model)
    properties = {key: {"description": texts[key], **value} for key, value in part["properties"].items()}
    return {**part, "properties": properties}


@cache
def meanings(model: type[Spec]) -> dict[str, str]:
    """Key of the model as files write it, and what it means: the text under the field."""
    module = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    body = next(node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == model.__name__)
    texts = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(text):
            key = model.model_fields[field.target.id].alias or field.target.id
            texts[key] = inspect.cleandoc(ast.literal_eval(text.value)).replace("\n", " ")  # type: ignore[attr-defined]
    return texts


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _model_named(name: str) -> type[Spec] | None:
    return models().get(name)


@cache
def models() -> dict[str, type[Spec]]:
    """Every model of the specification by its class name."""
    found: dict[str, type[Spec]] = {}
    waiting = list(Spec.__subclasses__())
    while waiting:
        model = waiting.pop()
        if model.__module__.startswith(__package__ or ""):
            found[model.__name__] = model
        waiting.extend(model.__subclasses__())
    return found


def resolve(part: Schema, root: Schema) -> Schema:
    """Follow references, and pass over `null`, to the schema that says something."""
    while True:
        if "$ref" in part:
            part = root["$defs"][part["$ref"].removeprefix(_REF)]
        elif "anyOf" in part and len(options := [o for o in part["anyOf"] if o.get("type") != "null"]) == 1:
            part = options[0]
        else:
            return part
