"""The tutorials do what they say: every command and every line of Python is run, and every output shown is met.

A line of a `text` block must occur in the output of the block before it, in order, white space aside. Numbers that would
tie a page to the last digit are left out of these lines.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
ONE_NUMBER = ROOT / "docs" / "explanation" / "one-number-from-report-to-row.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "::: block"


def steps(page: Path, language: str) -> Iterator[tuple[str, list[str]]]:
    """Each block of the language with the lines that its output must hold."""
    blocks = [(found[1], found[2]) for found in BLOCK.finditer(page.read_text(encoding="utf-8"))]
    for place, (kind, code) in enumerate(blocks):
        if kind == language:
            after = blocks[place + 1 : place + 2]
            yield code, after[0][1].splitlines() if after and after[0][0] == "text" else []


def assert_shows(output: str, lines: list[str], code: str) -> None:
    seen, position = " ".join(output.split()), 0
    for line in lines:
        wanted = " ".join(line.split())
        found = seen.find(wanted, position)
        assert found >= 0, f"after\n{code}\nexpected: {line}\ngot:\n{output}"
        position = found + len(wanted)


def run_in_a_shell(pages: Sequence[Path], folder: Path) -> None:
    """Type every `sh` block of the pages in one shell, in order; each command is a process of its own."""
    blocks = [block for page in pages for block in steps(page, "sh")]
    script = "\n".join(f"echo '{MARK} {number}'\n{code}" for number, (code, _) in enumerate(blocks))
    unwanted = ("ENGINEHOUSE_AS", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment["OPENBLAS_NUM_THREADS"] = (
        "1"  # fifty short processes: threads that only wait would cost more than they help
    )
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["sh", "-eu"],
        input=script,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    outputs = re.split(rf"^{MARK} \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    for (code, lines), output in zip(blocks, outputs, strict=True):
        assert_shows(output, lines, code)


def assert_pages_link(folder: Path, apart: set[str]) -> None:
    """Every page links the one that links all, and no link leads nowhere; those `apart` go to others."""
    pages = {page.name: set(re.findall(r'href="([^"#:]+)"', page.read_text("utf-8"))) for page in folder.glob("*.html")}
    assert pages["index.html"] >= set(pages) - {"index.html"}
    for name, links in pages.items():
        assert all((folder / link).exists() for link in links), name
        assert name in apart | {"index.html"} or "index.html" in links, name


def test_your_own_data_in_15_minutes(tmp_path):
    run_in_a_shell([TUTORIALS / "your-own-data-in-15-minutes.md"], tmp_path)
    written = {path.name for path in (tmp_path / "my-programme" / "output").iterdir()}
    assert {"insight.html", "first-dossier.html", "first-dossier.pdf", "timeline.html"} <= written
    assert_pages_link(tmp_path / "my-programme" / "output", set())


def test_a_trial_inside_your_roll_out_and_one_number_of_it(tmp_path):
    """Ten months of a trial, by eight people; then one number of its dossier is followed back to the rows."""
    run_in_a_shell([TUTORIALS / "a-trial-inside-your-roll-out.md", ONE_NUMBER], tmp_path)
    programme = tmp_path / "inhalers"
    written = {path.name for path in (programme / "output").iterdir()}
    assert {"priorities.html", "visits-design.html", "visits-notice.html", "visits-dossier.pdf"} <= written
    assert_pages_link(programme / "output", {"visits-notice.html"})
    for wave in ("wave-01", "wave-02"):
        reports = list((programme / "outbox" / "visits" / wave).glob("*/report.html"))
        assert len(reports) == 38, "one for each practice that was allocated and wants one"


def test_in_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENGINEHOUSE_AS", raising=False)
    names: dict[str, object] = {}
    for code, lines in steps(TUTORIALS / "in-python.md", "python"):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "in-python.md", "exec"), names)
        assert_shows(printed.getvalue(), lines, code)


@pytest.mark.parametrize("page", [*sorted(TUTORIALS.glob("*.md")), ONE_NUMBER], ids=lambda page: page.name)
def test_every_block_of_a_tutorial_is_run_or_is_an_output(page):
    text = page.read_text(encoding="utf-8")
    blocks = [found[1] for found in BLOCK.finditer(text)]
    assert set(blocks) <= {"sh", "python", "text"}
    assert text.count("```") == 2 * len(blocks)
