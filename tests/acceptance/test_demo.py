"""The demo is what any user can do: the same steps typed as commands give the same evaluation, and its page's links lead."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from enginehouse.ledger.record import Record


class Links(HTMLParser):
    """Every address that a page links to or loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found += [value for name in ("href", "src") if (value := values.get(name))]
        if values.get("id"):
            self.ids.add(str(values["id"]))


def links_of(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text("utf-8"))
    return links


@pytest.fixture(scope="module")
def demo(tmp_path_factory, here):
    folder = tmp_path_factory.mktemp("demo") / "out"
    printed = here(["demo", "--only", "campaign", "--folder", str(folder)])
    return folder, printed


def test_the_demo_ends_with_an_honest_summary_and_one_page(demo):
    folder, printed = demo
    assert f"Read this: {folder / 'index.html'}" in printed
    flat = " ".join(printed.split())
    assert "−1.1% (95% interval −3.7% to 1.5%)" in flat
    assert "inconclusive" in flat
    assert "4 of 27" in flat


def test_every_link_of_the_page_leads_somewhere(demo):
    folder, _ = demo
    pages = [folder / "index.html", *sorted(folder.rglob("output/*.html"))]
    assert len(pages) == 5
    for page in pages:
        links = links_of(page)
        for link in links.found:
            path, _, anchor = link.partition("#")
            if not path:
                assert anchor in links.ids, f"{page.name}: {link}"
            elif not re.match(r"(https?|data|mailto):", path):
                assert (page.parent / path).exists(), f"{page.name}: {link}"
    targets = {Path(link).name for link in links_of(pages[0]).found if not link.startswith("#")}
    assert {"west-yorkshire-dossier.html", "west-yorkshire-dossier.pdf", "timeline.html"} <= targets


def test_nothing_of_the_page_comes_from_elsewhere(demo):
    folder, _ = demo
    for page in folder.rglob("*.html"):
        assert not re.search(r'(src|href)="(https?:)?//', page.read_text("utf-8"))


def test_only_what_was_asked_for_is_on_the_page(demo):
    folder, _ = demo
    assert [path.name for path in folder.iterdir() if path.is_dir()] == ["campaign"]
    text = (folder / "index.html").read_text("utf-8")
    assert "ENGINEHOUSE_DATA" not in text, "the practices were not asked for, so that none were found is not said"


def test_the_same_steps_typed_as_commands_give_the_same_evaluation(demo, campaign):
    """`campaign` was typed, a process for each step; the demo calls Python. Documents are named by their hash."""
    folder, _ = demo
    record = Record(folder / "campaign" / ".enginehouse")
    payloads = {event.type: event.payload for event in record.store.events()}
    evaluated = payloads["cycle-evaluated"]
    assert evaluated.evaluation == campaign.event("cycle-evaluated")["evaluation"]
    assert payloads["cycle-registered"].protocol_hash == campaign.event("cycle-registered")["protocol_hash"]
    assert payloads["data-frozen"].panel == campaign.event("data-frozen")["panel"]
    assert payloads["cycle-appraised"].appraisal == campaign.event("cycle-appraised")["appraisal"]
    demo_steps = [event.type for event in record.store.events()]
    assert demo_steps == [event["type"] for event in campaign.events]


def test_a_demo_replaces_only_a_demo(demo, here, tmp_path):
    folder, _ = demo
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep", "utf-8")
    with pytest.raises(AssertionError, match="this folder holds something else than a demo"):
        here(["demo", "--only", "campaign", "--folder", str(tmp_path / "mine")])
    assert (tmp_path / "mine" / "letter.txt").read_text("utf-8") == "keep"
    again = json.loads(here(["demo", "--only", "campaign", "--folder", str(folder), "--json"]))
    assert again["verdicts"] == {"campaign": "inconclusive"}


def test_without_practice_data_the_page_says_so(here, tmp_path, monkeypatch):
    monkeypatch.setenv("ENGINEHOUSE_DATA", str(tmp_path / "nowhere"))
    folder = tmp_path / "out"
    done = json.loads(here(["demo", "--only", "practices", "--folder", str(folder), "--json"]))
    assert done["verdicts"] == {}
    assert "practice" in (folder / "index.html").read_text("utf-8")
