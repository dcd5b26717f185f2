"""A whole folder: names that must exist, settings that must fit, files that would be passed over in silence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import enginehouse
from enginehouse.core.errors import Problems
from enginehouse.core.months import Month
from enginehouse.data.sources import SOURCES
from enginehouse.programme.checks.designs import RUNNABLE_DESIGNS
from enginehouse.programme.checks.names import OWN_LEVELS
from enginehouse.programme.enums import DesignType, SourceKind
from enginehouse.programme.load import load_definitions, load_programme
from enginehouse.programme.sources import Source

PROGRAMMES = Path(enginehouse.__file__).parent / "programmes"
PROTOCOL = "cycles/first/protocol.yaml"
INDICATOR = "indicators/metered-dose-inhaler-share.yaml"
SETTINGS = "programme.yaml"
DECISION = "decision:\n"


def said_of(folder: Path) -> str:
    with pytest.raises(Problems) as found:
        load_programme(folder)
    return str(found.value).replace(f"{folder}/", "")


def test_a_programme_is_read_whole(folder: Path):
    programme = load_programme(folder)
    assert programme.folder == folder
    assert programme.settings.name == "starter"
    assert list(programme.indicators) == ["metered-dose-inhaler-share"]
    assert list(programme.strategies) == ["feedback-letter"]
    assert programme.protocols["first"].design.baseline.start == Month(2022, 4)


@pytest.mark.parametrize("name", sorted(path.name for path in PROGRAMMES.iterdir()))
def test_the_shipped_programmes_have_no_problems(name: str):
    assert load_programme(PROGRAMMES / name).protocols


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # Names that nothing has.
        ("indicator: metered-dose-inhaler-share", "indicator: metered-dose-share", "11  indicator\n  got the indicator 'metered-dose-share'; expected 'metered-dose-inhaler-share'. Did you mean 'metered-dose-inhaler-share'?"),
        ("indicator: metered-dose-inhaler-share", "indicator: metered-dose-inhaler-share\nsecondary: [xyz]", "secondary[1]\n  got the indicator 'xyz'; expected 'metered-dose-inhaler-share'. Write indicators/xyz.yaml, or use another name."),
        ("indicator: metered-dose-inhaler-share", "indicator: metered-dose-inhaler-share\nbalancing: [metered-dose-inhaler-share]", "balancing[1]\n  got the indicator 'metered-dose-inhaler-share' a second time. Name each indicator once."),
        ("feedback: [feedback-letter]", "feedback: [feedback-leter]", "13  arms.feedback[1]\n  got the strategy 'feedback-leter'; expected 'feedback-letter'. Did you mean 'feedback-letter'?"),
        ("arm: feedback", "arm: feed-back", "exposure.arm\n  got the arm 'feed-back'; expected one of: feedback, usual-care. Did you mean 'feedback'?"),
        ("{within: {area: Ashdale}}", "{within: {aera: Ashdale}}", "exposure.sites.within.aera\n  got the level 'aera'; expected one of: area, region. Did you mean 'area'?"),
        ("        outside: {area: Ashdale}", "        outside: {ward: Ashdale}", "exposure.comparators[1].sites.outside.ward\n  got the level 'ward'; expected one of: area, region."),
        ("drift: {cluster: area, within: region,", "drift: {cluster: place, within: regoin,", "analysis.drift.cluster\n  got the level 'place'; expected one of: area, region. Declare it under levels of a source of kind sites"),
        ("drift: {cluster: area, within: region,", "drift: {cluster: area, within: regoin,", "analysis.drift.within\n  got the level 'regoin'; expected one of: area, region. Did you mean 'region'?"),
        ("subgroups: [list_size, deprivation]", "subgroups: [list_size, imd]", "analysis.subgroups[2]\n  got the attribute 'imd'; expected one of: deprivation, list_size."),
        # Who is compared with whom.
        ("    # The first comparator is the registered one.\n    - name: rest-of-region\n      title: the rest of the North\n      sites:\n        within: {region: North}\n        outside: {area: Ashdale}\n    - name: other-region\n      title: the South\n      sites:\n        within: {region: South}\n", "    []\n", "exposure.comparators\n  got none; expected at least one."),
        ("- name: other-region", "- name: rest-of-region", "exposure.comparators[2].name\n  got the comparator 'rest-of-region' twice."),
        ("        within: {region: South}", "        within: {area: Ashdale}", "exposure.comparators[2].sites\n  got the same sites as the exposed."),
        ("  sites: {within: {area: Ashdale}}", "  sites: {}", "exposure.sites\n  got every site as exposed."),
        ("  usual-care: []\n", "", "arms\n  got 1 arm; expected at least 2. Add usual-care: []."),
        ("type: controlled-its", "type: stepped-wedge", "32  design.type\n  got 'stepped-wedge', which this release cannot run; it runs one of: parallel, controlled-its. Keep this protocol outside the folder cycles until then."),
        ("drift: {cluster: area, within: region,", "drift: {cluster: area, within: area,", "analysis.drift.within\n  got 'area' for both levels;"),
        # Margins: low is good here, and the summary is a ratio.
        ("worthwhile: 0.97", "worthwhile: 1.03", "49  analysis.worthwhile\n  got 1.03; expected a margin below 1. For 'metered-dose-inhaler-share' lower is better, and no difference is 1."),
        ("worthwhile: 0.97", "worthwhile: 1", "analysis.worthwhile\n  got 1; expected a margin below 1."),
        ("worthwhile: 0.97", "worthwhile: -3", "analysis.worthwhile\n  got -3; a ratio is above 0. Write 0.98 for a fall of 2%"),
        ("worthwhile: 0.97", "worthwhile: 0.98", "49  analysis.worthwhile\n  got 0.98, which lies inside the equivalence margins [0.97, 1.03]: one result could be both worthwhile and as good as none."),
        ("baseline_months: 24", "baseline_months: 5", "34  design.baseline_months\n  got 5; the trend before the start takes at least 6 months. Take 12 or more"),
        ("worthwhile: 0.97", "worthwhile: 0", "analysis.worthwhile\n  got 0; a ratio is above 0."),
        ("worthwhile: 0.97", "worthwhile: 0.97\n  non_inferiority: 0.9", "analysis.non_inferiority\n  got 0.9; expected a margin above 1."),
        ("equivalence: [0.97, 1.03]", "equivalence: [1.01, 1.03]", "50  analysis.equivalence\n  got [1.01, 1.03]; expected one margin below 1 and one above it. For a ratio, no difference is 1."),
        ("equivalence: [0.97, 1.03]", "equivalence: [1.03, 0.97]", "analysis.equivalence\n  got [1.03, 0.97]; expected one margin below 1 and one above it."),
        ("equivalence: [0.97, 1.03]", "equivalence: [-0.03, 0.03]", "analysis.equivalence[1]\n  got -0.03; a ratio is above 0."),
        ("  summary: ratio", "  summary: difference", "analysis.worthwhile\n  got 0.97; expected a margin below 0."),
        # What else the analysis names.
        ("checks: [placebo-dates,", "checks: [untargeted-outcome,", "analysis.checks[1]\n  got untargeted-outcome, but the protocol names no untargeted indicator."),
        ("embedded_trial: {", "practice_models: {xyz: quasi-poisson-fixed-effects}\n  embedded_trial: {", "analysis.practice_models.xyz\n  got 'xyz', which this protocol does not measure; expected 'metered-dose-inhaler-share'."),
        ("embedded_trial: {", "embedded_trial: {quoted_std_error: 0.01, ", "analysis.embedded_trial\n  got quoted_std_error without its source."),
        # Claims, prices, planted effects.
        (DECISION, "claims:\n  - {text: It fell., source: A paper}\n" + DECISION, "claims[1]\n  got neither of indicator and not_testable."),
        (DECISION, "claims:\n  - {text: It fell., source: A paper, indicator: metered-dose-inhaler-share, not_testable: why}\n" + DECISION, "claims[1]\n  got both of indicator and not_testable."),
        (DECISION, "claims:\n  - {text: It fell., source: A paper, not_testable: why, ratio: 0.9}\n" + DECISION, "claims[1].ratio\n  got a ratio without the indicator that tests it."),
        (DECISION, "claims:\n  - {text: It fell., source: A paper, indicator: metered-dose-inhaler}\n" + DECISION, "claims[1].indicator\n  got 'metered-dose-inhaler', which this protocol does not measure; expected 'metered-dose-inhaler-share'. Did you mean"),
        (DECISION, "economics:\n  price: {indicator: xyz, per_unit: 5, low: 6, high: 7, price_year: 2019, source: s, is_assumption: true}\n  substitution_note: none\n" + DECISION, "economics.price.indicator\n  got 'xyz', which this protocol does not measure"),
        (DECISION, "economics:\n  price: {indicator: metered-dose-inhaler-share, per_unit: 5, low: 6, high: 7, price_year: 2024, source: s, is_assumption: true}\n  substitution_note: none\n" + DECISION, "economics.price.per_unit\n  got 5, which is not between low (6) and high (7)."),
        (DECISION, "economics:\n  price: {indicator: metered-dose-inhaler-share, per_unit: 6, low: 6, high: 7, price_year: 2019, source: s, is_assumption: true}\n  substitution_note: none\n" + DECISION, "economics.price.price_year\n  got 2019; the programme's price_year is 2024."),
        (DECISION, "truth:\n  - {indicator: xyz, ratio: 0.9, note: n}\n" + DECISION, "truth[1].indicator\n  got 'xyz', which this protocol does not measure"),
    ],
)  # fmt: skip
def test_what_a_protocol_must_fit(old: str, new: str, said: str, spoil: Callable[..., str]):
    message = spoil(PROTOCOL, old, new)
    assert said in message
    assert message.startswith("cycles/first/protocol.yaml:")


def test_six_months_before_and_a_margin_on_the_edge_are_no_problem(folder: Path):
    path = folder / PROTOCOL
    path.write_text(path.read_text("utf-8").replace("baseline_months: 24", "baseline_months: 6"), "utf-8")
    design, analysis = (
        load_programme(folder).protocols["first"].design,
        load_programme(folder).protocols["first"].analysis,
    )
    assert design.baseline_months == 6
    assert analysis.equivalence is not None
    assert analysis.worthwhile == analysis.equivalence[0]


def test_definitions_are_read_beside_a_half_written_protocol(folder: Path):
    (folder / "cycles/second").mkdir()
    (folder / "cycles/second/protocol.yaml").write_text("schema: 1\ntitle: Not yet\n", "utf-8")
    (folder / "cycles/Third One").mkdir()
    assert "cycles/second/protocol.yaml" in said_of(folder)
    assert "got the name 'Third One' for a cycle" in said_of(folder)
    programme = load_definitions(folder)
    assert list(programme.indicators) == ["metered-dose-inhaler-share"]
    assert list(programme.strategies) == ["feedback-letter"]
    assert list(programme.protocols) == ["first"]


def test_definitions_that_are_wrong_are_said_without_the_protocols(folder: Path):
    (folder / PROTOCOL).write_text("schema: 1\n", "utf-8")
    path = folder / INDICATOR
    path.write_text(path.read_text("utf-8").replace("source: measurements", "source: mesurements"), "utf-8")
    with pytest.raises(Problems) as found:
        load_definitions(folder)
    assert [Path(problem.where.split(":")[0]).name for problem in found.value.problems] == [path.name]


@pytest.mark.parametrize(("currency", "is_good"), [("NOK", True), ("INR", True), ("kr", False), ("EURO", False)])
def test_any_currency_by_its_code(folder: Path, currency: str, is_good: bool):
    path = folder / SETTINGS
    path.write_text(path.read_text("utf-8").replace("currency: GBP", f"currency: {currency}"), "utf-8")
    if is_good:
        assert load_programme(folder).settings.currency == currency
    else:
        expected = f"got '{currency}'; expected a currency's code of three capitals (ISO 4217), for example GBP or EUR."
        assert expected in said_of(folder)


def test_a_controlled_series_needs_its_exposure(folder: Path):
    path = folder / PROTOCOL
    text = path.read_text(encoding="utf-8")
    start, end = text.index("exposure:\n"), text.index("design:\n")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    assert "exposure\n  is missing; controlled-its must say which sites got which arm." in said_of(folder)


@pytest.mark.parametrize("design", [design for design in DesignType if design not in RUNNABLE_DESIGNS])
def test_designs_that_cannot_be_run_yet_are_refused(design: DesignType, spoil: Callable[..., str]):
    assert f"got '{design}', which this release cannot run" in spoil(PROTOCOL, "controlled-its", design)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("direction: lower-is-better", "direction: none", "cycles/first/protocol.yaml:11  indicator\n  got 'metered-dose-inhaler-share', which has no direction;"),
        ("direction: lower-is-better", "direction: higher-is-better", "analysis.worthwhile\n  got 0.97; expected a margin above 1. For 'metered-dose-inhaler-share' higher is better"),
        ("status: published", "status: draft", "cycles/first/protocol.yaml:11  indicator\n  got 'metered-dose-inhaler-share', whose status is draft; a protocol can use published indicators only."),
        ("status: published", "status: retired", "whose status is retired;"),
        ("id: metered-dose-inhaler-share", "id: mdi-share", "2  id\n  got 'mdi-share' in the file metered-dose-inhaler-share.yaml. Write 'metered-dose-inhaler-share', or rename the file to mdi-share.yaml."),
        ("source: measurements", "source: measurement", "19  from.totals.source\n  got the source 'measurement'; expected 'measurements'. Did you mean 'measurements'?"),
        ("source: measurements", "source: sites", "from.totals.source\n  got 'sites', a source of kind sites; expected a source of kind totals."),
        ("evidence:\n", "balancing: [metered-dose-inhaler-share]\nevidence:\n", "balancing[1]\n  an indicator cannot balance itself."),
        ("evidence:\n", "balancing: [asthma-admissions]\nevidence:\n", "balancing[1]\n  got the indicator 'asthma-admissions'; expected 'metered-dose-inhaler-share'. Write indicators/asthma-admissions.yaml"),
        ("next_review: 2028-01-15", "next_review: 2025-01-15", "next_review\n  got 2025-01-15, which is not after date_reviewed."),
        ("evidence:\n", "  prescribing: {numerator: {sum: items, bnf_codes: ['0301']}, denominator: {list_size: true}}\nevidence:\n", "17  from\n  got both; expected either totals or prescribing."),
        ("evidence:\n", "  prescribing: {numerator: {sum: items, bnf_codes: ['0301']}, denominator: {list_size: true}}\nevidence:\n", "from.prescribing\n  programme.yaml has no source of kind prescribing."),
        ("evidence:\n", "  prescribing: {numerator: {sum: items, bnf_codes: ['0301']}, denominator: {list_size: true}}\nevidence:\n", "from.prescribing.denominator\n  programme.yaml has no source of kind list-sizes."),
        ("evidence:\n", "  prescribing: {numerator: {sum: items, bnf_codes: ['~0301']}, denominator: {sum: items, bnf_codes: ['03']}}\nevidence:\n", "from.prescribing.numerator.bnf_codes\n  got no pattern that takes codes in."),
    ],
)  # fmt: skip
def test_what_an_indicator_must_fit(old: str, new: str, said: str, spoil: Callable[..., str]):
    assert said in spoil(INDICATOR, old, new)


def test_an_indicator_needs_one_way_to_its_numbers(folder: Path):
    path = folder / INDICATOR
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("from:\n")] + "from: {}\n" + text[text.index("evidence:\n") :], encoding="utf-8")
    assert "from\n  got neither of them; expected either totals or prescribing." in said_of(folder)


def test_the_truth_is_known_of_synthetic_data_only(folder: Path, spoil: Callable[..., str]):
    path = folder / PROTOCOL
    planted = "truth:\n  - {indicator: metered-dose-inhaler-share, ratio: 0.92, note: n}\n"
    path.write_text(path.read_text(encoding="utf-8") + planted, encoding="utf-8")
    assert load_programme(folder).protocols["first"].truth[0].ratio == 0.92
    message = spoil(SETTINGS, "synthetic: true\n", "")
    assert "truth\n  got a planted effect, but programme.yaml does not say 'synthetic: true'." in message


def test_a_strategy_is_called_what_its_file_is_called(spoil: Callable[..., str]):
    assert "strategies/feedback-letter.yaml:2  id\n  got 'letter'" in spoil(
        "strategies/feedback-letter.yaml", "id: feedback-letter", "id: letter"
    )


def test_problems_of_all_files_are_told_together(folder: Path):
    for file, old, new in (
        (SETTINGS, "currency: GBP", "currency: pounds"),
        (INDICATOR, "version: 1", "version: one"),
        ("strategies/feedback-letter.yaml", "units: 24", "units: -1"),
        (PROTOCOL, "average: patients", "average: people"),
    ):
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    message = said_of(folder)
    for where in ("programme.yaml:9  currency", "version", "activities[1].units", "estimand.average"):
        assert where in message
    assert message.count("\n  got ") == 4


def test_a_broken_file_does_not_make_its_name_unknown(spoil: Callable[..., str]):
    """The protocol names the indicator; only the indicator's own mistake is told."""
    message = spoil(INDICATOR, "version: 1", "version: one")
    assert message.count("\n  got ") == 1


