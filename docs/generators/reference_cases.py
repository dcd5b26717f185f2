"""The page of reference cases of cluster trials, from the results that the runner kept when it was last told to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

KEPT = Path(__file__).resolve().parents[2] / "docs" / "methods" / "reference-cases.json"
Record = Mapping[str, Any]

TOP = """# Cluster trials against other programs

Numbers that R packages, published tables or plain definitions give for the design, the allocation and the analysis of
cluster trials, and how near ours come. An *error* is given as a share of the tolerance that the cases state: 1 is the
limit. A grid of many rows counts as one case, as good as its worst row.

**{summary}.**

| topic | cases | within tolerance | numbers compared | largest error |
|---|---:|---:|---:|---:|
"""

RULES = """
## What counts as near enough

A tolerance is relative or absolute; a number is good if it meets either, and none is asked to be nearer than 1e-12.
A t or z value may be off by what its estimate and standard error may be off by; a p value by what its t and degrees of
freedom make of it; the ends of an interval by the tolerance of the standard error times its width. Where the other
program gave no number, nothing is compared. A number that is missing on our side is a failure.

Where programs follow other conventions (one tail only, another denominator), ours has a named option for it, and the
default is the one its own page explains.

## Evidence that this is so

Every case is a test: [`test_trials_cases.py`](../../tests/reference/test_trials_cases.py). The file of cases is read by
[a runner](../../tests/reference/trials/__main__.py) that takes any other file of the same form, from the repository's
root:

```sh
.venv/bin/python -m tests.reference.trials CASES.json --data FOLDER
```

The cases are not part of this repository; without them the tests are skipped and this page shows the last results kept.
"""


def page() -> str:
    """The whole page."""
    records = json.loads(KEPT.read_text(encoding="utf-8"))
    good = sum(map(_within, records))
    parts = [TOP.format(summary=f"{good} of {len(records)} cases within tolerance"), *_topics(records)]
    return "".join([*parts, *_missing(records), RULES, *_sources(records)])


def _within(record: Record) -> bool:
    return not record["problem"] and record["ratio"] is not None and record["ratio"] <= 1


def _topics(records: list[Record]) -> Iterator[str]:
    for topic in sorted({record["topic"] for record in records}):
        mine = [record for record in records if record["topic"] == topic]
        numbers = sum(record["numbers"] for record in mine)
        ratios = [record["ratio"] for record in mine if record["ratio"] is not None]
        worst = _share(max(ratios)) if ratios else ""
        yield f"| `{topic}` | {len(mine)} | {sum(map(_within, mine))} | {numbers:,} | {worst} |\n"


def _share(ratio: float) -> str:
    return "below 0.01" if ratio < 0.01 else f"{ratio:.2f}"


def _missing(records: list[Record]) -> Iterator[str]:
    out = [record for record in records if not _within(record)]
    if not out:
        return
    yield "\n## Not within tolerance\n\n| case | where | why |\n|---|---|---|\n"
    for record in out:
        why = record["problem"] or f"error of {record['ratio']:.2g} times the tolerance"
        yield f"| `{record['id']}` | {record['where']} | {why} |\n"


def _sources(records: list[Record]) -> Iterator[str]:
    yield "\n## Sources\n\nThe other side of the comparisons:\n\n"
    for source in sorted({record["source"] for record in records}, key=str.casefold):
        yield f"- {source}\n"
