"""Whether an event fits the state that it would be added to: what it points at, and what it would do twice.

Whether the act is possible at all is in `policies`; that every field has its type is in `ledger.payloads`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from enginehouse.core.errors import NotAllowed, did_you_mean
from enginehouse.core.ids import site_code, site_codes
from enginehouse.core.words import counted
from enginehouse.governance.commands import command
from enginehouse.governance.lack import Lack, refuse_lacks
from enginehouse.governance.opt_outs import held_back, overtaken
from enginehouse.governance.recorded import Wave
from enginehouse.governance.rules import CycleRules
from enginehouse.governance.stages import Act, Stage
from enginehouse.governance.state import CycleState
from enginehouse.governance.two_people import PROPOSABLE
from enginehouse.ledger import events
from enginehouse.ledger.canonical import sha256_hex

Check = Callable[[CycleState, Any, CycleRules | None], Iterator[Lack]]

_AS_AT: Mapping[str, tuple[str, str]] = {
    "protocol_hash": ("protocol_hash", "protocol"),
    "previous_hash": ("protocol_hash", "protocol"),
    "panel": ("panel", "panel"),
    "evaluation": ("evaluation", "evaluation"),
    "plan": ("plan", "allocation plan"),
    "seed_commitment": ("seed_commitment", "commitment to a seed"),
}
NAMES_OTHERS: Mapping[type[events.Payload], tuple[str, ...]] = {
    events.ProtocolAmended: ("previous_hash",),
    events.SitesAllocated: ("plan", "seed_commitment"),
    events.DataFrozen: ("protocol_hash",),
    events.CycleEvaluated: ("protocol_hash", "panel"),
    events.CycleAppraised: ("evaluation",),
    events.CycleDecided: ("evaluation",),
    events.ForecastsScored: ("evaluation",),
    events.EvidencePosted: ("evaluation",),
}
"""Fields by which an event points at what was recorded before it."""


def check_payload(state: CycleState, payload: events.Payload, rules: CycleRules | None = None) -> None:
    """Refuse an event that points at another document than the cycle's own, or that does not fit what is recorded."""
    for field in NAMES_OTHERS.get(type(payload), ()):
        attribute, noun = _AS_AT[field]
        recorded, received = getattr(state, attribute), getattr(payload, field)
        if received != recorded:
            raise NotAllowed(
                f"the {noun} ({_short(received)}) is not the one in the record ({_short(recorded)}).",
                where=payload.type,
                remedy=f"Use the recorded {noun}"
                + ("; a change after the lock takes an open amendment first." if noun == "protocol" else "."),
            )
    check = CHECKS.get(type(payload))
    if check is not None:
        refuse_lacks(check(state, payload, rules), where=payload.type)


def _proposed(state: CycleState, payload: events.ActProposed, _rules: CycleRules | None) -> Iterator[Lack]:
    names = {act.value for act in PROPOSABLE}
    if payload.act not in names:
        yield Lack(f"got '{payload.act}' as the act that is proposed.", did_you_mean(payload.act, names))
    elif Act(payload.act) is Act.REGISTER and state.is_locked:
        yield Lack("the protocol is locked already: there is nothing to propose.", "Amend it openly instead.")
    elif Act(payload.act) is Act.AMEND and not state.is_locked:
        yield Lack("no protocol is locked: there is nothing to amend.", "A draft is changed in its file.")
    elif Act(payload.act) is Act.AMEND and not payload.reason.strip():
        yield Lack("no reason was given for the amendment.", "Say in a sentence why the protocol is changed.")
    elif Act(payload.act) is Act.ALLOCATE and (state.prepared is None or state.is_allocated):
        what = "sites are allocated already" if state.is_allocated else "no allocation is prepared"
        remedy = "Sites are allocated once." if state.is_allocated else "Prepare the allocation first."
        yield Lack(f"{what}: there is nothing to propose.", remedy)


def _approval(_state: CycleState, payload: events.ApprovalRecorded, rules: CycleRules | None) -> Iterator[Lack]:
    given, expires = date.fromisoformat(payload.given_on), payload.expires_on
    if expires and date.fromisoformat(expires) <= given:
        yield Lack(
            f"the approval '{payload.approval}' would expire on {expires}, which is not after {given}, its first day.",
            "Give the first day on which it no longer holds.",
        )
    if rules is not None and rules.approvals and payload.approval not in rules.approvals:
        yield Lack(
            f"got '{payload.approval}', which is not an approval that the protocol requires.",
            did_you_mean(payload.approval, rules.approvals),
        )