def test_broken_settings_do_not_make_sources_and_levels_unknown(spoil: Callable[..., str]):
    message = spoil(SETTINGS, "kind: totals", "kind: total")
    assert message == (
        "programme.yaml:16  sources.measurements.kind\n  got 'total'; expected one of: totals, sites, epraccur, "
        "practice-map, list-sizes, deprivation, prescribing, successors. Did you mean 'totals'?"
    )


def test_a_key_that_stands_twice_is_refused(spoil: Callable[..., str]):
    message = spoil(SETTINGS, "currency: GBP", "currency: GBP\ncurrency: EUR")
    assert "programme.yaml:10  currency\n  got the key 'currency' twice; it is first on line 9." in message


def test_names_without_any_to_choose_from(folder: Path):
    (folder / "strategies/feedback-letter.yaml").unlink()
    assert (
        "got the strategy 'feedback-letter', but this programme has none. Write strategies/feedback-letter.yaml"
        in said_of(folder)
    )


def test_a_folder_that_is_not_there(tmp_path: Path):
    message = said_of(tmp_path / "nowhere")
    assert "there is no such file. There is no folder" in message
    assert "enginehouse new" in message
    assert message.count("\n") == 1


def test_a_folder_without_a_programme(tmp_path: Path):
    message = said_of(tmp_path)
    assert message.startswith("programme.yaml\n  there is no such file. Write it")


