"""`people.csv`: who may act in this programme, as an id, a name and roles. Kept out of git, and out of the record."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import Problem, Problems
from enginehouse.core.ids import is_slug
from enginehouse.programme.enums import Role
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
    path = folder / FILE
    rows = list(_rows(path))
    problems: list[Problem] = []
    people: dict[str, Person] = {}
    for line, row in rows:
        found = list(_problems(path, line, row, people))
        problems += found
        if not found:
            person = _person(row)
            people[person.id] = person
    if problems:
        raise Problems(problems)
    if not people:
        raise Problems([Problem(f"{path}:1", "it names nobody.", f"Add a line: {_example()}.")])
    return people


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of each person; blank lines are passed over."""
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    header = tuple(name.strip().lower() for name in next(reader, []))
    if header != COLUMNS:
        got = ",".join(header) or "nothing"
        raise Problems([Problem(f"{path}:1", f"got the columns {got}.", f"Expected: {','.join(COLUMNS)}.")])
    for cells in reader:
        if any(cell.strip() for cell in cells):
            padded = [cell.strip() for cell in cells] + [""] * (len(COLUMNS) - len(cells))
            yield (
                reader.line_num,
                {**dict(zip(COLUMNS, padded, strict=False)), "extra": ",".join(cells[len(COLUMNS) :])},
            )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        remedy = f"Write it, with the columns {','.join(COLUMNS)}, for example: {_example()}."
        raise Problems([Problem(str(path), "there is no such file; it says who may act.", remedy)]) from error
    except UnicodeDecodeError as error:
        raise Problems([Problem(str(path), "the file is not UTF-8 text.", "Save it as 'CSV UTF-8'.")]) from error


def _problems(path: Path, line: int, row: dict[str, str], known: Mapping[str, Person]) -> Iterator[Problem]:
    where = f"{path}:{line}"
    if not is_slug(row["id"]):
        yield Problem(f"{where}  id", f"got '{row['id']}'; expected {SLUG.replace('west-yorkshire', 'j-smith')}.")
    if row["id"] in known:
        yield Problem(f"{where}  id", f"got the person '{row['id']}' twice.", "Give each person one line.")
    if not row["name"]:
        yield Problem(f"{where}  name", "got nothing; expected a name.")
    same = next((p for p in known.values() if p.id != row["id"] and _plain(p.name) == _plain(row["name"])), None)
    if same is not None:
        yield Problem(
            f"{where}  name",
            f"got the name '{row['name']}', which '{same.id}' has already.",
            "One person has one line, with all roles, since some acts take two. Two people of one name: add what tells "
            "them apart.",
        )
    if row["extra"]:
        yield Problem(where, "got more than three cells.", f"Separate roles with '{SEPARATOR}', not with commas.")
    roles = _roles(row)
    if not roles:
        yield Problem(f"{where}  roles", f"got nothing; expected {one_of(Role)}.")
    for role in roles:
        if role not in set(Role):
            yield Problem(f"{where}  roles", f"got '{role}'; expected {one_of(Role)}.", did_you_mean(role, Role))


def _plain(name: str) -> str:
    """A name without what is only another way to write it: case, accents' encoding, dots and spaces."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def _roles(row: dict[str, str]) -> list[str]:
    return [role.strip() for role in row["roles"].split(SEPARATOR) if role.strip()]


def _person(row: dict[str, str]) -> Person:
    return Person(row["id"], row["name"], frozenset(Role(role) for role in _roles(row)))


def _example() -> str:
    return f"me,The analyst,{SEPARATOR.join(Role)}"


def first_people_file() -> str:
    """The file of somebody who starts alone, with the second person whom a decision takes."""
    board = f"board,The programme board,{Role.COMMISSIONER.value}"
    return f"{','.join(COLUMNS)}\n{_example()}\n{board}\n"
