"""The demo is what any user can do: the same steps typed as commands give the same evaluation, and its page's links lead."""

from __future__ import annotations

import json
import re
import shutil
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


def test_the_page_begins_with_one_region_among_others(demo):
    folder, _ = demo
    text = (folder / "index.html").read_text("utf-8")
    assert text.index("among areas without the campaign") < text.index("<svg") < text.index('id="campaign-title"')
    assert "One cycle, run from raw data to a decision." in text


def test_pages_link_those_beside_them(demo):
    folder, _ = demo
    output = folder / "campaign" / "output"
    for page in ("insight", "data-quality", "timeline", "west-yorkshire-dossier"):
        links = set(links_of(output / f"{page}.html").found)
        assert "../../index.html" in links
        assert {"insight.html", "data-quality.html", "timeline.html"} - {f"{page}.html"} <= links


def test_another_part_leaves_the_first_and_is_worthwhile(here, demo, tmp_path):
    folder = tmp_path / "out"
    shutil.copytree(demo[0], folder)
    before = (folder / "campaign/output/west-yorkshire-dossier.pdf").read_bytes()
    printed = here(["demo", "--only", "starter", "--folder", str(folder)])
    assert (folder / "campaign/output/west-yorkshire-dossier.pdf").read_bytes() == before
    assert "Verdict: inconclusive" in " ".join(printed.split())
    assert "Verdict: worthwhile" in printed
    text = (folder / "index.html").read_text("utf-8")
    assert "Two cycles" in text
    assert "Simulated numbers" in text
    assert text.index("The campaign in public totals") < text.index("A worthwhile result: the starter template")


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
    monkeypatch.delenv("ENGINEHOUSE_SHARED", raising=False)
    monkeypatch.setenv("ENGINEHOUSE_DATA", str(tmp_path / "nowhere"))
    folder = tmp_path / "out"
    done = json.loads(here(["demo", "--only", "practices", "--folder", str(folder), "--json"]))
    assert done["verdicts"] == {}
    assert "no file found for" in " ".join(done["missing"]["practices"])
    text = (folder / "index.html").read_text("utf-8")
    assert "Set ENGINEHOUSE_DATA to the folder that has them" in text
    assert not (folder / "practices").exists()


def test_nothing_is_looked_for_where_nobody_said(here, tmp_path, monkeypatch):
    """Beside a checkout there may be a folder `shared`; only `make demo` looks there."""
    for name in ("ENGINEHOUSE_DATA", "ENGINEHOUSE_SHARED"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "shared").mkdir()
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    done = json.loads(here(["demo", "--only", "practices", "--json"]))
    assert "needs the environment variable ENGINEHOUSE_DATA" in done["missing"]["practices"][0]