def test_a_programme_file_with_another_spelling(tmp_path: Path):
    (tmp_path / "programme.yml").write_text("schema: 1", encoding="utf-8")
    assert "Rename programme.yml to programme.yaml." in said_of(tmp_path)


def test_files_that_would_be_passed_over_are_named(folder: Path):
    (folder / INDICATOR).rename(folder / "indicators" / "metered-dose-inhaler-share.yml")
    (folder / "strategies").rename(folder / "strategy")
    (folder / "cycles" / "Second Cycle").mkdir()
    message = said_of(folder)
    assert "share.yml\n  this file is not read. Rename it to metered-dose-inhaler-share.yaml." in message
    assert "strategy\n  definitions in this folder are not read. Rename it to strategies." in message
    assert "cycles/Second Cycle\n  got the name 'Second Cycle' for a cycle; expected lower-case words" in message
    assert "cycles/Second Cycle/protocol.yaml\n  there is no such file." in message


def test_a_file_that_cannot_be_read(folder: Path):
    (folder / SETTINGS).unlink()
    (folder / SETTINGS).mkdir()
    assert "programme.yaml\n  the file cannot be read: Is a directory. Check its permissions." in said_of(folder)


def test_a_programme_without_cycles_can_be_read(folder: Path):
    (folder / PROTOCOL).unlink()
    (folder / "cycles/first").rmdir()
    (folder / "cycles").rmdir()
    assert load_programme(folder).protocols == {}


