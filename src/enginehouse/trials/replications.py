"""Runs replications of a trial on history, here, in several processes or by any executor: allocate, put an effect in,
lose what is reported late, analyse, judge.

Which allocations, and what is made of the outcomes, is in `power.py`.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from enginehouse.core.progress import Progress
from enginehouse.core.seeds import derive_seed
from enginehouse.programme.enums import Summary
from enginehouse.stats.inject import inject_ratios
from enginehouse.stats.results import Estimated, NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.parametric import DrawnHistory

type Analyse = Callable[[TrialData], Estimated]
type Judge = Callable[[Estimated], str]
CHUNK = 25
WORTH_PROCESSES = 8.0
"""With less work left than this (seconds), starting processes takes longer than they save."""
_Chunk = tuple[int, int, int]


class Waiting(Protocol):
    """What `submit` gives back: something that will have a result."""

    def result(self) -> Any: ...


class Executor(Protocol):
    """Whatever runs calls elsewhere: `concurrent.futures`, or `client.get_executor()` of a Dask cluster."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Waiting: ...


@dataclass(frozen=True, slots=True)
class Side:
    """One kind of replication: its name in seeds, the effect that is put in, and whether the history itself is drawn.

    `is_null` says that nothing is put in.
    """

    name: str
    effect: float
    sd: float
    fidelity: float
    is_null: bool
    is_drawn: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """Reporting lag at the analysis: the share of sites whose newest `months` are not there yet."""

    share: float
    months: int


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What every process needs once."""

    data: TrialData
    analyse: Analyse
    judge: Judge
    summary: Summary
    drawn: DrawnHistory | None = None
    late: Late | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """All replications of one side: an allocation for each, and where their seeds come from."""

    side: Side
    seed: int
    arms: npt.NDArray[np.int8]

    def part(self, start: int, end: int) -> Job:
        return Job(self.side, self.seed, self.arms[start:end])


@dataclass(frozen=True, slots=True)
class Outcome:
    """One replication. On `scale` the estimate's own; `reason` where there is none."""

    word: str
    value: float = math.nan
    std_error: float = math.nan
    low: float = math.nan
    high: float = math.nan
    is_log: bool = False
    reason: str = ""


def run(
    work: Work, jobs: list[Job], progress: Progress, workers: int | None, executor: Executor | None = None
) -> list[list[Outcome]]:
    """The outcomes of every job, in order, whoever made them."""
    chunks = [
        (which, start, min(start + CHUNK, len(job.arms)))
        for which, job in enumerate(jobs)
        for start in range(0, len(job.arms), CHUNK)
    ]
    total = sum(len(job.arms) for job in jobs)
    found: dict[tuple[int, int], list[Outcome]] = {}
    done = 0
    made = _made(work, jobs, chunks, workers) if executor is None else _elsewhere(work, jobs, chunks, executor)
    for (which, start, end), outcomes in made:
        found[which, start] = outcomes
        done += end - start
        progress("allocating the sites' own history anew", done, total)
    return [[o for key in sorted(found) if key[0] == which for o in found[key]] for which in range(len(jobs))]


def _made(
    work: Work, jobs: list[Job], chunks: list[_Chunk], workers: int | None
) -> Iterator[tuple[_Chunk, list[Outcome]]]:
    """Chunks with their outcomes, here or in processes. By default the first chunk is made here, and timed."""
    if workers is not None:
        yield from _in_processes(work, jobs, chunks, workers) if workers > 1 else _here(work, jobs, chunks)
        return
    began = time.perf_counter()
    yield from _here(work, jobs, chunks[:1])
    left = (time.perf_counter() - began) * (len(chunks) - 1)
    processes = _cores() if left > WORTH_PROCESSES and _can_be_sent(work) else 1
    yield from _in_processes(work, jobs, chunks[1:], processes) if processes > 1 else _here(work, jobs, chunks[1:])


