"""Hash, canonical bytes, reading back and difference: all by meaning, not by spelling."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import enginehouse
from enginehouse.core.errors import Problems, UserError
from enginehouse.programme.diff import Change, diff
from enginehouse.programme.hashing import decimal_text, definition_bytes, definition_hash
from enginehouse.programme.load import load_programme
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.read import (
    from_yaml,
    indicator_from_json,
    protocol_from_json,
    settings_from_json,
    strategy_from_json,
    to_yaml,
)

STARTER = Path(enginehouse.__file__).parent / "programmes" / "starter"
TEXT = (STARTER / "cycles/first/protocol.yaml").read_text(encoding="utf-8")


def protocol(text: str) -> Protocol:
    return from_yaml(text.encode(), Protocol, path="protocol.yaml")


def changed(old: str, new: str) -> Protocol:
    assert TEXT.count(old) == 1
    return protocol(TEXT.replace(old, new))


BASE = protocol(TEXT)

SAME = [
    ("analysis:\n", "analysis: # a comment\n"),
    ("  average: patients\n  summary: ratio\n", "  summary: ratio\n  average: patients\n"),
    ("worthwhile: 0.97", "worthwhile: 0.970"),
    ("worthwhile: 0.97", "worthwhile: 9.7e-1"),
    ("starts: 2024-04", "starts: '2024-04'"),
    ("starts: 2024-04", "starts: 2024-04-01"),
    ("title: Ashdale", 'title: "Ashdale"'),
    ("{within: {area: Ashdale}}", "{within: {area: [Ashdale]}}"),
    (", minimum_share: 0.25}", "}"),  # the default, left out
    ("arms:\n  feedback: [feedback-letter]\n  usual-care: []", "arms: {usual-care: [], feedback: [feedback-letter]}"),
    ("analysis:\n", "secondary: []\nanalysis:\n"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_spelling_is_no_change(old: str, new: str):
    other = changed(old, new)
    assert definition_hash(other) == definition_hash(BASE)
    assert diff(BASE, other) == ()


CHANGES = [
    ("worthwhile: 0.97", "worthwhile: 0.96", "analysis.worthwhile: was 0.97, is now 0.96"),
    ("equivalence: [0.97, 1.03]", "equivalence: [0.97, 1.02]", "analysis.equivalence: was 0.97, 1.03, is now 0.97, 1.02"),
    ("starts: 2024-04", "starts: 2024-05", "design.starts: was 2024-04, is now 2024-05"),
    ("{within: {area: Ashdale}}", "{within: {area: [Ashdale, Birchford]}}", "exposure.sites.within.area: was Ashdale, is now Ashdale, Birchford"),
    ("checks: [placebo-dates, pre-trend,", "checks: [pre-trend, placebo-dates,", "analysis.checks: was placebo-dates, pre-trend, leave-one-area-out, is now pre-trend, placebo-dates, leave-one-area-out"),
    ("usual-care: []", "usual-care: []\n  visit: [feedback-letter]", "arms.visit: added feedback-letter"),
    ("usual-care: []", "", "arms.usual-care: removed (it was nothing)"),
    ("      title: the South", "      title: the far South", "exposure.comparators 'other-region'.title: was 'the South', is now 'the far South'"),
    ("    - name: other-region", "    - name: far", "exposure.comparators 'far': added name far; title 'the South'; sites within region South"),
    ("  drift: {cluster: area, within: region, minimum_share: 0.25}\n", "", "analysis.drift: was cluster area; within region; minimum_share 0.25, is now nothing"),
    ("decision:\n", "claims:\n  - {text: It fell., source: A paper, not_testable: why}\ndecision:\n", "claims: was nothing, is now text 'It fell.'; source 'A paper'; not_testable why"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), CHANGES)
def test_a_change_of_meaning_is_told_and_changes_the_hash(old: str, new: str, said: str):
    other = changed(old, new)
    assert definition_hash(other) != definition_hash(BASE)
    assert said in [str(change) for change in diff(BASE, other)]


def test_one_edit_is_one_change():
    assert diff(BASE, changed("worthwhile: 0.97", "worthwhile: 0.96")) == (
        Change("analysis.worthwhile", "0.97", "0.96"),
    )


def test_comparators_in_another_order_are_a_change_because_the_first_is_registered():
    exposure = BASE.exposure
    assert exposure is not None
    other = BASE.model_copy(
        update={"exposure": exposure.model_copy(update={"comparators": exposure.comparators[::-1]})}
    )
    assert [str(change) for change in diff(BASE, other)] == [
        "exposure.comparators (order): was rest-of-region, other-region, is now other-region, rest-of-region"
    ]


def test_a_whole_section_that_comes_and_goes():
    settings = {"schema": 1, "name": "a", "title": "A", "setting": "s", "price_year": 2024}
    without = ProgrammeSettings.model_validate(settings)
    with_one = ProgrammeSettings.model_validate(
        {**settings, "synthetic": True, "sources": {"x": {"kind": "totals", "path": "x.csv", "site_scheme": "site"}}}
    )
    assert [str(change) for change in diff(without, with_one)] == [
        "synthetic: was no, is now yes",
        "sources.x: added kind totals; path x.csv; site_scheme site; disclosure round-and-suppress",
    ]
    assert str(diff(with_one, without)[1]).startswith("sources.x: removed (it was kind totals;")


def test_canonical_bytes_hold_no_floats_and_sorted_keys():
    content = definition_bytes(BASE)
    value = json.loads(content)
    assert value["analysis"]["worthwhile"] == "0.97"
    assert list(value) == sorted(value)
    assert "minimum_share" not in value["analysis"]["drift"]  # as registered: left at its default
    assert hashlib.sha256(content).hexdigest() == definition_hash(BASE)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (0.98, "0.98"),
        (100.0, "100"),
        (-0.0, "0"),
        (1e-7, "0.0000001"),
        (1e21, "1" + "0" * 21),
        (0.1, "0.1"),
    ],
)
def test_numbers_have_one_spelling(number: float, text: str):
    assert decimal_text(number) == text
    assert float(text) == number


def test_every_shipped_definition_comes_back_from_the_record_and_from_yaml():
    programme = load_programme(STARTER.parent / "opioid-campaign")
    assert settings_from_json(definition_bytes(programme.settings)) == programme.settings
    for indicator in programme.indicators.values():
        assert indicator_from_json(definition_bytes(indicator)) == indicator
        assert from_yaml(to_yaml(indicator).encode(), type(indicator), path="x") == indicator
    for strategy in programme.strategies.values():
        assert strategy_from_json(definition_bytes(strategy)) == strategy
        assert from_yaml(to_yaml(strategy).encode(), type(strategy), path="x") == strategy
    for spec in programme.protocols.values():
        assert protocol_from_json(definition_bytes(spec)) == spec
        assert from_yaml(to_yaml(spec).encode(), Protocol, path="x") == spec


def test_yaml_keeps_codes_in_quotes_and_keys_in_order():
    strategy = next(iter(load_programme(STARTER).strategies.values()))
    text = to_yaml(strategy.model_copy(update={"components": ("0407020", "no", "2016-04-01")}))
    assert "- '0407020'\n- 'no'\n- '2016-04-01'\n" in text
    assert text.startswith("schema: 1\nid: feedback-letter\ntitle:")


def test_a_recorded_definition_that_is_damaged():
    with pytest.raises(UserError, match="the recorded protocol\n  this is not JSON"):
        protocol_from_json(b"{")
    with pytest.raises(Problems, match="the recorded protocol:1  title\n  is missing; expected text"):
        protocol_from_json(
            definition_bytes(BASE).replace(b'"title":"Did', b'"titel":"Did').replace(b'"titel"', b'"x"', 1)
        )
    with pytest.raises(Problems, match=r"design\.starts\n  got '2024-4'; expected a month"):
        protocol_from_json(definition_bytes(BASE).replace(b'"starts":"2024-04"', b'"starts":"2024-4"'))


def test_a_number_in_a_file_is_never_in_quotes_though_the_record_keeps_it_as_text():
    with pytest.raises(Problems, match=r"Take off the quotes: 0\.97"):
        changed("worthwhile: 0.97", "worthwhile: '0.97'")


def test_yaml_with_problems_raises_them_all():
    with pytest.raises(Problems) as found:
        from_yaml(b"schema: 1\nschema: 1\n", Protocol, path="p.yaml")
    assert "got the key 'schema' twice" in str(found.value)
    assert "question\n  is missing" in str(found.value)
