"""The reference page of examples says what the tests say."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_the_page_of_examples_is_in_step(checkout: Path):
    script = checkout / "docs" / "generate_examples.py"
    spec = importlib.util.spec_from_file_location("generate_examples", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (checkout / "docs" / "reference" / "keys-by-example.md").read_text(encoding="utf-8")
    assert page == module.page(), "run: python docs/generate_examples.py"
