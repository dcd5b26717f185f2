"""Which column of a file is which of our fields: layouts by name, what fits best, and what to say when none does.

What is done with a field's texts is in `cleaning`; the layouts themselves are in `sources`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enginehouse.core.errors import DataError, did_you_mean
from enginehouse.data.rawfile import RawFile
from enginehouse.programme.sources import Source

Mask = npt.NDArray[np.bool_]


class Reads(StrEnum):
    """What a field's texts are read as."""

    TEXT = "text"
    SITE = "site"
    MONTH = "month"
    CLOSING = "closing month"
    NUMBER = "number"
    COUNT = "whole number"
    KEY = "key"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One of our columns. `columns` are the names that files give it; the field's own name when none is listed.

    A `required` field must have a value in every row; `needed` says whether the file must have the column at all.
    `stored` is the name of the Parquet column where it differs from the field's.
    """

    name: str
    reads: Reads
    columns: tuple[str, ...] = ()
    required: bool = True
    needed: bool = True
    minimum: float | None = None
    stored: str = ""

    @property
    def expected(self) -> tuple[str, ...]:
        return self.columns or (self.name,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A shape in which a kind of source is published.

    `unique` names the fields that no two rows may share. `set_aside` marks rows that are right but of no use here
    (a total of a region in a file of practices); they are counted, not quarantined. `may_be_empty` where a header
    without rows says something true (nobody has merged).
    """

    name: str
    fields: tuple[Field, ...]
    unique: tuple[str, ...] = ()
    set_aside: Callable[[Mapping[str, pa.Array]], Mask] | None = None
    set_aside_because: str = ""
    header: tuple[str, ...] | None = None
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A field with its place in one file (counted from 0), or the value that the programme fixes for all rows."""

    field: Field
    position: int | None = None
    fixed: str | None = None


def bind(raw: RawFile, layouts: Sequence[Layout], source: Source) -> tuple[Layout, tuple[Bound, ...]]:
    """The first layout whose needed columns the file has, with each field's place.

    Raises
    ------
    DataError
        No layout fits: says what was found, what was expected and which layout is nearest.
    """
    _check_names(raw, layouts, source)
    mapped = [_mapped(layout, source) for layout in layouts]
    places = _places(raw)
    for layout in mapped:
        if not _missing(layout, places, source):
            return layout, _bound(layout, places, source)
    raise _no_layout_fits(raw, mapped, places, source)


def _check_names(raw: RawFile, layouts: Sequence[Layout], source: Source) -> None:
    """The programme may only map and fix fields that this kind of source has."""
    known = {field.name for layout in layouts for field in layout.fields}
    for key, names in (("columns", source.columns), ("values", source.values)):
        for name in names:
            if name not in known:
                raise DataError(
                    f"got '{name}' under {key}, which a source of kind {source.kind} does not have.",
                    where=raw.label,
                    remedy=did_you_mean(name, known),
                )


def _mapped(layout: Layout, source: Source) -> Layout:
    """The layout with the names that the programme gives in place of the published ones; a name given is needed."""
    fields = tuple(
        replace(field, columns=(source.columns[field.name],), needed=True) if field.name in source.columns else field
        for field in layout.fields
    )
    return replace(layout, fields=fields)


def _places(raw: RawFile) -> dict[str, int]:
    """Position by folded name; the first of two equal names wins."""
    places: dict[str, int] = {}
    for position, name in enumerate(raw.header):
        places.setdefault(_fold(name), position)
    return places


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()


def _place(field: Field, places: Mapping[str, int]) -> int | None:
    return next((places[_fold(name)] for name in field.expected if _fold(name) in places), None)


def _missing(layout: Layout, places: Mapping[str, int], source: Source) -> list[Field]:
    return [f for f in layout.fields if f.needed and f.name not in source.values and _place(f, places) is None]


def _bound(layout: Layout, places: Mapping[str, int], source: Source) -> tuple[Bound, ...]:
    return tuple(
        Bound(field, fixed=source.values[field.name])
        if field.name in source.values
        else Bound(field, position=_place(field, places))
        for field in layout.fields
    )


def _no_layout_fits(raw: RawFile, layouts: Sequence[Layout], places: Mapping[str, int], source: Source) -> DataError:
    def fit(layout: Layout) -> float:
        return 1 - len(_missing(layout, places, source)) / max(1, sum(f.needed for f in layout.fields))

    nearest = max(layouts, key=fit)
    missing = _missing(nearest, places, source)
    lacking = ", ".join(" or ".join(f.expected) + ("" if f.name in f.expected else f" ({f.name})") for f in missing)
    expected = ", ".join(" or ".join(field.expected) for field in nearest.fields if field.needed)
    layout = f" The nearest layout is '{nearest.name}'." if len(layouts) > 1 else ""
    return DataError(
        f"the file lacks the column(s) {lacking}.{layout}\n"
        f"  Expected: {expected}.\n  Found: {', '.join(raw.header) or 'nothing'}.",
        where=raw.label,
        remedy="\n  " + _renaming(missing, raw),
    )


def _renaming(missing: Sequence[Field], raw: RawFile) -> str:
    """The line for `programme.yaml` that would help if a column was only renamed."""
    guesses = {}
    for field in missing:
        near = difflib.get_close_matches(field.expected[0].casefold(), [n.casefold() for n in raw.header], 1, 0.75)
        guesses[field.name] = next((n for n in raw.header if [n.casefold()] == near), "THE FILE'S NAME")
    pairs = ", ".join(f"{ours}: {theirs}" for ours, theirs in guesses.items())
    return f"If the file names them otherwise, write under the source in programme.yaml: columns: {{{pairs}}}"
