"""The checks, each with what it could have shown; and in small print the models of single sites and the subgroups."""

from __future__ import annotations

from enginehouse.core.months import Month
from enginehouse.core.words import counted
from enginehouse.evaluation.practice_level import FALSE_CERTAINTY
from enginehouse.evaluation.results import CheckResult, PracticeModelResult, SubgroupResult
from enginehouse.programme.enums import Check, Window
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, DataTable, Paragraph, Section
from enginehouse.reports.effects import attribute_words, cell_words, method_words, page_words
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis, window_words
from enginehouse.reports.sections.telling import most_telling
from enginehouse.stats.placebo_dates import FEWEST_POINTS_A_SIDE


def checks_section(basis: Basis) -> Section | None:
    """The most telling check in plain words; the rest stands in the annex."""
    checks = basis.evaluation.checks
    if not checks:
        return None
    telling = most_telling(basis)
    done = sum(check.done for check in checks)
    said = [] if telling is None else [Paragraph(text=telling.words)]
    count = _say("count", checks=counted(len(checks), "check"), done=done)
    blocks = (*said, Paragraph(text=f"{_say('intro')} {count}"))
    return Section(id="checks", title=_say("title"), blocks=blocks)


def check_details_section(basis: Basis) -> Section | None:
    """Every check with what it found, the most telling one first."""
    checks, telling = basis.evaluation.checks, most_telling(basis)
    if not checks:
        return None
    first = None if telling is None else telling.check
    table = DataTable(
        caption=_say("table"),
        header=(_say("check_header"), _say("finding_header")),
        rows=tuple(_row(basis, check) for check in sorted(checks, key=lambda check: check is not first)),
    )
    return Section(id="check-details", title=_say("details_title"), blocks=(table,), aside=True)


def models_section(basis: Basis) -> Section | None:
    """Models of single sites and months, where they were registered and fitted."""
    if not basis.evaluation.practice_models:
        return None
    table = DataTable(
        caption=_say("models_table"),
        header=tuple(_say(f"{name}_header") for name in ("model", "sites")) + _window_headers(basis),
        rows=tuple(_model_row(basis, model) for model in basis.evaluation.practice_models),
        numeric=frozenset({1, 2, 3}),
        note=" ".join((_say("models_note"), *_model_notes(basis))),
    )
    return Section(id="models", title=_say("models"), blocks=(table,), aside=True)


def subgroups_section(basis: Basis) -> Section | None:
    """The effect by attributes of sites, where that was registered."""
    if not basis.evaluation.subgroups:
        return None
    blocks: list[Block] = [Paragraph(text=_say("subgroups_note"))]
    blocks += [_subgroup_table(basis, result) for result in basis.evaluation.subgroups]
    return Section(id="subgroups", title=_say("subgroups_title"), blocks=tuple(blocks), aside=True)


def _row(basis: Basis, check: CheckResult) -> tuple[str, str]:
    """What was looked at (naming the outcome where it is not the primary one), and what was found."""
    other = check.indicator != basis.primary.indicator
    title = f"{check.title} ({basis.evaluation.outcome(check.indicator).short_title})" if other else check.title
    found = " ".join(part for part in (page_words(check.finding), _earlier_months(basis, check)) if part)
    return f"**{title}.** {say(f'dossier.checks.shows.{check.check.value}')}", found


def _earlier_months(basis: Basis, check: CheckResult) -> str:
    """Dates tried so early that the series must begin before the months of the registered analysis."""
    if check.check is not Check.PLACEBO_DATES or not check.done or not check.items:
        return ""
    earliest = Month.parse(check.items[0].label)
    start = basis.protocol.design.baseline.start
    if not earliest < start + FEWEST_POINTS_A_SIDE:
        return ""
    return _say("earlier_months", start=fmt.month_words(start))


def _window_headers(basis: Basis) -> tuple[str, ...]:
    return tuple(window_words(basis.protocol, window) for window in Window)


def _model_row(basis: Basis, model: PracticeModelResult) -> tuple[str, ...]:
    outcome = basis.evaluation.outcome(model.indicator)
    cells = []
    for window in Window:
        estimate = model.windows.get(window.value)
        point, limits = (fmt.EN_DASH, "") if estimate is None else cell_words(estimate, scale=outcome.scale)
        cells.append(f"{point} ({limits})" if limits else point)
    return (_model_name(basis, model), fmt.count(model.sites), *cells)


def _model_notes(basis: Basis) -> tuple[str, ...]:
    """What single models had to do otherwise than planned (a fallback, zeros left out), each said once."""
    return tuple(
        dict.fromkeys(
            f"{_model_name(basis, model)}: {note}"
            for model in basis.evaluation.practice_models
            for note in model.notes
            if note != FALSE_CERTAINTY
        )
    )


def _model_name(basis: Basis, model: PracticeModelResult) -> str:
    outcome = basis.evaluation.outcome(model.indicator)
    return f"{outcome.short_title}: {method_words(model.method.value)}"


def _subgroup_table(basis: Basis, result: SubgroupResult) -> DataTable:
    outcome = basis.evaluation.outcome(result.indicator)
    rows = [
        (g.group, fmt.count(g.exposed_sites), *cell_words(g.months_only, scale=outcome.scale)) for g in result.groups
    ]
    interaction = cell_words(result.interaction, scale=outcome.scale)
    rows.append((_say("interaction", label=result.interaction_label), "", *interaction))
    return DataTable(
        caption=f"{outcome.short_title}. {_say('subgroups', attribute=attribute_words(result.attribute))}",
        header=(
            _say("group_header"),
            _say("sites_header"),
            say("dossier.effect.change_header"),
            say("dossier.effect.interval_header"),
        ),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3}),
        note=page_words(" ".join(result.notes)),
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.checks.{key}", **values)
