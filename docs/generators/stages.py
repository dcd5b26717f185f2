"""The page of stages and acts, from the tables of `governance` that the checks use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from enginehouse.governance.permissions import PERMISSIONS, role_words
from enginehouse.governance.stages import (
    ALL_DESIGNS,
    ALONGSIDE,
    NOT_TRANSITIONS,
    PROGRAMME_ACTS,
    RANDOMISED,
    TRANSITIONS,
    Act,
    Move,
    Stage,
    Transition,
    mermaid_diagram,
    path_for,
    payload_of,
)
from enginehouse.governance.two_people import PROPOSABLE, SECOND_PERSON, TWO_PEOPLE
from enginehouse.governance.visibility import TELLS_ARMS, VISIBILITY, DocumentKind
from enginehouse.programme.enums import DesignType, Role

INTRO = """# Stages and acts

The stages of a [cycle](../../GLOSSARY.md#cycle), and the acts that lead from one to the next. Diagram and tables come
from the same tables that the checks use. Where nobody is allocated at random, a cycle goes from *registered* straight
to *frozen*.
"""

ALONGSIDE_INTRO = """Recorded whenever they come; none of them moves the cycle. Each is possible in the stages named.
"""

READERS_INTRO = """Roles that may read a document of a cycle, stage by stage; stages with the same readers share a line,
and *nobody* is left out. The rule behind the tables: **an outcome joined with its arm is unreadable before the
freeze**. A document marked * tells, or lets one guess, the arm of a site, or compares arms: until the freeze it stays
closed even to somebody who has the role, if another of their roles lets them read the panel. On one's own machine this
is [policy and evidence](../../ARCHITECTURE.md#blinding-is-policy-and-evidence), not cryptography.

Values by site leave by `enginehouse insight` and `enginehouse indicators show` as well, which ask nobody for a name.
While sites have arms and the data are not frozen, they do for the trial's indicators from its start on, and refuse
whoever may open a document marked *. Months before the start, and monitoring, which is pooled, stay open.
"""

GROUPS: Mapping[str, tuple[DocumentKind, ...]] = {
    "Plans and evidence": (
        DocumentKind.PRIORITIES,
        DocumentKind.EVIDENCE,
        DocumentKind.DESIGN_REPORT,
        DocumentKind.PROTOCOL,
        DocumentKind.CONTRACT,
    ),
    "Data": (DocumentKind.DATA_QUALITY, DocumentKind.PANEL),
    "Telling and drawing": (
        DocumentKind.NOTICE,
        DocumentKind.ROSTER,
        DocumentKind.PLAN,
        DocumentKind.BALANCE,
        DocumentKind.ALLOCATION,
        DocumentKind.LISTS,
    ),
    "Delivery": (
        DocumentKind.MANIFEST,
        DocumentKind.BUNDLE,
        DocumentKind.DELIVERY_STATES,
        DocumentKind.CONTACTS,
        DocumentKind.EXPOSURE,
    ),
    "While it runs": (DocumentKind.MONITORING, DocumentKind.HARMS),
    "Results": (
        DocumentKind.EVALUATION,
        DocumentKind.UNREGISTERED,
        DocumentKind.APPRAISAL,
        DocumentKind.DECISION,
        DocumentKind.FORECASTS,
        DocumentKind.DOSSIER,
    ),
}
"""Every kind of document, in the groups in which readers look for it."""


def page() -> str:
    parts = [
        INTRO,
        "```mermaid\n" + mermaid_diagram() + "```\n",
        "## The path of each design\n",
        "\n".join(_paths()) + "\n",
        "## Steps\n",
        "Who may do an act is in the roles of `people.csv`.\n",
        "\n".join(_acts(row for row in TRANSITIONS if row.act not in ALONGSIDE)) + "\n",
        "## Alongside\n",
        ALONGSIDE_INTRO,
        "\n".join(_acts(row for row in TRANSITIONS if row.act in ALONGSIDE)) + "\n",
        "## Of no stage\n",
        "\n".join(_without_stage()) + "\n",
        "## Two people\n",
        "\n".join(_two_people()) + "\n",
        "## Who may read what\n",
        READERS_INTRO,
        "\n".join(_readers()),
    ]
    return "\n".join(parts) + "\n"


def _acts(rows: Iterator[Transition]) -> Iterator[str]:
    yield "| act | from | to | who may | recorded as |"
    yield "|---|---|---|---|---|"
    for row in rows:
        sources = ", ".join(stage.words for stage in Stage if stage in row.sources)
        note = "" if row.designs == ALL_DESIGNS else " (allocated)" if row.designs == RANDOMISED else " (not allocated)"
        target = {Move.STAYS: "the same", Move.RETURNS: "where it stood"}.get(row.target) or row.target.words
        yield f"| {row.act.words}{note} | {sources} | {target} | {_may(row.act)} | {_event(row.payload.type)} |"


def _without_stage() -> Iterator[str]:
    yield "| act | of | who may | recorded as |"
    yield "|---|---|---|---|"
    for act in Act:
        if act in NOT_TRANSITIONS:
            of = "the programme" if act in PROGRAMME_ACTS else "a cycle, once it is registered"
            yield f"| {act.words} | {of} | {_may(act)} | {_event(payload_of(act).type)} |"


def _two_people() -> Iterator[str]:
    yield "People are told apart by their ids. A proposal is of one subject exactly: what changed since voids it."
    yield ""
    yield "| act | the first person | the second |"
    yield "|---|---|---|"
    for act in Act:
        first = []
        if act in SECOND_PERSON:
            first.append(f"did *{SECOND_PERSON[act].words}*")
        if act in PROPOSABLE:
            first.append("proposed it, as it stands")
        if act in TWO_PEOPLE or first:
            note = "" if TWO_PEOPLE.get(act, ALL_DESIGNS) == ALL_DESIGNS else " (allocated)"
            yield f"| {act.words}{note} | {', or '.join(first)} | {_may(act)} |"


def _may(act: Act) -> str:
    return "everybody" if PERMISSIONS[act] == frozenset(Role) else role_words(PERMISSIONS[act])


def _event(name: str) -> str:
    return f"[`{name}`](events.md#{name})"


def _paths() -> Iterator[str]:
    yield "| design | stages |"
    yield "|---|---|"
    for design in DesignType:
        yield f"| `{design}` | {' → '.join(stage.words for stage in path_for(design))} |"


def _readers() -> Iterator[str]:
    if sorted(kind for kinds in GROUPS.values() for kind in kinds) != sorted(DocumentKind):
        raise ValueError("every kind of document stands in one group of docs/generators/stages.py")
    for title, kinds in GROUPS.items():
        yield f"### {title}\n"
        yield "| document | while the cycle is | may be read by |"
        yield "|---|---|---|"
        yield from (line for kind in kinds for line in _spans(kind))
        yield ""


def _spans(kind: DocumentKind) -> Iterator[str]:
    """A line for each run of stages with the same readers."""
    name = f"{kind.words}{' *' if kind in TELLS_ARMS else ''}"
    for roles, run in groupby(Stage, key=lambda stage: VISIBILITY[kind][stage]):
        stages = list(run)
        if roles:
            yield f"| {name} | {_run(stages)} | {_roles(roles)} |"
            name = ""


def _run(stages: list[Stage]) -> str:
    if len(stages) == len(Stage):
        return "in any stage"
    words = [stage.words for stage in stages]
    return ", ".join(words) if len(words) < 4 else f"{words[0]} to {words[-1]}"


def _roles(roles: frozenset[Role]) -> str:
    if roles == frozenset(Role):
        return "everybody"
    return ", ".join(role.value.replace("-", " ") for role in Role if role in roles)
