"""Counts in sentences, and that no text makes a plural by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import enginehouse
from enginehouse.core.words import agreeing, counted, first_upper, lower_first, plural

SOURCE = Path(enginehouse.__file__).parent


@pytest.mark.parametrize(
    ("noun", "many"),
    [
        ("practice", "practices"),
        ("pharmacy", "pharmacies"),
        ("bus", "buses"),
        ("day", "days"),
        ("class", "classes"),
        ("registered patients", "registered patients"),
    ],
)
def test_plurals(noun: str, many: str):
    assert plural(noun) == many


def test_counts():
    assert [counted(number, "site") for number in (0, 1, 2, 1440)] == ["0 sites", "1 site", "2 sites", "1,440 sites"]
    assert counted(1, "registered patient") == "1 registered patient"
    assert [agreeing(number, "site") for number in (1, 39)] == ["1 site is", "39 sites are"]
    assert [agreeing(number, "site", "gets", "get") for number in (1, 2)] == ["1 site gets", "2 sites get"]


def test_titles_within_a_sentence():
    assert [lower_first(title) for title in ("Opioids", "GP visits", "A visit")] == ["opioids", "GP visits", "a visit"]
    assert first_upper("opioids") == "Opioids"
    assert first_upper("") == lower_first("") == ""


NOUNS = (
    "sites|practices|areas|reports|rows|months|days|visits|contacts|arms|waves|schemes|indicators|warnings|studies|"
    "problems|candidates|amendments|cycles|events|documents|networks|groups|people|files|times"
)
A_COUNT = re.compile(
    rf"(?<!of )(?<!the )(?<!than )(?<!least )\{{(?!counted|agreeing|plural|'|nouns?\b|[^{{}}]*:g\}})[^{{}}]*\}} (?:{NOUNS})\b"
    r"|\b[a-z]{3,}(?<!\bstr)(?<!enumerate)\((?:s|es)\)"
)
"""A placeholder before a plural noun, in a sentence of a command, a step or a rule; or `row(s)`. After these words the
number is of many."""


@pytest.mark.parametrize("room", ["cli", "cycle", "governance", "delivery", "feedback", "programme"])
def test_no_sentence_makes_its_own_plural(room: str):
    found = [
        f"{path.relative_to(SOURCE)}:{number}: {line.strip()}"
        for path in sorted((SOURCE / room).rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if A_COUNT.search(line)
    ]
    assert not found, "\n" + "\n".join(found)
