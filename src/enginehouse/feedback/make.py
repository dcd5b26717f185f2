"""Makes the content of reports: facts of a site, one message chosen, texts filled, bound to the arm. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.data.sites import SiteRegister
from enginehouse.feedback.arms import ArmSpec, allowed_components
from enginehouse.feedback.assemble import Wave, assemble
from enginehouse.feedback.candidates import Said, may_stand_in
from enginehouse.feedback.choose import choose
from enginehouse.feedback.content import ReportContent
from enginehouse.feedback.facts import AllFacts, all_facts, facts_of
from enginehouse.feedback.figures import Display, display_of
from enginehouse.feedback.fill import Site
from enginehouse.feedback.similar import LEAST_SIMILAR
from enginehouse.feedback.values import known
from enginehouse.governance.disclosure import SITES_FOR_A_QUANTILE, strictest
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Disclosure, SignalKind
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.programme import FeedbackSettings, ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.strategy import Strategy

__all__ = ["Said", "WaveInputs", "make_report", "make_reports"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveInputs:
    """What the reports of one wave are made from, the same for every site.

    Attributes
    ----------
    arrays
        The protocol's primary indicator; months that had not ended when the wave is sent are left out.
    strata
        The same indicator by division of patients (*deprivation*) and group (*most deprived fifth*), where the data
        have such groups.
    disclosure
        The rule of the sources that the indicator comes from, for groups of patients.
    said
        What earlier waves said, by site.
    pool
        The sites that are each other's comparison; left out, all sites of `arrays`.
    next_on
        Absent in the last wave.
    source, included
        Where the figures come from and what is in them, in words: shown in every report.
    """

    cycle: str
    settings: ProgrammeSettings
    protocol: Protocol
    strategies: Mapping[str, Strategy]
    indicator: Indicator
    messages: Mapping[str, Message]
    arrays: PanelArrays
    register: SiteRegister
    wave: int
    due_on: date
    sent_on: date
    next_on: date | None
    source: str = ""
    included: str = ""
    strata: Mapping[str, Mapping[str, PanelArrays]] = field(default_factory=dict)
    disclosure: Disclosure = Disclosure.ROUND_AND_SUPPRESS
    said: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    pool: tuple[str, ...] = ()


def make_report(inputs: WaveInputs, site: str, *, arm: str) -> ReportContent:
    """The content of one site's report.

    Raises
    ------
    UserError
        The programme has no feedback settings, no such arm, or no message that the arm's reports may have.
    """
    return make_reports(inputs, {site: arm})[site]


def make_reports(inputs: WaveInputs, arms: Mapping[str, str]) -> dict[str, ReportContent]:
    """The content of every site's report, by site; `arms` is the arm of each site that gets one.

    What the others get changes nothing in a report: comparisons come from `inputs` alone.
    """
    sender = _sender(inputs.settings)
    specs = {arm: _checked_spec(inputs, arm) for arm in sorted(set(arms.values()))}
    found = _facts(inputs, sender)
    display = display_of(inputs.indicator, _middle(found))
    wave = Wave(
        cycle=inputs.cycle,
        settings=inputs.settings,
        sender=sender,
        indicator=inputs.indicator,
        display=display,
        number=inputs.wave,
        of=inputs.protocol.delivery.waves if inputs.protocol.delivery else inputs.wave,
        due_on=inputs.due_on,
        sent_on=inputs.sent_on,
        next_on=inputs.next_on,
        source=inputs.source,
        included=inputs.included,
        campaign_start=_campaign_start(inputs.protocol),
    )
    return {site: _one(inputs, wave, found, display, site, specs[arm]) for site, arm in sorted(arms.items())}


def _one(inputs: WaveInputs, wave: Wave, found: AllFacts, display: Display, name: str, spec: ArmSpec) -> ReportContent:
    site = Site(
        facts=facts_of(found, name),
        name=inputs.register.name(name),
        display=display,
        indicator=inputs.indicator,
        campaign_start=wave.campaign_start,
    )
    said = inputs.said.get(name, ())
    choice = choose(site, inputs.messages.values(), spec, wave=inputs.wave, said=said)
    channel = _channel(inputs, spec.arm)
    return assemble(wave, site, spec, choice, stand_in=_stand_in(inputs, spec), channel=channel)


def _sender(settings: ProgrammeSettings) -> FeedbackSettings:
    if settings.feedback is None:
        raise UserError(
            "got no feedback settings.",
            where="programme.yaml  feedback",
            remedy="Say under feedback who sends reports, who signs them and how a site answers.",
        )
    return settings.feedback


def _checked_spec(inputs: WaveInputs, arm: str) -> ArmSpec:
    spec = allowed_components(inputs.protocol, inputs.strategies, arm)
    if not spec.sends_report:
        raise UserError(
            "got a site of an arm that gets no report.",
            where=f"cycles/{inputs.cycle}/protocol.yaml  arms",
            remedy="Make reports only for arms with a strategy that says sends_report: true.",
        )
    if not any(may_stand_in(message, spec, inputs.indicator.id) for message in inputs.messages.values()):
        raise UserError(
            f"got no message on {inputs.indicator.id} whose components are all among those of the arm's strategies: "
            f"{', '.join(sorted(spec.components))}.",
            where="messages",
            remedy="Write one, or name the same components in messages and strategy.",
        )
    return spec


def _stand_in(inputs: WaveInputs, spec: ArmSpec) -> Message:
    """Whose background is used where no message may be said: one about a gap if there is one, the weightiest."""
    fitting = [message for message in inputs.messages.values() if may_stand_in(message, spec, inputs.indicator.id)]
    return min(fitting, key=lambda m: (m.signal is not SignalKind.GAP, -m.weight, m.id))


def _facts(inputs: WaveInputs, sender: FeedbackSettings) -> AllFacts:
    spans = {message.when.months_of_trend for message in inputs.messages.values()} - {None}
    rule = strictest(source.disclosure for source in inputs.settings.sources.values())
    return all_facts(
        _known_by(inputs.arrays, inputs.sent_on, inputs.pool),
        inputs.register,
        inputs.indicator,
        sender,
        spans=sorted(span for span in spans if span is not None),
        strata={
            stratum: {group: _known_by(part, inputs.sent_on, inputs.pool) for group, part in groups.items()}
            for stratum, groups in inputs.strata.items()
        },
        rule=inputs.disclosure,
        least_similar=LEAST_SIMILAR if rule is Disclosure.NONE else SITES_FOR_A_QUANTILE,
    )


def _known_by(arrays: PanelArrays, on: date, pool: tuple[str, ...]) -> PanelArrays:
    """The months that had ended by that day, of the sites that are compared."""
    ended = sum(1 for month in arrays.months if (month + 1).first_day <= on)
    cut = PanelArrays(
        arrays.indicator,
        arrays.sites,
        arrays.months[:ended],
        arrays.numerator[:, :ended],
        arrays.denominator[:, :ended],
    )
    return cut.of_sites(pool) if pool else cut


def _middle(found: AllFacts) -> float:
    values = found.now.value[known(found.now)]
    return float(np.median(values)) if len(values) else 0.0


def _campaign_start(protocol: Protocol) -> Month:
    return Month.of(protocol.delivery.first) if protocol.delivery else protocol.design.starts


def _channel(inputs: WaveInputs, arm: str) -> str:
    named = (inputs.strategies[name] for name in inputs.protocol.arms[arm])
    return next((strategy.channel for strategy in named if strategy.sends_report), "")
