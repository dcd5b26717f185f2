"""The report to one site as one small HTML page: no font and no script inside, and one A4 page when printed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Template
from markupsafe import Markup, escape

from enginehouse.reports.jinja import template_environment
from enginehouse.reports.practice.page import Note, PracticePage
from enginehouse.reports.practice.runs import Run, rich_runs
from enginehouse.reports.practice.style import COLOURS, Density

_PRINTED = 0.9


def render_practice_html(page: PracticePage, charts: Sequence[str], density: Density) -> bytes:
    """The page as UTF-8 bytes; `charts` are the SVGs of the page's figures, drawn once."""
    named = [
        ("standing" if figure is page.standing else "trend", figure, Markup(svg))
        for figure, svg in zip(page.figures, charts, strict=True)
    ]
    text = _template().render(
        page=page,
        columns=two_columns(page.notes),
        charts=named,
        sizes=_sizes(density),
        style=Markup(_style()),
    )
    return text.encode("utf-8")


def two_columns(notes: Sequence[Note]) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
    """Notes in two columns of about the same length, in their order."""
    lengths = [len(note.text) + 60 for note in notes]
    half, taken, cut = sum(lengths) / 2, 0.0, 0
    while cut < len(notes) and taken + lengths[cut] / 2 <= half:
        taken += lengths[cut]
        cut += 1
    return tuple(notes[:cut]), tuple(notes[cut:])


def rich(text: str) -> Markup:
    """Running text with its strong parts and links marked."""
    return Markup("").join(_marked(run) for run in rich_runs(text))


def _marked(run: Run) -> Markup:
    if run.kind == "strong":
        return Markup("<strong>{}</strong>").format(run.text)
    if run.kind == "link":
        return Markup('<a href="{}">{}</a>').format(run.href, run.text)
    return escape(run.text)


def _sizes(density: Density) -> str:
    """Sizes for print; the letters that readers have are wider than those that the PDF brings, so they are smaller."""
    points = {"text": density.text, "small": density.small, "head": density.headline}
    sizes = "".join(f"--{name}:{_PRINTED * size:.2f}pt;" for name, size in points.items())
    return f"{sizes}--air:{density.gap}"


@cache
def _template() -> Template:
    environment = template_environment()
    environment.filters["rich"] = rich
    return environment.get_template("practice.html.j2")


@cache
def _style() -> str:
    names = "".join(f"--{name}:{colour};" for name, colour in COLOURS.items())
    sheet = (files("enginehouse.reports") / "templates" / "practice.css").read_text(encoding="utf-8")
    return f":root{{{names}}}\n{sheet}"
