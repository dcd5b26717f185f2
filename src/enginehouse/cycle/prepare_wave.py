"""Step: make every report of a wave, lint it before and after it is drawn, and fix the wave as bundle and manifest.

Nothing leaves here: a second person looks at the proofs (`release_wave`), then the wave is sent (`send_wave`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, zip_longest
from pathlib import Path

from enginehouse.core.errors import NotAllowed, Problem, Problems
from enginehouse.core.files import write_whole
from enginehouse.core.ids import site_code
from enginehouse.core.months import Month
from enginehouse.core.progress import Progress, silent
from enginehouse.core.words import counted
from enginehouse.cycle.act import authorise, record_act, rules_for
from enginehouse.cycle.allocation import arm_by_site, read_allocation
from enginehouse.cycle.build_indicators import newest_panel_event, panel_of
from enginehouse.cycle.disclosure import rule_for
from enginehouse.cycle.register import Locked, locked
from enginehouse.cycle.roster import register_of_sites
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.data.sites import SiteRegister
from enginehouse.delivery.bundle import write_bundle
from enginehouse.delivery.calendar import WaveDue, waves_of
from enginehouse.delivery.manifest import Manifest, ManifestEntry, Withheld, manifest_from_bytes
from enginehouse.feedback.content import Format, ReportContent
from enginehouse.feedback.linter import LintContext, LintReport, lint, lint_context, lint_drawing
from enginehouse.feedback.make import Said, WaveInputs, make_reports
from enginehouse.governance.opt_outs import has_opted_out, may_use_data
from enginehouse.governance.payload_checks import check_wave
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import WavePrepared
from enginehouse.programme.enums import OptOutScope, SourceKind
from enginehouse.reports.practice_report import RenderedReport, render_reports

FILES: Mapping[Format, str] = {"html": "report.html", "text": "report.txt", "pdf": "report.pdf"}
MOST_PROOFS = 6
_MOST_FAULTS = 20
_COUNTED = (SourceKind.TOTALS, SourceKind.PRESCRIBING, SourceKind.LIST_SIZES)
"""Kinds of sources that a report's figures are counted from; the others say which practice is where."""


