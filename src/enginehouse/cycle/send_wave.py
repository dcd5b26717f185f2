"""Steps: a second person releases a prepared wave; then it is sent to the outbox, exactly one report for each site.

The event that names the sites of a batch is the commit, and the outbox is filled after it: whatever is killed and run
again, no site gets two and none is forgotten. Whoever sends while another run does waits for it: a run that tidies the
outbox by what it read before would take away what the other has placed since.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import NotAllowed
from enginehouse.core.files import one_at_a_time
from enginehouse.core.progress import Progress, silent
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.delivery.bundle import Bundle
from enginehouse.delivery.manifest import Manifest, manifest_from_bytes
from enginehouse.delivery.outbox import Outbox
from enginehouse.delivery.sending import BATCH, next_batches
from enginehouse.governance.commands import command
from enginehouse.governance.opt_outs import has_opted_out
from enginehouse.governance.recorded import Wave
from enginehouse.governance.stages import Act, Stage
from enginehouse.governance.state import CycleState
from enginehouse.ledger.events import DeliveryStarted, ReportsSent, WaveApproved
from enginehouse.programme.enums import OptOutScope


@dataclass(frozen=True, slots=True)
class SentWave:
    """What was sent in this run and before, who had opted out meanwhile, and where the outbox is."""

    wave: int
    sent_now: int
    sent_before: int
    held_back: tuple[str, ...]
    outbox: Path


def approve_wave(workspace: Workspace, cycle: str, wave: int, *, by: Acting, dry_run: bool = False) -> WaveApproved:
    """Release a prepared wave, having seen its proofs. Not by the person who prepared it."""
    state = authorise(workspace, Act.APPROVE_WAVE, cycle, by)
    event = WaveApproved(wave=wave, manifest=_prepared(state, wave).manifest)
    if not dry_run:
        record_act(workspace, Act.APPROVE_WAVE, event, cycle=cycle, by=by)
    return event


def send_wave(
    workspace: Workspace,
    cycle: str,
    wave: int,
    *,
    by: Acting,
    batch: int = BATCH,
    progress: Progress = silent,
    dry_run: bool = False,
) -> SentWave:
    """Send what is left of a released wave. The first wave of a cycle starts its delivery."""
    with nullcontext() if dry_run else one_at_a_time(_lock(workspace, cycle)):
        return _send(workspace, cycle, wave, by=by, batch=batch, progress=progress, dry_run=dry_run)


def _lock(workspace: Workspace, cycle: str) -> Path:
    return workspace.record.folder / f"sending-{cycle}.lock"


def _send(
    workspace: Workspace, cycle: str, wave: int, *, by: Acting, batch: int, progress: Progress, dry_run: bool
) -> SentWave:
    if workspace.state(cycle).stage is Stage.ALLOCATED:
        state = authorise(workspace, Act.START_DELIVERY, cycle, by)
        _released(state, wave)
        if dry_run:
            return _would_send(workspace, cycle, state, wave)
        record_act(workspace, Act.START_DELIVERY, DeliveryStarted(wave=wave), cycle=cycle, by=by)
    state = authorise(workspace, Act.SEND_WAVE, cycle, by)
    prepared = _released(state, wave)
    if dry_run:
        return _would_send(workspace, cycle, state, wave)
    manifest, bundle = _approved(workspace, prepared)
    outbox = outbox_of(workspace, cycle)
    outbox.place(manifest, bundle, prepared.sent)  # what a killed run recorded and did not place
    sent, held = _send_rest(workspace, cycle, wave, manifest, bundle, outbox, by, batch, progress)
    outbox.mirror(manifest, bundle, _sent_on(workspace.state(cycle), wave))
    return SentWave(wave, sent, len(prepared.sent), held, outbox.wave_folder(wave))


def mirror_outbox(workspace: Workspace, cycle: str) -> None:
    """Make the outbox of a cycle show exactly what the record says was sent, in every wave."""
    with one_at_a_time(_lock(workspace, cycle)):
        state, outbox = workspace.state(cycle), outbox_of(workspace, cycle)
        for wave in state.waves:
            if wave.batches:
                outbox.mirror(*_approved(workspace, wave), _sent_on(state, wave.number))


def outbox_of(workspace: Workspace, cycle: str) -> Outbox:
    """The outbox of a cycle."""
    return Outbox(workspace.programme.folder / "outbox" / cycle)


def _would_send(workspace: Workspace, cycle: str, state: CycleState, wave: int) -> SentWave:
    """What sending would do now."""
    prepared = _prepared(state, wave)
    left, held = waiting(workspace, state, prepared)
    return SentWave(wave, len(left), len(prepared.sent), held, outbox_of(workspace, cycle).wave_folder(wave))


def waiting(workspace: Workspace, state: CycleState, wave: Wave) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sites whose report has not left: those that wait for it, and those that opted out meanwhile."""
    manifest = manifest_from_bytes(workspace.record.documents.get(wave.manifest))
    rest = [site for site in manifest.sites if site not in wave.sent]
    held = tuple(site for site in rest if has_opted_out(state, site, OptOutScope.FEEDBACK))
    return tuple(site for site in rest if site not in held), held


def _approved(workspace: Workspace, wave: Wave) -> tuple[Manifest, Bundle]:
    documents = workspace.record.documents
    return manifest_from_bytes(documents.get(wave.manifest)), Bundle(documents.get(wave.bundle))


def _send_rest(
    workspace: Workspace,
    cycle: str,
    wave: int,
    manifest: Manifest,
    bundle: Bundle,
    outbox: Outbox,
    by: Acting,
    size: int,
    progress: Progress,
) -> tuple[int, tuple[str, ...]]:
    """Batch by batch: opt-outs are asked for again before each, and once more inside its transaction."""
    count = 0
    while True:
        state = workspace.state(cycle)
        held = tuple(site for site in manifest.sites if has_opted_out(state, site, OptOutScope.FEEDBACK))
        now = _prepared(state, wave)
        sent = now.sent
        batch = next(iter(next_batches(manifest, sent=sent, held_back=held, size=size)), None)
        if batch is None:
            return count, tuple(site for site in held if site not in sent)
        event = ReportsSent(wave=wave, manifest=now.manifest, sites=batch)
        record_act(workspace, Act.SEND_WAVE, event, cycle=cycle, by=by)
        outbox.place(manifest, bundle, batch)
        count += len(batch)
        progress(f"sending wave {wave}", len(sent) + len(batch), len(manifest.entries))


def _prepared(state: CycleState, wave: int) -> Wave:
    found = state.wave(wave)
    if found is None:
        raise NotAllowed(
            f"wave {wave} is not prepared.",
            where="wave",
            remedy=f"Prepare it first ({command(Act.PREPARE_WAVE, wave=wave)}).",
        )
    return found


def _sent_on(state: CycleState, wave: int) -> dict[str, str]:
    return {site: str(day) for site, day in _prepared(state, wave).sent_on.items()}


def _released(state: CycleState, wave: int) -> Wave:
    prepared = _prepared(state, wave)
    if not prepared.is_approved:
        raise NotAllowed(
            f"wave {wave} is not approved.",
            where=Act.SEND_WAVE,
            remedy=f"A second person looks at the proofs and releases it ({command(Act.APPROVE_WAVE, wave=wave)}).",
        )
    return prepared
