"""What holds for every command: help, exit codes, words instead of tracebacks, a quick start."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from enginehouse.cli import main as entry
from enginehouse.cli.main import COMMANDS, build_parser, command_module
from enginehouse.core.errors import DataError, IntegrityError, MachineError, NotAllowed, UserError

GOLDEN = Path(__file__).parents[1] / "golden" / "cli"
WRITE = os.environ.get("ENGINEHOUSE_WRITE_GOLDEN") == "1"
# Commands that record something.
RECORDS = (
    "register", "freeze", "evaluate", "appraise", "decide", "suspend", "resume", "withdraw", "dossier", "indicators",
    "priorities", "design", "approval", "contract", "recruit", "opt-out", "allocate", "lists", "wave", "contacts",
    "monitor", "harms", "delivery", "analyse", "close", "forecasts", "evidence",
)  # fmt: skip
# Commands that record nothing and write files that people go on with.
DRAFTS = ("draft",)
# Commands that record something and have no trial run: loading is one itself, since the same files load once.
NO_TRIAL_RUN = ("data",)


def described(name: str) -> str:
    """A command as its parser has it. argparse's own layout of help differs between versions of Python."""
    parser = build_parser(name, command_module(name))
    lines = [parser.prog, f"  {parser.description}", ""]
    for action in parser._actions:
        words = ", ".join(action.option_strings) or action.dest
        choices = "" if action.choices is None else " {" + ",".join(map(str, action.choices)) + "}"
        lines.append(f"  {words}{choices}: {action.help}")
    return "\n".join([*lines, "", str(parser.epilog), ""])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_a_command_takes(name):
    path = GOLDEN / f"{name}.txt"
    if WRITE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(described(name), "utf-8")
    assert described(name) == path.read_text("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_its_own_parser_reads(name, run):
    shown = run(name, "--help")
    assert shown.code == 0
    module = command_module(name)
    assert module.EXAMPLES
    for example in module.EXAMPLES:
        assert example in shown.out
    assert all(action.help for action in build_parser(name, module)._actions), "every argument is explained"


@pytest.mark.parametrize(
    "example", [line for name in COMMANDS if name != "completion" for line in command_module(name).EXAMPLES]
)
def test_examples_can_be_typed(example):
    import shlex

    program, name, *words = shlex.split(example, comments=True)
    assert program == "enginehouse"
    if ">" in words:
        words = words[: words.index(">")]
    build_parser(name, command_module(name)).parse_args(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_json_for_machines(name):
    options = {
        option for action in build_parser(name, command_module(name))._actions for option in action.option_strings
    }
    assert "--json" in options
    assert ("--dry-run" in options) == (name in (*RECORDS, *DRAFTS))


def test_whatever_records_an_act_has_a_trial_run():
    """Every command that says who acts records something, but for pages that anybody may write again, and for one that
    asks who reads.
    """
    acting = {
        name
        for name in COMMANDS
        if any("--as" in action.option_strings for action in build_parser(name, command_module(name))._actions)
    }
    assert acting == {*RECORDS, *NO_TRIAL_RUN, "board", "insight"}


def test_the_overview_lists_every_command(run):
    for words in ((), ("--help",), ("-h",), ("help",)):
        shown = run(*words)
        assert shown.code == 0
        assert all(f"  {name} " in shown.out and summary in shown.out for name, summary in COMMANDS.items())
    assert run("--version").out.startswith("enginehouse 0.")


def test_an_unknown_command_is_told_the_nearest(run):
    refused = run("evalute")
    assert refused.code == 2
    assert "got command 'evalute'" in refused.err
    assert "Did you mean 'evaluate'?" in refused.err
    assert refused.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("check --jsn", "got '--jsn', which this command does not take. Did you mean '--json'? For example: enginehouse"),
        ("monitor", "cycle: is missing. For example: enginehouse monitor facilitation --as analyst (more: enginehouse mon"),
        ("opt-out c P01 --of feedbak", "--of: got 'feedbak'. Expected one of: data-use, feedback, randomisation. Did you mean"),
        ("allocate redraw c", "action: got 'redraw'. Expected one of: audit, draw, prepare. Did you mean 'draw'?"),
        ("monitor c --on 2026-13-01", "--on: got '2026-13-01' for a day. Write it as YYYY-MM-DD, for example 2026-05-01."),
    ],
)  # fmt: skip
def test_words_that_a_command_does_not_understand(run, words: str, said: str):
    refused = run(*words.split())
    assert refused.code == 2
    assert refused.err.startswith(f"enginehouse: {words.split()[0]}\n  {said}")


