"""Published claims, each with its mark and the reason, and numbered references."""

from __future__ import annotations

import re
from collections.abc import Sequence

from enginehouse.evaluation.results import ClaimMark
from enginehouse.reports.content import DataTable, Paragraph, Section
from enginehouse.reports.effects import page_words
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis

_BETWEEN = re.compile(r"; (?=[A-Z])|, after (?=[A-Z])")


def claims_section(basis: Basis) -> Section | None:
    claims = basis.evaluation.claims
    if not claims:
        return None
    count = {mark: sum(claim.mark is mark for claim in claims) for mark in ClaimMark}
    intro = _say(
        "intro",
        reproduced=count[ClaimMark.REPRODUCED],
        not_reproduced=count[ClaimMark.NOT_REPRODUCED],
        untested=count[ClaimMark.CANNOT_BE_TESTED],
    )
    works = references([claim.source for claim in claims])
    table = DataTable(
        caption=_say("table"),
        header=(_say("claim_header"), _say("mark_header"), _say("reason_header")),
        rows=tuple(
            (
                f"{c.text} {citation(c.source, works)}".strip(),
                f"**{_say(f'mark.{c.mark.value}')}**",
                page_words(c.sentence),
            )
            for c in claims
        ),
        note=_say("sources", sources=" ".join(f"[{number}] {work}." for number, work in enumerate(works, 1))),
    )
    return Section(
        id="claims", title=_say("title"), blocks=(Paragraph(text=intro), table, Paragraph(text=_say("means")))
    )


def references(sources: Sequence[str]) -> tuple[str, ...]:
    """The works behind all claims, each once: one that begins with another is that work with a remark."""
    parts = dict.fromkeys(part for source in sources for part in _parts(source))
    return tuple(part for part in parts if not any(_remarks(part, other) for other in parts))


def citation(source: str, works: Sequence[str]) -> str:
    """`[1, 2]`, with what the source says of the work: `[2, there as people]`."""
    cited = []
    for part in _parts(source):
        number, work = next((n, w) for n, w in enumerate(works, 1) if part == w or _remarks(part, w))
        cited.append(f"{number}{part[len(work) :]}")
    return f"[{', '.join(cited)}]" if cited else ""


def _parts(source: str) -> list[str]:
    return [part.strip().rstrip(".") for part in _BETWEEN.split(source) if part.strip()]


def _remarks(part: str, work: str) -> bool:
    return part.startswith(f"{work}, ")


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.claims.{key}", **values)
