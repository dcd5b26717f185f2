"""Every act has a command, and what refusals and reminders tell people to type is what the command line takes."""

from __future__ import annotations

import shlex

import pytest

from enginehouse.cli.main import COMMANDS, build_parser, command_module
from enginehouse.governance.commands import COMMANDS as TYPED
from enginehouse.governance.commands import command, for_cycle
from enginehouse.governance.stages import NOT_TRANSITIONS, PROGRAMME_ACTS, Act

FILLED_IN = {
    "CYCLE": "visits",
    "CANDIDATE": "visits",
    "ANSWER": "evaluate-only",
    "REASON": "Because.",
    "APPROVAL": "data-protection",
    "NUMBER": "DPIA-7",
    "DAY": "2026-05-01",
    "SITE": "P01",
    "SCOPE": "feedback",
    "STRATEGY": "letters",
    "WAVE": "1",
    "FILE": "visits.csv",
    "TITLE": "By size",
    "DECISION": "implement",
}


def test_no_act_is_missing():
    assert set(TYPED) == set(Act)


@pytest.mark.parametrize("act", Act)
def test_each_command_is_one_that_the_command_line_takes(act: Act):
    name, *words = shlex.split(TYPED[act])
    assert name in COMMANDS
    parser = build_parser(name, command_module(name))
    args = parser.parse_args([FILLED_IN.get(word, word) for word in words])
    if "CYCLE" in words:
        assert args.cycle == "visits"


@pytest.mark.parametrize("act", sorted(set(Act) - PROGRAMME_ACTS - set(NOT_TRANSITIONS)))
def test_every_act_of_a_cycle_names_it(act: Act):
    assert "CYCLE" not in command(act, "visits")
    assert " visits" in command(act, "visits")


def test_only_commands_are_filled_in():
    said = "The CYCLE stands. Next (enginehouse allocate prepare CYCLE), or enginehouse wave send CYCLE WAVE."
    assert for_cycle(said, "visits") == (
        "The CYCLE stands. Next (enginehouse allocate prepare visits), or enginehouse wave send visits WAVE."
    )
    assert for_cycle(said, None) == said
    assert command(Act.SEND_WAVE, "visits", wave=2) == "enginehouse wave send visits 2"
