"""`python -m tests.reference.trials CASES.json [--data FOLDER]`: each case's largest error over its tolerance, 1 being the
limit, and how many are within. A grid is one case, as good as its worst row.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.reference.trials.cases import read_groups
from tests.reference.trials.run import Outcome, line, outcomes, summary
from tests.reference.trials.tables import Data


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reference.trials", description=__doc__)
    parser.add_argument("cases", type=Path, help="a file of cases; its grids lie relative to it")
    parser.add_argument("--data", type=Path, help="the folder of data sets (default: `data` beside the file)")
    parser.add_argument("--topic", default="", help="only topics that begin so")
    parser.add_argument("--record", type=Path, help="keep the results in this file too, for the page of the docs")
    args = parser.parse_args(words)
    groups = [group for group in read_groups(args.cases) if group.topic.startswith(args.topic)]
    data = Data(args.data or args.cases.parent / "data")
    results = list(outcomes(groups, data, report=lambda result: print(line(result), flush=True)))
    if args.record:
        keep(results, args.record)
    print(summary(results))
    return 0 if all(result.within for result in results) else 1


def keep(results: list[Outcome], file: Path) -> None:
    """Write the results; those that the file has of other cases stay."""
    new = {result.id: result.to_record() for result in results}
    kept = {record["id"]: record for record in json.loads(file.read_text("utf-8"))} if file.exists() else {}
    file.write_text(json.dumps(list({**kept, **new}.values()), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
