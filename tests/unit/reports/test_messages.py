"""Every message that the code asks for exists, is filled completely, and none lies unused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from enginehouse.programme.enums import Check, DecisionWord, Method, PracticeMethod, Verdict
from enginehouse.reports.messages import MessageDefect, has_message, messages, placeholders, say

SOURCE = Path(str(files("enginehouse")))
PRINTED_AS_TEMPLATES = {"page.page_number"}
"""Filled by Typst, page by page."""
ASKED_BY_NAME = ("page.attribute.", "page.method.")
"""Words for names that programmes and methods have; a name without any is printed as it is."""


@dataclass(frozen=True)
class Use:
    """One call: the keys it may ask for (a pattern), and the names it gives, unless it passes a mapping."""

    where: str
    pattern: str
    names: frozenset[str] | None


def uses() -> Iterator[Use]:
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "enginehouse.reports.messages import" not in text:
            continue  # another room may have words of its own
        tree = ast.parse(text)
        helpers = dict(wrappers(tree)) if "reports" in path.parts else {}
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            prefix = "" if call.func.id == "say" else helpers.get(call.func.id)
            if prefix is None or not call.args or is_wrapped(call):
                continue
            names = None if any(k.arg is None for k in call.keywords) else frozenset(k.arg or "" for k in call.keywords)
            for pattern in patterns(call.args[0]):
                yield Use(f"{path.name}:{call.lineno}", re.escape(prefix) + pattern, names)


def wrappers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Functions of a module that only put a prefix before a key."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.args.args and function.args.args[0].arg == "key":
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and is_wrapped(call):
                    first = call.args[0]
                    assert isinstance(first, ast.JoinedStr)
                    assert isinstance(first.values[0], ast.Constant)
                    yield function.name, str(first.values[0].value)


def is_wrapped(call: ast.Call) -> bool:
    """The call inside such a function: `say(f"dossier.effect.{key}", **values)`."""
    first = call.args[0] if call.args else None
    return (
        isinstance(first, ast.JoinedStr)
        and len(first.values) == 2
        and isinstance(first.values[1], ast.FormattedValue)
        and isinstance(first.values[1].value, ast.Name)
        and first.values[1].value.id == "key"
        and any(k.arg is None for k in call.keywords)
    )


def patterns(key: ast.expr) -> list[str]:
    if isinstance(key, ast.IfExp):
        return [*patterns(key.body), *patterns(key.orelse)]
    if isinstance(key, ast.Constant):
        return [re.escape(str(key.value))]
    if isinstance(key, ast.JoinedStr):
        return ["".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+" for v in key.values)]
    return [".+"]


ALL_USES = tuple(uses())


@pytest.mark.parametrize("use", ALL_USES, ids=lambda use: use.where)
def test_what_is_asked_for_exists_and_is_filled(use: Use) -> None:
    found = [key for key in messages() if re.fullmatch(use.pattern, key)]
    assert found, f"{use.where} asks for a message that does not exist: {use.pattern}"
    if len(found) == 1 and use.names is not None:
        assert placeholders(messages()[found[0]]) == use.names, use.where


def test_no_message_lies_unused() -> None:
    exact = [use.pattern for use in ALL_USES if use.pattern != ".+"]
    templates = " ".join((SOURCE / "reports/templates" / n).read_text() for n in ("page.html.j2", "blocks.html.j2"))
    constants = " ".join(path.read_text(encoding="utf-8") for path in (SOURCE / "reports").rglob("*.py"))
    unused = [
        key
        for key in messages()
        if key not in PRINTED_AS_TEMPLATES
        and not key.startswith(ASKED_BY_NAME)
        and f'"{key}"' not in templates.replace("'", '"')
        and f'"{key}"' not in constants
        and not any(re.fullmatch(pattern, key) for pattern in exact)
    ]
    named = [key for key in unused if f'"{key.rsplit(".", 1)[1]}"' not in constants]
    assert not named


def test_every_verdict_has_its_words() -> None:
    for verdict in Verdict:
        assert has_message(f"dossier.verdict.word.{verdict.value}.headline")
        assert has_message(f"dossier.verdict.word.{verdict.value}.means")


def test_every_check_says_what_it_could_have_shown() -> None:
    assert all(has_message(f"dossier.checks.shows.{check.value}") for check in Check)


def test_every_method_has_its_words() -> None:
    for method in (*Method, *PracticeMethod):
        assert has_message(f"page.method.{method.value}")


def test_every_decision_has_its_word() -> None:
    assert all(has_message(f"dossier.verdict.decision_word.{word.value}") for word in DecisionWord)


def test_nothing_ever_failed() -> None:
    """A null result is a result: the word does not occur, apart from saying that it is no failure."""
    said = {key: text for key, text in messages().items() if "fail" in text.lower()}
    assert set(said) == {"dossier.verdict.word.inconclusive.means"}
    assert "no failure" in said["dossier.verdict.word.inconclusive.means"]


def test_a_missing_message_is_a_defect() -> None:
    with pytest.raises(MessageDefect, match=r"there is no message 'page\.nothing'"):
        say("page.nothing")


def test_a_placeholder_without_a_value_is_a_defect() -> None:
    with pytest.raises(MessageDefect, match=r"'page\.page_number' and the values given differ in: page, pages"):
        say("page.page_number")


def test_a_value_without_a_placeholder_is_a_defect() -> None:
    with pytest.raises(MessageDefect, match="differ in: extra"):
        say("page.skip", extra="x")
