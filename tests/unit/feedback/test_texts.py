"""Words live in files: no sentence in code, no text that nothing says, no gap in a text."""

import ast
import re
from pathlib import Path

import pytest

from enginehouse.feedback.arms import known_components
from enginehouse.feedback.content import ReportContent
from enginehouse.feedback.texts import say, texts

SOURCE = Path(__file__).resolve().parents[3] / "src" / "enginehouse" / "feedback"
MODULES = sorted(SOURCE.rglob("*.py"))
MOST_WORDS = 3


def _sentences(path):
    """String constants with more than a few words that are no docstring, no pattern and no message of an error."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node) for call in ast.walk(tree) if isinstance(call, ast.Raise) for node in ast.walk(call)}
    told |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    told |= {id(node) for check in ast.walk(tree) if isinstance(check, ast.Assert) for node in ast.walk(check)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
        if is_text and len(re.findall(r"[A-Za-z]{2,} ", node.value)) >= MOST_WORDS:
            yield node.value


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_modules_hold_no_sentences(path):
    assert not list(_sentences(path))


def test_every_text_is_said_somewhere():
    code = "\n".join(path.read_text(encoding="utf-8") for path in MODULES).replace("'", '"')
    computed = ("month.", "cannot.", "attribute.", "comparator.", "credibility.", "lint.")
    unsaid = [key for key in texts() if not key.startswith(computed) and f'"{key}"' not in code]
    assert unsaid == []


def test_lint_texts_are_said_by_a_rule():
    code = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    keys = [key.removeprefix("lint.") for key in texts() if key.startswith("lint.") and not key.endswith(".title")]
    assert [key for key in keys if f'"{key}"' not in code] == []


def test_a_text_with_a_missing_or_a_spare_value_is_a_defect():
    with pytest.raises(KeyError, match="goal"):
        say("goal.reach", target="1")
    with pytest.raises(KeyError, match="goal"):
        say("goal.reach", target="1", unit="mg", more="x")
    with pytest.raises(KeyError):
        say("goal.nothing")


def test_components_stand_in_fields_that_exist():
    names = ReportContent.__dataclass_fields__
    assert all(field in names for part in known_components().values() for field in part.fields)
