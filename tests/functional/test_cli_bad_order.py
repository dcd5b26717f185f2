"""Definitions that are not there, steps, days and people out of order: the message, the exit code, nothing recorded."""

from __future__ import annotations

import pytest

INDICATOR = "metered-dose-inhaler-share"
PEOPLE = "id,name,roles\nana,Ana,analyst\nstat,Stat,statistician\nboard,Board,commissioner\nvisitor,Visitor,auditor\n"


def test_an_unknown_indicator(at, steps, edit, run):
    folder = at("loaded")
    refused = steps(folder, "indicators build metered-dose-inhaler")
    assert refused.code == 3
    assert f"Did you mean '{INDICATOR}'?" in refused.err
    edit(folder / f"indicators/{INDICATOR}.yaml", "name: metered-dose-inhalers", "name: metered-dose-inhaler")
    refused = steps(folder, "indicators")
    assert "got name 'metered-dose-inhaler', which source 'measurements' does not have" in refused.err
    edit(folder / "cycles/first/protocol.yaml", f"indicator: {INDICATOR}", "indicator: inhalers")
    assert "got the indicator 'inhalers'; expected 'metered-dose-inhaler-share'" in run("check", "-p", str(folder)).out


@pytest.mark.parametrize(
    "command",
    [
        "register frist",
        "freeze frist",
        "evaluate frist",
        "appraise frist",
        "decide frist implement --reason x",
        "dossier frist",
    ],
)
def test_an_unknown_cycle(command, at, steps):
    refused = steps(at("built"), command)
    assert refused.code == 2
    assert "got cycle 'frist'. Expected one of: first. Did you mean 'first'?" in refused.err


def test_an_unknown_source(at, steps):
    refused = steps(at("built"), "data load site")
    assert "got source 'site'. Expected one of: measurements, sites. Did you mean 'sites'?" in refused.err


def test_evaluation_before_the_freeze(at, steps):
    refused = steps(at("built"), "evaluate first")
    assert refused.code == 4
    assert "No estimate exists before the data are frozen." in refused.err
    assert "Next possible step: freeze" in refused.err


@pytest.mark.parametrize(
    ("step", "command", "said"),
    [
        ("built", "dossier first", "there is no result for a dossier to tell. Next possible step: freeze"),
        ("built", "decide first implement --reason x", "A decision follows an evaluation."),
        ("frozen", "appraise first", "An appraisal needs an evaluation."),
        ("loaded", "indicators show x", "no panel has been built yet. Run: enginehouse data load"),
        ("registered", "indicators", "source 'measurements' was not loaded. Run `enginehouse data load` first."),
        ("loaded", "freeze first", "no panel has been built yet."),
        ("new", "freeze first", "Next possible step: register"),
        ("new", "dossier first", "there is no record to write dossier from before it is registered"),
        ("evaluated", "appraise first", "the registered protocol has no economics"),
        ("new", "register first --amend x", "A draft is not locked: edit its file."),
    ],
)
def test_a_step_out_of_order_says_what_comes_first(step, command, said, at, steps):
    refused = steps(at(step), command)
    assert refused.code in (2, 3, 4)
    assert said in refused.err


def test_a_protocol_changed_after_the_freeze(at, steps, edit):
    folder = at("frozen")
    edit(folder / "cycles/first/protocol.yaml", "worthwhile: 0.97", "worthwhile: 0.95")
    refused = steps(folder, "evaluate first")
    assert refused.code == 4
    assert "the files no longer say what was registered" in refused.err
    assert "analysis.worthwhile" in refused.err
    assert "a different question is a new cycle." in refused.err
    edit(folder / "cycles/first/protocol.yaml", "worthwhile: 0.95", "worthwhile: 0.970   # the same")
    assert steps(folder, "evaluate first").code == 0


def test_a_definition_changed_after_the_lock(at, steps, edit):
    folder = at("built")
    edit(folder / f"indicators/{INDICATOR}.yaml", "direction: lower-is-better", "direction: higher-is-better")
    edit(folder / "cycles/first/protocol.yaml", "worthwhile: 0.97", "worthwhile: 1.03")
    refused = steps(folder, "freeze first")
    assert refused.code == 4
    assert f"indicator {INDICATOR}, direction" in refused.err


def test_a_panel_built_by_another_definition_than_was_registered(at, steps, edit):
    folder = at("loaded")
    path = folder / f"indicators/{INDICATOR}.yaml"
    edit(path, "unit: metered-dose inhaler items", "unit: items")
    assert steps(folder, "indicators").code == 0
    edit(path, "unit: items", "unit: metered-dose inhaler items")
    refused = steps(folder, "freeze first")
    assert refused.code == 4
    assert f"the panel was not built by the registered definitions of {INDICATOR}." in refused.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("evaluate first --on 2026-03-02", "which is before the cycle's last transition (2026-03-03). Use 2026-03-03"),
        ("evaluate first --on 2999-01-01", "which is after today"),
        ("data load --on 2999-01-01", "which is after today"),
        ("indicators --on 2999-01-01", "which is after today"),
        ("evaluate first --on 03/04/2026", "got '03/04/2026' for a day. Write it as YYYY-MM-DD"),
    ],
)
def test_days_out_of_order(command, said, at, steps):
    refused = steps(at("frozen"), command)
    assert refused.code in (2, 4)
    assert said in refused.err


def test_people_without_the_role(at, run):
    folder = at("built")
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    said = {
        (
            "data",
            "load",
            "--as",
            "board",
        ): "'board' (commissioner) may not load data. It takes the role analyst or statistician",
        ("indicators", "--as", "board"): "may not build panel",
        ("freeze", "first", "--as", "visitor"): "'visitor' (auditor) may not freeze.",
        ("freeze", "first", "--as", "nobody"): "got person 'nobody'. Expected one of: ana, board, stat, visitor.",
    }
    for words, why in said.items():
        refused = run(*words, "-p", str(folder))
        assert refused.code in (2, 4)
        assert why in refused.err
    for words in (("freeze", "first", "--as", "ana"), ("evaluate", "first", "--as", "stat")):
        assert run(*words, "-p", str(folder)).code == 0
    assert (
        "may not decide" in run("decide", "first", "implement", "--reason", "x", "--as", "stat", "-p", str(folder)).err
    )
    assert run("decide", "first", "implement", "--reason", "x", "--as", "board", "-p", str(folder)).code == 0
    assert run("dossier", "first", "--as", "visitor", "-p", str(folder)).code == 0, "a dossier is open to every role"


def test_one_person_decides_what_they_evaluated(at, steps):
    folder = at("evaluated")
    refused = steps(folder, "decide first implement --reason x")
    assert refused.code == 4
    assert "did evaluate this cycle and so may not decide it" in refused.err
    assert "This act takes a second person" in refused.err
    assert "no reason was given" in steps(folder, "decide first implement --reason=", person="board").err
