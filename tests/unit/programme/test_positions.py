"""YAML text to values with lines; what YAML would silently misread; faults of the text itself."""

from __future__ import annotations

from datetime import date

import pytest

from enginehouse.programme.positions import Surprise, dotted_key, read_yaml


def problems(text: str | bytes) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    return [str(problem) for problem in read_yaml(content, path="f.yaml").problems]


def test_every_key_knows_its_line():
    document = read_yaml(b"a: 1\nb:\n  - x: 1\n  - x: 2\n    y: z\n", path="f.yaml")
    assert document.value == {"a": 1, "b": [{"x": 1}, {"x": 2, "y": "z"}]}
    assert document.where(("b", 1, "y")) == "f.yaml:5  b[2].y"
    assert document.line(("b", 1, "missing")) == 4  # the nearest key above it: the second entry
    assert document.where(()) == "f.yaml:1"


def test_entries_are_counted_from_one():
    assert dotted_key(("claims", 0, "text")) == "claims[1].text"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("x", "x"),
        ("'0407020'", "0407020"),
        ("12", 12),
        ("+12", 12),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.0e+3", 1000.0),
        ("1e3", "1e3"),  # YAML 1.1: text
        ("2016-04", "2016-04"),
        ("2016-04-01", date(2016, 4, 1)),
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("", None),
        ("GBP", "GBP"),
        ("0407020", Surprise("0407020", "the number 134672")),  # 4*8^5 + 0 + 7*8^3 + 0 + 2*8 + 0 = 134672
        ("012", Surprise("012", "the number 10")),
        ("0x1F", Surprise("0x1F", "the number 31")),
        ("1_000", Surprise("1_000", "the number 1000")),
        ("12:30", Surprise("12:30", "the number 750")),  # 12 * 60 + 30
        ("1:30.5", Surprise("1:30.5", "the number 90.5")),
        ("2016-04-31", Surprise("2016-04-31", "a day that is not in the calendar")),
        ("2016-04-01 10:00:00", Surprise("2016-04-01 10:00:00", "a moment in time")),
    ],
)
def test_scalars(written: str, value: object):
    assert read_yaml(f"k: {written}".encode(), path="f").value == {"k": value}


def test_keys_are_always_text():
    assert read_yaml(b"on: 1\n2016: 2\n", path="f").value == {"on": 1, "2016": 2}


def test_an_alias_repeats_a_value():
    assert read_yaml(b"a: &x {k: 1}\nb: *x\n", path="f").value == {"a": {"k": 1}, "b": {"k": 1}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "f.yaml:1\n  the file is empty."),
        ("# only a comment\n", "f.yaml:1\n  the file is empty."),
        ("a: 1\nb: 'x\nc: 1\n", "f.yaml:2\n  a quotation mark is not closed."),
        ("a: [1, 2\nb: 3", "f.yaml:1\n  a bracket or brace is not closed"),
        ("a: b: c", "f.yaml:1\n  a colon stands where YAML expects none."),
        ("a:\n\tb: 1", "f.yaml:2\n  a line begins with a tab. Indent with spaces."),
        ("a: 1\n---\nb: 1", "f.yaml:2\n  the file holds more than one document."),
        ("a: *x", "an alias (*) repeats a value that was never named."),
        ("a: @x", "a text begins with a character that YAML keeps for itself. Put the text in quotes."),
        ("a: %x", "Put the text in quotes."),
        ("- a\nb: 2", "f.yaml:2\n  the indentation does not fit the lines above."),
        ("a: 1\nb\nc: 2", "f.yaml:2\n  a key has no colon."),
        ("a: \x07", "f.yaml:1\n  the file holds a control character."),
        ("a: 1\nb: 2\na: 3", "f.yaml:3  a\n  got the key 'a' twice; it is first on line 1. Remove one."),
        ("x:\n  a: 1\n  a: 1", "f.yaml:3  x.a\n  got the key 'a' twice; it is first on line 2."),
        ("<<: {a: 1}", "f.yaml:1\n  got a merge key (<<)."),
        ("? [a]\n: b", "f.yaml:1\n  a key is not plain text."),
        ("a: &x [*x]", "f.yaml:1  a[1]\n  an alias (*) stands inside the value that it repeats."),
        ("a: !!python/object:os.system x", "f.yaml:1  a\n  got the tag"),
        ("a: !secret [1]", "f.yaml:1  a\n  got the tag '!secret'. Definitions hold plain values; remove the tag."),
        ("a: 1\nb: !<x y> 1\n", "f.yaml:2\n  the file is not YAML from here on. Check the quotation marks"),
        ("[" * 3000, "the file is nested too deeply to be read."),
        ("a: 1\nb: caf\xe9".encode("latin-1"), "f.yaml:2\n  the file is not UTF-8 text. Save it as UTF-8"),
    ],
)
def test_faults_of_the_text(text: str | bytes, said: str):
    found = problems(text)
    assert len(found) == 1
    assert said in found[0]


def test_a_value_repeated_beyond_reason_is_refused_quickly():
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert any("more than 50,000 values" in problem for problem in problems("\n".join(lines)))


def test_a_byte_order_mark_is_no_problem():
    assert read_yaml(b"\xef\xbb\xbfa: 1", path="f").value == {"a": 1}


def test_windows_line_ends_count_as_lines():
    assert read_yaml(b"a: 1\r\nb: 2\r\n", path="f").line(("b",)) == 2
