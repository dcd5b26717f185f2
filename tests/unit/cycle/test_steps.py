"""Steps as Python calls: what they record, and what a later load cannot change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import enginehouse as eh
from enginehouse.core.errors import NotAllowed, UserError
from enginehouse.cycle.data_account import account_from_document
from enginehouse.cycle.record_of import open_record
from enginehouse.cycle.synthesise import planted_effects
from enginehouse.governance.stages import Act, payload_of

CYCLE = "first"


def through(workspace, me, *steps):
    for step in steps:
        {
            "register": lambda: eh.register(workspace, CYCLE, by=me),
            "load": lambda: eh.load_data(workspace, by=me),
            "build": lambda: eh.build_indicators(workspace, by=me),
            "freeze": lambda: eh.freeze(workspace, CYCLE, by=me),
            "evaluate": lambda: eh.evaluate_cycle(workspace, CYCLE, by=me),
        }[step]()


def kinds(workspace):
    return [event.type for event in workspace.record.store.events()]


def test_the_dossier_tells_the_data_as_they_were_frozen(workspace, me):
    """A later load of other data moves neither the faults nor the sources that the dossier prints."""
    path = workspace.programme.folder / "data" / "measurements.csv"
    path.write_text(path.read_text("utf-8").replace("P01,2022-04,360,", "P01,2022-04,-1,"), "utf-8")
    through(workspace, me, "register", "load", "build", "freeze", "evaluate")
    first = eh.write_dossier(workspace, CYCLE, by=me).html.read_bytes()
    path.write_text(path.read_text("utf-8").replace("P01,2022-04,-1,", "P01,2022-04,360,"), "utf-8")
    eh.load_data(workspace, by=me)
    again = eh.write_dossier(workspace, CYCLE, by=me)
    assert again.html.read_bytes() == first
    assert again.is_new is False
    state = workspace.state(CYCLE)
    account = account_from_document(workspace.record.documents.get(state.account))
    assert [(fault.source, fault.count) for fault in account.faults] == [("measurements", 1)]
    assert {source.name: source.rows for source in account.sources} == {"measurements": 1439, "sites": 40}


def test_the_account_reads_back(workspace, me):
    through(workspace, me, "register", "load", "build", "freeze")
    document = workspace.record.documents.get(workspace.state(CYCLE).account)
    assert set(json.loads(document)) == {"sources", "faults", "left_out"}
    assert account_from_document(document).left_out == ()


def test_an_amendment_keeps_both_hashes_and_the_changes(workspace, me):
    eh.register(workspace, CYCLE, by=me)
    with pytest.raises(UserError, match="There is nothing to amend"):
        eh.amend(workspace, CYCLE, by=me, reason="why")
    path = workspace.programme.folder / "cycles" / CYCLE / "protocol.yaml"
    path.write_text(path.read_text("utf-8").replace("worthwhile: 0.97", "worthwhile: 0.96"), "utf-8")
    changed = replace(workspace, programme=eh.load_programme(workspace.programme.folder))
    with pytest.raises(UserError, match="no reason was given"):
        eh.amend(changed, CYCLE, by=me, reason=" ")
    before = changed.state(CYCLE).protocol_hash
    event = eh.amend(changed, CYCLE, by=me, reason="A slip.").event
    state = changed.state(CYCLE)
    assert (event.previous_hash, event.protocol_hash) == (before, state.protocol_hash)
    assert [str(change) for change in event.changes] == list(state.amendments[0].changes)
    assert eh.changes_since_lock(changed, CYCLE) == ()


def test_an_amendment_may_bring_a_definition_with_it(workspace, me):
    eh.register(workspace, CYCLE, by=me)
    path = workspace.programme.folder / "strategies" / "feedback-letter.yaml"
    path.write_text(path.read_text("utf-8").replace("unit_cost: 15", "unit_cost: 20"), "utf-8")
    changed = replace(workspace, programme=eh.load_programme(workspace.programme.folder))
    before = changed.state(CYCLE)
    event = eh.amend(changed, CYCLE, by=me, reason="The price of paper.").event
    assert any("strategy feedback-letter" in change for change in event.changes)
    assert event.protocol_hash == before.protocol_hash
    assert changed.state(CYCLE).definitions != before.definitions


def test_a_trial_run_of_the_evaluation_tells_no_effect_and_records_nothing(workspace, me):
    through(workspace, me, "register", "load", "build", "freeze")
    found = eh.check_evaluation(workspace, CYCLE, by=me)
    assert [(each.comparator, each.why_not) for each in found] == [("the rest of the North", ""), ("the South", "")]
    assert not any(hasattr(each, name) for each in found for name in ("value", "estimate", "ratio"))
    assert kinds(workspace)[-1] == "data-frozen"


def test_the_same_appraisal_is_recorded_once(tmp_path):
    workspace = eh.open_workspace(eh.new_programme(tmp_path / "p", template="opioid-campaign"))
    me, cycle = eh.acting(workspace, "me"), "west-yorkshire"
    eh.register(workspace, cycle, by=me)
    eh.load_data(workspace, by=me)
    eh.build_indicators(workspace, by=me)
    eh.freeze(workspace, cycle, by=me)
    eh.evaluate_cycle(workspace, cycle, by=me)
    one, again = (eh.appraise_cycle(workspace, cycle, by=me) for _ in range(2))
    assert one.to_record() == again.to_record()
    assert kinds(workspace).count("cycle-appraised") == 1


def test_a_cycle_is_closed_by_a_second_person_after_the_decision(workspace, me, board):
    through(workspace, me, "register", "load", "build", "freeze", "evaluate")
    with pytest.raises(NotAllowed, match="takes a second person"):
        eh.decide(workspace, CYCLE, by=me, decision=eh.DecisionWord.IMPLEMENT, reason="x")
    with pytest.raises(NotAllowed, match="A result is decided on before its cycle is closed"):
        eh.close(workspace, CYCLE, by=board)
    eh.decide(workspace, CYCLE, by=board, decision=eh.DecisionWord.IMPLEMENT, reason=" x ")
    eh.close(workspace, CYCLE, by=board)
    assert workspace.state(CYCLE).stage.value == "closed"
    assert workspace.state(CYCLE).decision.reason == "x"


def test_who_acted_keeps_a_name_on_pages_only(workspace, me):
    eh.register(workspace, CYCLE, by=me)
    ledger = (workspace.programme.folder / ".enginehouse" / "ledger.sqlite").read_bytes()
    assert b"asserted:me" in ledger
    assert b"The analyst" not in ledger


def test_the_only_person_acts_without_being_named(workspace, monkeypatch):
    monkeypatch.delenv("ENGINEHOUSE_AS", raising=False)
    alone = replace(workspace, people={"me": workspace.people["me"]})
    assert eh.acting(alone).person.id == "me"
    assert eh.acting(alone).actor == "asserted:me"
    with pytest.raises(UserError, match="nobody was named"):
        eh.acting(workspace)
    monkeypatch.setenv("ENGINEHOUSE_AS", "board")
    assert eh.acting(workspace).person.id == "board"


def test_a_record_is_only_in_a_programme_folder(tmp_path: Path):
    with pytest.raises(UserError, match="this is not a programme folder"):
        open_record(tmp_path)


def test_effects_are_planted_where_the_protocol_says_and_nowhere_else(tmp_path):
    region = eh.load_programme(eh.new_programme(tmp_path / "r", template="synthetic-region"))
    (effect,) = planted_effects(region)
    assert (effect.section, effect.areas, str(effect.from_month), effect.ratio) == ("4.7", ("X01",), "2020-07", 0.92)
    real = eh.load_programme(eh.new_programme(tmp_path / "c", template="opioid-campaign"))
    assert planted_effects(real) == ()


def test_every_act_is_recorded_by_a_step():
    """Some step makes the event that records it; and none of them is left to Python alone (`test_cli_house`)."""
    import re

    source = "".join(path.read_text("utf-8") for path in (Path(eh.__file__).parent / "cycle").glob("*.py"))
    made = set(re.findall(r"\b([A-Z][A-Za-z]+)\(", source))
    assert {act.value for act in Act if payload_of(act).__name__ not in made} == set()


def test_every_step_can_be_typed():
    """Whatever `enginehouse` exports as a step of a cycle is called by a command as well."""
    source = "".join(path.read_text("utf-8") for path in (Path(eh.__file__).parent / "cli").glob("*.py"))
    steps = {name for name, module in eh._EXPORTS.items() if module.startswith("enginehouse.cycle.")}
    helpers = {"current_panel", "dossier_of", "try_question"}  # parts of other steps, and for people who write Python
    assert {name for name in steps if f" {name}" not in source} == helpers


def test_a_stopped_cycle_keeps_where_it_stood_and_why(workspace, me):
    eh.register(workspace, CYCLE, by=me)
    assert eh.suspend(workspace, CYCLE, by=me, reason=" why ", dry_run=True).reason == "why"
    assert workspace.state(CYCLE).stage.value == "registered"
    eh.suspend(workspace, CYCLE, by=me, reason="why")
    assert workspace.state(CYCLE).stage.value == "suspended"
    eh.resume(workspace, CYCLE, by=me, reason="because")
    assert workspace.state(CYCLE).stage.value == "registered"
    eh.withdraw(workspace, CYCLE, by=me, reason="ended")
    assert workspace.state(CYCLE).stage.value == "withdrawn"


def test_a_question_is_held_against_the_newest_data(workspace, me):
    tried = eh.register(workspace, CYCLE, by=me, dry_run=True).tried
    assert (tried.tested, tried.problems) == (False, ())
    through(workspace, me, "load")
    (advice,) = eh.try_question(workspace, CYCLE).advice
    assert "no panel has been built" in advice
    through(workspace, me, "build")
    tried = eh.register(workspace, CYCLE, by=me).tried
    assert (tried.tested, tried.problems, tried.advice) == (True, (), ())


def test_a_locked_question_is_not_amended_into_one_without_an_answer(workspace, me):
    through(workspace, me, "load", "build", "register")
    path = workspace.programme.folder / "cycles" / CYCLE / "protocol.yaml"
    path.write_text(path.read_text("utf-8").replace("{area: Ashdale}", "{area: Ashdael}"), "utf-8")
    changed = replace(workspace, programme=eh.load_programme(workspace.programme.folder))
    with pytest.raises(UserError, match="got area 'Ashdael', which no site belongs to in 2024-04"):
        eh.amend(changed, CYCLE, by=me, reason="why")
