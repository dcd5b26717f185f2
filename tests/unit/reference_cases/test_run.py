"""Any file of the schema: grids and cases, what is missing, and how it ends."""

import json

import pytest
from tests.reference.trials.__main__ import main
from tests.reference.trials.cases import as_value, read_groups
from tests.reference.trials.topics import TOPICS, topic_function

FACTORIAL = {"clusters_per_cell": 4, "m": 20, "icc": 0.01, "main_effect": 0.2, "interaction": 0.2}
POWER = {"power_main": 0.326460118641707, "power_interaction": 0.1176017786363857}


@pytest.fixture
def write(tmp_path):
    def to_file(*cases, grids=(), version=1):
        file = tmp_path / "cases.json"
        file.write_text(json.dumps({"schema_version": version, "grids": list(grids), "cases": list(cases)}))
        return file

    return to_file


def case(id="one", topic="power.factorial", inputs=FACTORIAL, expected=POWER):
    return {"id": id, "topic": topic, "data": None, "inputs": inputs, "expected": expected, "tolerance": {"rel": 1e-6}}


def test_all_within(write, capsys):
    assert main([str(write(case()))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["one", "ok"]
    assert lines[-1] == "1 of 1 cases within tolerance"


def test_what_is_off_unknown_or_broken_fails_its_case_and_no_other(write, capsys):
    off = case("off", expected={"power_main": 0.4, "power_other": 1.0})
    file = write(case(), off, case("unknown", topic="power.nothing"), case("broken", inputs={}))
    assert main([str(file)]) == 1
    out = capsys.readouterr().out
    assert "off" in out
    assert "power_other missing" in out
    assert "unknown                                      FAIL  no topic function" in out
    assert "broken                                       FAIL  KeyError: 'clusters_per_cell'" in out
    assert out.endswith("1 of 4 cases within tolerance\n")


def test_a_grid_is_as_good_as_its_worst_row(write, tmp_path, capsys):
    (tmp_path / "grid.csv").write_text(
        "clusters_per_cell,m,icc,main_effect,interaction,power_main\n4,20,0.01,0.2,0.2,0.326460118641707\n"
        "10,20,0.01,0.2,0.2,0.9\n"
    )
    grid = {
        "file": "grid.csv",
        "topic": "power.factorial",
        "inputs": list(FACTORIAL),
        "outputs": "power_main",
        "tolerance": {"rel": 1e-6},
    }
    assert main([str(write(grids=[grid]))]) == 1
    assert "grid[2] power_main  (2 rows)" in capsys.readouterr().out


def test_another_schema_is_refused(write):
    with pytest.raises(ValueError, match="schema version 2; this runner reads version 1"):
        read_groups(write(version=2))


def test_results_can_be_kept_and_those_of_other_cases_stay(write, tmp_path):
    kept = tmp_path / "kept.json"
    main([str(write(case("a"))), "--record", str(kept)])
    main([str(write(case("b"), case("c", topic="x"))), "--record", str(kept)])
    assert [(record["id"], record["problem"]) for record in json.loads(kept.read_text())] == [
        ("a", ""),
        ("b", ""),
        ("c", "no topic function"),
    ]


def test_cells_of_a_grid():
    assert [as_value(text) for text in ("3", "0.5", "", "NA", "011", "011/001", "x")] == [
        3,
        0.5,
        None,
        None,
        "011",
        "011/001",
        "x",
    ]


def test_topics_have_modules_of_their_own():
    assert len(set(TOPICS.values())) == len(TOPICS)
    assert topic_function("no such topic") is None
