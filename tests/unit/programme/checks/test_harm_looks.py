"""Registered looks, by arm, at what must not get worse: where a protocol may have them, and how they are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from enginehouse.core.errors import Problems
from enginehouse.core.months import Month
from enginehouse.programme.diff import diff
from enginehouse.programme.explain import explain_protocol
from enginehouse.programme.load import load_programme

PROTOCOL = "cycles/visits/protocol.yaml"
OWN = "metered-dose-inhaler-share"
OTHER = "reliever-share"


@pytest.fixture
def write(trial: Path) -> Callable[..., Path]:
    """The trial with a second indicator that must not get worse, and with these looks."""

    def change(looks: str, *, balancing: str = f"[{OTHER}]", direction: str = "lower-is-better") -> Path:
        text = (trial / f"indicators/{OWN}.yaml").read_text("utf-8").replace(f"id: {OWN}", f"id: {OTHER}")
        text = text.replace("direction: lower-is-better", f"direction: {direction}")
        (trial / f"indicators/{OTHER}.yaml").write_text(text, "utf-8")
        protocol = (trial / PROTOCOL).read_text("utf-8")
        protocol = protocol.replace(
            "  inequality: deprivation\n", f"  inequality: deprivation\n  harm_looks: {looks}\n"
        )
        if balancing:
            protocol = protocol.replace("arms:\n", f"balancing: {balancing}\narms:\n", 1)
        (trial / PROTOCOL).write_text(protocol, "utf-8")
        return trial

    return change


def test_looks_are_months_of_the_follow_up(write: Callable[..., Path]):
    analysis = load_programme(write("[2026-09, 2027-04]")).protocols["visits"].analysis
    assert analysis.harm_looks == (Month.parse("2026-09"), Month.parse("2027-04"))


def test_explained_in_plain_words(write: Callable[..., Path]):
    text = " ".join(explain_protocol(load_programme(write("[2026-09, 2027-02]")), "visits").split())
    assert (
        "- Before the end, what must not get worse is compared between the arms with the data up to September 2026 and "
        "February 2027: by the governance officer alone, once each, on the record. The one result that decides stays unseen."
    ) in text


def test_a_look_that_is_added_later_shows_as_a_change(trial: Path, write: Callable[..., Path]):
    before = load_programme(trial).protocols["visits"]
    after = load_programme(write("[2026-09]")).protocols["visits"]
    assert any("harm_looks" in str(change) and "2026-09" in str(change) for change in diff(before, after))


@pytest.mark.parametrize(
    ("looks", "options", "said"),
    [
        ("[2026-04]", {}, "analysis.harm_looks[1]\n  got 2026-04, which is outside the follow-up (2026-05 to 2027-04). Name the last month of data of each look."),
        ("[2026-09, 2027-05]", {}, "analysis.harm_looks[2]\n  got 2027-05, which is outside the follow-up"),
        ("[2026-09, 2026-09]", {}, "analysis.harm_looks[2]\n  got the month '2026-09' a second time."),
        ("[2026-09]", {"balancing": ""}, "analysis.harm_looks\n  got looks at harms, but the protocol names nothing that must not get worse. Add balancing: [...], or remove harm_looks."),
        ("[2026-09]", {"direction": "none"}, "analysis.harm_looks\n  got looks at harms, and 'reliever-share' has no direction: nothing says which way is worse."),
    ],
)  # fmt: skip
def test_looks_that_cannot_be(looks: str, options: dict[str, str], said: str, write: Callable[..., Path]):
    folder = write(looks, **options)
    with pytest.raises(Problems) as found:
        load_programme(folder)
    assert said in str(found.value).replace(f"{folder}/", "")


def test_without_chance_there_are_no_arms_to_look_at(spoil: Callable[[str, str, str], str]):
    message = spoil("cycles/first/protocol.yaml", "  worthwhile: 0.97", "  harm_looks: [2025-06]\n  worthwhile: 0.97")
    assert (
        "analysis.harm_looks\n  got harm_looks, but this is worked out with random allocation only. Remove it."
        in message
    )
