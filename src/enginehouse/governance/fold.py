"""What each kind of event leaves behind in the state of a cycle: one table, keyed by payload.

The stage, the history and the days are folded in `state`. Nothing is judged here: what may be recorded at all is in
`policies`. A `ValueError` means that the record holds something that no version of Enginehouse would have written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from enginehouse.governance.recorded import (
    Amendment,
    Approval,
    Batch,
    Decision,
    Noted,
    OptOut,
    Preparation,
    Proposal,
    Signature,
    UnregisteredAnalysis,
    Wave,
    person_of,
)
from enginehouse.governance.stages import Act
from enginehouse.ledger import events
from enginehouse.ledger.event import Event
from enginehouse.programme.enums import OptOutScope

if TYPE_CHECKING:
    from enginehouse.governance.state import CycleState

Kept = dict[str, Any]
Keep = Callable[["CycleState", Event, Any], Kept]


def _same_names(*names: str) -> Keep:
    """Keep these fields of the payload under their own names."""
    return lambda _state, _event, payload: {name: getattr(payload, name) for name in names}


def _renamed(**names: str) -> Keep:
    """Keep fields of the payload under other names: state name = payload name."""
    return lambda _state, _event, payload: {ours: getattr(payload, theirs) for ours, theirs in names.items()}


def _noted(ours: str, *, document: str, about: Callable[[Any], str], count: Callable[[Any], int]) -> Keep:
    """Add the document to the list `ours`."""

    def keep(state: CycleState, event: Event, payload: Any) -> Kept:
        noted = Noted(
            document=getattr(payload, document),
            about=about(payload),
            count=count(payload),
            actor=event.actor,
            effective_on=event.effective_on,
        )
        return {ours: (*getattr(state, ours), noted)}

    return keep


def _proposed(state: CycleState, event: Event, payload: events.ActProposed) -> Kept:
    act = Act(payload.act)
    proposal = Proposal(
        act=act,
        subject=payload.subject,
        actor=event.actor,
        effective_on=event.effective_on,
        reason=payload.reason,
    )
    return {"proposals": (*(p for p in state.proposals if p.act != act), proposal)}


def _amended(state: CycleState, event: Event, payload: events.ProtocolAmended) -> Kept:
    proposal = state.proposal(Act.AMEND)
    amendment = Amendment(
        event.effective_on,
        event.actor,
        payload.previous_hash,
        payload.protocol_hash,
        payload.changes,
        payload.reason,
        after_allocation=state.is_allocated,
        proposed_by=None if proposal is None else proposal.actor,
    )
    return {
        "protocol": payload.protocol,
        "protocol_hash": payload.protocol_hash,
        "definitions": payload.definitions,
        "amendments": (*state.amendments, amendment),
    }


def _approved(state: CycleState, event: Event, payload: events.ApprovalRecorded) -> Kept:
    approval = Approval(
        name=payload.approval,
        reference=payload.reference,
        given_on=date.fromisoformat(payload.given_on),
        expires_on=date.fromisoformat(payload.expires_on) if payload.expires_on else None,
        actor=event.actor,
    )
    return {"approvals": (*state.approvals, approval)}


def _signed(state: CycleState, event: Event, payload: events.ContractSigned) -> Kept:
    signature = Signature(person=person_of(event.actor), contract=payload.contract, effective_on=event.effective_on)
    return {"contract": payload.contract, "signatures": (*state.signatures, signature)}


def _recruiting(_state: CycleState, _event: Event, payload: events.RecruitmentOpened) -> Kept:
    return {
        "deadline": date.fromisoformat(payload.opt_out_by),
        "notice": payload.notice,
        "sites_told": payload.sites,
    }


def _opted_out(state: CycleState, event: Event, payload: events.OptOutRecorded) -> Kept:
    opt_out = OptOut(
        site=payload.site,
        scope=OptOutScope(payload.scope),
        reason=payload.reason,
        effective_on=event.effective_on,
        after_allocation=state.is_allocated,
        seq=event.seq,
    )
    return {"opt_outs": (*state.opt_outs, opt_out)}


def _prepared(state: CycleState, event: Event, payload: events.AllocationPrepared) -> Kept:
    preparation = Preparation(
        roster=payload.roster,
        plan=payload.plan,
        accepted_set=payload.accepted_set,
        accepted=payload.accepted,
        smallest_p=payload.smallest_p,
        seed_commitment=payload.seed_commitment,
        seed_by_hand=payload.seed_by_hand,
        actor=event.actor,
        effective_on=event.effective_on,
        seq=event.seq,
    )
    return {"preparations": (*state.preparations, preparation)}


def _wave_prepared(state: CycleState, event: Event, payload: events.WavePrepared) -> Kept:
    """A wave that is prepared anew loses its approval, and keeps what has left already."""
    before = state.wave(payload.wave)
    wave = Wave(
        number=payload.wave,
        manifest=payload.manifest,
        bundle=payload.bundle,
        panel=payload.panel,
        sites=payload.sites,
        warnings=payload.warnings,
        prepared_by=event.actor,
        prepared_on=event.effective_on,
        batches=before.batches if before else (),
        seq=event.seq,
    )
    return {"waves": _with(state, wave)}


def _wave_approved(state: CycleState, event: Event, payload: events.WaveApproved) -> Kept:
    wave = replace(_wave(state, payload.wave), approved_by=event.actor, approved_on=event.effective_on)
    return {"waves": _with(state, wave)}


def _sent(state: CycleState, event: Event, payload: events.ReportsSent) -> Kept:
    wave = _wave(state, payload.wave)
    batch = Batch(effective_on=event.effective_on, sites=payload.sites)
    return {"waves": _with(state, replace(wave, batches=(*wave.batches, batch)))}


def _wave(state: CycleState, number: int) -> Wave:
    wave = state.wave(number)
    if wave is None:
        raise ValueError(f"wave {number} was never prepared")
    return wave


def _with(state: CycleState, wave: Wave) -> tuple[Wave, ...]:
    others = (other for other in state.waves if other.number != wave.number)
    return tuple(sorted((*others, wave), key=lambda each: each.number))


def _frozen(_state: CycleState, _event: Event, payload: events.DataFrozen) -> Kept:
    documents = {name: getattr(payload, name) for name in ("panel", "sites", "account", "withdrawn")}
    return {**documents, "panel_identity": payload.identity}


def _unregistered(state: CycleState, event: Event, payload: events.UnregisteredAnalysed) -> Kept:
    analysis = UnregisteredAnalysis(
        analysis=payload.analysis,
        what=payload.what,
        reason=payload.reason,
        actor=event.actor,
        effective_on=event.effective_on,
    )
    return {"unregistered": (*state.unregistered, analysis)}


def _decided(_state: CycleState, event: Event, payload: events.CycleDecided) -> Kept:
    return {
        "decision": Decision(payload.decision, payload.reason, payload.dissent, event.actor, event.effective_on),
    }


_NOTHING = _same_names()

KEEPS: Mapping[type[events.Payload], Keep] = {
    events.DesignCompared: _renamed(design_report="report"),
    events.ActProposed: _proposed,
    events.CycleRegistered: _same_names("protocol", "protocol_hash", "definitions", "retrospective"),
    events.ProtocolAmended: _amended,
    events.ApprovalRecorded: _approved,
    events.ContractSigned: _signed,
    events.RecruitmentOpened: _recruiting,
    events.OptOutRecorded: _opted_out,
    events.AllocationPrepared: _prepared,
    events.SitesAllocated: _renamed(
        allocation="allocation",
        balance="balance",
        seed="seed",
        second_seed="second_seed",
        second_by_hand="second_by_hand",
        sites_allocated="sites",
    ),
    events.ListsExported: _noted("lists", document="list", about=lambda p: p.strategy, count=lambda _: 1),
    events.DeliveryStarted: _NOTHING,
    events.WavePrepared: _wave_prepared,
    events.WaveApproved: _wave_approved,
    events.ReportsSent: _sent,
    events.DeliveryNoted: _noted(
        "delivery_notes", document="states", about=lambda p: f"wave-{p.wave}", count=lambda p: p.count
    ),
    events.ContactsLogged: _noted("contacts", document="contacts", about=lambda _: "", count=lambda p: p.count),
    events.ExposureImported: _noted(
        "exposures", document="exposure", about=lambda p: p.strategy, count=lambda p: p.sites
    ),
    events.CycleMonitored: _noted("monitored", document="report", about=lambda p: p.last_month, count=lambda _: 1),
    events.HarmsLooked: _noted("harms_looks", document="report", about=lambda p: p.last_month, count=lambda _: 1),
    events.FollowUpStarted: _NOTHING,
    events.DataFrozen: _frozen,
    events.CycleEvaluated: _same_names("evaluation", "verdict"),
    events.UnregisteredAnalysed: _unregistered,
    events.CycleAppraised: _same_names("appraisal"),
    events.CycleDecided: _decided,
    events.ForecastsScored: _renamed(forecasts_scored="scores"),
    events.EvidencePosted: _renamed(evidence_posted="study"),
    events.CycleClosed: _NOTHING,
    events.CycleSuspended: _NOTHING,
    events.CycleResumed: _NOTHING,
    events.CycleWithdrawn: _NOTHING,
}
"""Every payload of a transition, and what it leaves in the state."""
