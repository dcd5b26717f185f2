"""Several pieces of work at once, each in a process of its own, told as if one had come after the other.

What the work is lives elsewhere (`demo`); so does how a line of progress looks (`progress`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import SimpleQueue, get_context
from typing import TYPE_CHECKING

from enginehouse.cli.progress import TerminalProgress

if TYPE_CHECKING:
    from enginehouse.core.progress import Progress

type Work[T] = Callable[[Progress], T]
type _Line = tuple[str, int, int]
type _Told = tuple[str, _Line | None]
"""Whose line it is, and the line; no line when the work has ended."""


def cores() -> int:
    """How many processes can really run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_side_by_side[T](work: Mapping[str, Work[T]], *, processes: int) -> dict[str, T]:
    """Do all of `work`, begun in the order given and told in that order under its titles, and return what each gave.

    With one process, or one piece of work, all is done in this process. The first error ends it: what has not begun
    is left.
    """
    processes = min(processes, len(work))
    if processes <= 1:
        return {title: _here(title, each) for title, each in work.items()}
    context = get_context("spawn")
    lines: SimpleQueue[_Told] = context.SimpleQueue()
    with ProcessPoolExecutor(processes, context, initializer=_start, initargs=(lines, cores() // processes)) as pool:
        found = {title: pool.submit(_there, title, each) for title, each in work.items()}
        try:
            for title, future in found.items():
                future.add_done_callback(partial(_end, lines, title))
            _tell(lines, found)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {title: future.result() for title, future in found.items()}


def _here[T](title: str, work: Work[T]) -> T:
    print(f"{title}:", file=sys.stderr)
    with TerminalProgress() as progress:
        return work(progress)


def _end(lines: SimpleQueue[_Told], title: str, _future: Future[object]) -> None:
    lines.put((title, None))


def _tell[T](lines: SimpleQueue[_Told], found: Mapping[str, Future[T]]) -> None:
    """Print the lines of the first piece of work as they come, and keep those of the others until it is their turn."""
    kept: dict[str, list[_Line | None]] = {title: [] for title in found}
    for title, future in found.items():
        print(f"{title}:", file=sys.stderr)
        with TerminalProgress() as progress:
            while True:
                while not kept[title]:
                    _keep(lines, kept, found)
                line = kept[title].pop(0)
                if line is None:
                    break
                progress(*line)
        future.result()


def _keep[T](lines: SimpleQueue[_Told], kept: Mapping[str, list[_Line | None]], found: Mapping[str, Future[T]]) -> None:
    """Wait for a line and put it with its like; an error of any of them is raised at once."""
    whose, line = lines.get()
    kept[whose].append(line)
    if line is None:
        found[whose].result()


_LINES: list[SimpleQueue[_Told]] = []


def _start(lines: SimpleQueue[_Told], threads: int) -> None:
    """In a new process: keep where progress is told. Ctrl-C ends it without a word; the first process has the words.

    OpenBLAS and Arrow take no more threads than are left for each process: those that only wait cost time, too.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, threads)))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _LINES[:] = [lines]


def _there[T](title: str, work: Work[T]) -> T:
    def progress(message: str, done: int = 0, total: int = 0) -> None:
        _LINES[0].put((title, (message, done, total)))

    return work(progress)
