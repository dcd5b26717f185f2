"""Who was in which arm at the start, and what the arms looked like before any model."""

from __future__ import annotations

from enginehouse.core.words import first_upper
from enginehouse.evaluation.parallel.results import ArmSummary
from enginehouse.programme.enums import Average
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, DataTable, Section
from enginehouse.reports.effects import attribute_words
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import joined, named_words
from enginehouse.trials.balance import ArmMean, BalanceRow, BalanceTable

BASELINE = "baseline"


def baseline_section(basis: TrialBasis) -> Section:
    blocks: list[Block] = []
    if basis.balance is not None:
        blocks.append(_table(basis, basis.balance))
        notes = (*_missing(basis, basis.balance), *_findings(basis, basis.balance))
        blocks += [Bullets(items=notes)] if notes else []
        if len(basis.balance.strata) > 1:
            blocks.append(_strata(basis, basis.balance))
    blocks.append(_before(basis))
    return Section(id="baseline", title=_say("title"), blocks=tuple(blocks))


def baseline_attribute(basis: TrialBasis, name: str) -> str:
    """A covariate in words; `baseline` is the primary outcome's own value before the start."""
    if name == BASELINE:
        return _say("baseline", outcome=basis.primary.short_title)
    return first_upper(attribute_words(name))


def _table(basis: TrialBasis, table: BalanceTable) -> DataTable:
    arms = [arm.arm for arm in table.arms]
    counts: list[tuple[str, ...]] = [
        (_say("sites", noun=basis.noun), *(fmt.count(arm.sites) for arm in table.arms), ""),
        (_say("patients"), *(fmt.big_number(arm.patients) for arm in table.arms), ""),
    ]
    return DataTable(
        caption=_say("table", noun=basis.noun),
        header=(_say("what_header"), *(first_upper(basis.title(arm)) for arm in arms), _say("difference_header")),
        rows=(*counts, *(_row(basis, row) for row in table.rows)),
        numeric=frozenset(range(1, len(arms) + 2)),
        note=_say("note"),
    )


def _row(basis: TrialBasis, row: BalanceRow) -> tuple[str, ...]:
    star = " *" if row.balanced else ""
    difference = fmt.EN_DASH if row.difference is None else fmt.number(row.difference, 2)
    return (
        f"{baseline_attribute(basis, row.name)}{star}",
        *(_mean(mean, row, basis) for mean in row.by_arm),
        difference,
    )


def _mean(mean: ArmMean, row: BalanceRow, basis: TrialBasis) -> str:
    if mean.mean is None:
        return fmt.EN_DASH
    scale = basis.scale if row.name == BASELINE else 1
    spread = f" ({fmt.significant(mean.sd * scale)})" if mean.sd is not None else ""
    return f"{fmt.significant(mean.mean * scale)}{spread}"


def _missing(basis: TrialBasis, table: BalanceTable) -> tuple[str, ...]:
    counted = [(row.name, sum(mean.missing for mean in row.by_arm)) for row in table.rows]
    lacking = [f"{baseline_attribute(basis, name)} ({count})" for name, count in counted if count]
    return (_say("missing", attributes=joined(lacking)),) if lacking else ()


def _findings(basis: TrialBasis, table: BalanceTable) -> tuple[str, ...]:
    return tuple(_say("worth_a_look", finding=first_upper(named_words(basis, finding))) for finding in table.findings)


def _strata(basis: TrialBasis, table: BalanceTable) -> DataTable:
    return DataTable(
        caption=_say("strata", noun=first_upper(basis.noun)),
        header=(_say("stratum_header"), *(first_upper(basis.title(arm.arm)) for arm in table.arms)),
        rows=tuple((s.stratum, *(fmt.count(sites) for sites in s.sites)) for s in table.strata),
        numeric=frozenset(range(1, len(table.arms) + 1)),
    )


def _before(basis: TrialBasis) -> DataTable:
    """Baseline and follow-up of each arm, once with each patient counting and once with each site counting."""
    names = ("before_header", "after_header", "before_sites_header", "after_sites_header")
    average = "patients" if basis.evaluation.average is Average.PATIENTS else basis.noun
    return DataTable(
        caption=f"{basis.primary.short_title}. {_say('before_table')}",
        header=(_say("arm_header"), first_upper(basis.noun), *(_say(name) for name in names)),
        rows=tuple(_arm_row(basis, arm) for arm in basis.primary.arms),
        numeric=frozenset(range(1, 6)),
        note=_say("before_note", noun=basis.noun, average=average),
    )


def _arm_row(basis: TrialBasis, arm: ArmSummary) -> tuple[str, ...]:
    values = (arm.baseline_value, arm.follow_up_value, arm.baseline_site_mean, arm.follow_up_site_mean)
    return (first_upper(arm.title), fmt.count(arm.sites), *(value_words(basis, value) for value in values))


def value_words(basis: TrialBasis, value: float | None) -> str:
    """A value of the primary outcome as it is displayed."""
    if value is None:
        return fmt.EN_DASH
    return fmt.percent(value) if basis.primary.is_proportion else fmt.significant(value * basis.scale)


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.baseline.{key}", **values)
