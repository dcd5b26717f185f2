"""The example's own messages: on lifelike sites every report meets every rule that blocks or warns, and each is said."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from enginehouse.data.sites import Site, SiteRegister
from enginehouse.feedback.linter import lint, lint_context
from enginehouse.feedback.make import Said, WaveInputs, make_reports
from enginehouse.programme.load import load_programme

CYCLE = "facilitation"


@pytest.fixture(scope="module")
def programme():
    return load_programme(Path(str(files("enginehouse"))) / "programmes" / "head-to-head")


@pytest.fixture
def waves(make, programme):
    """Three waves over 120 practices of which some rise, some fall, one lacks its month and one is tiny."""
    rng = np.random.default_rng(3)
    sites, months = 120, 24
    size = rng.lognormal(np.log(7000), 0.5, sites)[:, None]
    drift = np.exp(rng.normal(0, 0.01, sites)[:, None] * np.arange(months))
    level = np.exp(rng.normal(np.log(60), 0.4, sites))[:, None]
    arrays = make.arrays(level * size * drift * np.exp(rng.normal(0, 0.04, (sites, months))), size)
    arrays.numerator[5, -1] = np.nan
    arrays.denominator[6] = 30
    # One that was among the best a year ago, and has not been since; it varies little.
    arrays.numerator[7] = size[7] * np.where(np.arange(months) < 12, 40, 52) * (1 + rng.normal(0, 0.01, months))
    # One at the target that swings so much from month to month that nobody can be sure.
    arrays.numerator[8] = size[8] * (40 + 35 * (-1.0) ** np.arange(months))
    register = SiteRegister(
        sites={site: Site(site, f"Practice {row}") for row, site in enumerate(arrays.sites)},
        attributes={
            "list_size": dict(zip(arrays.sites, size[:, 0], strict=True)),
            "imd_2019_score": dict(zip(arrays.sites, rng.normal(20, 5, sites), strict=True)),
        },
    )
    protocol = programme.protocols[CYCLE]
    arms = {site: list(protocol.arms)[row % 2] for row, site in enumerate(arrays.sites)}
    said: dict[str, tuple[Said, ...]] = {}
    found = []
    for wave in (1, 2, 3):
        reports = make_reports(
            WaveInputs(
                cycle=CYCLE,
                settings=programme.settings,
                protocol=protocol,
                strategies=programme.strategies,
                indicator=programme.indicators[protocol.indicator],
                messages=programme.messages,
                arrays=arrays,
                register=register,
                wave=wave,
                due_on=date(2025, 6, 12),
                sent_on=date(2025, 6, 12),
                next_on=date(2025, 8, 12),
                said=dict(said),
            ),
            arms,
        )
        for site, content in reports.items():
            said[site] = (*said.get(site, ()), Said(wave=wave, message=content.chosen.message))
        found += reports.values()
    return found


def test_every_report_meets_the_rules(programme, waves):
    protocol = programme.protocols[CYCLE]
    contexts = {
        arm: lint_context(protocol, programme.strategies, programme.settings.feedback, arm=arm) for arm in protocol.arms
    }
    for content in waves:
        report = lint(content, context=contexts[content.arm])
        assert not report.failed, (content.site_name, content.headline)
        assert not report.warnings, (content.site_name, content.headline)


def test_every_message_is_said_by_some_report(programme, waves):
    said = {content.chosen.message for content in waves}
    passed = {told.partition(":")[0] for content in waves for told in content.chosen.others if ": score" in told}
    assert set(programme.messages) <= said | passed
    assert {"gap-large", "achievement", "trend-better", "loss", "gap-for-pharmacists"} <= said


def test_plain_words_are_rare(waves):
    plain = [content for content in waves if not content.chosen.message and content.own is not None]
    assert len(plain) <= 0.05 * len(waves)
