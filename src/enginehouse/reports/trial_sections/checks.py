"""The same question asked in other ways; and where a rehearsal lies among its draws."""

from __future__ import annotations

from enginehouse.evaluation.parallel.results import TrialCheck
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, DataTable, Paragraph, Section
from enginehouse.reports.effects import page_words
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.figures import rehearsal_figure


def checks_section(basis: TrialBasis) -> Section | None:
    checks = basis.evaluation.checks
    if not checks:
        return None
    done = sum(check.done for check in checks)
    table = DataTable(
        caption=_say("table"),
        header=(_say("check_header"), _say("finding_header")),
        rows=tuple(_row(basis, check) for check in checks),
    )
    intro = Paragraph(text=_say("intro", done=done, count=len(checks)))
    return Section(id="checks", title=_say("title"), blocks=(intro, table))


def rehearsal_section(basis: TrialBasis) -> Section | None:
    """Only a rehearsal has one."""
    place = basis.evaluation.rehearsal
    if place is None:
        return None
    told = [
        _rehearse(
            "text",
            noun=basis.noun,
            replications=fmt.count(place.replications),
            seed=place.seed,
            finding=page_words(place.finding),
        ),
        _rehearse(
            "significant",
            share=fmt.percent(place.share_significant),
            error=fmt.percent(place.monte_carlo_error),
        ),
    ]
    if place.share_equivalent is not None:
        told.append(_rehearse("equivalent", share=fmt.percent(place.share_equivalent)))
    blocks: list[Block] = [Paragraph(text=" ".join(told))]
    if place.estimates:
        blocks.append(rehearsal_figure(basis, place))
    return Section(id="rehearsal", title=_rehearse("title"), blocks=tuple(blocks))


def _row(basis: TrialBasis, check: TrialCheck) -> tuple[str, str]:
    other = check.indicator != basis.primary.indicator
    title = f"{check.title} ({basis.evaluation.outcome(check.indicator).short_title})" if other else check.title
    found = page_words(check.finding) if check.done else _say("cannot", reason=page_words(check.reason))
    return f"**{title}.** {say(f'dossier.checks.shows.{check.check.value}')}", found


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.checks.{key}", **values)


def _rehearse(key: str, **values: str | int) -> str:
    return say(f"trial.rehearsal.{key}", **values)
