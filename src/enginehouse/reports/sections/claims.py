"""Published claims, each with its mark and the reason."""

from __future__ import annotations

from enginehouse.evaluation.results import ClaimMark
from enginehouse.reports.content import DataTable, Paragraph, Section
from enginehouse.reports.effects import with_page_signs
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis


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
    table = DataTable(
        caption=_say("table"),
        header=(_say("claim_header"), _say("mark_header"), _say("reason_header")),
        rows=tuple((c.text, f"**{_say(f'mark.{c.mark.value}')}**", with_page_signs(c.sentence)) for c in claims),
        note=_say("sources", sources="; ".join(dict.fromkeys(claim.source for claim in claims))),
    )
    return Section(
        id="claims", title=_say("title"), blocks=(Paragraph(text=intro), table, Paragraph(text=_say("means")))
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.claims.{key}", **values)
