"""Registered patients: NHS England's two publications, by practice and by five-year age group, and a plain table.

Totals of commissioners in the same file are set aside. Extract dates are written 01JAN2021 or, in older files,
01-Apr-17; only the columns that are needed are looked at, so the renaming of the others does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.data.layouts import Field, Layout, Mask, Reads
from enginehouse.data.sources.reader import SourceReader, always
from enginehouse.data.sources.sites import optional

KEY = ("site", "month", "sex", "age")
_PATIENTS = ("NUMBER_OF_PATIENTS", "patients", "list_size", "total_list_size", "TOTAL_ALL")
_MONTH = ("EXTRACT_DATE", "month")


def _not_practices(arrays: Mapping[str, pa.Array]) -> Mask:
    kind = pc.utf8_upper(pc.fill_null(arrays["type"], "GP"))
    mask: Mask = pc.invert(pc.is_in(kind, pa.array(["GP", "GP PRACTICE", "PRACTICE"]))).to_numpy(zero_copy_only=False)
    return mask


def _published(name: str, *, code: str, kind: str, age: str) -> Layout:
    return Layout(
        name=name,
        fields=(
            Field(name="site", reads=Reads.SITE, columns=(code,)),
            Field(name="month", reads=Reads.MONTH, columns=_MONTH),
            Field(name="patients", reads=Reads.COUNT, columns=_PATIENTS, minimum=0),
            Field(name="sex", reads=Reads.TEXT, columns=("SEX",)),
            Field(name="age", reads=Reads.TEXT, columns=(age,)),
            optional("type", Reads.TEXT, kind),
        ),
        unique=KEY,
        set_aside=_not_practices,
        set_aside_because="totals of organisations that are not practices",
    )


_PLAIN = Layout(
    name="one row for a practice and a month",
    fields=(
        Field(name="site", reads=Reads.SITE, columns=("practice", "site", "PRACTICE_CODE", "CODE")),
        Field(name="month", reads=Reads.MONTH, columns=("month", "EXTRACT_DATE")),
        Field(name="patients", reads=Reads.COUNT, columns=_PATIENTS, minimum=0),
        optional("sex", Reads.TEXT),
        optional("age", Reads.TEXT),
    ),
    unique=KEY,
)

LAYOUTS = (
    _published("gp-reg-pat-prac-quin-age", code="ORG_CODE", kind="ORG_TYPE", age="AGE_GROUP_5"),
    _published("gp-reg-pat-prac-all", code="CODE", kind="TYPE", age="AGE"),
    _PLAIN,
)


READER = SourceReader(version=1, layouts=always(*LAYOUTS), reads_names=False, unique_between_files=KEY)
