"""Definitions from canonical JSON (as the record keeps them) and from YAML text; and back to YAML for a folder."""

from __future__ import annotations

import json
from functools import partial

import yaml
from pydantic import ValidationError

from enginehouse.core.errors import Problems, UserError
from enginehouse.programme.candidates import Candidates
from enginehouse.programme.contract import Contract
from enginehouse.programme.hashing import plain_values
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.message import Message
from enginehouse.programme.positions import Document, read_yaml
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.spec import Spec
from enginehouse.programme.strategy import Strategy
from enginehouse.programme.study import Study
from enginehouse.programme.translate import parse, problems_of

LINE_WIDTH = 116


def from_json[Model: Spec](content: bytes, model: type[Model]) -> Model:
    """The definition that `definition_bytes` wrote.

    Raises
    ------
    UserError
        The bytes are not JSON.
    Problems
        They are not such a definition; every problem is listed.
    """
    where = f"the recorded {model.__name__.lower()}"
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise Problems(problems_of(error, Document(where, _json(content, where)), model)) from error


def _json(content: bytes, where: str) -> object:
    try:
        return json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError("this is not JSON.", where=where, remedy="Restore it from a backup.") from error


protocol_from_json = partial(from_json, model=Protocol)
indicator_from_json = partial(from_json, model=Indicator)
strategy_from_json = partial(from_json, model=Strategy)
settings_from_json = partial(from_json, model=ProgrammeSettings)
message_from_json = partial(from_json, model=Message)
study_from_json = partial(from_json, model=Study)
candidates_from_json = partial(from_json, model=Candidates)
contract_from_json = partial(from_json, model=Contract)


def from_yaml[Model: Spec](content: bytes, model: type[Model], *, path: str) -> Model:
    """The definition in one YAML file; `path` is how messages name the file. Raises `Problems` with all of them."""
    value, problems = parse(read_yaml(content, path=path), model)
    if value is None or problems:
        raise Problems(problems)
    return value


def to_yaml(spec: Spec) -> str:
    """The definition as a YAML file: keys in the model's order, without what is left at its default."""
    return yaml.safe_dump(plain_values(spec), sort_keys=False, allow_unicode=True, width=LINE_WIDTH)
