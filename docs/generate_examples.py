"""Writes `docs/reference/keys-by-example.md` from the entries of `tests/spec`, each of which a test runs.

Run it from the checkout: `python docs/generate_examples.py`. A test proves that the page is in step.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from enginehouse.programme.schemas import DEFINITIONS, FILES, meanings, models, structure
from enginehouse.programme.spec import Spec

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "keys-by-example.md"
INTRODUCTION = """\
# Every key by example

<!-- Written by docs/generate_examples.py from tests/spec. Do not edit by hand. -->

What each key of a programme's files means, an example of it, and values that are refused. Every line is a test: the
example is read, and each refused value is refused with a message that says what was expected. Types and defaults are
in [the specification](specification.md).

Three things that surprise in YAML are refused with a hint: a code such as `0407020` without quotes is a number in base
eight; `no`, `yes`, `on` and `off` without quotes are true or false; `1e3` is a text. Months are written `2016-04`.
"""


def page() -> str:
    """The whole page."""
    entries = _entries()
    parts, told = [INTRODUCTION], set[str]()
    for kind, model in DEFINITIONS.items():
        parts.append(f"## `{FILES[kind]}`\n")
        fresh = [part for part in _parts(model) if part.__name__ not in told]
        parts += [_section(part, entries[part.__name__]) for part in fresh]
        told |= {part.__name__ for part in fresh}
    return "\n".join(parts)


def _entries() -> dict[str, dict[str, dict[str, Any]]]:
    """Every value as the text that stands in the file."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for file in sorted((ROOT / "tests" / "spec").glob("*.yaml")):
        found |= yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return found


def _parts(model: type[Spec]) -> list[type[Spec]]:
    """The model itself, then the parts that it is made of, in the order in which they are first named."""
    named, waiting = [model], [structure(model)]
    while waiting:
        for name in _references(waiting.pop(0)):
            part = models().get(name)
            if part is not None and part not in named:
                named.append(part)
                waiting.append(structure(part))
    return named


def _references(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if "$ref" in tree:
            yield tree["$ref"].removeprefix("#/$defs/")
        for key, value in tree.items():
            if key != "$defs":
                yield from _references(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _references(value)


def _section(model: type[Spec], entries: dict[str, dict[str, Any]]) -> str:
    rows = "\n".join(_row(meanings(model)[key], key, entry) for key, entry in entries.items())
    return f"### {model.__name__}\n\n| key | example | what it means | refused |\n|---|---|---|---|\n{rows}\n"


def _row(meaning: str, key: str, entry: dict[str, Any]) -> str:
    refused = ", ".join(f"`{value.strip() or 'nothing'}`" for value in entry.get("refuses", {}))
    cells = (f"`{key}`", f"`{_written(entry['write'])}`", f"{meaning} {entry.get('shows', '')}".strip(), refused)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _written(value: Any) -> str:
    """An example on one line, in quotes where the file needs them."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_written(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_written(entry) for entry in value)}]"
    return f"'{value}'" if value[:1] in ("0", "~", "£") and not value.startswith("0.") else value


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
