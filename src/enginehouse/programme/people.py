"""`people.csv`: who may act in this programme, as an id, a name and roles. Kept out of git, and out of the record."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import Problem, Problems
from enginehouse.core.ids import is_slug
from enginehouse.programme.enums import Role
from enginehouse.programme.rows import Row, read_file
from enginehouse.programme.wording import SLUG, did_you_mean, one_of

FILE = "people.csv"
COLUMNS = ("id", "name", "roles")
SEPARATOR = ";"


@dataclass(frozen=True, slots=True)
class Person:
    """One person. The record knows the id alone."""

    id: str
    name: str
    roles: frozenset[Role]


def load_people(folder: Path) -> Mapping[str, Person]:
    """Every person of the programme by id.

    Raises
    ------
    Problems
        The file is missing or has faulty lines; all are listed.
    """
    absent = f"It says who may act. Write it, with the columns {','.join(COLUMNS)}, for example: {_example()}."
    found = read_file(folder / FILE, COLUMNS, absent=absent, commas=f"Separate roles with '{SEPARATOR}', not commas.")
    people: dict[str, Person] = {}
    for row in found.rows:
        person = _person(row, people)
        if not row.problems:
            people[person.id] = person
    problems = [*found.problems, *(problem for row in found.rows for problem in row.problems)]
    if not (problems or people):
        problems = [Problem(f"{folder / FILE}:1", "it names nobody.", f"Add a line: {_example()}.")]
    if problems:
        raise Problems(problems)
    return people


def _person(row: Row, known: Mapping[str, Person]) -> Person:
    """The person of a row, who counts only if the row has no problem."""
    person, name = row.text("id"), row.text("name")
    if person and not is_slug(person):
        row.fault("id", f"got '{person}'; expected {SLUG.replace('west-yorkshire', 'j-smith')}.")
    if person in known:
        row.fault("id", f"got the person '{person}' twice.", "Give each person one line.")
    same = next((p for p in known.values() if p.id != person and _plain(p.name) == _plain(name)), None)
    if same is not None:
        row.fault(
            "name",
            f"got the name '{name}', which '{same.id}' has already.",
            "One person has one line, with all roles, since some acts take two. Two people of one name: add what tells "
            "them apart.",
        )
    return Person(person, name, _roles(row))


def _roles(row: Row) -> frozenset[Role]:
    text = row.text("roles")
    names = [name for role in text.split(SEPARATOR) if (name := role.strip())] or [text] * bool(text)
    for name in names:
        if name not in set(Role):
            row.fault("roles", f"got '{name}'; expected {one_of(Role)}.", did_you_mean(name, Role))
    return frozenset(Role(name) for name in names if name in set(Role))


def _plain(name: str) -> str:
    """A name without what is only another way to write it: case, accents' encoding, dots and spaces."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def _example() -> str:
    return f"me,The analyst,{SEPARATOR.join(Role)}"


def first_people_file() -> str:
    """The file of somebody who starts alone, with the second person whom a decision takes."""
    board = f"board,The programme board,{Role.COMMISSIONER.value}"
    return f"{','.join(COLUMNS)}\n{_example()}\n{board}\n"
