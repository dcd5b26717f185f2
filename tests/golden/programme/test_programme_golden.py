"""Texts that people and editors read: explanations, messages and schemas. `ENGINEHOUSE_UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import enginehouse
from enginehouse.core.errors import Problems
from enginehouse.programme.explain import explain_indicator, explain_protocol
from enginehouse.programme.load import load_programme
from enginehouse.programme.schemas import json_schemas

HERE = Path(__file__).parent
PROGRAMMES = Path(enginehouse.__file__).parent / "programmes"
KINDS = {
    "programme": "programme.yaml",
    "indicator": "indicators/*.yaml",
    "strategy": "strategies/*.yaml",
    "message": "messages/*.yaml",
    "candidates": "candidates.yaml",
    "protocol": "cycles/*/protocol.yaml",
    "contract": "cycles/*/contract.yaml",
}


def check(name: str, text: str) -> None:
    path = HERE / name
    if os.environ.get("ENGINEHOUSE_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("programme", ["starter", "opioid-campaign"])
def test_explanations_of_cycles(programme: str):
    loaded = load_programme(PROGRAMMES / programme)
    for cycle in loaded.protocols:
        check(f"explain-{programme}-{cycle}.txt", explain_protocol(loaded, cycle))


def test_explanation_of_an_indicator():
    loaded = load_programme(PROGRAMMES / "starter")
    check("explain-indicator.txt", explain_indicator(loaded, "metered-dose-inhaler-share"))


def test_a_page_of_problems(tmp_path: Path):
    """What somebody sees who made many mistakes at once."""
    for name, text in SPOILT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(Problems) as found:
        load_programme(tmp_path)
    check("problems.txt", str(found.value).replace(f"{tmp_path}/", "") + "\n")


SPOILT = {
    "programme.yaml": "schema: 1\nname: My Programme\ntitle: Ours\nsetting: Here\nprice_year: '2024'\nsorces: {}\n",
    "indicators/opioids.yaml": "schema: 1\nid: opioid\nfrom: {prescribing: {numerator: {sum: item, bnf_codes: [0407020]}}}\n",
    "strategies/letters.yaml": "schema: 1\nid: letters\ntitle: Letters\ndescription: d\nchannel: post\ncomponents: [no]\n",
    "cycles/first/protocol.yaml": "title: Did it work?: yes\n",
}


@pytest.mark.parametrize("kind", json_schemas())
def test_schemas_are_published_as_they_were(kind: str):
    check(f"schemas/{kind}.schema.json", json.dumps(json_schemas()[kind], indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("kind", json_schemas())
def test_schemas_are_draft_2020_12_and_explain_every_key(kind: str):
    schema = json_schemas()[kind]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for part in (schema, *schema.get("$defs", {}).values()):
        for key, value in part.get("properties", {}).items():
            assert value["description"], key
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
    assert set(references(schema)) <= {f"#/$defs/{name}" for name in schema.get("$defs", {})}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.parametrize(
    ("kind", "path"),
    [(kind, path) for kind, pattern in KINDS.items() for path in sorted(PROGRAMMES.glob(f"*/{pattern}"))],
    ids=lambda value: value if isinstance(value, str) else str(value.relative_to(PROGRAMMES)),
)
def test_shipped_definitions_satisfy_the_schemas(kind: str, path: Path):
    schema = json_schemas()[kind]
    assert list(violations(as_json(yaml.safe_load(path.read_text(encoding="utf-8"))), schema, schema)) == []


def test_the_small_validator_does_find_violations():
    schema = json_schemas()["protocol"]
    path = PROGRAMMES / "starter/cycles/first/protocol.yaml"
    good = as_json(yaml.safe_load(path.read_text(encoding="utf-8")))
    for spoil in (
        {"titel": "x"},
        {"title": ""},
        {"schema": 2},
        {"membership_as_of": "2024"},
        {"secondary": "x"},
        {"arms": {"A b": []}},
        {"design": {**good["design"], "type": "its"}},
        {"design": {**good["design"], "baseline_months": 0}},
        {"analysis": {**good["analysis"], "equivalence": [1.0]}},
    ):
        assert list(violations({**good, **spoil}, schema, schema)), spoil
    assert list(violations({key: value for key, value in good.items() if key != "question"}, schema, schema))


def as_json(value: Any) -> Any:
    """What an editor sees: a day is text."""
    if isinstance(value, dict):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [as_json(entry) for entry in value]
    return str(value) if isinstance(value, date) else value


TYPES: dict[str, Any] = {
    "string": str, "array": list, "object": dict, "boolean": bool, "null": type(None), "integer": int, "number": (int, float)
}  # fmt: skip
BOUNDS = {
    "minimum": lambda value, bound: value >= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "maximum": lambda value, bound: value <= bound,
    "minLength": lambda value, bound: len(value) >= bound,
    "minItems": lambda value, bound: len(value) >= bound,
    "maxItems": lambda value, bound: len(value) <= bound,
    "pattern": lambda value, bound: re.search(bound, value) is not None,
    "const": lambda value, bound: value == bound,
    "enum": lambda value, bound: value in bound,
}


def violations(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str = "") -> Iterator[str]:
    """As much of JSON Schema as these schemas use, written from the specification."""
    if "$ref" in schema:
        yield from violations(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, where)
        return
    for choice in ("anyOf", "oneOf"):
        if choice in schema and all(list(violations(value, option, root, where)) for option in schema[choice]):
            yield f"{where}: none of the choices"
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind in ("integer", "number") and isinstance(value, bool))):
        yield f"{where}: not of type {kind}"
        return
    for name, holds in BOUNDS.items():
        if name in schema and not holds(value, schema[name]):
            yield f"{where}: {name} {schema[name]}"
    if kind == "object":
        yield from object_violations(value, schema, root, where)
    if kind == "array":
        parts = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        for number, (entry, part) in enumerate(zip(value, parts, strict=False)):
            yield from violations(entry, part, root, f"{where}[{number}]")


def object_violations(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], where: str) -> Iterator[str]:
    yield from (f"{where}: lacks {key}" for key in schema.get("required", ()) if key not in value)
    names = schema.get("propertyNames", {}).get("enum", value)
    yield from (f"{where}: unknown name {key}" for key in value if key not in names)
    patterns = schema.get("patternProperties", {})
    for key, entry in value.items():
        parts = [schema["properties"][key]] if key in schema.get("properties", {}) else []
        parts += [part for pattern, part in patterns.items() if re.search(pattern, key)]
        others = schema.get("additionalProperties", True)
        if not parts and others is False:
            yield f"{where}: unknown key {key}"
        parts = parts or ([others] if isinstance(others, dict) else [])
        for part in parts:
            yield from violations(entry, part, root, f"{where}.{key}")