def _contract(_state: CycleState, payload: events.ContractSigned, rules: CycleRules | None) -> Iterator[Lack]:
    if rules is not None and rules.contract is not None and payload.contract != rules.contract:
        yield Lack(
            f"the contract ({_short(payload.contract)}) is not the one in the file ({_short(rules.contract)}).",
            "Sign the contract as its file stands.",
        )


def _recruitment(_state: CycleState, payload: events.RecruitmentOpened, rules: CycleRules | None) -> Iterator[Lack]:
    if rules is not None and rules.opt_out_by is not None and payload.opt_out_by != str(rules.opt_out_by):
        yield Lack(
            f"sites would be told that they may opt out until {payload.opt_out_by}, and the protocol says "
            f"{rules.opt_out_by}.",
            "Tell them the protocol's day, or amend the protocol first.",
        )


def _opt_out(state: CycleState, payload: events.OptOutRecorded, _rules: CycleRules | None) -> Iterator[Lack]:
    for known in state.opt_outs:
        if (known.site, known.scope.value) == (payload.site, payload.scope):
            yield Lack(
                f"{site_code(payload.site)} opted out of {payload.scope} already, on {known.effective_on}.",
                "Once is enough: it holds from that day on.",
            )


def _allocated(_state: CycleState, payload: events.SitesAllocated, _rules: CycleRules | None) -> Iterator[Lack]:
    if sha256_hex(payload.seed.encode()) != payload.seed_commitment:
        yield Lack(
            f"the seed is not the one that was committed to ({_short(payload.seed_commitment)}).",
            "Use the seed of the preparation, or prepare the allocation again.",
        )
    if payload.second_seed == payload.seed:
        yield Lack(
            "both people gave the same seed: the draw would be in the hands of one.",
            "Let the second person's be drawn by the system, or give one that the first does not know.",
        )


def check_wave(state: CycleState, number: int, rules: CycleRules) -> None:
    """Refuse to make a wave that could not be recorded as the next; asked before its reports are made."""
    refuse_lacks(_wave(state, number, rules), where=Act.PREPARE_WAVE)


def _wave_prepared(state: CycleState, payload: events.WavePrepared, rules: CycleRules | None) -> Iterator[Lack]:
    yield from _wave(state, payload.wave, rules)


def _wave(state: CycleState, number: int, rules: CycleRules | None) -> Iterator[Lack]:
    if rules is not None and rules.wave(number) is None:
        yield Lack(f"got wave {number}; the protocol has {len(rules.waves)}.", "Waves are numbered from 1.")
    if state.stage is Stage.ALLOCATED and number != 1:
        yield Lack(f"got wave {number}; before delivery has started only wave 1 can be prepared.", "Prepare wave 1.")
    before = state.wave(number)
    if before is not None and before.batches:
        yield Lack(
            f"{counted(len(before.sent), 'report')} of wave {number} left already: it cannot be made anew.",
            f"Send the rest of what was approved ({command(Act.SEND_WAVE, wave=number)}).",
        )
    yield from _overtaken(state, number)


def _overtaken(state: CycleState, number: int) -> Iterator[Lack]:
    later = overtaken(state, number)
    if later is not None:
        yield Lack(
            f"reports of wave {later} have left already: those of wave {number} would come after them.",
            "Go on with the next wave.",
        )


def _wave_approved(state: CycleState, payload: events.WaveApproved, _rules: CycleRules | None) -> Iterator[Lack]:
    wave = state.wave(payload.wave)
    if wave is None:
        yield Lack(
            f"wave {payload.wave} is not prepared.",
            f"Prepare it first ({command(Act.PREPARE_WAVE, wave=payload.wave)}).",
        )
    elif wave.manifest != payload.manifest:
        yield Lack(
            f"the manifest ({_short(payload.manifest)}) is not that of wave {payload.wave} as it is prepared "
            f"({_short(wave.manifest)}).",
            "Look at the proofs of the wave as it is now, and approve that.",
        )
    elif wave.is_approved:
        yield Lack(
            f"wave {payload.wave} was approved already, on {wave.approved_on}.",
            f"Send it ({command(Act.SEND_WAVE, wave=payload.wave)}).",
        )


