"""The page of stages and acts, from the tables of `governance` that the checks use."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.governance.permissions import PERMISSIONS, role_words
from enginehouse.governance.stages import ALL_DESIGNS, RANDOMISED, TRANSITIONS, Move, Stage, mermaid_diagram, path_for
from enginehouse.governance.visibility import VISIBILITY, DocumentKind
from enginehouse.programme.enums import DesignType, Role

INTRO = """# Stages and acts

The stages of a [cycle](../../GLOSSARY.md#cycle), and the acts that lead from one to the next. Diagram and tables come
from the same tables that the checks use. In this release nobody is allocated at random: a cycle goes from *registered*
straight to *frozen*.
"""


def page() -> str:
    parts = [
        INTRO,
        "```mermaid\n" + mermaid_diagram() + "```\n",
        "## Acts\n",
        "Who may do an act is in the roles of `people.csv`. Who evaluated a cycle may not decide on it.\n",
        "\n".join(_acts()) + "\n",
        "## The path of each design\n",
        "\n".join(_paths()) + "\n",
        "## Who may read what\n",
        "Roles that may read a document of a cycle in each stage. *All* means every role.\n",
        "\n".join(_readers()),
    ]
    return "\n".join(parts) + "\n"


def _acts() -> Iterator[str]:
    yield "| act | from | to | who may | recorded as |"
    yield "|---|---|---|---|---|"
    for row in TRANSITIONS:
        sources = ", ".join(stage.words for stage in Stage if stage in row.sources)
        note = "" if row.designs == ALL_DESIGNS else " (allocated)" if row.designs == RANDOMISED else " (not allocated)"
        target = {Move.STAYS: "the same", Move.RETURNS: "where it stood"}.get(row.target) or row.target.words
        roles = role_words(PERMISSIONS[row.act])
        yield f"| {row.act.words}{note} | {sources} | {target} | {roles} | `{row.payload.type}` |"


def _paths() -> Iterator[str]:
    yield "| design | stages |"
    yield "|---|---|"
    for design in DesignType:
        yield f"| `{design}` | {' → '.join(stage.words for stage in path_for(design))} |"


def _readers() -> Iterator[str]:
    yield f"| stage | {' | '.join(kind.words for kind in DocumentKind)} |"
    yield "|---|" + "---|" * len(DocumentKind)
    for stage in Stage:
        yield f"| {stage.words} | {' | '.join(_roles(VISIBILITY[kind][stage]) for kind in DocumentKind)} |"


def _roles(roles: frozenset[Role]) -> str:
    if not roles:
        return "nobody"
    return (
        "all" if roles == frozenset(Role) else ", ".join(role.value.replace("-", " ") for role in Role if role in roles)
    )