def test_exit_codes_tell_kinds_of_problems_apart():
    codes = [kind.exit_code for kind in (UserError, DataError, NotAllowed, IntegrityError, MachineError)]
    assert codes == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("explain", "first"),
        ("diff", "first"),
        ("data", "load", "--as", "me"),
        ("data", "check"),
        ("data", "synthesise"),
        ("indicators", "--as", "me"),
        ("indicators", "show", "x"),
        ("insight",),
        ("register", "first", "--as", "me"),
        ("freeze", "first", "--as", "me"),
        ("evaluate", "first", "--as", "me"),
        ("appraise", "first", "--as", "me"),
        ("decide", "first", "implement", "--reason", "x", "--as", "me"),
        ("suspend", "first", "--reason", "x", "--as", "me"),
        ("resume", "first", "--reason", "x", "--as", "me"),
        ("withdraw", "first", "--reason", "x", "--as", "me"),
        ("dossier", "first", "--as", "me"),
        ("priorities", "weigh", "--as", "me"),
        ("priorities", "override", "x", "implement", "--as", "me", "--reason", "x"),
        ("design", "first", "--as", "me"),
        ("approval", "first", "ethics", "--reference", "1", "--given-on", "2026-01-01", "--as", "me"),
        ("contract", "first", "--as", "me"),
        ("recruit", "first", "--as", "me"),
        ("opt-out", "first", "x", "--of", "feedback", "--as", "me"),
        ("allocate", "prepare", "first", "--as", "me"),
        ("allocate", "draw", "first", "--as", "me"),
        ("allocate", "audit", "first", "--as", "me"),
        ("lists", "export", "first", "x", "--as", "me"),
        ("lists", "import", "first", "x", "x.csv", "--as", "me"),
        ("wave", "prepare", "first", "1", "--as", "me"),
        ("wave", "approve", "first", "1", "--as", "me"),
        ("wave", "send", "first", "1", "--as", "me"),
        ("wave", "note", "first", "1", "x.csv", "--as", "me"),
        ("contacts", "first", "x.csv", "--as", "me"),
        ("monitor", "first", "--as", "me"),
        ("harms", "first", "--as", "me"),
        ("draft", "second", "--candidate", "x", "--starts", "2026-01"),
        ("delivery", "start", "first", "--as", "me"),
        ("delivery", "end", "first", "--as", "me"),
        ("analyse", "first", "x", "--reason", "x", "--as", "me"),
        ("close", "first", "--as", "me"),
        ("forecasts", "first", "--as", "me"),
        ("evidence", "show"),
        ("evidence", "post", "first", "--as", "me"),
        ("status",),
        ("calendar",),
        ("board", "first", "--as", "me"),
        ("timeline",),
        ("ledger", "show"),
        ("ledger", "verify"),
    ],
    ids=" ".join,
)
def test_outside_a_programme_folder_every_command_says_so(words, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = run(*words)
    assert refused.code == 2
    said = refused.out + refused.err
    assert "programme.yaml" in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir()), "looking leaves nothing behind"


def test_ctrl_c_ends_in_a_sentence(run, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_module("schema"), "run", interrupted)
    stopped = run("schema")
    assert stopped.code == 130
    assert "stopped; what was recorded stays" in stopped.err


def test_a_folder_that_cannot_be_written_is_said_wherever_it_shows(run, monkeypatch):
    def refused(_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "/media/disc/output")

    monkeypatch.setattr(command_module("schema"), "run", refused)
    stopped = run("schema")
    assert stopped.code == 6
    assert "/media/disc/output\n  could not write the file: Read-only file system." in stopped.err


def test_a_defect_shows_its_traceback(monkeypatch):
    def broken(_):
        raise RuntimeError("a defect")

    monkeypatch.setattr(command_module("schema"), "run", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        entry.main(["schema"])


def test_a_reader_who_has_had_enough_is_no_error(at):
    folder = at("built")
    command = f"{sys.executable} -m enginehouse.cli.main indicators show metered-dose-inhaler-share -p {folder}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1"], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.startswith("site")


@pytest.mark.parametrize("words", [["check"], ["explain", "first"], ["ledger", "verify"], ["diff", "--with", "."]])
def test_what_reads_no_data_loads_nothing_heavy(words, standing):
    folder = standing("registered")
    heavy = ("numpy", "scipy", "duckdb", "pyarrow", "ibis", "typst", "pandas")
    code = (
        "import sys\n"
        "from enginehouse.cli.main import main\n"
        f"code = main({[*words, '-p', str(folder)]!r})\n"
        f"sys.exit(f'loaded {{[n for n in {heavy!r} if n in sys.modules]}}' "
        f"if code or any(n in sys.modules for n in {heavy!r}) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr


def test_completion_knows_every_command_and_shell(run):
    for shell in ("bash", "zsh", "tcsh"):
        shown = run("completion", shell)
        assert shown.code == 0
        assert all(name in shown.out for name in COMMANDS)
    assert run("completion", "bash", "--json").json["shell"] == "bash"


def test_bash_accepts_the_completion_script(run, tmp_path):
    script = tmp_path / "enginehouse.bash"
    script.write_text(run("completion", "bash").out, "utf-8")
    words = "COMP_WORDS=(enginehouse eva); COMP_CWORD=1; _shtab_enginehouse; echo ${COMPREPLY[*]}"
    done = subprocess.run(["bash", "-c", f". {script}; {words}"], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["evaluate"], done.stderr


def test_schemas_are_printed_and_written(run, tmp_path):
    names = ["candidates", "contract", "indicator", "message", "programme", "protocol", "strategy", "study"]
    assert sorted(run("schema").out.split()) == names
    assert sorted(run("schema", "--json").json) == names
    assert json.loads(run("schema", "protocol").out)["type"] == "object"
    assert run("schema", "protocol", "--json").json == json.loads(run("schema", "protocol").out)
    assert run("schema", "--all", str(tmp_path / "s")).code == 0
    assert len(list((tmp_path / "s").glob("*.schema.json"))) == len(names)
    refused = run("schema", "protocl")
    assert "Did you mean 'protocol'?" in refused.err
