"""The documentation is true of the code: links lead somewhere, names exist, lists are complete."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from enginehouse import __version__
from enginehouse.cli.main import COMMANDS, build_parser, command_module
from enginehouse.governance.stages import Act, Stage
from enginehouse.programme import enums
from enginehouse.programme.indicator import Status, Summand

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "enginehouse"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WRITTEN = [page for page in PAGES if "templates" not in page.parts]
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
LONGEST_README = 120


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def links_of(page: Path) -> Iterator[str]:
    yield from (found[1] for found in LINK.finditer(FENCE.sub("", text_of(page))))


def anchors_of(page: Path) -> set[str]:
    """The anchors that a page's headings get on the usual hosts."""
    headings = re.findall(r"^#+ +(.+?)\s*$", FENCE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_link_leads_somewhere(page):
    broken = []
    for link in links_of(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors_of(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_pages_name_only_targets_and_commands_that_exist(page):
    text = text_of(page)
    targets = set(re.findall(r"^([a-z-]+):.*?## ", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    assert set(re.findall(r"(?:^|`|; |&& )enginehouse ([a-z][a-z-]*)", text, re.MULTILINE)) <= set(COMMANDS)


COMMAND = re.compile(r"^\(?(?:cd \S+ && )?enginehouse ([^\n]*)", re.MULTILINE)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("[eht]*/*.md")), ids=name)
def test_commands_that_a_page_shows_are_read_by_their_parsers(page):
    for block in FENCE.findall(text_of(page)):
        for line in COMMAND.findall(block.replace("\\\n", " ")):
            words = shlex.split(line.partition(" || ")[0].partition(" > ")[0].partition(" | ")[0], comments=True)
            if words[0].startswith("-"):
                continue
            build_parser(words[0], command_module(words[0])).parse_args(words[1:])


def test_every_page_of_the_docs_is_reached_from_the_index():
    reached, waiting = set(), [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for link in links_of(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_relative_to(ROOT / "docs"):
                waiting.append(target)
    assert not [name(page) for page in WRITTEN if page.is_relative_to(ROOT / "docs") and page not in reached]


def test_the_readme_is_short_and_shows_one_picture():
    text = text_of(ROOT / "README.md")
    assert len(text.splitlines()) <= LONGEST_README
    assert re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text) == ["docs/images/one-cluster.svg"]
    assert "make demo" in text
    assert "make test" in text


def test_the_index_of_decisions_is_complete():
    folder = ROOT / "docs" / "adr"
    decisions = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert decisions == sorted(set(links_of(folder / "README.md")))
    numbers = [int(decision[:4]) for decision in decisions]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_map_names_every_room_in_the_order_of_the_contract():
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    table = re.findall(r"^\| \[`(\w+)`\]\(src/enginehouse/\w+\) \|", text_of(ROOT / "ARCHITECTURE.md"), re.MULTILINE)
    assert set(table) == rooms
    assert len(table) == len(set(table))
    layers = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"][0]["layers"]
    order = [room for layer in layers for room in re.findall(r"\w+", layer)]
    assert table == [room for room in order if room in rooms]


def test_rooms_that_the_map_calls_unbuilt_are_not_built():
    found = re.search(r"not built yet: ([^.]+)\.", text_of(ROOT / "ARCHITECTURE.md"))
    assert found
    unbuilt = set(re.findall(r"`(\w+)`", found[1]))
    layers = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"][0]["layers"]
    optional = {room for layer in layers for room in re.findall(r"\((\w+)\)", layer)}
    assert unbuilt == {room for room in optional if not (SOURCE / room).exists()}


LISTS = [
    kind for _, kind in inspect.getmembers(enums, inspect.isclass) if issubclass(kind, StrEnum) and kind is not StrEnum
]


@pytest.mark.parametrize("kind", [*LISTS, Stage, Act, Status, Summand], ids=lambda kind: kind.__name__)
def test_the_glossary_defines_every_value_that_files_may_hold(kind):
    rows = re.findall(r"^\| (`.+`) \| \S", text_of(ROOT / "GLOSSARY.md"), re.MULTILINE)
    defined = {value for row in rows for value in re.findall(r"`([^`]+)`", row)}
    assert {member.value for member in kind} <= defined


OBJECTS = (
    "programme",
    "site",
    "indicator",
    "panel",
    "strategy",
    "evidence",
    "cycle",
    "protocol",
    "wave",
    "report",
    "delivery",
    "evaluation",
    "decision",
    "ledger",
    "document",
    "dossier",
)


@pytest.mark.parametrize("word", OBJECTS)
def test_the_glossary_defines_every_object(word):
    headings = re.findall(r"^### (.+)$", text_of(ROOT / "GLOSSARY.md"), re.MULTILINE)
    assert any(word in re.split(r", | ", heading.lower()) for heading in headings)


def test_every_module_of_stats_with_public_functions_is_on_a_methods_page():
    told = "\n".join(text_of(page) for page in (ROOT / "docs" / "methods").glob("*.md"))
    missing = [name(path) for path in (SOURCE / "stats").rglob("*.py") if _is_public(path) and name(path) not in told]
    assert not missing


def _is_public(path: Path) -> bool:
    tree = ast.parse(text_of(path))
    return any(isinstance(node, ast.FunctionDef) and not node.name.startswith("_") for node in tree.body)


METHODS = [page for page in sorted((ROOT / "docs" / "methods").glob("*.md")) if page.name != "README.md"]


@pytest.mark.parametrize("page", METHODS, ids=name)
def test_a_methods_page_is_in_the_index_and_says_why_it_is_believed(page):
    assert page.name in set(links_of(page.parent / "README.md"))
    if page.name.startswith("simulation-"):
        return
    assert "evidence that" in text_of(page).lower()
    assert "\n## Sources\n" in text_of(page)
    assert any("/tests/" in link for link in links_of(page)), "evidence is a test that can be read"


def test_every_check_and_model_that_a_protocol_may_name_has_its_page():
    told = "\n".join(text_of(page) for page in METHODS)
    for kind in (enums.Check, enums.Method, enums.PracticeMethod, enums.Disclosure):
        assert not [member.value for member in kind if f"`{member.value}`" not in told and member.value not in told]


def test_versions_agree():
    assert f"\nversion: {__version__}\n" in text_of(ROOT / "CITATION.cff")
    assert f"## {__version__}" in text_of(ROOT / "CHANGELOG.md")
    assert tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["version"] == __version__


def test_the_changelog_has_a_heading_for_numbers_that_change():
    assert "Changes that can alter a published number" in text_of(ROOT / "CHANGELOG.md")


def test_contributing_lists_every_target():
    targets = set(re.findall(r"^([a-z-]+):.*?## ", text_of(ROOT / "Makefile"), re.MULTILINE)) - {"clean", "setup"}
    assert targets == set(re.findall(r"^\| `make ([a-z-]+)` \|", text_of(ROOT / "CONTRIBUTING.md"), re.MULTILINE))


def test_the_sources_of_the_how_to_are_as_a_programme_may_name_them(tmp_path):
    from enginehouse.programme.load import load_programme
    from enginehouse.programme.templates import new_programme

    block = re.search(r"```yaml\n(schema: 1\n.*?)```", text_of(ROOT / "docs/how-to/load-nhs-data.md"), re.DOTALL)
    assert block
    folder = tmp_path / "board"
    new_programme(folder, template="synthetic-region")
    (folder / "programme.yaml").write_text(block[1], encoding="utf-8")
    shutil.rmtree(folder / "cycles")
    assert set(load_programme(folder).settings.sources) == {"prescribing", "practices", "hierarchy", "list-sizes"}


def test_the_contract_of_the_how_to_is_one(tmp_path):
    from enginehouse.programme.load import load_programme
    from enginehouse.programme.templates import new_programme

    block = re.search(
        r"```yaml\n(schema: 1\n.*?)```", text_of(ROOT / "docs/how-to/prepare-a-decision-contract.md"), re.DOTALL
    )
    assert block
    folder = tmp_path / "trial"
    new_programme(folder, template="head-to-head")
    (folder / "cycles" / "facilitation" / "contract.yaml").write_text(block[1], encoding="utf-8")
    assert set(load_programme(folder).contracts) == {"facilitation"}


ESTIMATING = ("stats", "evaluation", "insight", "economics", "indicators")


def test_every_reason_for_not_estimating_is_on_a_methods_page():
    told = "\n".join(text_of(page) for page in METHODS)
    reasons = {
        (name(path), reason)
        for room in ESTIMATING
        for path in (SOURCE / room).rglob("*.py")
        for reason in re.findall(r"NotEstimable\(\s*reason=\"([\w-]+)\"", text_of(path))
    }
    assert len(reasons) > 30
    assert not sorted(pair for pair in reasons if f"`{pair[1]}`" not in told)
