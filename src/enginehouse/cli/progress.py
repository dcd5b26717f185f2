"""Progress on standard error: one line that is rewritten on a terminal, one line for each step elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_SECONDS_BETWEEN = 0.1
_EACH = ("Note",)


class TerminalProgress:
    """Prints what is being done. Used with `with`: whatever happens, the terminal is left on a fresh line."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._last = ""
        self._held = ""
        self._next_at = 0.0

    def __enter__(self) -> TerminalProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_terminal and self._last:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        self._print_held()

    def __call__(self, message: str, done: int = 0, total: int = 0) -> None:
        if self._is_terminal:
            self._rewrite(message, done, total)
        elif message != self._last:
            self._print_step(message, total)
        self._last = message

    def _print_step(self, message: str, total: int) -> None:
        """`source: this` and `source: that` are one step, of which the last message is printed."""
        if message.endswith(" rows") and not total:
            return  # rows of a file so far
        step, _, detail = message.partition(": ")
        if self._held and not self._held.startswith(f"{step}: "):
            self._print_held()
        if detail and step not in _EACH:
            self._held = message
        else:
            print(f"  {message}", file=sys.stderr, flush=True)

    def _print_held(self) -> None:
        if self._held:
            print(f"  {self._held}", file=sys.stderr, flush=True)
        self._held = ""

    def _rewrite(self, message: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next_at and message == self._last and done < total:
            return
        self._next_at = now + _SECONDS_BETWEEN
        part = f" {done:,} of {total:,}" if total else ""
        print(f"\r\033[K  {message}{part}", end="", file=sys.stderr, flush=True)