@dataclass(frozen=True, slots=True)
class PreparedWave:
    """The event, the manifest, and where the proofs are. `lints` are in the order of the manifest."""

    event: WavePrepared
    manifest: Manifest
    lints: tuple[LintReport, ...]
    proofs: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A wave as it was made, by site in a fixed order."""

    due: WaveDue
    panel: str
    contents: Mapping[str, ReportContent]
    files: Mapping[str, Mapping[str, bytes]]
    lints: tuple[LintReport, ...]
    withheld: tuple[Withheld, ...]


def prepare_wave(
    workspace: Workspace,
    cycle: str,
    wave: int,
    *,
    by: Acting,
    formats: Sequence[Format] | None = None,
    workers: int = 1,
    progress: Progress = silent,
    dry_run: bool = False,
) -> PreparedWave:
    """Make wave number `wave`. Formats: HTML and text for every wave, PDF for the first as well, unless they are named.

    Raises
    ------
    Problems
        The linter blocks a report; every one is named with its rule.
    """
    state = authorise(workspace, Act.PREPARE_WAVE, cycle, by)
    registered = locked(workspace, cycle, state)
    due = wave_due(registered, wave)
    check_wave(state, wave, rules_for(workspace, cycle, state))
    inputs, panel = _inputs(workspace, cycle, registered, state, due, by)
    arms, withheld = _recipients(workspace, registered, state, inputs.register, on=by.on)
    progress("choosing messages")
    contents = make_reports(inputs, arms)
    contexts = _contexts(workspace, registered)
    before = {site: lint(content, context=contexts[content.arm]) for site, content in contents.items()}
    _refuse_blocked(list(before.values()))
    progress(f"drawing {counted(len(contents), 'report')}")
    chosen = tuple(formats) if formats else (("html", "text", "pdf") if wave == 1 else ("html", "text"))
    drawn = render_reports(tuple(contents.values()), chosen, workers=workers)
    rendered = dict(zip(contents, drawn, strict=True))
    progress("looking at what was drawn")
    lints = tuple(
        lint_drawing(before[site], content, rendered[site].facts, context=contexts[content.arm])
        for site, content in contents.items()
    )
    _refuse_blocked(lints)
    made = _Made(due=due, panel=panel, contents=contents, files=_files(rendered), lints=lints, withheld=withheld)
    return _fix(workspace, cycle, made, by=by, dry_run=dry_run)


def wave_due(registered: Locked, wave: int) -> WaveDue:
    """The wave in the registered calendar."""
    waves = waves_of(registered.protocol.delivery)
    found = next((due for due in waves if due.number == wave), None)
    if found is None:
        raise NotAllowed(
            f"got wave {wave}; the protocol has {len(waves)}.",
            where="wave",
            remedy="Waves are numbered from 1." if waves else "This cycle sends no feedback.",
        )
    return found


def _inputs(
    workspace: Workspace, cycle: str, registered: Locked, state: CycleState, due: WaveDue, by: Acting
) -> tuple[WaveInputs, str]:
    built = newest_panel_event(workspace)
    panel = panel_of(workspace, built)
    protocol, settings = registered.protocol, workspace.programme.settings
    indicator, arrays = registered.indicators[protocol.indicator], panel.arrays(protocol.indicator)
    inputs = WaveInputs(
        cycle=cycle,
        settings=settings,
        protocol=protocol,
        strategies=registered.strategies,
        indicator=indicator,
        messages=workspace.programme.messages,
        arrays=arrays,
        strata=panel.by_stratum(protocol.indicator),
        disclosure=rule_for(workspace.programme, indicator),
        register=register_of_sites(workspace),
        wave=due.number,
        due_on=due.due_on,
        sent_on=by.on,
        next_on=due.next_on,
        source=_source_words(workspace),
        said=_said(workspace, state),
        pool=tuple(site for site in arrays.sites if may_use_data(state, site)),
    )
    return inputs, built.panel


def _source_words(workspace: Workspace) -> str:
    """Whose data these are, as their publishers wish to be named."""
    sources = workspace.programme.settings.sources.values()
    names = dict.fromkeys(source.attribution for source in sources if source.kind in _COUNTED)
    return " ".join(name for name in names if name)


def _said(workspace: Workspace, state: CycleState) -> dict[str, tuple[Said, ...]]:
    """What earlier waves told each site."""
    said: dict[str, tuple[Said, ...]] = {}
    for wave in sorted(state.waves, key=lambda each: each.number):
        manifest = manifest_from_bytes(workspace.record.documents.get(wave.manifest))
        for entry in manifest.entries:
            if entry.site in wave.sent:
                said[entry.site] = (*said.get(entry.site, ()), Said(wave=wave.number, message=entry.message))
    return said


def _recipients(
    workspace: Workspace, registered: Locked, state: CycleState, register: SiteRegister, *, on: date
) -> tuple[dict[str, str], tuple[Withheld, ...]]:
    """The arm of each site that gets a report, and who gets none."""
    with_reports, arms, withheld = arms_with_reports(registered), {}, []
    for site, arm in sorted(arm_by_site(read_allocation(workspace, state)).items()):
        entry = register.sites.get(site)
        if arm not in with_reports:
            reason = "its arm gets no reports"
        elif has_opted_out(state, site, OptOutScope.FEEDBACK):
            reason = "opted out of feedback, or of the use of its data"
        elif entry is not None and not entry.is_open(Month.of(on)):
            reason = "closed"
        else:
            arms[site] = arm
            continue
        withheld.append(Withheld(site=site, name=register.name(site), reason=reason))
    return arms, tuple(withheld)


def arms_with_reports(registered: Locked) -> frozenset[str]:
    """The arms that have a strategy which sends reports: usual care has none."""
    sends = {name for name, strategy in registered.strategies.items() if strategy.sends_report}
    return frozenset(arm for arm, names in registered.protocol.arms.items() if sends & set(names))


def _contexts(workspace: Workspace, registered: Locked) -> dict[str, LintContext]:
    """What the reports of each arm are held against."""
    sender = workspace.programme.settings.feedback
    assert sender is not None, "a protocol that sends reports needs the programme's feedback settings"
    protocol = registered.protocol
    arms = arms_with_reports(registered)
    return {arm: lint_context(protocol, registered.strategies, sender, arm=arm) for arm in protocol.arms if arm in arms}


def _files(rendered: Mapping[str, RenderedReport]) -> dict[str, dict[str, bytes]]:
    return {site: {FILES[f]: content for f, content in each.files.items()} for site, each in rendered.items()}


def _refuse_blocked(lints: Sequence[LintReport]) -> None:
    """Each fault once, with the number of reports that have it: many come from the protocol or the settings."""
    sites: dict[tuple[int, str], list[str]] = {}
    for report in lints:
        for finding in report.failed:
            sites.setdefault((finding.rule, finding.words), []).append(report.site)
    problems = [
        Problem(f"{_reports_of(found)}, rule {rule}", words, "Change the message or the settings.")
        for (rule, words), found in sites.items()
    ]
    if len(problems) > _MOST_FAULTS:
        rest = len(problems) - _MOST_FAULTS
        problems = [*problems[:_MOST_FAULTS], Problem("and", f"{rest} more of the same kind.")]
    if problems:
        raise Problems(problems)


def _reports_of(sites: Sequence[str]) -> str:
    others = f" and {len(sites) - 1} more" if len(sites) > 1 else ""
    return f"report of {site_code(sites[0])}{others}"


def _fix(workspace: Workspace, cycle: str, made: _Made, *, by: Acting, dry_run: bool) -> PreparedWave:
    """Put the wave on record as bundle and manifest, and its proofs where a person can look at them."""
    manifest = _manifest(cycle, made)
    bundle, listed = write_bundle(made.files), manifest.to_bytes()
    event = WavePrepared(
        wave=made.due.number,
        manifest=sha256_hex(listed),
        bundle=sha256_hex(bundle),
        panel=made.panel,
        sites=manifest.sites,
        warnings=sum(len(entry.warnings) for entry in manifest.entries),
    )
    proofs = _proofs(workspace, cycle, made)
    if not dry_run:
        record_act(workspace, Act.PREPARE_WAVE, event, cycle=cycle, by=by, documents=(listed, bundle))
        for stale in set(_proof_folder(workspace, cycle, made.due).glob("proof-*")) - set(proofs):
            stale.unlink()
        for path, proof in proofs.items():
            write_whole(path, proof)
    return PreparedWave(event, manifest, made.lints, tuple(proofs))


def _manifest(cycle: str, made: _Made) -> Manifest:
    warnings = {report.site: tuple(finding.words for finding in report.warnings) for report in made.lints}
    entries = tuple(
        ManifestEntry(
            site=site,
            name=content.site_name,
            files={name: sha256_hex(data) for name, data in made.files[site].items()},
            message=content.chosen.message,
            warnings=warnings[site],
        )
        for site, content in made.contents.items()
    )
    return Manifest(
        cycle=cycle,
        wave=made.due.number,
        of=made.due.of,
        due_on=str(made.due.due_on),
        data_to=max((content.issue.last_month for content in made.contents.values()), default=""),
        panel=made.panel,
        entries=entries,
        withheld=made.withheld,
    )


def _proofs(workspace: Workspace, cycle: str, made: _Made) -> dict[Path, bytes]:
    """One report for each kind of message, every arm in turn, for a person to look at before the wave is released.

    They stand in the order of sites, so that neither their names nor their order tell an arm.
    """
    kinds: dict[str, dict[str, str]] = {}
    for site, content in made.contents.items():
        kinds.setdefault(content.arm, {}).setdefault(content.chosen.message, site)
    in_turn = (site for row in zip_longest(*(kind.values() for kind in kinds.values())) for site in row if site)
    folder = _proof_folder(workspace, cycle, made.due)
    return {
        folder / f"proof-{number}-{name}": data
        for number, site in enumerate(sorted(islice(in_turn, MOST_PROOFS)), start=1)
        for name, data in made.files[site].items()
    }


def _proof_folder(workspace: Workspace, cycle: str, due: WaveDue) -> Path:
    return workspace.output / "proofs" / f"{cycle}-wave-{due.number:02d}"
