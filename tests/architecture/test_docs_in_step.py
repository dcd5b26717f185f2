"""The generated pages are what their generators give now; long simulations are taken from their kept results."""

from __future__ import annotations

import pytest
from docs.generate import PAGES, ROOT, main, with_note
from docs.generators import simulations
from docs.generators.campaign import evaluate_campaign, numbers


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_in_step(path):
    assert (ROOT / path).read_text(encoding="utf-8") == with_note(path, PAGES[path]()), "run: make docs"


def test_checking_says_what_is_out_of_step(monkeypatch, capsys):
    monkeypatch.setattr("docs.generate.PAGES", {"docs/reference/exit-codes.md": lambda: "# Another page\n"})
    monkeypatch.setattr("sys.argv", ["docs.generate", "--check"])
    assert main() == 1
    assert capsys.readouterr().out == "out of step: docs/reference/exit-codes.md\n"


def test_changed_scenarios_ask_for_a_new_run(monkeypatch):
    monkeypatch.setattr("simulations.drift.SCENARIOS", ())
    with pytest.raises(ValueError, match="scenarios of drift changed since its last full run"):
        simulations.page("drift")


def test_the_words_for_the_picture_in_the_readme_are_in_step():
    found = numbers(evaluate_campaign())
    picture = next(
        line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("![")
    )
    for name in ("areas", "significant", "point", "narrow", "wide"):
        assert found[name] in picture, name
