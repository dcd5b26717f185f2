"""What was registered, when and knowing what; who agreed, approved, was told and drew; what was changed since."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import counted, first_upper
from enginehouse.programme.enums import AllocationUnit
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Bullets, Paragraph, Section
from enginehouse.reports.effects import method_words, page_words, title_name
from enginehouse.reports.messages import say
from enginehouse.reports.trial_facts import ApprovalFact
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.words import dates_words, joined, margin, seeds_words


def registered_section(basis: TrialBasis) -> Section:
    record = basis.record
    when = "retrospective" if record.retrospective else "prospective"
    opening = _say(when, date=fmt.date_words(record.registered_on), person=record.registered_by)
    items = (*_what(basis), *_before(basis), *_since(basis))
    return Section(id="registered", title=_say("title"), blocks=(Paragraph(text=opening), Bullets(items=tuple(items))))


def _what(basis: TrialBasis) -> Iterator[str]:
    span = basis.protocol.design.span
    yield _say("knowing", prior_knowledge=page_words(basis.evaluation.prior_knowledge))
    unit = "unit_network" if basis.evaluation.allocation_unit == AllocationUnit.NETWORK else "unit_site"
    yield _say("who", arm=first_upper(basis.arm_title), over=basis.over_title, noun=basis.noun, unit=_say(unit))
    yield _margins(basis)
    yield _say("estimand", estimand=page_words(basis.evaluation.estimand))
    yield _say(
        "analysis",
        method=first_upper(method_words(basis.evaluation.method)),
        first=fmt.month_words(span.start),
        last=fmt.month_words(span.last),
        start=fmt.month_words(basis.evaluation.starts),
    )


def _margins(basis: TrialBasis) -> str:
    analysis = basis.protocol.analysis
    inside = ""
    if analysis.equivalence is not None:
        low, high = (margin(basis, limit) for limit in analysis.equivalence)
        inside = " " + _say("equivalence", low=low, high=high)
    return _say("margins", worthwhile=margin(basis, analysis.worthwhile), equivalence=inside)


def _before(basis: TrialBasis) -> Iterator[str]:
    facts = basis.facts
    signed = joined(f"{s.person} ({fmt.date_words(s.on)})" for s in facts.signatures)
    yield _say("contract", people=signed) if signed else _say("no_contract")
    if facts.approvals:
        yield _say("approvals", approvals="; ".join(_approval(approval) for approval in facts.approvals))
    if facts.notice_on:
        told = counted(facts.notice_sites, basis.noun)
        yield _say("told", date=fmt.date_words(facts.notice_on), sites=told)
    if facts.designs_compared_on:
        yield _say("designs", date=fmt.date_words(facts.designs_compared_on))
    if facts.allocation is not None:
        yield _say(
            "drawn",
            prepared_by=facts.allocation.prepared_by,
            prepared_on=fmt.date_words(facts.allocation.prepared_on),
            allocated_by=facts.allocation.allocated_by,
            allocated_on=fmt.date_words(facts.allocation.allocated_on),
            prepared=_prepared(facts.allocation.prepared_times),
            **seeds_words(facts.allocation),
        )


def _prepared(times: int) -> str:
    """Whoever prepares again and again could wait for a draw to their liking: it is said how often."""
    return _say("prepared_once") if times == 1 else _say("prepared_again", times=times)


def _approval(approval: ApprovalFact) -> str:
    words = {
        "approval": title_name(approval.approval),
        "reference": approval.reference,
        "given": fmt.date_words(approval.given_on),
    }
    if approval.expires_on:
        return _say("approval_until", expires=fmt.date_words(approval.expires_on), **words)
    return _say("approval", **words)


def _since(basis: TrialBasis) -> Iterator[str]:
    facts, record = basis.facts, basis.record
    yield from _harms(basis)
    for change in record.amendments:
        yield _say(
            "amendment",
            date=fmt.date_words(change.on),
            person=change.by,
            changes="; ".join(change.changes),
            reason=change.reason,
        )
    if not record.amendments:
        yield _say("unchanged")
    for stop in facts.interruptions:
        yield _say(
            "interruption",
            what=first_upper(stop.what),
            date=fmt.date_words(stop.on),
            person=stop.by,
            reason=stop.reason,
        )
    yield _say(
        "frozen",
        frozen=fmt.date_words(record.frozen_on),
        last=fmt.month_words(record.last_month),
        evaluated=fmt.date_words(record.evaluated_on),
    )


def _harms(basis: TrialBasis) -> Iterator[str]:
    """Looks at arms before the end: those that were taken, and those that were registered and were not."""
    looks = basis.facts.harm_looks
    taken = {look.last_month for look in looks}
    left = [str(month) for month in basis.protocol.analysis.harm_looks if str(month) not in taken]
    yield _say("harms", dates=dates_words(look.on for look in looks)) if looks else _say("no_harms")
    if left:
        yield _say("harms_not_taken", months=joined(fmt.month_words(month) for month in left))


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.registered.{key}", **values)
