"""`people.csv`: who may act."""

from __future__ import annotations

from pathlib import Path

import pytest

from enginehouse.core.errors import Problems
from enginehouse.programme.enums import Role
from enginehouse.programme.people import Person, first_people_file, load_people


def write(folder: Path, text: str) -> Path:
    (folder / "people.csv").write_text(text, "utf-8")
    return folder


def test_people_and_their_roles(tmp_path: Path):
    people = load_people(write(tmp_path, "id,name,roles\nj-smith,Jo Smith,analyst; statistician\n\nann,Ann,auditor\n"))
    assert people == {
        "j-smith": Person("j-smith", "Jo Smith", frozenset({Role.ANALYST, Role.STATISTICIAN})),
        "ann": Person("ann", "Ann", frozenset({Role.AUDITOR})),
    }


def test_one_person_may_start_alone(tmp_path: Path):
    assert load_people(write(tmp_path, first_people_file()))["me"].roles == frozenset(Role)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,name\nann,Ann\n", "people.csv:1\n  the column 'roles' is missing. Every row needs it."),
        ("id,name,roles\n", "people.csv:1\n  it names nobody. Add a line: me,The analyst,analyst;"),
        ("id,name,roles\nAnn B,Ann,auditor\n", "people.csv:2  id\n  got 'Ann B'; expected lower-case words joined by hyphens, for example j-smith."),
        ("id,name,roles\nann,Ann,auditor\nann,Ann,analyst\n", "people.csv:3  id\n  got the person 'ann' twice. Give each person one line."),
        ("id,name,roles\nann,Ann O'Neill,auditor\nann-2,\" ann  oneill \",analyst\n", "people.csv:3  name\n  got the name 'ann  oneill', which 'ann' has already. One person has one line"),
        ("id,name,roles\nann,,auditor\n", "people.csv:2  name\n  got nothing. Fill it in."),
        ("id,name,roles\nann,Ann\n", "people.csv:2  roles\n  got nothing. Fill it in."),
        ("id,name,roles\nann,Ann,;\n", "people.csv:2  roles\n  got ';'; expected one of: analyst, statistician,"),
        ("id,name,roles\nann,Ann,analist\n", "people.csv:2  roles\n  got 'analist'; expected one of: analyst, statistician, programme-manager, commissioner, governance-officer, auditor. Did you mean 'analyst'?"),
        ("id,name,roles\nann,Ann,analyst,auditor\n", "people.csv:2\n  got 4 cells for 3 columns. Separate roles with ';', not commas."),
    ],
)  # fmt: skip
def test_mistakes(text: str, said: str, tmp_path: Path):
    with pytest.raises(Problems) as found:
        load_people(write(tmp_path, text))
    assert said in str(found.value)


def test_all_mistakes_are_told_together(tmp_path: Path):
    with pytest.raises(Problems) as found:
        load_people(write(tmp_path, "id,name,roles\nA,,x\nb,B,auditor\n"))
    assert len(found.value.problems) == 3


def test_a_missing_file_says_what_it_should_hold(tmp_path: Path):
    with pytest.raises(
        Problems, match=r"there is no such file\. It says who may act\. Write it, with the columns id,name,roles"
    ):
        load_people(tmp_path)
