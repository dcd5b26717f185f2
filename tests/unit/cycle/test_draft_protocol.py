"""A protocol drafted from a weighed candidate: the template's trial in substance, comments, refusals, and it registers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import enginehouse as eh
from enginehouse.cli.main import main
from enginehouse.core.errors import Problems, UserError
from enginehouse.cycle.draft_protocol import with_comments
from enginehouse.programme.advice import advice
from enginehouse.programme.enums import AllocationUnit, DecisionWord, Verdict
from enginehouse.programme.read import from_yaml
from enginehouse.programme.trial import Delivery

CANDIDATE = "facilitation-on-opioids"
START = eh.Month.parse("2026-08")


@pytest.fixture(scope="module")
def weighed(trial_standing: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small trial's programme with two years of data, its candidates weighed; never to be changed."""
    folder = Path(shutil.copytree(trial_standing("following-up"), tmp_path_factory.mktemp("weighed") / "programme"))
    workspace = eh.open_workspace(folder)
    eh.weigh_priorities(workspace, by=eh.acting(workspace, "me", date(2026, 6, 1)))
    return folder


@pytest.fixture
def folder(weighed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(weighed, tmp_path / "programme"))


def draft(folder: Path, candidate: str = CANDIDATE, **options: Any) -> Any:
    dry_run = options.pop("dry_run", False)
    chosen = eh.DraftOptions(**{"starts": START, **options})
    return eh.draft_protocol(eh.open_workspace(folder, need_cycles=False), "visits", candidate, chosen, dry_run=dry_run)


def test_it_is_the_templates_trial_in_substance(folder: Path) -> None:
    draft(folder, balancing=("gabapentinoids-ddd-per-patient", "nsaid-items-per-patient"), strata=("area",))
    protocols = eh.load_programme(folder).protocols
    ours, theirs = protocols["visits"], protocols["facilitation"]
    assert ours.indicator == theirs.indicator
    assert sorted(ours.arms.values()) == sorted(theirs.arms.values())
    (mine,), (other,) = ours.contrasts, theirs.contrasts
    assert (ours.arms[mine.arm], ours.arms[mine.over]) == (theirs.arms[other.arm], theirs.arms[other.over])
    for part in ("estimand", "approvals", "balancing"):
        assert getattr(ours, part) == getattr(theirs, part)
    for key in ("primary", "worthwhile", "equivalence", "subgroups", "inequality", "checks", "engaged"):
        assert getattr(ours.analysis, key) == getattr(theirs.analysis, key)
    for key in ("unit", "method", "strata", "balance"):
        assert getattr(ours.allocation, key) == getattr(theirs.allocation, key)


def test_what_follows_from_the_candidate_and_the_weighing(folder: Path) -> None:
    protocol = draft(folder).protocol
    candidates = eh.load_programme(folder).candidates
    candidate = next(each for each in candidates.candidates if each.id == CANDIDATE)
    price = protocol.economics.price
    assert (price.per_unit, price.low, price.high) == (0.0094, 0.0065, 0.0135)
    assert (price.source, price.price_year) == (candidate.value.source, 2025)
    assert protocol.economics.horizon_years == candidates.horizon_years
    # Without a study of facilitation on top of feedback a fall of 3% is expected: exp(-0.03) is 0.970, and a little more
    # with the doubt about it (half of 0.06 squared).
    assert protocol.power.effect == pytest.approx(0.971, abs=0.002)
    assert protocol.eligibility.opt_out_by == date(2026, 8, 1) - timedelta(days=14) == date(2026, 7, 18)
    assert protocol.eligibility.baseline_months == 9
    assert str(protocol.membership_as_of) == "2026-05"
    assert protocol.delivery == Delivery(waves=6, every_months=2, first=date(2026, 8, 12))
    assert "to 2026-05 had been seen" in protocol.prior_knowledge


def test_the_file_says_what_a_person_must_decide_and_reads_back(folder: Path) -> None:
    done = draft(folder)
    text = done.protocol_file.read_text("utf-8")
    assert text.startswith(f"# Drafted from the candidate '{CANDIDATE}', as weighed on 2026-06-01.")
    lines = text.splitlines()
    for key, said in (
        ("question:", "# Decide: ask it as your commissioner would."),
        ("  opt_out_by:", "  # Two weeks before the start."),
        ("  effect:", "  # The weighing expects -"),
        ("  worthwhile:", "  # Decide: the least change that is worth its cost"),
        ("arms:", "# Decide: add balancing"),
    ):
        (place,) = (number for number, line in enumerate(lines) if line.startswith(key))
        assert lines[place - 1].startswith(said)
    assert from_yaml(text.encode(), type(done.protocol), path="p") == done.protocol
    assert all(len(line) <= 140 for line in lines)


def test_every_verdict_has_its_undertaking_and_only_forecasts_are_missing(folder: Path) -> None:
    done = draft(folder, balancing=("nsaid-items-per-patient",))
    programme = eh.load_programme(folder)
    contract = programme.contracts["visits"]
    assert set(contract.under) == set(Verdict)
    assert contract.under[Verdict.WORTHWHILE].decision is DecisionWord.IMPLEMENT
    assert contract.forecasts == ()
    (said,) = (str(problem) for problem in advice(programme) if "visits" in str(problem))
    assert f"{done.contract_file}" in said
    assert "forecasts" in said
    assert "nobody can sign" in said


