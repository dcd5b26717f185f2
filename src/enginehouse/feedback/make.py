"""Makes the content of reports: facts of a site, one message chosen, texts filled, bound to the arm. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from enginehouse.data.sites import SiteRegister
from enginehouse.feedback.content import ReportContent
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that an earlier wave of the cycle said to a site (`ReportContent.chosen.message`)."""

    wave: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveInputs:
    """What the reports of one wave are made from, the same for every site.

    Attributes
    ----------
    arrays
        The protocol's primary indicator, up to the newest month that reports may show.
    strata
        The same indicator by group of patients (*most deprived fifth*), where the data have such groups.
    said
        What earlier waves said, by site.
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
    strata: Mapping[str, PanelArrays] = field(default_factory=dict)
    said: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)


def make_report(inputs: WaveInputs, site: str, *, arm: str) -> ReportContent:
    """The content of one site's report."""
    raise NotImplementedError


def make_reports(inputs: WaveInputs, arms: Mapping[str, str]) -> dict[str, ReportContent]:
    """The content of every site's report, by site; `arms` is the arm of each site that gets one."""
    raise NotImplementedError
