"""The checks, each with what it could have shown; and in small print the models of single sites and the subgroups."""

from __future__ import annotations

from enginehouse.evaluation.practice_level import FALSE_CERTAINTY
from enginehouse.evaluation.results import CheckResult, PracticeModelResult, SubgroupResult
from enginehouse.programme.enums import Window
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, DataTable, Paragraph, Section
from enginehouse.reports.effects import cell_words, with_page_signs
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis, window_words


def checks_section(basis: Basis) -> Section:
    table = DataTable(
        caption=_say("table"),
        header=(_say("check_header"), _say("finding_header")),
        rows=tuple(_row(basis, check) for check in basis.evaluation.checks),
    )
    return Section(id="checks", title=_say("title"), blocks=(Paragraph(text=_say("intro")), table))


def models_section(basis: Basis) -> Section | None:
    """Models of single sites and months, where they were registered and fitted."""
    if not basis.evaluation.practice_models:
        return None
    table = DataTable(
        caption=_say("models"),
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
    return f"**{title}.** {say(f'dossier.checks.shows.{check.check.value}')}", with_page_signs(check.finding)


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
    return f"{outcome.short_title}: {model.method.value.replace('-', ' ')}"


def _subgroup_table(basis: Basis, result: SubgroupResult) -> DataTable:
    outcome = basis.evaluation.outcome(result.indicator)
    rows = [
        (g.group, fmt.count(g.exposed_sites), *cell_words(g.months_only, scale=outcome.scale)) for g in result.groups
    ]
    interaction = cell_words(result.interaction, scale=outcome.scale)
    rows.append((_say("interaction", label=result.interaction_label), "", *interaction))
    return DataTable(
        caption=f"{outcome.short_title}. {_say('subgroups', attribute=result.attribute)}",
        header=(
            _say("group_header"),
            _say("sites_header"),
            say("dossier.effect.change_header"),
            say("dossier.effect.interval_header"),
        ),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3}),
        note=" ".join(result.notes),
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.checks.{key}", **values)
