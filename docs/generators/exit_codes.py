"""The page of exit codes, from the kinds of error that users see."""

from __future__ import annotations

from enginehouse.core.errors import DataError, IntegrityError, MachineError, NotAllowed, UserError

KINDS = (UserError, DataError, NotAllowed, IntegrityError, MachineError)

PAGE = """# Exit codes

How a command ended, for scripts. A message on standard error says where the problem is, what was received and what to
do.

| code | meaning |
|---|---|
| 0 | done |
| 1 | a defect in Enginehouse: a traceback is shown, please report it |
{rows}
| 130 | stopped with Ctrl-C; what was recorded stays, and the same command goes on from there |

`enginehouse check` ends with 2 when it finds problems, `enginehouse ledger verify` with 5 when the record is not whole.
"""


def page() -> str:
    rows = [f"| {kind.exit_code} | {_words(kind)} |" for kind in KINDS]
    return PAGE.format(rows="\n".join(rows))


def _words(kind: type[UserError]) -> str:
    text = (kind.__doc__ or "").strip().splitlines()[0].rstrip(".")
    return text[0].lower() + text[1:]
