"""A small programme made in memory: a trial of feedback with and without facilitation, its messages, its panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from enginehouse.core.months import Month
from enginehouse.data.sites import Site, SiteRegister
from enginehouse.feedback.make import WaveInputs
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.strategy import Strategy

COMPONENTS = (
    "feedback on behaviour",
    "social comparison",
    "credible source",
    "information about consequences",
    "action suggestions",
    "goal setting",
    "action planning",
)


def indicator_of(**changes: Any) -> Indicator:
    raw: dict[str, Any] = {
        "schema": 1,
        "id": "opioids",
        "version": 1,
        "title": "Oral morphine equivalence per registered patient",
        "short_title": "Opioids",
        "status": "published",
        "why_it_matters": "Opioids harm.",
        "direction": "lower-is-better",
        "numerator_kind": "quantity",
        "unit": "mg",
        "per": "registered patient",
        "scale": 1,
        "is_proportion": False,
        "gap_unit": "mg of oral morphine",
        "from": {"totals": {"source": "totals", "name": "opioids"}},
        "authored_by": "A",
        "checked_by": "B",
        "date_reviewed": "2025-01-01",
        "next_review": "2027-01-01",
    }
    return Indicator.model_validate(raw | changes)


def message_of(name: str, **changes: Any) -> Message:
    raw: dict[str, Any] = {
        "schema": 1,
        "id": name,
        "indicator": "opioids",
        "signal": "gap",
        "recipient": "general-practitioner",
        "headline": "Your practice is at {value} {unit}. The best quarter are at {target}.",
        "comparison": "To get there takes {gap} {gap_unit} less a month.",
        "why": "Opioids seldom help long-term pain for long. Harm rises with the dose.",
        "evidence": "A large trial found no benefit over other drugs.",
        "guideline": "NICE NG215, https://www.nice.org.uk/guidance/ng215",
        "actions": [
            {
                "who": "A GP who knows the patient",
                "does": "agrees a slow reduction",
                "to_whom": "adults on a high dose",
                "when": "at the next review",
                "search": "Opioids on repeat; sort by dose",
            }
        ],
        "barriers": "Time is short. Ask the team for help with the searches.",
        "balancing": "Care at the end of life stays as it is.",
        "discussion": "Who will see these patients first?",
        "components": list(COMPONENTS),
    }
    return Message.model_validate(raw | changes)


def default_messages() -> dict[str, Message]:
    found = (
        message_of("gap-large", when={"gap_at_least": 0.2}, weight=1.2),
        message_of("gap-small", headline="At {value} {unit}, your practice is above the best quarter ({target})."),
        message_of(
            "within-chance",
            when={"certain": False},
            headline="Your practice is at {value} {unit}, which cannot be told apart from the best quarter.",
            comparison="The best quarter of {similar} similar practices are at {target}.",
        ),
        message_of(
            "achievement",
            signal="achievement",
            headline="Your practice is among the best quarter, at {value} {unit}.",
            comparison="The middle of {similar} similar practices is {typical}.",
        ),
        message_of(
            "better",
            signal="trend",
            when={"going": "better", "change_at_least": 0.1},
            headline="Your figure has fallen by {change} over {months} months, to {value} {unit}.",
            comparison="The best quarter are at {target}.",
        ),
        message_of(
            "worse",
            signal="trend",
            when={"going": "worse", "change_at_least": 0.1},
            headline="Your figure has risen by {change} over {months} months, to {value} {unit}.",
            comparison="The best quarter are at {target}.",
        ),
        message_of(
            "loss",
            signal="loss",
            headline="A year ago your practice was among the best quarter. It is now at {value} {unit}.",
            comparison="The best quarter are at {target}.",
        ),
    )
    return {message.id: message for message in found}


def strategies() -> dict[str, Strategy]:
    report = {
        "schema": 1,
        "id": "letter",
        "title": "Feedback report",
        "description": "A report.",
        "channel": "E-mail and post",
        "components": list(COMPONENTS),
        "sends_report": True,
    }
    visits = {
        "schema": 1,
        "id": "visits",
        "title": "A visit by a pharmacist",
        "description": "A pharmacist comes to you twice.",
        "channel": "Visit",
        "components": ["social support"],
        "contact": "visit",
    }
    return {"letter": Strategy.model_validate(report), "visits": Strategy.model_validate(visits)}


def protocol_of(**changes: Any) -> Protocol:
    raw: dict[str, Any] = {
        "schema": 1,
        "title": "T",
        "question": "Q",
        "background": "B",
        "indicator": "opioids",
        "arms": {"plain-arm": ["letter"], "visited-arm": ["letter", "visits"]},
        "membership_as_of": "2025-03",
        "delivery": {"waves": 6, "every_months": 2, "first": "2025-06-12", "data_age_days": 120},
        "design": {"type": "parallel", "starts": "2025-06", "baseline_months": 12, "follow_up_months": 12},
        "prior_knowledge": "none",
        "estimand": {
            "average": "patients",
            "summary": "ratio",
            "window": "follow-up",
            "mergers": "as-randomised",
            "closures": "until-closed",
            "opt_outs": "none",
        },
        "analysis": {"primary": "independence-gee", "worthwhile": 0.95},
        "decision": {"if_worthwhile": "x", "if_equivalent": "y", "otherwise": "z"},
    }
    return Protocol.model_validate(raw | changes)


def settings_of(**changes: Any) -> ProgrammeSettings:
    raw: dict[str, Any] = {
        "schema": 1,
        "name": "demo",
        "title": "Demo",
        "setting": "A region",
        "price_year": 2025,
        "feedback": {
            "sent_by": "The region's medicines team",
            "signed_by": ["Dr A. Example, general practitioner", "B. Example, chief pharmacist"],
            "reply_to": "feedback@region.example",
            "opt_out": "Reply with the words no feedback to stop these reports.",
            "to_role": "prescribing lead",
        }
        | changes,
        "sources": {"totals": {"kind": "totals", "path": "x.csv", "disclosure": "none"}},
    }
    return ProgrammeSettings.model_validate(raw)


def arrays_of(numerator: np.ndarray, denominator: np.ndarray | float = 5000.0, *, last: str = "2025-05") -> PanelArrays:
    sites, months = numerator.shape
    first = Month.parse(last) + -(months - 1)
    return PanelArrays(
        "opioids",
        tuple(f"ods:A{number:03d}" for number in range(sites)),
        tuple(first + step for step in range(months)),
        numerator.astype(float),
        np.broadcast_to(np.asarray(denominator, dtype=float), numerator.shape).copy(),
    )


def noisy_arrays(sites: int = 40, months: int = 24, *, seed: int = 1, noise: float = 0.02) -> PanelArrays:
    """Sites spread from 20 to 60 mg a patient, each with a little noise from month to month."""
    rng = np.random.default_rng(seed)
    level = np.linspace(20, 60, sites)[:, None]
    return arrays_of(level * 5000 * np.exp(rng.normal(0, noise, (sites, months))))


def register_of(arrays: PanelArrays) -> SiteRegister:
    return SiteRegister(
        sites={site: Site(site, f"Surgery {chr(65 + row % 26)}") for row, site in enumerate(arrays.sites)},
        attributes={"list_size": {site: 1000.0 + row for row, site in enumerate(arrays.sites)}},
    )


def inputs_of(arrays: PanelArrays | None = None, **changes: Any) -> WaveInputs:
    arrays = noisy_arrays() if arrays is None else arrays
    base = WaveInputs(
        cycle="first",
        settings=settings_of(),
        protocol=protocol_of(),
        strategies=strategies(),
        indicator=indicator_of(),
        messages=default_messages(),
        arrays=arrays,
        register=register_of(arrays),
        wave=1,
        due_on=date(2025, 6, 12),
        sent_on=date(2025, 6, 12),
        next_on=date(2025, 8, 12),
        source="Totals of the region",
    )
    return replace(base, **changes)


class Make:
    """The makers above, as one fixture (test modules import nothing from each other)."""

    components = COMPONENTS
    indicator = staticmethod(indicator_of)
    message = staticmethod(message_of)
    messages = staticmethod(default_messages)
    strategies = staticmethod(strategies)
    protocol = staticmethod(protocol_of)
    settings = staticmethod(settings_of)
    arrays = staticmethod(arrays_of)
    noisy = staticmethod(noisy_arrays)
    register = staticmethod(register_of)
    inputs = staticmethod(inputs_of)


@pytest.fixture
def make() -> type[Make]:
    return Make


@pytest.fixture
def inputs() -> Callable[..., WaveInputs]:
    return inputs_of
