"""Messages, studies, candidates, contracts and strategies: each mistake, and what is then said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from enginehouse.core.errors import Problems
from enginehouse.programme.advice import advice
from enginehouse.programme.checks.messages import TEXTS
from enginehouse.programme.enums import Verdict
from enginehouse.programme.explain import explain_protocol
from enginehouse.programme.load import load_definitions, load_programme
from enginehouse.programme.message import Message
from enginehouse.programme.message_fields import PLACEHOLDERS
from enginehouse.programme.study import Study
from enginehouse.programme.table import table_text

MESSAGE = "messages/gap.yaml"
EVIDENCE = "evidence/library.csv"
CANDIDATES = "candidates.yaml"
CONTRACT = "cycles/visits/contract.yaml"
STRATEGY = "strategies/feedback-letter.yaml"
VISITS = "strategies/visits.yaml"
ACTION = "  - {who: A nurse, does: offers a change of device, to_whom: adults with asthma, when: at the next review, search: Two issues in 90 days}\n"
Said = Callable[[str, str, str], str]


def said_of(folder: Path) -> str:
    with pytest.raises(Problems) as found:
        load_programme(folder)
    return str(found.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (MESSAGE, "id: gap", "id: large", "2  id\n  got 'large' in the file gap.yaml. Write 'gap', or rename the file to large.yaml."),
        (MESSAGE, "indicator: metered-dose-inhaler-share", "indicator: inhalers", "3  indicator\n  got the indicator 'inhalers'; expected 'metered-dose-inhaler-share'. Write indicators/inhalers.yaml"),
        (MESSAGE, ACTION, ACTION * 4, "actions\n  got 4; expected 1 to 3 actions. Keep those that matter most"),
        (MESSAGE, f"actions:\n{ACTION}", "actions: []\n", "actions\n  got 0; expected 1 to 3 actions. Say what can be done."),
        (MESSAGE, "reach {target}", "reach {targte}", "headline\n  got the placeholder '{targte}'; expected one of: site_name, value,"),
        (MESSAGE, "reach {target}", "reach {targte}", "Did you mean 'target'?"),
        (MESSAGE, "reach {target}", "reach {value:.2f}", "headline\n  got the placeholder '{value:.2f}'; expected one of:"),
        (MESSAGE, "reach {target}", "reach {target", "headline\n  a brace is not closed, or stands alone. Write {value} for a placeholder, and {{ or }} for a brace itself."),
        (MESSAGE, "does: offers a change of device", "does: 'offers {xyz}'", "actions[1].does\n  got the placeholder '{xyz}'"),
        (MESSAGE, "components: [feedback on behaviour, social comparison]", "components: []", "components\n  got none; without them nobody can say which arm may get this message."),
        (MESSAGE, "components: [feedback on behaviour, social comparison]", "components: [feedback on behavior]", "components[1]\n  got the component 'feedback on behavior'; expected one of: feedback on behaviour, social comparison. Did you mean 'feedback on behaviour'?"),
        (STRATEGY, "sends_report: true", "sends_report: true\ndelivered_by: A supplier", "delivered_by\n  got 'A supplier' for a strategy that sends reports; reports are sent from here."),
        (STRATEGY, "components: [feedback on behaviour, social comparison]", "components: []", "components\n  got none; a report may contain the components of its strategy alone."),
        (STRATEGY, "sends_report: true\n", "", "activities[1].per\n  got 'report', but this strategy sends none. Write 'sends_report: true', or use another."),
        (VISITS, "contact: visit\n", "", "activities[1].per\n  got 'contact-minute', but the strategy does not say which contacts are logged. Add contact (visit, webinar or call)"),
        ("programme.yaml", "signed_by: [Dr A. Example]", "signed_by: []", "feedback.signed_by\n  got nobody. Name at least one person"),
        ("programme.yaml", "similar_by: [list_size]", "similar_by: [list_sise]", "feedback.similar_by[1]\n  got the attribute 'list_sise'; expected one of: baseline, deprivation, list_size. Did you mean 'list_size'?"),
        ("programme.yaml", "    levels: {area", "    patient_groups: {age: AGE}\n    levels: {area", "sources.sites.patient_groups\n  got divisions of patients for a source of kind sites; only totals may come by group."),
        ("programme.yaml", "path: data/measurements.csv", "path: data/measurements.csv\n    patient_groups: {site: AGE}", "sources.measurements.patient_groups.site\n  got 'site' for a division of patients, which every file of totals has already."),
        (CANDIDATES, "  - id: visits", "  - id: letters", "candidates[2].id\n  got the candidate 'letters' a second time. Give each its own id."),
        (CANDIDATES, "indicator: metered-dose-inhaler-share\n    strategy: visits", "indicator: inhalers\n    strategy: visits", "candidates[2].indicator\n  got the indicator 'inhalers'; expected 'metered-dose-inhaler-share'. Write indicators/inhalers.yaml, or use another name."),
        ("indicators/metered-dose-inhaler-share.yaml", "direction: lower-is-better", "direction: none", "candidates.yaml:8  candidates[1].indicator\n  got 'metered-dose-inhaler-share', which has no direction; without one no change of it has a value."),
        (CANDIDATES, "strategy: visits", "strategy: visit", "candidates[2].strategy\n  got the strategy 'visit'; expected one of: feedback-letter, visits. Did you mean 'visits'?"),
        (CANDIDATES, "over: usual-care", "over: usual-car", "candidates[1].over\n  got the strategy 'usual-car'; expected one of: feedback-letter, usual-care, visits. Did you mean 'usual-care'?"),
        (CANDIDATES, "over: usual-care", "over: feedback-letter", "candidates[1].over\n  got 'feedback-letter', the strategy itself."),
        (CANDIDATES, "value: {per_unit: 5, low: 3", "value: {per_unit: 5, low: 6", "candidates[2].value.per_unit\n  got 5, which is not between low (6) and high (7)."),
        (CANDIDATES, "sites_per_arm: [10, 20]", "sites_per_arm: [0, 20]", "candidates[2].trial.sites_per_arm[1]\n  got 0; expected a whole number of at least 1."),
        (CANDIDATES, "sites_per_arm: [10, 20]", "sites_per_arm: [20, 20]", "sites_per_arm[2]\n  got the size '20' a second time."),
        (CANDIDATES, "sites_per_arm: [10, 20]", "sites_per_arm: []", "sites_per_arm\n  got no size. List the numbers of sites in each arm that are possible, or remove trial."),
        (CANDIDATES, "prior_sd: 0.1", "gates: {drop_at: 0.9}", "gates.drop_at\n  got 0.9, which is not below implement_at (0.9)."),
        (CONTRACT, "  worse: {decision: do-not-pursue, action: End the visits at once.}\n", "", "2  under\n  nothing follows from 'worse'; expected every verdict. Add what will be bought"),
        (CONTRACT, "  cannot be estimated:", "  can't be estimated:", "under.can't be estimated\n  got the name 'can't be estimated'; expected one of: worthwhile, equivalent, better, worse, inconclusive, cannot be estimated. Did you mean 'cannot be estimated'?"),
        (CONTRACT, "person: me", "person: board", "forecasts[2].person\n  got the person 'board' a second time. Write one forecast for each person."),
        (CONTRACT, "person: me", "person: bored", "forecasts[2].person\n  got the person 'bored'; expected one of: board, me. Did you mean 'board'?"),
        (CONTRACT, "inconclusive: 0.4}", "inconclusive: 0.5}", "forecasts[1].verdicts\n  the probabilities add up to 1.1; expected 1. A verdict that is left out has the probability 0."),
        (CONTRACT, "inconclusive: 0.4}", "inconclusive: 0.40001}", "forecasts[1].verdicts\n  the probabilities add up to 1.00001; expected 1."),
        (CONTRACT, "effect: 0.93, low: 0.9,", "effect: 0.93, low: 0.94,", "forecasts[2].effect\n  got 0.93, which is not between low (0.94) and high (0.99)."),
        (CONTRACT, "effect: 0.93, low: 0.9,", "effect: 0.93, low: -0.1,", "forecasts[2].low\n  got -0.1; the effect is a ratio, and a ratio is above 0."),
    ],
)  # fmt: skip
def test_what_the_library_must_fit(file: str, old: str, new: str, said: str, spoil_trial: Said):
    message = spoil_trial(file, old, new)
    assert said in message


def emptied(folder: Path, file: str, key: str) -> None:
    text = (folder / file).read_text("utf-8")
    (folder / file).write_text(f"{text[: text.index(f'{key}:')]}{key}: []\n", "utf-8")


def test_a_list_that_is_empty(trial: Path):
    emptied(trial, CANDIDATES, "candidates")
    message = said_of(trial)
    assert "candidates.yaml:5  candidates\n  got none; expected at least one. Add one, or remove the file." in message


def test_forecasts_may_come_later_and_are_said_to_be_missing(trial: Path):
    emptied(trial, CONTRACT, "forecasts")
    programme = load_programme(trial)
    said = [str(problem).replace(f"{trial}/", "") for problem in advice(programme)]
    assert any(
        "contract.yaml:9  forecasts" in line and "nobody can sign, and nothing is allocated before all have" in line
        for line in said
    )
    assert "Nobody has said yet what they expect." in explain_protocol(programme, "visits")


@pytest.mark.parametrize("last", ["0.4000001", "0.3999999"])
def test_probabilities_may_be_rounded(trial: Path, last: str):
    path = trial / CONTRACT
    path.write_text(path.read_text("utf-8").replace("inconclusive: 0.4}", f"inconclusive: {last}}}"), "utf-8")
    assert load_programme(trial).contracts["visits"].forecasts[0].verdicts[Verdict.INCONCLUSIVE] == float(last)


def test_without_people_no_signatory_is_unknown(trial: Path):
    """The file stays on one machine; where it is missing, only `check` says so."""
    (trial / "people.csv").unlink()
    assert load_programme(trial).contracts


def test_an_unfinished_contract_stops_nothing_that_needs_no_cycle(trial: Path):
    path = trial / CONTRACT
    whole = path.read_text("utf-8")
    for unfinished in (whole.replace("worse:", "worst:"), whole.replace("person: me", "person: x"), "schema: 1\n", "["):
        path.write_text(unfinished, "utf-8")
        assert "contract.yaml" in said_of(trial)
        programme = load_definitions(trial)
        assert list(programme.protocols) == ["visits"]
        assert programme.contracts == {}
        assert len(programme.studies) == 2
        assert programme.candidates is not None


def test_a_contract_of_a_protocol_that_is_left_out_is_left_out(trial: Path):
    (trial / "cycles/visits/protocol.yaml").write_text("schema: 1\n", "utf-8")
    programme = load_definitions(trial)
    assert (programme.protocols, programme.contracts) == ({}, {})


def test_an_unfinished_library_stops_everything(trial: Path):
    (trial / CANDIDATES).write_text("schema: 1\n", "utf-8")
    with pytest.raises(Problems, match="horizon_years"):
        load_definitions(trial)


def test_every_text_of_a_message_is_looked_at():
    """Texts that no placeholder can be in: names, and words of closed lists."""
    texts = {name for name, field in Message.model_fields.items() if field.annotation is str}
    assert texts - set(TEXTS) == {"id", "indicator"}
    assert set(TEXTS) <= texts


def test_placeholders_are_plain_names():
    assert all(name.isidentifier() and meaning.endswith(".") for name, meaning in PLACEHOLDERS.items())


def test_components_of_a_broken_strategy_are_not_missed(spoil_trial: Said):
    message = spoil_trial(STRATEGY, "channel: Letter", "channel: []")
    assert "components" not in message


HEADER = (
    "id,strategy,over,target,scale,effect,std_error,lower_is_better,design,setting,completed,sites,baseline,source\n"
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("smith-2019,visits,", "smith-2019,visit,", "2  strategy\n  got the strategy 'visit'; expected one of: feedback-letter, visits. Did you mean 'visits'?"),
        ("visits,feedback-letter,", "visits,nothing,", "2  over\n  got the strategy 'nothing'; expected one of: feedback-letter, usual-care, visits."),
        ("visits,feedback-letter,", "visits,visits,", "2  over\n  got 'visits' for both sides. Say what the strategy was compared with."),
        ("jones-2020", "smith-2019", "3  id\n  got the study 'smith-2019' a second time; it is first at evidence/library.csv:2."),
        ("-0.05,", '"-0,05",', "2  effect\n  got '-0,05'; expected a number. Write digits and a point alone: -0.05."),
        ("-0.05,", "\N{MINUS SIGN}0.05,", "2  effect\n  got '\N{MINUS SIGN}0.05'; expected a number. Write digits and a point alone: -0.05."),
        ("-0.05,", "NaN,", "2  effect\n  got 'NaN'; expected a number."),
        ("-0.05,", "1e999,", "2  effect\n  got 1e999; expected a number."),
        ("-0.05,", ",", "2  effect\n  is missing; expected a number."),
        (",TRUE,", ",yes,", "2  lower_is_better\n  got 'yes'; expected true or false."),
        (",TRUE,", ",1,", "2  lower_is_better\n  got '1'; expected true or false."),
        (",2019,120", ",2019.0,120", "2  completed\n  got '2019.0'; expected a whole number of at least 1950 and at most 2100. Write it in full: 2019."),
        (",2019,120", ",19,120", "2  completed\n  got 19; expected a whole number of at least 1950 and at most 2100."),
        (",2019,120", ",2019,0", "2  sites\n  got 0; expected a whole number of at least 1."),
        ("log-ratio,-0.05", "ratio,-0.05", "2  scale\n  got 'ratio'; expected one of: log-ratio, log-odds-ratio, difference, standardised-mean-difference. Did you mean 'log-ratio'?"),
        ("smith-2019,", "Smith 2019,", "2  id\n  got 'Smith 2019'; expected lower-case words joined by hyphens"),
        ('"Practices, England"', "Practices, England", "2\n  got 15 cells for 14 columns. Put a cell that holds a comma in quotes."),
        ('"Practices, England"', '"Practices" England', "2\n  a quotation mark is not closed, or stands inside a cell. Put a cell that holds a quotation mark in quotes, with each mark doubled."),
        (HEADER, HEADER.replace("effect", "efect"), "1\n  got the column 'efect'; expected one of: id, strategy, over, target, scale, effect, std_error,"),
        (HEADER, HEADER.replace("effect", "efect"), "Did you mean 'effect'?"),
        (HEADER, HEADER.replace("sites", "effect"), "1\n  got the column 'effect' twice. Remove one."),
        (HEADER, HEADER.replace("sites", ""), "1\n  column 12 has no name. Name it, or remove it."),
        (HEADER, HEADER.replace(",source", ""), "1\n  the column 'source' is missing. Every row needs it."),
        (HEADER, HEADER.replace(",", ";"), "1\n  got one column, 'id;strategy;over;target;scale;effect;std…'. Separate columns with commas, not with ';'."),
    ],
)  # fmt: skip
def test_what_a_study_must_fit(old: str, new: str, said: str, spoil_trial: Said):
    message = spoil_trial(EVIDENCE, old, new)
    assert f"evidence/library.csv:{said}" in message or said in message
    assert all(line.startswith(("evidence/", "  ")) for line in message.splitlines())


def test_every_problem_of_every_row(spoil_trial: Said):
    message = spoil_trial(EVIDENCE, ",TRUE,cluster-trial,", ",maybe,cluster,")
    assert message.count("evidence/library.csv:2  ") == 2


def test_a_misspelt_column_is_one_problem(spoil_trial: Said):
    assert spoil_trial(EVIDENCE, HEADER, HEADER.replace("effect", "efect")).count("library.csv") == 1


def test_a_row_is_where_it_begins(trial: Path):
    """Rows with line breaks in a cell, and lines with nothing in them, are counted as the editor counts."""
    path = trial / EVIDENCE
    path.write_text(path.read_text("utf-8").replace("Smith 2019\n", '"Smith\n2019"\n\n ,,\n'), "utf-8")
    assert load_programme(trial).studies[0].source == "Smith\n2019"
    path.write_text(path.read_text("utf-8").replace("-1e-2", "x"), "utf-8")
    assert said_of(trial) == "evidence/library.csv:6  effect\n  got 'x'; expected a number."


def test_studies_of_several_files_are_one_library(trial: Path):
    text = (trial / EVIDENCE).read_text("utf-8")
    (trial / "evidence/another.csv").write_text(text.replace("smith", "ross").replace("jones", "lee"), "utf-8")
    assert [s.id for s in load_programme(trial).studies] == ["ross-2019", "lee-2020", "smith-2019", "jones-2020"]
    (trial / "evidence/another.csv").write_text(text, "utf-8")
    message = said_of(trial)
    assert (
        "library.csv:2  id\n  got the study 'smith-2019' a second time; it is first at evidence/another.csv:2."
        in message
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "library.csv:1\n  the file is empty. Begin with the columns: id,strategy,over,"),
        (HEADER.encode() + b"a,b\n\xff", "library.csv:3\n  the file is not UTF-8 text. Save it as 'CSV UTF-8'."),
        (HEADER.encode() + b'"a,b', "library.csv:2\n  a quotation mark is not closed"),
    ],
)
def test_files_that_cannot_be_read(trial: Path, content: bytes, said: str):
    (trial / EVIDENCE).write_bytes(content)
    assert said in said_of(trial)


def test_a_library_is_written_as_it_is_read(trial: Path):
    studies = load_programme(trial).studies
    text = table_text(studies, Study)
    assert text == (
        f"{HEADER}smith-2019,visits,feedback-letter,Inhalers,log-ratio,-0.05,0.02,true,cluster-trial,"
        '"Practices, England",2019,120,0.7,Smith 2019\n'
        "jones-2020,feedback-letter,usual-care,Inhalers,log-ratio,-0.01,0.02,true,before-after,Practices,2020,,,Jones 2020\n"
    )
    (trial / EVIDENCE).write_text(text, "utf-8")
    assert load_programme(trial).studies == studies


def test_a_folder_in_the_place_of_a_file(trial: Path):
    (trial / EVIDENCE).unlink()
    (trial / EVIDENCE).mkdir()
    assert "library.csv\n  the file cannot be read: Is a directory. Check its permissions." in said_of(trial)


def test_a_library_without_studies_yet(trial: Path):
    (trial / EVIDENCE).write_text(f"\N{ZERO WIDTH NO-BREAK SPACE}{HEADER}", "utf-8")
    assert load_programme(trial).studies == ()


def test_files_that_would_be_passed_over(trial: Path):
    (trial / MESSAGE).rename(trial / "messages/gap.yml")
    (trial / EVIDENCE).rename(trial / "evidence/library.xlsx")
    (trial / CANDIDATES).rename(trial / "candidate.yml")
    (trial / CONTRACT).rename(trial / "cycles/visits/contracts.yaml")
    message = said_of(trial)
    assert "messages/gap.yml\n  this file is not read. Rename it to gap.yaml." in message
    assert "evidence/library.xlsx\n  this file is not read. Save its rows as library.csv." in message
    assert "candidate.yml\n  this file is not read. Rename it to candidates.yaml." in message
    assert "cycles/visits/contracts.yaml\n  this file is not read. Rename it to contract.yaml." in message


def test_folders_that_would_be_passed_over(trial: Path):
    (trial / "evidence").rename(trial / "evidences")
    (trial / "messages").rename(trial / "message")
    (trial / "notes").mkdir()
    message = said_of(trial)
    assert "evidences\n  definitions in this folder are not read. Rename it to evidence." in message
    assert "message\n  definitions in this folder are not read. Rename it to messages." in message
    assert "notes" not in message


def test_a_contract_without_its_protocol(trial: Path):
    (trial / "cycles/visits/protocol.yaml").unlink()
    message = said_of(trial)
    assert message == (
        "cycles/visits/protocol.yaml\n  there is no such file. Write it, or run this in the folder that has "
        "programme.yaml."
    )
