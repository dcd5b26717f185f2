"""Monitoring in words: each thing watched, from counts alone, without an arm."""

import json
from dataclasses import fields, replace

import pytest

from enginehouse.core.errors import UserError
from enginehouse.trials.monitoring import (
    _FINDINGS,
    ContactCount,
    Light,
    MonitoringInputs,
    PooledMonth,
    Watched,
    WaveCount,
    monitoring_from_record,
    monitoring_report,
)


def month(name, when, top, bottom=1000.0):
    return PooledMonth(indicator=name, month=when, numerator=top, denominator=bottom, sites=60, expected=60)


INPUTS = MonitoringInputs(
    on="2024-04-10",
    last_month="2024-02",
    allocated=60,
    closed=0,
    merged=0,
    opted_out=0,
    follow_up_months=2,
    sites_with_gaps=0,
    missing_site_months=0,
    largest_imbalance=0.05,
    largest_imbalance_now=0.06,
    waves=(WaveCount(wave=1, due_on="2024-01-10", due=59, sent=59, opened=40, opted_out=1),),
    contacts=(ContactCount(strategy="Visits", planned=30, held=30, minutes=1350),),
    pooled=(
        month("opioids", "2023-11", 500),
        month("opioids", "2023-12", 300),
        month("opioids", "2024-01", 380),
        month("opioids", "2024-02", 380),
    ),
    starts="2024-01",
)


def finding(watched, **changes):
    return next(f for f in monitoring_report(replace(INPUTS, **changes)).findings if f.watched is watched)


def test_everything_watched_has_a_finding_in_order():
    report = monitoring_report(INPUTS)
    assert list(_FINDINGS) == list(Watched) == [f.watched for f in report.findings]
    assert {f.light for f in report.findings} == {Light.AS_PLANNED}
    assert monitoring_from_record(json.loads(json.dumps(report.to_record()))) == report


def test_no_count_is_by_arm():
    kinds = (MonitoringInputs, WaveCount, ContactCount, PooledMonth)
    assert not [f.name for kind in kinds for f in fields(kind) if "arm" in f.name.split("_")]


def test_the_pooled_series_is_arithmetic():
    (series,) = monitoring_report(INPUTS).series
    assert series.values == (0.5, 0.3, 0.38, 0.38)
    assert series.before == pytest.approx((500 + 300) / 2000)
    assert series.relative_change == pytest.approx(0.38 / 0.4 - 1)
    assert "opioids -5.0%. That is no effect of anything" in finding(Watched.OUTCOME).sentence


CASES = [
    (Watched.DELIVERY, {"waves": ()}, Light.NOT_YET, "No report is due yet"),
    (
        Watched.DELIVERY,
        {"waves": (WaveCount(wave=1, due_on="2024-01-10", due=59, sent=50),)},
        Light.ACT,
        "50 of 59 reports due by now were sent. None is known to have been opened.",
    ),
    (
        Watched.DELIVERY,
        {"waves": (WaveCount(wave=1, due_on="2024-01-10", due=59, sent=59, bounced=2, opened=40),)},
        Light.LOOK,
        "2 came back. 40 were opened",
    ),
    (Watched.CONTACTS, {"contacts": ()}, Light.NOT_YET, "No contact is planned"),
    (
        Watched.CONTACTS,
        {"contacts": (ContactCount(strategy="Visits", planned=30, held=20, minutes=900),)},
        Light.LOOK,
        "Visits: 20 held of 30 planned, 900 minutes.",
    ),
    (Watched.DATA, {"follow_up_months": 0}, Light.NOT_YET, "No month of the follow-up has data"),
    (
        Watched.DATA,
        {"sites_with_gaps": 3, "missing_site_months": 4},
        Light.LOOK,
        r"3 of 60 sites lack a month; 4 of 120 months of sites are missing \(3.3%\)",
    ),
    (Watched.DATA, {"sites_with_gaps": 10, "missing_site_months": 12}, Light.ACT, r"\(10.0%\)"),
    (Watched.SITES, {"closed": 1, "opted_out": 2}, Light.LOOK, "1 closed, 0 merged and 2 opted out"),
    (Watched.BALANCE, {"largest_imbalance_now": 0.4}, Light.LOOK, "still in it is 0.40"),
    (Watched.BALANCE, {"largest_imbalance": None}, Light.NOT_YET, "Nothing was balanced"),
    (Watched.OUTCOME, {"pooled": ()}, Light.NOT_YET, "No month of the follow-up has an outcome"),
    (
        Watched.OUTCOME,
        {"pooled": (month("opioids", "2023-12", 300), month("opioids", "2024-01", 400))},
        Light.LOOK,
        r"opioids \+33.3%",
    ),
]


@pytest.mark.parametrize(("watched", "changes", "light", "words"), CASES)
def test_findings(watched, changes, light, words):
    found = finding(watched, **changes)
    assert found.light is light
    assert pytest.importorskip("re").search(words, found.sentence)
    assert bool(found.remedy) == (light in (Light.LOOK, Light.ACT))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"waves": (WaveCount(wave=2, due_on="", due=1, sent=1, bounced=2),)}, "wave 2 has 2 bounced of 1 sent"),
        ({"waves": (WaveCount(wave=2, due_on="", due=1, sent=1, opened=2),)}, "wave 2 has 2 opened of 1 sent"),
        ({"closed": 50, "merged": 11}, "61 sites closed or merged of 60 allocated"),
        ({"missing_site_months": 121}, "121 months of sites are missing, more than there were"),
    ],
)
def test_counts_that_cannot_be_are_refused(changes, words):
    with pytest.raises(UserError, match=words):
        monitoring_report(replace(INPUTS, **changes))
