"""Step: load routine data. Each source becomes a snapshot; loading the same bytes again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enginehouse.core.errors import DataError, Problem, Problems, UserError, did_you_mean
from enginehouse.core.progress import Progress, silent
from enginehouse.cycle.act import authorise_for_programme
from enginehouse.cycle.synthesise import RAW_FOLDER
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.data.snapshot import Snapshot
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import canonical_json, sha256_hex
from enginehouse.ledger.events import DataLoaded


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """A source after loading; `is_new` when its bytes had not been loaded before."""

    snapshot: Snapshot
    is_new: bool


class NotLoaded(Problems, DataError):
    """What is wrong with the sources that could not be loaded; `loaded` are the others, which stay loaded."""

    def __init__(self, problems: Sequence[Problem], loaded: Sequence[LoadedSource]) -> None:
        super().__init__(problems)
        self.loaded = tuple(loaded)

    def __str__(self) -> str:
        names = ", ".join(each.snapshot.source for each in self.loaded)
        return "\n".join([Problems.__str__(self), *([f"Loaded all the same: {names}."] if names else [])])


def load_data(
    workspace: Workspace, *, by: Acting, sources: Sequence[str] = (), progress: Progress = silent
) -> tuple[LoadedSource, ...]:
    """Load the named sources, or all of the programme's, and record each new snapshot.

    Raises
    ------
    NotLoaded
        Some could not be loaded: every problem of every source together. Those that could be stay loaded.
    """
    authorise_for_programme(Act.LOAD_DATA, by)
    declared = workspace.programme.settings.sources
    names = tuple(sources) or tuple(declared)
    for name in names:
        if name not in declared:
            raise UserError(
                f"got source '{name}'.",
                where=str(workspace.programme.folder / "programme.yaml"),
                remedy=did_you_mean(name, declared),
            )
    known = _recorded_snapshots(workspace)
    loaded, problems = [], []
    for name in dict.fromkeys(names):
        try:
            loaded.append(_load_one(workspace, name, by, known, progress))
        except DataError as error:
            problems.append(Problem(error.where or f"source {name}", error.what, error.remedy))
    if problems:
        raise NotLoaded([*_not_synthesised(workspace), *problems], loaded)
    return tuple(loaded)


def _not_synthesised(workspace: Workspace) -> Iterator[Problem]:
    """A synthetic region has no raw files before they are made up."""
    settings, folder = workspace.programme.settings, workspace.programme.folder
    paths = [path for source in settings.sources.values() for path in source.path]
    if settings.synthetic and not (folder / RAW_FOLDER).exists() and any(p.startswith(RAW_FOLDER) for p in paths):
        yield Problem(
            str(folder / RAW_FOLDER),
            "this programme's data are made up, and have not been made yet.",
            "Run: enginehouse data synthesise, then load again.",
        )


def _load_one(workspace: Workspace, name: str, by: Acting, known: set[str], progress: Progress) -> LoadedSource:
    source = workspace.programme.settings.sources[name]
    snapshot = workspace.warehouse.load(name, source, base=workspace.programme.folder, progress=progress)
    is_new = snapshot.id not in known
    if is_new:
        payload = DataLoaded(
            source=name,
            snapshot=snapshot.id,
            file_sha256=_files_hash(snapshot),
            rows=snapshot.rows,
            quarantined=snapshot.quarantined,
        )
        workspace.record.record(payload, actor=by.actor, effective_on=by.on)
    return LoadedSource(snapshot, is_new)


def _recorded_snapshots(workspace: Workspace) -> set[str]:
    return {e.payload.snapshot for e in workspace.record.store.events() if isinstance(e.payload, DataLoaded)}


def _files_hash(snapshot: Snapshot) -> str:
    return sha256_hex(canonical_json([[file.name, file.sha256] for file in snapshot.files]))
