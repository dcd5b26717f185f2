"""`new_programme`: a folder that has no problems and can be begun by the people it names."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import enginehouse
from enginehouse.core.errors import MachineError, UserError
from enginehouse.programme.enums import Role
from enginehouse.programme.load import load_programme
from enginehouse.programme.people import FILE, load_people
from enginehouse.programme.templates import EXAMPLE_PEOPLE, TEMPLATES, new_programme
from enginehouse.programme.variants import VARIANTS

SHIPPED = Path(enginehouse.__file__).parent / "programmes"


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_programme_has_no_problems(template: str, tmp_path: Path):
    folder = new_programme(tmp_path / "my-programme", template=template)
    programme = load_programme(folder)
    assert programme.protocols
    people = load_people(folder)
    assert frozenset().union(*(person.roles for person in people.values())) == frozenset(Role)
    assert "me" in people
    assert (folder / ".gitignore").read_text(encoding="utf-8").split("\n")[1::2][:3] == [
        "people.csv",
        ".enginehouse/",
        "output/",
    ]


@pytest.mark.parametrize("template", ["starter", "opioid-campaign"])
def test_a_template_that_can_be_run_at_once_brings_its_data(template: str, tmp_path: Path):
    folder = new_programme(tmp_path / "p", template=template)
    sources = load_programme(folder).settings.sources.values()
    assert all((folder / path).is_file() for source in sources for path in source.path)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_says_how_to_begin(template: str, tmp_path: Path):
    folder = new_programme(tmp_path / "p", template=template)
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "enginehouse data load" in page
    for source in load_programme(folder).settings.sources.values():
        kept_elsewhere = [path.removeprefix("${ENGINEHOUSE_DATA}/") for path in source.path if path.startswith("$")]
        assert all(path in page for path in kept_elsewhere)
        assert not kept_elsewhere or all(
            column in page for column in (*source.columns.values(), *source.levels.values())
        )
    if load_programme(folder).settings.synthetic and template != "starter":
        assert page.index("enginehouse data synthesise") < page.index("enginehouse data load")


def test_the_economics_of_the_starter_need_only_their_marks_taken_off(tmp_path: Path):
    folder = new_programme(tmp_path / "p")
    path = folder / "cycles/first/protocol.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("# economics:"), text.index("decision:")
    block = "".join(line.removeprefix("# ") for line in text[start:end].splitlines(keepends=True))
    path.write_text(text[:start] + block.replace("#     ", "    ") + text[end:], encoding="utf-8")
    economics = load_programme(folder).protocols["first"].economics
    assert economics is not None
    assert (economics.price.per_unit, economics.campaign_cost) == (5, 360)


def test_who_starts_alone_may_do_everything(tmp_path: Path):
    assert load_people(new_programme(tmp_path / "p"))["me"].roles == frozenset(Role)


def test_the_first_person_has_a_name_that_pages_can_show(tmp_path: Path):
    people = load_people(new_programme(tmp_path / "p"))
    assert people["me"].name == "The analyst"


def test_every_shipped_programme_is_a_template():
    assert set(TEMPLATES) - set(VARIANTS) == {path.name for path in SHIPPED.iterdir() if path.is_dir()}
    assert set(VARIANTS) < set(TEMPLATES)


def test_the_trial_without_an_effect_differs_in_nothing_else(tmp_path: Path):
    planted = load_programme(new_programme(tmp_path / "a", template="head-to-head")).protocols["facilitation"]
    null = load_programme(new_programme(tmp_path / "b", template="head-to-head-null")).protocols["facilitation"]
    assert [truth.ratio for truth in planted.truth] == [0.9, 0.9, 1.0, 1.0]
    assert {truth.ratio for truth in null.truth} == {1.0}
    assert planted.model_copy(update={"truth": ()}) == null.model_copy(update={"truth": ()})
    assert planted.truth[0].reached == null.truth[0].reached == 0.85


def test_a_template_of_a_trial_has_two_people_for_the_acts_of_two(tmp_path: Path):
    folder = new_programme(tmp_path / "p", template="head-to-head")
    people = load_people(folder)
    for role in (Role.STATISTICIAN, Role.PROGRAMME_MANAGER, Role.COMMISSIONER):
        assert sum(role in person.roles and len(person.roles) == 1 for person in people.values()) >= 2
    assert {forecast.person for forecast in load_programme(folder).contracts["facilitation"].forecasts} < set(people)
    assert not (folder / "people.example.csv").exists()


def test_the_starter_is_named_for_its_folder(tmp_path: Path):
    assert load_programme(new_programme(tmp_path / "My Programme 2")).settings.name == "my-programme-2"
    assert load_programme(new_programme(tmp_path / "...")).settings.name == "starter"


def test_an_empty_folder_will_do(tmp_path: Path):
    assert new_programme(tmp_path) == tmp_path
    assert (tmp_path / "README.md").is_file()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="this is not an empty folder; nothing was written"):
        new_programme(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_not_a_folder(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="this is not an empty folder"):
        new_programme(tmp_path / "file")


def test_a_template_that_does_not_exist(tmp_path: Path):
    with pytest.raises(UserError, match=r"got the template 'stater'; expected one of: .* Did you mean 'starter'\?"):
        new_programme(tmp_path / "x", template="stater")


def test_a_template_may_bring_its_people(tmp_path: Path):
    folder = new_programme(tmp_path / "x", template="head-to-head")
    assert (folder / FILE).read_bytes() == (SHIPPED / "head-to-head" / EXAMPLE_PEOPLE).read_bytes()
    assert not (folder / EXAMPLE_PEOPLE).exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="Not a directory"):
        new_programme(tmp_path / "file" / "below")


def test_the_example_files_are_what_the_script_makes(checkout: Path):
    """The script uses the standard library's random stream, which is the same everywhere."""
    path = checkout / "tools" / "make_starter_data.py"
    spec = importlib.util.spec_from_file_location("make_starter_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, text in module.files().items():
        assert (SHIPPED / "starter" / "data" / name).read_text(encoding="utf-8") == text


def test_the_example_is_large_enough_to_be_evaluated():
    """At least 8 areas beside the treated one, each in a region with others; every practice in every month."""
    lines = (SHIPPED / "starter/data/sites.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split(",") for line in lines]
    areas = {row[2] for row in rows}
    assert len(rows) == 40
    assert len(areas) == 12
    assert {row[3] for row in rows} == {"North", "South"}
    measured = (SHIPPED / "starter/data/measurements.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(measured) == 40 * 36
    assert all(0 < int(row.split(",")[3]) < int(row.split(",")[4]) for row in measured)
