"""What must hold in `candidates.yaml`: names that exist, gates and values in order, sizes that are sizes."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.candidates import Candidate, Candidates, Gates, TrialPrice, Value
from enginehouse.programme.checks.names import Fault, Known, add_indicator, repeated, unknown, unknown_strategy
from enginehouse.programme.enums import Direction
from enginehouse.programme.positions import Path


def check_candidates(candidates: Candidates, known: Known) -> Iterator[Fault]:
    yield from _gates(candidates.gates)
    if not candidates.candidates:
        yield Fault(("candidates",), "got none; expected at least one.", "Add one, or remove the file.")
    names = [candidate.id for candidate in candidates.candidates]
    for fault in repeated(("candidates",), names, noun="candidate", remedy="Give each its own id."):
        yield Fault((*fault.path, "id"), fault.what, fault.remedy)
    for number, candidate in enumerate(candidates.candidates):
        yield from _candidate(("candidates", number), candidate, known)


def _gates(gates: Gates) -> Iterator[Fault]:
    if gates.drop_at >= gates.implement_at:
        yield Fault(
            ("gates", "drop_at"),
            f"got {gates.drop_at:g}, which is not below implement_at ({gates.implement_at:g}).",
            "Between the two lies what is worth evaluating.",
        )


def _candidate(path: Path, candidate: Candidate, known: Known) -> Iterator[Fault]:
    yield from _target((*path, "indicator"), candidate.indicator, known)
    yield from unknown_strategy((*path, "strategy"), candidate.strategy, known)
    yield from unknown_strategy((*path, "over"), candidate.over, known, or_usual_care=True)
    if candidate.strategy == candidate.over:
        what = f"got '{candidate.over}', the strategy itself."
        yield Fault((*path, "over"), what, "Say what it would be added to or put in place of.")
    if candidate.value is not None:
        yield from _value((*path, "value"), candidate.value)
    if candidate.trial is not None:
        yield from _sizes((*path, "trial", "sites_per_arm"), candidate.trial)


def _target(path: Path, name: str, known: Known) -> Iterator[Fault]:
    if name not in known.indicators:
        yield unknown(path, name, known.indicators, noun="indicator", add=add_indicator(name))
    indicator = known.indicator(name)
    if indicator is not None and indicator.direction is Direction.NONE:
        what = f"got '{name}', which has no direction; without one no change of it has a value."
        yield Fault(path, what, "Name another indicator.")


def _value(path: Path, value: Value) -> Iterator[Fault]:
    if not value.low <= value.per_unit <= value.high:
        what = f"got {value.per_unit:g}, which is not between low ({value.low:g}) and high ({value.high:g})."
        yield Fault((*path, "per_unit"), what, "Check the three values.")


def _sizes(path: Path, trial: TrialPrice) -> Iterator[Fault]:
    if not trial.sites_per_arm:
        yield Fault(path, "got no size.", "List the numbers of sites in each arm that are possible, or remove trial.")
    for number, size in enumerate(trial.sites_per_arm):
        if size < 1:
            yield Fault(
                (*path, number), f"got {size}; expected a whole number of at least 1.", "Write a number of sites."
            )
    yield from repeated(path, [str(size) for size in trial.sites_per_arm], noun="size")