def _sent(state: CycleState, payload: events.ReportsSent, _rules: CycleRules | None) -> Iterator[Lack]:
    wave = state.wave(payload.wave)
    if wave is None or not wave.is_approved:
        what = "is not prepared" if wave is None else "is not approved"
        yield Lack(f"wave {payload.wave} {what}: no report leaves without.", "Let a second person approve the wave.")
    elif wave.manifest != payload.manifest:
        yield Lack(
            f"the manifest ({_short(payload.manifest)}) is not the one that was approved ({_short(wave.manifest)}).",
            "Send what was approved.",
        )
    else:
        yield from _overtaken(state, payload.wave)
        yield from _recipients(state, wave, payload.sites)


def _recipients(state: CycleState, wave: Wave, sites: tuple[str, ...]) -> Iterator[Lack]:
    """No site twice, none that opted out, none that is not there."""
    twice = sorted({site for site, count in Counter(sites).items() if count > 1 or site in wave.sent})
    unknown = sorted(set(sites) - set(wave.sites))
    if not sites:
        yield Lack("no site is named.", "Name the sites whose reports left.")
    if unknown:
        yield Lack(
            f"no report of wave {wave.number} was made for these sites: {site_codes(unknown)}.",
            "Send what was approved, and no more.",
        )
    if twice:
        yield Lack(
            f"wave {wave.number} would reach these sites twice: {site_codes(twice)}.",
            "Send only to sites whose report has not left yet.",
        )
    out = held_back(state, dict.fromkeys(sites))
    if out:
        yield Lack(
            f"these sites opted out of feedback, or of the use of their data: {site_codes(out)}.",
            "Leave them out: an opt-out holds up to the moment of sending.",
        )


def _noted(state: CycleState, payload: events.DeliveryNoted, _rules: CycleRules | None) -> Iterator[Lack]:
    wave = state.wave(payload.wave)
    if wave is None or not wave.batches:
        yield Lack(f"no report of wave {payload.wave} has left.", "Note what became of reports that were sent.")


def _looked(state: CycleState, payload: events.HarmsLooked, rules: CycleRules | None) -> Iterator[Lack]:
    month = payload.last_month
    if rules is not None and month not in rules.harm_looks:
        known = ", ".join(rules.harm_looks) or "none"
        yield Lack(
            f"a look at harms with the data up to {month} is not registered; the registered looks are: {known}.",
            "Only registered looks compare arms before the end: add one by an open amendment, with its reason.",
        )
    for before in state.harms_looks:
        if before.about == month:
            yield Lack(
                f"the look at harms with the data up to {month} was taken already, on {before.effective_on}.",
                "Each registered look is taken once: read what it found.",
            )


def _scored(state: CycleState, _payload: events.ForecastsScored, _rules: CycleRules | None) -> Iterator[Lack]:
    if state.forecasts_scored is not None:
        yield Lack("the forecasts were scored already.", "Scores are set against the one registered result, once.")


def _posted(state: CycleState, _payload: events.EvidencePosted, _rules: CycleRules | None) -> Iterator[Lack]:
    if state.evidence_posted is not None:
        yield Lack("the evidence was posted already.", "One result counts once in the library.")


CHECKS: Mapping[type[events.Payload], Check] = {
    events.ActProposed: _proposed,
    events.ApprovalRecorded: _approval,
    events.ContractSigned: _contract,
    events.RecruitmentOpened: _recruitment,
    events.OptOutRecorded: _opt_out,
    events.SitesAllocated: _allocated,
    events.WavePrepared: _wave_prepared,
    events.WaveApproved: _wave_approved,
    events.ReportsSent: _sent,
    events.DeliveryNoted: _noted,
    events.HarmsLooked: _looked,
    events.ForecastsScored: _scored,
    events.EvidencePosted: _posted,
}
"""What an event is held against beside what it points at."""


def _short(sha256: str | None) -> str:
    return "none" if sha256 is None else sha256[:12]
