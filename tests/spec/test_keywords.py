"""What does each key of a definition mean? One test for each key, from the entries beside this file (see README.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from enginehouse.core.errors import Problems
from enginehouse.programme.hashing import plain_values
from enginehouse.programme.read import from_yaml
from enginehouse.programme.schemas import meanings, models, structure
from enginehouse.programme.spec import Spec

ENTRIES: dict[str, dict[str, dict[str, Any]]] = {
    model: keys
    for file in sorted(Path(__file__).parent.glob("*.yaml"))
    # As text, so that an example is read by the loader alone.
    for model, keys in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader).items()
}
TYPED: dict[str, dict[str, dict[str, Any]]] = {
    model: keys
    for file in sorted(Path(__file__).parent.glob("*.yaml"))
    for model, keys in yaml.safe_load(file.read_text(encoding="utf-8")).items()
}


def every_entry() -> Iterator[tuple[str, str]]:
    return ((model, key) for model, keys in TYPED.items() for key in keys)


def every_refusal() -> Iterator[tuple[str, str, str, str]]:
    for model, keys in ENTRIES.items():
        for key, entry in keys.items():
            for value, said in entry.get("refuses", {}).items():
                yield model, key, value, said


def written(value: Any) -> str:
    return (
        yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).removesuffix("...\n").strip()
    )


def definition(model: type[Spec], key: str, text: str) -> bytes:
    """The smallest definition that has this key: what is required, from the other entries."""
    required = structure(model).get("required", [])
    lines = [f"{other}: {written(TYPED[model.__name__][other]['write'])}" for other in required if other != key]
    return "\n".join([*lines, f"{key}: {text}"]).encode()


def as_json(value: Any) -> Any:
    """What YAML reads, as JSON writes it: a day is text."""
    if isinstance(value, dict):
        return {name: as_json(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [as_json(entry) for entry in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


@pytest.mark.parametrize(("name", "key"), list(every_entry()))
def test_a_key_means_what_it_says(name: str, key: str):
    model, entry = models()[name], TYPED[name][key]
    spec = from_yaml(definition(model, key, written(entry["write"])), model, path="example.yaml")
    assert plain_values(spec)[key] == as_json(entry.get("reads", entry["write"]))


@pytest.mark.parametrize(("name", "key", "value", "said"), list(every_refusal()))
def test_a_key_refuses_what_it_cannot_mean(name: str, key: str, value: str, said: str):
    model = models()[name]
    with pytest.raises(Problems) as found:
        from_yaml(definition(model, key, value), model, path="example.yaml")
    # The part stands alone here; in a file its keys come after the name of the section.
    assert said.replace(f"{_section(name)}.", "") in str(found.value)


def _section(name: str) -> str:
    return name.lower()


def test_no_key_is_without_a_meaning_or_an_entry():
    for name, model in models().items():
        keys = list(structure(model)["properties"])
        assert list(meanings(model)) == keys, name
        assert list(TYPED.get(name, {})) == keys, name


@pytest.mark.parametrize("name", [name for name in sorted(models()) if structure(models()[name]).get("required")])
def test_what_is_left_out_is_its_default(name: str):
    model = models()[name]
    tree = structure(model)
    optional = [key for key in tree["properties"] if key not in tree.get("required", [])]
    first, *_ = tree["required"]
    spec = from_yaml(definition(model, first, written(TYPED[name][first]["write"])), model, path="example.yaml")
    everything = spec.model_dump(mode="json", by_alias=True)
    assert {key: everything[key] for key in optional} == {key: tree["properties"][key]["default"] for key in optional}
