"""The annex: what the trial could show beforehand, drawing again as an auditor, data, and where numbers come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from enginehouse.programme.enums import AllocationMethod
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, DataTable, Lineage, LineageEntry, Paragraph, Section
from enginehouse.reports.effects import method_words, page_words, plain_name, title_name
from enginehouse.reports.messages import say
from enginehouse.reports.trial_facts import AllocationFact
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import joined, margin, seeds_words
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.power_results import Replicated

HOW_DRAWN: Mapping[AllocationMethod, str] = {
    AllocationMethod.STRATIFIED_BLOCKS: "blocks",
    AllocationMethod.COVARIATE_CONSTRAINED: "constrained",
    AllocationMethod.MINIMISATION: "minimised",
}
"""Message of each method."""


def design_section(basis: TrialBasis) -> Section | None:
    """The registered design's power, as it was computed before the protocol was locked."""
    if basis.design is None:
        return None
    power = basis.design.power
    items = []
    if power.power is not None:
        items.append(_design("power", effect=margin(basis, basis.design.effect), power=fmt.probability(power.power)))
    if power.equivalent_if_none is not None:
        items.append(_design("none", probability=fmt.probability(power.equivalent_if_none)))
    if not isinstance(power.formula, NotEstimable):
        items.append(_design("detectable", detectable=margin(basis, power.formula.detectable)))
    if power.window is not None and isinstance(power.none, Replicated):
        items.append(
            _design(
                "basis",
                noun=basis.noun,
                first=fmt.month_words(power.window.first),
                last=fmt.month_words(power.window.last),
                count=fmt.count(power.none.replications),
                seed=power.seed,
            )
        )
    items += [page_words(warning) for warning in basis.design.warnings]
    if not items:
        return None
    return Section(id="design", title=_design("title"), blocks=(Bullets(items=tuple(items)),), aside=True)


def audit_section(basis: TrialBasis) -> Section:
    fact = basis.facts.allocation
    if fact is None:
        return Section(id="audit", title=_audit("title"), blocks=(Paragraph(text=_audit("none")),), aside=True)
    blocks: list[Block] = [Paragraph(text=f"{_audit('intro')} {_how_drawn(basis)}".strip())]
    blocks.append(Bullets(items=tuple(_steps(basis, fact)), numbered=True))
    return Section(id="audit", title=_audit("title"), blocks=tuple(blocks), aside=True)


def _how_drawn(basis: TrialBasis) -> str:
    plan = basis.plan
    if plan is None:
        return ""
    values = {"smallest_p": fmt.p_value(plan.smallest_p)}
    if plan.acceptance is not None:
        values["accepted"] = fmt.count(plan.acceptance.accepted)
    return _audit(HOW_DRAWN[plan.method], **values)


def _steps(basis: TrialBasis, fact: AllocationFact) -> Iterator[str]:
    if fact.files:
        yield _audit("steps.files", files=joined(fact.files))
    if fact.command:
        yield _audit("steps.run", command=fact.command)
    yield _audit("steps.seeds", seed=fact.seed, second_seed=fact.second_seed, **seeds_words(fact))
    yield _audit("steps.commitment", commitment=fact.seed_commitment, date=fmt.date_words(fact.prepared_on))
    if basis.plan is not None and basis.plan.acceptance is not None:
        accepted = basis.plan.acceptance
        yield _audit(
            "steps.set",
            accepted_set=accepted.set_hash,
            accepted=fmt.count(accepted.accepted),
            made=fmt.count(accepted.made),
        )
    yield _audit("steps.allocation", allocation=fact.allocation)
    yield _audit("steps.ledger")


def data_section(basis: TrialBasis) -> Section:
    record, evaluation = basis.record, basis.evaluation
    months = _data(
        "months",
        months=str(evaluation.baseline_months),
        after=str(evaluation.follow_up_months),
        membership=fmt.month_words(evaluation.membership_as_of),
    )
    blocks: list[Block] = [Paragraph(text=months)]
    faults = [
        _data("fault", severity=title_name(f.severity), source=title_name(f.source), what=f.what.rstrip("."))
        for f in record.faults
    ]
    notes = [_data("note", note=page_words(note)) for note in record.left_out]
    blocks += [Bullets(items=(*faults, *notes))] if faults or notes else []
    if record.sources:
        names = ("source", "files", "rows", "quarantined")
        blocks.append(
            DataTable(
                caption=_data("sources"),
                header=tuple(_data(f"{name}_header") for name in names),
                rows=tuple(
                    (title_name(s.name), fmt.count(s.files), fmt.count(s.rows), fmt.count(s.quarantined))
                    for s in record.sources
                ),
                numeric=frozenset({1, 2, 3}),
                note=_data("quarantined_note"),
            )
        )
    return Section(id="data", title=_data("title"), blocks=tuple(blocks), aside=True)


def lineage_section(basis: TrialBasis) -> Section:
    record, drawn = basis.record, basis.facts.allocation
    named = (
        ("programme", record.programme),
        ("cycle", record.cycle),
        ("protocol", record.protocol),
        ("definitions", record.definitions),
        ("roster", drawn.roster if drawn else ""),
        ("plan", drawn.plan if drawn else ""),
        ("allocation", drawn.allocation if drawn else ""),
        ("panel", record.panel),
        ("evaluation", record.evaluation),
        ("appraisal", record.appraisal),
        ("method", method_words(basis.evaluation.method)),
        ("software", record.software),
    )
    entries = [LineageEntry(label=_lineage(key), value=value) for key, value in named if value]
    entries += [
        LineageEntry(label=_lineage("snapshot", source=plain_name(s.name)), value=s.snapshot) for s in record.sources
    ]
    entries.append(LineageEntry(label=_lineage("head", seq=record.head_seq), value=record.head_hash))
    blocks = (
        Paragraph(text=_lineage("intro")),
        Paragraph(text=_lineage("estimand", estimand=page_words(basis.evaluation.estimand))),
        Lineage(entries=tuple(entries)),
    )
    return Section(id="lineage", title=_lineage("title"), blocks=blocks, aside=True)


def _design(key: str, **values: str | int) -> str:
    return say(f"trial.design.{key}", **values)


def _audit(key: str, **values: str | int) -> str:
    return say(f"trial.audit.{key}", **values)


def _data(key: str, **values: str | int) -> str:
    return say(f"trial.data.{key}", **values)


def _lineage(key: str, **values: str | int) -> str:
    return say(f"trial.lineage.{key}", **values)
