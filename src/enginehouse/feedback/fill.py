"""Fills the texts of messages from a site's facts. A figure that cannot be said is missing here, and never made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.core.months import Month
from enginehouse.feedback.claims import Standing
from enginehouse.feedback.content import Change, Figures, Value
from enginehouse.feedback.facts import SiteFacts, TrendFact
from enginehouse.feedback.figures import Display, month_words, number, percent, rounded
from enginehouse.feedback.values import IntervalBy, OwnValue
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Action, Message
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site as its report speaks of it: facts, name, and how values are shown."""

    facts: SiteFacts
    name: str
    display: Display
    indicator: Indicator
    campaign_start: Month

    def standing(self, months: int | None) -> Standing:
        """Its numbers for display, with the trend over so many months."""
        found = self.facts.comparison
        return Standing(
            site_name=self.name,
            sign=self.facts.sign,
            own=value_of(self.facts.now, self.display),
            typical=None if isinstance(found, NotEstimable) else self.display.shown(found.typical),
            target=None if isinstance(found, NotEstimable) else self.display.shown(found.target),
            change=change_of(self.facts.trend(months), self.display),
        )


def value_of(found: OwnValue | NotEstimable, display: Display) -> Value | None:
    """An own value for display, or nothing."""
    if isinstance(found, NotEstimable):
        return None
    return Value(
        value=display.shown(found.value),
        low=display.shown(found.low),
        high=display.shown(found.high),
        method=method_name(found),
    )


def method_name(found: OwnValue) -> str:
    """`count`, `count_widened`, `own-months`: a key of the texts."""
    return f"{found.by}_widened" if found.by is not IntervalBy.OWN_MONTHS and found.dispersion > 1 else found.by.value


def change_of(found: TrendFact | NotEstimable, display: Display) -> Change | None:
    """A trend for display, or nothing."""
    if isinstance(found, NotEstimable):
        return None
    return Change(
        months=found.months,
        amount=display.shown(found.change),
        low=display.shown(found.low),
        high=display.shown(found.high),
        share=found.share,
        certain=found.certain,
    )


def placeholders_of(site: Site, *, months: int | None = None) -> dict[str, str]:
    """A value for each placeholder that can be said of the site; trends over `months`."""
    facts, show = site.facts, site.display
    found = {
        "site_name": site.name,
        "unit": show.unit,
        "gap_unit": site.indicator.gap_unit,
        "campaign_start": month_words(site.campaign_start),
    }
    if not isinstance(facts.now, NotEstimable):
        first = facts.now.last + -(facts.now.months - 1)
        found |= {"value": show.words(facts.now.value)}
        found |= {"last_month": month_words(facts.now.last), "first_month": month_words(first)}
    if not isinstance(facts.comparison, NotEstimable):
        compared = facts.comparison
        found |= {"typical": show.words(compared.typical), "target": show.words(compared.target)}
        found |= {"similar": number(compared.sites)}
    if not isinstance(facts.gap, NotEstimable):
        found |= {"gap": rounded(facts.gap.amount)}
    trend = facts.trend(months)
    if not isinstance(trend, NotEstimable):
        found |= {"months": str(trend.months), "change": percent(trend.share)}
    return found


def figures_of(site: Site) -> Figures:
    """The numbers of the report as they are printed; empty where one cannot be said."""
    said = placeholders_of(site)
    now, gap = site.facts.now, site.facts.gap
    interval = "" if isinstance(now, NotEstimable) else site.display.range_words(now.low, now.high)
    patients = None if isinstance(gap, NotEstimable) else patients_of(gap.amount, site.indicator)
    return Figures(
        own=said.get("value", ""),
        interval=interval,
        typical=said.get("typical", ""),
        target=said.get("target", ""),
        gap=said.get("gap", ""),
        patients=rounded(patients) if patients else "",
        change=said.get("change", ""),
    )


def patients_of(amount: float, indicator: Indicator) -> float | None:
    """The gap in patients: only of an indicator that counts them, or by its sourced conversion."""
    if indicator.numerator_kind.value == "patients":
        return amount
    return amount * indicator.conversion.patients_per_unit if indicator.conversion else None


def filled(text: str, said: Mapping[str, str]) -> str | None:
    """The text with its placeholders filled; nothing where one of them cannot be said."""
    try:
        return " ".join(text.format_map(said).split())
    except KeyError:
        return None


TEXTS = ("headline", "comparison", "why", "evidence", "guideline", "barriers", "balancing", "discussion")
"""The texts of a message that may have placeholders, beside its actions."""


def filled_message(message: Message, said: Mapping[str, str]) -> dict[str, str] | None:
    """Every text of a message, filled; nothing where a figure is missing."""
    texts = {name: filled(getattr(message, name), said) for name in TEXTS}
    done = {name: text for name, text in texts.items() if text is not None}
    return done if len(done) == len(texts) else None


def filled_action(action: Action, said: Mapping[str, str]) -> Action | None:
    """An action, filled; nothing where a figure is missing."""
    texts = {name: filled(getattr(action, name), said) for name in Action.model_fields}
    return None if None in texts.values() else Action.model_validate(texts)
