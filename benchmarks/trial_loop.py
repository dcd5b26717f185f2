"""One whole prospective trial on made-up data (300 practices, six waves): CPU seconds of each step, and Typst's share.

    python benchmarks/trial_loop.py
    python benchmarks/trial_loop.py --profile loop.prof

What is timed is the demo's trial as a user runs it: every file, check, fsync and page. Seconds are user and system time
of this process and of those that it started. Typst is timed inside the steps; nothing that sets a page takes less.
"""

from __future__ import annotations

import argparse
import cProfile
import functools
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typst

import enginehouse
from enginehouse.cli.main import main as enginehouse_command
from enginehouse.cycle import synthesise_contacts

AIM = 20.0
TYPST = "of these, Typst"
_MADE_UP = ("synthesise_visits", "synthesise_replies")


class Steps:
    """Seconds by step; a step inside another belongs to the outer one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._depth = 0

    def timed(self, name: str, function: Callable[..., Any], *, nested: bool = False) -> Callable[..., Any]:
        """The function, which adds to `name` what it takes; `nested` ones count wherever they are called."""

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            self._depth += not nested
            began = cpu_seconds()
            try:
                return function(*args, **kwargs)
            finally:
                self._depth -= not nested
                if nested or self._depth == 0:
                    self.seconds[name] += cpu_seconds() - began
                    self.calls[name] += 1

        return run


def cpu_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def watch(steps: Steps) -> None:
    """Time every public function, what is made up beside them, and Typst."""
    for name in enginehouse.__all__:
        found = getattr(enginehouse, name)
        if callable(found) and not isinstance(found, type):
            setattr(enginehouse, name, steps.timed(name, found))
    for name in _MADE_UP:
        setattr(synthesise_contacts, name, steps.timed(name, getattr(synthesise_contacts, name)))
    typst.compile = steps.timed(TYPST, typst.compile, nested=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", type=Path, help="write a profile of this process, which makes it slower")
    args = parser.parse_args()
    steps = Steps()
    watch(steps)
    profile = cProfile.Profile() if args.profile else None
    with tempfile.TemporaryDirectory() as folder:
        command = ["demo", "--folder", str(Path(folder) / "demo"), "--only", "trial"]
        wall, cpu = time.perf_counter(), cpu_seconds()
        status = profile.runcall(enginehouse_command, command) if profile else enginehouse_command(command)
        wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    if profile:
        profile.dump_stats(args.profile)
    report(steps, cpu, wall)
    sys.exit(status)


def report(steps: Steps, cpu: float, wall: float) -> None:
    print(f"\n{'step':28s} {'calls':>6s} {'CPU s':>8s} {'share':>6s}")
    for name, seconds in sorted(steps.seconds.items(), key=lambda step: -step[1]):
        print(f"{name:28s} {steps.calls[name]:6d} {seconds:8.2f} {seconds / cpu:6.0%}")
    print(f"{'all':28s} {'':6s} {cpu:8.2f}  ({wall:.0f} s by the clock)")
    print(f"{cpu / steps.seconds[TYPST]:.1f} times what Typst takes in it; aim: {AIM:.0f} CPU s")


if __name__ == "__main__":
    main()
