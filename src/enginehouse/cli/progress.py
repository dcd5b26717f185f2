"""Progress on standard error: one line that is rewritten on a terminal, one line per message elsewhere."""

from __future__ import annotations

import sys
import time


class TerminalProgress:
    """Prints what is being done; quiet when standard error is closed to people (`quiet`)."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._is_terminal = sys.stderr.isatty()
        self._last = ""
        self._next_at = 0.0

    def __call__(self, message: str, done: int = 0, total: int = 0) -> None:
        if self._quiet:
            return
        part = f" {done:,} of {total:,}" if total else ""
        if self._is_terminal:
            now = time.monotonic()
            if now < self._next_at and message == self._last and done < total:
                return
            self._next_at = now + 0.1
            print(f"\r\033[K  {message}{part}", end="", file=sys.stderr, flush=True)
        elif message != self._last:
            print(f"  {message}", file=sys.stderr, flush=True)
        self._last = message

    def close(self) -> None:
        """Leave the terminal on a fresh line."""
        if self._is_terminal and self._last and not self._quiet:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
