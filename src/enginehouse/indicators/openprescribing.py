"""Import of measure definitions as OpenPrescribing publishes them (one JSON object a measure).

What is taken: sums of items, quantity or actual cost over codes chosen by a list of BNF patterns, or by a condition
that compares nothing but codes (the style of 2020), over another such sum or over the list size. What needs
another database, a row's name or quantity, or SQL of its own is not imported, and the reason says which part it was.
No SQL is ever run.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from enginehouse.core.errors import UserError
from enginehouse.indicators.codes import CodePatterns
from enginehouse.indicators.openprescribing_conditions import Refused, patterns_of
from enginehouse.programme.enums import Direction, NumeratorKind
from enginehouse.programme.indicator import Codes, Indicator, ListSize, Summand

type Side = Literal["numerator", "denominator"]

SUMMANDS: Mapping[str, Summand] = {
    "bnf_items": Summand.ITEMS,
    "bnf_quantity": Summand.QUANTITY,
    "bnf_cost": Summand.ACTUAL_COST,
}
KINDS: Mapping[Summand, NumeratorKind] = {
    Summand.ITEMS: NumeratorKind.COUNT,
    Summand.QUANTITY: NumeratorKind.QUANTITY,
    Summand.NIC: NumeratorKind.MONEY,
    Summand.ACTUAL_COST: NumeratorKind.MONEY,
    Summand.ADQ_USAGE: NumeratorKind.QUANTITY,
}
UNITS: Mapping[Summand, str] = {
    Summand.ITEMS: "items",
    Summand.QUANTITY: "units of quantity",
    Summand.NIC: "pounds",
    Summand.ACTUAL_COST: "pounds",
    Summand.ADQ_USAGE: "average daily quantities",
}
DIRECTIONS: Mapping[bool | None, Direction] = {
    True: Direction.LOWER_IS_BETTER,
    False: Direction.HIGHER_IS_BETTER,
    None: Direction.NONE,
}

OTHER_TABLES: Mapping[str, str] = {
    "hscic.raw_prescribing_normalised": "the quantity of each single item",
    "hscic.practice_statistics": "registered patients by age and sex",
}

AUTHOR = "OpenPrescribing, Bennett Institute for Applied Data Science, University of Oxford"

# The second is the name that the table had until 2022.
_ROWS = r"\{hscic\}\.normalised_prescribing(_standard)?"
_PLAIN_SUM = re.compile(r"SUM\((items|quantity|actual_cost)\) AS (?:numerator|denominator)", re.IGNORECASE)
_CUSTOM_SUMMANDS = {"items": Summand.ITEMS, "quantity": Summand.QUANTITY, "actual_cost": Summand.ACTUAL_COST}


@dataclass(frozen=True, slots=True)
class NotImported:
    """The measure was not imported, and the reason, in words for the person who wanted it."""

    reason: str


class _Unsupported(Exception):
    """Raised while reading a measure; becomes `NotImported`."""


def import_measure(measure: Mapping[str, Any], *, measure_id: str, imported_on: date) -> Indicator | NotImported:
    """The measure as an indicator of our own, or why it cannot be one.

    Parameters
    ----------
    measure
        The JSON object of the definition.
    measure_id
        The name of its file without `.json`; underscores become hyphens in the indicator's id.
    imported_on
        Stands in for a review date that the definition does not give.

    Returns
    -------
    A draft `Indicator` (a person must read and publish it), or `NotImported`.

    Notes
    -----
    List-size denominators are patients here, thousands there: `scale: 1000` shows the same number. Authors' e-mail
    addresses are not taken over.

    Raises
    ------
    UserError
        The object is not a measure definition (no name, or no type of numerator or denominator).
    """
    missing = [key for key in ("name", "numerator_type", "denominator_type") if key not in measure]
    if missing:
        raise UserError(
            f"the definition lacks {', '.join(missing)}.",
            where=measure_id,
            remedy="Give one JSON object of an OpenPrescribing measure definition.",
        )
    try:
        numerator = _codes(measure, "numerator")
        denominator = _denominator(measure)
    except _Unsupported as why:
        return NotImported(str(why))
    return _indicator(measure, measure_id, numerator, denominator, imported_on)


def _denominator(measure: Mapping[str, Any]) -> Codes | ListSize:
    if measure["denominator_type"] == "list_size":
        return ListSize(list_size=True)
    return _codes(measure, "denominator")


def _codes(measure: Mapping[str, Any], side: Side) -> Codes:
    if measure.get(f"{side}_bnf_codes_query"):
        raise _Unsupported(f"the {side}'s codes come from a query of the dictionary of medicines and devices")
    kind = measure[f"{side}_type"]
    if kind == "custom":
        return _custom(measure, side)
    if kind not in SUMMANDS:
        raise _Unsupported(f"the {side} is of type '{kind}', which prescribing rows and list sizes cannot give")
    listed = measure.get(f"{side}_bnf_codes_filter")
    where = _text(measure.get(f"{side}_where"))
    if listed:
        patterns = tuple(pattern for line in listed if (pattern := line.split("#")[0].strip()))
    elif where:
        patterns = _patterns_of_condition(where, side)
    else:
        raise _Unsupported(f"the {side} names no codes")
    return _checked(SUMMANDS[kind], patterns, side)


def _custom(measure: Mapping[str, Any], side: Side) -> Codes:
    source = _text(measure.get(f"{side}_from"))
    if re.match(rf"{_ROWS}(\s|$)", source) is None:
        raise _Unsupported(f"the {side} needs {_other_table(source)}")
    if re.fullmatch(rf"{_ROWS}( \w+)?", source) is None:
        raise _Unsupported(f"the {side} joins the prescribing rows with other tables")
    found = _PLAIN_SUM.fullmatch(_text(measure.get(f"{side}_columns")))
    if found is None:
        raise _Unsupported(f"the {side} is a formula of its own, not a sum of items, quantity or cost")
    condition = _text(measure.get(f"{side}_where"))
    return _checked(_CUSTOM_SUMMANDS[found[1].lower()], _patterns_of_condition(condition, side), side)


def _checked(summand: Summand, patterns: tuple[str, ...], side: Side) -> Codes:
    try:
        CodePatterns.parse(patterns)
    except UserError as error:
        raise _Unsupported(f"the {side}'s codes: {error.what}") from error
    return Codes(sum=summand, bnf_codes=patterns)


def _patterns_of_condition(condition: str, side: Side) -> tuple[str, ...]:
    try:
        return patterns_of(condition)
    except Refused as why:
        raise _Unsupported(f"the {side}'s condition is more than a list of code patterns ({why})") from why


def _indicator(
    measure: Mapping[str, Any], measure_id: str, numerator: Codes, denominator: Codes | ListSize, imported_on: date
) -> Indicator:
    patients = isinstance(denominator, ListSize)
    per = "registered patients" if patients else _text(measure.get("denominator_short")) or "denominator"
    unit = _text(measure.get("numerator_short")) or UNITS[numerator.sum]
    proportion = bool(measure.get("is_percentage")) and not patients
    return Indicator.model_validate(
        {
            "schema": 1,
            "id": measure_id.lower().replace("_", "-"),
            "version": 1,
            "title": _text(measure.get("title")) or _text(measure["name"]),
            "short_title": _text(measure["name"]),
            "status": "draft",
            "why_it_matters": _text(measure.get("why_it_matters")) or "The definition does not say.",
            "direction": DIRECTIONS[measure.get("low_is_good")].value,
            "numerator_kind": KINDS[numerator.sum].value,
            "unit": unit,
            "per": per,
            "scale": 1000 if patients else 1,
            "is_proportion": proportion,
            "gap_unit": UNITS[numerator.sum],
            "from": {"prescribing": {"numerator": numerator, "denominator": denominator}},
            "data_notes": [f"Imported from the OpenPrescribing measure '{measure_id}' on {imported_on.isoformat()}."],
            "authored_by": AUTHOR,
            "checked_by": "As imported: not yet checked here",
            "date_reviewed": _day(measure.get("date_reviewed"), imported_on),
            "next_review": _day(measure.get("next_review"), imported_on),
        }
    )


def _text(value: Any) -> str:
    """One line of plain text from a string or a list of lines, without comments of SQL and without HTML."""
    lines = value if isinstance(value, list) else [value or ""]
    joined = " ".join(re.sub(r"--[^\n]*(\n|$)", " ", str(line)) for line in lines)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", joined))).strip()


def _other_table(source: str) -> str:
    name = re.sub(r"[{}]", "", source.split()[0]) if source else ""
    return OTHER_TABLES.get(name, "a table that only OpenPrescribing's own database has")


def _day(value: Any, otherwise: date) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return otherwise
