"""Canonical JSON against the examples of RFC 8785 and the SHA-256 of FIPS 180-4."""

from __future__ import annotations

import json

import pytest

from enginehouse.core.errors import IntegrityError, UserError
from enginehouse.ledger.canonical import canonical_json, is_sha256_hex, parse_canonical, sha256_hex


def test_strings_are_written_as_in_rfc_8785_section_3_2_2() -> None:
    text = json.loads(r'"\u20ac$\u000F\u000aA' + r"'\u0042\u0022\u005c\\\"\/" + '"')
    assert canonical_json({"string": text}) == b'{"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'


def test_literals_are_written_as_in_rfc_8785_section_3_2_2() -> None:
    assert canonical_json({"literals": [None, True, False]}) == b'{"literals":[null,true,false]}'


def test_keys_are_sorted_by_utf_16_units_as_in_rfc_8785_section_3_2_3() -> None:
    names = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical_json(names)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_the_order_of_keys_does_not_matter() -> None:
    assert canonical_json({"b": 1, "a": (2, 3)}) == canonical_json({"a": [2, 3], "b": 1}) == b'{"a":[2,3],"b":1}'


def test_sha_256_of_abc() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("text", ["", "a" * 63, "A" * 64, "g" * 64, None, 7, "../" + "a" * 61])
def test_what_is_not_a_sha_256(text: object) -> None:
    assert not is_sha256_hex(text)


def test_a_float_is_refused_where_it_stands() -> None:
    with pytest.raises(UserError, match=r"got the decimal number 0\.95 at value\.margins\[1\]\. Write it as a decimal"):
        canonical_json({"margins": ["0.9", 0.95]})


@pytest.mark.parametrize("value", [2**53, {"text": "\ud800"}, {1: "key"}, {"when": object()}])
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(UserError, match="cannot be written to the record"):
        canonical_json(value)


def test_reading_gives_back_what_was_written() -> None:
    value = {"a": [1, None, True, "é\n"], "b": {"c": -3}}
    assert parse_canonical(canonical_json(value)) == value


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1}',  # a space
        b'{"b":1,"a":1}',  # order
        b'{"a":1,"a":2}',  # one key twice
        b'{"a":1}\n',
        b'{"a":"\\u00e9"}',  # an escape that is not needed
        b"[1]",
        b'{"a":1.0}',
        b'{"a":NaN}',
        b'{"a":1e3}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a"',
        b"",
        b"[" * 100_000,
    ],
)
def test_reading_refuses_any_other_way_of_writing(content: bytes) -> None:
    with pytest.raises(IntegrityError, match="not canonical JSON"):
        parse_canonical(content)
