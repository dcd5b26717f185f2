"""Every reference case of cluster trials through the runner of `tests/reference/trials`, one item a case.

Which cases there are, and what came of them when they were last recorded, is kept beside the page that shows it; whatever
was within its tolerance then must be so now.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.reference.trials.__main__ import main
from tests.reference.trials.cases import read_groups
from tests.reference.trials.run import line, outcome
from tests.reference.trials.tables import Data
from tests.reference.trials.topics import topic_function

KEPT = Path(__file__).resolve().parents[2] / "docs" / "methods" / "reference-cases.json"
RECORDED = {record["id"]: record for record in json.loads(KEPT.read_text(encoding="utf-8"))}
AGAIN = "record again: python -m tests.reference.trials CASES.json --record docs/methods/reference-cases.json"


@pytest.fixture(scope="module")
def file(shared_file):
    return shared_file("reference/trials/expected.json")


@pytest.fixture(scope="module")
def groups(file):
    return {group.id: group for group in read_groups(file)}


def test_the_record_has_the_cases_of_the_file(groups):
    assert list(RECORDED) == list(groups), AGAIN


@pytest.mark.parametrize("id", RECORDED)
def test_a_case(id, groups, file):
    group = groups[id]
    if topic_function(group.topic) is None:
        pytest.xfail("no topic function")
    was = RECORDED[id]
    result = outcome(group, Data(file.parent / "data"))
    assert result.within or was["problem"] or was["ratio"] > 1, line(result)


def test_the_command_ends_with_the_count(file, capsys):
    assert main([str(file), "--topic", "nothing begins like this"]) == 0
    assert capsys.readouterr().out == "0 of 0 cases within tolerance\n"
