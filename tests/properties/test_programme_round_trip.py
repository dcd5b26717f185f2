"""Every model of the specification: through YAML and JSON and back; the hash sees meaning and nothing else.

Definitions are drawn from the published JSON Schemas, so this also shows that what an editor accepts, the loader accepts.
"""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enginehouse.programme.diff import diff
from enginehouse.programme.hashing import definition_bytes, definition_hash
from enginehouse.programme.positions import read_yaml
from enginehouse.programme.read import from_json, from_yaml, to_yaml
from enginehouse.programme.schemas import models, resolve, structure
from enginehouse.programme.spec import CURRENCY_PATTERN, MONTH_PATTERN, SLUG_PATTERN, Spec
from enginehouse.programme.study import Study
from enginehouse.programme.table import read_table, table_text

MODELS = sorted(models().values(), key=lambda model: model.__name__)
# The whole set runs with the other long tests; every commit draws a few of each model.
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
CURRENCIES = st.from_regex(CURRENCY_PATTERN.replace("$", r"\Z"), fullmatch=True)
SLUGS = st.from_regex(SLUG_PATTERN.replace("$", r"\Z"), fullmatch=True).filter(lambda slug: len(slug) < 20)
MONTHS = st.builds("{:04d}-{:02d}".format, st.integers(1990, 2100), st.integers(1, 12))
CURRENCIES = st.sampled_from(["GBP", "CHF", "JPY"])
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=20
)
# YAML-like texts on purpose: they must stay what they are.
TEXTS = (TEXTS | st.sampled_from(["no", "0407020", "2016-04-01", "1e3", "~", "12:30", "- a", "a: b", "#", "'"])).filter(
    lambda text: text.strip() == text and text.isprintable()
)


def drawn(part: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a part of a schema accepts."""
    part = resolve(part, root)
    if "const" in part:
        return st.just(part["const"])
    if "enum" in part:
        return st.sampled_from(part["enum"])
    if options := part.get("anyOf") or part.get("oneOf"):
        return st.one_of([drawn(option, root) for option in options if option.get("type") != "null"])
    return BY_TYPE[part["type"]](part, root)


def strings(part: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[str]:
    if part.get("format") == "date":
        return st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(str)
    known = {SLUG_PATTERN: SLUGS, MONTH_PATTERN: MONTHS, CURRENCY_PATTERN: CURRENCIES}
    return known.get(part.get("pattern", ""), TEXTS)


def integers(part: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[int]:
    return st.integers(part.get("minimum", 0), part.get("maximum", 10_000))


def numbers(part: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[float]:
    low = part.get("minimum", part.get("exclusiveMinimum", -1e9))
    floats = st.floats(low, part.get("maximum", 1e9), exclude_min="exclusiveMinimum" in part, allow_subnormal=False)
    return floats | st.integers(max(1, int(low)), int(part.get("maximum", 1000)))


def arrays(part: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    if "prefixItems" in part:
        return st.tuples(*(drawn(entry, root) for entry in part["prefixItems"])).map(list)
    return st.lists(drawn(part["items"], root), max_size=3)


def objects(part: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" in part:
        fields = {key: drawn(value, root) for key, value in part["properties"].items()}
        required = set(part.get("required", ()))
        return st.fixed_dictionaries(
            {key: value for key, value in fields.items() if key in required},
            optional={key: value for key, value in fields.items() if key not in required},
        )
    values = (
        next(iter(part["patternProperties"].values())) if "patternProperties" in part else part["additionalProperties"]
    )
    keys = SLUGS if "patternProperties" in part else TEXTS
    if "enum" in part.get("propertyNames", {}):
        keys = st.sampled_from(part["propertyNames"]["enum"])
    return st.dictionaries(keys, drawn(values, root), max_size=2)


BY_TYPE = {
    "string": strings,
    "integer": integers,
    "number": numbers,
    "array": arrays,
    "object": objects,
    "boolean": lambda part, root: st.booleans(),
}


def definitions(model: type[Spec]) -> st.SearchStrategy[Any]:
    root = structure(model)
    return drawn(root, root)


def written(value: Any) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode()


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same, with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return [shuffled(entry, rng) for entry in value] if isinstance(value, list) else value


def respelt(value: Any) -> Any:
    """Whole numbers that stand for measurements, as decimals: `1` as `1.0`."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {key: respelt(entry) for key, entry in value.items()}
    return [respelt(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_through_yaml_and_json_and_back(model: type[Spec]):
    @QUICK
    @given(definitions(model))
    def holds(value: Any) -> None:
        spec = from_yaml(written(value), model, path="drawn.yaml")
        assert from_yaml(to_yaml(spec).encode(), model, path="again.yaml") == spec
        again = from_json(definition_bytes(spec), model)
        assert again == spec
        assert definition_bytes(again) == definition_bytes(spec)
        assert diff(spec, again) == ()

    holds()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_hash_survives_order_comments_style_and_spelling(model: type[Spec]):
    @QUICK
    @given(definitions(model), st.integers(0, 2**32))
    def holds(value: Any, seed: int) -> None:
        spec = from_yaml(written(value), model, path="drawn.yaml")
        other = respelt(shuffled(value, random.Random(seed)))
        text = "# a comment\n" + yaml.safe_dump(other, default_flow_style=True, default_style=None, width=40)
        again = from_yaml(text.encode(), model, path="other.yaml")
        assert definition_hash(again) == definition_hash(spec)
        assert diff(spec, again) == ()

    holds()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_two_definitions_have_one_hash_exactly_when_they_do_not_differ(model: type[Spec]):
    @QUICK
    @given(definitions(model), definitions(model))
    def holds(one: Any, two: Any) -> None:
        first, second = (from_yaml(written(value), model, path="drawn.yaml") for value in (one, two))
        same = definition_hash(first) == definition_hash(second)
        assert same == (first == second)
        assert same == (diff(first, second) == ())
        assert same == (diff(second, first) == ())

    holds()


@QUICK
@given(st.lists(definitions(Study), max_size=3))
def test_studies_through_a_csv_file_and_back(values: list[Any]):
    studies = [from_yaml(written(value), Study, path="drawn.yaml") for value in values]
    table = read_table(table_text(studies, Study).encode(), Study, path="drawn.csv")
    assert table.problems == ()
    assert [row.problems for row in table.rows] == [()] * len(studies)
    assert [row.value for row in table.rows] == studies


@QUICK
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_make_the_reader_of_tables_fail(content: bytes):
    header = ",".join(structure(Study)["properties"]).encode()
    for whole in (content, header + b"\n" + content):
        table = read_table(whole, Study, path="any.csv")
        assert table.problems or all(row.problems or row.value for row in table.rows)


@QUICK
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_make_the_reader_fail(content: bytes):
    document = read_yaml(content, path="any.yaml")
    assert document.problems or document.value is not None or content.strip()
