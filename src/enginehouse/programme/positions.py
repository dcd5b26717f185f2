"""YAML text to plain values, with the line of every key, so that a problem can be shown where it stands.

Values are read as YAML 1.1 reads them, except where that would surprise: a number with a leading zero, a `12:30` that
YAML takes for 750. Those become a `Surprise`, which no type accepts, so that the reader is told. Keys are always text.
What a definition means is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import yaml

from enginehouse.core.errors import Problem

type Path = tuple[str | int, ...]

MOST_NODES = 50_000
_PLAIN_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_PLAIN_DAY = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)")
_PREFIX = "tag:yaml.org,2002:"
# The C parser reads the same language ten times faster; its wording is not shown (see `_syntax_problem`).
_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_AS_YAML = yaml.constructor.SafeConstructor()


@dataclass(frozen=True, slots=True)
class Surprise:
    """A scalar that YAML would silently read as something else."""

    raw: str
    reads_as: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar as it is written: its text and whether it stands in quotes."""

    raw: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Document:
    """One file's values, and where each of them stands."""

    path: str
    value: object
    lines: Mapping[Path, int] = field(default_factory=dict)
    scalars: Mapping[Path, Scalar] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line(self, path: Path) -> int:
        """The line of the key at `path`, or of the nearest key above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, path: Path) -> str:
        dotted = dotted_key(path)
        place = f"{self.path}:{self.line(path)}"
        return f"{place}  {dotted}" if dotted else place

    def problem(self, path: Path, what: str, remedy: str = "") -> Problem:
        return Problem(self.where(path), what, remedy)


def dotted_key(path: Path) -> str:
    """`('claims', 0, 'text')` as `claims[1].text`: entries of a list are counted from one, as people count."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_yaml(content: bytes, *, path: str) -> Document:
    """Read one YAML file. Faults of the text itself are in `problems`, never raised."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _broken(
            path, line, "the file is not UTF-8 text.", "Save it as UTF-8 (in an editor: 'Save with encoding')."
        )
    try:
        return _walk(text, path)
    except RecursionError:
        return _broken(path, 1, "the file is nested too deeply to be read.", "Write it with fewer levels.")


def _walk(text: str, path: str) -> Document:
    try:
        node = yaml.compose(text, Loader=_FAST_LOADER)
    except yaml.YAMLError:
        return _syntax_problem(text, path)
    if node is None:
        return _broken(path, 1, "the file is empty.", "Write the definition, or remove the file.")
    reader = _Reader(path)
    value = reader.value(node, ())
    return Document(path, value, reader.lines, reader.scalars, tuple(reader.problems))


class _Reader:
    """One walk over a node graph."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines: dict[Path, int] = {}
        self.scalars: dict[Path, Scalar] = {}
        self.problems: list[Problem] = []
        self._above: set[int] = set()
        self._nodes = 0

    def value(self, node: yaml.Node, path: Path) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            return self._refuse_once("the file holds more than 50,000 values.", path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._above:
            return self._refuse("an alias (*) stands inside the value that it repeats.", "Write the value out.", path)
        self._above.add(id(node))
        try:
            return self._collection(node, path)
        finally:
            self._above.discard(id(node))

    def _collection(self, node: yaml.Node, path: Path) -> object:
        if isinstance(node, yaml.SequenceNode) and node.tag == _PREFIX + "seq":
            return [self.value(child, (*path, number)) for number, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == _PREFIX + "map":
            return self._mapping(node, path)
        return self._refuse(f"got the tag '{node.tag}'.", "Definitions hold plain values; remove the tag.", path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._add(line, path, "a key is not plain text.", "Write keys as words.")
                continue
            key = str(key_node.value)
            if key_node.tag == _PREFIX + "merge":
                self._add(line, path, "got a merge key (<<).", "Write the keys out, or repeat a whole value with *.")
            elif key in values:
                first = self.lines[(*path, key)]
                self._add(line, (*path, key), f"got the key '{key}' twice; it is first on line {first}.", "Remove one.")
            else:
                self.lines[(*path, key)] = line
                values[key] = self.value(value_node, (*path, key))
        return values

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> object:
        raw = str(node.value)
        self.scalars[path] = Scalar(raw, quoted=node.style in ("'", '"'))
        kind = node.tag.removeprefix(_PREFIX)
        if kind not in _SCALARS:
            return self._refuse(f"got the tag '{node.tag}'.", "Definitions hold plain values; remove the tag.", path)
        return _SCALARS[kind](raw)

    def _refuse(self, what: str, remedy: str, path: Path) -> object:
        """Note the problem; the value itself is nothing."""
        self._add(self.lines[path], path, what, remedy)
        return None

    def _refuse_once(self, what: str, path: Path) -> object:
        if self._nodes == MOST_NODES + 1:
            self._refuse(what, "Split it, or write repeated values once.", path)
        return None

    def _add(self, line: int, path: Path, what: str, remedy: str) -> None:
        dotted = dotted_key(path)
        where = f"{self.path}:{line}  {dotted}" if dotted else f"{self.path}:{line}"
        self.problems.append(Problem(where, what, remedy))


def _integer(raw: str) -> int | Surprise:
    if _PLAIN_INT.fullmatch(raw):
        return int(raw)
    return Surprise(raw, f"the number {_AS_YAML.construct_yaml_int(yaml.ScalarNode(_PREFIX + 'int', raw))}")


def _decimal(raw: str) -> float | Surprise:
    number = float(_AS_YAML.construct_yaml_float(yaml.ScalarNode(_PREFIX + "float", raw)))
    return Surprise(raw, f"the number {number:g}") if ":" in raw or "_" in raw else number


def _day(raw: str) -> date | Surprise:
    match = _PLAIN_DAY.fullmatch(raw)
    if match is None:
        return Surprise(raw, "a moment in time")
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return Surprise(raw, "a day that is not in the calendar")


def _boolean(raw: str) -> bool:
    return bool(_AS_YAML.bool_values[raw.lower()])


def _nothing(raw: str) -> None:  # noqa: ARG001  (called like its neighbours)
    return None


_SCALARS: Mapping[str, Callable[[str], object]] = {
    "str": str,
    "null": _nothing,
    "bool": _boolean,
    "int": _integer,
    "float": _decimal,
    "timestamp": _day,
    "value": str,
    "merge": str,
}

# What the Python parser says, and what it means for the person at the keyboard.
_SYNTAX = (
    ("found character '\\t'", "a line begins with a tab.", "Indent with spaces."),
    (
        "mapping values are not allowed",
        "a colon stands where YAML expects none.",
        "Put the text in quotes, or check the indentation.",
    ),
    ("could not find expected ':'", "a key has no colon.", "Write 'key: value', with a space after the colon."),
    ("expected a single document", "the file holds more than one document.", "Remove the line '---' between them."),
    (
        "found undefined alias",
        "an alias (*) repeats a value that was never named.",
        "Name it with & first, or write it out.",
    ),
    ("found duplicate anchor", "one name is given twice with &.", "Use another name."),
    ("while scanning a quoted scalar", "a quotation mark is not closed.", "Close the quotation mark."),
    ("while parsing a flow", "a bracket or brace is not closed, or a comma is missing.", "Close it, or add the comma."),
    ("cannot start any token", "a text begins with a character that YAML keeps for itself.", "Put the text in quotes."),
    ("while scanning an alias", "a text begins with *, which YAML keeps for itself.", "Put the text in quotes."),
    ("while scanning an anchor", "a text begins with &, which YAML keeps for itself.", "Put the text in quotes."),
    ("did not find expected", "the indentation does not fit the lines above.", "Line the keys up."),
    ("expected <block end>", "the indentation does not fit the lines above.", "Line the keys up."),
    ("special characters are not allowed", "the file holds a control character.", "Remove it."),
)


def _syntax_problem(text: str, path: str) -> Document:
    """Parse again with the Python parser, whose wording is the same everywhere, and say it plainly."""
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        said = " ".join(part for part in (error.problem, error.context) if part)
        begins = any(words in said for words in ("simple key", "quoted scalar", "a flow"))
        mark = (error.context_mark if begins else None) or error.problem_mark or error.context_mark
        return _said(path, mark.line + 1 if mark else 1, said)
    except yaml.reader.ReaderError as error:
        return _said(path, text.count("\n", 0, error.position) + 1, str(error))
    return _broken(path, 1, "the file is not YAML.", "Check the quotation marks and the indentation.")


def _said(path: str, line: int, said: str) -> Document:
    for words, what, remedy in _SYNTAX:
        if words in said:
            return _broken(path, line, what, remedy)
    return _broken(path, line, "the file is not YAML from here on.", "Check the quotation marks and the indentation.")


def _broken(path: str, line: int, what: str, remedy: str) -> Document:
    return Document(path, None, problems=(Problem(f"{path}:{line}", what, remedy),))
