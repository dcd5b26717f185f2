"""From the path written in `programme.yaml` to the files on this machine. What is in them is read elsewhere."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from enginehouse.core.errors import DataError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

# A folder that may stand in for a variable that is not set: the shared folder keeps its data under `data`.
_STAND_INS = {"ENGINEHOUSE_DATA": ("ENGINEHOUSE_SHARED", "data")}


def expand_variables(text: str, *, where: str = "", environment: Mapping[str, str] | None = None) -> str:
    """`text` with every `${NAME}` replaced by the environment's value; a name without a value is an error."""
    known = os.environ if environment is None else environment

    def value(match: re.Match[str]) -> str:
        name = match[1]
        stand_in, folder = _STAND_INS.get(name, ("", ""))
        if known.get(name):
            return known[name]
        if known.get(stand_in):
            return str(Path(known[stand_in]) / folder)
        raise DataError(
            f"the path '{text}' needs the environment variable {name}, which is not set.",
            where=where,
            remedy=f"Set it to the folder that holds the data, for example: export {name}=/data/nhs",
        )

    return _VARIABLE.sub(value, text)


def find_files(patterns: Sequence[str], *, base: Path, where: str = "") -> tuple[Path, ...]:
    """Every file that a pattern names, sorted by path and each once; a pattern that names none is an error.

    A relative pattern starts at `base`. `*` stands for any part of a name, `**` for any folders.
    """
    found: set[Path] = set()
    for pattern in patterns:
        full = str(base / expand_variables(pattern, where=where))
        # Path.glob refuses absolute patterns, and a pattern may start with a variable that holds one.
        matches = {Path(name) for name in glob.glob(full, recursive=True) if Path(name).is_file()}  # noqa: PTH207
        if not matches:
            raise DataError(f"no file found for '{pattern}' (looked for {full}).", where=where, remedy=_remedy(full))
        found |= matches
    return tuple(sorted(found))


def _remedy(full: str) -> str:
    """What the nearest folder that exists holds: most missing files are a wrong name in the right folder."""
    folder = Path(full).parent
    while not folder.is_dir():
        folder = folder.parent
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"The folder {folder} holds: {listed or 'nothing'}. Correct the path, or put the file there."