def _here(work: Work, jobs: list[Job], chunks: list[_Chunk]) -> Iterator[tuple[_Chunk, list[Outcome]]]:
    for chunk in chunks:
        which, start, end = chunk
        yield chunk, _replicate(work, jobs[which].part(start, end), start)


def _in_processes(
    work: Work, jobs: list[Job], chunks: list[_Chunk], processes: int
) -> Iterator[tuple[_Chunk, list[Outcome]]]:
    # Not forked: a forked copy of a process with threads (DuckDB's, BLAS's) may stand still for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_start, initargs=(work,)) as pool:
        waiting = {pool.submit(_in_process, jobs[c[0]].part(c[1], c[2]), c[1]): c for c in chunks}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _elsewhere(
    work: Work, jobs: list[Job], chunks: list[_Chunk], executor: Executor
) -> Iterator[tuple[_Chunk, list[Outcome]]]:
    """Chunks by someone else's executor. Each carries its work: nothing is known of where it will run."""
    waiting = [(c, executor.submit(_replicate, work, jobs[c[0]].part(c[1], c[2]), c[1])) for c in chunks]
    for chunk, found in waiting:
        yield chunk, found.result()


_WORK: list[Work] = []


def _start(work: Work) -> None:
    """In a new process: keep what every chunk needs."""
    _WORK[:] = [work]


def _in_process(job: Job, first: int) -> list[Outcome]:
    return _replicate(_WORK[0], job, first)


def _can_be_sent(work: Work) -> bool:
    """Whether another process can be told what to run: a function inside a function cannot be."""
    try:
        pickle.dumps((work.analyse, work.judge))
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _replicate(work: Work, job: Job, first: int) -> list[Outcome]:
    return [_one(work, job, row, first + row) for row in range(len(job.arms))]


def _one(work: Work, job: Job, row: int, number: int) -> Outcome:
    """Replication `number`: the allocation, the effect put in, the registered analysis and its word."""
    data = work.data.with_arm(job.arms[row].astype(np.intp))
    side = job.side
    rng = np.random.default_rng(derive_seed(job.seed, "power", side.name, number))
    if side.is_drawn and work.drawn is not None:
        data = data.with_numerator(work.drawn(rng))
    if not side.is_null:
        ratio = np.where(data.arm == 1, _ratios(side, data, work.summary, rng), 1.0)
        after = np.arange(data.numerator.shape[1]) >= data.n_before
        data = data.with_numerator(
            inject_ratios(data.numerator, ratio, after, kind=data.kind, rng=rng, denominator=data.denominator)
        )
    if work.late is not None:
        data = reported_late(data, work.late, rng)
    estimate = work.analyse(data)
    word = str(work.judge(estimate))
    if isinstance(estimate, NotEstimable):
        return Outcome(word, reason=estimate.reason)
    interval = estimate.interval()
    is_log = estimate.scale == "log-ratio"
    return Outcome(word, estimate.value, estimate.std_error, interval.low, interval.high, is_log)


def reported_late(data: TrialData, late: Late, rng: np.random.Generator) -> TrialData:
    """The same trial without the newest months of some sites, drawn at random; never the whole of the follow-up."""
    months = min(late.months, data.numerator.shape[1] - data.n_before - 1)
    if months <= 0:
        return data
    numerator = data.numerator.copy()
    numerator[rng.random(len(data.sites)) < late.share, -months:] = np.nan
    return data.with_numerator(numerator)


def _ratios(side: Side, data: TrialData, summary: Summary, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """What each site's outcome would be multiplied by, if it were in the arm."""
    n = len(data.sites)
    faithful = rng.random(n) < side.fidelity
    noise = rng.standard_normal(n) * side.sd
    if summary is Summary.RATIO:
        ratio = side.effect * np.exp(noise - side.sd**2 / 2)
    else:
        numerator, denominator = data.totals(before=False)
        ratio = np.maximum(1 + (side.effect + noise) * denominator.sum() / numerator.sum(), 0.0)
    return np.where(faithful, ratio, 1.0)
