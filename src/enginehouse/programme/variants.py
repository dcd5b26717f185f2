"""Templates that are another one with some lines exchanged, so that nothing is kept twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """The template it is made from, and what is exchanged: file, text that is there once, text in its place."""

    of: str
    exchanges: tuple[tuple[str, str, str], ...]


_PROTOCOL = "cycles/facilitation/protocol.yaml"
VARIANTS: Mapping[str, Variant] = {
    "head-to-head-null": Variant(
        of="head-to-head",
        exchanges=(
            ("programme.yaml", "name: head-to-head\n", "name: head-to-head-null\n"),
            (
                "programme.yaml",
                "title: Feedback with and without facilitation in a synthetic region\n",
                "title: Feedback with and without facilitation in a synthetic region, where it does nothing\n",
            ),
            (
                _PROTOCOL,
                """\
    ratio: 0.9
    reached: 0.85
    spread: 0.05
    note: >-
      From June 2025 on, opioids were lowered by 10% on average over the practices of the arm with facilitation; 85% of
      them were reached, and among those the effect differs.
""",
                """\
    ratio: 1.0
    reached: 0.85
    note: >-
      Nothing was planted: 85% of the practices of the arm with facilitation were visited, and it changed nothing.
""",
            ),
            (
                _PROTOCOL,
                "    ratio: 0.9\n    note: The same planted effect.\n",
                "    ratio: 1.0\n    note: Nothing was planted here either.\n",
            ),
            (
                "README.md",
                "# Feedback with and without facilitation\n",
                "# Feedback with and without facilitation, where facilitation does nothing\n",
            ),
            (
                "README.md",
                """\
publishes such data; in the practices with facilitation, opioids are lowered from the start of the follow-up on, so it
can be seen whether the trial finds it. In the same region of the template `head-to-head-null`, nothing was planted.
""",
                """\
publishes such data. Nothing was planted in them, so it can be seen whether the trial says that facilitation adds
nothing. The template `head-to-head` is the same region with an effect.
""",
            ),
        ),
    ),
}


def exchanged(variant: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a variant, from those of the template that it is made from."""
    changed = dict(files)
    for file, old, new in VARIANTS[variant].exchanges:
        text = changed[file].decode()
        assert text.count(old) == 1, f"{file} must have this once for {variant}: {old}"
        changed[file] = text.replace(old, new).encode()
    return changed
