"""Step: try the registered design, and others, on the sites' own history, before anything is locked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import UserError
from enginehouse.core.progress import Progress, silent
from enginehouse.core.words import plural
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.build_indicators import newest_panel_event
from enginehouse.cycle.pages import cycle_page, pages_beside, write_page
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.roster import history, register_of_sites, roster_for
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.evaluation.parallel.analysis import registered_analysis
from enginehouse.evaluation.verdict import Rule, rule_for, word_for
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import DesignCompared
from enginehouse.programme.hashing import definition_hash
from enginehouse.reports.design import design_document
from enginehouse.reports.html import render_html
from enginehouse.stats.results import Estimated
from enginehouse.trials.design_report import DesignReport
from enginehouse.trials.designs import compare_designs
from enginehouse.trials.power import power_on_history


@dataclass(frozen=True, slots=True)
class ComparedDesigns:
    """What each design could show, and the page."""

    report: DesignReport
    page: Path


@dataclass(frozen=True, slots=True)
class Judge:
    """The verdict word of an estimate by the registered margins; it can be pickled."""

    rule: Rule

    def __call__(self, estimate: Estimated) -> str:
        return word_for(estimate, self.rule).value


def compare_cycle_designs(
    workspace: Workspace,
    cycle: str,
    *,
    by: Acting,
    replications: int | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
    dry_run: bool = False,
) -> ComparedDesigns:
    """Allocate the sites' own history anew many times, run the registered analysis on it, and compare designs.

    Fewer `replications` than registered are for a first look, and are not recorded.
    """
    state = authorise(workspace, Act.COMPARE_DESIGNS, cycle, by)
    found = read_locked(workspace, cycle, state) if state.is_locked else None
    protocol = found.protocol if found else workspace.protocol(cycle)
    if protocol.power is None:
        raise UserError(
            "the protocol does not say against what the design is to be tried.",
            where=f"cycles/{cycle}/protocol.yaml  power",
            remedy="Add power: the effect to be found, how it varies, fidelity, replications and a seed.",
        )
    indicators = found.indicators if found else workspace.programme.indicators
    indicator, past = indicators[protocol.indicator], history(workspace, protocol)
    roster = roster_for(workspace, cycle, protocol, state)
    power = power_on_history(
        protocol,
        indicator,
        past,
        roster,
        registered_analysis(protocol, indicator),
        Judge(rule_for(protocol, indicator.direction)),
        replications=replications,
        progress=progress,
        workers=workers,
    )
    report = compare_designs(protocol, indicator, past, roster, register_of_sites(workspace), power)
    content = json.dumps(report.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = DesignCompared(
        report=sha256_hex(content),
        protocol_hash=definition_hash(protocol),
        panel=newest_panel_event(workspace).panel,
    )
    settings, page = workspace.programme.settings, workspace.output / cycle_page(cycle, "design")
    if replications is None and not dry_run:
        record_act(workspace, Act.COMPARE_DESIGNS, event, cycle=cycle, by=by, documents=(content,))
    document = design_document(
        report,
        programme=settings.title,
        indicator_title=indicator.title,
        noun=plural(settings.site_noun),
        synthetic=settings.synthetic,
        pages=pages_beside(workspace, "design", cycle=cycle),
    )
    if not dry_run:
        write_page(workspace, page, render_html(document))
    return ComparedDesigns(report, page)