def test_reading_a_programme_imports_nothing_heavy():
    """`check` must answer at once: no numbers library, no database, no data frames."""
    code = (
        "import sys, pathlib; from enginehouse.programme.load import load_programme; "
        f"load_programme(pathlib.Path({str(PROGRAMMES / 'starter')!r})); "
        "print([m for m in ('numpy', 'scipy', 'pyarrow', 'duckdb', 'ibis', 'pandas', 'typst') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


SITES = "    kind: sites\n    path: data/sites.csv\n    columns: {site: site, name: name}\n"
LEVELS = "    levels: {area: area, region: region}\n    attributes: {list_size: list_size, deprivation: deprivation}\n"


@pytest.mark.parametrize(
    ("kind", "levels"), [("epraccur", "'commissioner'"), ("practice-map", "one of: ccg, region, stp")]
)
def test_some_files_have_levels_of_their_own(kind: str, levels: str, spoil: Callable[..., str]):
    """The same names as in `data.sources`; a level that the programme names takes their place."""
    message = spoil(SETTINGS, SITES + LEVELS, f"    kind: {kind}\n    path: data/sites.csv\n")
    assert f"exposure.sites.within.area\n  got the level 'area'; expected {levels}." in message


@pytest.mark.parametrize("kind", [kind for kind in SourceKind if kind is not SourceKind.SITES])
def test_own_levels_are_those_of_the_readers(kind: SourceKind):
    source = Source(kind=kind, path="file.csv")
    names = [field.name for layout in SOURCES[kind].layouts(source) for field in layout.fields]
    levels = [name.removeprefix("level:") for name in names if name.startswith("level:")]
    assert set(levels) == set(OWN_LEVELS.get(kind, ()))


def test_a_deprivation_score_is_an_attribute(folder: Path):
    path = folder / SETTINGS
    text = path.read_text(encoding="utf-8").replace("attributes: {list_size: list_size, deprivation: deprivation}", "")
    more = "  scores: {kind: deprivation, path: d.csv, values: {attribute: deprivation}}\n"
    path.write_text(text + more, encoding="utf-8")
    message = said_of(folder)
    assert message == (
        f"{PROTOCOL}:53  analysis.subgroups[1]\n  got the attribute 'list_size'; expected 'deprivation'. "
        "Declare it under attributes of a source of kind sites in programme.yaml."
    )