def test_it_registers_and_its_contract_cannot_be_signed_before_it_has_forecasts(folder: Path) -> None:
    draft(folder)

    def do(step: str, person: str, on: str, *words: Any, **options: Any) -> Any:
        workspace = eh.open_workspace(folder)
        by = eh.acting(workspace, person, date.fromisoformat(on))
        return getattr(eh, step)(workspace, "visits", *words, by=by, **options)

    do("register", "statistician", "2026-06-10")
    do("register", "manager", "2026-06-11")
    assert eh.open_workspace(folder).state("visits").stage == "registered"
    with pytest.raises(UserError, match="'board' is not a signatory of the decision contract"):
        do("sign_contract", "board", "2026-06-12")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"waves": 3, "every_months": 1}, {"delivery": {"waves": 3, "every_months": 1, "first": "2026-08-12"}}),
        ({"follow_up_months": 7}, {"delivery": {"waves": 4, "every_months": 2, "first": "2026-08-12"}}),
        ({"instead": True}, {"arms": {"bimonthly-feedback": ["bimonthly-feedback"], "facilitation": ["facilitation"]}}),
        ({"approvals": ("caldicott",)}, {"approvals": ["caldicott"]}),
    ],
)
def test_what_options_change(folder: Path, options: dict[str, Any], expected: dict[str, Any]) -> None:
    protocol = draft(folder, dry_run=True, **options).protocol
    values = protocol.model_dump(mode="json", include=set(expected))
    for key, value in expected.items():
        assert values[key] == value or value.items() <= values[key].items()


def test_networks_are_a_level_of_the_sites(folder: Path) -> None:
    allocation = draft(folder, unit=AllocationUnit.NETWORK, dry_run=True).protocol.allocation
    assert (allocation.unit, allocation.network_level) == ("network", "network")
    with pytest.raises(Problems, match=r"allocation.network_level\n  got the level 'pcn'; expected one of"):
        draft(folder, unit=AllocationUnit.NETWORK, network_level="pcn")


def test_over_usual_care_one_arm_gets_nothing(folder: Path) -> None:
    protocol = draft(folder, "feedback-on-opioids", dry_run=True).protocol
    assert dict(protocol.arms) == {"usual-care": (), "bimonthly-feedback": ("bimonthly-feedback",)}
    assert protocol.analysis.engaged is None


def test_what_does_not_fit_the_programme_is_told_and_nothing_is_written(folder: Path) -> None:
    with pytest.raises(Problems, match=r"balancing\[1\]\n  got the indicator 'nsaids'"):
        draft(folder, balancing=("nsaids",))
    with pytest.raises(Problems, match="the last is due in 2027-12, after the follow-up has ended"):
        draft(folder, waves=9)
    assert not (folder / "cycles" / "visits").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"worthwhile": 5.0}, r"--worthwhile\n  got 5. Write the size of a relative change between 0 and 1: 0.05 is 5%."),
        ({"worthwhile": 0.02}, "got 0.02, which is inside the margins of no difference \\(0.05\\)"),
        ({"every_months": 0}, r"--every\n  got 0. Write a whole number of at least 1."),
        ({"waves": 1}, r"--waves\n  got 1. Feedback that is given once is soon forgotten: write 2 or more."),
        ({"network_level": "network"}, "got a level of networks, and the unit is a site"),
        ({"candidate": "facilitation"}, r"--candidate\n  got candidate 'facilitation'"),
        ({"candidate": "decision-support-on-high-doses"}, "cannot be weighed yet: .*Fill in what is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_drafted(folder: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        draft(folder, **options)


def test_nothing_is_overwritten(folder: Path) -> None:
    done = draft(folder)
    before = done.protocol_file.read_bytes()
    with pytest.raises(UserError, match="there is a cycle 'visits' already, and nothing is overwritten"):
        draft(folder, waves=2)
    assert done.protocol_file.read_bytes() == before
    shutil.rmtree(folder / "cycles" / "visits")
    done.contract_file.parent.mkdir()
    done.contract_file.write_text("mine", "utf-8")
    with pytest.raises(UserError, match=r"contract.yaml\n  there is a cycle 'visits' already"):
        draft(folder)
    assert done.contract_file.read_text("utf-8") == "mine"


def test_a_candidate_is_weighed_first(trial_at: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match=r"was not weighed yet\. Run: enginehouse priorities weigh"):
        draft(trial_at("built").folder)


def test_the_command_writes_both_files_and_check_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("draft", "visits", "--candidate", CANDIDATE, "--starts", "2026-08", "-p", str(folder))
    assert main((*words, "--dry-run")) == 0
    assert capsys.readouterr().out.startswith("Would write ")
    assert not (folder / "cycles" / "visits").exists()
    assert main(words) == 0
    assert "the contract still lacks the forecasts of its signatories" in capsys.readouterr().out
    assert main(("check", "-p", str(folder))) == 0
    out = capsys.readouterr().out
    assert "no problems found" in out
    assert "nobody has said what they expect" in out
    assert main((*words[:5], "soon", *words[6:])) != 0
    assert "got 'soon' for a month" in capsys.readouterr().err


def test_a_comment_stands_above_its_key_and_as_deep(folder: Path) -> None:
    protocol = eh.load_programme(folder).protocols["facilitation"]
    comments = [(("design", "starts"), "one\ntwo"), (("title",), "three")]
    lines = with_comments(protocol, "head", comments).decode().splitlines()
    assert lines[0] == "# head"
    assert lines[lines.index("  # one") + 1 :][:2] == ["  # two", "  starts: 2025-06"]
    assert lines[2] == "# three"
