"""Pages in a real browser: nothing is cut off at a phone's or a desk's width, and the page works without JavaScript."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from enginehouse.economics.appraise import appraisal_from_record
from enginehouse.evaluation.results import evaluation_from_record
from enginehouse.programme.read import protocol_from_json
from enginehouse.reports.dossier import dossier_document
from enginehouse.reports.facts import DossierFacts
from enginehouse.reports.html import render_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
CAMPAIGN = Path(__file__).parents[1] / "golden" / "reports" / "campaign"
PHONE, DESK = 360, 1280
SMALLEST_TEXT_PIXELS = 9.5
"""Chart labels are 13 units of 720; on a phone a chart scrolls rather than shrink below this."""


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A synthetic dossier, so that the page has a banner, as a file address."""
    records = {name: json.loads((CAMPAIGN / f"{name}.json").read_text("utf-8")) for name in ("evaluation", "appraisal")}
    facts = DossierFacts(
        programme="The campaign",
        cycle="west-yorkshire",
        registered_on="2026-03-02",
        registered_by="A. Statistician",
        retrospective=True,
        frozen_on="2026-03-03",
        last_month="2018-03",
        evaluated_on="2026-03-04",
        software="enginehouse 0.1.0",
        head_seq=7,
        head_hash="ab" * 32,
        protocol="01" * 32,
        definitions="02" * 32,
        panel="03" * 32,
        evaluation="04" * 32,
        synthetic=True,
    )
    document = dossier_document(
        protocol=protocol_from_json((CAMPAIGN / "protocol.json").read_bytes()),
        evaluation=evaluation_from_record(records["evaluation"]),
        appraisal=appraisal_from_record(records["appraisal"]),
        facts=facts,
    )
    path = tmp_path_factory.mktemp("pages") / "dossier.html"
    path.write_bytes(render_html(document))
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"no Chromium at {CHROMIUM}"
        if os.environ.get("ENGINEHOUSE_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield opened
        opened.close()


@pytest.fixture(params=[PHONE, DESK])
def page(browser: Browser, dossier: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The dossier at one width, with JavaScript switched off for the page itself."""
    context = browser.new_context(viewport={"width": request.param, "height": 900}, java_script_enabled=False)
    opened = context.new_page()
    opened.goto(dossier)
    yield opened
    context.close()


def test_given_a_width_when_it_is_opened_then_nothing_reaches_beyond_it(page: Page) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    for selector in ("h1", "h2", "main > section", "figcaption", ".callout", ".key-numbers", ".scroll", ".banner"):
        for box in (element.bounding_box() for element in page.locator(selector).all()):
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width + 0.5, selector


def test_given_a_chart_then_its_labels_can_be_read(page: Page) -> None:
    for svg in page.locator("svg").all():
        box = svg.bounding_box()
        assert box is not None
        assert 13 * box["width"] / 720 >= SMALLEST_TEXT_PIXELS


def test_given_the_keyboard_when_tab_is_pressed_then_the_skip_link_is_first(page: Page) -> None:
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.get_attribute("href") == "#main"
    box = focused.bounding_box()
    assert box is not None
    assert box["x"] >= 0


def test_given_a_figure_when_its_words_are_asked_for_then_they_open_without_javascript(page: Page) -> None:
    details = page.locator("figure details").first
    details.locator("summary").click()
    assert details.locator("p").is_visible()


def test_given_synthetic_data_then_the_banner_is_on_top(page: Page) -> None:
    box = page.locator(".banner").bounding_box()
    assert box is not None
    assert box["y"] == 0


def test_given_the_accessibility_tree_then_figures_and_tables_have_names(browser: Browser, dossier: str) -> None:
    page = browser.new_page()
    page.goto(dossier)
    tree = page.locator("main").aria_snapshot()
    assert "table" in tree
    assert 'img "' in tree
    assert 'heading "One region is one cluster" [level=2]' in tree
    for image in page.get_by_role("img").all():
        assert image.get_attribute("aria-labelledby")
    page.close()


def test_given_a_width_then_letters_are_the_shipped_font(browser: Browser, dossier: str) -> None:
    page = browser.new_page()
    page.goto(dossier)
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"Source Sans Pro\"'))")
    page.close()
